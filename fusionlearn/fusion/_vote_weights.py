"""Weights of votes: given, or found by what members said out of fold."""

import math
import warnings

import numpy as np
from sklearn.metrics import balanced_accuracy_score

from ..exceptions import VoteWarning
from ._base import is_dropped
from ._vote import TIE, count_votes, hit_probability

# Bags of Caruana et al. (2004), section 2.3: half of the members. Fewer than three in a bag
# are no vote.
_N_BAGS = 20
_BAG_SHARE = 0.5
_SMALLEST_BAG = 3
_N_DRAWS = 20


def check_weights(weights, estimators):
    """Check weights that were given.

    Parameters
    ----------
    weights : array-like of shape (n_members,) or None
        The weights.

    estimators : list of (str, estimator) tuples
        All members.

    Returns
    -------
    shares : ndarray of shape (n_estimators,)
        Of the members that are not dropped. They sum to 1.

    Raises
    ------
    ValueError
        If there is not one weight for each, or no vote for anybody.
    """
    kept = [not is_dropped(member) for _, member in estimators]
    if weights is None:
        return _shares(np.ones(sum(kept)))
    try:
        numbers = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"weights={weights!r}: wanted a list of numbers, one for each of estimators."
        ) from None
    if numbers.shape != (len(estimators),):
        raise ValueError(
            f"weights has shape {numbers.shape} for {len(estimators)} estimators; "
            "wanted one weight for each of them, also for those that are 'drop'."
        )
    if not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f"weights={weights!r}: wanted finite numbers from 0 upwards.")
    numbers = numbers[kept]
    if not numbers.any():
        names = [name for name, member in estimators if not is_dropped(member)]
        raise ValueError(
            f"weights={weights!r} gives no vote to {names}; "
            "wanted a positive weight for at least one member that is not 'drop'."
        )
    return _shares(numbers)


def learn_weights(rule, proba, labels, sample_weight, n_patients, rng):
    """Find weights out of fold.

    Parameters
    ----------
    rule : {"oof", "greedy"}
        By the score of each member, or by selection.

    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities out of fold.

    labels : ndarray of shape (n_samples,), int
        Numbers of the true classes.

    sample_weight : array-like of shape (n_samples,) or None
        Weights of the samples.

    n_patients : int
        Number of patients.

    rng : numpy.random.RandomState
        Draws bags of members.

    Returns
    -------
    shares : ndarray of shape (n_members,)
        They sum to 1.

    scores : ndarray of shape (n_members,)
        Balanced accuracy of the votes of each member, in [0, 1].

    Warns
    -----
    VoteWarning
        If nobody is better than chance by "oof".
    """
    scores = np.array(
        [
            balanced_accuracy_score(labels, votes, sample_weight=sample_weight)
            for votes in proba.argmax(axis=2)
        ]
    )
    if rule == "greedy":
        return greedy_shares(proba, labels, sample_weight, rng), scores
    weights = log_odds_weights(scores, proba.shape[2], n_patients)
    if not weights.any():
        warnings.warn(
            "weights='oof': no member is better than chance on patients that it was not fitted "
            f"on (balanced accuracies {scores.round(3).tolist()}), so all votes weigh the same. "
            "Look at the labels and at what the members are fitted on.",
            VoteWarning,
            stacklevel=4,  # up to the line that called fit
        )
        weights = np.ones(len(weights))
    return _shares(weights), scores


def log_odds_weights(scores, n_classes, n_patients):
    """Weigh members by how much more often they are right than wrong.

    For voters who err independently, each wrong class being as likely as any other, a
    weight of ``log(p / (1 - p)) + log(n_classes - 1)`` is the best one. It is 0 at chance.

    Parameters
    ----------
    scores : ndarray of shape (n_members,)
        Balanced accuracies.

    n_classes : int
        Number of classes, at least 2.

    n_patients : int
        Number of patients. Nobody counts as surer than one who errs on half of one.

    Returns
    -------
    weights : ndarray of shape (n_members,)
        Not negative; all 0 if nobody is better than chance.
    """
    p = np.clip(scores, 0.5 / n_patients, 1 - 0.5 / n_patients)
    odds = np.log(p / (1 - p)) + np.log(n_classes - 1)
    return np.where(odds > TIE, odds, 0.0)


def greedy_shares(proba, labels, sample_weight, rng):
    """Select members with replacement, in bags, so that their vote errs least.

    Parameters
    ----------
    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities out of fold.

    labels : ndarray of shape (n_samples,), int
        Numbers of the true classes.

    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the samples.

    rng : numpy.random.RandomState
        Draws the bags.

    Returns
    -------
    shares : ndarray of shape (n_members,)
        How often each was selected, as shares; equal ones if those are not better.
    """
    n_members = len(proba)
    size = min(n_members, max(_SMALLEST_BAG, math.ceil(_BAG_SHARE * n_members)))
    n_bags = 1 if size == n_members else _N_BAGS
    shares = np.zeros(n_members)
    for _ in range(n_bags):
        bag = np.sort(rng.permutation(n_members)[:size])
        counts = select_with_replacement(proba[bag], labels, sample_weight)
        shares[bag] += counts / (n_bags * counts.sum())
    equal = np.full(n_members, 1 / n_members)
    gained = vote_error(equal, proba, labels, sample_weight) - vote_error(
        shares, proba, labels, sample_weight
    )
    return shares if gained > TIE else equal


def select_with_replacement(proba, labels, sample_weight):
    """Select members one by one, each the one with whom the vote then errs least.

    The start is the best so many members, as many as err least together. Of all selections
    on the way the best one is taken, so that none is worse than the start.

    Parameters
    ----------
    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities out of fold.

    labels : ndarray of shape (n_samples,), int
        Numbers of the true classes.

    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the samples.

    Returns
    -------
    counts : ndarray of shape (n_members,)
        How often each was selected. Of members that are equally good the earlier one is.
    """

    def errors(selections):
        return np.array([vote_error(counts, proba, labels, sample_weight) for counts in selections])

    each = np.eye(len(proba))
    best_first = np.argsort(errors(each), kind="stable")
    counts, best = _least(np.cumsum(each[best_first], axis=0), errors)
    chosen = counts
    for _ in range(_N_DRAWS):
        counts, error = _least(counts + each, errors)
        if error < best - TIE:
            chosen, best = counts, error
    return chosen


def vote_error(weights, proba, labels, sample_weight):
    """Measure how far the hit probability of a weighted vote is from the truth.

    Parameters
    ----------
    weights : ndarray of shape (n_members,)
        Not negative, and not all 0.

    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities out of fold.

    labels : ndarray of shape (n_samples,), int
        Numbers of the true classes.

    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the samples.

    Returns
    -------
    error : float
        Brier score, the mean square distance in [0, 2]. Unlike a logarithm it is finite for
        members that are certain and wrong.
    """
    votes = weights > 0
    proba, shares = proba[votes], weights[votes] / weights[votes].sum()
    winner, _ = count_votes(proba, shares)
    distance = hit_probability(proba, shares, winner)
    distance[np.arange(len(labels)), labels] -= 1
    return np.average((distance**2).sum(axis=1), weights=sample_weight)


def _least(selections, errors):
    """The first selection that errs least, and its error."""
    values = errors(selections)
    number = np.flatnonzero(values <= values.min() + TIE)[0]
    return selections[number], values[number]


def _shares(weights):
    weights = weights / weights.max()
    return weights / math.fsum(weights)
