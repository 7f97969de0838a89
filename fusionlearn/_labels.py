"""Checks of labels and of their probabilities, for everybody who takes some."""

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

__all__ = ["check_labels", "check_probabilities", "find_missing"]


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
    if y.dtype.kind in "Of" and (missing := find_missing(y)):
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


def check_probabilities(y_proba):
    """Check what ``predict_proba`` is to have given.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities.

    Returns
    -------
    y_proba : ndarray of shape (n_samples, n_classes), float64
        The same.

    Raises
    ------
    ValueError
        If they are no table of numbers in 0-1.
    """
    proba = np.asarray(y_proba)
    if proba.dtype.kind not in "fiub":
        raise ValueError(
            f"y_proba holds values such as {proba.ravel()[0]!r}; wanted probabilities, as "
            "predict_proba gives them, and not labels."
        )
    proba = proba.astype(np.float64)
    if proba.ndim != 2 or proba.shape[1] < 2:
        raise ValueError(
            f"y_proba has shape {proba.shape}; wanted (n_samples, n_classes), as predict_proba "
            "gives it. Of probabilities p of the second of two classes make "
            "np.column_stack([1 - p, p])."
        )
    if not np.isfinite(proba).all():
        row = int(np.flatnonzero(~np.isfinite(proba).all(axis=1))[0])
        raise ValueError(f"y_proba is {proba[row]} for sample {row}; wanted finite numbers.")
    # Rounding of sums in float32 may go past the ends.
    outside = np.flatnonzero(((proba < -1e-6) | (proba > 1 + 1e-6)).any(axis=1))
    if len(outside):
        raise ValueError(
            f"y_proba is {proba[outside[0]]} for sample {outside[0]}; wanted probabilities from 0 "
            "to 1, as predict_proba gives them (not decision_function, nor percent)."
        )
    sums = proba.sum(axis=1)
    if len(proba) and np.abs(sums - 1).max() > 1e-3:
        row = int(np.abs(sums - 1).argmax())
        raise ValueError(f"y_proba is {proba[row]} for sample {row}; wanted a sum of 1.")
    return proba


def find_missing(values):
    """Find the values that are None, NaN or NA.

    Parameters
    ----------
    values : iterable of object
        Labels, parts or patients.

    Returns
    -------
    missing : list of int
        Where they stand.
    """
    return [index for index, value in enumerate(values) if _is_missing(value)]


def _is_missing(label):
    # pandas.NA is neither equal to itself nor not.
    return label is None or type(label).__name__ == "NAType" or bool(np.all(label != label))
