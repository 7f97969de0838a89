"""Patients of samples that do not know them."""

import numpy as np
from sklearn.utils import column_or_1d

from ._reference import ImageReference

__all__ = ["check_groups"]


def check_groups(groups):
    """Check that every sample has a patient, and that patients can be told apart and sorted.

    Parameters
    ----------
    groups : array-like of shape (n_samples,)
        The patient of each sample.

    Returns
    -------
    groups : ndarray of shape (n_samples,)
        The patients.

    Raises
    ------
    ValueError
        If a patient is missing, groups are pictures, or of types that cannot be sorted.
    """
    groups = column_or_1d(groups)
    entries = groups.tolist()
    if any(isinstance(group, ImageReference) for group in entries):
        raise ValueError("groups holds pictures; wanted their patients: pass get_groups(X).")
    for index, group in enumerate(entries):
        # pandas.NA is neither equal to itself nor not.
        if group is None or type(group).__name__ == "NAType" or group != group:
            raise ValueError(
                f"groups[{index}] is {group!r}; wanted a patient for every picture. "
                "Give each picture without a patient a name of its own."
            )
    kinds = {type(group).__name__ for group in entries}
    try:
        np.unique(groups)
    except TypeError:
        raise ValueError(
            f"groups mixes patients of the types {' and '.join(sorted(kinds))}, which cannot be "
            "sorted. Make all of them text: [str(group) for group in groups]."
        ) from None
    return groups
