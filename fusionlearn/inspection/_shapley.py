"""Shapley values: what each member adds, averaged over all orders in which they could come."""

from math import factorial

import numpy as np


def shapley_values(worth):
    """Divide what all members reach together among them.

    Parameters
    ----------
    worth : ndarray of shape (2 ** n_members, ...)
        What each subset reaches. Subset number ``s`` holds member ``i`` if bit ``i`` of
        ``s`` is set; number 0 is the empty one.

    Returns
    -------
    values : ndarray of shape (n_members, ...)
        For each member the mean, over all orders of the members, of what it adds to those
        before it. They sum to ``worth[-1] - worth[0]``.

    References
    ----------
    .. [1] L. S. Shapley, "A Value for n-Person Games", Contributions to the Theory of
       Games II, Princeton University Press, 307-317 (1953).
    """
    n_subsets = len(worth)
    n_members = n_subsets.bit_length() - 1
    subsets = np.arange(n_subsets)
    sizes = np.array([number.bit_count() for number in range(n_subsets)])
    # Share of the orders in which exactly the members of a subset of that size come before.
    shares = np.array(
        [
            factorial(size) * factorial(n_members - size - 1) / factorial(n_members)
            for size in range(n_members)
        ]
    )
    values = []
    for member in range(n_members):
        before = subsets[subsets >> member & 1 == 0]
        added = worth[before | 1 << member] - worth[before]
        values.append(np.tensordot(shares[sizes[before]], added, axes=1))
    return np.array(values)
