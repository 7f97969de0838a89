"""The dropout of a head: random enough, and a pure function of keys and counters."""

import numpy as np
import pytest

from fusionlearn._compat import import_keras
from fusionlearn.classifiers._dropout import draw_keys, drop, threshold_of


def mask(seed, rate=0.5, shape=(400, 500), first=0):
    import_keras()
    import tensorflow as tf

    keys = draw_keys(np.random.default_rng(seed))
    counters = (first + np.arange(shape[0] * shape[1], dtype=np.uint32)).reshape(shape)
    dropped = drop(
        tf.ones(shape),
        tf.constant(counters),
        tf.constant(threshold_of(rate), tf.uint32),
        tf.constant(1 / (1 - rate), tf.float32),
        tf.constant(keys),
    )
    return dropped.numpy()


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.3, 0.5, 0.9])
def test_the_rate_is_kept_in_rows_and_columns(rate):
    """Within five standard deviations, everywhere; what is kept is scaled."""
    result = mask(0, rate)
    kept = result > 0
    np.testing.assert_allclose(result[kept], 1 / (1 - rate), rtol=1e-6)
    for axis in (None, 0, 1):
        share = kept.mean(axis=axis)
        deviation = np.sqrt(rate * (1 - rate) / (kept.size / np.size(share)))
        assert np.abs(share - (1 - rate)).max() <= 5 * deviation


def test_masks_are_independent():
    """Of neighbours, of other rows, of other epochs and of epochs that start elsewhere."""
    first = (mask(0) > 0) - 0.5
    others = [(mask(seed) > 0) - 0.5 for seed in (1, 2)]
    shifted = (mask(0, first=2**20) > 0) - 0.5
    pairs = [
        *((first, other) for other in [*others, shifted]),
        *((first[lag:], first[:-lag]) for lag in (1, 2, 64)),
        *((first[:, lag:], first[:, :-lag]) for lag in (1, 2, 64)),
    ]
    for a, b in pairs:
        correlation = 4 * (a * b).mean()
        assert abs(correlation) < 5 / np.sqrt(a.size)


def test_every_mask_is_new():
    """No epoch is another one with its values moved: sums over rows would be the same."""
    sums = {tuple(sorted((mask(seed) > 0).sum(axis=1))) for seed in range(5)}
    assert len(sums) == 5


def test_a_mask_depends_on_keys_and_counters_alone():
    np.testing.assert_array_equal(mask(3), mask(3))
    np.testing.assert_array_equal(mask(3)[100:], mask(3, shape=(300, 500), first=100 * 500))


@pytest.mark.parametrize("rate", [0.0, 0.5, 1 - 1e-12])
def test_a_threshold_fits_into_its_type(rate):
    assert 0 <= threshold_of(rate) < 2**32
