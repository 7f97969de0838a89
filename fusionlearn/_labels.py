"""Checks of labels and of their probabilities, for everybody who takes some."""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

__all__ = [
    "check_label_columns",
    "check_labels",
    "check_probabilities",
    "find_missing",
    "is_multilabel",
    "refuse_multilabel",
]

_ONE_OF_SEVERAL = (
    "That is told of one label at a time. Fit a classifier on one column, y[:, 0], or take one of "
    "those that sklearn.multioutput.MultiOutputClassifier(...).fit(X, y).estimators_ has."
)
_A_COLUMN = (
    "One label at a time: pass a column, y[:, 0], then the next; of one-hot columns, of which "
    "each row has one, y.argmax(axis=1)."
)


def check_labels(y, *, remedy=_A_COLUMN):
    """Check that every sample has a label, and that labels can be told apart and sorted.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels.

    remedy : str
        What to do if samples have more than one label.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If labels are missing (None, NaN, NA), infinite, of types that cannot be compared,
        or numbers as in a regression; or samples have more than one.
    """
    if (n_labels := _count_columns(y)) > 1:
        raise ValueError(f"y has {n_labels} columns, wanted one label for each sample. {remedy}")
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


def check_label_columns(y):
    """Check labels, of which samples may have more than one.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels; or a table of 0 and 1, which says of each sample which labels it has.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        The labels; a table as int64.

    Raises
    ------
    ValueError
        As for :func:`check_labels`, or if a table has anything but 0 and 1.
    """
    if _count_columns(y) < 2:
        return check_labels(y)
    table = y.toarray() if issparse(y) else np.asarray(y)
    if missing := find_missing(table.ravel()):
        row, column = divmod(missing[0], table.shape[1])
        raise ValueError(
            f"y has nothing in {len(missing)} of {table.size} places, the first in row {row}, "
            f"column {column}. Wanted 0 or 1 in each; leave such samples out, or train one "
            "classifier for each column, on the samples that have it."
        )
    if other := sorted({repr(value) for value in set(table.ravel().tolist()) - {0, 1}}):
        raise ValueError(
            f"y has {table.shape[1]} columns and holds {', '.join(other[:5])}; wanted 0 or 1 in "
            "each place: whether the sample has that label. For columns with other classes: "
            "sklearn.multioutput.MultiOutputClassifier. A label that is uncertain (-1) has to "
            "be decided, or its samples left out."
        )
    return table.astype(np.int64)


def is_multilabel(estimator):
    """Tell whether a fitted classifier gives a sample more than one label.

    Parameters
    ----------
    estimator : classifier
        Anything with ``classes_``, or without.

    Returns
    -------
    more : bool
        True if its classes are classes of columns.
    """
    classes = getattr(estimator, "classes_", ())
    return isinstance(classes, list) or np.ndim(classes) > 1


def refuse_multilabel(estimator, remedy=_ONE_OF_SEVERAL):
    """Raise if a fitted classifier gives a sample more than one label.

    Parameters
    ----------
    estimator : classifier
        As for :func:`is_multilabel`.

    remedy : str
        What to do.

    Raises
    ------
    ValueError
        If it does.
    """
    if is_multilabel(estimator):
        raise ValueError(
            f"{type(estimator).__name__} was fitted on {len(estimator.classes_)} labels for each "
            f"sample. {remedy}"
        )


def _count_columns(y):
    if issparse(y):
        return y.shape[1]
    try:
        shape = np.asarray(y).shape
    except ValueError:  # lists of different lengths
        raise ValueError(
            "y holds lists of labels. Make a table of 0 and 1 of them, a column for each label: "
            "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)."
        ) from None
    return shape[1] if len(shape) == 2 else 1


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
