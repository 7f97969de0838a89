"""What ``export`` refuses, and what it leaves on the disk."""

import dataclasses
import os

import numpy as np
import pytest
from composition_parts import phantoms
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    export,
)
from fusionlearn.exceptions import ExportError
from fusionlearn.exporting import FORMATS
from fusionlearn.model_selection import evaluate


@pytest.fixture(scope="module")
def network(tiny):
    return BackboneFeatureExtractor(tiny)


@pytest.fixture
def model(network):
    data = phantoms(24, 12)
    return make_pipeline(network, LogisticRegression()).fit(data.data, data.target)


def test_what_was_fine_tuned_leaves_as_it_is(tmp_path, tiny):
    data = phantoms(24, 12)
    model = FineTuneClassifier(
        BackboneFeatureExtractor(tiny),
        unfreeze=1,
        epochs=2,
        fine_tune_epochs=2,
        fine_tune_learning_rate=0.01,
        early_stopping=False,
        random_state=0,
    ).fit(data.data, data.target)
    assert model.fine_tuned_
    assert export(model, tmp_path / "model.keras", X=data.data).difference < 1e-5


def test_scores_stand_in_the_card(model, tmp_path):
    data = phantoms(24, 12)
    with pytest.warns(UserWarning, match="patients"):
        evaluation = evaluate(model, data.data, data.target, groups=data.groups, cv=2)
    export(
        model,
        tmp_path / "model.keras",
        evaluation=evaluation,
        title="Phantoms",
        intended_use="Trying out.",
    )
    card = (tmp_path / "model.keras.md").read_text()
    assert card.startswith("# Phantoms\n")
    assert "Trying out." in card
    assert "roc_auc" in card
    assert "They are no diagnosis." in card
    assert "BackboneFeatureExtractor(" in card
    assert str(tmp_path) not in card


def test_a_second_export_takes_the_place_of_the_first(model, tmp_path):
    for _ in range(2):
        export(model, tmp_path / "model", "saved_model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.json", "model.md"]


def test_a_folder_that_no_export_made_is_left_alone(model, tmp_path):
    (tmp_path / "thesis").mkdir()
    with pytest.raises(ExportError, match="no export has made"):
        export(model, tmp_path / "thesis", "saved_model")
    (tmp_path / "model.keras").mkdir()
    with pytest.raises(ExportError, match="no export has made"):
        export(model, tmp_path / "model.keras")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="is a file"):
        export(model, tmp_path / "file", "saved_model")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("model", None, r"wanted one of the suffixes \.keras, \.onnx, \.xml, \.tflite"),
        ("model.onxx", None, "Did you mean '.onnx'"),
        ("model.h5", "keras", r"ends in '\.keras'"),
    ],
)
def test_paths_that_do_not_fit(model, tmp_path, name, format, message):
    with pytest.raises(ExportError, match=message):
        export(model, tmp_path / name, format)


def test_bad_arguments(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        export(model, tmp_path / "none" / "model.keras")
    with pytest.raises(ValueError, match="'format'"):
        export(model, tmp_path / "model.keras", "pickle")
    with pytest.raises(NotFittedError):
        export(make_pipeline(LogisticRegression()), tmp_path / "model.keras")


def test_a_package_that_is_not_there(model, tmp_path, monkeypatch):
    monkeypatch.setattr(type(FORMATS["onnx"]), "packages", ("onnx", "not_there_at_all"))
    with pytest.raises(ExportError, match=r"there_at_all: not installed.*fusionlearn\[export\]"):
        export(model, tmp_path / "model.onnx")


def test_parts_that_cannot_be_said_as_a_graph(network, tmp_path):
    data = phantoms(24, 12)

    def refused(classifier, message):
        classifier.fit(data.data, data.target)
        with pytest.raises(ExportError, match=message):
            export(classifier, tmp_path / "model.keras")
        assert os.listdir(tmp_path) == []

    forest = make_pipeline(network, RandomForestClassifier(3, random_state=0))
    refused(forest, r"Pipeline > 'randomforestclassifier' \(RandomForestClassifier\)")
    refused(make_pipeline(network, LinearSVC(random_state=0)), "CalibratedClassifierCV")
    clahe = make_pipeline(ImagePreprocessor(contrast="clahe"), network, LogisticRegression())
    refused(clahe, "contrast='clahe' looks at each picture as a whole")
    shaken = AugmentedClassifier(
        make_pipeline(network, LogisticRegression()), ImageAugmenter(1), test_copies=2
    )
    refused(shaken, "test_copies=2: copies at random.*horizontal_flip='always'")


@pytest.mark.parametrize("head", [LogisticRegression(), FineTuneClassifier(epochs=1)])
def test_a_head_that_was_fitted_on_features_is_refused(head, tmp_path):
    """A graph begins with pictures; the remedy says what makes features of them."""
    head.fit(np.arange(40.0).reshape(20, 2), np.arange(20) % 2)
    with pytest.raises(ExportError, match=r"fitted on features.*make_pipeline\(extractor"):
        export(head, tmp_path / "model.keras")


@pytest.mark.parametrize("name", ["model.keras.json", "model.keras.md"])
def test_files_beside_the_model_are_not_written_over(model, tmp_path, name):
    """Nobody named them; those of an earlier export are replaced."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(ExportError, match=rf"{name}.*is there already, made by something else"):
        export(model, tmp_path / "model.keras")
    assert (tmp_path / name).read_text() == "mine"
    (tmp_path / name).unlink()
    for _ in range(2):
        export(model, tmp_path / "model.keras")


def test_who_may_read_the_model_may_read_its_card(model, tmp_path):
    exported = export(model, tmp_path / "model.keras")
    assert len({os.stat(path).st_mode for path in exported.files}) == 1


def test_what_says_something_else_is_not_left_on_the_disk(model, tmp_path):
    """The comparison is of what was written, with the estimator as it is then."""

    class Other(type(model)):
        def predict_proba(self, X):
            return super().predict_proba(X)[:, ::-1]

    other = Other(model.steps)
    with pytest.raises(ExportError, match="Other: this class cannot be exported"):
        export(other, tmp_path / "model.keras")
    chosen = FORMATS["keras"]
    with pytest.MonkeyPatch.context() as patch:
        opened = chosen.open

        def open_another(self, path):
            run = opened(path)
            return lambda pixels: run(pixels) + 2e-4

        patch.setattr(type(chosen), "open", open_another)
        with pytest.raises(ExportError, match=r"differ by up to 0\.0002.*wanted 0\.0001 at most"):
            export(model, tmp_path / "model.keras")
        patch.setattr(type(chosen), "open", lambda self, path: 1 / 0)
        with pytest.raises(ExportError, match=r"keras failed \(division by zero\)"):
            export(model, tmp_path / "model.keras")
    assert os.listdir(tmp_path) == []


def test_result_says_what_was_written(model, tmp_path):
    exported = export(model, tmp_path / "model.keras")
    assert exported.size == os.path.getsize(exported.path)
    assert exported.n_compared == 3
    assert str(exported).startswith(f"{exported.path}: keras, 0.1 MB, differs from predict_proba")
    with pytest.raises(dataclasses.FrozenInstanceError):
        exported.size = 0
    assert np.isfinite(exported.difference)
