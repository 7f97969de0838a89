"""All scores of many resamples at once, from sums over each patient's pictures."""

import numpy as np
from sklearn.utils import check_random_state

from ..metrics import BootstrapInterval
from ..metrics._calibration import bin_numbers, claims

SCORES = (
    "accuracy",
    "f1",
    "sensitivity",
    "specificity",
    "roc_auc",
    "brier_score",
    "calibration_error",
)
CONFIDENCE = 0.95
N_RESAMPLES = 2000
N_BINS = 10

# An interval that is made of one draw in five says nothing about the other four.
_DRAWS_PER_RESAMPLE = 5
# Of the arrays that hold a row for each resample and a column for each picture.
_MAX_ENTRIES = 2**22


def resampled_scores(y_true, repeats, classes, positive, groups):
    """Score predictions on the data as they are and on resamples of their patients.

    Patients are drawn with replacement, as often as there are. Resamples depend on labels
    and patients alone, so that they are the same for all models that are judged on the
    same pictures. One that lacks a class is drawn again, since scores are then undefined.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Labels.

    repeats : sequence of ndarray of shape (n_samples, n_classes)
        Predicted probabilities; scores are means over the sequence.

    classes : ndarray of shape (n_classes,)
        The labels, sorted.

    positive : object
        With two classes, the label that scores are about.

    groups : ndarray of shape (n_samples,)
        Patient of each picture.

    Returns
    -------
    estimates : dict of str to float
        The scores by name.

    resampled : dict of str to ndarray of shape (n_resamples,)
        The scores of each resample.

    Raises
    ------
    ValueError
        If there are fewer than two patients, a class has no picture, or too few
        resamples have all classes.
    """
    names, groups = np.unique(groups, return_inverse=True)
    labels = np.searchsorted(classes, y_true)
    has_class = np.zeros((len(names), len(classes)))
    has_class[groups, labels] = 1
    _check_data(classes, has_class)
    tallies = [_Tally(labels, proba, classes, positive, groups, len(names)) for proba in repeats]
    estimates = {
        name: float(values[0])
        for name, values in _mean_scores(tallies, np.ones((1, len(names)))).items()
    }
    n_rows = max(1, _MAX_ENTRIES // len(y_true))
    parts = [_mean_scores(tallies, counts) for counts in _draw(has_class, n_rows)]
    resampled = {name: np.concatenate([part[name] for part in parts]) for name in SCORES}
    return estimates, resampled


def score_interval(name, estimate, resampled):
    """Make the interval of a score.

    Its ends are percentiles of the resampled scores. Only the calibration error needs
    another way: its mean of absolute gaps is too large on few samples, and that of a
    resample is too large by as much again. Squared gaps grow by the same amount in both
    steps, so there the percentiles are mirrored at the estimate, on the scale of squares
    (the "basic" interval of Davison and Hinkley, "Bootstrap Methods and their
    Application", 1997), and extended as far as the estimate.

    Parameters
    ----------
    name : str
        The score.

    estimate : float
        Its value on the data as they are.

    resampled : ndarray of shape (n_resamples,)
        Its values on resamples.

    Returns
    -------
    interval : BootstrapInterval
        A named tuple ``(estimate, low, high)``.
    """
    low, high = _percentiles(resampled)
    if name == "calibration_error":
        low, high = (max(2 * estimate**2 - end**2, 0.0) ** 0.5 for end in (high, low))
        low, high = min(low, estimate), max(high, estimate)
    return BootstrapInterval(estimate, low, high)


def difference_interval(name, estimate, resampled):
    """Make the interval of a difference of scores.

    Parameters
    ----------
    name : str
        The score.

    estimate : float
        The difference on the data as they are.

    resampled : ndarray of shape (n_resamples,)
        The differences on resamples.

    Returns
    -------
    interval : BootstrapInterval
        Percentiles, which for the calibration error are mirrored at the estimate and
        extended as far as it; a difference has a sign, so not on the scale of squares.
    """
    low, high = _percentiles(resampled)
    if name == "calibration_error":
        low, high = min(2 * estimate - high, estimate), max(2 * estimate - low, estimate)
    return BootstrapInterval(estimate, low, high)


def _percentiles(resampled):
    tail = (1 - CONFIDENCE) / 2
    return (float(end) for end in np.quantile(resampled, [tail, 1 - tail]))


class _Tally:
    """What each patient adds to every score."""

    def __init__(self, labels, proba, classes, positive, groups, n_groups):
        n_classes = len(classes)
        self.groups = groups
        # Number of pictures by patient, label and prediction.
        self.confusion = np.zeros((n_groups, n_classes, n_classes))
        np.add.at(self.confusion, (groups, labels, proba.argmax(axis=1)), 1)
        squares = ((proba - np.eye(n_classes)[labels]) ** 2).sum(axis=1)
        if n_classes == 2:
            self.positive = int(np.flatnonzero(classes == positive)[0])
            squares /= 2  # as scikit-learn has it: the square for one of two classes
            claimed, came_true = proba[:, self.positive], labels == self.positive
            ranked = [self.positive]
        else:
            self.positive = None
            claimed, came_true = claims(labels, proba, np.arange(n_classes))
            ranked = range(n_classes)
        self.squares = np.bincount(groups, weights=squares, minlength=n_groups)
        self.gaps = np.zeros((n_groups, N_BINS))
        np.add.at(self.gaps, (groups, bin_numbers(claimed, N_BINS)), came_true - claimed)
        self.rankings = [_Ranking(labels == number, proba[:, number]) for number in ranked]

    def scores(self, counts):
        """Scores of resamples; ``counts`` says how often each holds each patient."""
        n_classes = self.confusion.shape[1]
        flat = counts @ self.confusion.reshape(len(self.confusion), -1)
        confusion = flat.reshape(-1, n_classes, n_classes)
        hits = np.diagonal(confusion, axis1=1, axis2=2)
        true, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
        n_samples = true.sum(axis=1)
        others = n_samples[:, np.newaxis] - true
        by_class = {
            "f1": 2 * hits / (true + predicted),
            "sensitivity": hits / true,
            "specificity": (others - predicted + hits) / others,
        }
        if self.positive is None:
            chosen = {name: values.mean(axis=1) for name, values in by_class.items()}
        else:
            chosen = {name: values[:, self.positive] for name, values in by_class.items()}
        drawn = counts[:, self.groups]
        areas = [ranking.area(drawn) for ranking in self.rankings]
        return {
            "accuracy": hits.sum(axis=1) / n_samples,
            **chosen,
            "roc_auc": np.mean(areas, axis=0),
            "brier_score": counts @ self.squares / n_samples,
            "calibration_error": np.abs(counts @ self.gaps).sum(axis=1) / n_samples,
        }


class _Ranking:
    """Samples in the order of a score, for areas under the ROC curve."""

    def __init__(self, is_positive, score):
        self.order = np.argsort(score, kind="stable")
        self.is_positive = is_positive[self.order].astype(np.float64)
        ordered = score[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def area(self, drawn):
        """Share of pairs in the right order, of which equal ones count half."""
        drawn = drawn[:, self.order]
        positive = drawn * self.is_positive
        above = np.add.reduceat(positive, self.starts, axis=1)
        below = np.add.reduceat(drawn - positive, self.starts, axis=1)
        pairs = above * (np.cumsum(below, axis=1) - below / 2)
        return pairs.sum(axis=1) / (above.sum(axis=1) * below.sum(axis=1))


def _mean_scores(tallies, counts):
    scores = [tally.scores(counts) for tally in tallies]
    return {name: np.mean([score[name] for score in scores], axis=0) for name in SCORES}


def _draw(has_class, n_rows):
    """Yield how often each patient is in each of some resamples that have all classes."""
    n_groups = len(has_class)
    n_rows = min(n_rows, N_RESAMPLES)
    rng = check_random_state(0)
    n_drawn = n_kept = 0
    while n_kept < N_RESAMPLES:
        if n_drawn >= _DRAWS_PER_RESAMPLE * N_RESAMPLES:
            raise ValueError(
                f"Only {n_kept} of {n_drawn} resamples of the patients have all classes; wanted "
                f"{N_RESAMPLES}. Judge the model on more patients of each class."
            )
        drawn = rng.randint(n_groups, size=(n_rows, n_groups))
        n_drawn += n_rows
        drawn += n_groups * np.arange(n_rows)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=n_rows * n_groups).astype(np.float64)
        counts = counts.reshape(n_rows, n_groups)
        counts = counts[(counts @ has_class > 0).all(axis=1)][: N_RESAMPLES - n_kept]
        n_kept += len(counts)
        yield counts


def _check_data(classes, has_class):
    if len(has_class) < 2:
        raise ValueError(
            "All pictures are of one patient, of which every resample would be the same; wanted "
            "at least 2. Judge the model on more data."
        )
    missing = classes[~has_class.any(axis=0)]
    if len(missing):
        raise ValueError(
            f"y_true has no picture of the class(es) {missing.tolist()}, so that scores are "
            "undefined; wanted pictures of every class."
        )
