"""Large JPEGs are decoded at reduced scale; what networks see stays the same."""

import numpy as np
import pytest

from fusionlearn import check_images
from fusionlearn.exceptions import ImageError
from fusionlearn.features._extraction import resize


@pytest.fixture
def photograph(rng, encode):
    """A JPEG with edges, a gradient and noise at several scales."""
    rows, columns = np.indices((1800, 2400))
    picture = 90 + 60 * np.sin(rows / 90) + 50 * ((columns // 150 + rows // 200) % 2)
    for step in (1, 8, 40):
        noise = rng.normal(0, 8, (1800 // step + 1, 2400 // step + 1))
        picture += np.kron(noise, np.ones((step, step)))[:1800, :2400]
    pixels = np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)
    return encode(pixels, "JPEG", quality=90)


def test_the_reduced_picture_is_the_same_to_the_tolerance(photograph):
    """After resizing a pixel differs by half a level in the mean, and 99 % by at most 3."""
    (reference,) = check_images([photograph])
    whole = resize(reference.decode(), (224, 224)).astype(int)
    (reduced,) = reference.decode_for([448])
    assert reduced.shape == (450, 600, 3)
    difference = np.abs(resize(reduced, (224, 224)) - whole)
    assert difference.mean() < 0.6
    assert np.quantile(difference, 0.99) <= 3


def test_each_use_has_a_scale_of_its_own(photograph):
    """What one network sees does not depend on which others are asked."""
    (reference,) = check_images([photograph])
    large, small = reference.decode_for([900, 200])
    assert large.shape == (900, 1200, 3)
    assert small.shape == (225, 300, 3)
    np.testing.assert_array_equal(small, reference.decode_for([200])[0])


def test_no_picture_comes_too_small(photograph):
    (reference,) = check_images([photograph])
    for side in (100, 226, 899, 901, 5000):
        (pixels,) = reference.decode_for([side])
        assert min(pixels.shape[:2]) >= min(side, 1800)


def test_other_pictures_come_whole(encode, pictures):
    references = check_images([encode(pictures[0]), pictures[0]])
    for reference in references:
        one, other = reference.decode_for([4, 8])
        np.testing.assert_array_equal(one, pictures[0])
        np.testing.assert_array_equal(other, pictures[0])


def test_a_truncated_jpeg_is_refused_at_any_scale(photograph):
    (reference,) = check_images([photograph[: len(photograph) // 2]])
    with pytest.raises(ImageError, match="read to its end"):
        reference.decode_for([100])


@pytest.mark.parametrize(("width", "height", "scale"), [(2400, 1796, 4), (2399, 1800, 1)])
def test_half_pixels_at_the_edge_do_not_count_as_whole_ones(rng, encode, width, height, scale):
    """A scale that divides one side only would stretch the picture."""
    pixels = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((height // 8 + 1, width // 8 + 1, 1)))
    data = encode(pixels[:height, :width].astype(np.uint8), "JPEG", quality=90)
    (decoded,) = check_images([data])[0].decode_for([100])
    assert decoded.shape == (height // scale, width // scale, 3)
