"""evaluate: each picture judged once, by a model that saw no picture of its patient."""

import json
import pickle
import uuid
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import StackingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from fusionlearn import check_images, get_groups
from fusionlearn.exceptions import GroupConflictError, SmallSampleWarning
from fusionlearn.model_selection import (
    StratifiedImageGroupKFold,
    evaluate,
    make_shortcut_baseline,
)

# Most tests are about something else than how many patients there are.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")


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
    """One evaluation for all tests that only read it."""
    X, y, _ = make_data()
    return evaluate(Recorder(), X, y, cv=3, positive="ill")


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
        ({"positive": "Well"}, r"positive='Well'.*Did you mean 'well'\?"),
        ({"positive": 3}, "positive=3"),
        ({"shortcut": "yes"}, "'shortcut'"),
        ({"grain_control": 1.5}, "'grain_control'"),
        ({"n_repeats": 0}, "'n_repeats'"),
        ({"scoring": "auc"}, r"scoring='auc'.*'roc_auc'.*bootstrap_interval"),
        ({"scoring": ["f1", "mcc"]}, "mcc"),
        ({"scoring": []}, "one or more"),
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


def test_stacking_by_its_default_shows_its_probabilities_only_when_it_is_fitted():
    X, y, _ = make_data()
    stacking = make_pipeline(StackingClassifier([("recorder", Recorder())], cv=2))
    evaluation = evaluate(stacking, X, y, cv=3, shortcut=False)
    assert evaluation.y_proba.shape == (len(y), 2)


def test_folds_inside_a_model_are_looked_at_before_it_is_fitted():
    X, y, _ = make_data(n_patients=8)
    model = GridSearchCV(Recorder(), {}, cv=StratifiedImageGroupKFold(3))
    message = r"'ill' has 2 patient\(s\) where the model is trained, and the 3 folds inside.*\(cv\)"
    with pytest.raises(ValueError, match=message):
        evaluate(model, X, y, cv=2)
    X, y, _ = make_data(n_patients=4)
    with pytest.raises(ValueError, match="You have to add patients"):
        evaluate(model, X, y, cv=2)


def test_bad_labels():
    X, y, _ = make_data()
    with pytest.raises(ValueError, match="3 entries for 24 pictures"):
        evaluate(Recorder(), X, y[:3])
    with pytest.raises(ValueError, match="one label only, 'ill'"):
        evaluate(Recorder(), X, np.full(len(y), "ill"))
    with pytest.raises(ValueError, match="continuous"):
        evaluate(Recorder(), X, np.linspace(0, 1, len(y)))
    with pytest.raises(ValueError, match="y has 2 columns, wanted one label"):
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


# repeats


def test_repeats_are_other_folds_and_the_first_is_that_of_one_alone(tmp_path):
    X, y, _ = make_data()
    log = str(tmp_path)
    once = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    thrice = evaluate(Recorder(log), X, y, cv=3, n_repeats=3, n_jobs=2)
    assert once.n_repeats == 1
    assert once.repeats is None
    assert thrice.n_repeats == 3
    assert thrice.repeats.shape == (3, 24, 2)
    assert thrice.shortcut.repeats.shape == (3, 24, 2)
    np.testing.assert_array_equal(thrice.repeats[0], once.y_proba)
    assert not np.array_equal(thrice.repeats[1], thrice.repeats[0])
    assert not np.array_equal(thrice.repeats[1], thrice.repeats[2])
    np.testing.assert_allclose(thrice.y_proba, thrice.repeats.mean(axis=0), rtol=1e-15)
    notes = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert len(notes) == 9
    assert not any(set(note["fitted"]) & set(note["asked"]) for note in notes)
    assert "means over 3 repeats" in str(thrice)


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_repeats_of_a_splitter_that_has_one_answer():
    X, y, _ = make_data()
    with pytest.raises(ValueError, match=r"n_repeats=2 with cv=GroupKFold.*number of folds"):
        evaluate(Recorder(), X, y, cv=GroupKFold(3), n_repeats=2)


# few patients


def test_warns_of_few_patients_where_it_is_called():
    """By the rarer class, and by patients: pictures do not help."""
    X, y, _ = make_data(per_patient=20)
    message = r"'ill' has only 6 patient\(s\), fewer than 30.*up to 39%"
    with pytest.warns(SmallSampleWarning, match=message) as caught:
        evaluation = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    assert caught[0].filename == __file__
    assert str(caught[0].message) in str(evaluation)


def test_does_not_warn_of_enough_patients():
    X, y, _ = make_data(n_patients=60, per_patient=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluation = evaluate(Recorder(), X, y, cv=2, shortcut=False)
    assert evaluation.cautions == []
    with pytest.warns(SmallSampleWarning, match="only 29 patient"):
        evaluate(Recorder(), X[:-1], y[:-1], cv=2, shortcut=False)


def test_pictures_of_unknown_patients_are_called_so():
    X, y, _ = make_data(per_patient=1)
    pixels = [reference.decode() for reference in X]
    with pytest.warns(SmallSampleWarning, match=r"6 picture\(s\) of unknown patients"):
        evaluate(Recorder(), pixels, y, cv=3, shortcut=False)


# labels


def test_more_than_two_classes():
    X, y, _ = make_data(classes=("a", "b", "c"), n_patients=18)
    evaluation = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    assert evaluation.y_proba.shape == (36, 3)
    assert "means over 3 classes" in str(evaluation)


@pytest.mark.parametrize("labels", [(0, 1), (False, True), (-1.0, 1.0)])
def test_labels_of_any_kind(labels):
    X, y, _ = make_data(classes=labels)
    evaluation = evaluate(Recorder(), X, y, cv=3, shortcut=False)
    assert evaluation.positive == labels[1]
    assert roc_auc_score(y == labels[1], evaluation.y_proba[:, 1]) > 0.8
    np.testing.assert_array_equal(evaluation.classes, labels)


def test_good_model_scores_high(judged):
    """Sanity of the whole: the order of columns and labels is right."""
    assert judged.scores["roc_auc"].estimate > 0.8
    assert judged.scores["accuracy"].estimate > 0.7


def test_scoring_chooses_scores():
    X, y, _ = make_data()
    evaluation = evaluate(Recorder(), X, y, cv=3, scoring=["roc_auc", "accuracy"])
    assert list(evaluation.scores) == ["roc_auc", "accuracy"]
    assert list(evaluation.shortcut.scores) == ["roc_auc", "accuracy"]
    assert "f1" not in str(evaluation)
    one = evaluate(Recorder(), X, y, cv=3, scoring="f1", shortcut=False)
    assert list(one.scores) == ["f1"]


# the shortcut


def test_shortcut_is_the_baseline_on_the_same_folds():
    X, y, _ = make_data()
    evaluation = evaluate(Recorder(), X, y, cv=3)
    alone = evaluate(make_shortcut_baseline(0), X, y, cv=3, shortcut=False)
    np.testing.assert_array_equal(evaluation.shortcut.y_proba, alone.y_proba)
    assert evaluation.shortcut.shortcut is None
    assert evaluate(Recorder(), X, y, cv=3, shortcut=False).shortcut is None


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
    text = str(evaluation)
    assert "ranks pictures no better than a forest that sees only how files are stored" in text


# the result


def test_result_is_frozen_picklable_and_timed(judged):
    with pytest.raises(AttributeError):
        judged.positive = "well"
    assert 0 < judged.seconds < 60
    copied = pickle.loads(pickle.dumps(judged))
    assert str(copied) == str(judged)
    # Arrays inside must not make a comparison an error.
    assert (judged == copied) is False


def test_stub_is_a_classifier():
    assert get_tags(Recorder()).estimator_type == "classifier"
