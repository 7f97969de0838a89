"""What a file says of its own parts, looked at before a parser acts on it.

Parsers believe what stands in a file: that a tag has a billion values, that a tile is larger
than the picture, that the same megabyte belongs to a thousand tags. The walks here read lengths
alone, allocate nothing and refuse what no honest program writes.
"""

import re
from struct import unpack_from

# So much of the setting max_image_metadata the smallest part takes, since a parser makes
# objects of it, and so much each number of a tag.
PART = 1024
_NUMBER = 32
# That of libtiff, which has to do with the same trick inside of TIFF files.
_JPEG_MAX_SCANS = 100

_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_TIFF_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_TIFF_BYTES = (1, 2, 6, 7)
# Width, length, compression, photometric, fill order, orientation, samples per pixel, rows per
# strip, planar configuration, resolution unit, tile width and length.
_TIFF_ONE_VALUE = (256, 257, 259, 262, 266, 274, 277, 278, 284, 296, 322, 323)
_TIFF_SAMPLES = 277
_TIFF_TILE = (322, 323)
_TIFF_MAX_SAMPLES = 6
_ORIENTATION = 274

_XMP_ORIENTATION = r'tiff:Orientation(?:="|>)([1-8])'


class StructureError(Exception):
    """A file has parts that no honest program writes, or too many of them.

    Parameters
    ----------
    got : str
        What was found.

    setting : str or None, default=None
        The setting that would let it pass.
    """

    def __init__(self, got, setting=None):
        super().__init__(got)
        self.setting = setting


def check_structure(name, data, limits):
    """Refuse parts that would cost a parser more than the settings allow.

    Parameters
    ----------
    name : str
        Pillow's name of the format.

    data : bytes
        The content of the file.

    limits : dict
        The settings.

    Raises
    ------
    StructureError
        If the parts are too many or too large, or contradict each other.
    """
    if name in _CHECKS:
        _CHECKS[name](data, limits)


def exif_orientation(exif):
    """Read how a picture is to be turned, and nothing else, from EXIF data.

    Broken data says nothing, as for every viewer.

    Parameters
    ----------
    exif : bytes
        EXIF data, with or without the name in front.

    Returns
    -------
    orientation : int or None
        From 1 to 8.
    """
    tiff = re.sub(rb"\A(Exif\0\0){1,2}", b"", exif)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return None
    (start,) = unpack_from(order + "L", tiff, 4)
    if start + 2 > len(tiff):
        return None
    (count,) = unpack_from(order + "H", tiff, start)
    last = min(start + 2 + 12 * count, len(tiff) - 11)
    for at in range(start + 2, last, 12):
        tag, kind, n_values = unpack_from(order + "HHL", tiff, at)
        if tag == _ORIENTATION and n_values == 1 and kind in (3, 4):
            (value,) = unpack_from(order + ("H" if kind == 3 else "L"), tiff, at + 8)
            return value if 1 <= value <= 8 else None
    return None


def xmp_orientation(xmp):
    """Read how a picture is to be turned from an XMP packet.

    Parameters
    ----------
    xmp : str or bytes
        The packet.

    Returns
    -------
    orientation : int or None
        From 1 to 8.
    """
    pattern = _XMP_ORIENTATION if isinstance(xmp, str) else _XMP_ORIENTATION.encode()
    found = re.search(pattern, xmp)
    return int(found[1]) if found else None


def _spend(cost, limits):
    if cost > limits["max_image_metadata"]:
        raise StructureError(
            f"metadata beyond {limits['max_image_metadata']:,} bytes", "max_image_metadata"
        )


def _check_png(data, limits):
    at, cost, n_animations = 8, 0, 0
    while at + 8 <= len(data):
        length, kind = unpack_from(">L4s", data, at)
        if kind == b"IEND":
            break
        if kind in (b"IDAT", b"fdAT", b"fcTL"):
            cost += max(PART - length, 0)
        else:
            cost += max(PART, length)
        _spend(cost, limits)
        if kind == b"acTL":
            n_animations += 1
            n_frames = int.from_bytes(data[at + 8 : at + 12])
            if n_animations > 1 or not 0 < n_frames <= 2**31:
                raise StructureError("an animated PNG with a broken header")
        at += 12 + length


def _check_jpeg(data, limits):
    # Each scan of a progressive file passes over all pixels, however short it is itself.
    scans = data.count(b"\xff\xda")
    if scans > _JPEG_MAX_SCANS:
        raise StructureError(f"a JPEG file with {scans:,} scans")


def _check_tiff(data, limits):
    if data[:4] == b"MM\0+":
        raise StructureError("a BigTIFF file with the highest byte first")
    order = "<" if data[:2] == b"II" else ">"
    big = data[2] == 43
    header, n_entries, entry, offset = ("Q", "Q", "HHQ", "Q") if big else ("L", "H", "HHL", "L")
    entry_size, room = (20, 8) if big else (12, 4)
    if len(data) < 2 * room + 8:
        raise StructureError("a TIFF file without a directory")
    (start,) = unpack_from(order + header, data, room)
    first = start + (8 if big else 2)
    if first > len(data):
        raise StructureError("a TIFF file whose directory lies outside")
    (count,) = unpack_from(order + n_entries, data, start)
    last = first + count * entry_size
    if last + room > len(data):
        raise StructureError("a TIFF file whose directory is cut off")
    _spend(PART * count, limits)
    seen = {}
    cost = total = 0
    for at in range(first, last, entry_size):
        tag, kind, n_values = unpack_from(order + entry, data, at)
        size = n_values * _TIFF_SIZES.get(kind, 0)
        value_at = at + entry_size - room
        if size > room:
            (value_at,) = unpack_from(order + offset, data, value_at)
            if value_at + size > len(data):
                raise StructureError(f"a TIFF file whose tag {tag} lies outside")
            total += size
            if total > len(data):
                raise StructureError("a TIFF file whose tags share their values")
        if tag in seen:
            raise StructureError(f"a TIFF file with tag {tag} twice")
        if tag in _TIFF_ONE_VALUE and n_values != 1:
            raise StructureError(f"a TIFF file with {n_values:,} values of tag {tag}")
        cost += max(PART, size if kind in _TIFF_BYTES else n_values * _NUMBER)
        _spend(cost, limits)
        is_short = kind == 3
        seen[tag] = (
            unpack_from(order + ("H" if is_short else "L"), data, value_at)[0]
            if n_values and kind in (3, 4)
            else 1
        )
    if seen.get(_TIFF_SAMPLES, 1) > _TIFF_MAX_SAMPLES:
        raise StructureError(f"a TIFF file with {seen[_TIFF_SAMPLES]:,} samples for each pixel")
    width, length = (seen.get(tag, 1) for tag in _TIFF_TILE)
    if width * length > limits["max_image_pixels"]:
        raise StructureError(f"a TIFF file with tiles of {width} x {length}", "max_image_pixels")


def _check_gif(data, limits):
    if len(data) < 13:
        return
    width, height, flags = unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    at = _first_gif_frame(data, at, limits)
    if at is not None and at + 9 <= len(data):
        # Pillow enlarges the picture where its first frame goes beyond it.
        left, top, across, down = unpack_from("<4H", data, at + 1)
        width, height = max(width, left + across), max(height, top + down)
    _check_size(width, height, limits)


def _first_gif_frame(data, at, limits):
    """Where the first frame begins for Pillow, which passes over junk and ends in disorder."""
    cost = 0
    while at + 2 < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            return at
        cost += PART
        if data[at] == 0x21:
            kind, first = data[at + 1], at + 2
            at = first + 1 + data[first]
            is_open = kind != 0xFE or data[first] > 0
            if kind == 0xFF and data[first + 1 : at].startswith(b"NETSCAPE2.0") and at < len(data):
                at += 1 + data[at]
            while is_open and at < len(data):
                cost += PART
                _spend(cost, limits)
                is_open = data[at] > 0
                at += 1 + data[at]
        else:
            at += 1
        _spend(cost, limits)
    return None


def _check_webp(data, limits):
    # Memory for the whole canvas is taken before Pillow says how large it is.
    if data[12:16] == b"VP8X" and len(data) >= 30:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        _check_size(width, height, limits)


def _check_size(width, height, limits):
    if width * height > limits["max_image_pixels"]:
        raise StructureError(f"{width} x {height} pixels", "max_image_pixels")


def _check_jpeg2000(data, limits):
    at = 0 if data[:2] == b"\xff\x4f" else codestream(data)
    if at is None or data[at : at + 4] != b"\xff\x4f\xff\x51" or len(data) < at + 42:
        raise StructureError("a JPEG 2000 file without pictures")
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = unpack_from(
        ">8L", data, at + 8
    )
    (n_components,) = unpack_from(">H", data, at + 40)
    width, height = right - left, bottom - top
    if width <= 0 or height <= 0 or not tile_width or not tile_height:
        raise StructureError("a JPEG 2000 file without pixels")
    _check_size(width, height, limits)
    if not 1 <= n_components <= 4:
        raise StructureError(f"a JPEG 2000 file with {n_components:,} components")
    n_tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    _spend(n_tiles * PART, limits)
    for style, levels, sizes in _codings(data, at + 2, n_components):
        if not style & 1 or len(sizes) <= levels:
            continue
        n_precincts = 0
        for level in range(levels + 1):
            shrink = levels - level
            across = (width >> shrink >> (sizes[level] & 15)) + 1
            down = (height >> shrink >> (sizes[level] >> 4)) + 1
            n_precincts += across * down
        _spend(n_components * n_precincts * _NUMBER * 2, limits)


def codestream(data):
    """Find where the codestream begins among the boxes of a JP2 file.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    at : int or None
        None where there is none.
    """
    at = 0
    while at + 8 <= len(data):
        length, kind = unpack_from(">L4s", data, at)
        header = 8
        if length == 1 and at + 16 <= len(data):
            (length,) = unpack_from(">Q", data, at + 8)
            header = 16
        if kind == b"jp2c":
            return at + header
        if length < header:
            return None
        at += length
    return None


def _codings(data, at, n_components):
    """Style, levels and precinct sizes of all COD and COC segments, those of tiles too."""
    wide = 2 if n_components > 256 else 1
    tile_part, tile_length = at, 0
    while at + 4 <= len(data):
        marker, length = unpack_from(">HH", data, at)
        if marker == 0xFF90 and at + 12 <= len(data):
            tile_part = at
            (tile_length,) = unpack_from(">L", data, at + 6)
        if marker == 0xFF93:  # data follow, up to the next part of a tile
            if tile_length <= at - tile_part:
                return
            at = tile_part + tile_length
            continue
        segment = data[at + 4 : at + 2 + length]
        if marker == 0xFF52 and len(segment) >= 10:
            yield segment[0], segment[5], segment[10:]
        elif marker == 0xFF53 and len(segment) >= 6 + wide:
            yield segment[wide], segment[wide + 1], segment[wide + 6 :]
        if marker == 0xFFD9 or length < 2:
            return
        at += 2 + length


_CHECKS = {
    "PNG": _check_png,
    "JPEG": _check_jpeg,
    "TIFF": _check_tiff,
    "GIF": _check_gif,
    "WEBP": _check_webp,
    "JPEG2000": _check_jpeg2000,
}
