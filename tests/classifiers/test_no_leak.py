"""Nothing that is predicted was seen by any fit: no picture, no copy, no other of its patient."""

from collections import Counter

import numpy as np
import pytest
from classifier_stubs import RecordingExtractor, RecordingHead, as_pictures, read_events
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import Pipeline

from fusionlearn import AugmentedClassifier, ImageAugmenter, check_images, get_groups
from fusionlearn.model_selection import StratifiedImageGroupKFold

AUGMENTER = ImageAugmenter(n_copies=2)
N_PATIENTS, N_PICTURES = 24, 72


def pictures(patients):
    """Three pictures of each patient, whose disease they share."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(N_PATIENTS), 3)
    y = patient % 2
    pixels = as_pictures(rng.normal(size=(N_PICTURES, 6)) + y[:, np.newaxis])
    return check_images(pixels, patient if patients == "known" else None), y


def augmented_pipeline(log):
    steps = [("features", RecordingExtractor(log)), ("classifier", head(log))]
    return AugmentedClassifier(Pipeline(steps), AUGMENTER)


def extractor_inside(log):
    return head(log, extractor=RecordingExtractor(log))


def augmented_extractor_inside(log):
    return AugmentedClassifier(extractor_inside(log), AUGMENTER)


def head(log, **parameters):
    settings = {"epochs": 2, "random_state": 0, "validation_fraction": 0.2}
    return RecordingHead(log, **settings, **parameters)


def by_cross_validate(model, X, y, cv):
    cross_validate(model, X, y, cv=cv, error_score="raise")
    return 3


def by_search(model, X, y, cv, n_jobs=1):
    name = next(name for name in model.get_params() if name.endswith("dropout"))
    GridSearchCV(model, {name: [0.1, 0.5]}, cv=cv, n_jobs=n_jobs, error_score="raise").fit(X, y)
    return 2 * 3 + 1


def by_stack(model, X, y, cv):
    stack = StackingClassifier([("a", model)], LogisticRegression(), cv=cv)
    cross_validate(stack, X, y, cv=cv, error_score="raise")
    return 3 * (1 + 3)


def by_calibration(model, X, y, cv):
    calibrated = CalibratedClassifierCV(model, cv=cv)
    cross_validate(calibrated, X, y, cv=cv, error_score="raise")
    return 3 * 3


def check_events(events):
    """The law, for every fit that was recorded in whatever process."""
    for event in events:
        if event["kind"] == "predict":
            assert not set(event["fitted"]) & set(event["groups"])
            assert event["n_copies"] == 0
        if event["kind"] == "split":
            assert event["validation"]
            assert not set(event["training"]) & set(event["validation"])


def check_run(log, n_fits, is_augmented):
    events = read_events(log)
    check_events(events)
    kinds = Counter(event["kind"] for event in events)
    assert kinds["fit"] == kinds["split"] == n_fits
    assert kinds["predict"] > 0
    fitted = sorted(event["groups"] for event in events if event["kind"] == "fit")
    split = sorted(
        sorted(event["training"] + event["validation"])
        for event in events
        if event["kind"] == "split"
    )
    assert fitted == split
    for event in events:
        if event["kind"] == "fit":
            share = 2 / 3 if is_augmented else 0
            assert event["n_copies"] == pytest.approx(share * event["n_pictures"])


@pytest.mark.parametrize("patients", ["known", "unknown"])
@pytest.mark.parametrize("make", [augmented_pipeline, extractor_inside, augmented_extractor_inside])
@pytest.mark.parametrize("use", [by_cross_validate, by_search, by_stack, by_calibration])
def test_no_fit_saw_what_is_predicted(use, make, patients, tmp_path):
    """Nothing is passed: patients travel with the pictures."""
    X, y = pictures(patients)
    cv = StratifiedImageGroupKFold(3, shuffle=True, random_state=0)
    n_fits = use(make(str(tmp_path)), X, y, cv)
    check_run(tmp_path, n_fits, is_augmented=make is not extractor_inside)


@pytest.mark.parametrize("make", [augmented_pipeline])
def test_no_fit_in_other_processes_saw_what_is_predicted(make, tmp_path):
    X, y = pictures("known")
    cv = StratifiedImageGroupKFold(3, shuffle=True, random_state=0)
    n_fits = by_search(make(str(tmp_path)), X, y, cv, n_jobs=2)
    check_run(tmp_path, n_fits, is_augmented=True)


def test_scikit_learns_own_splitter_is_enough_with_groups(tmp_path):
    """groups= reach the folds, and the pictures bring them to the inner validation."""
    X, y = pictures("known")
    model = augmented_pipeline(str(tmp_path))
    cross_validate(model, X, y, cv=StratifiedGroupKFold(3), groups=get_groups(X))
    check_run(tmp_path, 3, is_augmented=True)


@pytest.mark.parametrize("mistake", ["folds without groups", "copies made before the split"])
def test_a_leak_would_be_found(mistake, tmp_path):
    """The recorder is not blind."""
    X, y = pictures("known")
    model = extractor_inside(str(tmp_path))
    if mistake == "copies made before the split":
        X, y = AUGMENTER.fit_resample(check_images(X), y)
    cross_val_predict(model, X, y, cv=KFold(3, shuffle=True, random_state=0))
    with pytest.raises(AssertionError):
        check_events(read_events(tmp_path))
