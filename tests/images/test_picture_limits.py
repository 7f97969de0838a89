"""Limits of a picture: what each one refuses, what it lets pass, and by which words."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fusionlearn import check_images, config_context, get_config, set_config
from fusionlearn.exceptions import ImageError


def decode(data):
    return check_images([data])[0].decode()


def png_with(data, kind, body, *, times=1):
    """A PNG file with a chunk put in before its pixels."""
    chunk = struct.pack(">L", len(body)) + kind + body
    chunk += struct.pack(">L", zlib.crc32(kind + body))
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk * times + data[at:]


def tiff_with(data, tag, kind, count, value):
    """A little-endian TIFF file with one tag more, its directory moved to the end."""
    (start,) = struct.unpack_from("<L", data, 4)
    (n,) = struct.unpack_from("<H", data, start)
    entries = data[start + 2 : start + 2 + 12 * n] + struct.pack("<HHLL", tag, kind, count, value)
    directory = struct.pack("<H", n + 1) + entries + bytes(4)
    return data[:4] + struct.pack("<L", len(data)) + data[8:] + directory


def jpeg_with(data, *segments):
    body = b"".join(struct.pack(">HH", mark, len(part) + 2) + part for mark, part in segments)
    return data[:2] + body + data[2:]


@pytest.mark.parametrize(
    "name", ["max_image_bytes", "max_image_metadata", "max_image_pixels", "max_image_seconds"]
)
def test_each_limit_is_a_setting(name):
    before = get_config()[name]
    with config_context(**{name: 7}):
        assert get_config()[name] == 7
    assert get_config()[name] == before
    with pytest.raises(ValueError, match=f"{name}=0: wanted a positive integer"):
        set_config(**{name: 0})


def test_large_files_are_refused_by_their_length(pictures, encode, tmp_path):
    """Before they are read: this one would not fit into memory."""
    path = tmp_path / "sparse.png"
    with open(path, "wb") as file:
        file.truncate(2**40)
    for X in ([path], [encode(pictures[0], "BMP")]):
        with (
            config_context(max_image_bytes=2000),
            pytest.raises(ImageError, match=r"bytes; wanted at most 2,000 .*max_image_bytes"),
        ):
            check_images(X)
    with pytest.raises(ImageError, match=r"sparse\.png.*1,099,511,627,776 bytes"):
        check_images([path])


def test_a_file_that_has_grown_is_not_read(pictures, encode, tmp_path):
    """Between the check and the decoding, with and without a digest."""
    path = tmp_path / "scan.png"
    path.write_bytes(encode(pictures[0]))
    known, fresh = check_images([path, path])
    known.digest  # noqa: B018  looked up, and so remembered
    with open(path, "ab") as file:
        file.truncate(2**40)
    for reference in (known, fresh):
        with pytest.raises(ImageError, match="1,099,511,627,776 bytes"):
            reference.decode()


METADATA = {
    "PNG, large": lambda encode, x: png_with(encode(x), b"prVt", bytes(50_000)),
    "PNG, many": lambda encode, x: png_with(encode(x), b"prVt", b"", times=50),
    "PNG, data in pieces": lambda encode, x: png_with(encode(x), b"IDAT", b"", times=50),
    "JPEG, large": lambda encode, x: jpeg_with(encode(x, "JPEG"), (0xFFE5, bytes(50_000))),
    "JPEG, many": lambda encode, x: jpeg_with(encode(x, "JPEG"), *[(0xFFE5, b"")] * 50),
    "TIFF, large": lambda encode, x: tiff_with(
        encode(x, "TIFF") + bytes(40_000), 40_000, 7, 40_000, 8
    ),
    "TIFF, numbers": lambda encode, x: tiff_with(encode(x, "TIFF"), 40_000, 3, 1000, 8),
    "GIF": lambda encode, x: encode(Image.fromarray(x).quantize(8), "GIF", comment=b"c" * 9000),
    "PNM": lambda encode, x: encode(x, "PPM").replace(b"P6", b"P6 #" + b"c" * 50 + b"\n", 1),
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata_beyond_the_limit(case, pictures, encode):
    data = METADATA[case](encode, pictures[0])
    with config_context(max_image_metadata=30_000):
        with pytest.raises(ImageError, match=r"metadata beyond 30,000.*set_config\(max_image_meta"):
            decode(data)
        plain = io.BytesIO()  # the picture without it stays below
        Image.fromarray(pictures[0]).save(plain, case[:3] if case[:3] == "PNG" else "BMP")
        decode(plain.getvalue())
    assert decode(data).shape == pictures[0].shape


def test_scans_that_pass_over_the_picture_again_and_again(encode):
    data = encode(np.full((64, 64), 9, np.uint8), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ImageError, match="a JPEG file with 206 scans"):
        decode(data[:-2] + data[last:-2] * 200 + data[-2:])


def test_a_tile_larger_than_a_picture_may_be(pictures, encode):
    data = encode(pictures[0], "TIFF", compression="tiff_lzw")
    data = tiff_with(tiff_with(data, 322, 4, 1, 65_520), 323, 4, 1, 65_520)
    with pytest.raises(ImageError, match="tiles of 65520 x 65520"):
        decode(data)


def test_a_tag_that_would_make_pillow_warn_is_refused(pictures, encode):
    """Its warnings could not be held back for one thread alone."""
    data = encode(pictures[0], "TIFF")
    for tag, kind, count, value, got in (
        (40_000, 7, 2**30, 8, "tag 40000 lies outside"),
        (256, 4, 1, 5, "tag 256 twice"),
        (322, 4, 2, 8, "2 values of tag 322"),
    ):
        with pytest.raises(ImageError, match=got):
            decode(tiff_with(data, tag, kind, count, value))


def test_a_codestream_that_is_larger_than_its_box_says(encode):
    data = bytearray(encode(np.zeros((16, 16), np.uint8), "JPEG2000"))
    struct.pack_into(">LL", data, data.index(b"\xff\x4f\xff\x51") + 8, 60_000, 60_000)
    with pytest.raises(ImageError, match="60000 x 60000 pixels"):
        decode(bytes(data))


def test_tags_that_share_one_value(pictures, encode):
    """A small file of them is a large one in memory."""
    data = encode(pictures[0], "TIFF")
    for tag in range(8):
        data = tiff_with(data, 40_000 + tag, 7, 4000, 8)
    with pytest.raises(ImageError, match="tags share their values"):
        decode(data)


@pytest.mark.parametrize(
    "before",
    [b"", b"!\xfe\3abc\0", b"junk", b"!\xf9\0\2ab\0", b"!\xff\x0bNETSCAPE2.0\0\1a\0"],
)
def test_a_frame_larger_than_its_gif_says(before):
    """Whatever stands before it: where Pillow finds the frame it is found here too."""
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 10_000, 10_000, 0) + b"\2\2\x44\1\0;"
    with pytest.raises(ImageError, match=r"10000 x 10000 pixels.*max_image_pixels"):
        decode(head + before + frame)


@pytest.mark.parametrize("animated", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_a_broken_animation_is_refused_and_nothing_warned_of(animated, pictures, encode):
    data = png_with(encode(pictures[0]), b"acTL", animated + bytes(4))
    with pytest.raises(ImageError, match="animated PNG with a broken header"):
        decode(data)


@pytest.mark.parametrize("n", [0, 500])
def test_pages_are_not_counted(n, pictures, encode):
    """Whether there is a second one is enough to know; the third is broken."""
    data = bytearray(encode(pictures[0], "TIFF"))
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<L", data, start + 2 + 12 * count, len(data))
    page = bytes(data[start : start + 2 + 12 * count])
    for _ in range(n):
        data += page + struct.pack("<L", len(data) + len(page) + 4)
    with pytest.raises(ImageError, match="several pages"):
        decode(bytes(data))


def test_a_parser_that_takes_too_long_is_stopped():
    """Pillow reads such runs one by one, in Python."""
    n = 6_000_000
    info = struct.pack("<LllHHLLllLL", 40, n, 1, 1, 8, 1, 2 * n, 0, 0, 256, 0)
    start = 14 + len(info) + 1024
    head = struct.pack("<2sLLL", b"BM", start + 2 * n, 0, start)
    with (
        config_context(max_image_seconds=1),
        pytest.raises(ImageError, match=r"more than 1 s to decode.*max_image_seconds"),
    ):
        decode(head + info + bytes(1024) + b"\1\7" * n)


class TestOrientation:
    """Of EXIF data one number is read, and what is broken says nothing."""

    @staticmethod
    def upright(pixels, data):
        return np.array_equal(decode(data), pixels)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_both_orders_of_bytes_and_both_types(self, order, pictures, encode):
        pixels = pictures[0]
        for kind, value in (("H", 3), ("L", 3)):
            head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
            entry = struct.pack(order + "HHL", 0x0112, 3 if kind == "H" else 4, 1)
            exif = head + struct.pack(order + "H", 1) + entry
            exif += struct.pack(order + kind, value).ljust(4, b"\0") + bytes(4)
            turned = png_with(encode(pixels), b"eXIf", exif)
            assert self.upright(pixels[::-1, ::-1], turned)

    @pytest.mark.parametrize(
        "exif",
        [
            b"",
            b"II*\0",
            b"II*\0\xff\xff\xff\xff" + bytes(9),
            b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHLL", 0x0112, 3, 1, 9),
            b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHLL", 0x0112, 3, 2, 3),
            b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHL", 0x0112, 3, 1),
            b"XX*\0\x08\0\0\0\1\0" + struct.pack("<HHLL", 0x0112, 3, 1, 3),
        ],
    )
    def test_broken_exif_data_turns_nothing(self, exif, pictures, encode):
        assert self.upright(pictures[0], png_with(encode(pictures[0]), b"eXIf", exif))
        data = encode(pictures[0], "JPEG")
        with_exif = jpeg_with(data, (0xFFE1, b"Exif\0\0" + exif))
        assert self.upright(decode(data), with_exif)

    def test_xmp_and_imagemagick_s_profile(self, pictures, encode):
        pixels = pictures[0]
        text = b"XML:com.adobe.xmp\0\0\0\0\0" + b'<x tiff:Orientation="3"/>'
        assert self.upright(pixels[::-1, ::-1], png_with(encode(pixels), b"iTXt", text))
        exif = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHLL", 0x0112, 3, 1, 3) + bytes(4)
        for digits, turned in ((exif.hex().encode(), True), (b"no digits", False)):
            raw = b"Raw profile type exif\0\nexif\n      26\n" + digits + b"\n"
            expected = pixels[::-1, ::-1] if turned else pixels
            assert self.upright(expected, png_with(encode(pixels), b"tEXt", raw))

    @pytest.mark.parametrize("compression", [None, "tiff_lzw"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_tiff(self, orientation, compression, pictures, encode):
        data = encode(pictures[0], "TIFF", tiffinfo={274: orientation}, compression=compression)
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        np.testing.assert_array_equal(decode(data), expected)
