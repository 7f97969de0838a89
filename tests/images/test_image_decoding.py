"""The written rule for every kind of file: one form comes out."""

import io

import numpy as np
import pytest
from PIL import Image

from fusionlearn import check_images
from fusionlearn.exceptions import ImageError, ImageWarning


def decode(data):
    return check_images([data])[0].decode()


@pytest.fixture
def rgb(rng):
    return rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.fixture
def grey(rng):
    return rng.integers(0, 256, (5, 7), dtype=np.uint8)


def as_rgb(grey):
    return np.stack([grey] * 3, axis=2)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "DIB", "PPM"])
def test_lossless_formats_are_exact(format, rgb, encode):
    np.testing.assert_array_equal(decode(encode(rgb, format)), rgb)


def test_lossless_webp_and_jpeg2000_are_exact(rgb, encode):
    np.testing.assert_array_equal(decode(encode(rgb, "WEBP", lossless=True)), rgb)
    np.testing.assert_array_equal(decode(encode(rgb, "JPEG2000", irreversible=False)), rgb)


def test_jpeg_is_what_pillow_makes_of_it(rgb, encode):
    data = encode(rgb, "JPEG")
    np.testing.assert_array_equal(decode(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM"])
def test_grey(format, grey, encode):
    np.testing.assert_array_equal(decode(encode(grey, format)), as_rgb(grey))


def test_opaque_rgba_is_its_rgb(rgb, encode):
    rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    np.testing.assert_array_equal(decode(encode(rgba)), rgb)


def test_transparency_is_laid_over_black(rgb, rng, encode):
    alpha = rng.integers(0, 256, rgb.shape[:2], dtype=np.uint8)
    alpha[0] = 0
    expected = np.rint(rgb * (alpha[..., np.newaxis] / 255))
    result = decode(encode(np.dstack([rgb, alpha])))
    assert np.abs(result - expected).max() <= 1
    assert not result[0].any()


def test_grey_with_transparency(grey, encode):
    alpha = np.full_like(grey, 255)
    alpha[:, 0] = 0
    expected = as_rgb(np.where(alpha, grey, 0))
    np.testing.assert_array_equal(decode(encode(np.dstack([grey, alpha]))), expected)


def test_palette(encode):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    expected = [[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [40, 50, 60]]]
    np.testing.assert_array_equal(decode(encode(image)), expected)
    np.testing.assert_array_equal(decode(encode(image, "GIF")), expected)


def test_palette_with_a_transparent_colour(encode):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    expected = [[[10, 20, 30], [0, 0, 0]], [[70, 80, 90], [0, 0, 0]]]
    np.testing.assert_array_equal(decode(encode(image, transparency=1)), expected)


def test_rgb_with_a_transparent_colour(encode):
    rgb = np.array([[[1, 2, 3], [200, 100, 50]]], np.uint8)
    result = decode(encode(rgb, transparency=(200, 100, 50)))
    np.testing.assert_array_equal(result, [[[1, 2, 3], [0, 0, 0]]])


def test_one_bit(encode):
    bits = np.array([[True, False], [False, True]])
    np.testing.assert_array_equal(decode(encode(Image.fromarray(bits))), as_rgb(bits * 255))


def sixteen_bits(values):
    return Image.fromarray(np.asarray(values, np.uint16))


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bits_keep_the_high_byte(format, encode):
    values = [[0, 255, 256, 0x1234], [0xFF00, 0xFFFF, 0x80FF, 4096]]
    expected = as_rgb(np.array([[0, 0, 1, 0x12], [0xFF, 0xFF, 0x80, 16]]))
    np.testing.assert_array_equal(decode(encode(sixteen_bits(values), format)), expected)


def test_big_endian_16_bits(encode):
    """Scanners write them; Pillow has a mode of its own for them."""
    values = np.array([[0x1234, 0xFF00]], np.uint16)
    data = encode(Image.frombytes("I;16B", (2, 1), values.astype(">u2").tobytes()), "TIFF")
    np.testing.assert_array_equal(decode(data), as_rgb(np.array([[0x12, 0xFF]])))


def test_nearly_black_16_bits_are_announced(encode, tmp_path):
    """12-bit values in a 16-bit file: what CT exports often are."""
    path = tmp_path / "ct.png"
    path.write_bytes(encode(sixteen_bits([[0, 4095]])))
    with pytest.warns(ImageWarning, match=r"ct\.png has 16 bits.*4095 of 65535"):
        assert decode(path).max() == 15


def test_black_16_bits_are_black(encode):
    assert not decode(encode(sixteen_bits([[0, 0]]))).any()


def test_cmyk(encode):
    image = Image.new("CMYK", (4, 3), (255, 0, 0, 0))
    result = decode(encode(image, "TIFF"))
    assert result.shape == (3, 4, 3)
    np.testing.assert_array_equal(result[0, 0], [0, 255, 255])


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda x: x),
        (2, lambda x: x[:, ::-1]),
        (3, lambda x: x[::-1, ::-1]),
        (4, lambda x: x[::-1]),
        (5, lambda x: x.transpose(1, 0, 2)),
        (6, lambda x: np.rot90(x, -1)),
        (7, lambda x: x.transpose(1, 0, 2)[::-1, ::-1]),
        (8, lambda x: np.rot90(x)),
    ],
)
def test_exif_turns_the_picture_upright(orientation, turn, rgb, encode):
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode(encode(rgb, exif=exif)), turn(rgb))


def test_of_an_mpo_file_the_first_picture(rgb, encode):
    """What phones and stereo cameras call JPEG; further pictures are previews."""
    first, second = Image.fromarray(rgb), Image.fromarray(255 - rgb)
    data = encode(first, "MPO", save_all=True, append_images=[second], quality=100)
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert check_images([data])[0].describe()["format"] == "MPO"
    alone = decode(encode(first, "JPEG", quality=100))
    np.testing.assert_array_equal(decode(data), alone)


def test_float_tiff_in_range_is_rounded(encode):
    image = Image.fromarray(np.array([[0.4, 254.6]], np.float32))
    np.testing.assert_array_equal(decode(encode(image, "TIFF")), as_rgb(np.array([[0, 255]])))


def test_the_name_of_a_file_does_not_matter(rgb, encode, tmp_path):
    path = tmp_path / "scan.jpg"
    path.write_bytes(encode(rgb, "PNG"))
    np.testing.assert_array_equal(decode(path), rgb)


def test_describing_reads_the_header_alone(rgb, encode):
    data = encode(rgb)[:60]
    description = check_images([data])[0].describe()
    assert description == {"format": "PNG", "mode": "RGB", "width": 7, "height": 5, "n_bytes": 60}
    (array,) = check_images([rgb])
    assert array.describe() == {
        "format": "array",
        "mode": "RGB",
        "width": 7,
        "height": 5,
        "n_bytes": 105,
    }


def test_a_16_bit_pnm_follows_the_rule_of_16_bits(pictures):
    """Pillow opens it with 32 bits."""
    values = pictures[0, :, :, 0].astype(">u2") * 257
    height, width = values.shape
    data = f"P5 {width} {height} 65535\n".encode() + values.tobytes()
    np.testing.assert_array_equal(check_images([data])[0].decode()[..., 0], pictures[0, :, :, 0])


def test_half_a_file_is_refused_whatever_pillow_is_told(pictures, encode, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(ImageError, match="LOAD_TRUNCATED_IMAGES"):
        check_images([encode(pictures[0])])[0].decode()


def test_an_open_pillow_image_is_held_to_the_same_rules(pictures, encode):
    truncated = Image.open(io.BytesIO(encode(pictures[0], "JPEG")[:-200]))
    with pytest.raises(ImageError, match=r"picture 1: got a JPEG file that cannot be read"):
        check_images([pictures[0], truncated])
    pages = [Image.fromarray(picture) for picture in pictures[:2]]
    several = Image.open(
        io.BytesIO(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    )
    with pytest.raises(ImageError, match="several pages"):
        check_images([several])
