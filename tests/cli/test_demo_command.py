"""The command ``demo``: what it is given, what it cannot do, and all that it writes."""

import json
import os
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tiny_network
from command_parts import run, write_pictures
from PIL import Image

import fusionlearn
from fusionlearn.cli import _demo
from fusionlearn.cli._console import Console
from fusionlearn.datasets import load_covid_ct, make_ct_phantoms
from fusionlearn.exceptions import BackboneWeightsError

# A dozen pictures are few, and meant to be.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")

FIGURES = [
    "figure-1-2-enhancement.png",
    "figure-3-5-fusion.png",
    "figure-4-distribution.png",
    "figure-6-accuracy.png",
    "figure-7-loss.png",
]


@pytest.fixture
def fail(capsys):
    """Run a demo that cannot work; give what it says."""

    def fail(*words, status=1):
        assert run("demo", *words) == status
        out, err = capsys.readouterr()
        assert "Traceback" not in err + out
        assert len(err.splitlines()) == 1
        assert err.startswith("fusionlearn demo: ")
        return err

    return fail


def build_other():
    return keras.Sequential(
        [
            keras.layers.Input((tiny_network.SIDE, tiny_network.SIDE, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(3, 5, activation="relu"),
        ]
    )


@pytest.fixture
def tiny_networks(tiny, monkeypatch):
    """Two networks that cost nothing in the place of three small ones."""
    fusionlearn.register_backbone("tiny-2", build_other, input_size=tiny_network.SIDE)
    monkeypatch.setattr(_demo, "_NETWORKS", ("tiny", "tiny-2"))
    monkeypatch.setattr(_demo, "_INPUT_SIZE", tiny_network.SIDE)
    monkeypatch.setitem(_demo._HEAD, "epochs", 3)


def check_figures(folder):
    for name in FIGURES:
        with Image.open(folder / name) as picture:
            assert min(picture.size) >= 200
            assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    assert (folder / "features.db").is_file()


# demos that cannot work


def test_data_that_does_not_exist(fail, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "There is no 'nowhere'" in fail("--data", "nowhere")
    assert not os.listdir()  # not even an empty folder for the results


def test_data_of_one_class(fail, tmp_path):
    data = write_pictures(tmp_path / "data")
    (data / "healthy").rename(tmp_path / "elsewhere")
    assert "wanted at least two" in fail("--data", data, "--out", tmp_path / "out")


def test_data_without_pictures(fail, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert "holds no picture" in fail("--data", tmp_path, "--out", tmp_path / "out")


def test_data_with_one_patient_of_a_class(fail, tmp_path):
    data = write_pictures(tmp_path / "data", n_patients=2)
    next((data / "healthy").iterdir()).unlink()
    message = fail("--data", data, "--out", tmp_path / "out")
    assert "'healthy' has pictures of one patient; wanted two or more" in message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "does not exist"),
        ("a file", "is a file"),
        ("empty", "no weights file of Keras"),
    ],
)
def test_weights_that_are_none(fail, tmp_path, name, message):
    data = write_pictures(tmp_path / "data")
    (tmp_path / "a file").touch()
    (tmp_path / "empty").mkdir()
    options = ("--weights", tmp_path / name, "--out", tmp_path / "out")
    assert message in fail("--data", data, *options)


def test_out_that_is_a_file(fail, tmp_path):
    (tmp_path / "file").write_text("kept")
    assert "is a file; wanted a folder" in fail("--out", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.usefixtures("tiny_networks")
def test_broken_picture_is_named(fail, tmp_path):
    data = write_pictures(tmp_path / "data")
    file = next((data / "healthy").iterdir())
    file.write_bytes(file.read_bytes()[:200])
    assert file.name in fail("--data", data, "--out", tmp_path / "out", "--quiet")


@pytest.mark.parametrize("option", [("--group-pattern", "(a)"), ("--split", "test")])
def test_a_part_of_no_data(fail, option):
    assert "but no --data" in fail(*option, status=2)


# demos that work


@pytest.mark.filterwarnings("always::fusionlearn.exceptions.DataWarning")
@pytest.mark.usefixtures("tiny_networks")
def test_all_that_it_writes(tmp_path, capfd, monkeypatch):
    """Words beside, figures, features, a report, and a document that holds the scores."""
    monkeypatch.setattr(_demo, "_MAX_FOLDS", 2)
    data, out = write_pictures(tmp_path / "data", copies=True), tmp_path / "new" / "out"
    (data / "README.txt").write_text("a companion")
    words = ["--data", data, "--out", out, "--group-pattern", r"(patient\d+)-", "--json"]
    assert run("demo", *words) == 0
    document, text = capfd.readouterr()
    assert "README.txt" in text
    assert "pictures/s" not in text  # no terminal, no bars
    assert "24 pictures (12 'ground-glass', 12 'healthy') of 12 patients." in text
    assert "Networks: tiny, tiny-2\n" in text
    assert "72 pictures and copies, 2 networks: 144 rows of features computed, 0 found" in text
    assert "Cross-validation by patient, 2 folds" in text
    rows = [line[2:22].strip() for line in text.splitlines() if line.count("[") == 3]
    names = ["file alone, no pixel", "tiny", "tiny-2", "concat", "vote"]
    assert rows == [*names, *names]  # by picture and by patient
    assert "about the class 'healthy'" in text
    assert "nothing here is a diagnosis" in text
    check_figures(out)
    document = json.loads(document)
    assert list(document["models"]) == names
    assert document["n_patients"] == 12
    for each in document["models"].values():
        score = each["scores"]["model"]["by_patient_mean"]["accuracy"]
        assert 0 <= score["low"] <= score["estimate"] <= score["high"] <= 1
    page = (out / "report.html").read_text(encoding="utf-8")
    assert document["report"] == str(out / "report.html")
    assert "24 pictures of 12 patients" in page


def test_without_data(monkeypatch):
    """Phantoms, with the class that figures are about."""
    monkeypatch.setattr(_demo, "_INPUT_SIZE", 32)
    options = SimpleNamespace(data=None, group_pattern=None, split=None)
    dataset = _demo._load(options)
    text = _demo.describe(dataset)
    assert text == "160 pictures (80 'ground-glass', 80 'healthy') of 40 patients."
    assert dataset.pos_label == "ground-glass"
    assert _demo._count_folds(dataset) == 4


def test_without_imagenet_weights(monkeypatch, capsys):
    """Untrained networks, said in plain words, with bars on a terminal."""

    def get_engine(network):
        raise BackboneWeightsError("no internet")

    monkeypatch.setattr(_demo, "_NETWORKS", ("MobileNet",))
    monkeypatch.setattr(_demo, "_INPUT_SIZE", 32)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(fusionlearn.backbones, "get_engine", get_engine)
        ((name, network),) = _demo._networks(None, fusionlearn.FeatureStore(), Console())
    out, _ = capsys.readouterr()
    assert "ImageNet weights could not be had, so the networks are untrained" in out
    assert (name, network[0].weights) == ("MobileNet", None)
    rows = network.fit_transform(make_ct_phantoms(6, n_patients=6, image_size=32).data)
    assert rows.std(axis=0).max() == pytest.approx(1)  # scaled
    assert "pictures/s" in capsys.readouterr().err


@pytest.mark.parametrize(("n_patients", "n_folds"), [(2, 2), (3, 3), (9, 4)])
def test_folds_are_as_many_as_patients_allow(n_patients, n_folds):
    dataset = make_ct_phantoms(4 * n_patients, n_patients=2 * n_patients, image_size=32)
    assert _demo._count_folds(dataset) == n_folds


def test_covid_ct_is_known(tmp_path, monkeypatch, capsys):
    """Its folder has a class each, but also patients, which its own loader knows."""
    write_pictures(tmp_path, n_patients=2)
    rows = ["file,label,split,patient_id"]
    for name, old, label in (
        ("CT_COVID", "ground-glass", "covid"),
        ("CT_NonCOVID", "healthy", "non-covid"),
    ):
        (tmp_path / old).rename(tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        rows += [f"{name}/{file.name},{label},train,{label}{file.stem}" for file in files]
    (tmp_path / "index.csv").write_text("\n".join(rows))
    options = type("Options", (), {"data": str(tmp_path), "group_pattern": None, "split": None})
    dataset = _demo._load(options)
    assert dataset.pos_label == "covid"
    assert dataset.groups.tolist() == load_covid_ct(tmp_path).groups.tolist()


def test_weights_of_ones_own(tmp_path, monkeypatch):
    """All of a folder are used, with a store; nothing else is asked for."""
    asked = {}
    monkeypatch.setattr(
        fusionlearn.features,
        "extractors_from_folder",
        lambda folder, **more: asked.update(folder=folder, **more) or [("a", None)],
    )
    store = fusionlearn.FeatureStore()
    assert _demo._networks("weights", store, Console()) == [("a", None)]
    assert asked == {"folder": "weights", "store": store, "verbose": 0}
