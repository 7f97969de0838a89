"""The command ``export``: a graph beside its metadata and card."""

import json

import composition_parts as parts
import numpy as np
import pytest
from command_parts import run, run_json, write_pictures
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import fusionlearn


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    ct = parts.phantoms()
    network = fusionlearn.BackboneFeatureExtractor(
        "MobileNet", weights=None, input_size=32, layers=0.1
    )
    path = tmp_path_factory.mktemp("model") / "model.fusion"
    fusionlearn.save(make_pipeline(network, LogisticRegression()).fit(ct.data, ct.target), path)
    return str(path)


def test_export(model, tmp_path, capsys):
    scans, out = write_pictures(tmp_path / "scans", n_patients=1), tmp_path / "model.keras"
    words = ["export", model, "--out", out, "--compare", scans, "--license", "CC-BY-4.0"]
    document, err = run_json(capsys, *words)
    assert document["files"] == [str(out), f"{out}.json", f"{out}.md"]
    assert document["n_compared"] == 5
    assert document["difference"] < 1e-5
    assert "no diagnosis" in err
    metadata = json.loads((tmp_path / "model.keras.json").read_text())
    assert metadata["license"] == "CC-BY-4.0"
    card = (tmp_path / "model.keras.md").read_text()
    assert "CC-BY-4.0" in card
    assert "on 5 pictures" in card.lower()
    # A second run replaces nothing unasked.
    assert run(*words) == 1
    assert "is there already, and 2 more" in capsys.readouterr().err
    assert run(*words, "--force") == 0


def test_scores_on_pictures_that_were_not_seen_stand_in_the_card(model, tmp_path, capsys):
    """What the card says is what ``evaluate`` says of the same model and pictures."""
    scans = write_pictures(tmp_path / "scans", n_patients=4)
    data = ["--group-pattern", "(patient[0-9]+)", "--positive", "ground-glass"]
    document, _ = run_json(capsys, "evaluate", model, scans, *data)
    auc = document["scores"]["model"]["by_picture"]["roc_auc"]["estimate"]
    out = tmp_path / "model.keras"
    _, err = run_json(capsys, "export", model, "--out", out, "--evaluate", scans, *data)
    assert "could not be found out" in err
    scores = (tmp_path / "model.keras.md").read_text().split("## Scores")[1].split("## The")[0]
    assert f"{auc:.3f}" in scores
    assert "None were given" not in scores
    assert "vouches that what was judged here had seen none of these patients" in scores
    (scans / "other").mkdir()
    (scans / "other" / "patient9.png").write_bytes(next(scans.rglob("*.png")).read_bytes())
    out = tmp_path / "other.keras"
    assert run("export", model, "--out", out, "--evaluate", scans) == 1
    assert "has the class 'other'" in capsys.readouterr().err
    assert not out.exists()


def test_misuse(model, tmp_path, capsys):
    for words, status, message in [
        (["--out", tmp_path / "a.keras", "--positive", "x"], 2, "--positive is about the pictures"),
        (["--out", tmp_path / "model.onxx"], 1, "wanted one of the suffixes"),
        (["--out", tmp_path / "model.onxx", "--format", "onxx"], 2, "Did you mean 'onnx'"),
        (["--out", tmp_path / "no" / "model.keras"], 1, "There is no folder"),
        (["--out", model, "--format", "keras"], 1, "is read, so that nothing can be written"),
        (["--out", tmp_path, "--format", "saved_model"], 1, "is there already; pass --force"),
        (["--out", tmp_path, "--format", "saved_model", "--force"], 1, "no export has made"),
    ]:
        assert run("export", model, *words) == status
        assert message in capsys.readouterr().err
    np.testing.assert_array_equal(list(tmp_path.iterdir()), [])
