"""Where the pixels of a picture come from: a file, encoded bytes or an array."""

import errno
import hashlib
import os
import stat
import time

import numpy as np

from .._files import file_numbers, known_digest, open_regular, read_digest
from ..exceptions import ImageError
from ._decoding import (
    as_rgb,
    check_float_pixels,
    decode_bytes,
    decode_bytes_for,
    describe_bytes,
    round_pixels,
)
from ._opening import check_n_bytes
from ._rendering import AS_STORED, Rendering


class Source:
    """What all kinds have in common: a digest that all views of a source share.

    Attributes
    ----------
    known_digest : str or None
        The content's digest, once somebody has asked for it or knew it without reading.

    rendering : Rendering
        What is shown of the content, where it is a DICOM file.
    """

    __slots__ = ("known_digest",)
    kind: str
    path = None
    rendering = AS_STORED

    def __init__(self):
        self.known_digest = None

    def content_digest(self):
        """SHA-256 of the content, computed once."""
        if self.known_digest is None:
            self.known_digest = self._compute_digest()
        return self.known_digest

    def digest(self):
        """SHA-256 of the content and of what is shown of it."""
        return self.rendering.digest(self.content_digest())

    def rendered(self, rendering):
        """Show something else of the same content."""
        if rendering == self.rendering:
            return self
        raise ImageError(
            "pixels, in which no window is left to be chosen",
            "a DICOM file",
            "Leave out window=, or pass the paths or bytes of DICOM files.",
        )


class FileSource(Source):
    """An encoded picture in a file, read when it is needed."""

    __slots__ = ("path", "rendering")
    kind = "file"

    def __init__(self, path, *rendering):
        super().__init__()
        self.path = path
        self.rendering = Rendering.from_flat(*rendering)

    def flat(self):
        """Strings, numbers and bytes from which the source can be made again."""
        return (self.path, *self.rendering.flat())

    def rendered(self, rendering):
        """Show something else of the same file."""
        return _rendered(self, rendering)

    def check(self):
        """Raise if there is no file, nothing in it, or too much."""
        self.look()

    def look(self):
        """Status of the file, which is there and holds something."""
        try:
            status = os.stat(self.path)
        except (OSError, ValueError) as error:
            raise ImageError(
                f"a path that cannot be opened ({getattr(error, 'strerror', None) or error})",
                "the path of a picture file",
                "Check the spelling and the folder; relative paths start at "
                "the current working directory.",
                path=self.path,
            ) from error
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(
                "a path that is no regular file",
                "the path of a picture file",
                "For a folder use fusionlearn.datasets.load_image_folder.",
                path=self.path,
            )
        if status.st_size == 0:
            decode_bytes(b"", self.path)
        check_n_bytes(status.st_size, self.path)
        return status

    def read_digest(self, status, now):
        """SHA-256 of the content, read after a look that was taken after a time."""
        try:
            return read_digest(self.path, status, now)
        except OSError as error:
            is_another = error.errno == errno.ESTALE
            raise (self._changed() if is_another else self._unreadable(error)) from error

    def _compute_digest(self):
        now = time.time_ns()
        status = self.look()
        known = known_digest(self.path, file_numbers(status))
        return self.read_digest(status, now) if known is None else known

    def read(self):
        """Content of the file."""
        data, size = self.read_beginning()
        if len(data) != size:
            raise self._changed()
        return data

    def read_beginning(self, n_bytes=None):
        """So many bytes of the content, or one more than all; and the length of the file."""
        try:
            with open_regular(self.path) as file:
                size = os.fstat(file.fileno()).st_size
                check_n_bytes(size, self.path)
                return file.read(size + 1 if n_bytes is None else n_bytes), size
        except OSError as error:
            raise self._unreadable(error) from error

    def pixels(self, digest=None):
        """Decode the file, after a look whether it still has the digest, if one is given."""
        return decode_bytes(self._read_unchanged(digest), self.path, self.rendering)

    def pixels_for(self, sides, digest=None):
        """Decode the file as large as each of several uses needs it."""
        return decode_bytes_for(self._read_unchanged(digest), sides, self.path, self.rendering)

    def _read_unchanged(self, digest):
        data = self.read()
        if digest is None:
            return data
        if self.rendering.digest(hashlib.sha256(data).hexdigest()) != digest:
            raise self._changed()
        return data

    def describe(self):
        """Format, mode, size and number of bytes."""
        return describe_bytes(self.read(), self.path)

    def _changed(self):
        return ImageError(
            "a file that has changed since it was first read",
            "the same content until the work is done",
            "Make the pictures anew with check_images.",
            path=self.path,
        )

    def _unreadable(self, error):
        return ImageError(
            f"a file that cannot be read ({error.strerror})",
            "a readable file",
            "Check its permissions.",
            path=self.path,
        )


class EncodedSource(Source):
    """An encoded picture in memory; its digest is that of a file that holds it."""

    __slots__ = ("data", "rendering")
    kind = "encoded"

    def __init__(self, data, *rendering):
        super().__init__()
        self.data = data
        self.rendering = Rendering.from_flat(*rendering)

    def flat(self):
        """Strings, numbers and bytes from which the source can be made again."""
        return (self.data, *self.rendering.flat())

    def read_beginning(self, n_bytes=None):
        """So many of the bytes, or all; and how many there are."""
        return self.data[:n_bytes], len(self.data)

    def rendered(self, rendering):
        """Show something else of the same bytes."""
        return _rendered(self, rendering)

    def check(self):
        """Raise if there is nothing in it, or too much."""
        if not self.data:
            decode_bytes(self.data)
        check_n_bytes(len(self.data))

    def _compute_digest(self):
        return hashlib.sha256(self.data).hexdigest()

    def pixels(self, digest=None):
        """Decode the bytes."""
        return decode_bytes(self.data, rendering=self.rendering)

    def pixels_for(self, sides, digest=None):
        """Decode the bytes as large as each of several uses needs them."""
        return decode_bytes_for(self.data, sides, rendering=self.rendering)

    def describe(self):
        """Format, mode, size and number of bytes."""
        return describe_bytes(self.data)


class ArraySource(Source):
    """Pixels in an array; a view of the caller's, never written to.

    The digest is that of shape and pixels, the same for uint8 and float.
    """

    __slots__ = ("array",)
    kind = "array"

    def __init__(self, array):
        super().__init__()
        self.array = array

    @classmethod
    def from_flat(cls, data, dtype, *shape):
        """Make a source again from what ``flat`` gave."""
        return cls(np.frombuffer(data, dtype=dtype).reshape(shape))

    def flat(self):
        """Strings, numbers and bytes from which the source can be made again."""
        return (self.array.tobytes(), self.array.dtype.str, *self.array.shape)

    def check(self):
        """Raise if it is no picture by shape, type or range."""
        array = self.array
        grey_or_rgb = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))
        if not grey_or_rgb:
            raise ImageError(
                f"an array of shape {array.shape}",
                "(height, width), (height, width, 1) or (height, width, 3)",
                "Bring the channels last and drop an alpha channel.",
            )
        if array.size == 0:
            raise ImageError(
                f"an array of shape {array.shape}, which has no pixel",
                "at least one pixel",
                "Remove the picture.",
            )
        if array.dtype == np.uint8:
            return
        if array.dtype.kind != "f":
            raise ImageError(
                f"pixels of type {array.dtype}",
                "uint8, or float in 0-255",
                "Map the values to 0-255 and pass X.astype('uint8').",
            )
        check_float_pixels(array)

    def _compute_digest(self):
        return _pixels_digest(self._uint8())

    def pixels(self, digest=None):
        """Copy of the pixels as RGB, after a look whether they still have the digest."""
        return np.array(as_rgb(self._unchanged(digest)))

    def pixels_for(self, sides, digest=None):
        """Give the pixels for each of several uses."""
        return [as_rgb(self._unchanged(digest))] * len(sides)

    def _unchanged(self, digest):
        pixels = self._uint8().copy()
        if digest is not None and _pixels_digest(pixels) != digest:
            raise ImageError(
                "an array that has changed since it was first read",
                "the same pixels until the work is done",
                "Pass a copy, or make the pictures anew with check_images.",
            )
        return pixels

    def describe(self):
        """Format, mode, size and number of bytes."""
        pixels = self._uint8()
        return {
            "format": "array",
            "mode": "L" if pixels.shape[2] == 1 else "RGB",
            "width": pixels.shape[1],
            "height": pixels.shape[0],
            "n_bytes": pixels.size,
        }

    def _uint8(self):
        array = self.array if self.array.dtype == np.uint8 else round_pixels(self.array)
        return array[:, :, np.newaxis] if array.ndim == 2 else array


def _rendered(source, rendering):
    shown = type(source)(*source.flat()[:1], *rendering.flat())
    shown.known_digest = source.known_digest
    return shown


def _pixels_digest(pixels):
    hasher = hashlib.sha256(f"array\0{pixels.shape}\0".encode())
    hasher.update(np.ascontiguousarray(pixels))
    return hasher.hexdigest()


SOURCES = {
    "file": FileSource,
    "encoded": EncodedSource,
    "array": ArraySource.from_flat,
}
