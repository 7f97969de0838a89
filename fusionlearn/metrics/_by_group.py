"""From pictures to patients."""

import math
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils._param_validation import StrOptions, validate_params

from .._labels import check_labels, check_probabilities
from ..fusion import count_votes, hit_probability
from ..images._groups import check_groups


class GroupPredictions(NamedTuple):
    """What the pictures of each patient say together.

    Parameters
    ----------
    groups : ndarray of shape (n_groups,)
        The patients, sorted.

    y_true : ndarray of shape (n_groups,)
        Label of each patient.

    y_proba : ndarray of shape (n_groups, n_classes)
        Probabilities of each patient. The class that is predicted is the argmax.
    """

    groups: np.ndarray
    y_true: np.ndarray
    y_proba: np.ndarray


@validate_params(
    {
        "y_true": ["array-like"],
        "y_proba": ["array-like"],
        "groups": ["array-like"],
        "aggregation": [StrOptions({"mean", "vote"})],
    },
    prefer_skip_nested_validation=True,
)
def by_group(y_true, y_proba, groups, *, aggregation="mean"):
    """Aggregate predictions for pictures into one for each patient.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels; all pictures of a patient have the same.

    y_proba : array-like of shape (n_samples, n_classes)
        Predicted probabilities, one column for each class.

    groups : array-like of shape (n_samples,)
        The patient of each picture.

    aggregation : {"mean", "vote"}, default="mean"
        "mean" averages the probabilities of a patient's pictures. "vote" lets each
        picture vote for its most probable class: the majority wins, a tie goes to the
        class with the larger sum of probabilities, then to the earlier class. The
        patient's probabilities are then the hit probability of the majority: the mean
        over those pictures that voted for the winner, as
        :class:`~fusionlearn.MajorityVoteFusion` has it for networks. A vote answers for
        the class; to rank patients, the mean is better.

    Returns
    -------
    patients : GroupPredictions
        A named tuple ``(groups, y_true, y_proba)``. Neither the order of pictures nor
        rounding changes a bit of it or the winner of a vote.

    Raises
    ------
    ValueError
        If a patient has two labels, a group is missing, ``y_proba`` is not a finite
        table, or lengths differ.

    See Also
    --------
    bootstrap_interval : Intervals from resampling patients.
    fusionlearn.model_selection.evaluate : Gives scores per picture and per patient.

    Examples
    --------
    >>> from fusionlearn.metrics import by_group
    >>> y_proba = [[0.1, 0.9], [0.6, 0.4], [0.6, 0.4], [0.8, 0.2]]
    >>> groups = ["anna", "anna", "anna", "ben"]
    >>> by_group([1, 1, 1, 0], y_proba, groups).y_proba.round(2)
    array([[0.43, 0.57],
           [0.8 , 0.2 ]])
    >>> by_group([1, 1, 1, 0], y_proba, groups, aggregation="vote").y_proba.round(2)
    array([[0.6, 0.4],
           [0.8, 0.2]])
    """
    y_true, groups = check_labels(y_true), check_groups(groups)
    proba = check_probabilities(y_proba)
    check_consistent_length(y_true, proba, groups)
    names, first, numbers, counts = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    _check_labels(y_true, names, numbers, first)
    order = np.argsort(numbers, kind="stable")
    starts = np.cumsum(counts) - counts
    result = np.empty((len(names), proba.shape[1]))
    for size in np.unique(counts):
        chosen = np.flatnonzero(counts == size)
        rows = order[starts[chosen] + np.arange(size)[:, np.newaxis]]
        result[chosen] = _AGGREGATIONS[aggregation](proba[rows])
    return GroupPredictions(names, y_true[first], result)


def _check_labels(y_true, names, numbers, first):
    differs = np.flatnonzero(y_true != y_true[first][numbers])
    if len(differs):
        group = names.tolist()[numbers[differs[0]]]
        labels = np.unique(y_true[numbers == numbers[differs[0]]]).tolist()
        raise ValueError(
            f"Patient {group!r} has pictures with the labels {labels}; wanted one label for each "
            "patient. Correct y_true or groups; where labels belong to pictures, score pictures."
        )


def _mean(proba):
    """Mean over the first axis: exact sums, so that the order of pictures does not matter."""
    n_pictures = len(proba)
    sums = [
        [math.fsum(column) for column in patient] for patient in np.moveaxis(proba, 0, 2).tolist()
    ]
    # A mean of equal numbers is that number, to the bit.
    return np.clip(np.array(sums) / n_pictures, proba.min(axis=0), proba.max(axis=0))


def _vote(proba):
    shares = np.full(len(proba), 1 / len(proba))
    winner, _ = count_votes(proba, shares)
    return hit_probability(proba, shares, winner)


_AGGREGATIONS = {"mean": _mean, "vote": _vote}
