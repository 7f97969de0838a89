"""The resampling inside graphs is Pillow's, to the bit."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fusionlearn._compat import isolated_keras_build
from fusionlearn.exporting._pictures import Pictures
from fusionlearn.exporting._resize import resize
from fusionlearn.features._extraction import resize as resize_by_pillow

SIZE = (17, 24)


@pytest.fixture(scope="module")
def graph():
    with isolated_keras_build(0):
        pixels = keras.Input((None, None, 3))
        return keras.Model(pixels, resize(pixels, SIZE))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_levels_are_those_of_pillow(graph, height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    wanted = resize_by_pillow(pixels, SIZE)
    got = np.asarray(graph(pixels[np.newaxis].astype(np.float32)))[0]
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("shape", [(512, 400), (1, 3000), (1201, 77)])
def test_large_pictures(graph, shape):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    got = np.asarray(graph(pixels[np.newaxis].astype(np.float32)))[0]
    np.testing.assert_array_equal(got, resize_by_pillow(pixels, SIZE))


def test_extremes_stay_in_range(graph):
    checks = (np.indices((50, 31)).sum(axis=0) % 2 * 255).astype(np.uint8)
    for levels in (checks, np.full_like(checks, 255), np.zeros_like(checks)):
        pixels = np.repeat(levels[..., np.newaxis], 3, axis=2)
        got = np.asarray(graph(pixels[np.newaxis].astype(np.float32)))[0]
        np.testing.assert_array_equal(got, resize_by_pillow(pixels, SIZE))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_several_pictures_in_grey(n):
    """TensorFlow may multiply tensors wrongly whose channels are an axis of length one."""
    with isolated_keras_build(0):
        tensor = keras.Input((None, None, 1))
        model = keras.Model(tensor, resize(tensor, SIZE))
    pixels = np.random.default_rng(4).integers(0, 256, (n, 40, 50, 1), dtype=np.uint8)
    got = np.asarray(model(pixels.astype(np.float32)))[..., 0]
    wanted = [resize_by_pillow(np.repeat(one, 3, axis=2), SIZE)[..., 0] for one in pixels]
    np.testing.assert_array_equal(got, wanted)


def test_grey_is_that_of_pillow():
    pixels = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with isolated_keras_build(0):
        tensor = keras.Input((None, None, 3))
        model = keras.Model(tensor, Pictures(tensor).grey()._pixels)
    got = np.asarray(model(pixels[np.newaxis].astype(np.float32)))[0, ..., 0]
    np.testing.assert_array_equal(got, np.asarray(Image.fromarray(pixels).convert("L")))
