"""evaluate: each picture judged once, by a model that saw no picture of its patient."""

import dataclasses
import functools
import json
import pickle
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from fusionlearn import check_images, get_groups
from fusionlearn.exceptions import GroupConflictError
from fusionlearn.metrics import bootstrap_interval
from fusionlearn.model_selection import (
    Evaluation,
    StratifiedImageGroupKFold,
    evaluate,
    make_shortcut_baseline,
)


class Recorder(ClassifierMixin, BaseEstimator):
    """Notes who it was fitted on and asked about; its probabilities come from the brightness."""

    def __init__(self, log=None, sharpness=10.0):
        self.log = log
        self.sharpness = sharpness

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.fitted_ = sorted(get_groups(X).tolist())
        means = np.array([reference.decode().mean() for reference in X])
        self.means_ = np.array([means[np.asarray(y) == label].mean() for label in self.classes_])
        return self

    def predict_proba(self, X):
        if self.log is not None:
            note = {
                "fitted": self.fitted_,
                "asked": get_groups(X).tolist(),
                "pictures": [reference.digest for reference in X],
            }
            (Path(self.log) / uuid.uuid4().hex).write_text(json.dumps(note))
        means = np.array([reference.decode().mean() for reference in X])
        score = -np.abs(means[:, None] - self.means_) / self.sharpness
        proba = np.exp(score - score.max(axis=1, keepdims=True))
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def make_data(classes=("ill", "well"), n_patients=12, per_patient=2, seed=0):
    """Noise that is brighter in each further class; patients have several pictures."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_patients), per_patient)
    number = groups % len(classes)
    X = rng.integers(0, 60, (len(groups), 6, 6), dtype=np.uint8)
    X += (12 * number + rng.integers(0, 12, len(groups))).astype(np.uint8)[:, None, None]
    return check_images(X, groups=groups), np.array(classes)[number], groups


@pytest.fixture(scope="module")
def judged():
    """One evaluation for all tests that only read it: intervals take their time."""
    X, y, _ = make_data()
    return evaluate(Recorder(), X, y, cv=3, positive="ill")


@pytest.fixture
def quick_intervals(monkeypatch):
    """Intervals from few resamples, for tests of what is around them."""
    quick = functools.partial(bootstrap_interval, n_resamples=20)
    monkeypatch.setattr("fusionlearn.model_selection._evaluation.bootstrap_interval", quick)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_every_picture_is_predicted_once_by_a_model_that_saw_none_of_its_patient(tmp_path, n_jobs):
    X, y, groups = make_data()
    evaluation = evaluate(Recorder(str(tmp_path)), X, y, cv=3, shortcut=False, n_jobs=n_jobs)
    notes = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert len(notes) == 3
    for note in notes:
        assert not set(note["fitted"]) & set(note["asked"])
        assert len(note["fitted"]) + len(note["asked"]) == len(X)
    asked = [digest for note in notes for digest in note["pictures"]]
    assert sorted(asked) == sorted(reference.digest for reference in X)
    np.testing.assert_array_equal(evaluation.groups, groups)


def test_rows_are_in_the_order_of_X():
    X, y, _ = make_data()
    evaluation = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    folds = StratifiedImageGroupKFold(3, shuffle=True, random_state=0).split(X, y)
    for train, test in folds:
        by_hand = Recorder().fit(X[train], y[train]).predict_proba(X[test])
        np.testing.assert_array_equal(evaluation.y_proba[test], by_hand)
    np.testing.assert_array_equal(evaluation.y_true, y)


def test_processes_change_nothing():
    X, y, _ = make_data()
    alone, together = (evaluate(Recorder(), X, y, cv=3, n_jobs=n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(alone.y_proba, together.y_proba)
    np.testing.assert_array_equal(alone.shortcut.y_proba, together.shortcut.y_proba)


def test_estimator_and_data_are_left_alone():
    X, y, _ = make_data()
    y.flags.writeable = False
    estimator = Recorder()
    evaluate(estimator, X, y, cv=3, shortcut=False)
    assert vars(estimator) == vars(Recorder())


def test_groups_can_be_given_beside_the_pictures():
    X, y, groups = make_data()
    bare = [reference.decode() for reference in X]
    given = evaluate(Recorder(), bare, y, groups=groups, cv=3, shortcut=False)
    carried = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    np.testing.assert_array_equal(given.y_proba, carried.y_proba)
    frame = pd.DataFrame({"y": y, "patient": groups}, index=np.arange(len(y))[::-1])
    as_series = evaluate(
        Recorder(), bare, frame["y"], groups=frame["patient"], cv=3, shortcut=False
    )
    np.testing.assert_array_equal(as_series.y_proba, carried.y_proba)


def test_groups_that_contradict_the_pictures():
    X, y, groups = make_data()
    with pytest.raises(GroupConflictError):
        evaluate(Recorder(), X, y, groups=groups[::-1], cv=3)


def test_exact_duplicates_stay_together_without_patients():
    X, y, _ = make_data(per_patient=1)
    pixels = [reference.decode() for reference in X]
    evaluation = evaluate(Recorder(), pixels * 2, np.tile(y, 2), cv=3, shortcut=False)
    assert len(np.unique(evaluation.groups)) == len(pixels)
    half = len(pixels)
    np.testing.assert_array_equal(evaluation.y_proba[:half], evaluation.y_proba[half:])


# splitters


@pytest.mark.parametrize(
    "cv", [GroupKFold(3), LeaveOneGroupOut(), StratifiedImageGroupKFold(4), np.int64(3)]
)
def test_splitters_that_keep_patients_apart(cv):
    X, y, _ = make_data()
    evaluation = evaluate(Recorder(), X, y, cv=cv, shortcut=False)
    assert np.isfinite(evaluation.y_proba).all()


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_splitter_that_is_no_partition():
    X, y, _ = make_data(per_patient=1)
    with pytest.raises(ValueError, match="exactly once"):
        evaluate(Recorder(), X, y, cv=ShuffleSplit(3, random_state=0))


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize(
    "cv",
    [KFold(4, shuffle=True, random_state=0), StratifiedKFold(4, shuffle=True, random_state=0)],
)
def test_splitter_that_tears_patients_apart(cv):
    """The promise is kept with any splitter, or refused."""
    X, y, _ = make_data()
    with pytest.raises(ValueError, match=r"patient\(s\).*StratifiedImageGroupKFold"):
        evaluate(Recorder(), X, y, cv=cv)


def test_training_part_without_a_class():
    X, y, _ = make_data(n_patients=6)
    by_class = np.where(y == "ill", 0, 1)
    with pytest.raises(ValueError, match="Use fewer folds"):
        evaluate(
            Recorder(),
            [reference.decode() for reference in X],
            y,
            groups=by_class,
            cv=GroupKFold(2),
            shortcut=False,
        )


def test_too_many_folds():
    X, y, _ = make_data(n_patients=4)
    with pytest.raises(ValueError, match="at most 2"):
        evaluate(Recorder(), X, y, cv=3)


def test_seed_decides_the_folds():
    X, y, _ = make_data()
    first, same, other = (
        evaluate(Recorder(), X, y, cv=3, shortcut=False, random_state=seed).y_proba
        for seed in (0, 0, 5)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


# misuse


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cv": 1}, "'cv'"),
        ({"cv": [([0], [1])]}, "'cv'"),
        ({"cv": None}, "'cv'"),
        ({"positive": "healthy"}, r"positive='healthy'.*\['ill', 'well'\]"),
        ({"positive": 3}, "positive=3"),
        ({"shortcut": "yes"}, "'shortcut'"),
        ({"n_jobs": 1.5}, "'n_jobs'"),
        ({"random_state": "x"}, "'random_state'"),
        ({"estimator": "Recorder"}, "'estimator'"),
        ({"estimator": LinearSVC()}, "LinearSVC has no predict_proba.*CalibratedClassifierCV"),
    ],
)
def test_bad_parameters(change, message):
    X, y, _ = make_data()
    with pytest.raises(ValueError, match=message):
        evaluate(**{"estimator": Recorder(), "X": X, "y": y, "cv": 3, **change})


def test_bad_labels():
    X, y, _ = make_data()
    with pytest.raises(ValueError, match="3 entries for 24 pictures"):
        evaluate(Recorder(), X, y[:3])
    with pytest.raises(ValueError, match="one label only, 'ill'"):
        evaluate(Recorder(), X, np.full(len(y), "ill"))
    with pytest.raises(ValueError, match="continuous"):
        evaluate(Recorder(), X, np.linspace(0, 1, len(y)))
    with pytest.raises(ValueError, match="1d array"):
        evaluate(Recorder(), X, np.eye(2, dtype=int)[(y == "ill").astype(int)])


def test_checks_of_the_estimator_stay_on():
    """Validated parameters here must not switch off validation there."""

    class Checked(Recorder):
        _parameter_constraints = {"sharpness": [float], "log": "no_validation"}

        def fit(self, X, y):
            self._validate_params()
            return super().fit(X, y)

    X, y, _ = make_data()
    with pytest.raises(ValueError, match="'sharpness'"):
        evaluate(Checked(sharpness="high"), X, y, cv=3)


# scores


def test_intervals_are_those_of_the_bootstrap_by_patient(judged):
    y, groups = judged.y_true, judged.groups
    predicted = np.array(["ill", "well"])[judged.y_proba.argmax(axis=1)]
    np.testing.assert_array_equal(judged.y_pred, predicted)

    def f1(y_true, y_pred):
        return f1_score(y_true, y_pred, pos_label="ill", zero_division=0.0)

    column = judged.y_proba[:, 0]
    assert dataclasses.replace(judged).scores == {  # a fresh one, that has none yet
        "accuracy": bootstrap_interval(accuracy_score, y, predicted, groups=groups),
        "f1": bootstrap_interval(f1, y, predicted, groups=groups),
        "roc_auc": bootstrap_interval(roc_auc_score, y == "ill", column, groups=groups),
    }
    assert judged.scores["accuracy"].estimate == accuracy_score(y, predicted)


@pytest.mark.usefixtures("quick_intervals")
def test_more_than_two_classes():
    X, y, _ = make_data(classes=("a", "b", "c"), n_patients=18)
    evaluation = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    assert evaluation.y_proba.shape == (36, 3)
    scores = evaluation.scores
    assert scores["f1"].estimate == f1_score(y, evaluation.y_pred, average="macro")
    areas = [roc_auc_score(y == label, evaluation.y_proba[:, i]) for i, label in enumerate("abc")]
    assert scores["roc_auc"].estimate == pytest.approx(np.mean(areas))
    assert all(interval.low <= interval.estimate <= interval.high for interval in scores.values())
    assert "means over 3 classes" in str(evaluation)


@pytest.mark.parametrize("labels", [(0, 1), (False, True), (-1.0, 1.0)])
def test_labels_of_any_kind(labels):
    X, y, _ = make_data(classes=labels)
    evaluation = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    assert evaluation.positive == labels[1]
    assert roc_auc_score(y == labels[1], evaluation.y_proba[:, 1]) > 0.8
    np.testing.assert_array_equal(evaluation.classes, labels)


@pytest.mark.usefixtures("quick_intervals")
def test_good_model_scores_high(judged):
    """Sanity of the whole: the order of columns and labels is right."""
    assert judged.scores["roc_auc"].estimate > 0.8
    assert judged.scores["accuracy"].estimate > 0.7


# the shortcut


def test_shortcut_is_the_baseline_on_the_same_folds():
    X, y, _ = make_data()
    evaluation = evaluate(Recorder(), X, y, cv=3)
    alone = evaluate(make_shortcut_baseline(0), X, y, cv=3, shortcut=False)
    np.testing.assert_array_equal(evaluation.shortcut.y_proba, alone.y_proba)
    assert evaluation.shortcut.shortcut is None
    assert evaluate(Recorder(), X, y, cv=3, shortcut=False).shortcut is None


@pytest.mark.usefixtures("quick_intervals")
def test_text_says_when_the_file_gives_the_class_away(encode):
    """Pixels are noise; the format tells the class, and the text says so."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = [
        encode(rng.integers(0, 255, (9, 9), dtype=np.uint8), "BMP" if label else "PNG")
        for label in y
    ]
    evaluation = evaluate(Recorder(), X, y, cv=3)
    assert evaluation.shortcut.scores["roc_auc"].estimate == 1
    assert "ranks no better than a forest that sees only how files are stored" in str(evaluation)


@pytest.mark.usefixtures("quick_intervals")
def test_text_is_a_table_of_scores(judged):
    head, model, file = str(judged).splitlines()
    assert head.startswith("24 pictures, 12 patients, 95 % intervals by patient")
    assert head.endswith("about 'ill'")
    for name, interval in judged.scores.items():
        cell = f"{name} {interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        assert cell in model
    assert model.startswith("the model ")
    assert file.startswith("file alone, no pixel ")


# the result


@pytest.mark.usefixtures("quick_intervals")
def test_result_is_frozen_picklable_and_timed(judged):
    with pytest.raises(AttributeError):
        judged.positive = "well"
    assert 0 < judged.seconds < 60
    copied = pickle.loads(pickle.dumps(judged))
    assert str(copied) == str(judged)
    # Arrays inside must not make a comparison an error.
    assert (judged == copied) is False


@pytest.mark.usefixtures("quick_intervals")
def test_evaluation_of_predictions_made_elsewhere():
    proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
    evaluation = Evaluation(np.array([0, 0, 1, 1]), proba, np.array([0, 1]), 1, np.arange(4))
    np.testing.assert_array_equal(evaluation.y_pred, [0, 1, 1, 1])
    assert evaluation.scores["accuracy"].estimate == 0.75
    assert evaluation.scores["roc_auc"].estimate == 1
    assert np.isnan(evaluation.seconds)


def test_stub_is_a_classifier():
    assert get_tags(Recorder()).estimator_type == "classifier"


def test_the_text_says_when_patients_are_not_known():
    """Otherwise each picture would pass for a patient."""
    facts = {
        "y_true": np.array([0, 0, 1, 1]),
        "y_proba": np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]]),
        "classes": np.array([0, 1]),
        "positive": 1,
        "groups": np.arange(4),
    }
    assert "4 patients" in str(Evaluation(**facts))
    unknown = str(Evaluation(**facts, patients_known=False))
    assert "patients are not known: each picture counts as its own" in unknown
