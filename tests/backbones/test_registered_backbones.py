"""Networks of one's own."""

import inspect
import pickle
import random

import joblib
import keras
import numpy as np
import pytest
import tiny_network
from sklearn.base import clone

from fusionlearn import BACKBONES, BackboneFeatureExtractor, FeatureStore, register_backbone
from fusionlearn.backbones import resolve_network
from fusionlearn.backbones._register import build_registered
from fusionlearn.exceptions import BackboneError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras")

X = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def own_table(monkeypatch):
    """What a test registers is forgotten, and what its own layers drew is given back."""
    monkeypatch.setattr(BACKBONES, "_entries", dict(BACKBONES._entries))
    with tiny_network.seeded(0):
        yield


def features(application, **params):
    store = FeatureStore()
    return BackboneFeatureExtractor(application, store=store, **params).transform(X)


@pytest.fixture
def model():
    with tiny_network.seeded(1):
        return tiny_network.build()


def expected(model, X=X):
    return model.predict_on_batch(X.astype(np.float32)).mean(axis=(1, 2))


def test_a_model(model):
    backbone = register_backbone("mine", model)
    assert (backbone.input_size, backbone.min_size, backbone.n_features) == (16, 16, None)
    assert not backbone.is_application
    assert BACKBONES["mine"] is backbone
    np.testing.assert_allclose(features("mine"), expected(model), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(features(backbone), features("mine"))


def test_a_function():
    register_backbone("mine", tiny_network.build, input_size=16)
    with tiny_network.seeded(0):
        model = tiny_network.build()
    np.testing.assert_allclose(features("mine"), expected(model), rtol=1e-5, atol=1e-6)


def test_registering_leaves_python_s_generator_alone(model):
    """Keras draws from it while it builds."""
    state = random.getstate()
    register_backbone("mine", model)
    register_backbone("function", tiny_network.build, input_size=16)
    features("function")
    assert random.getstate() == state


def test_later_training_of_the_model_changes_nothing(model):
    register_backbone("mine", model)
    before, identity = features("mine"), resolve_network("mine").identity
    model.set_weights([array + 1 for array in model.get_weights()])
    np.testing.assert_array_equal(features("mine"), before)
    assert resolve_network("mine").identity == identity
    register_backbone("mine", model)
    assert resolve_network("mine").identity != identity
    assert not np.allclose(features("mine"), before)


def test_identity_is_architecture_and_weights_not_the_name(model):
    one, other = register_backbone("one", model), register_backbone("other", model)
    assert resolve_network("one").identity == resolve_network("other").identity
    with tiny_network.seeded(2):
        register_backbone("other", tiny_network.build())
    assert resolve_network("one").identity != resolve_network("other").identity
    assert resolve_network(one).identity == resolve_network(other).identity


def test_identity_has_no_names_and_nothing_of_training(model):
    """Keras counts names up in each process; a model that is loaded has to find its network."""
    identity = resolve_network(register_backbone("mine", model)).identity
    keras.layers.Conv2D(2, 3)
    with tiny_network.seeded(1):
        same = tiny_network.build()
    same.trainable = False
    same.compile("sgd", "mse")
    assert [layer.name for layer in same.layers] != [layer.name for layer in model.layers]
    assert resolve_network(register_backbone("mine", same)).identity == identity


@pytest.mark.parametrize("change", [{"activation": "relu"}, {"strides": 2}, {"dtype": "float16"}])
def test_identity_has_what_layers_compute(change):
    def build(**params):
        convolution = keras.layers.Conv2D(2, 3, kernel_initializer="ones", **params)
        return keras.Sequential([keras.layers.Input((16, 16, 3)), convolution])

    identities = {
        resolve_network(register_backbone("mine", build(**params))).identity
        for params in ({}, {}, change)
    }
    assert len(identities) == 2


def test_a_function_that_is_registered_again_is_called_again():
    """Weights that it reads may have changed."""
    factor = [1.0]

    def build():
        inputs = keras.Input((16, 16, 3))
        return keras.Model(inputs, keras.layers.Rescaling(factor[0])(inputs))

    register_backbone("mine", build, input_size=16)
    once = features("mine")
    factor[0] = 3.0
    register_backbone("mine", build, input_size=16)
    np.testing.assert_allclose(features("mine"), 3 * once, rtol=1e-6)


def test_identity_has_the_source_of_layers_of_one_s_own(monkeypatch):
    """Their configuration does not say what they compute."""
    model = keras.Sequential([keras.layers.Input((16, 16, 3)), Halve()])
    backbone = register_backbone("mine", model)
    before = resolve_network(backbone).identity
    source = inspect.getsource(Halve)
    monkeypatch.setattr(inspect, "getsource", lambda what: source.replace("2", "3"))
    build_registered.cache_clear()
    assert resolve_network(backbone).identity != before


def test_a_builder_that_cannot_be_hashed_is_refused():
    class Builder(dict):
        def __call__(self):
            return tiny_network.build()

    with pytest.raises(BackboneError, match=r"Builder that cannot be hashed.*Register a function"):
        register_backbone("mine", Builder(), input_size=16)


def test_feature_vectors_are_taken_as_they_are():
    vectors = keras.Sequential([keras.layers.Input((16, 16, 3)), keras.layers.Flatten()])
    register_backbone("vectors", vectors)
    np.testing.assert_array_equal(features("vectors"), X.reshape(4, -1).astype(np.float32))


@pytest.mark.parametrize("mode", ["none", "tf", "caffe", "torch"])
def test_preprocessing(mode):
    identity = keras.Sequential([keras.layers.Input((16, 16, 3)), keras.layers.Flatten()])
    register_backbone("pixels", identity, preprocessing=mode)
    pixels = X.astype(np.float32)
    if mode == "tf":
        pixels = pixels / 127.5 - 1
    elif mode == "caffe":
        pixels = pixels[..., ::-1] - [103.939, 116.779, 123.68]
    elif mode == "torch":
        pixels = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(features("pixels"), pixels.reshape(4, -1), rtol=1e-5, atol=1e-5)


def test_any_input_size():
    free = keras.Sequential([keras.layers.Input((None, None, 3)), keras.layers.Conv2D(2, 1)])
    with pytest.raises(BackboneError, match=r"any size: say which by input_size="):
        register_backbone("free", free)
    register_backbone("free", free, input_size=24, min_size=8)
    whole, half = features("free", input_size=16), features("free", input_size=8)
    assert whole.shape == half.shape == (4, 2)
    with pytest.raises(BackboneError, match="at least 8 x 8"):
        features("free", input_size=7)


def test_one_input_size_and_no_other(model):
    register_backbone("mine", model, min_size=8)
    with pytest.raises(BackboneError, match=r"takes pictures of 16 x 16.*input_size=\(16, 16\)"):
        features("mine", input_size=24)


def test_a_rectangular_input():
    wide = keras.Sequential([keras.layers.Input((16, 24, 3)), keras.layers.Conv2D(2, 1)])
    register_backbone("wide", wide)
    with pytest.raises(BackboneError, match=r"pass input_size=\(16, 24\)"):
        features("wide")
    assert features("wide", input_size=(16, 24)).shape == (4, 2)


def test_it_can_be_pickled_cloned_and_hashed(model):
    """How worker processes get to know it."""
    backbone = register_backbone("mine", model)
    again = pickle.loads(pickle.dumps(backbone))
    assert again == backbone
    assert joblib.hash(again) == joblib.hash(backbone)
    extractor = BackboneFeatureExtractor(backbone)
    for copy in (clone(extractor), pickle.loads(pickle.dumps(extractor))):
        assert copy.job().network.identity == extractor.job().network.identity


def test_weights_files_do_not_leak_into_the_shared_model(model, tmp_path):
    """Two networks of one architecture live beside each other."""
    register_backbone("mine", model)
    with tiny_network.seeded(9):
        other = tiny_network.build()
    other.save_weights(tmp_path / "other.weights.h5")
    from_file = features("mine", weights=tmp_path / "other.weights.h5")
    np.testing.assert_allclose(from_file, expected(other), rtol=1e-5)
    np.testing.assert_allclose(features("mine"), expected(model), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(features("mine", pooling="max").shape, (4, 5))
    deeper = features("mine", layers="second")
    np.testing.assert_allclose(deeper, expected(model), rtol=1e-5)


@keras.saving.register_keras_serializable("fusionlearn tests")
class Halve(keras.layers.Layer):
    def call(self, x):
        return x / 2


def test_names_of_layers_may_be_those_that_keras_gives_to_poolings():
    pixels = keras.Input((16, 16, 3))
    mean = keras.layers.GlobalAveragePooling2D(keepdims=True, name="global_average_pooling2d")
    register_backbone("mine", keras.Model(pixels, pixels * 0 + mean(pixels)))
    np.testing.assert_allclose(features("mine"), X.mean(axis=(1, 2)), rtol=1e-5)


def test_several_inputs_or_outputs():
    pixels, other = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    register_backbone("forked", keras.Model(pixels, [pixels + 1, pixels + 2]))
    register_backbone("joined", keras.Model([pixels, other], pixels + other))
    for name, found in [("forked", "1 inputs and 2 outputs"), ("joined", "2 inputs and 1 outputs")]:
        with pytest.raises(BackboneError, match=f"{name} has {found}: wanted one of each"):
            features(name)


class Unserializable(keras.Model):
    def call(self, x):
        return x


ERRORS = {
    "an application's name": (("VGG19", tiny_network.build, {"input_size": 16}), "another name"),
    "no model": (("mine", 3, {}), "model is a int; wanted a keras.Model"),
    "a preprocessing of one's own": (
        ("mine", tiny_network.build, {"preprocessing": "zscore"}),
        "wanted one of none, tf, caffe, torch",
    ),
    "a function without a size": (("mine", tiny_network.build, {}), "say which by input_size="),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_be_registered(case):
    (name, model, params), message = ERRORS[case]
    with pytest.raises(BackboneError, match=message):
        register_backbone(name, model, **params)


def test_models_that_are_no_plain_data():
    never_called = keras.Sequential([keras.layers.Conv2D(2, 3)])
    anonymous = keras.Sequential([keras.layers.Input((8, 8, 3)), keras.layers.Lambda(lambda x: x)])
    for model in (Unserializable(), never_called, anonymous):
        with pytest.raises(BackboneError, match="cannot be built again"):
            register_backbone("no plain data", model, input_size=8)
    assert "no plain data" not in list(BACKBONES)


def test_layers_of_one_s_own_that_keras_can_find():
    model = keras.Sequential([keras.layers.Input((16, 16, 3)), Halve()])
    register_backbone("mine", model)
    np.testing.assert_allclose(features("mine"), X.mean(axis=(1, 2)) / 2, rtol=1e-5)


def test_parameters_that_a_registered_network_does_not_take(model):
    register_backbone("mine", model)
    with pytest.raises(BackboneError, match=r"weights=None: 'mine' .* Leave weights= out"):
        features("mine", weights=None)
    with pytest.raises(BackboneError, match="takes none"):
        features("mine", application_params={"alpha": 1})


def test_outputs_that_are_no_feature_maps():
    for layer in (keras.layers.Reshape((256, 3)), keras.layers.Reshape((4, 4, 16, 3))):
        register_backbone("mine", keras.Sequential([keras.layers.Input((16, 16, 3)), layer]))
        with pytest.raises(BackboneError, match="wanted feature maps"):
            features("mine")


def test_features_that_are_not_finite(model):
    """Broken weights must not end up in a store."""
    model.set_weights([np.full_like(array, np.nan) for array in model.get_weights()])
    register_backbone("broken", model)
    store = FeatureStore()
    with pytest.raises(BackboneError, match="not finite"):
        BackboneFeatureExtractor("broken", store=store).transform(X)
    assert store.stats()["rows"] == 0
