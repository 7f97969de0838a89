"""Malformed picture files: whole ones, changed where it gets past the first look at them."""

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image

_NUMBERS = (0, 1, 2, 3, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 2**31 - 1, 2**31)
_NUMBERS += (0xFFFFFFFE, 0xFFFFFFFF)


def saved(image, kind, **options):
    """Encode a Pillow image."""
    buffer = io.BytesIO()
    # Copies, since Pillow leaves what is meant for one format in an image.
    if "append_images" in options:
        options["append_images"] = [other.copy() for other in options["append_images"]]
    image.copy().save(buffer, kind, **options)
    return buffer.getvalue()


def _zstd():
    """The compression that libtiff has in some builds of Pillow only."""
    try:
        saved(Image.new("L", (8, 8)), "TIFF", compression="zstd")
    except OSError:
        return []
    return ["zstd"]


@cache
def whole_files():
    """Whole files of all formats, as (name, content)."""
    rng = np.random.default_rng(0)
    rgb = Image.fromarray(rng.integers(0, 256, (23, 19, 3), dtype=np.uint8))
    grey, alpha = rgb.convert("L"), rgb.convert("RGBA")
    palette, bits = rgb.quantize(16), rgb.convert("1")
    deep = Image.fromarray(rng.integers(0, 2**16, (23, 19), dtype=np.uint16))
    real = Image.fromarray(rng.random((23, 19), dtype=np.float32) * 255)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:01 00:00:00"
    profile = rng.bytes(3000)
    more = {"save_all": True, "append_images": [grey.convert("RGB"), rgb]}
    files = {
        "PNG": [
            saved(rgb, "PNG", exif=exif, icc_profile=profile, dpi=(72, 72)),
            *(saved(image, "PNG") for image in (grey, alpha, palette, bits, deep)),
            saved(palette, "PNG", transparency=3),
            saved(rgb, "PNG", transparency=(1, 2, 3)),
            saved(rgb, "PNG", **more),
        ],
        "JPEG": [
            saved(rgb, "JPEG", exif=exif, icc_profile=profile),
            saved(rgb, "JPEG", progressive=True, comment=b"comment"),
            saved(grey, "JPEG", restart_marker_blocks=1),
            saved(rgb.convert("CMYK"), "JPEG"),
            saved(rgb, "MPO", **more),
        ],
        "TIFF": [
            *(saved(image, "TIFF") for image in (rgb, grey, alpha, palette, bits, deep, real)),
            *(
                saved(rgb, "TIFF", compression=name, exif=exif)
                for name in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", *_zstd())
            ),
            saved(bits, "TIFF", compression="group4"),
            saved(rgb.convert("CMYK"), "TIFF", compression="tiff_lzw"),
            saved(rgb, "TIFF", big_tiff=True),
            saved(rgb, "TIFF", **more),
        ],
        "BMP": [*(saved(image, "BMP") for image in (rgb, grey, palette, bits)), _rle_bmp()],
        "GIF": [
            saved(palette, "GIF", comment=b"c" * 600),
            saved(palette, "GIF", transparency=2, interlace=1),
            saved(rgb, "GIF", **more),
        ],
        "WEBP": [
            saved(rgb, "WEBP", exif=exif, icc_profile=profile),
            saved(alpha, "WEBP", lossless=True),
            saved(rgb, "WEBP", **more),
        ],
        "PPM": [
            *(saved(image, "PPM") for image in (rgb, grey, bits, deep)),
            b"P2 # grey\n3 2\n9\n1 2 3\n4 5 6\n",
            b"P3 2 1 255 1 2 3 4 5 6\n",
            b"P5 4 2 99\n" + bytes(range(8)),
        ],
        "JPEG2000": [
            saved(rgb, "JPEG2000", tile_size=(16, 16)),
            saved(grey, "JPEG2000", no_jp2=True, precinct_size=(64, 64), num_resolutions=2),
            saved(alpha, "JPEG2000", irreversible=True),
        ],
        "DICOM": [_dicom(rng)],
    }
    return [(name, data) for name, made in files.items() for data in made]


def _rle_bmp():
    pixels = b"".join(b"\x08" + bytes([row]) + b"\0\0" for row in range(8)) + b"\0\1"
    colours = bytes(range(256)) * 4
    info = struct.pack("<LllHHLLllLL", 40, 8, 8, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    start = 14 + len(info) + len(colours)
    return struct.pack("<2sLLL", b"BM", start + len(pixels), 0, start) + info + colours + pixels


def _dicom(rng):
    tags = ((2, 16, b"UI", b"1.2.840.10008.1.2.1\0"), (40, 16, b"US", b"\x10\0"))
    body = b"".join(struct.pack("<HH2sH", a, b, kind, len(v)) + v for a, b, kind, v in tags)
    return bytes(128) + b"DICM" + body + b"\xe0\x7f\x10\0OB\0\0\0\1\0\0" + rng.bytes(256)


def mutant(seed):
    """Make the malformed file of a seed: (name of the format, content)."""
    rng = np.random.default_rng(seed)
    files = whole_files()
    name, data = files[rng.integers(len(files))]
    structured = _STRUCTURED.get(name)
    for _ in range(rng.integers(1, 4)):
        try:
            if structured is not None and rng.random() < 0.7:
                data = structured(data, rng)
            else:
                data = changed_anywhere(data, rng)
        except (struct.error, ValueError, IndexError):  # no structure is left to be changed
            data = changed_anywhere(data, rng)
    return name, data


def changed_anywhere(data, rng):
    """Change bytes at any place, those of headers more often."""
    data = bytearray(data or b"\0")
    # Headers are what parsers act on.
    end = min(len(data), 80) if rng.random() < 0.5 else len(data)
    at = int(rng.integers(end))
    kind = rng.integers(7)
    if kind == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[at] = int(rng.integers(256))
    elif kind == 2:
        order = "<>"[rng.integers(2)] + "HL"[rng.integers(2)]
        data[at : at + struct.calcsize(order)] = number(rng, order)
    elif kind == 3:
        data = data[: max(at, 1)]
    elif kind == 4:
        del data[at : at + int(rng.integers(1, 40))]
    elif kind == 5:
        data[at:at] = data[at : at + 50] * int(rng.integers(1, 30))
    else:
        _, other = whole_files()[rng.integers(len(whole_files()))]
        data = data[:at] + other[int(rng.integers(len(other))) :]
    return bytes(data)


def number(rng, order):
    """A number on which parsers stumble, as bytes."""
    size = struct.calcsize(order)
    return struct.pack(order, _NUMBERS[rng.integers(len(_NUMBERS))] & (256**size - 1))


def _mixed(parts, rng):
    """Drop, double, move or swap a part of a file."""
    at, to = (int(place) for place in rng.integers(len(parts), size=2))
    kind = rng.integers(4)
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts[at:at] = [parts[at]] * int(rng.integers(1, 4))
    else:
        parts.insert(to, parts.pop(at))
    return parts


def png_chunk(kind, data):
    """A PNG chunk with its checksum."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def _png(data, rng):
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">L", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    kind = rng.integers(4)
    if kind == 0:
        chunks = _mixed(chunks, rng)
    elif kind == 1:
        strange = [
            (b"acTL", number(rng, ">L") + bytes(4)),
            (b"tRNS", rng.bytes(int(rng.integers(300)))),
            (b"iCCP", b"name\0\0" + zlib.compress(bytes(3_000_000))),
            (b"zTXt", b"word\0\0" + zlib.compress(bytes(3_000_000))),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b'tiff:Orientation="7"'),
            (b"eXIf", b"II*\0\x08\0\0\0" + rng.bytes(40)),
            (b"PLTE", rng.bytes(int(rng.integers(900)))),
            (b"fcTL", rng.bytes(26)),
        ]
        chunks.insert(int(rng.integers(len(chunks))), strange[rng.integers(len(strange))])
    else:
        place = int(rng.integers(len(chunks)))
        chunks[place] = (chunks[place][0], changed_anywhere(chunks[place][1], rng))
    return data[:8] + b"".join(png_chunk(*chunk) for chunk in chunks)


def _jpeg(data, rng):
    segments, at = [], 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        segments.append((data[at : at + 2], data[at + 4 : at + 2 + length]))
        at += 2 + length
    rest = data[at:]
    kind = rng.integers(5)
    if kind == 0:
        segments = _mixed(segments, rng)
    elif kind == 1:
        entry = struct.pack("<HHLL", 0x0112, 3, 1, int(rng.integers(12)))
        exif = b"Exif\0\0II*\0\x08\0\0\0" + number(rng, "<H") + entry + rng.bytes(60)
        segments.insert(0, (b"\xff\xe1", exif))
    elif kind == 2:
        rest = changed_anywhere(rest, rng)
    else:
        place = int(rng.integers(len(segments)))
        segments[place] = (segments[place][0], changed_anywhere(segments[place][1], rng)[:65_000])
    body = b"".join(mark + struct.pack(">H", len(part) + 2) + part for mark, part in segments)
    return data[:2] + body + rest


def _tiff(data, rng):
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "L", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    data = bytearray(data)
    at = start + 2 + 12 * int(rng.integers(count))
    kind = rng.integers(6)
    if kind == 0:
        tag = (256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 322, 323, 324, 325, 339)
        struct.pack_into(order + "H", data, at, tag[rng.integers(len(tag))])
    elif kind == 1:
        struct.pack_into(order + "H", data, at + 2, int(rng.integers(19)))
    elif kind == 2:
        data[at + 4 : at + 8] = number(rng, order + "L")
    elif kind == 3:
        data[at + 8 : at + 12] = number(rng, order + "L")
    elif kind == 4:
        struct.pack_into(order + "H", data, at + 8, int(rng.integers(40)))
    else:
        data[start + 2 + 12 * count : start + 6 + 12 * count] = struct.pack(
            order + "L", int(rng.integers(len(data)))
        )
    return bytes(data)


_STRUCTURED = {"PNG": _png, "JPEG": _jpeg, "TIFF": _tiff}
