"""From values that a scanner measured to the grey levels that people look at."""

import warnings

import numpy as np

from ..exceptions import ImageError, ImageWarning, printable
from . import _dicom_header as tags
from ._rendering import CT_WINDOWS
from ._structure import StructureError

_BLOCK = 2**20


def lookup_table(header, scope, descriptor, data):
    """Read a table that maps stored values.

    Parameters
    ----------
    header : DicomHeader
        Of the file.

    scope : Scope
        Where the table stands.

    descriptor, data : int
        Tags.

    Returns
    -------
    first : int
        The lowest value that is mapped.

    table : ndarray of uint16
        What it and those behind it are mapped to.

    bits : int
        How many bits of those count.

    Raises
    ------
    StructureError
        If the table contradicts itself.
    """
    numbers = scope.shorts(descriptor)
    if len(numbers) != 3:
        raise StructureError("a DICOM picture with a broken lookup table")
    n_entries, first, bits = numbers
    n_entries = n_entries or 2**16
    if header.signed:
        first = scope.shorts(descriptor, signed=True)[1]
    raw = scope.bytes(data)
    kind = f"{header.elements.order}u2" if len(raw) >= 2 * n_entries else "u1"
    table = np.frombuffer(raw, dtype=kind, count=n_entries)
    if not 8 <= bits <= 16 or (bits > 8 and kind == "u1"):
        raise StructureError("a DICOM picture with a broken lookup table")
    if bits == 8 and table.max() > 255:
        bits = 16
    return first, table.astype(np.uint16), bits


def grey_levels(values, header, frame, rendering, path):
    """Show stored values in grey.

    They are rescaled to what the scanner measured, then a window of these is taken to
    0-255, which is inverted where the lowest is white. What the scanner marked as not
    measured is black.

    Parameters
    ----------
    values : ndarray of shape (height, width)
        Integers as they are stored.

    header : DicomHeader
        Of the file.

    frame : int
        Number of the frame.

    rendering : Rendering
        Which window is asked for.

    path : str or None
        Where the file lies, for messages.

    Returns
    -------
    pixels : ndarray of shape (height, width), uint8
        The picture.

    Raises
    ------
    ImageError
        If the window does not fit the picture.

    StructureError
        If what the file says contradicts itself.
    """
    if values.ndim != 2:
        raise StructureError("a DICOM picture whose colours contradict each other")
    is_padding = _padding(values, header)
    rescale = _modality(header, frame)
    show = _window(header, frame, rendering, path)
    if show is None:
        show = _full_range(values, is_padding, header, rendering, rescale)
    inverted = header.photometric == "MONOCHROME1"

    def to_grey(stored):
        grey = np.clip(np.rint(show(rescale(stored.astype(np.float64)))), 0, 255).astype(np.uint8)
        return 255 - grey if inverted else grey

    if values.dtype.itemsize <= 2 and values.size > 2**16:
        # Each of the few values once, and not each of the many pixels.
        unsigned = values.dtype.str.replace("i", "u")
        every = np.arange(256**values.dtype.itemsize, dtype=unsigned).view(values.dtype)
        pixels = to_grey(every)[values.view(unsigned)]
    else:
        pixels = np.empty(values.shape, dtype=np.uint8)
        step = max(_BLOCK // values.shape[1], 1)
        for start in range(0, len(values), step):
            pixels[start : start + step] = to_grey(values[start : start + step])
    if is_padding is not None:
        pixels[is_padding] = 0
    return pixels


def _padding(values, header):
    """Where a scanner measured nothing; None where the file does not say."""
    low = header.top.short(tags.PADDING, signed=header.signed)
    if low is None:
        return None
    high = header.top.short(tags.PADDING_LIMIT, low, signed=header.signed)
    low, high = min(low, high), max(low, high)
    found = (values >= low) & (values <= high)
    return found if found.any() else None


def _modality(header, frame):
    """What turns stored values into those that the scanner measured, such as HU."""
    wanted = (tags.SLOPE, tags.INTERCEPT)
    scope = header.of_frame(frame, tags.TRANSFORMATION, wanted)
    if tags.SLOPE in scope:
        slope = scope.numbers(tags.SLOPE)[0]
        intercept = (scope.numbers(tags.INTERCEPT) or [0.0])[0]
        if not (np.isfinite([slope, intercept]).all() and slope != 0):
            raise StructureError("a DICOM picture with a broken rescale slope or intercept")
        return lambda stored: stored * slope + intercept
    item = header.top.item(tags.MODALITY_LUT, (tags.LUT_DESCRIPTOR, tags.LUT_DATA))
    if tags.LUT_DATA not in item:
        return lambda stored: stored
    first, table, _ = lookup_table(header, item, tags.LUT_DESCRIPTOR, tags.LUT_DATA)
    return lambda stored: table[_places(stored, first, table)].astype(np.float64)


def _places(values, first, table):
    return np.clip(values - first, 0, len(table) - 1).astype(np.intp)


def _window(header, frame, rendering, path):
    """What turns measured values into 0-255, if a window is asked for or in the file."""
    window = rendering.window
    if window == "full":
        return None
    if window in CT_WINDOWS:
        if header.modality != "CT":
            raise ImageError(
                f"a DICOM picture of modality {printable(header.modality)!r}",
                f"a CT picture, since window={window!r} is in Hounsfield units",
                "Pass the window as (center, width), or window=None for the file's own.",
                path=path,
            )
        window = CT_WINDOWS[window]
    if window is not None:
        return _linear(*window)
    scope = header.of_frame(frame, tags.FRAME_VOI, (tags.CENTER, tags.WIDTH, tags.FUNCTION))
    centers, widths = scope.numbers(tags.CENTER), scope.numbers(tags.WIDTH)
    if centers and widths:
        return _of_function(centers[0], widths[0], scope.text(tags.FUNCTION, "LINEAR"))
    item = header.top.item(tags.VOI_LUT, (tags.LUT_DESCRIPTOR, tags.LUT_DATA))
    if tags.LUT_DATA in item:
        first, table, bits = lookup_table(header, item, tags.LUT_DESCRIPTOR, tags.LUT_DATA)
        return lambda values: table[_places(values, first, table)] * (255 / (2**bits - 1))
    return None


def _of_function(center, width, function):
    # PS3.3 C.11.2.1.2 and C.11.2.1.3
    if not np.isfinite([center, width]).all() or width <= 0:
        raise StructureError("a DICOM picture with a broken window")
    if function == "SIGMOID":
        return lambda values: 255 / (1 + np.exp(np.clip(-4 * (values - center) / width, -99, 99)))
    if function == "LINEAR_EXACT":
        return lambda values: ((values - center) / width + 0.5) * 255
    if function != "LINEAR":
        raise StructureError(f"a DICOM picture with a window of type {printable(function)!r}")
    return _linear(center, width)


def _linear(center, width):
    if width <= 1:
        return lambda values: np.where(values > center - 0.5, 255.0, 0.0)
    return lambda values: ((values - (center - 0.5)) / (width - 1) + 0.5) * 255


def _full_range(values, is_padding, header, rendering, rescale):
    """From the lowest to the highest value; 8 bits that nobody asked about stay as they are."""
    if rendering.window is None and header.bits_stored <= 8 and not header.signed:
        high = 2**header.bits_stored - 1
        ends = np.array([0.0, high])
    else:
        shown = values if is_padding is None else values[~is_padding]
        ends = np.array([shown.min(initial=values.max()), shown.max(initial=values.min())])
        if rendering.window is None and header.modality == "CT":
            warnings.warn(
                # Without its path, so that a thousand of them are told of once.
                "A CT picture without a window: all of its values are shown, most of which do not "
                "matter. Choose those that do by ImagePreprocessor(window=...).",
                ImageWarning,
                stacklevel=2,
            )
    low, high = np.sort(rescale(ends.astype(np.float64)))
    return lambda shown: (shown - low) / max(high - low, 1e-9) * 255
