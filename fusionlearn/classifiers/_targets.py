"""Checks of targets and seeds that both classifiers share."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state

from .._labels import check_labels

__all__ = ["check_targets", "spawn_seeds"]


def check_targets(estimator, y, references):
    """Check the targets of pictures, which scikit-learn's checks of X and y do not take.

    Parameters
    ----------
    estimator : estimator object
        Who wants the targets, for messages.

    y : array-like of shape (n_samples,)
        Labels.

    references : ndarray of shape (n_samples,)
        The pictures.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If y is missing, no list of labels, or of another length.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )
    y = check_labels(y)
    check_consistent_length(references, y)
    return y


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
