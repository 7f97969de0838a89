"""Where on its picture a view lies."""

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, gaussian_filter

from fusionlearn import ImageAugmenter, ImagePreprocessor, check_images

HEIGHT, WIDTH = 60, 90


def dot(y, x):
    """A dark picture with one soft bright dot."""
    pixels = np.zeros((HEIGHT, WIDTH))
    pixels[y, x] = 1
    pixels = gaussian_filter(pixels, 2)
    return (255 * pixels / pixels.max()).astype(np.uint8)


def found(view):
    """Place of the dot on the picture, as the view shows it and its geometry tells."""
    pixels = view.decode()[..., 0].astype(float)
    y, x = np.add(center_of_mass(pixels), 0.5) / pixels.shape
    x, y, _ = view.geometry() @ [x, y, 1]
    return y * HEIGHT - 0.5, x * WIDTH - 0.5


@pytest.mark.parametrize(
    "settings",
    [
        {"rotation": 0, "shear": 0, "zoom": 0, "shift": 0.1, "horizontal_flip": "always"},
        {"rotation": 0, "shear": 0, "zoom": 0, "shift": 0.1, "horizontal_flip": False},
        {"horizontal_flip": "always"},
        {"rotation": 20, "shear": 0, "zoom": 0, "shift": 0, "horizontal_flip": False},
        {"rotation": 15, "shear": 10, "zoom": 0.2, "shift": 0.1},
    ],
    ids=["moved-and-mirrored", "moved", "all-mirrored", "turned", "all"],
)
def test_a_place_in_a_copy_is_found_on_the_picture(settings):
    """Whatever an augmenter moves, its matrix says where it came from."""
    augmenter = ImageAugmenter(6, fill_mode="constant", random_state=0, **settings)
    for place in ((30, 45), (24, 36)):
        for copy in augmenter.make_copies([dot(*place)])[0]:
            np.testing.assert_allclose(found(copy), place, atol=0.35)


def test_a_place_in_a_crop_is_found_on_the_picture():
    """The body's box, and what is done to it afterwards."""
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    pixels[20:50, 30:80] = 120
    views = ImagePreprocessor(color="grey", contrast="stretch", crop="body").transform([pixels])
    places = views[0].geometry() @ [[0, 0.5], [0, 0.5], [1, 1]]
    assert views[0].decode().shape[:2] == (30, 50)
    np.testing.assert_allclose(places[:2, 0] * [WIDTH, HEIGHT], [30, 20])
    np.testing.assert_allclose(places[:2, 1] * [WIDTH, HEIGHT], [55, 35])


def test_what_moves_no_pixel_has_the_identity():
    """Grey and contrast stay in place, and so does a picture that is no view."""
    picture = check_images([dot(30, 45)])[0]
    view = ImagePreprocessor(color="grey", contrast="clahe").transform([picture])[0]
    for reference in (picture, view):
        np.testing.assert_array_equal(reference.geometry(), np.eye(3))
    assert (picture.operations, len(view.operations)) == ((), 2)


def test_the_same_view_of_another_picture():
    """Operations follow those that a picture already has."""
    a, b = check_images([dot(30, 45), dot(20, 20)], groups=["a", "b"])
    grey = ImagePreprocessor(color="grey").transform([a])[0]
    both = ImageAugmenter(1, random_state=0).make_copies([b])[0, 0].followed_by(grey)
    assert both.group == "b"
    assert len(both.operations) == 2
    np.testing.assert_array_equal(
        both.decode(),
        ImagePreprocessor(color="grey")
        .transform(ImageAugmenter(1, random_state=0).make_copies([b])[:, 0])[0]
        .decode(),
    )
