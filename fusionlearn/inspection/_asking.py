"""What a classifier says of pictures that are shown to it with probes."""

import numpy as np
from joblib import parallel_config

from ..backbones import get_engine
from ..features import Probe, ProbedSource, resize
from ..images import ImageReference


def probed_picture(reference, probe, number, shown=None):
    """Give a picture a probe.

    Parameters
    ----------
    reference : ImageReference
        The picture.

    probe : Probe
        What its features are shown to.

    number : int
        Its number among those of the probe.

    shown : ndarray of shape (height, width, 3), uint8, or None, default=None
        Pixels that are shown instead of its own.

    Returns
    -------
    reference : ImageReference
        The same picture with a probe.
    """
    group = reference.group if reference.has_known_group else None
    return ImageReference(ProbedSource(reference, probe, number, shown), group)


def ask(estimator, references):
    """Compute probabilities in this process, where the probes are.

    Parameters
    ----------
    estimator : classifier of pictures
        Fitted.

    references : list of ImageReference
        Pictures with probes.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.
    """
    X = np.empty(len(references), dtype=object)
    X[:] = references
    with parallel_config(backend="sequential"):
        return np.asarray(estimator.predict_proba(X))


def log_odds(proba, targets, lowest=0.0):
    """Compute how probable a class is on a scale without ends.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.

    targets : ndarray of shape (n_samples,), int
        Number of the class.

    lowest : float, default=0.0
        What smaller probabilities count as; 0 leaves infinities.

    Returns
    -------
    scores : ndarray of shape (n_samples,), float64
        The natural logarithm of its probability divided by that of all others.
    """
    proba = np.asarray(proba, dtype=np.float64)
    is_target = np.arange(proba.shape[1]) == np.asarray(targets)[:, np.newaxis]
    # The sum of the others, since 1 - p is rounded where p is almost 1.
    own, others = (np.where(chosen, proba, 0.0).sum(axis=1) for chosen in (is_target, ~is_target))
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(own, lowest)) - np.log(np.maximum(others, lowest))


class ShownPixels(Probe):
    """Networks, too, see the pixels that are shown instead of the picture's.

    Their rows are computed anew and go into no store.
    """

    def __init__(self):
        self._references = []
        self._pixels = {}

    def change(self, references, network, rows):
        """Compute the rows of what is shown."""
        if references != self._references:
            self._references, self._pixels = references, {}
        size = network.input_size
        if size not in self._pixels:  # networks of one size are asked one after the other
            pixels = [resize(reference.decode(), size) for reference in references]
            self._pixels[size] = np.stack(pixels)
        rows[:] = get_engine(network).compute(self._pixels[size])
        return rows
