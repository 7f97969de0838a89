"""Whatever is passed as X, y, weights and groups: it works, or the error says what is wrong."""

import inspect

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parameter_data import DATA, GROUPS, LABELS, WEIGHTS
from parameter_subjects import (
    FROM_TENSORFLOW,
    TARGET,
    N,
    apply,
    fit,
    state,
    subjects,
    verdict,
    wake_tensorflow,
)
from sklearn.preprocessing import StandardScaler
from torture_tally import sizes

from fusionlearn.features import ParetoScaler


def _choice(table):
    """The data as they should be half of the time, so that what else is odd is seen."""
    right = next(iter(table))
    return st.just(right) | st.sampled_from(list(table))


@st.composite
def given_data(draw):
    """Names: of a subject, of what is passed, and when X is passed."""
    name = draw(st.sampled_from(sorted(subjects())))
    subject = subjects()[name]
    method = subject.kind.split if hasattr(subject.kind, "split") else subject.kind.fit
    taken = inspect.signature(method).parameters
    chosen = {"X": draw(_choice(DATA)), "y": draw(_choice(LABELS))}
    if not {"sample_weight", "fit_params"}.isdisjoint(taken):
        chosen["sample_weight"] = draw(_choice(WEIGHTS))
    if not {"groups", "fit_params"}.isdisjoint(taken):
        chosen["groups"] = draw(_choice(GROUPS))
    return name, chosen, draw(st.sampled_from(["in fit", "after fit"]))


@pytest.mark.draws_globally
@sizes(25, 10_000)
def test_odd_data(n, tally, capfd, tmp_path, monkeypatch):
    """They work or are refused; no parameter is changed, and TensorFlow has nothing to say."""
    monkeypatch.chdir(tmp_path)
    wake_tensorflow(capfd)
    t = tally("odd X, y, weights and groups")

    @settings(
        max_examples=n,
        deadline=None,
        derandomize=n < 1000,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(given_data())
    def try_them(given):
        name, chosen, when = given
        t.tried += 1
        found = _what_is_wrong(subjects()[name], chosen, when)
        t.wrong += found is not None
        t.survived += found is None
        assert found is None, found

    try_them()
    assert not FROM_TENSORFLOW.search(capfd.readouterr().err)


def _what_is_wrong(subject, chosen, when):
    estimator = subject.make()
    X, y = DATA[chosen["X"]](subject.X), LABELS[chosen["y"]](TARGET)
    metadata = {}
    if "sample_weight" in chosen:
        metadata["sample_weight"] = WEIGHTS[chosen["sample_weight"]](N)
    if "groups" in chosen:
        metadata["groups"] = GROUPS[chosen["groups"]](N)
    before = state(estimator)
    if when == "after fit" and hasattr(estimator, "get_params"):
        fit(estimator, subject.X, TARGET)
        wrong, _ = verdict(lambda: apply(estimator, X))
    else:
        wrong, _ = verdict(lambda: fit(estimator, X, y, **metadata))
    # It is a StandardScaler, and warns of overflows where that one does.
    warns_too = wrong is not None and subject.kind is ParetoScaler
    if warns_too and verdict(lambda: StandardScaler().fit(X, y, **metadata))[0] == wrong:
        return None
    return "a parameter was changed" if wrong is None and state(estimator) != before else wrong
