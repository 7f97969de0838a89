"""A network that is cut gives what the whole gives, wherever it is cut."""

import numpy as np
import pytest

from fusionlearn.backbones import TrainedPart, cut_network, get_engine, resolve_network
from fusionlearn.backbones._cut import (
    count_trained_layers,
    split_model,
    trainable_variables,
)
from fusionlearn.backbones._keras_engine import KerasEngine
from fusionlearn.backbones._keras_model import build_maps_model
from fusionlearn.exceptions import BackboneError

SIZES = {
    "DenseNet121": 32,
    "InceptionV3": 75,
    "NASNetMobile": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "ConvNeXtTiny": 32,
}


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, (2, 20, 20, 3), dtype=np.uint8)


def resolved(name, **params):
    return resolve_network(name, weights=None, input_size=SIZES[name], **params)


@pytest.mark.parametrize(
    ("name", "share"),
    [
        pytest.param("DenseNet121", 0.34, marks=pytest.mark.slow),
        pytest.param("InceptionV3", 0.34, marks=pytest.mark.slow),
        pytest.param("NASNetMobile", 0.34, marks=pytest.mark.slow),
        ("MobileNetV2", 0.2),
        ("MobileNetV2", 0.66),
    ],
)
def test_both_sides_of_a_cut_together_are_the_network(name, share, rng):
    """Branches that run across the cut are handed over too."""
    network = resolved(name, engine="keras")
    side = SIZES[name]
    batch = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    wanted = KerasEngine(network).compute(batch)
    cut = cut_network(network, share)
    rows = KerasEngine(cut).compute(batch)
    part = TrainedPart(cut)
    got = np.asarray(part.model(part.tensors(rows), training=False))
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("share", [0.1, 0.33, 0.6])
@pytest.mark.parametrize("name", ["MobileNetV3Small", "ConvNeXtTiny", "MobileNetV2"])
def test_all_layers_behind_the_cut_are_trained(name, share):
    """Also where sums and products that are no layers stand between them."""
    maps = build_maps_model(resolved(name))
    n_trained = count_trained_layers(maps, share, name)
    frozen, trained = split_model(maps, n_trained)
    behind = trainable_variables(maps.layers[-n_trained:])
    assert {id(v) for v in trainable_variables(trained.layers)} == {id(v) for v in behind}
    assert not {id(v) for v in trainable_variables(frozen.layers)} & {id(v) for v in behind}


@pytest.mark.parametrize(
    ("pooling", "layers"), [("avg", (0.4, 1.0)), ("max", (0.9,)), ("avg_std", (0.4, 1.0))]
)
def test_inner_layers_can_be_trained_too(pooling, layers, rng):
    """With a cut behind the first of them, which is then handed over itself."""
    network = resolved("MobileNetV2", layers=layers, pooling=pooling, engine="keras")
    batch = rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    wanted = KerasEngine(network).compute(batch)
    cut = cut_network(network, 0.3)
    part = TrainedPart(cut)
    got = np.asarray(part.model(part.tensors(KerasEngine(cut).compute(batch)), training=False))
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize(
    "name", ["MobileNetV2", "VGG16", pytest.param("DenseNet121", marks=pytest.mark.slow)]
)
def test_pixels_enter_where_all_layers_are_trained(name, rng):
    """With the preprocessing of the network, whichever it is."""
    network = resolve_network(name, weights=None, input_size=32, engine="keras")
    batch = rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    cut = cut_network(network, "all")
    assert cut.row_type == "|u1"
    rows = np.empty((2, 3 * 32 * 32), np.uint8)
    get_engine(cut).stream(batch, lambda start, new: rows.__setitem__(slice(start, None), new))
    part = TrainedPart(cut)
    got = np.asarray(part.model(part.tensors(rows), training=False))
    wanted = KerasEngine(network).compute(batch)
    assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_what_cannot_hurt_is_kept_in_half_the_room(tiny):
    """Rounding to float16 changes features by less than a thousandth, or is not done."""
    assert cut_network(resolve_network(tiny), "second").row_type == "<f2"


def test_what_float16_cannot_hold_stays_float32():
    """Untrained, MobileNetV2 has inner values that would become zero; these are too large."""
    import keras

    from fusionlearn import register_backbone

    def build():
        pixels = keras.Input((8, 8, 3))
        large = keras.layers.Rescaling(1000.0)(pixels)
        small = keras.layers.Rescaling(1e-3)(large)
        return keras.Model(pixels, keras.layers.Conv2D(2, 3)(small))

    register_backbone("huge", build, input_size=8)
    assert cut_network(resolve_network("huge"), 2).row_type == "<f4"
    assert cut_network(resolved("MobileNetV2"), 0.3).row_type == "<f4"


def test_ways_to_say_how_many():
    maps = build_maps_model(resolved("MobileNetV2"))
    n_layers = len(maps.layers) - 1
    assert count_trained_layers(maps, "all", "MobileNetV2") == n_layers
    assert count_trained_layers(maps, 1.0, "MobileNetV2") == n_layers
    assert count_trained_layers(maps, 10, "MobileNetV2") == 10
    assert count_trained_layers(maps, 0.5, "MobileNetV2") == round(n_layers / 2)
    with pytest.raises(BackboneError, match="the last 1 layers"):  # a share is never none
        count_trained_layers(maps, 0.001, "MobileNetV2")
    named = count_trained_layers(maps, "block_16_expand", "MobileNetV2")
    assert maps.layers[-named].name == "block_16_expand"


def test_one_layer_and_all_of_them_are_told_apart_in_one_process():
    """1 and 1.0 are equal, and one key of a dict."""
    network = resolved("MobileNetV2")
    whole = cut_network(network, 1.0)
    assert cut_network(network, "all") == whole
    with pytest.raises(BackboneError, match="the last 1 layers"):
        cut_network(network, 1)


@pytest.mark.parametrize(
    ("unfreeze", "message"),
    [
        ("block_16_expnd", "has no layer 'block_16_expnd' .* Did you mean 'block_16_expand"),
        (1000, "MobileNetV2 has 153 layers"),
        (1, "the last 1 layers of MobileNetV2 have no weights to train.*Pass at least 3"),
    ],
)
def test_layers_that_cannot_be_trained(unfreeze, message):
    with pytest.raises(BackboneError, match=message):
        cut_network(resolved("MobileNetV2"), unfreeze)


def test_a_network_without_weights():
    import keras

    from fusionlearn import register_backbone

    def build():
        pixels = keras.Input((8, 8, 3))
        return keras.Model(pixels, keras.layers.MaxPooling2D()(pixels))

    register_backbone("weightless", build, input_size=8)
    with pytest.raises(BackboneError, match="Leave unfreeze=0"):
        cut_network(resolve_network("weightless"), "all")


def test_identities_tell_cuts_apart():
    """And a network that is not cut has the identity that it always had."""
    network = resolved("MobileNetV2")
    identities = {cut_network(network, number).identity for number in (5, 30, "all")}
    assert len({network.identity, *identities}) == 4
    assert "trained_layers" not in network.description


def test_a_cut_keeps_the_engine_that_was_asked_for():
    """What was cut before for another engine is an equal network, and not the same one."""
    for engine in ("keras", "auto", "keras"):
        assert cut_network(resolved("MobileNetV2", engine=engine), 5).engine == engine


def test_the_frozen_side_shares_no_layer_that_is_trained(rng):
    """Training never changes the network from which features are extracted."""
    network = resolved("MobileNetV2", engine="keras")
    batch = rng.integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    before = get_engine(network).compute(batch)
    part = TrainedPart(cut_network(network, 0.5))
    for variable in part.variables:
        variable.assign(np.zeros(variable.shape, np.float32))
    np.testing.assert_array_equal(get_engine(network).compute(batch), before)


def test_split_keeps_every_output():
    maps = build_maps_model(resolved("MobileNetV2", layers=(0.3, 0.6, 1.0)))
    _, trained = split_model(maps, 5)
    assert len(trained.outputs) == 3
