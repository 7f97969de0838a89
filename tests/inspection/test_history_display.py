"""The curves of training, and what all displays promise."""

import random
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fusionlearn import AugmentedClassifier, FineTuneClassifier, ImageAugmenter
from fusionlearn.inspection import (
    AugmentationDisplay,
    ClassDistributionDisplay,
    ErrorGalleryDisplay,
    FusionDiagramDisplay,
    HistoryDisplay,
    ReliabilityDisplay,
    VoteDisplay,
)

HISTORY = {
    "loss": [0.7, 0.5, 0.3],
    "accuracy": [0.5, 0.7, 0.9],
    "val_loss": [0.7, 0.6, 0.65],
    "val_accuracy": [0.5, 0.8, 0.7],
}
DISPLAYS = [
    lambda ax=None: HistoryDisplay.from_history(HISTORY, best_epoch=1, ax=ax),
    lambda ax=None: ClassDistributionDisplay.from_labels(["a", "b"], split=["x", "y"], ax=ax),
    lambda ax=None: AugmentationDisplay.from_augmenter(
        ImageAugmenter(1), np.zeros((2, 8, 8), dtype=np.uint8), ax=ax
    ),
    lambda ax=None: ErrorGalleryDisplay.from_predictions(
        np.zeros((2, 8, 8), dtype=np.uint8), ["a", "b"], [[0.3, 0.7], [0.3, 0.7]], ax=ax
    ),
    lambda ax=None: FusionDiagramDisplay.from_estimator(FineTuneClassifier(), ax=ax),
    lambda ax=None: ReliabilityDisplay.from_predictions(
        np.arange(20) % 2, np.tile([[0.3, 0.7]], (20, 1)), ax=ax
    ),
    lambda ax=None: VoteDisplay.from_predictions([["a", "b"], ["a", "a"]], ["a", "b"], ax=ax),
    lambda ax=None: VoteDisplay.from_predictions(
        [["a", "b"], ["a", "a"]], ["a", "b"], kind="agreement", ax=ax
    ),
]


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_curves_and_best_epoch(metric):
    display = HistoryDisplay.from_history(HISTORY, best_epoch=1, metric=metric)
    training, validation = display.lines_
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert training.get_ydata().tolist() == HISTORY[metric]
    assert validation.get_ydata().tolist() == HISTORY[f"val_{metric}"]
    assert training.get_linestyle() != validation.get_linestyle()
    assert display.best_.get_offsets().tolist() == [[2, HISTORY[f"val_{metric}"][1]]]
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[:2] == ["training", "validation"]
    assert texts[2].startswith("best epoch: 2 (")
    assert display.ax_.get_xlabel() == "Epoch"
    assert metric in display.ax_.get_ylabel().lower()


def test_without_validation_the_training_curve_is_marked():
    history = {"loss": [0.7, 0.6], "accuracy": [0.5, 0.6]}
    display = HistoryDisplay.from_history(history, best_epoch=1)
    assert [line.get_label() for line in display.lines_] == ["training"]
    assert display.best_.get_offsets().tolist() == [[2, 0.6]]
    assert HistoryDisplay.from_history(history).best_ is None


def test_one_epoch_is_seen():
    """A line through one point is invisible; the point needs a marker."""
    display = HistoryDisplay.from_history({"loss": [0.7]}, metric="loss")
    assert display.lines_[0].get_marker() == "o"
    assert display.ax_.get_xticks().tolist() == [1]


def test_a_perfect_curve_has_no_accuracy_above_one():
    display = HistoryDisplay.from_history({"accuracy": [1.0, 1.0]})
    assert max(tick for tick in display.ax_.get_yticks() if tick <= display.ax_.get_ylim()[1]) <= 1


def test_plot_again_draws_the_other_metric():
    display = HistoryDisplay.from_history(HISTORY)
    first = display.ax_
    assert display.plot("loss") is display
    assert display.ax_ is not first
    assert display.lines_[0].get_ydata().tolist() == HISTORY["loss"]


@pytest.mark.parametrize(
    ("history", "options", "message"),
    [
        ({"loss": [1.0]}, {}, r"has \['loss'\]; wanted 'accuracy'"),
        (HISTORY, {"metric": "auc"}, "'metric' parameter.*'accuracy'"),
        (HISTORY, {"best_epoch": 3}, "best_epoch=3: wanted an epoch from 0 to 2"),
        (HISTORY, {"best_epoch": -1}, "best_epoch=-1"),
        ({"accuracy": []}, {}, "one value for each epoch"),
        ({"accuracy": [1.0], "val_accuracy": [1.0, 1.0]}, {}, "one value for each epoch"),
    ],
)
def test_bad_histories(history, options, message):
    with pytest.raises(ValueError, match=message):
        HistoryDisplay.from_history(history, **options)


def test_what_fit_returns_holds_the_history():
    """Whoever hands over the object that Keras gives is told where the numbers are."""
    with pytest.raises(TypeError, match=r"history is a NoneType; wanted a dict.*attribute history"):
        HistoryDisplay.from_history(None)


def _flatten(X):
    return np.stack([reference.decode()[:, :, 0].ravel() for reference in X]) / 255.0


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (24, 6, 6), dtype=np.uint8)
    X[12:] += 100
    return X, np.repeat(["a", "b"], 12)


def test_histories_are_found_inside_fitted_estimators(data):
    """Alone, in a pipeline, in an augmented classifier, in a search around it."""
    X, y = data
    features = X.reshape(len(X), -1) / 255.0
    head = FineTuneClassifier(epochs=2, random_state=0)
    alone = FineTuneClassifier(epochs=2, random_state=0).fit(features, y)
    pipeline = make_pipeline(StandardScaler(), FineTuneClassifier(epochs=2)).fit(features, y)
    augmented = AugmentedClassifier(
        make_pipeline(FunctionTransformer(_flatten), head), ImageAugmenter(1)
    )
    search = GridSearchCV(augmented, {"augmenter__n_copies": [1]}, cv=2).fit(X, y)
    inner = search.best_estimator_.estimator_[-1]
    for estimator, fitted in (
        (alone, alone),
        (pipeline, pipeline[-1]),
        (search, inner),
        (search.best_estimator_, inner),
    ):
        display = HistoryDisplay.from_estimator(estimator)
        assert display.history is fitted.history_
        assert display.best_epoch == fitted.best_epoch_
        assert display.lines_[0].get_ydata().tolist() == fitted.history_["accuracy"]
        assert len(display.lines_) == 1 + ("val_accuracy" in fitted.history_)
        assert display.best_ is not None


@pytest.mark.parametrize(
    "estimator",
    [
        FineTuneClassifier(),
        make_pipeline(StandardScaler(), FineTuneClassifier()),
        GridSearchCV(FineTuneClassifier(), {}),
        AugmentedClassifier(FineTuneClassifier()),
    ],
)
def test_unfitted_estimators(estimator):
    with pytest.raises(NotFittedError, match=r"is not fitted\. Call fit first"):
        HistoryDisplay.from_estimator(estimator)


def test_estimators_without_a_history(data):
    X, y = data
    X = X.reshape(len(X), -1) / 255.0
    vote = VotingClassifier([("a", LogisticRegression())]).fit(X, y)
    with pytest.raises(TypeError, match=r"VotingClassifier has no history.*Pass a member"):
        HistoryDisplay.from_estimator(vote)
    search = GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match="LogisticRegression in the GridSearchCV has no history"):
        HistoryDisplay.from_estimator(search)
    with pytest.raises(TypeError, match="int has no history"):
        HistoryDisplay.from_estimator(3)


@pytest.mark.parametrize("make", DISPLAYS)
def test_nothing_global_is_changed(make):
    """No rcParams, no pyplot figure, no random state."""
    import matplotlib.pyplot as plt

    before = _settings(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    display = make()
    display.figure_.draw_without_rendering()
    after = _settings(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before == after
    assert plt.get_fignums() == []


def _settings():
    # The backend is chosen by matplotlib itself as soon as somebody looks at it.
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}


@pytest.mark.parametrize("make", DISPLAYS)
def test_given_axes_are_used(make):
    left, right = Figure().subplots(1, 2)
    display = make(ax=right)
    assert display.ax_ is right
    assert display.figure_ is right.figure
    assert not left.has_data()
    with pytest.raises(TypeError, match="ax is a str; wanted matplotlib axes"):
        make(ax="right")


@pytest.mark.parametrize("make", DISPLAYS)
def test_notebooks_show_the_figure(make):
    assert make()._repr_png_().startswith(b"\x89PNG")
    assert HistoryDisplay(HISTORY)._repr_png_() is None


def test_figures_of_pyplot_are_not_shown_twice():
    import matplotlib.pyplot as plt

    with matplotlib.rc_context():
        plt.switch_backend("agg")
        try:
            assert DISPLAYS[0](ax=plt.figure().subplots())._repr_png_() is None
        finally:
            plt.close("all")


@pytest.mark.parametrize("make", DISPLAYS)
def test_missing_matplotlib_names_the_extra(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"Display draws with matplotlib.*fusionlearn\[plot\]"):
        make()


@pytest.mark.parametrize("settings", [{"validation": None}, {"early_stopping": False}])
def test_no_epoch_is_marked_whose_weights_were_not_kept(settings):
    X = np.random.default_rng(0).normal(size=(40, 3))
    head = FineTuneClassifier(epochs=3, random_state=0, **settings).fit(X, X[:, 0] > 0)
    assert HistoryDisplay.from_estimator(head).best_ is None
