"""Every form in which pictures may be given."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from PIL import Image
from strategies import grey_or_rgb

from fusionlearn import ImageReference, check_images
from fusionlearn.images import contains_pictures


class Tensor:
    """What PyTorch, TensorFlow and JAX have in common."""

    def __init__(self, array):
        self._array = array
        self.shape = array.shape
        self.ndim = array.ndim

    def __len__(self):
        return len(self._array)

    def __getitem__(self, index):
        return Tensor(self._array[index])

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype)


@pytest.fixture
def files(pictures, encode, tmp_path):
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(encode(picture))
    return paths


def pixels_of(X):
    references = check_images(X)
    assert references.ndim == 1
    assert references.dtype == object
    return [reference.decode() for reference in references]


FORMS = {
    "paths as str": lambda X, files, encode: [str(path) for path in files],
    "path-like": lambda X, files, encode: files,
    "tuple of paths": lambda X, files, encode: tuple(files),
    "array of str": lambda X, files, encode: np.array([str(path) for path in files]),
    "object array of paths": lambda X, files, encode: np.array(files, dtype=object),
    "series of paths": lambda X, files, encode: pd.Series([str(path) for path in files]),
    "series with an index of its own": lambda X, files, encode: pd.Series(
        [str(path) for path in files], index=list("fedcba")
    ),
    "data frame of one column": lambda X, files, encode: pd.DataFrame(
        {"scan": [str(path) for path in files]}
    ),
    "column of paths": lambda X, files, encode: np.array(
        [[str(path)] for path in files], dtype=object
    ),
    "list of rows of one": lambda X, files, encode: [[path] for path in files],
    "column of references": lambda X, files, encode: check_images(files)[:, np.newaxis],
    "references": lambda X, files, encode: list(check_images(X)),
    "encoded bytes": lambda X, files, encode: [path.read_bytes() for path in files],
    "bytearrays": lambda X, files, encode: [bytearray(path.read_bytes()) for path in files],
    "memoryviews": lambda X, files, encode: [memoryview(path.read_bytes()) for path in files],
    "one array": lambda X, files, encode: X,
    "list of arrays": lambda X, files, encode: list(X),
    "float array": lambda X, files, encode: X.astype(np.float64),
    "float32 array": lambda X, files, encode: X.astype(np.float32),
    "Pillow images": lambda X, files, encode: [Image.fromarray(x) for x in X],
    "one tensor": lambda X, files, encode: Tensor(X),
    "list of tensors": lambda X, files, encode: [Tensor(x) for x in X],
    "a mixture": lambda X, files, encode: [
        str(files[0]),
        files[1],
        files[2].read_bytes(),
        X[3],
        Image.fromarray(X[4]),
        check_images(X[5:])[0],
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_pixels(form, pictures, files, encode):
    pixels = pixels_of(FORMS[form](pictures, files, encode))
    np.testing.assert_array_equal(pixels, pictures)


def test_a_relative_path_outlives_a_change_of_folder(pictures, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    references = check_images(["0.png"])
    monkeypatch.chdir(tmp_path.parent)
    np.testing.assert_array_equal(references[0].decode(), pictures[0])
    assert Path(references[0].path) == files[0]


@pytest.mark.parametrize("shape", [(3, 8, 6), (3, 8, 6, 1)])
def test_grey_arrays_become_rgb(shape, rng):
    X = rng.integers(0, 256, shape, dtype=np.uint8)
    expected = np.repeat(X.reshape(3, 8, 6, 1), 3, axis=3)
    np.testing.assert_array_equal(pixels_of(X), expected)


def test_arrays_of_different_sizes(rng):
    X = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in [(4, 9), (9, 4), (1, 1)]]
    for pixels, picture in zip(pixels_of(X), X, strict=True):
        np.testing.assert_array_equal(pixels, picture)


def test_equally_large_arrays_in_a_list_are_one_picture_each(rng):
    """np.asarray would unroll them."""
    assert len(check_images([np.zeros((4, 4, 3), np.uint8)] * 2)) == 2
    assert len(check_images([np.zeros((4, 4), np.uint8)] * 5)) == 5


def test_float_pixels_are_rounded_to_the_nearest_level():
    X = np.array([[[0.4, 0.6, 254.5, 255.0]]])
    np.testing.assert_array_equal(pixels_of(X)[0][0, :, 0], [0, 1, 254, 255])


def test_digest_of_float_and_uint8_is_the_same(pictures):
    as_float = check_images(pictures + np.float32(0.25) * (pictures < 255))
    for reference, other in zip(check_images(pictures), as_float, strict=True):
        assert reference.digest == other.digest


@pytest.mark.parametrize("form", ["one array", "list of arrays", "float array"])
def test_the_callers_arrays_are_neither_changed_nor_copied(form, pictures, files, encode):
    X = FORMS[form](pictures, files, encode)
    before = np.array(X)
    for picture in X:
        picture.setflags(write=False)
    references = check_images(X)
    for reference in references:
        reference.decode()[...] = 7
    np.testing.assert_array_equal(X, before)
    assert np.shares_memory(references[0]._source.array, X[0])


@pytest.mark.parametrize(
    "cut",
    [
        lambda X: X[::2, ::-1, 3:-3],
        lambda X: np.asfortranarray(X),
        lambda X: X.transpose(0, 2, 1, 3),
        lambda X: np.broadcast_to(X[:1], X.shape),
    ],
    ids=["strided", "Fortran order", "transposed", "broadcast"],
)
def test_arrays_that_are_not_contiguous(cut, pictures):
    X = cut(pictures)
    np.testing.assert_array_equal(pixels_of(X), X)
    for reference, contiguous in zip(check_images(X), check_images(X.copy()), strict=True):
        assert reference.digest == contiguous.digest


def test_checking_twice_changes_nothing(pictures):
    references = check_images(pictures)
    again = check_images(references)
    assert all(one is other for one, other in zip(references, again, strict=True))
    assert again is not references


@given(grey_or_rgb())
def test_any_array_is_decoded_to_itself(picture):
    pixels = check_images([picture])[0].decode()
    expected = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=2)
    np.testing.assert_array_equal(pixels, expected)


@given(grey_or_rgb(), grey_or_rgb())
def test_digests_agree_exactly_if_shapes_and_pixels_do(one, other):
    first, second = check_images([one, other])
    same = one.shape == other.shape and np.array_equal(one, other)
    assert (first.digest == second.digest) == same


def test_shape_belongs_to_the_digest():
    """The same bytes in another shape are another picture."""
    flat, upright = check_images([np.zeros((2, 8), np.uint8), np.zeros((8, 2), np.uint8)])
    assert flat.digest != upright.digest


def test_a_file_and_its_bytes_have_one_digest(files):
    (file,) = check_images(files[:1])
    (data,) = check_images([files[0].read_bytes()])
    assert file.digest == data.digest


@pytest.mark.parametrize("form", FORMS)
def test_pictures_are_recognised(form, pictures, files, encode):
    assert contains_pictures(FORMS[form](pictures, files, encode))


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((4, 3)),
        np.zeros((4, 1)),
        np.zeros(4),
        [[1.0, 2.0], [3.0, 4.0]],
        pd.DataFrame({"age": [1, 2], "sex": [0, 1]}),
        [],
        "scan.png",
        None,
    ],
    ids=str,
)
def test_features_are_no_pictures(X):
    assert not contains_pictures(X)


def test_a_reference_is_no_sequence_and_no_array(pictures):
    """NumPy would unroll it, scikit-learn would measure it."""
    (reference,) = check_images(pictures[:1])
    for name in ("__len__", "__getitem__", "__iter__", "__array__", "__array_interface__", "shape"):
        assert not hasattr(reference, name)
    assert np.array([reference, reference]).shape == (2,)
    assert isinstance(reference, ImageReference)
