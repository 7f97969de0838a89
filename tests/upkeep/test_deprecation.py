"""What is going says so, works until then, and goes when it was said to."""

import inspect
import pickle
from functools import partial

import pytest
from sklearn.base import BaseEstimator, clone

import fusionlearn
from fusionlearn._deprecation import deprecated, removed_parameter, renamed_parameter

SPAN = {"since": "0.2", "removed_in": "0.4"}


@deprecated(**SPAN, instead="use ``sum``")
def add(numbers, start=0):
    """Add numbers.

    Longer text.
    """
    return sum(numbers, start)


class NewName(BaseEstimator):
    """An estimator."""

    def __init__(self, size=1, *, width="deprecated"):
        self.size = size
        self.width = width

    def fit(self, X, y=None):
        """Keep the size that was meant."""
        self.size_ = renamed_parameter("width", "size", vars(self), **SPAN)
        return self


@deprecated(**SPAN, instead="use NewName")
class OldName(NewName):
    """An estimator by its old name."""


@deprecated(**SPAN, instead="use nothing")
class Bare(BaseEstimator):
    """An estimator without parameters."""


def test_a_function_warns_where_it_is_called_and_works():
    with pytest.warns(FutureWarning, match=r"add is deprecated since fusionlearn 0\.2") as caught:
        assert add([1, 2], start=3) == 6
    assert "removed in 0.4; use ``sum``." in str(caught[0].message)
    assert caught[0].filename == __file__
    assert list(inspect.signature(add).parameters) == ["numbers", "start"]


def test_the_docstring_has_a_note_after_the_summary():
    assert inspect.getdoc(add) == (
        "Add numbers.\n\n.. deprecated:: 0.2\n   It will be removed in 0.4; use ``sum``.\n\n"
        "Longer text."
    )
    assert ".. deprecated:: 0.2" in OldName.__doc__
    assert ".. deprecated" not in NewName.__doc__


def test_a_class_warns_and_stays_an_estimator():
    """It can be cloned and pickled, and its new name does not warn."""
    with pytest.warns(FutureWarning, match="OldName is deprecated.*use NewName"):
        old = OldName(size=3)
    assert isinstance(old, NewName)
    assert old.get_params() == {"size": 3, "width": "deprecated"}
    assert pickle.loads(pickle.dumps(old)).size == 3
    with pytest.warns(FutureWarning, match="OldName"):
        assert type(clone(old)) is OldName
    assert NewName(size=3).fit(None).size_ == 3


def test_a_class_without_init_has_no_parameters():
    with pytest.warns(FutureWarning, match="Bare"):
        assert Bare().get_params() == {}
    with pytest.warns(FutureWarning, match="Bare"), pytest.raises(TypeError):
        Bare(1)


@pytest.mark.parametrize("kind", [property, staticmethod, classmethod, partial])
def test_what_is_no_function_is_refused(kind):
    """Below it the decorator works; above, it would be silent or break the attribute."""
    mark = deprecated(**SPAN, instead="use ``other``")
    with pytest.raises(TypeError, match=rf"got a {kind.__name__}; wanted a function or a class"):
        mark(kind(len))
    with pytest.warns(FutureWarning, match="other"):
        assert property(mark(lambda self: 3)).__get__(object()) == 3


def test_a_renamed_parameter_is_read_by_both_names():
    """And clones keep what was given, by the name by which it was given."""
    given = clone(NewName(width=5))
    assert given.get_params() == {"size": 1, "width": 5}
    with pytest.warns(FutureWarning, match="'width' is deprecated.*use 'size'") as caught:
        assert given.fit(None).size_ == 5
    assert caught[0].filename == __file__


def test_a_removed_parameter_warns_only_where_it_is_set():
    def shrink(picture, *, dither="deprecated"):
        return removed_parameter("dither", locals(), **SPAN, instead="it has no effect")

    assert not shrink("abc")
    with pytest.warns(FutureWarning, match="'dither' is deprecated.*it has no effect"):
        assert shrink("abc", dither=None)


def test_nothing_outlives_its_removal(root):
    """The day on which the version is raised, this fails for all that has to go."""
    from release_checks import deprecation_problems

    assert deprecation_problems(root, fusionlearn.__version__) == []


@pytest.mark.parametrize(
    ("version", "removed_in", "problem"),
    [
        ("0.3.9", "0.4", None),
        ("0.4.0.dev0", "0.4", "remove it"),
        ("0.4.0", "0.4", "remove it"),
        ("1.0.0", "0.4", "remove it"),
        ("0.2.0", "0.3", "two minor versions"),
        ("0.2.0", "1.0", "two minor versions"),
        ("0.2.0", "1.1", None),
        ("0.1.0", "0.1.5", "two minor versions"),
    ],
)
def test_overdue_deprecations_are_found(tmp_path, version, removed_in, problem):
    """The search has eyes: functions, classes, attributes, calls; and what is early, too."""
    from release_checks import deprecation_problems

    (tmp_path / "fusionlearn" / "room").mkdir(parents=True)
    source = (
        "from .. import _deprecation\n"
        f'@_deprecation.deprecated(since="0.2", removed_in="{removed_in}", instead="x")\n'
        "def f(): ...\n"
    )
    (tmp_path / "fusionlearn" / "room" / "_it.py").write_text(source)
    problems = deprecation_problems(tmp_path, version)
    if problem is None:
        assert problems == []
    else:
        (only,) = problems
        assert only.startswith("fusionlearn/room/_it.py:2: ")
        assert problem in only


def test_parameters_need_a_note_and_literal_versions(tmp_path):
    from release_checks import deprecation_problems

    (tmp_path / "fusionlearn").mkdir()
    file = tmp_path / "fusionlearn" / "_it.py"
    call = 'renamed_parameter("a", "b", locals(), since="0.2", removed_in="0.4")\n'
    file.write_text(call)
    assert "lacks '.. deprecated:: 0.2'" in deprecation_problems(tmp_path, "0.2.0")[0]
    file.write_text(f'"""\n    .. deprecated:: 0.2\n"""\n{call}')
    assert deprecation_problems(tmp_path, "0.2.0") == []
    file.write_text(f'"""\n    .. deprecated:: 0.2\n"""\n{call}{call}')  # one note for two
    (problem,) = deprecation_problems(tmp_path, "0.2.0")
    assert "lacks '.. deprecated:: 0.2'" in problem
    file.write_text(call.replace('"0.4"', "LATER"))
    with pytest.raises(ValueError, match=r"_it\.py:1: .*literal"):
        deprecation_problems(tmp_path, "0.2.0")
