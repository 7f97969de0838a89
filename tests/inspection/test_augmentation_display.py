"""The picture of pictures before and after enhancement."""

from itertools import pairwise

import numpy as np
import pytest

from fusionlearn import ImageAugmenter, check_images
from fusionlearn.inspection import AugmentationDisplay

RNG = np.random.default_rng(0)
PICTURES = [RNG.integers(0, 256, shape, dtype=np.uint8) for shape in ((8, 8), (6, 12), (12, 4))]


def test_originals_and_copies_are_drawn():
    """Each artist shows exactly the pixels of its picture or copy."""
    augmenter = ImageAugmenter(2)
    display = AugmentationDisplay.from_augmenter(augmenter, PICTURES)
    references = check_images(PICTURES)
    copies = augmenter.make_copies(references)
    assert display.images_.shape == (3, 3)
    for i in range(3):
        shown = [np.asarray(artist.get_array()) for artist in display.images_[i]]
        np.testing.assert_array_equal(shown[0], references[i].decode())
        np.testing.assert_array_equal(shown[1], copies[i, 0].decode())
        np.testing.assert_array_equal(shown[2], copies[i, 1].decode())
    ticks = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert ticks == ["original", "copy 1", "copy 2"]
    rows = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert rows == ["picture 0", "picture 1", "picture 2"]
    display.figure_.draw_without_rendering()


def test_pictures_keep_their_proportions_and_do_not_overlap():
    display = AugmentationDisplay.from_augmenter(ImageAugmenter(2), PICTURES)
    for artist, pixels in zip(display.images_[:, 0], PICTURES, strict=True):
        left, right, bottom, top = artist.get_extent()
        assert (right - left) / (bottom - top) == pytest.approx(pixels.shape[1] / pixels.shape[0])
    for row in display.images_:
        edges = [artist.get_extent()[:2] for artist in row]
        assert all(a[1] < b[0] for a, b in pairwise(edges))
    tops = [artist.get_extent() for artist in display.images_[:, 0]]
    assert all(a[2] < b[3] for a, b in pairwise(tops))
    (left, right), (bottom, top) = display.ax_.get_xlim(), display.ax_.get_ylim()
    for artist in display.images_.ravel():
        extent = artist.get_extent()
        assert left - 1e-9 <= extent[0] < extent[1] <= right + 1e-9
        assert top - 1e-9 <= extent[3] < extent[2] <= bottom + 1e-9


def test_number_of_pictures_and_copies():
    display = AugmentationDisplay.from_augmenter(
        ImageAugmenter(4), PICTURES, n_pictures=2, n_copies=1, names=["a", "b", "c"]
    )
    assert display.images_.shape == (2, 2)
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["a", "b"]
    display = AugmentationDisplay.from_augmenter(ImageAugmenter(4), PICTURES, n_pictures=99)
    assert display.images_.shape == (3, 5)


@pytest.mark.parametrize(
    ("n_copies", "options", "message"),
    [
        (0, {}, "n_copies=0: wanted at least 1"),
        (2, {"n_pictures": 0}, "n_pictures=0"),
        (2, {"names": ["a"]}, "names has 1 entries for 3 pictures"),
    ],
)
def test_nothing_to_show_is_an_error(n_copies, options, message):
    with pytest.raises(ValueError, match=message):
        AugmentationDisplay.from_augmenter(ImageAugmenter(n_copies), PICTURES, **options)


def test_only_an_augmenter_makes_copies():
    with pytest.raises(TypeError, match="augmenter is 'flips'; wanted an ImageAugmenter"):
        AugmentationDisplay.from_augmenter("flips", PICTURES)
