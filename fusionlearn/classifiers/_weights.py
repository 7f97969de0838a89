"""How much each sample counts."""

import warnings

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from .._compat import check_sample_weight
from ..exceptions import DataWarning
from ..fusion._constraints import WEIGHT

__all__ = ["check_weights", "weigh"]


def check_weights(sample_weight, X):
    """Check the weights of samples.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weights; None weighs all equally.

    X : array-like of shape (n_samples, ...)
        What is weighed.

    Returns
    -------
    weight : ndarray of shape (n_samples,), float64
        The weights.

    Raises
    ------
    ValueError
        If they are no finite numbers from 0 upwards, all 0 or of another length.
    """
    try:
        return check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    except (TypeError, ValueError, OverflowError) as error:
        if "weight" in str(error):
            raise
        raise ValueError(f"sample_weight: {error}; wanted a number for each sample.") from error


def weigh(class_weight, sample_weight, features, y):
    """Multiply the weights of samples by those of their classes.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        Weights by label.

    sample_weight : array-like of shape (n_samples,) or None
        Weights of the samples.

    features : array-like of shape (n_samples, ...)
        What is weighed.

    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels.

    Returns
    -------
    weight : ndarray of the shape of y, float32
        The product. Of several labels each is weighed by its own classes.

    Raises
    ------
    ValueError
        If a weight is none, or fewer than two classes have samples of positive weight.

    Warns
    -----
    DataWarning
        If this is so of some of several labels.
    """
    weight = check_weights(sample_weight, features)
    columns = y.reshape(len(y), -1).T
    is_constant = [len(np.unique(column[weight > 0])) < 2 for column in columns]
    if all(is_constant):
        raise ValueError(
            "y has 1 class among the samples of positive weight; a classifier needs at "
            "least 2 classes to train on."
        )
    if any(is_constant):
        warnings.warn(
            f"The columns {np.flatnonzero(is_constant).tolist()} of y hold one value only among "
            "the samples of positive weight; all that can be learned of them is that value. "
            "Leave these labels out, or give more samples.",
            DataWarning,
            stacklevel=4,  # the line that called fit
        )
    if isinstance(class_weight, dict):
        for label, value in class_weight.items():
            if not WEIGHT.is_satisfied_by(value):
                raise ValueError(
                    f"class_weight has {value!r} for the label {label!r}; wanted a finite number "
                    "from 0 upwards."
                )
    products = [
        weight if constant else weight * _weigh_classes(class_weight, column)
        for column, constant in zip(columns, is_constant, strict=True)
    ]
    weight = np.column_stack(products).reshape(y.shape)
    if weight.max() > WEIGHT.right:
        raise ValueError(
            f"sample_weight times class_weight is up to {weight.max():g}, beyond the range of "
            "float32, in which training computes. Divide the weights by a number."
        )
    return weight.astype(np.float32)


def _weigh_classes(class_weight, y):
    classes, labels = np.unique(y, return_inverse=True)
    try:
        return compute_class_weight(class_weight, classes=classes, y=y)[labels]
    except TypeError as error:  # labels of another type than the dictionary's
        raise ValueError(
            f"class_weight={class_weight!r} does not fit the labels {classes.tolist()}: {error}."
        ) from error
