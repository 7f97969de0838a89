"""bootstrap_interval: covers the truth, respects patients, refuses what it cannot know."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_score, roc_auc_score

from fusionlearn.metrics import BootstrapInterval, bootstrap_interval


def simulated(n_samples, accuracy, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 2
    return y, np.where(rng.random(n_samples) < accuracy, y, 1 - y)


def mean_score(y_true, y_score):
    return np.mean(y_score)


def test_result_is_a_named_tuple():
    interval = bootstrap_interval(accuracy_score, *simulated(40, 0.8, 0), n_resamples=50)
    assert isinstance(interval, BootstrapInterval)
    estimate, low, high = interval
    assert low <= estimate <= high
    assert all(type(value) is float for value in interval)


def test_estimate_is_the_metric_on_all_data():
    y, predicted = simulated(60, 0.8, 1)
    interval = bootstrap_interval(accuracy_score, y, predicted, n_resamples=10)
    assert interval.estimate == accuracy_score(y, predicted)


def test_covers_the_true_accuracy():
    """About 90 % of the intervals at level 0.9 hold the truth; chance of failing 1e-4."""
    hits = 0
    for seed in range(150):
        y, predicted = simulated(100, 0.8, seed)
        interval = bootstrap_interval(
            mean_score, y, y == predicted, confidence_level=0.9, n_resamples=200, random_state=seed
        )
        hits += interval.low <= 0.8 <= interval.high
    assert 0.78 < hits / 150 < 0.98


def test_covers_with_groups_where_samples_alone_do_not():
    """Ten pictures of each patient that are all right or all wrong."""
    hits = {"groups": 0, "samples": 0}
    for seed in range(60):
        y, predicted = (np.repeat(values, 10) for values in simulated(40, 0.7, seed))
        for name, groups in (("groups", np.arange(400) // 10), ("samples", None)):
            interval = bootstrap_interval(
                mean_score, y, y == predicted, groups=groups, n_resamples=200, random_state=seed
            )
            hits[name] += interval.low <= 0.7 <= interval.high
    assert hits["groups"] > 48
    assert hits["samples"] < 42


def test_groups_widen_the_interval():
    """Copies of a picture add nothing: the interval is as wide as without them."""
    y, predicted = simulated(60, 0.8, 2)
    single = bootstrap_interval(accuracy_score, y, predicted)
    y, predicted, groups = np.repeat(y, 9), np.repeat(predicted, 9), np.repeat(np.arange(60), 9)
    copied = bootstrap_interval(accuracy_score, y, predicted, groups=groups)
    naive = bootstrap_interval(accuracy_score, y, predicted)
    np.testing.assert_allclose(copied, single, rtol=1e-12)
    assert copied.high - copied.low > 2 * (naive.high - naive.low)


def test_groups_are_drawn_whole():
    """Each resample holds all or none of a patient's samples."""
    groups = np.array(["b", "a", "c", "a", "b", "c", "a"])
    sizes = {"a": 3, "b": 2, "c": 2}

    def check(y_true, y_score):
        names, counts = np.unique(y_score, return_counts=True)
        assert all(count % sizes[name] == 0 for name, count in zip(names, counts, strict=True))
        return 1.0

    bootstrap_interval(check, groups, groups, groups=groups, n_resamples=50)


def test_every_sample_alone_is_as_no_groups():
    y, predicted = simulated(50, 0.7, 3)
    grouped = bootstrap_interval(accuracy_score, y, predicted, groups=np.arange(50))
    assert grouped == bootstrap_interval(accuracy_score, y, predicted)


@pytest.mark.draws_globally
def test_same_seed_same_interval():
    y, predicted = simulated(50, 0.7, 4)
    first = bootstrap_interval(accuracy_score, y, predicted, n_resamples=50)
    np.random.seed(99)  # noqa: NPY002  the global generator must not matter
    assert bootstrap_interval(accuracy_score, y, predicted, n_resamples=50) == first
    others = [
        bootstrap_interval(accuracy_score, y, predicted, n_resamples=50, random_state=seed)
        for seed in (1, 2, 3)
    ]
    assert any(other != first for other in others)


def test_higher_level_is_wider():
    y, predicted = simulated(80, 0.7, 5)
    narrow = bootstrap_interval(accuracy_score, y, predicted, confidence_level=0.5)
    wide = bootstrap_interval(accuracy_score, y, predicted, confidence_level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_percentiles_by_hand():
    """Oracle: quantiles of the scores that were drawn."""
    drawn = []

    def remember(y_true, y_score):
        drawn.append(float(np.mean(y_score)))
        return drawn[-1]

    values = np.random.default_rng(6).normal(size=30)
    interval = bootstrap_interval(remember, values, values, confidence_level=0.8, n_resamples=99)
    assert len(drawn) == 100
    assert interval.estimate == drawn[0]
    np.testing.assert_allclose(interval[1:], np.percentile(drawn[1:], [10, 90]))


def test_one_class_is_drawn_again():
    """Two positives of eight: one resample in ten has none, and the rest make the interval."""
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0])
    score = np.array([0.9, 0.4, 0.5, 0.1, 0.2, 0.1, 0.3, 0.2])
    interval = bootstrap_interval(roc_auc_score, y, score, n_resamples=300)
    assert 0 <= interval.low < interval.estimate < interval.high <= 1


def test_undefined_in_every_way():
    """NaN, ValueError and scikit-learn's warning all mean drawn again, and none gets out."""
    y = np.array([0, 0, 0, 1, 1])
    n_calls = []

    def one_class_is(answer):
        def metric(y_true, y_score):
            n_calls.append(1)
            return answer(y_true, y_score) if len(np.unique(y_true)) == 1 else 0.5

        return metric

    def raises(y_true, y_score):
        raise ValueError("one class")

    for answer in (lambda *_: np.nan, raises, lambda *_: roc_auc_score([1, 1], [0.2, 0.3])):
        n_calls.clear()
        interval = bootstrap_interval(one_class_is(answer), y, y, n_resamples=200)
        assert interval == (0.5, 0.5, 0.5)
        assert len(n_calls) > 205


def test_warning_filters_are_left_as_they_are():
    before = list(warnings.filters)
    bootstrap_interval(accuracy_score, *simulated(20, 0.7, 0), n_resamples=5)
    assert warnings.filters == before


def test_other_errors_of_the_metric_come_through():
    def broken(y_true, y_score):
        raise KeyError("no such column")

    with pytest.raises(KeyError, match="no such column"):
        bootstrap_interval(broken, [0, 1], [0, 1])


@pytest.mark.parametrize("metric", [roc_auc_score, log_loss, lambda *_: np.inf])
def test_undefined_on_the_data_themselves(metric):
    with pytest.raises(ValueError, match="undefined on the data themselves"):
        bootstrap_interval(metric, [1, 1, 1, 1], [0.2, 0.4, 0.6, 0.8])


def test_gives_up_with_a_clear_error():
    """A metric that is defined on the data as they are and on hardly any resample."""
    values = np.arange(10)

    def all_different(y_true, y_score):
        return 1.0 if len(np.unique(y_true)) == 10 else np.nan

    with pytest.raises(ValueError, match=r"only \d+ of 100 resamples \(its value is nan\).*more"):
        bootstrap_interval(all_different, values, values, n_resamples=20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": ["a"] * 4}, "Got 1 group"),
        ({"groups": ["a", "b"]}, "inconsistent numbers of samples"),
        ({"confidence_level": 95}, "confidence_level"),
        ({"n_resamples": 0}, "n_resamples"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(accuracy_score, [0, 1, 0, 1], [0, 1, 0, 1], **arguments)


def test_one_sample():
    with pytest.raises(ValueError, match="Got 1 sample"):
        bootstrap_interval(accuracy_score, [1], [1])


def test_metric_by_name_is_refused():
    with pytest.raises(ValueError, match="metric"):
        bootstrap_interval("accuracy", [0, 1], [0, 1])


def test_forms_of_data():
    """Lists, Series, string labels, read-only arrays, and probabilities in columns."""
    y, predicted = simulated(40, 0.7, 7)
    expected = bootstrap_interval(accuracy_score, y, predicted, n_resamples=50)
    names = np.array(["neg", "pos"])
    names.flags.writeable = False
    for form in (list, pd.Series, lambda values: names[values]):
        assert bootstrap_interval(accuracy_score, form(y), form(predicted), n_resamples=50) == (
            expected
        )
    proba = np.column_stack([1 - predicted, predicted]) * 0.8 + 0.1
    by_argmax = bootstrap_interval(
        lambda t, p: accuracy_score(t, p.argmax(axis=1)), y, proba, n_resamples=50
    )
    assert by_argmax == expected


@pytest.mark.parametrize("metric", [f1_score, precision_score])
def test_scikit_learns_metrics(metric):
    y, predicted = simulated(60, 0.8, 8)
    interval = bootstrap_interval(metric, y, predicted, n_resamples=50)
    assert interval.low < interval.estimate < interval.high
