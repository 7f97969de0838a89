"""One frame of a DICOM file as an array: pydicom's decoders, held to what the header says."""

import math
import re
from contextlib import suppress
from struct import unpack_from

import numpy as np

from .._config import get_config
from ..exceptions import ImageError, printable
from . import _dicom_header as tags
from ._dicom_elements import PIXEL_DATA
from ._structure import StructureError, check_structure, codestream

_RLE = "1.2.840.10008.1.2.5"
_JPEG = "1.2.840.10008.1.2.4."
_JPEG2000 = tuple(_JPEG + end for end in ("90", "91", "201", "202", "203"))
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
# What decodes a transfer syntax, where neither pydicom nor Pillow does.
_PLUGINS = {
    _JPEG + "80": "pyjpegls",
    _JPEG + "81": "pyjpegls",
    _JPEG + "201": "pylibjpeg pylibjpeg-openjpeg",
    _JPEG + "202": "pylibjpeg pylibjpeg-openjpeg",
    _JPEG + "203": "pylibjpeg pylibjpeg-openjpeg",
    _JPEG + "90": "pylibjpeg pylibjpeg-openjpeg",
    _JPEG + "91": "pylibjpeg pylibjpeg-openjpeg",
}
_ANY_PLUGIN = "python-gdcm"
# The first one that can is taken, so that pixels do not depend on what else is installed.
_ORDER = ("pillow", "pyjpegls", "pylibjpeg", "gdcm")
_JPEG_12_BIT = _JPEG + "51"
# Segments without a length.
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
_FRAME_HEADERS = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}


def stored_values(header, frame, path):
    """Decode one frame.

    Parameters
    ----------
    header : DicomHeader
        Of a file with the content at hand, whose size has been found right.

    frame : int
        Number of the frame.

    path : str or None
        Where the file came from, for messages.

    Returns
    -------
    values : ndarray of shape (height, width) or (height, width, 3)
        Integers as they are stored.

    photometric : str
        What they mean. Colours are RGB, except for those of a palette.

    Raises
    ------
    ImageError
        If nothing that is installed decodes the file.

    StructureError
        If the pixels are not what the header says.
    """
    _check_header(header)
    element = header.top.found[PIXEL_DATA]
    if element[2] < 0:
        content = _compressed_frame(header, frame, element)
        if header.transfer_syntax == _RLE:
            return _run_lengths(header, content)
        return _by_plugin(header, content, path)
    return _native_frame(header, frame, element, path)


def count_frames(header):
    """Count the frames that are there.

    Parameters
    ----------
    header : DicomHeader
        Of a file with the content at hand.

    Returns
    -------
    n_frames : int
        As many as the header says.

    Raises
    ------
    StructureError
        If there are fewer of them.
    """
    element = header.top.found[PIXEL_DATA]
    if element[2] < 0:
        n_parts = len(header.elements.fragments(element)) - 1
        if n_parts < header.n_frames:
            raise StructureError(
                f"a DICOM file with {header.n_frames:,} frames in {max(n_parts, 0):,} parts"
            )
    else:
        _check_header(header)
        _check_n_bytes(header)
    return header.n_frames


def _check_header(header):
    numbers = header.samples, header.bits_allocated, header.bits_stored
    is_known = header.samples in (1, 3) and header.bits_allocated in (1, 8, 16, 32)
    if not is_known or not 1 <= header.bits_stored <= header.bits_allocated:
        raise StructureError("a DICOM picture with samples and bits of {}, {}, {}".format(*numbers))


def _options(header, photometric):
    return {
        "rows": header.rows,
        "columns": header.columns,
        "number_of_frames": 1,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": photometric,
        "planar_configuration": header.top.short(tags.PLANAR, 0),
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
        "pixel_keyword": "PixelData",
        "allow_excess_frames": False,
    }


def _decoder(header, path):
    transfer_syntax = header.transfer_syntax
    try:
        from pydicom.pixels import get_decoder
    except ImportError as error:
        raise ImageError(
            "a DICOM file, and no pydicom that decodes it",
            "pydicom 3.0 or later",
            'Install it: pip install "fusionlearn[dicom]".',
            path=path,
        ) from error
    try:
        if _UID.fullmatch(transfer_syntax) is None:  # of which pydicom warns
            raise NotImplementedError
        return get_decoder(transfer_syntax)
    except NotImplementedError as error:
        raise ImageError(
            f"a DICOM file with the transfer syntax {printable(transfer_syntax)!r}",
            "one whose pixels pydicom decodes, which are no videos",
            "Convert it, or remove it from X.",
            path=path,
        ) from error


def _plugins(decoder, header, path):
    """Names of the plug-ins that decode a compressed file."""
    names = [name for name in _ORDER if name in decoder.available_plugins]
    if header.transfer_syntax == _JPEG_12_BIT and header.bits_stored > 8 and "pillow" in names:
        names.remove("pillow")  # it knows 8 bits only
    if not names:
        plugin = _PLUGINS.get(header.transfer_syntax, _ANY_PLUGIN)
        raise ImageError(
            f"a DICOM file compressed as {decoder.UID.name}, which nothing installed here decodes",
            "a plug-in of pydicom for it",
            f"Install one: pip install {plugin}.",
            path=path,
        )
    return names


def _check_n_bytes(header):
    """Bits of a frame that is not compressed, and of which as many are there as are said."""
    bits = header.rows * header.columns * header.samples * header.bits_allocated
    if header.photometric == "YBR_FULL_422" and header.samples == 3:
        bits = bits // 3 * 2
    n_bytes = header.top.found[PIXEL_DATA][2]
    if n_bytes * 8 < bits * header.n_frames:
        raise StructureError(
            f"a DICOM file with {n_bytes:,} bytes of pixels, fewer than its size and frames need"
        )
    return bits


def _native_frame(header, frame, element, path):
    bits = _check_n_bytes(header)
    decoder = _decoder(header, path)
    options = _options(header, header.photometric)
    kind = element[0]
    # Only the frame is handed over, except where frames begin amid a byte, or where bytes are
    # swapped by pairs.
    is_whole = bits % 16 == 0
    first, last = (bits // 8 * frame, bits // 8 * (frame + 1)) if is_whole else (0, None)
    if not is_whole:
        last = min(math.ceil(bits * header.n_frames / 16) * 2, element[2])
        options["number_of_frames"] = header.n_frames
    values, properties = decoder.as_array(
        header.top.bytes(PIXEL_DATA, last)[first:],
        index=0 if is_whole else frame,
        validate=False,
        pixel_vr=(kind or b"OW").decode("ascii"),
        **options,
    )
    return values, str(properties["photometric_interpretation"])


def _compressed_frame(header, frame, element):
    """The bytes of one frame."""
    table, *parts = header.elements.fragments(element) or [(0, 0)]
    data, n_frames = header.elements.data, header.n_frames
    if n_frames == 1:
        chosen = parts
    elif len(parts) == n_frames:
        chosen = parts[frame : frame + 1]
    else:
        n_offsets = (table[1] - table[0]) // 4
        offsets = unpack_from(f"<{n_offsets}L", data, table[0])
        if n_offsets != n_frames:
            raise StructureError(
                f"a DICOM file with {n_frames:,} frames in {len(parts):,} parts, and no table that "
                "says which belong together"
            )
        # Offsets count from behind the table, and each part has 8 bytes in front.
        start = parts[0][0] if parts else 0
        low = offsets[frame]
        high = offsets[frame + 1] if frame + 1 < n_frames else len(data)
        chosen = [part for part in parts if low <= part[0] - start < high]
    content = b"".join(data[first:last] for first, last in chosen)
    if not content:
        raise StructureError("a DICOM file without pixels for this frame")
    return content


def _by_plugin(header, content, path):
    from pydicom.encaps import encapsulate

    decoder = _decoder(header, path)
    photometric = header.photometric
    if header.transfer_syntax in _JPEG2000:
        check_structure("JPEG2000", content, get_config())
        # Some programs put the whole file there, and not only its stream.
        at = 0 if content[:2] == b"\xff\x4f" else codestream(content)
        right, bottom, left, top = unpack_from(">4L", content, at + 8)
        size = right - left, bottom - top
    else:
        check_structure("JPEG", content, get_config())
        size, photometric = _jpeg_header(content, photometric)
    if size != (header.columns, header.rows):
        raise StructureError(
            f"a DICOM file of {header.columns} x {header.rows} pixels with a frame of "
            f"{size[0]} x {size[1]}"
        )
    content = encapsulate([content], has_bot=False)
    options = _options(header, photometric)
    *others, last = _plugins(decoder, header, path)
    for plugin in others:
        # What the last one says is told.
        with suppress(RuntimeError):
            return _decoded(decoder, content, plugin, options)
    return _decoded(decoder, content, last, options)


def _decoded(decoder, content, plugin, options):
    values, properties = decoder.as_array(
        content, index=0, validate=False, decoding_plugin=plugin, **options
    )
    return values, str(properties["photometric_interpretation"])


def _jpeg_header(data, photometric):
    """Width and height, and what the colours are where the stream knows it better."""
    at, is_jfif = 2, False
    while at + 4 <= len(data):
        mark, kind = data[at], data[at + 1]
        if mark != 0xFF:
            break
        if kind == 0xFF or kind in _BARE:
            at += 1 if kind == 0xFF else 2
            continue
        (length,) = unpack_from(">H", data, at + 2)
        if kind == 0xE0 and data[at + 4 : at + 8] == b"JFIF":
            is_jfif = True
        if kind in _FRAME_HEADERS and at + 10 <= len(data):
            height, width, n_components = unpack_from(">HHB", data, at + 5)
            names = data[at + 10 : at + 10 + 3 * n_components : 3]
            if n_components == 3 and names in (b"RGB", b"rgb"):
                photometric = "RGB"
            elif n_components == 3 and is_jfif and not photometric.startswith("YBR"):
                photometric = "YBR_FULL"
            return (width, height), photometric
        at += 2 + length
    raise StructureError("a DICOM file whose JPEG stream has no header")


def _run_lengths(header, content):
    """Decode the run lengths of DICOM, in which each byte of a number has a part of its own."""
    from PIL import Image

    n_bytes = header.bits_allocated // 8
    n_parts, *offsets = unpack_from("<16L", content)
    if n_bytes == 0 or n_parts != header.samples * n_bytes:
        raise StructureError("a DICOM file with a broken run-length code")
    n_pixels = header.rows * header.columns
    ends = [*offsets[1:n_parts], len(content)]
    planes = np.empty((header.samples, n_bytes, n_pixels), dtype=np.uint8)
    for part, (first, last) in enumerate(zip(offsets, ends, strict=False)):
        # PackBits by another name; as one row, since rows may run on into each other.
        row = Image.frombytes("L", (n_pixels, 1), content[first:last], "packbits", "L")
        planes[part // n_bytes, part % n_bytes] = np.asarray(row)[0]
    kind = "i" if header.signed else "u"
    values = np.ascontiguousarray(planes.transpose(2, 0, 1)).view(f">{kind}{n_bytes}")[:, :, 0]
    values = values.astype(f"{kind}{n_bytes}").reshape(header.rows, header.columns, -1)
    values = values[:, :, 0] if header.samples == 1 else values
    shift = header.bits_allocated - header.bits_stored
    values = values << shift >> shift
    if header.samples == 3 and header.photometric in ("YBR_FULL", "YBR_FULL_422"):
        from pydicom.pixels import convert_color_space

        return convert_color_space(values, "YBR_FULL", "RGB"), "RGB"
    return values, header.photometric
