"""What is refused, and that each refusal says where, what was got, wanted and to be done."""

import io
import re
import zlib

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from PIL import Image
from sklearn.utils import Bunch

from fusionlearn import check_images, config_context
from fusionlearn.exceptions import FusionlearnError, ImageError

GOOD = np.zeros((4, 4, 3), np.uint8)


def refusal(X, *, decode=False):
    action = (lambda: check_images(X)[-1].decode()) if decode else (lambda: check_images(X))
    with pytest.raises(ImageError) as caught:
        action()
    error = caught.value
    assert error.got
    assert error.wanted
    assert error.remedy
    assert f"got {error.got}; wanted {error.wanted}. {error.remedy}" in str(error)
    return error


ARRAYS = {
    "NaN": (np.full((4, 4), np.nan), "NaN or infinite", "Replace the missing values"),
    "infinite": (np.full((4, 4), np.inf), "NaN or infinite", "Replace the missing values"),
    "scaled to 0-1": (np.full((4, 4), 0.5), "between 0.5 and 0.5", r"pass X \* 255"),
    "scaled to -1..1": (
        np.linspace(-1, 1, 16).reshape(4, 4),
        "between -1 and 1",
        r"pass \(X \+ 1\) \* 127.5",
    ),
    "Hounsfield units": (
        np.linspace(-1024, 3071, 16).reshape(4, 4),
        "between -1024 and 3071",
        "window of values",
    ),
    "above 255": (np.full((4, 4), 256.0), "between 256 and 256", "window of values"),
    "int64": (np.zeros((4, 4), np.int64), "pixels of type int64", "uint8"),
    "uint16": (np.zeros((4, 4), np.uint16), "pixels of type uint16", "uint8"),
    "bool": (np.zeros((4, 4), bool), "pixels of type bool", "uint8"),
    "complex": (np.zeros((4, 4), complex), "pixels of type complex128", "uint8"),
    "one dimension": (np.zeros(4, np.uint8), r"shape \(4,\)", "channels last"),
    "four dimensions": (np.zeros((2, 4, 4, 3), np.uint8), r"shape \(2, 4, 4, 3\)", "channels"),
    "four channels": (np.zeros((4, 4, 4), np.uint8), r"shape \(4, 4, 4\)", "alpha channel"),
    "channels first": (np.zeros((3, 4, 5), np.uint8), r"shape \(3, 4, 5\)", "channels last"),
    "no pixel": (np.zeros((0, 4), np.uint8), "no pixel", "Remove"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_that_are_no_picture(case):
    array, got, remedy = ARRAYS[case]
    error = refusal([GOOD, array])
    assert str(error).startswith("picture 1: got ")
    assert error.index == 1
    assert re.search(f"(?s){got}.*{remedy}", str(error))


def test_the_library_s_error_is_also_the_one_that_people_catch():
    error = refusal([None])
    assert isinstance(error, ValueError)
    assert isinstance(error, FusionlearnError)


@pytest.mark.parametrize("value", [0.0, 255.0])
def test_float_black_and_white_are_accepted(value):
    assert check_images(np.full((1, 2, 2), value))[0].decode().max() == value


SAMPLES = {
    "None": (None, "None"),
    "a number": (3, "3"),
    "a missing value": (float("nan"), "nan"),
    "a dictionary": ({"path": "x.png"}, "x.png"),
}


@pytest.mark.parametrize("case", SAMPLES)
def test_samples_that_are_no_picture(case):
    sample, got = SAMPLES[case]
    X = np.empty(2, dtype=object)
    X[:] = [GOOD, sample]
    for form in (X, list(X), pd.Series(X)):
        error = refusal(form)
        assert error.index == 1
        assert got in error.got
        assert "Remove the sample" in error.remedy


WHOLES = {
    "one string": ("scan.png", "one str", r"\[X\]"),
    "one bytes": (b"\x89PNG", "one bytes", r"\[X\]"),
    "one Pillow image": (Image.fromarray(GOOD), "one Image", r"\[X\]"),
    "one reference": (check_images([GOOD])[0], "one ImageReference", r"\[X\]"),
    "sparse": (scipy.sparse.csr_array(np.eye(3)), "sparse", "toarray"),
    "a dictionary": ({"a": GOOD}, "a dict", r"list\(X\)"),
    "all that a loader gives": (Bunch(data=[GOOD], target=["a"]), "a Bunch", r"X\['data'\]"),
    "a set": ({"a.png"}, "a set", r"list\(X\)"),
    "a generator": ((x for x in [GOOD]), "a generator", r"list\(X\)"),
    "None": (None, "a NoneType", "array"),
    "nothing": ([], r"0 sample\(s\)", "Pass a picture"),
    "an empty array": (np.zeros((0, 4, 4), np.uint8), r"0 sample\(s\)", "Pass a picture"),
    "no dimension": (np.array(3.0), "without dimensions", "list"),
    "features": (np.zeros((5, 3)), r"shape \(5, 3\)", "looks like features"),
    "one grey picture": (np.zeros((5, 5), np.uint8), r"shape \(5, 5\)", "newaxis"),
    "a vector": (np.zeros(5), r"shape \(5,\)", "looks like features"),
    "videos": (np.zeros((2, 2, 4, 4, 3), np.uint8), r"\(2, 2, 4, 4, 3\)", "one picture per sample"),
    "NumPy's bytes": (np.array([b"\x89PNG"]), "type [|]S4", "list"),
    "two columns": (
        pd.DataFrame({"scan": ["a.png"], "age": [3]}),
        r"shape \(1, 2\)",
        "ColumnTransformer",
    ),
    "lists of lists": ([[1, 2], [3, 4]], "list of lists", "flat list"),
    "dates": (np.array(["2020-01-01"], dtype="M8[D]"), r"shape \(1,\)", "features"),
}


@pytest.mark.parametrize("case", WHOLES)
def test_an_x_that_is_no_collection_of_pictures(case):
    X, got, remedy = WHOLES[case]
    error = refusal(X)
    assert error.index is None
    assert str(error).startswith("X: got ")
    assert re.search(f"(?s){got}.*{remedy}", str(error))


@pytest.fixture
def noise(rng):
    return rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)


def test_missing_file(tmp_path):
    path = tmp_path / "no such scan.png"
    error = refusal([GOOD, path])
    assert (error.index, error.path) == (1, str(path))
    assert "No such file" in error.got
    assert str(error).startswith(f"picture 1 ({path}): ")


def test_a_path_with_a_zero_byte():
    assert "cannot be opened" in refusal(["scan\0.png"]).got


def test_folder(tmp_path):
    error = refusal([tmp_path])
    assert "no regular file" in error.got
    assert "load_image_folder" in error.remedy


def test_empty_file(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    error = refusal([path])
    assert (error.index, error.path) == (0, str(path))
    assert "empty" in error.got
    assert "empty" in refusal([b""]).got


def test_several_bad_ones_are_listed(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(30)]
    error = refusal([GOOD, *paths])
    assert error.index == 1
    lines = str(error).splitlines()
    assert lines[1] == "30 of 31 pictures cannot be used; the others are:"
    assert lines[2].startswith(f"  picture 2 ({paths[1]}): got a path")
    assert lines[-1] == "  and 9 more"
    assert len(lines) == 1 + 1 + 20 + 1


BROKEN = {
    "truncated PNG": (lambda image, encode: encode(image)[:-2000], "to its end"),
    "truncated JPEG": (lambda image, encode: encode(image, "JPEG")[:-300], "to its end"),
    "truncated TIFF": (lambda image, encode: encode(image, "TIFF")[:-900], "TIFF|header"),
    "text": (lambda image, encode: b"patient,age\n1,2\n" * 9, "no picture .*patient"),
    "header alone": (lambda image, encode: encode(image)[:20], "no picture|header"),
    "DICOM": (
        lambda image, encode: b"\0" * 128 + b"DICM" + b"\0" * 99,
        "a DICOM object without pixels",
    ),
    "NIfTI": (lambda image, encode: b"\0" * 344 + b"n+1\0" + b"\0" * 99, "a NIfTI volume"),
    "a format that starts programs": (lambda image, encode: b"%!PS-Adobe-3.0 EPSF\n", "no pict"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_are_no_whole_picture(case, noise, encode, tmp_path):
    make, got = BROKEN[case]
    path = tmp_path / "broken"
    path.write_bytes(make(noise, encode))
    error = refusal([GOOD, path], decode=True)
    assert error.path == str(path)
    with pytest.raises(ImageError, match=got):
        check_images([path.read_bytes()])[0].decode()


def test_a_flipped_bit_in_a_png_is_noticed(noise, encode):
    """Pillow checks the sums; nothing damaged is ever used as if it were whole."""
    data = bytearray(encode(noise))
    data[len(data) // 2] ^= 1
    refusal([bytes(data)], decode=True)


def test_several_pages(noise, encode):
    pages = [Image.fromarray(noise), Image.fromarray(255 - noise)]
    for format in ("TIFF", "GIF", "PNG", "WEBP"):
        data = encode(pages[0], format, save_all=True, append_images=pages[1:])
        error = refusal([data], decode=True)
        assert f"a {format} file with several pages" in error.got


def test_lab(encode):
    image = Image.new("LAB", (4, 4))
    assert "LAB" in refusal([encode(image, "TIFF")], decode=True).got
    assert "LAB" in refusal([image]).got


def test_float_tiff_out_of_range(encode):
    image = Image.fromarray(np.array([[-1000.0, 400.0]], np.float32))
    error = refusal([encode(image, "TIFF")], decode=True)
    assert "between -1000 and 400" in error.got


def test_checking_decodes_nothing(noise, encode, tmp_path):
    """Thousands of files are checked in no time; what is inside shows when it is read."""
    path = tmp_path / "broken.png"
    path.write_bytes(encode(noise)[:-2000])
    check_images([path, b"no picture at all"])


def png_header(width, height):
    """A PNG of one bit per pixel that is small as a file and large in memory."""

    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    size = width.to_bytes(4) + height.to_bytes(4)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + bytes([1, 0, 0, 0, 0]))
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [9_460, 12_000, 60_000])
def test_decompression_bombs_are_refused_before_they_are_decoded(side):
    """Below and above the sizes at which Pillow warns and refuses by itself."""
    error = refusal([png_header(side, side)], decode=True)
    assert error.got == f"{side} x {side} pixels"
    assert "89,478,485" in error.wanted
    assert "set_config(max_image_pixels=...)" in error.remedy


def test_the_limit_can_be_lowered_and_raised(noise, encode):
    data = encode(noise)
    with config_context(max_image_pixels=40 * 40):
        check_images([data])[0].decode()
    with config_context(max_image_pixels=40 * 40 - 1):
        assert refusal([data], decode=True).got == "40 x 40 pixels"
    with config_context(max_image_pixels=10**10), pytest.raises(ImageError, match="to its end"):
        check_images([png_header(13_400, 13_400)])[0].decode()


def test_a_file_that_changes_after_its_digest_is_known(noise, encode, tmp_path):
    """Features of other pixels must never be kept under the digest."""
    path = tmp_path / "scan.png"
    path.write_bytes(encode(noise))
    (reference,) = check_images([path])
    reference.digest  # noqa: B018  looked up, and so remembered
    path.write_bytes(encode(255 - noise))
    with pytest.raises(ImageError, match=r"scan\.png\): got a file that has changed"):
        reference.decode()
    np.testing.assert_array_equal(check_images([path])[0].decode(), 255 - noise)


def test_a_file_that_vanishes(noise, encode, tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(encode(noise))
    digested, fresh = check_images([path, path])
    digested.digest  # noqa: B018
    path.unlink()
    for reference in (digested, fresh):
        with pytest.raises(ImageError, match=r"scan\.png"):
            reference.decode()


def test_errors_survive_the_way_out_of_a_worker(noise):
    """Exceptions are pickled; a bad one hangs joblib."""
    import pickle

    error = refusal([GOOD, None])
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.index == 1


def test_a_pillow_image_is_read_at_once(noise):
    """It may be closed or changed by the time it is needed."""
    image = Image.open(io.BytesIO(_png(noise)))
    references = check_images([image])
    image.close()
    np.testing.assert_array_equal(references[0].decode(), noise)


def _png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
