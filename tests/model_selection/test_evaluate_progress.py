"""evaluate says how far it is if it is asked, and nothing otherwise."""

import pytest
from composition_parts import phantoms
from sklearn.dummy import DummyClassifier

from fusionlearn.model_selection import evaluate

pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
CT = phantoms()


def test_silent_by_default(capsys):
    evaluate(DummyClassifier(), CT.data, CT.target, cv=2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_of_folds_for_each_model_by_its_name(capsys):
    evaluation = evaluate(
        DummyClassifier(),
        CT.data,
        CT.target,
        cv=2,
        n_repeats=2,
        grain_control=True,
        verbose=1,
    )
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.replace("\r", "\n").splitlines() if line]
    last = {line.split(":")[0]: line for line in lines}
    assert list(last) == [
        "shortcut baseline",
        "DummyClassifier without fine grain",
        "DummyClassifier",
    ]
    assert all("100%" in line and "4/4" in line for line in last.values())
    assert evaluation.n_repeats == 2


@pytest.mark.parametrize("verbose", [-1, "yes"])
def test_bad_verbose(verbose):
    with pytest.raises(ValueError, match="'verbose'"):
        evaluate(DummyClassifier(), CT.data, CT.target, cv=2, verbose=verbose)
