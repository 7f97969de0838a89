"""Networks that are no models of Keras in fusions, files, explanations and processes."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from encoder_parts import SIDE, mean_colour, write_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    BACKBONES,
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    export,
    load,
    register_backbone,
    save,
)
from fusionlearn.backbones import EncoderFunction
from fusionlearn.exceptions import BackboneError, PersistenceError, UnknownBackboneError
from fusionlearn.inspection import explain

TESTS = Path(__file__).parents[1]
RNG = np.random.default_rng(0)
X = RNG.integers(0, 128, (16, SIDE, SIDE, 3), dtype=np.uint8)
y = np.arange(16) % 2
X[y == 1, 4:12, 4:12] += 120


@pytest.fixture(autouse=True)
def own_table(monkeypatch):
    """What a test registers is forgotten."""
    monkeypatch.setattr(BACKBONES, "_entries", dict(BACKBONES._entries))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.onnx"


@pytest.fixture
def extractors(path):
    write_onnx(path)
    register_backbone("file", path)
    encoder = EncoderFunction(mean_colour, digest="1")
    register_backbone("function", encoder, input_size=SIDE)
    return {
        name: BackboneFeatureExtractor(BACKBONES[name], store=FeatureStore())
        for name in ("file", "function")
    }


@pytest.fixture
def classifier(extractors):
    head = LogisticRegression(C=1e-3, max_iter=1000)
    return make_pipeline(ConcatFusion(list(extractors.items())), head).fit(X, y)


def test_other_processes_find_them_and_load_no_keras(extractors, tmp_path):
    """In a folder of its own; a child that is forked there is told so."""
    (tmp_path / "extractors.pickle").write_bytes(pickle.dumps(extractors))
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "elsewhere").mkdir()
    run = subprocess.run(
        [sys.executable, TESTS / "encoder_process.py", tmp_path],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    for name, extractor in extractors.items():
        got = np.load(tmp_path / f"{name}.npy")
        np.testing.assert_allclose(got, extractor.transform(X), rtol=1e-5, atol=1e-3)


def test_a_saved_model_needs_the_same_networks(classifier, path, tmp_path):
    wanted = classifier.predict_proba(X)
    save(classifier, tmp_path / "model.skops")
    np.testing.assert_allclose(load(tmp_path / "model.skops").predict_proba(X), wanted, rtol=1e-6)
    encoder = EncoderFunction(mean_colour, digest="2")
    register_backbone("function", encoder, input_size=SIDE)
    with pytest.raises(PersistenceError, match="not the one with which it was made"):
        load(tmp_path / "model.skops")
    del BACKBONES._entries["function"]
    with pytest.raises(UnknownBackboneError, match=r"'function'.*register_backbone"):
        load(tmp_path / "model.skops")
    encoder = EncoderFunction(mean_colour, digest="1")
    register_backbone("function", encoder, input_size=SIDE)
    write_onnx(path, seed=1)
    register_backbone("file", path)
    with pytest.raises(PersistenceError, match="not the one with which it was made"):
        load(tmp_path / "model.skops")


def test_occlusion_explains_them_and_grad_cam_cannot(classifier):
    with pytest.raises(BackboneError, match="and Grad-CAM needs a Keras model"):
        explain(classifier, X[:1])
    explanation = explain(classifier, X[1:2], method="occlusion", window=0.5, stride=0.5)
    assert np.abs(explanation[0].heat_map).max() > 0


@pytest.mark.parametrize("name", ["file", "function"])
def test_their_layers_cannot_be_trained(extractors, name):
    tuned = FineTuneClassifier(extractors[name], unfreeze=1, epochs=1)
    with pytest.raises(BackboneError, match=r"unfreeze=1 needs a Keras model\. Set unfreeze=0"):
        tuned.fit(X, y)


def test_a_head_is_trained_on_their_features(extractors):
    fusion = ConcatFusion(list(extractors.items()))
    trained = FineTuneClassifier(fusion, epochs=2, random_state=0).fit(X, y)
    assert trained.predict_proba(X).shape == (16, 2)


def test_they_cannot_be_exported(classifier, tmp_path):
    with pytest.raises(BackboneError, match=r"export writes, needs a Keras model.*fusionlearn\.sa"):
        export(classifier, tmp_path / "model.keras")
