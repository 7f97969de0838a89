"""scikit-learn's callbacks on every estimator, alone and inside each other."""

import io
import re

import numpy as np
import pytest
from composition_parts import by_patient, phantoms, small_networks
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from fusionlearn import (
    AugmentedClassifier,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    MajorityVoteFusion,
)
from fusionlearn.features import ParetoScaler

callback = pytest.importorskip("sklearn.callback")
pytest.importorskip("rich")

STORE = FeatureStore()
DATA = phantoms(16, n_patients=8)
AUGMENTER = ImageAugmenter(n_copies=1)


def networks():
    return small_networks(STORE, layers=0.1)


def extractor():
    return networks()[0][1]


def head(extractor=None):
    return FineTuneClassifier(extractor, epochs=2, random_state=0)


def pipeline():
    steps = [("features", ConcatFusion(networks())), ("scale", ParetoScaler()), ("head", head())]
    return Pipeline(steps)


def vote(**params):
    return MajorityVoteFusion([("a", head(extractor())), ("b", pipeline())], **params)


ESTIMATORS = {
    "preprocessor": ImagePreprocessor(),
    "extractor": extractor(),
    "concat": ConcatFusion(networks()),
    "concat of pipelines": ConcatFusion([("a", make_pipeline(ImagePreprocessor(), extractor()))]),
    "head": head(extractor()),
    "end to end": FineTuneClassifier(
        small_networks(FeatureStore())[0][1], unfreeze=3, epochs=1, fine_tune_epochs=1
    ),
    "pipeline": pipeline(),
    "preprocessed": make_pipeline(ImagePreprocessor(color="grey"), extractor(), head()),
    "vote": vote(),
    "vote that finds its weights": vote(weights="greedy", cv=2, random_state=0),
    "augmented": AugmentedClassifier(pipeline(), AUGMENTER),
    "augmented vote": AugmentedClassifier(vote(), AUGMENTER),
    "search": GridSearchCV(head(extractor()), {"dropout": [0.2, 0.5]}, cv=by_patient(2)),
    # which has no callbacks
    "calibrated": AugmentedClassifier(
        CalibratedClassifierCV(head(extractor()), cv=by_patient(2)), AUGMENTER
    ),
}


def bars_of(estimator, monkeypatch, depth=None):
    """The last picture of scikit-learn's bars: a percentage for each task."""
    import rich.console
    import rich.progress

    screen = io.StringIO()
    console = rich.console.Console(file=screen, width=200, force_terminal=False)
    monkeypatch.setattr(rich.progress, "get_console", lambda: console)
    estimator.set_callbacks(callback.ProgressBar(max_propagation_depth=depth))
    try:
        if hasattr(estimator, "predict"):
            estimator.fit(DATA.data, DATA.target)
        else:
            estimator.fit_transform(DATA.data, DATA.target)
    finally:
        estimator.set_callbacks()
    lines = screen.getvalue().splitlines()
    return [(" ".join(re.findall(r"[\w#|-]+", line)), "100%" in line) for line in lines if line]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_bars_of_scikit_learn_come_to_their_end(name, monkeypatch):
    """Nothing warns, and no task is left open at any depth."""
    bars = bars_of(ESTIMATORS[name], monkeypatch)
    assert bars
    assert [text for text, is_done in bars if not is_done] == []
    assert f"{type(ESTIMATORS[name]).__name__} - fit" in bars[0][0]


def test_the_extraction_has_a_bar_below_the_head_that_waits_for_it(monkeypatch):
    """It takes most of the time, and would be no more than a pause before the epochs."""
    model = head(small_networks(FeatureStore(), layers=0.1)[0][1])
    told = " ".join(text for text, _ in bars_of(model, monkeypatch, depth=1))
    assert "FineTuneClassifier - fit-extractor | BackboneFeatureExtractor - fit #0" in told
    assert "BackboneFeatureExtractor - extract #0" in told


@pytest.mark.parametrize("name", ["vote", "augmented", "search"])
def test_scores_are_monitored_in_a_head_inside_another_estimator(name):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    inner = head(extractor()).set_callbacks(monitor)
    outer = {
        "vote": MajorityVoteFusion([("a", inner), ("b", pipeline())]),
        "augmented": AugmentedClassifier(inner, AUGMENTER),
        "search": GridSearchCV(inner, {"dropout": [0.2, 0.5]}, cv=by_patient(2)),
    }[name]
    outer.fit(DATA.data, DATA.target)
    entries = monitor.get_logs().data
    assert {entry["task_name"] for entry in entries} == {"epoch"}
    assert len(entries) == 2 * (5 if name == "search" else 1)
    assert np.isfinite([entry["accuracy"] for entry in entries]).all()


def test_callbacks_leave_nothing_behind(monkeypatch):
    """A fitted model that was watched is the same as one that was not."""
    watched = vote()
    bars_of(watched, monkeypatch)
    plain = vote().fit(DATA.data, DATA.target)
    np.testing.assert_array_equal(watched.predict_proba(DATA.data), plain.predict_proba(DATA.data))
    for member in (watched, *watched.estimators_):
        assert not [name for name in vars(member) if "callback" in name]
