"""Intervals of scores by resampling."""

import math
import warnings
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from ..images._groups import check_groups

# An interval that is made of one draw in five says nothing about the other four.
_DRAWS_PER_RESAMPLE = 5


class BootstrapInterval(NamedTuple):
    """A score and the interval in which it lies.

    Parameters
    ----------
    estimate : float
        The score on the data as they are.

    low : float
        Lower end of the interval.

    high : float
        Upper end of the interval.
    """

    estimate: float
    low: float
    high: float

    def __repr__(self):
        numbers = (f"{name}={value:.4g}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({', '.join(numbers)})"


@validate_params(
    {
        "metric": [callable],
        "y_true": ["array-like"],
        "y_score": ["array-like"],
        "groups": ["array-like", None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,
)
def bootstrap_interval(
    metric,
    y_true,
    y_score,
    *,
    groups=None,
    confidence_level=0.95,
    n_resamples=1000,
    random_state=0,
):
    """Compute a score with a bootstrap percentile interval.

    With ``groups``, whole groups are drawn with replacement: several pictures of one
    patient say less than as many of different patients, and an interval that takes them
    for independent is too narrow.

    A resample in which the metric is undefined, such as the area under the ROC curve of
    a single class, is drawn again. The interval is then one among those resamples that
    have a score.

    Parameters
    ----------
    metric : callable
        ``metric(y_true, y_score)`` gives a number. It is undefined where that is not
        finite, or where it raises ``ValueError`` or issues scikit-learn's
        ``UndefinedMetricWarning``.

    y_true : array-like of shape (n_samples,)
        Labels.

    y_score : array-like of shape (n_samples,) or (n_samples, n_classes)
        Predictions, scores or probabilities, as ``metric`` takes them.

    groups : array-like of shape (n_samples,), default=None
        The patient of each sample. None takes each sample for itself.

    confidence_level : float, default=0.95
        Probability with which the interval should hold the score, in (0, 1).

    n_resamples : int, default=1000
        Number of resamples, at least 1.

    random_state : int, RandomState instance or None, default=0
        Seed of the resamples.

    Returns
    -------
    interval : BootstrapInterval
        A named tuple ``(estimate, low, high)``.

    Raises
    ------
    ValueError
        If the metric is undefined on the data themselves or in more than four of five
        resamples, if there are fewer than two groups or samples, or a group is missing.

    See Also
    --------
    fusionlearn.model_selection.StratifiedImageGroupKFold : Keeps patients apart in the
        first place.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman &
       Hall (1993).

    .. [2] C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the
       Royal Statistical Society B 69(3), 369-390 (2007).

    Examples
    --------
    >>> from sklearn.metrics import accuracy_score
    >>> from fusionlearn.metrics import bootstrap_interval
    >>> y_true = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> y_pred = [0, 1, 0, 1, 0, 1, 1, 0]
    >>> interval = bootstrap_interval(accuracy_score, y_true, y_pred)
    >>> interval.estimate
    0.75
    >>> interval.low < 0.75 < interval.high
    True
    """
    y_true, y_score = np.asarray(y_true), np.asarray(y_score)
    groups = None if groups is None else check_groups(groups)
    check_consistent_length(y_true, y_score, groups)
    units = _units(len(y_true), groups)
    kind = "sample" if groups is None else "group"
    if len(units) < 2:
        raise ValueError(
            f"Got {len(units)} {kind}, of which every resample would be the same; wanted at "
            "least 2. Judge the classifier on more data."
        )
    try:
        estimate = _score(metric, y_true, y_score)
    except _UndefinedError as error:
        raise ValueError(
            f"The metric is undefined on the data themselves ({error}); wanted data on which it "
            "gives a finite number."
        ) from error

    rng = check_random_state(random_state)
    scores, reason = [], None
    for _ in range(_DRAWS_PER_RESAMPLE * n_resamples):
        drawn = rng.randint(len(units), size=len(units))
        rows = np.concatenate([units[number] for number in drawn])
        try:
            scores.append(_score(metric, y_true[rows], y_score[rows]))
        except _UndefinedError as error:
            reason = str(error)
        if len(scores) == n_resamples:
            break
    else:
        raise ValueError(
            f"The metric is defined in only {len(scores)} of "
            f"{_DRAWS_PER_RESAMPLE * n_resamples} resamples ({reason}); wanted {n_resamples}. "
            f"Judge it on more {kind}s of each class, or take a metric that needs fewer."
        )
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(scores, [tail, 1 - tail])
    return BootstrapInterval(estimate, float(low), float(high))


class _UndefinedError(Exception):
    """The metric has no value on these samples."""


def _score(metric, y_true, y_score):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UndefinedMetricWarning)
        try:
            score = float(metric(y_true, y_score))
        except (ValueError, UndefinedMetricWarning) as error:
            raise _UndefinedError(str(error)) from error
    if not math.isfinite(score):
        raise _UndefinedError(f"its value is {score}")
    return score


def _units(n_samples, groups):
    """Rows of each group, or of each sample."""
    if groups is None:
        return np.arange(n_samples)[:, np.newaxis]
    _, numbers, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.split(np.argsort(numbers, kind="stable"), np.cumsum(counts)[:-1])
