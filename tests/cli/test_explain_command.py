"""The command ``explain``: a drawing for each picture, in folders as the pictures'."""

import composition_parts as parts
import numpy as np
import pytest
from command_parts import run, run_json, write_pictures
from PIL import Image

import fusionlearn


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    ct = parts.phantoms()
    model = parts.small_recipe("vote", epochs=2, networks=parts.scaled_networks)
    path = tmp_path_factory.mktemp("model") / "model.fusion"
    fusionlearn.save(model.fit(ct.data, ct.target), path)
    return str(path)


def test_drawings(model, tmp_path, capsys):
    """One for each good picture; what is explained is the model's own prediction."""
    scans, out = write_pictures(tmp_path / "scans", n_patients=1), tmp_path / "maps"
    (scans / "healthy" / "bad.png").write_bytes(b"no picture")
    document, err = run_json(capsys, "explain", model, scans, "--out", out, status=1)
    good = sorted(path for path in scans.glob("*/*.png") if path.name != "bad.png")
    assert [each["file"] for each in document["explanations"]] == [str(path) for path in good]
    places = sorted(out.glob("*/*.png"))
    assert [place.relative_to(out) for place in places] == [p.relative_to(scans) for p in good]
    for place in places:
        assert len(np.unique(np.asarray(Image.open(place).convert("L")))) > 10
    predicted = fusionlearn.load(model).predict([str(path) for path in good]).tolist()
    assert [each["prediction"] for each in document["explanations"]] == predicted
    assert all(each["target"] == each["prediction"] for each in document["explanations"])
    assert [each["file"] for each in document["bad"]] == [str(scans / "healthy" / "bad.png")]
    assert "1 of 3 files could not be used." in err
    assert "nothing here is a diagnosis" in err


def test_no_drawing_replaces_another(model, tmp_path, capsys, monkeypatch):
    """Pictures of one name in several folders, or of several formats."""
    monkeypatch.chdir(tmp_path)
    for place in ("a/x.png", "b/x.png", "b/x.bmp"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        Image.fromarray(parts.pixels(parts.phantoms().data[:1])[0]).save(tmp_path / place)
    words = ["a/x.png", "b/x.png", "b/x.bmp", "--out", "maps", "--target", "healthy"]
    document, _ = run_json(capsys, "explain", model, *words)
    outs = [each["out"] for each in document["explanations"]]
    assert outs == ["maps/x.png", "maps/x-2.png", "maps/x-3.png"]
    assert {each["target"] for each in document["explanations"]} == {"healthy"}


def test_what_it_cannot_do(model, tmp_path, capsys, monkeypatch):
    """No picture is drawn over, and a class that is none is told with what was meant."""
    monkeypatch.chdir(tmp_path)
    scans = write_pictures(tmp_path / "scans", n_patients=1)
    before = {path: path.read_bytes() for path in scans.glob("*/*.png")}
    assert run("explain", model, "scans", "--out", "scans") == 1
    assert "is read, so that nothing can be written there" in capsys.readouterr().err
    assert run("explain", model, "scans", "--out", "o", "--target", "helthy") == 1
    assert "Did you mean 'healthy'?" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in scans.glob("*/*.png")} == before
    assert not (tmp_path / "o").exists()
