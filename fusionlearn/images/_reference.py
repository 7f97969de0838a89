"""A picture as a reference."""

import numpy as np

from ._operations import Operation
from ._rendering import Rendering, check_window
from ._sources import SOURCES


class ImageReference:
    """A picture that is decoded on demand and knows its patient.

    References are made by :func:`~fusionlearn.check_images`. One stands for a file,
    encoded bytes, an array, or a view: another picture and pure operations on it.
    It is deliberately no sequence and no array, so that NumPy and scikit-learn
    index arrays of references without looking inside.

    Parameters
    ----------
    source : object
        Where the pixels come from.

    group : str, int, float or None, default=None
        The patient (or whatever must not be on two sides of a split).

    operations : tuple of Operation, default=()
        What is done to the decoded pixels, in order.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import check_images
    >>> reference = check_images(np.zeros((1, 8, 6), dtype=np.uint8), groups=["anna"])[0]
    >>> reference.group, reference.decode().shape
    ('anna', (8, 6, 3))
    """

    __slots__ = ("_group", "_operations", "_source")

    def __init__(self, source, group=None, operations=()):
        self._source = source
        self._group = group
        self._operations = tuple(operations)

    @property
    def source(self):
        """Where the pixels come from; one object for all views that were made of a picture."""
        return self._source

    @property
    def path(self):
        """Path of the file from which the picture comes, or None."""
        return self._source.path

    @property
    def digest(self):
        """64 hexadecimal digits that depend on the content alone."""
        digest = self._source.digest()
        for operation in self._operations:
            digest = operation.digest(digest)
        return digest

    @property
    def has_known_group(self):
        """Whether somebody said which patient the picture belongs to."""
        return self._group is not None

    @property
    def group(self):
        """The patient; where nobody named one, the picture that this one was made from."""
        if self._group is not None:
            return self._group
        # All frames and windows of a file belong together.
        return f"picture-{self._source.content_digest()[:20]}"

    @property
    def is_view(self):
        """Whether operations are done to the pixels of the source."""
        return bool(self._operations)

    @property
    def operations(self):
        """What is done to the pixels of the source: strings with names and parameters."""
        return tuple(operation.spec for operation in self._operations)

    def check(self):
        """Look at the source without decoding it.

        Raises
        ------
        ImageError
            If the file is missing or empty, or the array is no picture.
        """
        self._source.check()

    def decode(self):
        """Decode the picture.

        Returns
        -------
        pixels : ndarray of shape (height, width, 3), uint8
            A new array, RGB.

        Raises
        ------
        ImageError
            If the source is no whole picture, or has changed since it was first read.
        """
        # The digest is looked up first, so that pixels never go under a stale one.
        digest = self._source.digest()
        pixels = self._source.pixels(digest)
        for operation in self._operations:
            pixels = operation.apply(pixels, digest)
            digest = operation.digest(digest)
        return pixels

    def decode_for(self, sides):
        """Decode the picture for uses that need it only so large.

        A JPEG can be decoded at a half, a quarter or an eighth of its size, in a fraction
        of the time, each pixel then being a mean of those that it stands for. Which scale
        is taken depends on the picture and the one side alone.

        Parameters
        ----------
        sides : sequence of int
            For each use the number of pixels that height and width should not go below.
            Pictures that are smaller come as they are.

        Returns
        -------
        pixels : list of ndarray of shape (height, width, 3), uint8
            RGB, one for each use; some may be the same array.

        Raises
        ------
        ImageError
            As for :meth:`decode`.
        """
        if self._operations:
            return [self.decode()] * len(sides)
        return self._source.pixels_for(sides, self._source.digest())

    def geometry(self):
        """Tell where on its source a view lies.

        Returns
        -------
        matrix : ndarray of shape (3, 3)
            Takes places (x, y, 1) in the view to places in the picture that it was made
            of, both as fractions of width and height, from the upper left corner. The
            identity for what moves no pixel.

        Raises
        ------
        ImageError
            As for :meth:`decode`.
        """
        matrix = np.eye(3)
        if not self._operations:
            return matrix
        digest = self._source.digest()
        pixels = self._source.pixels(digest)
        for operation in self._operations:
            matrix = matrix @ operation.geometry(pixels, digest)
            pixels = operation.apply(pixels, digest)
            digest = operation.digest(digest)
        return matrix

    def describe(self):
        """Say how the source is stored, without decoding it.

        Returns
        -------
        description : dict
            ``format``, ``mode``, ``width``, ``height`` (pixels) and ``n_bytes``.

        Raises
        ------
        ImageError
            If the source is no picture.
        """
        return self._source.describe()

    def view(self, name, **parameters):
        """Make a view: this picture with one more operation.

        Parameters
        ----------
        name : str
            A registered operation.

        **parameters : dict
            Its parameters: strings, numbers and booleans.

        Returns
        -------
        view : ImageReference
            A picture that belongs to the same patient.
        """
        operations = (*self._operations, Operation.make(name, **parameters))
        return ImageReference(self._source, self._group, operations)

    def with_window(self, window):
        """Make the same picture through another window of a DICOM file.

        Parameters
        ----------
        window : tuple of (float, float), str or None
            As for :class:`~fusionlearn.ImagePreprocessor`.

        Returns
        -------
        reference : ImageReference
            A picture of the same patient, with the same operations and another digest.

        Raises
        ------
        ImageError
            If the picture is an array, in which no window is left to be chosen. Whether
            a file has one comes out when it is decoded.
        """
        return self._rendered(Rendering(check_window(window), self._source.rendering.frame))

    def with_frame(self, frame):
        """Make a picture of a frame of the same DICOM file.

        Parameters
        ----------
        frame : int
            Its number, from 0.

        Returns
        -------
        reference : ImageReference
            A picture of the same patient, with the same operations and another digest.

        Raises
        ------
        ImageError
            If the picture is an array.
        """
        return self._rendered(Rendering(self._source.rendering.window, frame))

    def _rendered(self, rendering):
        return ImageReference(self._source.rendered(rendering), self._group, self._operations)

    def with_group(self, group):
        """Make the same picture with another patient.

        Parameters
        ----------
        group : str, int, float or None
            The patient.

        Returns
        -------
        reference : ImageReference
            The same picture.
        """
        return ImageReference(self._source, group, self._operations)

    def followed_by(self, view):
        """Do to this picture what was done to another one.

        Parameters
        ----------
        view : ImageReference
            A view of any picture.

        Returns
        -------
        view : ImageReference
            The same operations after those of this picture.
        """
        return ImageReference(self._source, self._group, self._operations + view._operations)

    def __reduce__(self):
        # Strings, numbers and bytes only, and nothing that is filled in later:
        # joblib.hash must not depend on what was looked at or is shared.
        specs = [operation.spec for operation in self._operations]
        return _rebuild, (self._source.kind, self._group, len(specs), *specs, *self._source.flat())

    def __repr__(self):
        of = self.path if self.path is not None else self._source.kind
        parts = [repr(of)]
        shown = self._source.rendering
        parts += [f"window={shown.window!r}"] if shown.window is not None else []
        parts += [f"frame={shown.frame}"] if shown.frame is not None else []
        if self.has_known_group:
            parts.append(f"group={self._group!r}")
        if self._operations:
            parts.append("operations=" + " ".join(op.spec for op in self._operations))
        return f"ImageReference({', '.join(parts)})"


def _rebuild(kind, group, n_operations, *rest):
    operations = [Operation(spec) for spec in rest[:n_operations]]
    return ImageReference(SOURCES[kind](*rest[n_operations:]), group, operations)
