"""A fusion of networks needs no second copy of its result."""

import tracemalloc

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from fusionlearn import BackboneFeatureExtractor, ConcatFusion, FeatureStore, register_backbone

N_FEATURES = 400


@pytest.fixture(scope="module")
def wide():
    import keras

    def build():
        return keras.Sequential([keras.layers.Input((4, 4, 3)), keras.layers.Conv2D(N_FEATURES, 3)])

    return register_backbone("wide", build, input_size=4)


@pytest.fixture
def fusion(wide, tmp_path):
    store = FeatureStore(tmp_path / "rows.db")
    return ConcatFusion(
        [
            ("avg", BackboneFeatureExtractor(wide, store=store)),
            ("max", BackboneFeatureExtractor(wide, pooling="max", store=store)),
        ]
    )


@pytest.mark.parametrize("has_duplicates", [False, True])
def test_the_peak_is_the_result(fusion, rng, has_duplicates):
    X = rng.integers(0, 256, (1500, 4, 4), dtype=np.uint8)
    if has_duplicates:
        X[700] = X[3]
    wanted = fusion.fit_transform(X)
    tracemalloc.start()
    try:
        found = fusion.transform(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(found, wanted)
    assert peak < 1.6 * wanted.nbytes
    np.testing.assert_array_equal(found[700], found[3]) if has_duplicates else None


def test_duplicates_are_where_their_pictures_are(fusion, rng):
    X = rng.integers(0, 256, (40, 4, 4), dtype=np.uint8)
    chosen = rng.integers(0, 40, 500)
    whole = fusion.fit_transform(X)
    np.testing.assert_array_equal(fusion.transform(X[chosen]), whole[chosen])


def test_weights_change_nothing_of_the_callers(wide, rng):
    """Only what extractors made is multiplied in place."""
    X = rng.random((5, 3), dtype=np.float32)
    before = X.copy()
    fusion = ConcatFusion([("same", FunctionTransformer())], transformer_weights={"same": 3.0})
    np.testing.assert_array_equal(fusion.fit_transform(X), before * 3)
    np.testing.assert_array_equal(X, before)


def test_weights_of_networks(fusion, rng):
    X = rng.integers(0, 256, (5, 4, 4), dtype=np.uint8)
    plain = fusion.fit_transform(X)
    fusion.set_params(transformer_weights={"max": 2.0})
    wanted = plain * np.repeat([1.0, 2.0], N_FEATURES).astype(np.float32)
    np.testing.assert_array_equal(fusion.fit_transform(X), wanted)
    np.testing.assert_array_equal(fusion.transform(X), wanted)  # what is stored is as it was
