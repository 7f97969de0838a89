"""Layers of networks are trained together with the head, and all else stays as it was."""

import pickle

import keras
import numpy as np
import pytest
import tiny_network
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    check_images,
    config_context,
    make_extractors,
    register_backbone,
)
from fusionlearn.backbones import TrainedPart, cut_network
from fusionlearn.classifiers._trainer_pool import JOINT_POOL
from fusionlearn.exceptions import BackboneError, ValidationSplitWarning
from fusionlearn.model_selection import StratifiedImageGroupKFold

SIDE = tiny_network.SIDE
N = 40


@pytest.fixture(scope="module")
def data():
    """Textures that differ by what an edge filter, but not a mean, can see."""
    rng = np.random.default_rng(5)
    X = rng.integers(60, 200, (N, SIDE, SIDE, 3), dtype=np.uint8)
    y = np.arange(N) % 2
    X[y == 1, ::2] //= 3
    X[y == 1, 1::2] += 40
    X.flags.writeable = False
    return X, np.array(["healthy", "striped"])[y]


@pytest.fixture
def extractor(tiny):
    return BackboneFeatureExtractor(tiny, store=FeatureStore())


def quick(extractor, **params):
    defaults = {
        "unfreeze": "second",
        "epochs": 4,
        "fine_tune_epochs": 4,
        "fine_tune_learning_rate": 0.01,
        "validation_fraction": 0.25,
        "batch_size": 8,
        "random_state": 0,
    }
    return FineTuneClassifier(extractor, **{**defaults, **params})


@pytest.fixture(scope="module")
def normalised():
    """A network with BatchNormalization and dropout inside."""

    def build():
        pixels = keras.Input((SIDE, SIDE, 3))
        x = keras.layers.Rescaling(1 / 127.5, -1)(pixels)
        x = keras.layers.Conv2D(4, 3, strides=2, name="first")(x)
        x = keras.layers.BatchNormalization(name="norm")(x)
        y = keras.layers.ReLU()(x)
        y = keras.layers.Conv2D(4, 3, padding="same", name="second")(y)
        y = keras.layers.Dropout(0.2, name="inner")(y)
        return keras.Model(pixels, keras.layers.Add()([x, y]))

    register_backbone("normalised", build, input_size=SIDE)
    return "normalised"


@pytest.mark.parametrize("unfreeze", ["second", 1, 0.5, "all"])
def test_training_layers_lowers_the_loss(extractor, data, unfreeze):
    model = quick(extractor, unfreeze=unfreeze, validation=None, fine_tune_epochs=12)
    model.fit(*data)
    losses = model.history_["loss"]
    assert model.n_head_iter_ == 4
    assert model.n_iter_ == len(losses) == 16
    assert losses[-1] < losses[4]
    assert list(model.fine_tuned_) == list(model.trained_layers_) == ["tiny"]


@pytest.mark.draws_globally
def test_it_equals_keras(tiny, data):
    """The same order, no dropout: the losses and weights of plain Keras."""
    X, y = data
    extractor = BackboneFeatureExtractor(tiny, engine="keras", store=FeatureStore())
    params = {"dropout": 0.0, "validation": None, "optimizer": "sgd", "batch_size": N}
    head = quick(extractor, unfreeze=0, **params).fit(X, y)
    tuned = quick(extractor, fine_tune_epochs=3, **params).fit(X, y)
    with tiny_network.seeded(0):
        network = tiny_network.build()
        features = keras.layers.GlobalAveragePooling2D()(network.outputs[0])
        dense = keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros")
        model = keras.Model(network.inputs, dense(features))
    dense.set_weights([head.coefs_[0], head.intercepts_[0]])
    network.get_layer("first").trainable = False
    model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy")
    target = (y == "striped").astype(np.float32)
    theirs = model.fit(X.astype(np.float32), target, batch_size=N, epochs=3, verbose=0)
    np.testing.assert_allclose(tuned.history_["loss"][4:], theirs.history["loss"], rtol=2e-3)
    wanted = network.get_layer("second").get_weights()
    for ours, keras_weights in zip(tuned.fine_tuned_["tiny"], wanted, strict=True):
        np.testing.assert_allclose(ours, keras_weights, atol=1e-4)


def test_the_head_alone_is_kept_where_it_was_better(extractor, data):
    """Training layers never makes the validated loss worse: here there is nothing to learn."""
    data = data[0], np.random.default_rng(0).permutation(data[1])
    head = quick(extractor, unfreeze=0).fit(*data)
    model = quick(extractor, fine_tune_learning_rate=1e4).fit(*data)
    assert model.best_epoch_ < model.n_head_iter_
    assert model.fine_tuned_ == {}
    np.testing.assert_array_equal(model.coefs_[0], head.coefs_[0])
    np.testing.assert_array_equal(model.predict_proba(data[0]), head.predict_proba(data[0]))


def test_the_best_epoch_is_what_predicts(extractor, data):
    """Its validation loss is that of the probabilities."""
    X, y = data
    model = quick(extractor, validation="tail", fine_tune_epochs=8, epochs=1).fit(X, y)
    assert model.best_epoch_ >= model.n_head_iter_
    tail = slice(-N // 4, None)
    proba = model.predict_proba(X)[tail]
    right = proba[np.arange(len(proba)), (y[tail] == "striped").astype(int)]
    wanted = model.history_["val_loss"][model.best_epoch_]
    assert -np.log(right).mean() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("unfreeze", ["norm", "all", "second"])
def test_batch_normalization_stays_to_the_bit(normalised, data, unfreeze):
    """Weights and moving statistics: a few pictures cannot estimate them."""
    extractor = BackboneFeatureExtractor(normalised, store=FeatureStore())
    network = cut_network(extractor.job().network, unfreeze)
    fresh = TrainedPart(network)
    quick(extractor, unfreeze=unfreeze, validation=None).fit(*data)
    [trainer] = JOINT_POOL._idle
    [used] = trainer._parts
    pairs = [
        (np.asarray(a), np.asarray(b))
        for one, other in zip(
            fresh.model._flatten_layers(), used.model._flatten_layers(), strict=True
        )
        if type(one).__name__ == "BatchNormalization"
        for a, b in zip(one.weights, other.weights, strict=True)
    ]
    assert len(pairs) == (0 if unfreeze == "second" else 4)
    for before, after in pairs:
        np.testing.assert_array_equal(before, after)


def test_the_same_seed_gives_the_same_bits(normalised, data):
    """Dropout inside the network and the optimizer's state start afresh too."""
    extractor = BackboneFeatureExtractor(normalised, store=FeatureStore())
    first = quick(extractor, unfreeze="all").fit(*data).predict_proba(data[0])
    quick(extractor, unfreeze="all", random_state=1).fit(*data)
    again = quick(extractor, unfreeze="all").fit(*data).predict_proba(data[0])
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("unfreeze", [{"a": 1}, {"a": "second", "b": "all"}, 1])
def test_several_networks(tiny, data, unfreeze):
    """Jointly; those that a dict does not name stay as they are."""
    store = FeatureStore()
    members = [
        ("a", BackboneFeatureExtractor(tiny, store=store)),
        ("b", BackboneFeatureExtractor(tiny, pooling="max", store=store)),
    ]
    fusion = ConcatFusion(members, transformer_weights={"b": 0.5})
    model = quick(fusion, unfreeze=unfreeze, validation=None, fine_tune_epochs=8).fit(*data)
    assert model.history_["loss"][-1] < model.history_["loss"][4]
    named = {"a", "b"} if unfreeze == 1 else set(unfreeze)
    assert set(model.fine_tuned_) == named


def test_features_that_enter_the_joint_model_are_weighted_alike(tiny, data):
    """At a vanishing rate the joint model predicts what the head does."""
    members = [
        ("a", BackboneFeatureExtractor(tiny, store=FeatureStore())),
        ("b", BackboneFeatureExtractor(tiny, pooling="max", store=FeatureStore())),
        ("c", "drop"),
    ]
    fusion = ConcatFusion(members, transformer_weights={"a": 3.0})
    params = {"unfreeze": {"a": "second"}, "fine_tune_learning_rate": 1e-12, "validation": None}
    tuned = quick(fusion, **params).fit(*data)
    head = quick(fusion, unfreeze=0, validation=None).fit(*data)
    assert tuned.fine_tuned_
    np.testing.assert_allclose(tuned.predict_proba(data[0]), head.predict_proba(data[0]), atol=2e-3)


def test_the_frozen_part_is_computed_once(extractor, data):
    """Once per picture, for all epochs, fits and predictions."""
    quick(extractor).fit(*data)
    before = extractor.store.stats()["computed"]
    assert before == 2 * N  # features for the head, and what enters the trained layers
    quick(extractor, fine_tune_learning_rate=0.1).fit(*data).predict(data[0])
    assert extractor.store.stats()["computed"] == before


@pytest.mark.parametrize("unfreeze", ["second", "all"])
def test_beyond_the_budget_a_temporary_file_serves(extractor, data, unfreeze, tmp_path):
    """With the same result to the bit."""
    wanted = quick(extractor, unfreeze=unfreeze).fit(*data)
    with config_context(head_memory=4096):
        spilled = quick(extractor, unfreeze=unfreeze).fit(*data)
        proba = spilled.predict_proba(data[0])
    np.testing.assert_array_equal(proba, wanted.predict_proba(data[0]))


def test_no_room_for_a_temporary_file(extractor, data, monkeypatch):
    monkeypatch.setattr(
        "fusionlearn._files.shutil.disk_usage", lambda _: type("U", (), {"free": 9})
    )
    with config_context(head_memory=4096), pytest.raises(MemoryError, match=r"head_memory.*TMPDIR"):
        quick(extractor).fit(*data)


def test_duplicates_and_a_store_with_a_path(tiny, data, tmp_path):
    """Rows of other types than features go through the file too."""
    X, y = np.concatenate([data[0], data[0][:5]]), np.concatenate([data[1], data[1][:5]])
    extractor = BackboneFeatureExtractor(tiny, store=tmp_path / "rows.db")
    for unfreeze in ("second", "all"):
        model = quick(extractor, unfreeze=unfreeze).fit(X, y)
        with config_context(head_memory=4096):
            again = quick(extractor, unfreeze=unfreeze).fit(X, y)
        np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    # Features and what enters "second": the pixels that enter all layers stay out of the file.
    assert FeatureStore(tmp_path / "rows.db").stats()["computed"] == 2 * N


def test_fitted_state_is_arrays(extractor, data):
    """A pickle predicts the same, and a clone is not fitted."""
    model = quick(extractor, validation=None).fit(*data)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(data[0]), model.predict_proba(data[0]))
    assert all(type(a) is np.ndarray for a in model.fine_tuned_["tiny"])
    assert not hasattr(clone(model), "fine_tuned_")


@pytest.mark.parametrize("unfreeze", ["second", "all"])
def test_the_keras_model_predicts_the_same(tiny, data, unfreeze):
    members = [
        ("a", BackboneFeatureExtractor(tiny, store=FeatureStore())),
        ("b", BackboneFeatureExtractor(tiny, pooling="max", store=FeatureStore())),
    ]
    fusion = ConcatFusion(members, transformer_weights={"b": 2.0})
    model = quick(fusion, unfreeze={"b": unfreeze}, validation=None).fit(*data)
    pixels = data[0].astype(np.float32)
    found = keras.ops.convert_to_numpy(model.model_([pixels, pixels]))
    np.testing.assert_allclose(found, model.predict_proba(data[0]), atol=2e-3)


def test_a_parameter_that_is_set_later_does_not_reach_a_fitted_model(extractor, data):
    model = quick(extractor, validation=None).fit(*data)
    before = model.predict_proba(data[0])
    np.testing.assert_array_equal(model.set_params(unfreeze=0).predict_proba(data[0]), before)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_search_over_layers_and_rates(tiny, data, n_jobs, tmp_path):
    grid = {"unfreeze": [0, "second"], "fine_tune_learning_rate": [0.001, 0.01]}
    extractor = BackboneFeatureExtractor(tiny, store=tmp_path / "rows.db")
    search = GridSearchCV(quick(extractor), grid, cv=StratifiedImageGroupKFold(2), n_jobs=n_jobs)
    search.fit(check_images(data[0]), data[1])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# From Keras 3.14 on.
HAS_SCHEDULE_FREE = hasattr(keras.optimizers, "ScheduleFreeAdamW")


@pytest.mark.parametrize(
    "params",
    [
        {"fine_tune_schedule": "cosine"},
        {"weight_decay": 0.5},
        {"clipnorm": 1e-3},
        {"weight_averaging": 0.9},
        {"optimizer": "adamw"},
        *([{"optimizer": "schedulefreeadamw"}] * HAS_SCHEDULE_FREE),
        {"hidden_units": (4,)},
    ],
)
def test_choices_change_the_training(extractor, data, params):
    """Each has an effect, and its result is reproducible."""
    plain = quick(extractor, validation=None).fit(*data).predict_proba(data[0])
    model = quick(extractor, validation=None, **params).fit(*data)
    assert not np.allclose(model.predict_proba(data[0]), plain, atol=1e-6)
    again = quick(extractor, validation=None, **params).fit(*data)
    np.testing.assert_array_equal(again.predict_proba(data[0]), model.predict_proba(data[0]))


def test_weight_decay_makes_weights_smaller(extractor, data):
    def size(**params):
        fitted = quick(extractor, validation=None, fine_tune_epochs=10, **params).fit(*data)
        return np.linalg.norm(fitted.fine_tuned_["tiny"][0])

    assert size(weight_decay=2.0) < 0.95 * size()


def test_clipping_bounds_a_step(extractor, data):
    """With plain descent one step moves all weights by no more than rate times norm."""
    params = {"optimizer": "sgd", "validation": None, "fine_tune_epochs": 1, "batch_size": N}
    rate, norm = 0.01, 1e-3
    start = TrainedPart(cut_network(extractor.job().network, "second")).variables
    model = quick(extractor, clipnorm=norm, fine_tune_learning_rate=rate, **params).fit(*data)
    moved = sum(
        np.square(after - np.asarray(before)).sum()
        for before, after in zip(start, model.fine_tuned_["tiny"], strict=True)
    )
    assert 0 < np.sqrt(moved) <= rate * norm * 1.01


def test_averaged_weights_are_behind_the_last_ones(extractor, data):
    """They move less from where they started."""
    start = TrainedPart(cut_network(extractor.job().network, "second")).variables

    def moved(**params):
        model = quick(extractor, validation=None, **params).fit(*data)
        pairs = zip(start, model.fine_tuned_["tiny"], strict=True)
        return sum(np.abs(after - np.asarray(before)).sum() for before, after in pairs)

    assert 0 < moved(weight_averaging=0.95) < 0.8 * moved()


def test_the_cosine_ends_at_rest(extractor, data):
    """The last epoch of a cosine changes less than that of a constant rate."""

    def last_change(**params):
        few = quick(extractor, validation=None, **params)
        history = few.set_params(fine_tune_epochs=10).fit(*data).history_["loss"]
        return abs(history[-1] - history[-2])

    assert last_change(fine_tune_schedule="cosine", dropout=0.0) < last_change(dropout=0.0)


def test_unknown_names(tiny, extractor, data):
    with pytest.raises(BackboneError, match=r"no layer 'secnd' .*Did you mean 'second"):
        quick(extractor, unfreeze="secnd").fit(*data)
    fusion = ConcatFusion([("mine", extractor)])
    with pytest.raises(ValueError, match=r"names 'mina'.*Did you mean 'mine'"):
        quick(fusion, unfreeze={"mina": 1}).fit(*data)
    with pytest.raises(BackboneError, match="no layer ''"):
        quick(extractor, unfreeze="").fit(*data)
    with pytest.raises(BackboneError, match="tiny has 3 layers"):
        quick(extractor, unfreeze=4).fit(*data)
    for choice in (True, -3, -0.5, 1.5, float("nan"), [1]):
        with pytest.raises(ValueError, match=r"for 'mine': wanted a number of layers"):
            quick(fusion, unfreeze={"mine": choice}).fit(*data)
    two = ConcatFusion([("mine", extractor), ("other", extractor)])
    with pytest.raises(BackboneError, match=r"'mine': unfreeze: tiny.*a dict: unfreeze=\{'mine'"):
        quick(two, unfreeze="secnd").fit(*data)


def test_an_undefined_loss_is_reported(extractor, data):
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="smaller fine_tune_learning_rate"),
    ):
        quick(extractor, optimizer="sgd", fine_tune_learning_rate=1e30).fit(*data)


def test_one_picture_per_class(extractor, data):
    """Nothing to validate on: a warning, and all pictures are trained on."""
    with pytest.warns(ValidationSplitWarning):
        model = quick(extractor).fit(data[0][:2], data[1][:2])
    assert "val_loss" not in model.history_
    assert model.fine_tuned_


def test_three_classes(extractor, data):
    y = np.arange(N) % 3
    model = quick(extractor, validation=None).fit(data[0], y)
    assert model.predict_proba(data[0]).shape == (N, 3)
    np.testing.assert_allclose(model.predict_proba(data[0]).sum(axis=1), 1)


@pytest.mark.slow
def test_seven_networks_together_learn(data):
    """All seven networks of the recipe, all their layers, on a toy set."""
    from fusionlearn.presets import covid_ct

    networks = make_extractors(
        *covid_ct.RECIPE["backbones"], weights=None, input_size=75, store=FeatureStore()
    )
    model = FineTuneClassifier(
        ConcatFusion(networks),
        unfreeze="all",
        epochs=1,
        fine_tune_epochs=4,
        fine_tune_learning_rate=1e-3,
        validation=None,
        dropout=0.0,
        batch_size=8,
        random_state=0,
    )
    X = data[0][:16].repeat(5, axis=1).repeat(5, axis=2)
    model.fit(X, data[1][:16])
    assert len(model.fine_tuned_) == 7
    assert model.history_["loss"][-1] < model.history_["loss"][1]


@pytest.mark.slow
def test_memory_stays_flat_over_fits(tiny, data):
    import gc
    import os

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    extractor = BackboneFeatureExtractor(tiny, store=FeatureStore())
    for seed in range(5):
        quick(extractor, random_state=seed).fit(*data)
    before = resident()
    for seed in range(50):
        quick(extractor, random_state=seed, fine_tune_learning_rate=0.01 / (seed + 1)).fit(*data)
    assert resident() - before < 20e6
