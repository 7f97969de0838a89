"""Whatever stands in a parameter: it works, or the error names the parameter."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parameter_subjects import (
    COSTLY,
    FROM_TENSORFLOW,
    TARGET,
    apply,
    fit,
    names_one_of,
    public_estimators,
    state,
    subjects,
    verdict,
    wake_tensorflow,
)
from sklearn.base import clone
from strategies import affordable, odd_values, parameter_values, spoiled
from torture_tally import sizes


def _values(subject, name):
    good = subject.good.get(name)
    values = odd_values() | parameter_values(subject.constraints[name])
    if isinstance(good, (list, tuple, dict)):
        values |= spoiled(good)
    return affordable(values, COSTLY[name]) if name in COSTLY else values


@st.composite
def changed(draw):
    """A subject by name, and values for one or two of its parameters."""
    name = draw(st.sampled_from(sorted(subjects())))
    subject = subjects()[name]
    parameters = sorted(subject.constraints)
    chosen = draw(st.lists(st.sampled_from(parameters), min_size=1, max_size=2, unique=True))
    return name, {one: draw(_values(subject, one)) for one in chosen}


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    """Text as a store makes files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.draws_globally
@pytest.mark.usefixtures("in_a_folder")
@sizes(20, 5_000)
def test_odd_parameters(n, tally, capfd):
    """They work or are refused by name; none is changed, and TensorFlow has nothing to say."""
    wake_tensorflow(capfd)
    t = tally("odd values of parameters")

    @settings(
        max_examples=n,
        deadline=None,
        derandomize=n < 1000,
        database=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given(changed())
    def try_them(change):
        name, values = change
        t.tried += 1
        found = _what_is_wrong(subjects()[name], values)
        t.wrong += found is not None
        t.survived += found is None
        assert found is None, found

    try_them()
    assert not FROM_TENSORFLOW.search(capfd.readouterr().err)


def _what_is_wrong(subject, values):
    made = []

    def work():
        made.append(subject.make(**values))
        before.update(state(made[0]))
        fit(made[0], subject.X, TARGET)
        if hasattr(made[0], "get_params"):
            apply(made[0], subject.X)

    before = {}
    wrong, error = verdict(work)
    if wrong is None and error is not None and not names_one_of(values, error):
        wrong = f"the parameter is not named by {type(error).__name__}: {error}"
    if wrong is None and made and state(made[0]) != before:
        wrong = "a parameter was changed"
    if wrong is None and made and hasattr(made[0], "get_params"):
        wrong, error = verdict(lambda: _set_again(made[0]))
    return wrong


def _set_again(estimator):
    before = state(estimator)
    estimator.get_params(deep=True)
    assert clone(estimator, safe=False).get_params(deep=False).keys() == before.keys()
    estimator.set_params(**estimator.get_params(deep=False))
    assert state(estimator) == before


@pytest.mark.draws_globally
def test_every_public_estimator_is_tried():
    """A new one comes in by itself, and must work by its defaults or be given parameters."""
    tried = {subject.kind for subject in subjects().values()}
    assert tried == public_estimators()
    assert len(tried) >= 9
    for name, subject in subjects().items():
        estimator = subject.make()
        fit(estimator, subject.X, TARGET)
        assert subject.constraints, name
        assert set(subject.good) <= set(subject.constraints), name
