"""What displays of predictions are given."""

import numpy as np
from sklearn.utils import check_consistent_length

from .._labels import check_labels, check_probabilities, refuse_multilabel
from ..images import get_groups, share_references
from ..images._groups import check_groups


def check_predictions(y_true, y_proba, classes, groups):
    """Check labels and probabilities, and put the columns into the order of the labels.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.

    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities.

    classes : array-like of shape (n_classes,) or None
        The labels in the order of the columns. None takes those in ``y_true``, sorted.

    groups : array-like of shape (n_samples,) or None
        Patient of each sample.

    Returns
    -------
    y_true : ndarray of shape (n_samples,)
        Labels.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities in the order of ``classes``.

    classes : ndarray of shape (n_classes,)
        The labels, sorted.

    groups : ndarray of shape (n_samples,) or None
        Patient of each sample.

    Raises
    ------
    ValueError
        If lengths differ, columns do not belong to labels, or something is missing.
    """
    y_true, proba = check_labels(y_true), check_probabilities(y_proba)
    groups = None if groups is None else check_groups(groups)
    check_consistent_length(y_true, proba, groups)
    order = slice(None)
    if classes is None:
        classes = np.unique(y_true)
    else:
        classes, order = np.unique(check_labels(classes), return_index=True)
    if len(classes) != proba.shape[1]:
        raise ValueError(
            f"y_proba has {proba.shape[1]} columns for the labels {classes.tolist()}; wanted one "
            "for each. Give classes=, the labels in the order of the columns, where y_true does "
            "not hold all of them."
        )
    unknown = np.setdiff1d(y_true, classes)
    if len(unknown):
        raise ValueError(
            f"y_true has the label {unknown.tolist()[0]!r}, which is none of {classes.tolist()}."
        )
    return y_true, proba[:, order], classes, groups


def probabilities_of(estimator, X):
    """Get probabilities from a classifier that has them.

    Parameters
    ----------
    estimator : estimator object
        A fitted classifier.

    X : array-like of shape (n_samples, ...)
        Samples.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities in the order of ``estimator.classes_``.

    Raises
    ------
    TypeError
        If it gives no probabilities.

    ValueError
        If it gives a sample more than one label.
    """
    refuse_multilabel(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{type(estimator).__name__} has no predict_proba; wanted a classifier that gives "
            "probabilities, for example inside CalibratedClassifierCV."
        )
    return estimator.predict_proba(X)


def patients_of(X, groups=None):
    """Find the patients of samples.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        Pictures, features or a data frame.

    groups : array-like of shape (n_samples,), default=None
        The patients, where they are given.

    Returns
    -------
    groups : ndarray of shape (n_samples,) or None
        Those that are given or that the pictures know; None where nobody knows them.

    Raises
    ------
    GroupConflictError
        If ``groups`` differ from the patients that the pictures know.
    """
    _, references = share_references(X, groups)
    if references is None:
        return groups
    known = any(reference.has_known_group for reference in references)
    return get_groups(references) if known else None
