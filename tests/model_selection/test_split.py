"""StratifiedImageGroupKFold keeps patients apart wherever scikit-learn splits."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from fusionlearn.exceptions import GroupConflictError
from fusionlearn.images import check_images, get_groups
from fusionlearn.model_selection import StratifiedImageGroupKFold

N_PATIENTS = 12
PATIENTS = np.repeat([f"patient{number}" for number in range(N_PATIENTS)], 3)
LABELS = np.repeat(["dark", "light"] * (N_PATIENTS // 2), 3)


class Brightness(TransformerMixin, BaseEstimator):
    """Mean and spread of each picture, in place of a network."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        pixels = [reference.decode() for reference in check_images(X)]
        return np.array([[p.mean(), p.std()] for p in pixels]) * self.scale

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the patients that it was fitted on, and refuses to see them again."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.patients_ = set(get_groups(X))
        self.brightness_ = make_pipeline(Brightness(), GaussianNB()).fit(X, y)
        return self

    def predict_proba(self, X):
        assert self.patients_.isdisjoint(get_groups(X)), "a patient on both sides"
        return self.brightness_.predict_proba(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def arrays():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 120, (len(LABELS), 6, 6), dtype=np.uint8)
    pixels[LABELS == "light"] += 100
    return pixels


@pytest.fixture
def references():
    return check_images(arrays(), groups=PATIENTS)


@pytest.fixture
def paths(tmp_path):
    names = [str(tmp_path / f"{number}.png") for number in range(len(LABELS))]
    for name, pixels in zip(names, arrays(), strict=True):
        Image.fromarray(pixels).save(name)
    return names


def assert_apart(folds, patients=PATIENTS, labels=LABELS):
    """No patient on both sides, everybody tested once, every class in every fold."""
    for train, test in folds:
        assert set(patients[train]).isdisjoint(patients[test])
        assert set(labels[test]) == set(labels)
    tested = np.concatenate([test for _, test in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(labels)))


# the splits themselves


@pytest.mark.parametrize("shuffle", [False, True])
def test_patients_come_from_the_pictures(references, shuffle):
    splitter = StratifiedImageGroupKFold(4, shuffle=shuffle, random_state=0 if shuffle else None)
    folds = list(splitter.split(references, LABELS))
    assert len(folds) == splitter.get_n_splits() == 4
    assert_apart(folds)


def test_same_folds_as_scikit_learn_with_groups(references):
    """Oracle: StratifiedGroupKFold, which is told the groups."""
    ours = StratifiedImageGroupKFold(3, shuffle=True, random_state=1)
    theirs = StratifiedGroupKFold(3, shuffle=True, random_state=1)
    groups = get_groups(references)
    for mine, other in zip(
        ours.split(references, LABELS), theirs.split(arrays(), LABELS, groups), strict=True
    ):
        np.testing.assert_array_equal(mine[0], other[0])
        np.testing.assert_array_equal(mine[1], other[1])


def test_every_form_of_pictures(references, paths):
    """A column, a Series, a data frame's column, a list; and paths with groups beside them."""
    splitter = StratifiedImageGroupKFold(3)
    frame = pd.DataFrame({"picture": references}, index=np.arange(len(LABELS))[::-1])
    for form in (references[:, np.newaxis], list(references), frame["picture"], frame):
        assert_apart(list(splitter.split(form, LABELS)))
    for form in (paths, np.array(paths), np.array(paths)[:, np.newaxis], pd.Series(paths)):
        assert_apart(list(splitter.split(form, LABELS, PATIENTS)))
    assert_apart(list(splitter.split(arrays(), LABELS, PATIENTS)))


def test_labels_of_any_form(references):
    splitter = StratifiedImageGroupKFold(3)
    for labels in (list(LABELS), pd.Series(LABELS), (LABELS == "light").astype(int)):
        assert_apart(list(splitter.split(references, labels)))


def test_duplicates_and_views_stay_together():
    """Without patients, a picture, its exact copies and its views are one group."""
    pixels = arrays()[[0, 3, 6, 9]]
    references = check_images(np.concatenate([pixels, pixels]))
    labels = np.tile(LABELS[[0, 3, 6, 9]], 2)
    folds = list(StratifiedImageGroupKFold(2).split(references, labels))
    assert_apart(folds, np.tile(np.arange(4), 2), labels)


def test_features_with_groups():
    features = np.zeros((len(LABELS), 2))
    assert_apart(list(StratifiedImageGroupKFold(3).split(features, LABELS, PATIENTS)))


def test_features_without_groups():
    splitter = StratifiedImageGroupKFold(3)
    with pytest.raises(ValueError, match=r"features without groups.*groups=get_groups\(pictures\)"):
        next(splitter.split(np.zeros((len(LABELS), 2)), LABELS))


def test_groups_that_contradict_the_pictures(references):
    with pytest.raises(GroupConflictError):
        next(StratifiedImageGroupKFold(3).split(references, LABELS, PATIENTS[::-1]))


def test_class_with_too_few_patients(references):
    """scikit-learn only warns, or says nothing, and makes a fold without the class."""
    labels = np.where(np.isin(PATIENTS, ["patient0", "patient1"]), "rare", "frequent")
    with pytest.raises(ValueError, match=r"'rare' occurs in 2 group.*n_splits to at most 2"):
        next(StratifiedImageGroupKFold(3).split(references, labels))
    assert_apart(list(StratifiedImageGroupKFold(2).split(references, labels)), labels=labels)


def test_class_of_one_patient(references):
    labels = np.where(PATIENTS == "patient0", "rare", "frequent")
    with pytest.raises(ValueError, match=r"'rare' occurs in 1 group.*it\. Add patients"):
        next(StratifiedImageGroupKFold(2).split(references, labels))


def test_fold_without_a_class():
    """Enough patients, but the deal leaves a fold without a class: not passed over in silence."""
    groups = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 5])
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1])
    plain = StratifiedGroupKFold(3).split(labels, labels, groups)
    assert any(len(set(labels[test])) == 1 for _, test in plain)
    with pytest.raises(ValueError, match=r"Fold \d of 3 has no sample of .*\[\d\].*shuffle=True"):
        next(StratifiedImageGroupKFold(3).split(labels, labels, groups))


def test_unsuitable_targets_get_scikit_learns_message(references):
    with pytest.raises(ValueError, match="Supported target types"):
        next(StratifiedImageGroupKFold(2).split(references, np.linspace(0, 1, len(LABELS))))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(StratifiedImageGroupKFold(2).split(references, LABELS[:-1]))
    with pytest.raises(ValueError, match="n_splits"):
        StratifiedImageGroupKFold(1)


def test_data_are_left_alone(references):
    labels = LABELS.copy()
    labels.flags.writeable = references.flags.writeable = False
    list(StratifiedImageGroupKFold(3).split(references, labels))


def test_repr_and_clone():
    splitter = StratifiedImageGroupKFold(3, shuffle=True, random_state=7)
    assert repr(splitter) == ("StratifiedImageGroupKFold(n_splits=3, random_state=7, shuffle=True)")
    search = GridSearchCV(GaussianNB(), {}, cv=splitter)
    assert clone(search).cv.n_splits == 3


# inside scikit-learn: Memory fails as soon as a patient is on both sides


@pytest.mark.parametrize("routing", [False, True])
def test_cross_validate(references, routing):
    with sklearn.config_context(enable_metadata_routing=routing):
        scores = cross_validate(
            Memory(), references, LABELS, cv=StratifiedImageGroupKFold(4), error_score="raise"
        )
    assert scores["test_score"].min() == 1


def test_memory_notices_a_patient_on_both_sides(references):
    """The check of the checks: plain folds do not pass."""
    with pytest.raises(AssertionError, match="both sides"):
        cross_validate(Memory(), references, LABELS, cv=4, error_score="raise")


@pytest.mark.parametrize("routing", [False, True])
def test_paths_with_groups_beside_them(paths, routing):
    model = make_pipeline(Brightness(), GaussianNB())
    with sklearn.config_context(enable_metadata_routing=routing):
        groups = {"params": {"groups": PATIENTS}} if routing else {"groups": PATIENTS}
        cv = StratifiedImageGroupKFold(4)
        predicted = cross_val_predict(model, paths, LABELS, cv=cv, **groups)
    np.testing.assert_array_equal(predicted, LABELS)


def test_column_of_a_data_frame(references):
    frame = pd.DataFrame({"picture": references, "label": LABELS})
    scores = cross_validate(
        Memory(),
        frame["picture"],
        frame["label"],
        cv=StratifiedImageGroupKFold(4),
        error_score="raise",
    )
    assert scores["test_score"].min() == 1


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("routing", [False, True])
def test_grid_search(references, n_jobs, routing):
    with sklearn.config_context(enable_metadata_routing=routing):
        search = GridSearchCV(
            make_pipeline(Brightness(), LogisticRegression()),
            {"brightness__scale": [0.01, 0.02]},
            cv=StratifiedImageGroupKFold(4),
            n_jobs=n_jobs,
            error_score="raise",
        ).fit(references, LABELS)
        assert search.best_score_ == 1
        again = clone(search).fit(references, LABELS, groups=PATIENTS)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], again.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("routing", [False, True])
def test_stacking(references, routing):
    """Its inner splits are told no groups; the pictures know them."""
    with sklearn.config_context(enable_metadata_routing=routing):
        stack = StackingClassifier([("memory", Memory())], cv=StratifiedImageGroupKFold(4))
        stack.fit(references, LABELS)
    assert stack.stack_method_ == ["predict_proba"]
    with pytest.raises(AssertionError, match="both sides"):
        StackingClassifier([("memory", Memory())], cv=4).fit(references, LABELS)


@pytest.mark.parametrize("routing", [False, True])
def test_calibration(references, routing):
    with sklearn.config_context(enable_metadata_routing=routing):
        cv = StratifiedImageGroupKFold(4)
        calibrated = CalibratedClassifierCV(Memory(), cv=cv).fit(references, LABELS)
    assert len(calibrated.calibrated_classifiers_) == 4


def test_learning_curve(references):
    _, _, scores = learning_curve(
        make_pipeline(Brightness(), GaussianNB()),
        references,
        LABELS,
        cv=StratifiedImageGroupKFold(3),
        train_sizes=[0.5, 1.0],
        shuffle=True,
        random_state=0,
        error_score="raise",
    )
    assert scores.shape == (2, 3)
    assert scores.min() == 1


def test_patients_are_read_from_a_data_frame_with_tabular_columns():
    X = check_images(np.zeros((12, 8, 8), dtype=np.uint8), groups=np.repeat(range(6), 2))
    frame = pd.DataFrame({"age": np.arange(12), "picture": X})
    groups = get_groups(X)
    for train, test in StratifiedImageGroupKFold(3).split(frame, np.repeat([0, 1, 0, 1, 0, 1], 2)):
        assert not set(groups[train]) & set(groups[test])
    with pytest.raises(GroupConflictError):
        list(StratifiedImageGroupKFold(3).split(frame, [0, 1] * 6, groups[::-1]))
