"""FineTuneClassifier: what it learns, what it promises, what it refuses."""

import copy
import pickle
import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from classifier_stubs import PixelExtractor, X, Y, as_pictures, quick
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError

from fusionlearn import FineTuneClassifier
from fusionlearn.classifiers._forward import logits_to_decision, logits_to_proba
from fusionlearn.exceptions import ValidationSplitWarning

X3, Y3 = make_blobs(120, centers=[[-4, 0], [4, 0], [0, 6]], random_state=0)


@pytest.mark.parametrize("hidden_units", [(), [8], (8, 4)])
@pytest.mark.parametrize(("data", "y"), [(X, Y), (X3, Y3)], ids=["binary", "multi-class"])
def test_separable_classes_are_learned(data, y, hidden_units):
    model = quick(hidden_units=hidden_units, dropout=0.2, epochs=60).fit(data, y)
    assert model.score(data, y) > 0.95
    assert len(model.coefs_) == len(model.intercepts_) == len(hidden_units) + 1
    assert model.coefs_[-1].shape[1] == (1 if len(np.unique(y)) == 2 else 3)


@pytest.mark.parametrize(
    "labels",
    [np.array(["well", "ill"]), np.array([7, -3]), np.array([False, True]), np.array([0.0, 1.0])],
    ids=["str", "int", "bool", "float"],
)
def test_labels_are_given_back_as_they_were(labels):
    model = quick().fit(X, labels[Y])
    predicted = model.predict(X)
    assert predicted.dtype == labels.dtype
    assert model.classes_.tolist() == sorted(labels.tolist())
    assert (predicted == labels[Y]).mean() > 0.95


def test_labels_in_a_series_are_taken():
    """pandas' own string type among them."""
    y = pd.Series(np.array(["ill", "well"])[Y])
    model = quick().fit(pd.DataFrame(X, columns=["a", "b"]), y)
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert set(model.predict(pd.DataFrame(X, columns=["a", "b"]))) == {"ill", "well"}


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(
            st.lists(
                st.floats(-800, 800) | st.just(0.0) | st.floats(0, 1e-15), min_size=n, max_size=n
            ),
            min_size=1,
            max_size=5,
        )
    )
)
def test_probabilities_and_decisions_agree(logits):
    """argmax of the one is argmax (or sign) of the other, also within rounding of a tie."""
    logits = np.array(logits)
    proba, decision = logits_to_proba(logits), logits_to_decision(logits)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (proba >= 0).all()
    chosen = (decision > 0).astype(int) if decision.ndim == 1 else decision.argmax(axis=1)
    np.testing.assert_array_equal(chosen, proba.argmax(axis=1))


@pytest.mark.parametrize(("data", "y"), [(X, Y), (X3, Y3)], ids=["binary", "multi-class"])
def test_predict_follows_predict_proba(data, y):
    model = quick(epochs=3).fit(data, y)
    proba = model.predict_proba(data)
    assert proba.shape == (len(data), len(model.classes_))
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(data))


@pytest.mark.parametrize(
    ("data", "y", "hidden_units"), [(X, Y, ()), (X3, Y3, ()), (X, Y, (6,)), (X3, Y3, (6, 5))]
)
def test_the_keras_model_is_equivalent(data, y, hidden_units):
    """model_ is derived from the arrays: features to probabilities."""
    model = quick(hidden_units=hidden_units, epochs=3).fit(data, y)
    proba = model.model_.predict(data, verbose=0)
    np.testing.assert_allclose(proba, model.predict_proba(data), atol=1e-6)


def test_predicting_needs_no_tensorflow(tmp_path):
    """A loaded classifier predicts, and shows itself, without loading Keras."""
    path = tmp_path / "model.pkl"
    model = quick(epochs=2).fit(X, Y)
    path.write_bytes(pickle.dumps(model))
    script = (
        "import pickle, sys\n"
        f"model = pickle.loads(open({str(path)!r}, 'rb').read())\n"
        "print(model.predict([[-3, 0], [3, 0]]).tolist())\n"
        "model._repr_html_()\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == str(model.predict([[-3, 0], [3, 0]]).tolist())


def test_listing_attributes_builds_no_model():
    """dir() is what scikit-learn's HTML reads; each look at model_ would build a model."""
    model = quick(epochs=2).fit(X, Y)
    assert "coefs_" in dir(model)
    assert "model_" not in dir(model)
    assert model.model_ is not model.model_


def test_rows_are_predicted_in_blocks(monkeypatch):
    """The size of a block bounds memory and does not matter otherwise."""
    model = quick(hidden_units=(4,), epochs=2).fit(X, Y)
    expected = model.predict_proba(X)
    monkeypatch.setattr("fusionlearn.classifiers._forward._BLOCK_BYTES", 8 * 4 * 7)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)


def test_early_stopping_keeps_the_best_epoch():
    """Its arrays are those of a training that ends there."""
    rng = np.random.default_rng(0)
    noisy = rng.normal(size=(60, 30))
    y = rng.integers(0, 2, 60)
    model = quick(patience=4, epochs=60, learning_rate=0.1).fit(noisy, y)
    losses = model.history_["val_loss"]
    assert model.best_epoch_ == np.argmin(losses)
    assert model.n_iter_ == len(losses) == model.best_epoch_ + 1 + 4 < 60
    until_best = quick(
        early_stopping=False, epochs=int(model.best_epoch_) + 1, learning_rate=0.1
    ).fit(noisy, y)
    np.testing.assert_array_equal(model.coefs_[0], until_best.coefs_[0])
    np.testing.assert_array_equal(model.intercepts_[0], until_best.intercepts_[0])
    last = quick(early_stopping=False, epochs=model.n_iter_, learning_rate=0.1).fit(noisy, y)
    assert last.best_epoch_ == model.best_epoch_
    assert (last.coefs_[0] != model.coefs_[0]).any()


def test_without_validation_everything_is_trained_on():
    model = quick(validation=None).fit(X, Y)
    assert set(model.history_) == {"loss", "accuracy"}
    assert model.n_iter_ == 15
    assert model.best_epoch_ == np.argmin(model.history_["loss"])


def test_a_split_that_is_impossible_is_announced_where_fit_was_called():
    with pytest.warns(ValidationSplitWarning, match="single sample") as caught:
        model = quick(epochs=2).fit([[0], [1], [2]], [0, 1, 1])
    assert caught[0].filename == __file__
    assert model.n_iter_ == 2


def test_class_weight_moves_the_decision():
    """By label; "balanced" lifts the rare class."""
    rng = np.random.default_rng(0)
    overlapping = np.r_[rng.normal(-0.5, 1, (180, 1)), rng.normal(0.5, 1, (20, 1))]
    y = np.repeat(["common", "rare"], [180, 20])
    shares = [
        (
            quick(class_weight=weight, epochs=40).fit(overlapping, y).predict(overlapping) == "rare"
        ).mean()
        for weight in ({"rare": 0.01}, None, "balanced", {"rare": 100})
    ]
    assert shares[0] <= shares[1] < shares[2] < shares[3]


def test_class_weight_is_sample_weight():
    weighted = quick().fit(X, Y, sample_weight=np.where(Y == 1, 3.0, 1.0))
    by_class = quick(class_weight={1: 3}).fit(X, Y)
    assert joblib.hash(by_class.history_) == joblib.hash(weighted.history_)
    np.testing.assert_array_equal(by_class.coefs_[0], weighted.coefs_[0])


def test_weights_are_repetitions_in_full_batches():
    """What scikit-learn's weight check asks, where mini-batches and chance are out of it."""
    repeats = np.random.default_rng(0).integers(0, 4, len(X))
    full = {
        "dropout": 0,
        "validation": None,
        "optimizer": "sgd",
        "batch_size": 10_000,
        "epochs": 20,
    }
    weighted = quick(**full).fit(X, Y, sample_weight=repeats)
    # A batch's loss is divided by its rows, whatever they weigh.
    rate = 0.05 * repeats.sum() / len(X)
    repeated = quick(**full).set_params(learning_rate=rate)
    repeated.fit(np.repeat(X, repeats, axis=0), np.repeat(Y, repeats))
    np.testing.assert_allclose(weighted.coefs_[0], repeated.coefs_[0], rtol=1e-4)


def test_samples_of_no_weight_have_no_part():
    """Their labels and features do not matter."""
    weight = np.ones(len(X))
    weight[:10] = 0
    other = X.copy()
    other[:10] *= -7
    first = quick(validation=None, dropout=0).fit(X, Y, sample_weight=weight)
    second = quick(validation=None, dropout=0).fit(other, Y, sample_weight=weight)
    np.testing.assert_array_equal(first.coefs_[0], second.coefs_[0])


def test_the_validation_loss_is_weighted():
    even = quick(epochs=1).fit(X, Y)
    doubled = quick(epochs=1, learning_rate=1e-9).fit(X, Y, sample_weight=np.full(len(X), 2.0))
    still = quick(epochs=1, learning_rate=1e-9).fit(X, Y)
    assert doubled.history_["val_loss"][0] == pytest.approx(2 * still.history_["val_loss"][0])
    assert even.history_["val_loss"][0] < still.history_["val_loss"][0]


@pytest.mark.parametrize("weight", [np.where(Y == 0, 0, 1), None])
def test_one_class_is_refused(weight):
    y = np.zeros(len(X)) if weight is None else Y
    with pytest.raises(ValueError, match="1 class"):
        quick().fit(X, y, sample_weight=weight)


def test_an_unknown_optimizer_is_refused_with_a_hint():
    with pytest.raises(ValueError, match=r"'rmsprob'.*Did you mean 'rmsprop'\?"):
        quick(optimizer="rmsprob").fit(X, Y)
    with pytest.raises(ValueError, match="wanted one of") as error:
        quick(optimizer="zzz").fit(X, Y)
    assert "Did you mean" not in str(error.value)


def test_the_case_of_an_optimizer_does_not_matter():
    lower, upper = (quick(optimizer=name).fit(X, Y) for name in ("adam", "Adam"))
    np.testing.assert_array_equal(lower.coefs_[0], upper.coefs_[0])


@pytest.mark.parametrize("unfreeze", [3, 0.3, "all", {"extractor": 3}])
def test_layers_of_what_has_none_are_refused_not_ignored(unfreeze):
    with pytest.raises(ValueError, match=re.escape(f"unfreeze={unfreeze!r}")):
        quick(PixelExtractor(), unfreeze=unfreeze).fit(as_pictures(X), Y)
    with pytest.raises(ValueError, match="no layers to train without an extractor"):
        quick(unfreeze=unfreeze).fit(X, Y)


@pytest.mark.parametrize("hidden_units", [(0,), (2.5,), ("a",), (True,)])
def test_wrong_hidden_units_are_refused(hidden_units):
    with pytest.raises(ValueError, match="hidden_units"):
        quick(hidden_units=hidden_units).fit(X, Y)


def test_a_diverging_training_is_an_error():
    """Infinite weights would predict something all the same."""
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match=r"loss became .* Scale the features"),
    ):
        quick(optimizer="sgd", learning_rate=1e30, hidden_units=(4,)).fit(X * 1e15, Y)


def test_a_random_state_of_ones_own_is_drawn_from():
    results = [quick(random_state=np.random.RandomState(3)).fit(X, Y).coefs_[0] for _ in "ab"]
    np.testing.assert_array_equal(*results)
    other = quick(random_state=None).fit(X, Y).coefs_[0]
    assert (other != results[0]).any()


def test_fit_does_not_write_into_its_arguments():
    arrays = [X.astype(np.float32), Y.copy(), np.ones(len(X), np.float32), np.arange(len(X)) // 3]
    before = joblib.hash(arrays)
    for array in arrays:
        array.flags.writeable = False
    data, y, weight, groups = arrays
    quick(epochs=2).fit(data, y, sample_weight=weight, groups=groups)
    assert joblib.hash(arrays) == before


def test_copies_of_all_kinds_predict_the_same():
    """Clone, pickle, deep copy, skops; nothing from Keras in the state."""
    model = quick(hidden_units=(3,), epochs=2).fit(X, Y)
    proba = model.predict_proba(X)
    dumped = skops.io.dumps(model)
    trusted = skops.io.get_untrusted_types(data=dumped)
    for copied in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        skops.io.loads(dumped, trusted=trusted),
        clone(model).fit(X, Y),
    ):
        np.testing.assert_array_equal(copied.predict_proba(X), proba)
    assert trusted == ["fusionlearn.classifiers._fine_tune.FineTuneClassifier"]
    assert joblib.hash(model) == joblib.hash(pickle.loads(pickle.dumps(model)))
    assert len(pickle.dumps(model)) < 5000


def test_what_is_not_fitted_says_so():
    for method in ("predict", "predict_proba", "decision_function"):
        with pytest.raises(NotFittedError):
            getattr(FineTuneClassifier(), method)(X)
    assert not hasattr(FineTuneClassifier(), "model_")


# Progress ---------------------------------------------------------------------------------


needs_callbacks = pytest.mark.skipif(
    not hasattr(FineTuneClassifier, "set_callbacks"), reason="scikit-learn has no callbacks"
)


class Recorder:
    """A callback that notes what happens, and stops if it is told to."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events = []
        self.scores = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self.events.append(f"end {context.task_name} {context.task_id}")
        if context.task_name == "epoch":
            self.scores.append(fitted_estimator.score(X, y))
            return self.stop_after == context.task_id
        return False


@needs_callbacks
def test_callbacks_hear_of_every_epoch():
    """And get the classifier as it is at that moment."""
    recorder = Recorder()
    model = quick(epochs=3, early_stopping=False).set_callbacks(recorder).fit(X, Y)
    epochs = [f"{event} epoch {number}" for number in range(3) for event in ("begin", "end")]
    assert recorder.events == ["setup", "begin fit 0", *epochs, "end fit 0", "teardown"]
    assert recorder.scores[-1] == model.score(X, Y)


@needs_callbacks
def test_a_callback_can_stop_the_training():
    model = quick(early_stopping=False).set_callbacks(Recorder(stop_after=1)).fit(X, Y)
    assert model.n_iter_ == 2


@needs_callbacks
def test_scikit_learns_own_callback_works_on_pictures():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    quick(PixelExtractor(), epochs=3).set_callbacks(monitor).fit(as_pictures(X), Y)


def test_silent_unless_asked(capfd):
    quick(epochs=2).fit(X, Y)
    assert capfd.readouterr() == ("", "")
    quick(epochs=2, verbose=1).fit(X, Y)
    out, err = capfd.readouterr()
    assert out == ""
    assert "2/2" in err
    assert "val_loss=" in err
    quick(epochs=2, verbose=1, validation=None).fit(X, Y)
    assert ", loss=" in capfd.readouterr().err


def test_pictures_without_an_extractor_are_refused_with_the_remedy():
    pictures = np.zeros((4, 8, 8, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"no extractor.*FineTuneClassifier\(extractor\)"):
        FineTuneClassifier().fit(pictures, [0, 0, 1, 1])


def test_a_fit_that_fails_leaves_the_former_one_whole():
    """No labels of one fit with arrays of another."""
    X = np.random.default_rng(0).normal(size=(60, 5))
    y = np.repeat([0, 1], 30)
    classifier = FineTuneClassifier(epochs=2, random_state=0)
    with pytest.raises(ValueError, match="1 class"):
        classifier.fit(X, np.zeros(60))
    with pytest.raises(NotFittedError):
        classifier.predict(X)
    before = classifier.fit(X, np.where(y, "well", "sick")).predict(X)
    with pytest.raises(ValueError, match="1 class"):
        classifier.fit(X, np.zeros(60))
    assert np.array_equal(classifier.predict(X), before)


@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_keras_float_type_is_of_no_concern(floatx, monkeypatch):
    import keras

    from fusionlearn.classifiers._trainer_pool import POOL

    X = np.random.default_rng(0).normal(size=(40, 4))
    y = (X[:, 0] > 0).astype(int)
    expected = FineTuneClassifier(epochs=2, random_state=0).fit(X, y).coefs_[0]
    POOL.clear()
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        coefs = FineTuneClassifier(epochs=2, random_state=0).fit(X, y).coefs_[0]
    finally:
        keras.config.set_floatx(before)
        POOL.clear()
    np.testing.assert_array_equal(coefs, expected)


def test_a_validation_that_is_no_splitter():
    """Text has a method "split" too, and would fail far inside."""
    with pytest.raises(ValueError, match="validation='patient': wanted 'stratified'"):
        FineTuneClassifier(validation="patient").fit(np.eye(4), [0, 1, 0, 1])
