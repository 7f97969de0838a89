"""Checks of targets and seeds that both classifiers share."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state, get_tags

from .._labels import check_label_columns, check_labels
from ..exceptions import DataWarning

__all__ = ["check_targets", "number_classes", "spawn_seeds", "warn_of_one_hot"]

# In fewer, each may have one label by chance.
_MANY_ROWS = 10


def check_targets(estimator, y, X):
    """Check targets.

    Parameters
    ----------
    estimator : estimator object
        Who wants the targets. Its tags say whether a sample may have more than one label.

    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels.

    X : ndarray of shape (n_samples, ...)
        The features or pictures.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        The labels.

    Raises
    ------
    ValueError
        If y is missing, no labels, or of another length.
    """
    name = type(estimator).__name__
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    if get_tags(estimator).classifier_tags.multi_label:
        y = check_label_columns(y)
    else:
        y = check_labels(
            y,
            remedy=f"What is in this {name} takes one label at a time. "
            f"MultiOutputClassifier({name}(...)) of sklearn.multioutput fits one for each.",
        )
    check_consistent_length(X, y)
    return y


def warn_of_one_hot(y):
    """Warn of a table that looks like classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels, checked.

    Warns
    -----
    DataWarning
        If each row of a table has exactly one label, as one-hot columns have.
    """
    if y.ndim == 2 and len(y) >= _MANY_ROWS and (y.sum(axis=1) == 1).all():
        warnings.warn(
            f"Each of the {len(y)} rows of y has exactly one 1 in its {y.shape[1]} columns, as "
            "one-hot columns of classes do. These are trained as labels that are independent of "
            "each other. If they are classes, pass y.argmax(axis=1).",
            DataWarning,
            stacklevel=4,  # the line that called fit
        )


def number_classes(y):
    """Find the classes, and number the labels by them.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels, checked.

    Returns
    -------
    classes : ndarray of shape (n_classes,) or (n_labels, 2)
        The classes; of a table those of each column, which are 0 and 1.

    numbers : ndarray of the shape of y
        Number of the class.
    """
    if y.ndim == 1:
        return np.unique(y, return_inverse=True)
    return np.tile([0, 1], (y.shape[1], 1)), y


def spawn_seeds(random_state, n_seeds):
    """Draw independent seeds.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        None draws from the operating system, which leaves NumPy's global generator as
        it is.

    n_seeds : int
        How many.

    Returns
    -------
    seeds : list of numpy.random.SeedSequence
        The seeds.
    """
    if random_state is not None and not isinstance(random_state, Integral):
        random_state = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return np.random.SeedSequence(random_state).spawn(n_seeds)
