"""Pillow's parsers, let loose on hostile bytes within limits."""

import io
import time
from functools import cache

from .._config import get_config
from ..exceptions import ImageError, printable
from ._structure import PART, StructureError, check_structure

# A closed list: Pillow's other plug-ins start programs (EPS) or read formats in
# which nobody keeps scans, and each is one more parser that meets hostile bytes.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "DIB", "GIF", "WEBP", "PPM", "JPEG2000")

WHOLE_FILE = "a whole PNG, JPEG, TIFF, BMP, GIF, WebP, PNM, JPEG 2000 or DICOM picture"
_SLICES = "Export slices as PNG with the window of values that matters (in CT, the lung window)."
# Their parsers are handed the whole file at once, or have been looked at part by part before.
_UNMETERED = ("WEBP", "TIFF")


def open_bytes(data, path=None):
    """Open an encoded picture: ``Image.open`` with our limits in the place of Pillow's.

    Parameters
    ----------
    data : bytes
        The content of a picture file.

    path : str or None, default=None
        Where it came from, for messages.

    Returns
    -------
    image : PIL.Image.Image
        Its header is read, its pixels are not. To be closed by the caller.

    Raises
    ------
    ImageError
        If the data is empty, too large, or no picture of a format that is read.
    """
    if not data:
        raise ImageError(
            "an empty file", WHOLE_FILE, "Replace the file or remove it from X.", path=path
        )
    check_n_bytes(len(data), path)
    try:
        image = _open(data, path)
    except ImageError:
        raise
    except StructureError as error:
        raise refused(error, path) from error
    except Exception as error:  # noqa: BLE001  whatever a parser throws at hostile bytes
        got = f"a file whose header cannot be read ({reason(error)})"
    else:
        if image is not None:
            return image
        if data[344:347] in (b"n+1", b"ni1") or str(path).endswith((".nii", ".nii.gz")):
            raise ImageError("a NIfTI volume", WHOLE_FILE, _SLICES, path=path)
        start = bytes(data[:8])
        kind = next((name for magic, name in _BEGINNINGS.items() if start.startswith(magic)), None)
        got = f"{len(data):,} bytes that are no picture (they start with {start!r})"
        if kind is not None:
            got = f"{len(data):,} bytes that start as a {kind} file and are damaged or cut short"
    raise ImageError(got, WHOLE_FILE, "Convert it, or remove it from X.", path=path)


# What files of the commonest formats start with.
_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF"}


def check_n_bytes(n_bytes, path=None):
    """Refuse a file by its length, before it is read.

    Parameters
    ----------
    n_bytes : int
        Its length.

    path : str or None, default=None
        Where it lies, for messages.

    Raises
    ------
    ImageError
        If it is longer than the setting ``max_image_bytes``.
    """
    limit = get_config()["max_image_bytes"]
    if n_bytes > limit:
        raise ImageError(
            f"a file of {n_bytes:,} bytes",
            f"at most {limit:,} bytes",
            "Compress it, or raise fusionlearn.set_config(max_image_bytes=...).",
            path=path,
        )


def reason(error):
    """Say why a parser gave up, in a few words that can be printed.

    Parameters
    ----------
    error : Exception
        What it raised.

    Returns
    -------
    reason : str
        Its message, or its name.
    """
    return printable(str(error) or type(error).__name__)[:200]


def refused(error, path, wanted=WHOLE_FILE):
    """Make our own error of what is wrong with the parts of a file.

    Parameters
    ----------
    error : StructureError
        What was found.

    path : str or None
        Where the file lies.

    wanted : str, default=WHOLE_FILE
        What was expected, where no setting is in the way.

    Returns
    -------
    error : ImageError
        The same, with a remedy.
    """
    if error.setting is None:
        remedy = "Write the picture anew with another program."
    else:
        wanted = f"at most {get_config()[error.setting]:,} by the setting {error.setting}"
        remedy = f"Write the picture anew, or raise fusionlearn.set_config({error.setting}=...)."
    return ImageError(str(error), wanted, remedy, path=path)


def _open(data, path):
    from PIL import Image

    Image.init()
    for name in FORMATS:
        factory, accept = Image.OPEN[name]
        # A string says why a format that is recognised cannot be read here.
        if accept is None or accept(data[:16]) is True:
            check_structure(name, data, get_config())
            file = _MeteredBytes(data, path, name not in _UNMETERED)
            try:
                image = _plugins().get(name, factory)(file, "")
            except SyntaxError:  # Pillow's word for another format
                continue
            file.allowance = None
            return image
    return None


class _MeteredBytes(io.BytesIO):
    """Bytes that are handed to a parser as long as it keeps within the limits.

    Parameters
    ----------
    data : bytes
        The content of a file.

    path : str or None
        Where it came from, for messages.

    has_allowance : bool
        Whether reading is to stop at the setting ``max_image_metadata``.

    Attributes
    ----------
    allowance : int or None
        How much may still be read; None for no end.
    """

    def __init__(self, data, path, has_allowance):
        super().__init__(data)
        limits = get_config()
        self._path = path
        self._seconds = limits["max_image_seconds"]
        # The thread's own time, so that a busy computer refuses nothing that an idle one reads.
        self._end = time.thread_time() + self._seconds
        self.allowance = limits["max_image_metadata"] if has_allowance else None

    def read(self, size=-1, /):
        """Read on, unless that is too much."""
        data = super().read(size)
        if self.allowance is not None:
            self.allowance -= max(len(data), PART)
            if self.allowance < 0:
                limit = get_config()["max_image_metadata"]
                error = StructureError(f"metadata beyond {limit:,} bytes", "max_image_metadata")
                raise refused(error, self._path)
        if time.thread_time() > self._end:
            raise ImageError(
                f"a file that takes more than {self._seconds} s to decode",
                f"at most {self._seconds:,} s by the setting max_image_seconds",
                "Write the picture anew, or raise fusionlearn.set_config(max_image_seconds=...).",
                path=self._path,
            )
        return data


@cache
def _plugins():
    """Plug-ins that read no metadata beyond what pixels need."""
    from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

    class Jpeg(JpegImagePlugin.JpegImageFile):
        def _open(self):
            super()._open()
            # The further pictures of such a file, previews and depth maps, are not looked for.
            if "mp" in self.info:
                self.format = "MPO"

        def getexif(self):  # it is asked for a resolution, and warns of what it cannot read
            return Image.Exif()

    class Tiff(TiffImagePlugin.TiffImageFile):
        def _open(self):
            super()._open()
            self._size = self.tag_v2[256], self.tag_v2[257]

        def load_prepare(self):  # Pillow's own limit, and nothing more, is left out
            ImageFile.ImageFile.load_prepare(self)

        def load_end(self):  # nor are directories of EXIF data and places read
            pass

    return {"JPEG": Jpeg, "TIFF": Tiff}
