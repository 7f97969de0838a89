"""The shortcut baseline sees the file and nothing but the file."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from fusionlearn import ImageAugmenter
from fusionlearn.exceptions import ImageError
from fusionlearn.images import check_images
from fusionlearn.model_selection import (
    StratifiedImageGroupKFold,
    make_shortcut_baseline,
    shortcut_features,
)


def encoded(mode="L", size=(20, 10), kind="PNG", seed=0):
    """Random pixels in a file of a kind."""
    rng = np.random.default_rng(seed)
    width, height = size
    image = Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, format=kind)
    return buffer.getvalue()


def data():
    """Two classes with the same random pixels; one is stored with an alpha channel."""
    X = [encoded("RGBA" if number % 2 else "RGB", seed=number) for number in range(24)]
    return check_images(X, groups=np.arange(24) // 2 * 2 + np.arange(24) % 2), np.arange(24) % 2


def test_columns():
    png, jpeg = encoded("RGBA", (20, 10)), encoded("L", (7, 9), "JPEG")
    features = shortcut_features([png, jpeg])
    assert features.dtype == np.float64
    np.testing.assert_array_equal(features[:, 2:4], [[20, 10], [7, 9]])
    np.testing.assert_allclose(features[:, 4], [len(png) / 200, len(jpeg) / 63])
    assert features[0, 0] != features[1, 0]
    assert features[0, 1] != features[1, 1]


def test_file_is_as_its_bytes(tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(encoded())
    np.testing.assert_array_equal(shortcut_features([path]), shortcut_features([encoded()]))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000"])
def test_every_format_has_a_number_of_its_own(kind):
    number = shortcut_features([encoded("RGB", kind=kind)])[0, 0]
    assert number >= 0
    others = {"PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000"} - {kind}
    assert number not in {shortcut_features([encoded("RGB", kind=o)])[0, 0] for o in others}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_has_a_number(mode):
    assert shortcut_features([encoded(mode)])[0, 1] >= 0


def test_numbers_do_not_depend_on_the_other_pictures():
    """Else they would mean something else in each fold."""
    X = [encoded("L"), encoded("RGBA"), encoded("RGB", kind="JPEG")]
    together = shortcut_features(X)
    alone = np.vstack([shortcut_features([picture]) for picture in X[::-1]])[::-1]
    np.testing.assert_array_equal(together, alone)


def test_no_pixel_is_decoded():
    """A file whose pixels are cut off has a header all the same."""
    whole = encoded("RGB", (40, 40))
    half = whole[: len(whole) // 2]
    with pytest.raises(ImageError):
        check_images([half])[0].decode()
    np.testing.assert_array_equal(
        shortcut_features([half])[:, :4], shortcut_features([whole])[:, :4]
    )


def test_views_count_as_their_source():
    references, y = data()
    copies, _ = ImageAugmenter(n_copies=2).fit_resample(references, y)
    np.testing.assert_array_equal(
        shortcut_features(copies), np.repeat(shortcut_features(references), 3, axis=0)
    )


def test_arrays_differ_in_size_only():
    grey, rgb = np.zeros((4, 6), np.uint8), np.zeros((4, 6, 3), np.uint8)
    features = shortcut_features([grey, rgb])
    np.testing.assert_array_equal(features[:, 0], [0, 0])
    np.testing.assert_array_equal(features[:, 4], [1, 3])


def test_no_picture_is_named():
    with pytest.raises(ImageError, match="picture 1"):
        shortcut_features([encoded(), b"no picture"])


def test_baseline_finds_the_shortcut():
    """Pixels are noise, yet the file gives the class away."""
    references, y = data()
    scores = cross_val_score(
        make_shortcut_baseline(), references, y, cv=StratifiedImageGroupKFold(3)
    )
    assert scores.min() == 1


def test_baseline_finds_nothing_where_files_are_alike():
    """Arrays of one size carry no shortcut, whatever their pixels say."""
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    X = rng.integers(0, 50, (30, 5, 5), dtype=np.uint8) + (200 * y[:, None, None]).astype(np.uint8)
    assert make_shortcut_baseline().fit(X, y).score(X, y) == 0.5


def test_baseline_is_an_ordinary_estimator(tmp_path):
    references, y = data()
    baseline = make_shortcut_baseline(random_state=3)
    assert baseline.get_params()["forest__random_state"] == 3
    fitted = clone(baseline).fit(references, y)
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        copied.predict_proba(references), fitted.predict_proba(references)
    )
    search = GridSearchCV(baseline, {"forest__max_depth": [1, 2]}, cv=2, error_score="raise")
    assert search.fit(list(references), y).best_score_ == 1
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_bytes(encoded("RGBA" if number % 2 else "RGB", seed=number))
    assert fitted.score([str(path) for path in paths], [0, 1, 0, 1]) == 1


def test_seed_decides():
    references, y = data()
    first, second = (make_shortcut_baseline(0).fit(references, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(references), second.predict_proba(references))
