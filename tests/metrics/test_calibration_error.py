"""calibration_error: the gap between what is claimed and what comes true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import calibration_curve

from fusionlearn.metrics import calibration_error

probabilities = arrays(
    np.float64, 30, elements=st.floats(0, 1) | st.integers(0, 10).map(lambda k: k / 10)
)


@given(probabilities, st.integers(1, 15))
def test_agrees_with_the_calibration_curve(proba, n_bins):
    """Oracle: scikit-learn's bins, weighted by their sizes."""
    y = np.arange(30) % 2
    true, claimed = calibration_curve(y, proba, n_bins=n_bins)
    edges = np.linspace(0, 1, n_bins + 1)
    sizes = np.bincount(np.searchsorted(edges[1:-1], proba))
    expected = np.abs(true - claimed) @ sizes[sizes > 0] / 30
    assert calibration_error(y, proba, n_bins=n_bins) == pytest.approx(expected, abs=1e-12)


@given(probabilities)
def test_is_between_zero_and_one(proba):
    assert 0 <= calibration_error(np.arange(30) % 3 == 0, proba) <= 1


def test_perfect_and_wrong_certainty():
    assert calibration_error([0, 1, 1], [0.0, 1.0, 1.0]) == 0
    assert calibration_error([0, 1, 1], [1.0, 0.0, 0.0]) == 1


def test_columns_and_the_positive_class():
    y = np.array(["ill", "well", "ill", "well"])
    proba = np.array([[0.95, 0.05], [0.35, 0.65], [0.75, 0.25], [0.15, 0.85]])
    of_well = calibration_error(y, proba[:, 1])
    assert calibration_error(y, proba) == of_well
    assert calibration_error(y, proba, pos_label="well") == of_well
    of_ill = calibration_error(y, proba[:, 0], pos_label="ill")
    assert calibration_error(y, proba, pos_label="ill") == of_ill
    assert of_ill == pytest.approx(np.mean([0.05, 0.35, 0.25, 0.15]))


def test_more_classes_are_judged_by_the_most_probable_one():
    """By hand: claims of 0.6, 0.6 and 0.9, of which one of two and one come true."""
    proba = [[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.05, 0.05, 0.9]]
    expected = (2 * 0.1 + 0.1) / 3
    assert calibration_error(["a", "b", "c"], proba) == pytest.approx(expected)
    assert calibration_error(["a", "b", "c"], proba, labels=["a", "b", "c"]) == pytest.approx(
        expected
    )


def test_is_above_zero_for_a_calibrated_model_on_few_samples():
    """What the notes warn of: the error falls with n, though the model is perfect."""
    rng = np.random.default_rng(0)

    def mean_error(n):
        errors = []
        for _ in range(50):
            p = rng.random(n)
            errors.append(calibration_error(rng.random(n) < p, p))
        return np.mean(errors)

    assert mean_error(40) > 0.1 > 0.03 > mean_error(4000)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0, 1], [0.2, 1.2]), {}, r"outside \[0, 1\]"),
        (([0, 1], [0.2, np.nan]), {}, "NaN"),
        (([0, 1, 2], [0.1, 0.2, 0.3]), {}, "one column for the labels"),
        (([0, 1], [[0.2, 0.3, 0.5]] * 2), {}, r"shape \(2, 3\).*Give labels="),
        (([0, 1], [0.2, 0.3]), {"labels": [1, 2]}, "label 0, which labels has not"),
        (([0, 1], [0.2, 0.3]), {"pos_label": 7}, "pos_label=7"),
        (([0, 1], [0.2]), {}, "inconsistent numbers"),
        (([0, 1], [0.2, 0.3]), {"n_bins": 0}, "'n_bins'"),
    ],
)
def test_bad_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        calibration_error(*arguments, **options)
