"""A model leaves Python in every format, and says the same where this library is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from composition_parts import phantoms
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from tiny_network import SIDE, build

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    MajorityVoteFusion,
    export,
    register_backbone,
)
from fusionlearn.exporting import FORMATS
from fusionlearn.model_selection import StratifiedImageGroupKFold

RUNNER = Path(__file__).with_name("runs_without_us.py")
PATHS = {
    "keras": "model.keras",
    "saved_model": "model",
    "onnx": "model.onnx",
    "openvino": "model.xml",
    "litert": "model.tflite",
}


PIXELS = np.random.default_rng(3).integers(0, 256, (3, 47, 62, 3), dtype=np.uint8)
# The last one has more pictures than votes have members or classes.
BATCHES = [
    PIXELS,
    PIXELS[:1],
    PIXELS[:, :30, :41],
    np.concatenate([np.roll(PIXELS, shift, axis=1) for shift in range(4)]),
]


@pytest.fixture(scope="module")
def model():
    """A vote of all kinds of heads, on pictures in grey, one on their mirror images, too."""
    data = phantoms(24, 12)
    grey = ImagePreprocessor(color="grey")
    mobile = BackboneFeatureExtractor("MobileNet", weights=None, input_size=32, layers=0.1)
    small, smaller = (
        BackboneFeatureExtractor(
            register_backbone(f"{mode}-tiny", build, input_size=SIDE, preprocessing=mode),
            pooling=pooling,
        )
        for mode, pooling in (("caffe", "avg_std"), ("torch", "max"))
    )
    concat = ConcatFusion([("a", mobile), ("b", small)], transformer_weights={"b": 0.5})
    svm = make_pipeline(grey, concat, StandardScaler(), LinearSVC(C=0.01, dual=False))
    folds = StratifiedImageGroupKFold(2)
    mirror = ImageAugmenter(
        1, rotation=0, shear=0, shift=0, zoom=0, horizontal_flip="always", random_state=0
    )
    logistic = make_pipeline(grey, mobile, LogisticRegression())
    members = [
        ("svm", CalibratedClassifierCV(svm, cv=folds, ensemble=False)),
        ("logistic", AugmentedClassifier(logistic, mirror, test_copies=1)),
        ("head", FineTuneClassifier(smaller, epochs=2, random_state=0)),
    ]
    classifier = MajorityVoteFusion(members)
    return classifier.fit(data.data, data.target, groups=data.groups)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    """What was written in all formats, and what it says elsewhere."""
    folder = tmp_path_factory.mktemp("exported")
    written = {
        name: export(model, folder / path, name, X=phantoms(24, 12).data)
        for name, path in PATHS.items()
    }
    np.save(folder / "pixels.npy", PIXELS)
    command = [sys.executable, RUNNER, folder / "pixels.npy", folder / "said.json"]
    command += [f"{name}={one.path}" for name, one in written.items()]
    # Nothing of the tests' own paths: the process finds what is installed, and no more.
    environment = {**os.environ, "PYTHONPATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True)
    return written, json.loads((folder / "said.json").read_text())


@pytest.mark.parametrize("name", FORMATS)
def test_formats_agree_in_a_process_without_this_library(model, exported, name):
    written, said = exported
    assert written[name].difference < 1e-5
    for batch, proba in zip(BATCHES, said[name]["proba"], strict=True):
        np.testing.assert_allclose(proba, model.predict_proba(batch), atol=1e-5)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_to_be_known_lies_beside_the_model_and_in_it(model, exported, name):
    written, said = exported
    about = json.loads(Path(f"{written[name].path}.json").read_text())
    if name in ("saved_model", "onnx", "openvino"):
        assert said[name]["about"].items() <= about.items()
    assert about["classes"] == model.classes_.tolist()
    assert about["digest"] == written["keras"].metadata["digest"]
    assert "not a medical device" in about["intended_use"]
    assert [one["application"] for one in about["networks"]] == [
        "MobileNet",
        "caffe-tiny",
        "MobileNet",
        "torch-tiny",
    ]
    assert all(os.path.exists(path) for path in written[name].files)
    card = Path(f"{written[name].path}.md").read_text()
    assert "None were given" in card
    assert about["digest"] in card
