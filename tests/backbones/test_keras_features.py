"""Features agree with plain Keras, and pooling with NumPy by hand."""

import sys

import keras
import numpy as np
import pytest
import tiny_network
from PIL import Image

from fusionlearn import BACKBONES, BackboneFeatureExtractor, FeatureStore
from fusionlearn.backbones import get_engine, resolve_network
from fusionlearn.backbones._table import _APPLICATIONS
from fusionlearn.exceptions import BackboneError
from fusionlearn.presets import covid_ct


def extractor(**params):
    params = {"application_params": {"alpha": 0.25}, "input_size": 32, "weights": None, **params}
    return BackboneFeatureExtractor("MobileNet", store=FeatureStore(), **params)


@pytest.fixture(scope="module")
def model():
    return tiny_network.mobilenet()


def maps(model, name, pictures, size=(32, 32)):
    """The outputs of a layer by plain Keras."""
    resized = [
        np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
        for picture in pictures
    ]
    pixels = keras.applications.mobilenet.preprocess_input(np.stack(resized).astype(np.float32))
    inner = keras.Model(model.input, model.get_layer(name).output)
    return np.asarray(inner.predict_on_batch(pixels), dtype=np.float64)


LAST = "conv_pw_13_relu"


def test_pooling_by_hand(model, pictures):
    output = maps(model, LAST, pictures)
    mean, std, high = output.mean((1, 2)), output.std((1, 2)), output.max((1, 2))
    tolerance = {"rtol": 1e-4, "atol": 1e-6 * high.max()}
    np.testing.assert_allclose(extractor().transform(pictures), mean, **tolerance)
    np.testing.assert_allclose(extractor(pooling="max").transform(pictures), high, **tolerance)
    both = extractor(pooling="avg_std").transform(pictures)
    np.testing.assert_allclose(both, np.hstack([mean, std]), **tolerance)


def test_pooling_over_more_than_one_place(model, pictures):
    """The last map of 32 pixels is one place, over which all poolings look alike."""
    output = maps(model, "conv_pw_3_relu", pictures)
    assert output.shape[1:3] == (8, 8)
    mean, std, high = output.mean((1, 2)), output.std((1, 2)), output.max((1, 2))
    for pooling, expected in [("avg", mean), ("max", high), ("avg_std", np.hstack([mean, std]))]:
        result = extractor(pooling=pooling, layers="conv_pw_3_relu").transform(pictures)
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6 * high.max())


def test_several_layers_are_concatenated_in_their_order(model, pictures):
    names = ["conv_pw_3_relu", "conv1_relu", LAST]
    result = extractor(layers=names).transform(pictures)
    expected = np.hstack([maps(model, name, pictures).mean((1, 2)) for name in names])
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6 * expected.max())


@pytest.mark.parametrize("depth", [0.001, 0.3, 2 / 3, 1, 1.0])
def test_depths_are_fractions_of_the_layers(model, pictures, depth):
    """The input itself is no layer that one can ask for."""
    names = [layer.name for layer in model.layers]
    name = names[max(1, round(depth * (len(names) - 1)))]
    by_depth = extractor(layers=depth).transform(pictures)
    np.testing.assert_array_equal(by_depth, extractor(layers=name).transform(pictures))
    assert name != names[0]


def test_the_whole_depth_is_the_last_layer(pictures):
    whole = extractor(layers=1.0).transform(pictures)
    np.testing.assert_allclose(whole, extractor().transform(pictures), rtol=1e-6)


def test_layers_that_do_not_exist(pictures):
    with pytest.raises(
        BackboneError, match=r"no layer 'conv_pw_3_rel'. Did you mean 'conv_pw_3_relu"
    ):
        extractor(layers="conv_pw_3_rel").transform(pictures)


def test_height_and_width_are_not_mixed_up(pictures):
    high = tiny_network.mobilenet()
    network = resolve_network(
        "MobileNet", weights=None, application_params={"alpha": 0.25}, input_size=(64, 32)
    )
    assert get_engine(network).n_features == 256
    with tiny_network.seeded(0):
        high = keras.applications.MobileNet(
            alpha=0.25, weights=None, include_top=False, input_shape=(64, 32, 3)
        )
    expected = maps(high, LAST, pictures, size=(32, 64)).mean((1, 2))
    result = extractor(input_size=(64, 32)).transform(pictures)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_an_engine_leaves_the_batch_alone_and_is_built_once(rng):
    batch = rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    batch.setflags(write=False)
    before = batch.copy()
    network = resolve_network("MobileNet", weights=None, application_params={"alpha": 0.25},
                              input_size=32)  # fmt: skip
    engine = get_engine(network)
    features = engine.compute(batch)
    np.testing.assert_array_equal(batch, before)
    assert features.dtype == np.float32
    assert features.shape == (2, engine.n_features)
    assert get_engine(network) is engine


def agrees_with_plain_keras(name, rng):
    size = BACKBONES[name].min_size
    pictures = rng.integers(0, 256, (2, 60, 50, 3), dtype=np.uint8)
    resized = np.stack(
        [
            np.asarray(Image.fromarray(x).resize((size, size), Image.Resampling.BILINEAR))
            for x in pictures
        ]
    ).astype(np.float32)
    function = getattr(keras.applications, name)
    with tiny_network.seeded(0):
        plain = function(
            weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg"
        )
    preprocess = sys.modules[function.__module__].preprocess_input
    expected = plain.predict_on_batch(preprocess(resized))
    features = BackboneFeatureExtractor(
        name, weights=None, input_size=size, store=FeatureStore()
    ).transform(pictures)
    assert features.shape == (2, BACKBONES[name].n_features)
    assert np.ptp(expected) > 0
    assert np.abs(features - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.fixture
def empty_pool(monkeypatch):
    """Large networks are given back after the test."""
    from fusionlearn.backbones import _pool

    monkeypatch.setattr(_pool, "_ENGINES", {})


RECIPE = covid_ct.RECIPE["backbones"]
# These take most of the time; one of branches and one of residuals are left.
LARGE = ("NASNetLarge", "InceptionResNetV2", "DenseNet121", "Xception")


@pytest.mark.usefixtures("empty_pool")
@pytest.mark.parametrize("name", [name for name in RECIPE if name not in LARGE])
def test_the_recipe_s_networks_agree_with_plain_keras(name, rng):
    agrees_with_plain_keras(name, rng)


@pytest.mark.slow
@pytest.mark.usefixtures("empty_pool")
@pytest.mark.parametrize(
    "name", [row[0] for row in _APPLICATIONS if row[0] not in RECIPE or row[0] in LARGE]
)
def test_every_network_agrees_with_plain_keras(name, rng):
    agrees_with_plain_keras(name, rng)
