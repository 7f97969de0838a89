"""Probabilities against frequencies, and the intervals that displays share."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from fusionlearn.inspection import ReliabilityDisplay
from fusionlearn.inspection._shares import shares_of
from fusionlearn.metrics import calibration_error
from fusionlearn.model_selection import Evaluation

RNG = np.random.default_rng(0)
P = RNG.uniform(size=200)
Y = np.where(RNG.uniform(size=200) < P, "sick", "fit")
PROBA = np.column_stack([1 - P, P])
PATIENTS = np.repeat(np.arange(50), 4)


def evaluation_of(proba=PROBA, **options):
    settings = {"y_true": Y, "y_proba": proba, "classes": np.unique(Y), "positive": "sick"}
    return Evaluation(**{**settings, "groups": PATIENTS, **options})


def test_bins_are_those_of_scikit_learn():
    display = ReliabilityDisplay.from_predictions(Y, PROBA)
    prob_true, prob_pred = calibration_curve(Y == "sick", P, n_bins=10)
    full = display.counts > 0
    np.testing.assert_allclose(display.prob_true[full], prob_true)
    np.testing.assert_allclose(display.prob_pred[full], prob_pred)
    assert display.counts.sum() == 200
    points = display.points_[0]
    np.testing.assert_allclose(points.get_ydata(), prob_true)
    assert display.ax_.get_xlabel() == "Probability of sick"
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "observed, 95 % interval (patients not known)" in legend
    display.figure_.draw_without_rendering()


def test_the_title_is_the_error_of_the_evaluation():
    """The same number and interval as in the table of scores, by whole patients."""
    evaluation = evaluation_of(scoring=("accuracy",))
    display = ReliabilityDisplay.from_evaluation(evaluation)
    assert display.error == evaluation_of().scores["calibration_error"]
    error = calibration_error(Y, PROBA, labels=["fit", "sick"])
    assert display.error.estimate == pytest.approx(error)
    low, high = display.error[1:]
    title = f"Calibration error {error:.3f}, 95 % interval [{low:.3f}, {high:.3f}]"
    assert display.ax_.get_title(loc="left") == title


def test_the_other_class_can_be_positive():
    display = ReliabilityDisplay.from_predictions(Y, PROBA, positive="fit")
    other = ReliabilityDisplay.from_predictions(Y, PROBA)
    np.testing.assert_allclose(display.counts, other.counts[::-1])
    swapped = ReliabilityDisplay.from_predictions(Y, PROBA[:, ::-1], classes=["sick", "fit"])
    np.testing.assert_array_equal(swapped.prob_true, other.prob_true)


def test_several_classes_are_judged_by_the_most_probable():
    proba = RNG.dirichlet([1, 1, 1], size=90)
    y = np.tile(["a", "b", "c"], 30)
    display = ReliabilityDisplay.from_predictions(y, proba)
    claimed = proba.max(axis=1)
    right = np.array(["a", "b", "c"])[proba.argmax(axis=1)] == y
    part = (claimed > 0.5) & (claimed <= 0.6)
    assert display.prob_true[5] == pytest.approx(right[part].mean())
    assert display.positive is None
    assert "most probable class" in display.ax_.get_xlabel()


def test_repeats_are_pooled():
    repeats = np.stack([PROBA, PROBA[:, ::-1]])
    display = ReliabilityDisplay.from_evaluation(
        evaluation_of(repeats.mean(axis=0), repeats=repeats)
    )
    assert display.counts.sum() == 200
    alone = ReliabilityDisplay.from_evaluation(evaluation_of())
    np.testing.assert_allclose(display.counts, (alone.counts + alone.counts[::-1]) / 2)
    assert display.error.estimate > alone.error.estimate


def test_by_patient():
    y = np.repeat(["fit", "sick"], 100)
    display = ReliabilityDisplay.from_evaluation(evaluation_of(y_true=y).by_patient())
    assert display.unit == "patients"
    assert display.counts.sum() == 50


def test_from_estimator():
    X = P[:, np.newaxis]
    model = LogisticRegression().fit(X, Y)
    display = ReliabilityDisplay.from_estimator(model, X, Y, groups=PATIENTS)
    same = ReliabilityDisplay.from_predictions(Y, model.predict_proba(X), groups=PATIENTS)
    np.testing.assert_array_equal(display.intervals, same.intervals)
    assert display.patients_known
    with pytest.raises(TypeError, match="LinearSVC has no predict_proba"):
        ReliabilityDisplay.from_estimator(LinearSVC(random_state=0).fit(X, Y), X, Y)


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 9), (9, 9), (70, 100)])
def test_intervals_are_wilsons(hits, n):
    """The oracle is SciPy's; where all are hits, the interval still has a width."""
    shares = shares_of(np.arange(n) < hits, np.zeros(n, dtype=int), 1)
    wanted = binomtest(hits, n).proportion_ci(method="wilson")
    assert shares.estimate[0] == hits / n
    np.testing.assert_allclose([shares.low[0], shares.high[0]], [*wanted], atol=1e-12)


def test_pictures_of_a_patient_are_no_further_observations():
    """Thirty pictures of ten patients that fare alike say as much as ten pictures."""
    hits = np.arange(10) < 7
    few = shares_of(hits, np.zeros(10, dtype=int), 1)
    many = shares_of(hits.repeat(3), np.zeros(30, dtype=int), 1, np.arange(10).repeat(3))
    np.testing.assert_allclose(np.array(many[:3]), np.array(few[:3]))
    # One patient with most of the pictures says less than ten with three each.
    uneven = shares_of(hits.repeat(3), np.zeros(30, dtype=int), 1, np.r_[[0] * 20, 1:11])
    assert uneven.high - uneven.low > many.high - many.low


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Simulated: patients of one to four pictures, all of which fare alike."""
    rng = np.random.default_rng(1)
    n_held = 0
    for _ in range(400):
        sizes = rng.integers(1, 5, 40)
        hits = (rng.random(40) < 0.8).repeat(sizes)
        shares = shares_of(hits, np.zeros(len(hits), dtype=int), 1, np.arange(40).repeat(sizes))
        n_held += shares.low[0] <= 0.8 <= shares.high[0]
    assert 0.91 < n_held / 400 < 0.99


@pytest.mark.parametrize(
    ("y_true", "y_proba", "options", "message"),
    [
        (Y, P, {}, r"wanted \(n_samples, n_classes\)"),
        (Y[:5], PROBA, {}, "inconsistent numbers"),
        (["a", "b", "c"], PROBA[:3], {}, "2 columns for the labels"),
        (Y, PROBA, {"classes": ["x", "sick"]}, "label 'fit', which is none of"),
        (Y, PROBA, {"positive": "x"}, "positive='x': wanted one of the labels"),
        (["a", "a"], PROBA[:2], {"classes": ["a", "b"]}, "no picture of the class"),
    ],
)
def test_predictions_that_do_not_fit(y_true, y_proba, options, message):
    with pytest.raises(ValueError, match=message):
        ReliabilityDisplay.from_predictions(y_true, y_proba, **options)


def test_arrays_are_no_evaluation():
    with pytest.raises(TypeError, match="ndarray; wanted an Evaluation"):
        ReliabilityDisplay.from_evaluation(PROBA)
