"""Pictures whose features somebody watches, or changes, on their way to a classifier."""

import numpy as np

from ..exceptions import ImageError
from ..images._sources import Source


class Probe:
    """Sees the features of its pictures before any classifier does, and may change them.

    This one changes nothing. Numbers tell pictures of a probe apart.
    """

    def change(self, references, network, rows):
        """Look at rows of a network.

        Parameters
        ----------
        references : list of ImageReference
            Pictures of this probe, as the network saw them.

        network : Network
            The network, whole or cut.

        rows : ndarray of shape (n_pictures, n_features)
            Its rows.

        Returns
        -------
        rows : ndarray of shape (n_pictures, n_features)
            What the classifier gets in their place.
        """
        return rows

    def change_tuned(self, references, network, tuned, maps, features):
        """Look at features of a network whose last layers were trained.

        Parameters
        ----------
        references : list of ImageReference
            Pictures of this probe, as the network saw them.

        network : Network
            The network, which is cut.

        tuned : list of ndarray
            Weights of its trained layers.

        maps : callable
            ``maps(index)`` gives what was pooled for a picture: a list of arrays of shape
            (n_rows, n_columns, n_channels).

        features : ndarray of shape (n_pictures, n_features)
            The features.

        Returns
        -------
        features : ndarray of shape (n_pictures, n_features)
            What the head gets in their place.
        """
        return features


class ProbedSource(Source):
    """A picture with a probe.

    It has the digest of the picture, so that random views are those of the picture. Rows
    are computed and stored for the picture itself, whatever others are shown.

    Parameters
    ----------
    reference : ImageReference
        The picture, which may be a view.

    probe : Probe
        What its features are shown to.

    number : int
        Number of the picture among those of the probe.

    shown : ndarray of shape (height, width, 3), uint8, or None, default=None
        Pixels that transformers other than networks are shown. None: the picture's own.
    """

    __slots__ = ("number", "probe", "reference", "shown")
    kind = "probed"

    def __init__(self, reference, probe, number, shown=None):
        super().__init__()
        self.known_digest = reference.digest
        self.reference = reference
        self.probe = probe
        self.number = number
        self.shown = shown

    def flat(self):
        """Refuse: a probe lives in its process."""
        raise ImageError(
            "a picture that is being explained, on its way to another process",
            "a classifier that predicts in this process",
            "Set n_jobs=None in the classifier, whatever starts its processes.",
        )

    def check(self):
        """Raise if the picture is none."""
        self.reference.check()

    def rendered(self, rendering):
        """Show another window of the picture.

        Parameters
        ----------
        rendering : Rendering
            With the window.

        Returns
        -------
        source : ProbedSource
            The same picture with the same probe.

        Raises
        ------
        ImageError
            If other pixels are shown, which were made before there was that window.
        """
        if rendering.window == self.reference.source.rendering.window:
            return self
        if self.shown is not None:
            raise ImageError(
                "a picture that was changed to be explained, before its window is chosen",
                f"one that is seen through window={rendering.window!r}",
                "Explain ImagePreprocessor(window=...).transform(X) in the place of X.",
            )
        picture = self.reference.with_window(rendering.window)
        return ProbedSource(picture, self.probe, self.number)

    def pixels(self, digest=None):
        """Decode the picture.

        Parameters
        ----------
        digest : str or None, default=None
            Ignored: the picture itself knows its digest.

        Returns
        -------
        pixels : ndarray of shape (height, width, 3), uint8
            What is shown, in an array of its own.
        """
        return self.reference.decode() if self.shown is None else self.shown.copy()

    def pixels_for(self, sides, digest=None):
        """Decode the picture for each of several uses.

        Parameters
        ----------
        sides : sequence of int
            As for :meth:`fusionlearn.images.ImageReference.decode_for`.

        digest : str or None, default=None
            Ignored.

        Returns
        -------
        pixels : list of ndarray of shape (height, width, 3), uint8
            One for each use.
        """
        return [self.pixels()] * len(sides)

    def describe(self):
        """Describe the picture.

        Returns
        -------
        description : dict
            As for :meth:`fusionlearn.images.ImageReference.describe`.
        """
        return self.reference.describe()


def probed(references, networks, blocks):
    """Show rows to the probes of pictures.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        Pictures, most often without a probe.

    networks : list of Network
        The networks.

    blocks : list of ndarray of shape (n_samples, n_features)
        The rows of each, which may be overwritten.

    Returns
    -------
    blocks : list of ndarray of shape (n_samples, n_features)
        The rows of each, as probes changed them.
    """
    for probe, at in find_probes(references).items():
        seen = [references[index] for index in at]
        for number, (network, block) in enumerate(zip(networks, blocks, strict=True)):
            changed = probe.change(seen, network, block[at])
            if changed.dtype != block.dtype:
                blocks[number] = block = block.astype(changed.dtype)
            block[at] = changed
    return blocks


def without_probes(references):
    """Give pictures without their probes.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        Pictures, most often without a probe.

    Returns
    -------
    references : ndarray of shape (n_samples,), dtype object
        The same pictures; the array itself if none has a probe.
    """
    if not find_probes(references):
        return references
    plain = np.empty(len(references), dtype=object)
    for index, reference in enumerate(references):
        is_probed = type(reference.source) is ProbedSource
        plain[index] = reference.source.reference.followed_by(reference) if is_probed else reference
    return plain


def find_probes(references):
    """Find pictures that have probes.

    Parameters
    ----------
    references : iterable of ImageReference
        Pictures.

    Returns
    -------
    probes : dict of Probe to list of int
        Positions of the pictures of each probe; empty for ordinary pictures.
    """
    probes = {}
    for index, reference in enumerate(references):
        if type(reference.source) is ProbedSource:
            probes.setdefault(reference.source.probe, []).append(index)
    return probes
