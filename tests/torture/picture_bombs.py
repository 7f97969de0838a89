"""Small or simple files that want much memory or time."""

import struct
import zlib

import numpy as np
from picture_mutants import png_chunk, saved
from PIL import Image


def _png(width, height, *chunks, data=b"", depth=1, colour=0):
    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join([png_chunk(b"IHDR", header), *chunks, *([data] if data else [])])
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


def _zeros(n_bytes):
    """That many zero bytes, compressed."""
    packer = zlib.compressobj(1)
    pieces = [packer.compress(bytes(2**20)) for _ in range(n_bytes >> 20)]
    return b"".join([*pieces, packer.flush()])


def _tiff(tags, after=b"", following=0):
    """A TIFF file of one directory; a value of bytes is put behind it."""
    head = 8 + 2 + 12 * len(tags) + 4
    entries, values = [], b""
    for tag, kind, count, value in tags:
        if isinstance(value, bytes):
            value, values = head + len(values), values + value
        entries.append(struct.pack("<HHLL", tag, kind, count, value))
    directory = struct.pack("<H", len(tags)) + b"".join(entries) + struct.pack("<L", following)
    return b"II*\0\x08\0\0\0" + directory + values + after


_GREY = [(256, 4, 1, 4), (257, 4, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
_STRIP = [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 4), (279, 4, 1, 16)]


def _jpeg_with(*segments):
    data = saved(Image.new("RGB", (16, 16)), "JPEG")
    parts = [mark + struct.pack(">H", len(body) + 2) + body for mark, body in segments]
    return data[:2] + b"".join(parts) + data[2:]


def _scans(n):
    """A large progressive JPEG whose last scan comes again and again."""
    data = saved(Image.new("L", (1000, 1000)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * n + data[-2:]


def _deep_exif(n):
    """Directories of EXIF data, each inside the one before."""
    tags = b"".join(
        struct.pack("<HHHLLL", 1, 0x8769, 4, 1, 8 + 18 * (number + 1), 0) for number in range(n)
    )
    return b"Exif\0\0II*\0\x08\0\0\0" + tags[: 65_000 // 18 * 18]


def _shared_exif(n):
    """Tags that all have the same half of the segment as their value."""
    entries = b"".join(struct.pack("<HHLL", 40_000 + tag, 7, 30_000, 8) for tag in range(n))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", n) + entries + bytes(30_000)


def _pages(n):
    size = 2 + 12 * 9 + 4
    pages = [
        _tiff(_GREY + _STRIP, following=0 if page == n - 1 else 8 + size * (page + 1))[8:]
        for page in range(n)
    ]
    return b"II*\0\x08\0\0\0" + b"".join(pages)


def _gif(body, width=16, height=16):
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + body + b";"


def _gif_frame(width=16, height=16):
    return b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\2\x44\1\0"


def _j2k(width, height, tile=None, precincts=b"", components=1):
    across, down = tile or (width, height)
    size = struct.pack(">H8LH", 0, width, height, 0, 0, across, down, 0, 0, components)
    size += b"\7\1\1" * components
    levels = max(len(precincts) - 1, 0)
    coding = struct.pack(">BBHBBBBBB", bool(precincts), 0, 1, 0, levels, 4, 4, 0, 1) + precincts
    steps = b"\x40" + b"\x40" * (3 * levels + 1)
    parts = ((b"\xff\x51", size), (b"\xff\x52", coding), (b"\xff\x5c", steps))
    body = b"".join(mark + struct.pack(">H", len(part) + 2) + part for mark, part in parts)
    tile_part = b"\xff\x90" + struct.pack(">HHLBB", 10, 0, 0, 0, 1) + b"\xff\x93" + bytes(64)
    return b"\xff\x4f" + body + tile_part + b"\xff\xd9"


def _jp2(told, codestream):
    def box(kind, body):
        return struct.pack(">L", len(body) + 8) + kind + body

    header = box(b"ihdr", struct.pack(">LLHBBBB", *told, 1, 7, 7, 0, 0))
    header += box(b"colr", b"\1\0\0" + struct.pack(">L", 17))
    signature = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    return signature + box(b"jp2h", header) + box(b"jp2c", codestream)


def bombs(n):
    """Make all bombs by name, some of them in proportion to ``n`` from 1 to 20."""
    many = 20_000 * n
    text = b"word\0\0" + _zeros(2**20 * 10 * n)
    huge = bytes(2**20 * (16 + n))
    webp = struct.pack("<4sBBBBLHL", b"VP8X", 10, 0, 0, 0, 0, 0, 0)[:8] + bytes(4)
    return {
        "30,000 x 30,000 pixels, PNG": _png(
            30_000, 30_000, data=png_chunk(b"IDAT", _zeros(3751 * 30_000))
        ),
        "TIFF of very many pages": _pages(many),
        "TIFF whose tags share one value": _tiff(
            _GREY + _STRIP + [(40_000 + i, 7, 10**6, 200) for i in range(9000)], bytes(10**6)
        ),
        "TIFF of one huge tile": _tiff(
            [*_GREY, (322, 4, 1, 65_520), (323, 4, 1, 65_520), (324, 4, 1, 8), (325, 4, 1, 9)]
        ),
        "TIFF of very many strips": _tiff(
            [*_GREY, (273, 4, 600_000, bytes(2_400_000)), *_STRIP[1:]]
        ),
        "TIFF with very many samples": _tiff([*_GREY, (277, 4, 1, 2**31), *_STRIP[:1]]),
        "TIFF with a huge profile": _tiff([*_GREY, *_STRIP, (34675, 7, len(huge), huge)]),
        "PNG with a huge profile": _png(8, 8, png_chunk(b"iCCP", text)),
        "PNG with a huge text": _png(8, 8, *[png_chunk(b"zTXt", text)] * 5),
        "PNG with large EXIF data": _png(8, 8, png_chunk(b"eXIf", b"II*\0\x08\0\0\0" + huge)),
        "PNG of very many parts": _png(8, 8, png_chunk(b"prVt", b"") * many),
        "PNG of very many parts behind": _png(
            8, 8, data=png_chunk(b"IDAT", zlib.compress(bytes(16))) + png_chunk(b"prVt", b"") * many
        ),
        "PNG of data in tiny parts": _png(8, 8, data=png_chunk(b"IDAT", b"") * many),
        "PNG that says it has 2^32 frames": _png(8, 8, png_chunk(b"acTL", b"\xff" * 8)),
        "JPEG of very many scans": _scans(200 * n),
        "JPEG with a huge profile": _jpeg_with(*[(b"\xff\xe2", bytes(65_000))] * (300 * n)),
        "JPEG of very many parts": _jpeg_with(*[(b"\xff\xfe", b"")] * many),
        "JPEG behind junk": _jpeg_with((b"\xff\xfe", b"")).replace(b"\xff\xdb", bytes(many), 1),
        "JPEG with large EXIF data": _jpeg_with(
            *[(b"\xff\xe1", b"Exif\0\0" + bytes(65_000))] * (300 * n)
        ),
        "GIF of endless comments": _gif(b"!\xfe" + (b"\xff" + b"c" * 255) * many + b"\0"),
        "GIF of very many frames": _gif(_gif_frame() * many),
        "GIF with a frame of 10,000 x 10,000": _gif(_gif_frame(10_000, 10_000)),
        "PNM of an endless comment": b"P5 #" + b"c" * (10 * many),
        "JPEG 2000 larger than its box says": _jp2((8, 8), _j2k(60_000, 60_000)),
        "JPEG 2000 of very many tiles": _j2k(9000, 9000, (40, 40)),
        "JPEG 2000 of tiny precincts": _j2k(9000, 9000, precincts=b"\x00\x11"),
        "JPEG 2000 of very many components": _j2k(9000, 9000, components=16_384),
        "WebP of 16,384 x 16,384 pixels": b"RIFF" + struct.pack("<L", 4 + 18) + b"WEBP"
        b"VP8X" + struct.pack("<L", 10) + bytes(4) + b"\xff\x3f\0\xff\x3f\0" + webp,
    }


def harmless(side):
    """Files that look like bombs and are not: they are decoded, within the same limits."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    return {
        "TIFF of directories in a circle": _tiff(_GREY + _STRIP, bytes(200), following=8),
        "JPEG with EXIF data in EXIF data": _jpeg_with((b"\xff\xe1", _deep_exif(3000))),
        "JPEG whose EXIF tags share one value": _jpeg_with((b"\xff\xe1", _shared_exif(2900))),
        "one colour in a large PNG": saved(Image.new("L", (side, side), 7), "PNG"),
        "JPEG with a profile of 4 MB": saved(noise, "JPEG", icc_profile=bytes(4_000_000)),
        "TIFF of 60,000 strips": saved(
            Image.new("L", (3, 60_000)), "TIFF", tiffinfo={278: 1}, compression="packbits"
        ),
    }
