"""The arithmetic of a vote, free of the order of members and of rounding."""

import numpy as np

# Weights and probabilities that differ by less, relative to the total weight, are equal.
# Far above rounding (1e-15) and far below what a weight or probability is good for.
TIE = 1e-9


def count_votes(proba, shares):
    """Count the votes and find the winners.

    The class with the most weight wins; among equals the one with the larger weighted
    sum of the probabilities of all members; among equals there the earlier one.

    Parameters
    ----------
    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities. The vote of a member is its argmax.

    shares : ndarray of shape (n_members,)
        Weights of the members, positive; they sum to 1.

    Returns
    -------
    winner : ndarray of shape (n_samples,), int
        Number of the winning class.

    agreement : ndarray of shape (n_samples,)
        Share of the weight that voted for it, in (0, 1].
    """
    weights = shares[:, np.newaxis, np.newaxis]
    voted = proba.argmax(axis=2)[:, :, np.newaxis] == np.arange(proba.shape[2])
    totals = _sum_over_members(np.where(voted, weights, 0.0))
    leads = totals >= totals.max(axis=1, keepdims=True) - TIE
    sums = np.where(leads, _sum_over_members(weights * proba), -np.inf)
    winner = (sums >= sums.max(axis=1, keepdims=True) - TIE).argmax(axis=1)
    return winner, np.minimum(totals[np.arange(len(winner)), winner], 1.0)


def hit_probability(proba, shares, winner):
    """Average the probabilities of those members that voted for the winner.

    Parameters
    ----------
    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities.

    shares : ndarray of shape (n_members,)
        Weights of the members, positive; they sum to 1.

    winner : ndarray of shape (n_samples,), int
        Number of the winning class.

    Returns
    -------
    mean : ndarray of shape (n_samples, n_classes)
        Probabilities, whose argmax is ``winner`` in every row.
    """
    supports = (proba.argmax(axis=2) == winner)[:, :, np.newaxis]
    weights = np.where(supports, shares[:, np.newaxis, np.newaxis], 0.0)
    mean = _sum_over_members(weights * proba) / _sum_over_members(weights)
    # A mean of equal numbers is that number, to the bit.
    low = np.where(supports, proba, np.inf).min(axis=0)
    high = np.where(supports, proba, -np.inf).max(axis=0)
    mean = np.clip(mean, low, high)
    # Every supporter gives the winner at least what it gives another class, and strictly
    # more than an earlier one. Each step above is monotone, in floating point too, so the
    # winner is nowhere below another class; but rounding can make an earlier one its equal.
    best = mean[np.arange(len(winner)), winner][:, np.newaxis]
    is_earlier = np.arange(proba.shape[2]) < winner[:, np.newaxis]
    return np.where(is_earlier & (mean >= best), np.nextafter(best, -np.inf), mean)


def _sum_over_members(addends):
    # Sorted, so that the order of members cannot change a bit; and one by one, because the
    # order in which np.sum adds depends on the number of rows.
    ordered = np.sort(addends, axis=0)
    total = ordered[0].copy()
    for addend in ordered[1:]:
        total += addend
    return total
