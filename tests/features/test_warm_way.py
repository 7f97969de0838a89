"""Where every row is stored a new process loads no network and reads no picture."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from fusionlearn import ConcatFusion, make_extractors

PROGRAM = Path(__file__).with_name("predict_in_a_process.py")
HEAVY = {"tensorflow", "keras", "openvino", "torch", "jax", "matplotlib", "PIL"}


@pytest.fixture
def model(pictures, tmp_path):
    """A fitted model and the paths of its pictures, pickled."""
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(picture).save(paths[-1])
        os.utime(paths[-1], (1_600_000_000, 1_600_000_000))
    networks = make_extractors(
        "MobileNet",
        weights=None,
        application_params={"alpha": 0.25},
        input_size=32,
        store=tmp_path / "features.db",
    )
    model = make_pipeline(ConcatFusion(networks), LogisticRegression())
    model.fit(paths, [0, 1] * 3)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps((model, paths)))
    return model, paths


def run(program, folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    result = subprocess.run(
        [sys.executable, *program, str(folder)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return result.stdout


def test_the_first_prediction_loads_no_network_and_opens_no_picture(model, tmp_path):
    model, paths = model
    said = json.loads(run([str(PROGRAM)], tmp_path))
    assert said["predicted"] == model.predict(paths).tolist()
    assert not HEAVY & set(said["modules"])
    assert str(tmp_path / "model.pkl") in said["opened"]
    assert not set(paths) & set(said["opened"])


def test_a_changed_picture_is_opened(model, tmp_path):
    """The watch of the other test sees a picture that is read."""
    _, paths = model
    with Image.open(paths[2]) as picture:
        picture.transpose(Image.Transpose.ROTATE_180).save(paths[2])
    said = json.loads(run([str(PROGRAM)], tmp_path))
    assert set(paths) & set(said["opened"]) == {paths[2]}


def test_the_import_of_the_package_loads_next_to_nothing(tmp_path):
    said = run(
        [
            "-c",
            "import sys, fusionlearn; print(sorted({m.partition('.')[0] for m in sys.modules}))",
        ],
        tmp_path,
    )
    assert "fusionlearn" in said
    for name in (*HEAVY, "numpy", "sklearn", "scipy", "pandas"):
        assert f"'{name}'" not in said
