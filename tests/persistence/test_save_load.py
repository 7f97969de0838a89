"""A model that was saved is the same model elsewhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import composition_parts as parts
import numpy as np
import pytest
from sealed_models import Unknown
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from weights_folder import QUARTER, THIRD, write_weights

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    MajorityVoteFusion,
    load,
    save,
)
from fusionlearn.exceptions import BackboneWeightsError, PersistenceError
from fusionlearn.presets import covid_ct_strong

HERE = Path(__file__).parent


def head(**params):
    return FineTuneClassifier(epochs=2, batch_size=16, learning_rate=0.05, **params)


def extractor(**params):
    settings = {"application_params": {"alpha": 0.25}, "weights": None, "input_size": 32}
    return BackboneFeatureExtractor("MobileNet", **{**settings, **params})


def linear(**params):
    return make_pipeline(extractor(**params), StandardScaler(), LogisticRegression())


MODELS = {
    "concat": lambda: parts.small_recipe(epochs=2),
    "vote": lambda: parts.small_recipe("vote", epochs=2),
    "strong": lambda: covid_ct_strong(extractors=parts.small_networks(layers=0.1)),
    "end to end": lambda: head(extractor=extractor(), unfreeze=0.2),
    "soft vote": lambda: MajorityVoteFusion([("a", linear()), ("b", linear(random_state=1))]),
    "search": lambda: GridSearchCV(
        make_pipeline(ConcatFusion(parts.small_networks()), head()),
        {"finetuneclassifier__dropout": [0.1, 0.5]},
        cv=parts.by_patient(),
        scoring="accuracy",
    ),
    "calibrated": lambda: CalibratedClassifierCV(linear(), cv=parts.by_patient()),
    "threshold": lambda: TunedThresholdClassifierCV(linear(), cv=3),
    "stack": lambda: StackingClassifier([("a", linear())], cv=parts.by_patient()),
    "voting": lambda: VotingClassifier([("a", linear())], voting="soft"),
}


@pytest.fixture(scope="module")
def ct():
    return parts.phantoms()


@pytest.fixture
def fitted(ct):
    """A quick model with its pictures as pixels."""
    return linear().fit(ct.data, ct.target), parts.pixels(ct.data)


def elsewhere(path, pixels, *arguments, folder):
    """What a new process in another folder predicts."""
    np.save(folder / "pixels.npy", pixels)
    command = [sys.executable, HERE / "load_in_a_process.py", path, folder / "pixels.npy"]
    run = subprocess.run(
        [*map(str, command), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def without_addresses(model):
    return re.sub("0x[0-9A-F]+", "", repr(clone(model)))


@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.FusionlearnWarning")
@pytest.mark.parametrize("name", MODELS)
def test_predicts_as_before_to_the_bit(name, ct, tmp_path):
    model = MODELS[name]().fit(ct.data, ct.target)
    save(model, tmp_path / "model.fusion")
    loaded = load(tmp_path / "model.fusion")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(ct.data), model.predict(ct.data))
    np.testing.assert_array_equal(loaded.predict_proba(ct.data), model.predict_proba(ct.data))
    assert without_addresses(loaded) == without_addresses(model)


def test_an_estimator_that_is_not_fitted(tmp_path):
    model = parts.small_recipe()
    save(model, tmp_path / "model.fusion")
    assert repr(load(tmp_path / "model.fusion")) == repr(model)


def test_another_process_another_folder(fitted, tmp_path):
    model, pixels = fitted
    save(model, tmp_path / "model.fusion")
    moved = tmp_path / "elsewhere" / "other.name"
    moved.parent.mkdir()
    os.rename(tmp_path / "model.fusion", moved)
    said = elsewhere(moved, pixels, folder=moved.parent)
    np.testing.assert_array_equal(said["proba"], model.predict_proba(pixels))


@pytest.mark.parametrize("engine", ["auto", "openvino"])
def test_without_openvino(engine, ct, tmp_path):
    """Keras gives the same features to rounding; who asked for OpenVINO is told."""
    pixels = parts.pixels(ct.data)
    model = linear(engine=engine).fit(ct.data, ct.target)
    save(model, tmp_path / "model.fusion")
    said = elsewhere(tmp_path / "model.fusion", pixels, "--without-openvino", folder=tmp_path)
    assert not said["openvino"]
    assert said["warnings"] == (["EngineWarning"] if engine == "openvino" else [])
    np.testing.assert_allclose(said["proba"], model.predict_proba(pixels), atol=1e-5)


def test_weights_files_are_found_by_their_digest(ct, tmp_path):
    """Where they were, beside the model, or in a folder that is named; under any name."""
    place = tmp_path / "weights"
    place.mkdir()
    path = write_weights(place, QUARTER) / QUARTER
    model = linear(weights=str(path)).fit(ct.data, ct.target)
    want = model.predict_proba(ct.data)
    save(model, tmp_path / "model.fusion")
    assert load(tmp_path / "model.fusion")[0].weights == str(path)

    moved = tmp_path / "moved" / "renamed.h5"
    moved.parent.mkdir()
    os.rename(path, moved)
    with pytest.raises(BackboneWeightsError, match="was made with the weights file 'mob"):
        load(tmp_path / "model.fusion")
    for place in (moved, moved.parent):
        loaded = load(tmp_path / "model.fusion", weights=place)
        assert loaded[0].weights == str(moved)
        np.testing.assert_array_equal(loaded.predict_proba(ct.data), want)

    os.rename(moved, tmp_path / "beside.h5")
    np.testing.assert_array_equal(load(tmp_path / "model.fusion").predict_proba(ct.data), want)


def test_other_weights_of_the_same_name_are_not_taken(ct, tmp_path):
    path = write_weights(tmp_path, QUARTER) / QUARTER
    model = linear(weights=str(path)).fit(ct.data, ct.target)
    save(model, tmp_path / "model.fusion")
    write_weights(tmp_path, QUARTER, seed=1)
    write_weights(tmp_path, THIRD)
    with pytest.raises(BackboneWeightsError, match="was made with the weights file"):
        load(tmp_path / "model.fusion")


def test_a_registered_network_is_a_name(tiny, ct, tmp_path):
    """Its layers are not in the file, and a process that does not know it says so."""
    model = make_pipeline(BackboneFeatureExtractor(tiny), LogisticRegression())
    model.fit(ct.data, ct.target)
    save(model, tmp_path / "model.fusion")
    loaded = load(tmp_path / "model.fusion")
    assert loaded[0].application == "tiny"
    pixels = parts.pixels(ct.data)
    np.testing.assert_array_equal(loaded.predict_proba(pixels), model.predict_proba(pixels))
    said = elsewhere(tmp_path / "model.fusion", pixels, folder=tmp_path)
    assert said["error"].startswith("UnknownBackboneError: ")
    assert "tiny" in said["error"]


def test_the_store_stays_behind(ct, tmp_path):
    """A path in a file that was sent must not decide where one's disk is written to."""
    store = FeatureStore(tmp_path / "secret-name.db")
    for given in (store, str(tmp_path / "secret-name.db")):
        model = linear(store=given).fit(ct.data, ct.target)
        save(model, tmp_path / "model.fusion")
        assert model[0].store is given
        assert b"secret-name" not in (tmp_path / "model.fusion").read_bytes()
        assert load(tmp_path / "model.fusion")[0].store is None
    other = FeatureStore()
    assert load(tmp_path / "model.fusion", store=other)[0].store is other


def test_no_picture_and_no_patient_is_in_the_file(tmp_path, ct):
    data = ct.data.copy()
    for index, reference in enumerate(data):
        data[index] = reference.with_group(f"Jane Doe {reference.group}")
    for name in ("concat", "end to end"):
        model = MODELS[name]().fit(data, ct.target)
        save(model, tmp_path / "model.fusion")
        assert b"Jane Doe" not in (tmp_path / "model.fusion").read_bytes()


@pytest.mark.parametrize("form", ["type", "name"])
def test_own_estimators_need_to_be_named(form, tmp_path):
    model = make_pipeline(StandardScaler(), Unknown())
    save(model, tmp_path / "model.fusion")
    with pytest.raises(PersistenceError, match=r"not trusted: sealed_models\.Unknown\. .*trusted="):
        load(tmp_path / "model.fusion")
    name = f"{Unknown.__module__}.Unknown"
    loaded = load(tmp_path / "model.fusion", trusted=[Unknown if form == "type" else name])
    assert isinstance(loaded[-1], Unknown)
    for wrong in (name, Unknown, True):
        with pytest.raises(TypeError, match="wanted a list"):
            load(tmp_path / "model.fusion", trusted=wrong)


def test_own_estimators_must_be_importable(tmp_path, monkeypatch):
    """What is missing here is no sign of harm."""
    save(make_pipeline(StandardScaler(), Unknown()), tmp_path / "model.fusion")
    monkeypatch.delattr("sealed_models.Unknown")
    with pytest.raises(PersistenceError, match=r"cannot be found here .*'Unknown'.*imported"):
        load(tmp_path / "model.fusion", trusted=["sealed_models.Unknown"])


def test_weights_that_are_not_there(tmp_path):
    """Also where the model does without them."""
    save(StandardScaler(), tmp_path / "model.fusion")
    with pytest.raises(FileNotFoundError, match="There is no 'nowhere'"):
        load(tmp_path / "model.fusion", weights="nowhere")


def test_trees_need_trust(tmp_path, rng):
    """Their nodes are indices that scikit-learn does not check."""
    model = RandomForestClassifier(2, random_state=0).fit(rng.random((9, 2)), np.arange(9) % 2)
    save(model, tmp_path / "model.fusion")
    with pytest.raises(PersistenceError, match=r"sklearn\.tree\._tree\.Tree"):
        load(tmp_path / "model.fusion")
    load(tmp_path / "model.fusion", trusted=["sklearn.tree._tree.Tree"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (BackboneFeatureExtractor, "estimator is a class; wanted"),
        ([StandardScaler()], "estimator is a list; wanted"),
    ],
)
def test_only_estimators_are_saved(wrong, message, tmp_path):
    with pytest.raises(TypeError, match=message):
        save(wrong, tmp_path / "model.fusion")
    assert not list(tmp_path.iterdir())


def test_what_could_not_be_loaded_is_not_saved(tmp_path):
    """Who saves can still mend it; who loads years later cannot."""
    with pytest.raises(PersistenceError, match="FunctionTransformer cannot be written"):
        save(FunctionTransformer(lambda X: X), tmp_path / "model.fusion")
    sparse = FunctionTransformer().fit(np.eye(2))
    sparse.kept_ = __import__("scipy.sparse").sparse.eye(3).tocsr()
    with pytest.raises(PersistenceError, match=r"npz'? is none that belongs"):
        save(sparse, tmp_path / "model.fusion")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError])
def test_a_file_is_the_old_or_the_new_one(trouble, tmp_path, monkeypatch):
    path = tmp_path / "model.fusion"
    save(StandardScaler(), path)
    before = path.read_bytes()

    def fail(handle):
        raise trouble

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(trouble):
        save(LogisticRegression(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_memory_of_a_pipeline_stays_behind(ct, tmp_path):
    """And its steps are packed all the same."""
    model = make_pipeline(
        extractor(store=tmp_path / "secret.db"), LogisticRegression(), memory=str(tmp_path / "kept")
    )
    save(model.fit(ct.data, ct.target), tmp_path / "model.fusion")
    loaded = load(tmp_path / "model.fusion")
    assert (loaded.memory, loaded[0].store) == (None, None)
    assert model.memory == str(tmp_path / "kept")


def test_links_stay_and_permissions_are_kept(tmp_path):
    target, link = tmp_path / "target.fusion", tmp_path / "link.fusion"
    save(StandardScaler(), target)
    assert target.stat().st_mode & 0o077 == 0
    target.chmod(0o644)
    link.symlink_to(target)
    save(LogisticRegression(), link)
    assert link.is_symlink()
    assert isinstance(load(target), LogisticRegression)
    assert target.stat().st_mode & 0o777 == 0o644


def test_long_names(tmp_path):
    save(StandardScaler(), tmp_path / ("n" * 250))
    assert isinstance(load(tmp_path / ("n" * 250)), StandardScaler)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        save(StandardScaler(), tmp_path / "missing" / "model.fusion")
