"""The training loop: as Keras trains, the same bits every time, one trainer per shape."""

import os
import random
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from fusionlearn import FineTuneClassifier
from fusionlearn._compat import import_keras
from fusionlearn.classifiers._dropout import draw_keys
from fusionlearn.classifiers._head import Head
from fusionlearn.classifiers._optimizers import find_optimizer, optimizer_names
from fusionlearn.classifiers._trainer import Trainer
from fusionlearn.classifiers._trainer_pool import POOL, TrainerPool
from fusionlearn.classifiers._training import Schedule, train

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])
WEIGHTS = RNG.uniform(0.2, 2, 70).astype(np.float32)


class Unobserved:
    def begin(self):
        pass

    def end(self, values, arrays):
        return False


def head(optimizer="adam", hidden_units=(), n_outputs=1, uses_xla=False, **others):
    settings = {"n_features": 6, "has_dropout": False, **others}
    return Head(
        hidden_units=hidden_units,
        n_outputs=n_outputs,
        optimizer=optimizer,
        uses_xla=uses_xla,
        **settings,
    )


def run(shape, y=Y, epochs=5, dropout=0.0, parts=None, seed=0):
    schedule = Schedule(0.01, dropout, 16, epochs, None)
    seeds = np.random.SeedSequence(seed).spawn(2)
    parts = parts or (np.arange(60), np.arange(60, 70))
    return train(shape, schedule, X, y, WEIGHTS, parts, seeds, Unobserved())


def fitted(**parameters):
    settings = {"random_state": 0, "epochs": 4, **parameters}
    return FineTuneClassifier(**settings).fit(X, Y)


def bits(classifier):
    return joblib.hash([classifier.coefs_, classifier.intercepts_, classifier.history_])


# The others' rules are Keras' own code too; that each learns, and starts anew, is seen below.
USUAL = ("adam", "adamw", "rmsprop", "sgd")


def marked(optimizer):
    return pytest.param(optimizer, (5,), 2, marks=[pytest.mark.slow] * (optimizer not in USUAL))


@pytest.mark.draws_globally
@pytest.mark.parametrize(
    ("optimizer", "hidden_units", "n_classes"),
    [
        *map(marked, sorted(optimizer_names())),
        ("adam", (), 2),
        ("rmsprop", (), 3),
        ("adam", (5, 4), 3),
    ],
)
def test_it_trains_as_keras_does(optimizer, hidden_units, n_classes):
    """Oracle: keras.Model.fit, same first weights, order and weights; a short last batch."""
    keras = import_keras()
    y = Y if n_classes == 2 else Y3
    shape = head(optimizer, hidden_units, 1 if n_classes == 2 else n_classes)
    results = [run(shape, y)]
    # Each optimizer's arithmetic is TensorFlow's own; that XLA changes none takes a few.
    if optimizer in ("adam", "rmsprop", "sgd"):
        results.append(run(replace(shape, uses_xla=True), y))

    weights_seed, epochs_seed = np.random.SeedSequence(0).spawn(2)
    with POOL.lend(shape) as trainer:
        trainer.reset(np.random.default_rng(weights_seed), 0.01)
        first_weights = zip(*trainer.arrays(), strict=True)
    layers = [keras.layers.Dense(n, "relu") for n in hidden_units]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(shape.n_outputs)])
    for layer, weights in zip(model.layers, first_weights, strict=True):
        layer.set_weights(weights)
    losses = keras.losses
    loss = losses.BinaryCrossentropy if n_classes == 2 else losses.SparseCategoricalCrossentropy
    model.compile(
        find_optimizer(optimizer)(learning_rate=0.01), loss(from_logits=True), run_eagerly=True
    )
    # Built here, ScheduleFreeAdamW starts from the weights; built inside fit, from zeros.
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(epochs_seed)
    history = {"loss": [], "val_loss": []}
    for _ in range(5):
        rows = rng.permutation(60)
        draw_keys(rng)
        epoch = model.fit(
            X[rows],
            y[rows, np.newaxis],
            sample_weight=WEIGHTS[rows],
            batch_size=16,
            shuffle=False,
            verbose=0,
            validation_data=(X[60:], y[60:, np.newaxis], WEIGHTS[60:]),
        )
        for name, values in history.items():
            values.extend(epoch.history[name])

    for trained in results:
        for name, values in history.items():
            np.testing.assert_allclose(trained.history[name], values, rtol=1e-5)
        for layer, *arrays in zip(model.layers, trained.coefs, trained.intercepts, strict=True):
            for array, expected in zip(arrays, layer.get_weights(), strict=True):
                np.testing.assert_allclose(array, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("optimizer", sorted(optimizer_names()))
def test_a_used_trainer_is_as_good_as_new(optimizer):
    """Every optimizer: no state is left from another fit, and it learns something."""
    shape = head(optimizer, (4,), has_dropout=True)
    POOL.clear()
    fresh = run(shape, dropout=0.3)
    run(shape, y=1 - Y, dropout=0.6, epochs=3, seed=1)
    again = run(shape, dropout=0.3)
    assert len(POOL) == 1
    assert joblib.hash(fresh) == joblib.hash(again)
    losses = run(shape, dropout=0.0).history["loss"]
    assert losses[-1] < losses[0]


def test_nothing_is_compiled_for_other_rates_and_sizes():
    """A grid over them compiles once; memory stays as it is from fit to fit."""
    POOL.clear()
    fitted()
    (trainer,) = POOL._idle
    for parameters in (
        {"dropout": 0.2},
        {"learning_rate": 0.1},
        {"batch_size": 5},
        {"validation": None},
        {"class_weight": "balanced"},
        {"random_state": 3},
    ):
        fitted(**parameters)
        assert POOL._idle == [trainer]
    FineTuneClassifier(epochs=2).fit(X[:69], Y[:69])
    assert POOL._idle == [trainer]


def test_a_search_compiles_once_and_is_the_same_in_threads():
    """Over rates, sizes of batches, and folds whose numbers of rows differ."""
    grid = {"dropout": [0.2, 0.5], "learning_rate": [0.01, 0.1], "batch_size": [2, 32]}
    search = GridSearchCV(FineTuneClassifier(epochs=2, random_state=0), grid, cv=3)
    POOL.clear()
    scores = search.fit(X, Y).cv_results_["mean_test_score"]
    assert len(POOL) == 1
    # scikit-learn sets the filters in each thread, and one undoes what another has set.
    with warnings.catch_warnings(), joblib.parallel_config("threading", n_jobs=2):
        again = search.fit(X, Y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(scores, again)
    assert len(POOL) == 2


def test_a_fit_gives_the_same_bits_after_others():
    first = bits(fitted())
    fitted(random_state=1)
    fitted(hidden_units=(3,))
    assert bits(fitted()) == first
    assert bits(fitted(random_state=1)) != first


def test_a_fit_gives_the_same_bits_in_another_process():
    script = (
        "import joblib, numpy as np; from fusionlearn import FineTuneClassifier\n"
        "rng = np.random.default_rng(0); X = rng.normal(size=(70, 6)).astype(np.float32)\n"
        "y = (X[:, 0] + X[:, 1] > 0).astype(int)\n"
        "c = FineTuneClassifier(random_state=0, epochs=4).fit(X, y)\n"
        "print(joblib.hash([c.coefs_, c.intercepts_, c.history_]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == bits(fitted())


def test_wide_features_give_the_same_bits():
    """Long sums, where threads could add in another order."""
    wide = np.random.default_rng(1).normal(size=(40, 8000)).astype(np.float32)  # with XLA
    results = {
        bits(FineTuneClassifier(random_state=0, epochs=2).fit(wide, Y[:40])) for _ in range(4)
    }
    assert len(results) == 1


def test_threads_do_not_share_a_trainer():
    """Fits at the same time are as one after the other."""
    seeds = [0, 1, 2, 3]
    alone = [bits(fitted(random_state=seed, epochs=30)) for seed in seeds]
    with ThreadPoolExecutor(4) as executor:
        together = list(
            executor.map(lambda seed: bits(fitted(random_state=seed, epochs=30)), seeds)
        )
    assert together == alone


@pytest.mark.on_tensorflow
def test_the_pool_forgets_what_was_not_used_for_longest():
    pool = TrainerPool(Trainer, 2)
    shapes = [head(n_features=n) for n in (1, 2, 3)]
    trainers = []
    for shape in [shapes[0], shapes[1], shapes[0], shapes[2]]:
        with pool.lend(shape) as trainer:
            trainers.append(trainer)
    assert trainers[2] is trainers[0]
    assert [trainer.head.n_features for trainer in pool._idle] == [1, 3]


@pytest.mark.on_tensorflow
def test_a_lent_trainer_is_not_lent_twice():
    pool = TrainerPool(Trainer, 2)
    with pool.lend(head()) as first, pool.lend(head()) as second:
        assert first is not second
    assert len(pool) == 2


@pytest.mark.on_tensorflow
def test_a_trainer_returns_after_an_error():
    pool = TrainerPool(Trainer, 2)
    with pytest.raises(RuntimeError, match="inside"), pool.lend(head()):
        raise RuntimeError("inside")
    assert len(pool) == 1


def test_nothing_global_is_changed():
    """Random generators, environment, precision and Keras' names of layers."""
    import tensorflow as tf
    from keras.src.backend.common import global_state

    keras = import_keras()
    POOL.clear()

    def snapshot():
        return joblib.hash(
            [
                random.getstate(),
                np.random.mtrand._rand.get_state(),
                tf.random.get_global_generator().state.numpy(),
                dict(os.environ),
                keras.config.dtype_policy().name,
                keras.config.floatx(),
                global_state.get_global_attribute("object_name_uids"),
                str(global_state.get_global_attribute("global_seed_generator")),
            ]
        )

    before = snapshot()
    for random_state in (0, None):
        _ = fitted(random_state=random_state, hidden_units=(2,)).model_
    assert snapshot() == before


def test_keras_precision_of_the_user_does_not_matter():
    """A global policy of half precision would change the results."""
    expected = bits(fitted(hidden_units=(3,)))
    POOL.clear()
    keras = import_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert bits(fitted(hidden_units=(3,))) == expected
    finally:
        keras.config.set_dtype_policy(before)


def test_dropout_acts_in_training_only():
    """Its rate changes what is learned; probabilities do not depend on chance."""
    with POOL.lend(head(has_dropout=True)) as trainer:
        rows = trainer.hold(X, Y, WEIGHTS, 2**20)
        losses = []
        for rate, seed in [(0.0, 1), (0.5, 1), (0.5, 1), (0.5, 2)]:
            trainer.reset(np.random.default_rng(0), 1e-9)
            keys = draw_keys(np.random.default_rng(seed))
            losses.append(trainer.train_epoch(rows, np.arange(70), 70, rate, keys)[0])
        assert losses[0] == pytest.approx(trainer.evaluate(rows, np.arange(70))[0], rel=1e-5)
        assert losses[1] == losses[2]
        assert len(set(losses)) == 3


def test_another_backend_is_refused(monkeypatch):
    keras = import_keras()
    monkeypatch.setattr(keras.config, "backend", lambda: "numpy")
    # A shape that no other test asks for, so that no trainer of it waits in the pool.
    wanted = head(hidden_units=(3, 1, 2))
    with pytest.raises(RuntimeError, match="KERAS_BACKEND"), POOL.lend(wanted):
        pass
