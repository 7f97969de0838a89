"""From a DICOM file to pixels: what is read, and what is refused."""

import numpy as np

from .._config import get_config
from ..exceptions import ImageError, ImageWarning, printable
from . import _dicom_header as tags
from ._dicom_frames import stored_values
from ._dicom_grey import grey_levels, lookup_table
from ._opening import check_n_bytes, reason, refused
from ._structure import StructureError

WHOLE_DICOM = "a whole DICOM picture"
EXTENSIONS = (".dcm", ".dicom", ".ima")
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_MODES = {"RGB": "RGB", "PALETTE COLOR": "P"}


def is_dicom(data, path=None):
    """Tell a DICOM file by its content.

    Parameters
    ----------
    data : bytes
        The content of a file, or its first 132 bytes.

    path : str or None, default=None
        Where it came from. A file without the preamble is told by its extension too.

    Returns
    -------
    is_dicom : bool
        Whether it is one.
    """
    if data[128:132] == b"DICM":
        return True
    is_named = path is not None and str(path).lower().endswith(EXTENSIONS)
    return is_named and data[:2] in (b"\2\0", b"\x08\0", b"\0\x08")


def dicom_pixels(data, path, rendering):
    """Decode a DICOM picture.

    Parameters
    ----------
    data : bytes
        The content of a file.

    path : str or None
        Where it came from, for messages.

    rendering : Rendering
        Which frame and which values are shown.

    Returns
    -------
    pixels : ndarray of shape (height, width) or (height, width, 3), uint8
        Grey or RGB.

    Raises
    ------
    ImageError
        If it is no whole picture, or beyond a limit, or cannot be decoded here.
    """
    header = read_header(data, path)
    frame = _checked_frame(header, path, rendering)
    try:
        values, photometric = stored_values(header, frame, path)
        if photometric in _COLOURS:
            return _colours(values, header, rendering, path)
        if photometric == "PALETTE COLOR":
            return _palette(values, header, rendering, path)
        if photometric not in ("MONOCHROME1", "MONOCHROME2"):
            raise StructureError(f"a DICOM picture in {printable(photometric)!r}")
        return grey_levels(values, header, frame, rendering, path)
    except (ImageError, ImageWarning):
        raise
    except StructureError as error:
        raise refused(error, path, WHOLE_DICOM) from error
    except Exception as error:
        raise ImageError(
            f"a DICOM file that cannot be read to its end ({reason(error)})",
            WHOLE_DICOM,
            "Replace the file or remove it from X.",
            path=path,
        ) from error


def read_header(data, path=None, n_bytes=None):
    """Read what a DICOM file says of its pixels.

    Parameters
    ----------
    data : bytes
        The content of a file, or its beginning.

    path : str or None, default=None
        Where it came from, for messages.

    n_bytes : int or None, default=None
        Length of the file, where ``data`` is its beginning.

    Returns
    -------
    header : DicomHeader
        What it says.

    Raises
    ------
    ImageError
        If the file is cut off, or beyond a limit.
    """
    check_n_bytes(len(data), path)
    try:
        return tags.DicomHeader(data, n_bytes)
    except StructureError as error:
        raise refused(error, path, WHOLE_DICOM) from error


def describe_dicom(data, path=None):
    """Describe a DICOM picture from its header.

    Parameters
    ----------
    data : bytes
        The content of a file.

    path : str or None, default=None
        Where it came from, for messages.

    Returns
    -------
    description : dict
        As :func:`~fusionlearn.images._decoding.describe_bytes` gives it; nothing that
        names anybody. The bytes are those of one of its frames.

    Raises
    ------
    ImageError
        If it is no picture.
    """
    header = read_header(data, path)
    check_has_pixels(header, path)
    try:
        n_frames = header.n_frames
    except StructureError as error:
        raise refused(error, path, WHOLE_DICOM) from error
    grey = "L" if (header.bits_stored or 0) <= 8 else "I;16"
    mode = "YCbCr" if header.photometric.startswith("YBR") else grey
    return {
        "format": "DICOM",
        "mode": _MODES.get(header.photometric, mode),
        "width": header.columns,
        "height": header.rows,
        "n_bytes": max(len(data) // n_frames, 1),
    }


def check_has_pixels(header, path):
    """Raise where a DICOM object is no picture, such as a report or contours."""
    if not header.has_pixels:
        what = f" ({printable(header.modality)})" if header.modality else ""
        raise ImageError(
            f"a DICOM object without pixels{what}",
            WHOLE_DICOM,
            "Remove it from X.",
            path=path,
        )


def _checked_frame(header, path, rendering):
    """Number of the frame, of a file that may be decoded."""
    check_has_pixels(header, path)
    limit = get_config()["max_image_pixels"]
    if header.rows * header.columns > limit:
        error = StructureError(f"{header.columns} x {header.rows} pixels", "max_image_pixels")
        raise refused(error, path, WHOLE_DICOM)
    if header.has_float_pixels:
        raise ImageError(
            "a DICOM picture of floating-point values",
            "integers, as scanners write them",
            "Map the values that matter to 0-255 yourself, and pass arrays.",
            path=path,
        )
    try:
        n_frames = header.n_frames
    except StructureError as error:
        raise refused(error, path, WHOLE_DICOM) from error
    if rendering.frame is None and n_frames > 1:
        raise ImageError(
            f"a DICOM file with {n_frames:,} frames",
            "one picture per file",
            "fusionlearn.images.read_dicom(path) makes a picture of each frame.",
            path=path,
        )
    frame = rendering.frame or 0
    if frame >= n_frames:
        raise ImageError(
            f"a DICOM file with {n_frames:,} frame(s)",
            f"frame {frame}, counted from 0",
            "Make the pictures anew with fusionlearn.images.read_dicom.",
            path=path,
        )
    return frame


def check_no_window(rendering, what, path):
    """Raise where a window is asked of a picture that has no values to choose from."""
    if rendering.window is not None:
        raise ImageError(
            what,
            f"a DICOM picture in grey, since window={rendering.window!r}",
            "Leave out window=, or these pictures.",
            path=path,
        )


def _colours(values, header, rendering, path):
    check_no_window(rendering, "a DICOM picture in colour", path)
    if values.ndim != 3:
        raise StructureError("a DICOM picture whose colours contradict each other")
    return (values >> max(header.bits_stored - 8, 0)).astype(np.uint8)


def _palette(values, header, rendering, path):
    check_no_window(rendering, "a DICOM picture in colour", path)
    if header.has_segmented_palette:
        raise StructureError("a DICOM picture with a palette in segments")
    if values.ndim != 2:
        raise StructureError("a DICOM picture whose colours contradict each other")
    pixels = np.empty((*values.shape, 3), dtype=np.uint8)
    for channel, (descriptor, data) in enumerate(tags.PALETTE):
        first, table, bits = lookup_table(header, header.top, descriptor, data)
        table = (table >> (bits - 8)).astype(np.uint8)
        pixels[:, :, channel] = table[np.clip(values, first, first + len(table) - 1) - first]
    return pixels
