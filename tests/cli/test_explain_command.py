"""The command ``explain``: a drawing for each picture, in folders as the pictures'."""

import composition_parts as parts
import numpy as np
import pytest
from command_parts import run, run_json, write_pictures
from PIL import Image
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fusionlearn
from fusionlearn.cli import _explain


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    ct = parts.phantoms()
    model = parts.small_recipe("vote", epochs=2, n_copies=0, networks=parts.scaled_networks)
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
    assert [each["fault"] for each in document["explanations"]] == [None] * 3
    assert run("explain", model, *words) == 1
    assert "'maps/x.png' is there already, and 2 more" in capsys.readouterr().err


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


class Uneven(ClassifierMixin, BaseEstimator):
    """Flat around the first picture, too sure of the second, and sensible about the third."""

    def fit(self, X, y):
        self.line_ = LogisticRegression().fit(X, y)
        self.classes_, self.places_ = self.line_.classes_, X[:3].copy()
        return self

    def predict_proba(self, X):
        scores = self.line_.decision_function(X)
        kind = np.linalg.norm(X[:, np.newaxis] - self.places_, axis=2).argmin(axis=1)
        return np.stack([expit(-(s := np.choose(kind, [1.0, 30 + scores, scores]))), expit(s)], 1)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def fitted(tiny, head):
    ct = parts.phantoms()
    network = fusionlearn.BackboneFeatureExtractor(tiny)
    return make_pipeline(network, StandardScaler(), head).fit(ct.data, ct.target)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("gradcam", "the maps of 4 picture(s) are empty, since the classifier is flat around them"),
        ("occlusion", "the maps of 4 picture(s) are empty, since nothing that was hidden"),
    ],
)
def test_empty_maps_are_told_once_by_their_files(
    tiny, tmp_path, capsys, monkeypatch, method, message
):
    """Not by block, where numbers begin anew and equal words are said once."""
    monkeypatch.setattr(_explain, "_BLOCK", 2)
    drawn = []  # another test looks at drawings
    monkeypatch.setattr(_explain, "_draw", lambda *one: drawn.append(one) or {})
    prior = DummyClassifier(strategy="prior")
    fusionlearn.save(fitted(tiny, prior), tmp_path / "prior.fusion")
    scans = write_pictures(tmp_path / "scans", n_patients=2, size=32)
    words = [tmp_path / "prior.fusion", scans, "--out", tmp_path / "maps", "--method", method]
    document, err = run_json(capsys, "explain", *words)
    assert [each["fault"] for each in document["explanations"]] == ["flat"] * 4
    assert message in err
    assert err.count("warning: ") == 1
    told = [line.strip() for line in err.splitlines() if line.startswith("  ")]
    assert told == sorted(map(str, scans.glob("*/*.png")))
    assert len(drawn) == 4


def test_each_fault_is_of_its_picture(tiny):
    """Of one block some maps are empty, some drown in rounding, and some are good."""
    found, faults = _explain._ask(fitted(tiny, Uneven()), parts.phantoms().data[:3])
    assert faults == ["flat", "rounded", None]
    assert [bool(each.heat_map.any()) for each in found][::2] == [False, True]
