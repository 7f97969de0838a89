"""One check of the labels of pictures, for everybody who takes some."""

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

__all__ = ["check_labels"]


def check_labels(y):
    """Check that every sample has a label, and that labels can be told apart and sorted.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If labels are missing (None, NaN, NA), infinite, of types that cannot be compared,
        or numbers as in a regression.
    """
    y = column_or_1d(y, warn=True)
    if y.dtype.kind in "Of":
        missing = [index for index, label in enumerate(y) if _is_missing(label)]
        if missing:
            raise ValueError(
                f"Input y contains NaN, None or NA: {len(missing)} of {len(y)} samples have no "
                f"label, the first at index {missing[0]}. Wanted a label for each; leave the "
                "others out of X and y."
            )
    assert_all_finite(y, input_name="y")
    if len(types := {type(label).__name__ for label in y}) > 1 and "str" in types:
        raise ValueError(
            f"y mixes labels of the types {' and '.join(sorted(types))}, which cannot be sorted. "
            "Make all of them text: [str(label) for label in y]."
        )
    check_classification_targets(y)
    return y


def _is_missing(label):
    # pandas.NA is neither equal to itself nor not.
    return label is None or type(label).__name__ == "NAType" or bool(np.all(label != label))
