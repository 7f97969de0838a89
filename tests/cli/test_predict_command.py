"""Predictions of a saved model: the good pictures, the bad ones, and a status that says so."""

import csv
import json
import os
import shutil

import composition_parts as parts
import dicom_files
import numpy as np
import pytest
from PIL import Image
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import fusionlearn
from fusionlearn.cli import main
from fusionlearn.cli._outputs import check_new


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    ct = parts.phantoms()
    model = parts.small_recipe(epochs=2, n_copies=0, networks=parts.scaled_networks)
    model.fit(ct.data, ct.target)
    path = tmp_path_factory.mktemp("model") / "model.fusion"
    fusionlearn.save(model, path)
    return model, str(path)


@pytest.fixture
def scans(tmp_path):
    """Five pictures in folders, with what else lies in folders."""
    for number, pixels in enumerate(parts.pixels(parts.phantoms().data)[:5]):
        path = tmp_path / "scans" / str(number % 2) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (tmp_path / "scans" / "notes.txt").write_text("notes")
    (tmp_path / "scans" / ".DS_Store").write_text("clutter")
    return tmp_path / "scans"


def table(path):
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def run(capsys, *arguments):
    status = main(["predict", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_a_folder(model, scans, tmp_path, capsys):
    estimator, path = model
    status, out, err = run(capsys, path, scans, "--out", tmp_path / "predictions.csv")
    assert (status, out) == (0, "")
    assert err.startswith("5 pictures predicted. Written: ")
    rows = table(tmp_path / "predictions.csv")
    files = [row["file"] for row in rows]
    assert files == sorted(map(str, scans.glob("*/*.png")))
    assert [row["prediction"] for row in rows] == estimator.predict(files).tolist()
    proba = [[float(row[f"p({label})"]) for label in estimator.classes_] for row in rows]
    np.testing.assert_allclose(proba, estimator.predict_proba(files), rtol=1e-5)
    assert not (tmp_path / "predictions.bad.csv").exists()
    assert "predictions.bad.csv" not in err


def test_bad_files_are_listed_and_the_others_predicted(model, scans, tmp_path, capsys):
    """A broken one, an empty one, one that is missing, and one that is no picture."""
    (scans / "0" / "0.png").write_bytes((scans / "0" / "0.png").read_bytes()[:-200])
    (scans / "1" / "1.png").write_bytes(b"")
    (scans / "volume.nii.gz").write_bytes(b"volume")
    arguments = [model[1], scans, tmp_path / "missing.png"]
    status, _, err = run(capsys, *arguments, "--out", tmp_path / "predictions.csv")
    assert status == 1
    assert "4 of 7 files could not be used; they are listed in" in err
    good, bad = table(tmp_path / "predictions.csv"), table(tmp_path / "predictions.bad.csv")
    assert [os.path.basename(row["file"]) for row in good] == ["2.png", "4.png", "3.png"]
    reasons = {os.path.basename(row["file"]): row["reason"] for row in bad}
    assert set(reasons) == {"0.png", "1.png", "volume.nii.gz", "missing.png"}
    assert reasons["1.png"].startswith("an empty file")
    assert reasons["volume.nii.gz"] == "a file without the extension of a picture"
    assert "cannot be opened" in reasons["missing.png"]


def test_a_list_of_bad_files_is_of_this_run(model, scans, tmp_path, capsys):
    """That of an earlier run is not taken for it, neither now nor after another interruption."""
    (scans / "0" / "0.png").write_bytes(b"no picture")
    out, bad = tmp_path / "predictions.csv", tmp_path / "predictions.bad.csv"
    assert run(capsys, model[1], scans, "--out", out)[0] == 1
    assert len(table(bad)) == 1
    (scans / "0" / "0.png").unlink()
    out.unlink()
    status, _, err = run(capsys, model[1], scans, "--out", out)
    assert status == 1
    assert f"{str(bad)!r} is there already" in err
    assert run(capsys, model[1], scans, "--out", out, "--force")[0] == 0
    assert len(table(out)) == 4
    assert not bad.exists()


def test_a_folder_that_is_not_there(model, scans, capsys):
    """It is told as one, and not listed as a bad picture."""
    status, out, err = run(capsys, model[1], f"{scans}x/")
    assert status == 1
    assert out == ""
    assert "There is no" in err
    assert f"Did you mean {scans.name!r}" in err


def test_without_files(model, scans, capsys):
    """Predictions go to standard output, complaints to standard error."""
    (scans / "0" / "0.png").write_bytes(b"no picture")
    status, out, err = run(capsys, model[1], scans)
    assert status == 1
    assert out.startswith("file,prediction,p(ground-glass),p(healthy)")
    assert len(out.splitlines()) == 5
    assert "file,reason" in err
    assert "1 of 5 files could not be used." in err


def test_only_bad_files(model, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"no picture")
    status, out, _ = run(capsys, model[1], tmp_path / "a.png")
    assert status == 1
    assert len(out.splitlines()) == 1


def test_names_that_are_no_text(model, scans, tmp_path, capsys):
    """The table holds the bytes of the name."""
    name = os.fsencode(scans / "0") + b'/\xff\n,".png'
    os.rename(scans / "0" / "0.png", name)
    status, *_ = run(capsys, model[1], scans, "--out", tmp_path / "predictions.csv")
    assert status == 0
    files = [os.fsencode(row["file"]) for row in table(tmp_path / "predictions.csv")]
    assert name in files


def test_a_store_makes_it_faster_the_second_time(model, scans, tmp_path, capsys):
    for _ in range(2):
        status, *_ = run(capsys, model[1], scans, "--store", tmp_path / "features.db")
        assert status == 0
    assert fusionlearn.FeatureStore(tmp_path / "features.db").stats()["rows"] == 10


def test_a_model_without_probabilities(scans, tmp_path, capsys):
    ct = parts.phantoms()
    features = fusionlearn.ConcatFusion(parts.small_networks(layers=0.1))
    model = make_pipeline(features, LinearSVC(random_state=0)).fit(ct.data, ct.target)
    fusionlearn.save(model, tmp_path / "model.fusion")
    status, out, _ = run(capsys, tmp_path / "model.fusion", scans)
    assert status == 0
    assert out.splitlines()[0] == "file,prediction"
    patients = ("--group-pattern", "(.)[.]png", "--by-patient", tmp_path / "patients.csv")
    status, _, err = run(capsys, tmp_path / "model.fusion", scans, *patients)
    assert status == 1
    assert "gives no probabilities to average" in err


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\x80\x04K\x01.", "a pickle, which can run any program"), (b"", "it is empty")],
)
def test_files_that_are_no_models(content, message, scans, tmp_path, capsys):
    (tmp_path / "model").write_bytes(content)
    status, _, err = run(capsys, tmp_path / "model", scans)
    assert status == 1
    assert message in err
    assert main(["inspect", str(tmp_path / "model")]) == 1
    assert run(capsys, tmp_path / "mdoel", scans)[0] == 1


def test_a_look_into_a_model(model, capsys):
    assert main(["inspect", model[1]]) == 0
    assert "types that need your trust: none" in capsys.readouterr().out
    assert main(["inspect", model[1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == list(model[0].classes_)


def test_nothing_that_is_read_is_written_over(model, scans, tmp_path, capsys):
    """Neither the model nor a picture, under whatever name."""
    content = tmp_path / "model.fusion"
    shutil.copy(model[1], content)
    os.symlink(content, tmp_path / "link.csv")
    before = content.read_bytes(), (scans / "0" / "0.png").read_bytes()
    for out in (content, tmp_path / "link.csv", scans / "0" / "0.png"):
        status, _, err = run(capsys, content, scans, "--out", out)
        assert status == 1
        assert "is read, so that nothing can be written there" in err
    assert (content.read_bytes(), (scans / "0" / "0.png").read_bytes()) == before


def test_no_table_is_replaced_unasked(model, scans, tmp_path, capsys, monkeypatch):
    """Nor the second and the third; what is no file, such as a device, can be written to."""
    monkeypatch.chdir(tmp_path)
    words = [model[1], scans, "--group-pattern", r"/(\d)/", "--out", "notes.csv"]
    words += ["--by-patient", "patients.csv"]
    for name in ("notes.csv", "notes.bad.csv", "patients.csv"):
        (tmp_path / name).write_text("kept")
        status, _, err = run(capsys, *words)
        assert status == 1
        assert f"{name!r} is there already; pass --force to replace it" in err
        assert [path.name for path in tmp_path.glob("*.csv")] == [name]
        assert (tmp_path / name).read_text() == "kept"
        (tmp_path / name).unlink()
    assert run(capsys, *words)[0] == 0
    first = (tmp_path / "notes.csv").read_text()
    status, _, err = run(capsys, *words)
    assert status == 1
    assert "'notes.csv' is there already, and 1 more that would be written" in err
    assert run(capsys, *words, "--force")[0] == 0
    assert (tmp_path / "notes.csv").read_text() == first
    check_new([os.devnull], force=False)


def test_a_folder_without_pictures_is_no_success(model, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    status, _, err = run(capsys, model[1], tmp_path / "empty")
    assert status == 1
    assert "no pictures in" in err


def test_a_bad_file_that_is_named_twice(model, scans, tmp_path, capsys):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    bad = tmp_path / "bad.png"
    status, *_ = run(capsys, model[1], bad, scans, bad, "--out", tmp_path / "predictions.csv")
    assert status == 1
    assert len(table(tmp_path / "predictions.csv")) == 5
    assert [row["file"] for row in table(tmp_path / "predictions.bad.csv")] == [str(bad)] * 2


@pytest.mark.parametrize(
    ("kind", "message"),
    [("extractor", "which predicts nothing"), ("unfitted", "was saved before it was fitted")],
)
def test_models_that_predict_nothing(kind, message, scans, tmp_path, capsys, monkeypatch):
    """They are refused before a table is begun."""
    monkeypatch.chdir(tmp_path)
    network = parts.small_networks()[0][1]
    fusionlearn.save(network if kind == "extractor" else make_pipeline(network, LinearSVC()), "m")
    (tmp_path / "out.csv").write_text("kept")
    status, _, err = run(capsys, "m", scans, "--out", tmp_path / "out.csv")
    assert status == 1
    assert message in err
    assert (tmp_path / "out.csv").read_text() == "kept"


def test_stores_and_weights_are_not_written_over(model, scans, tmp_path, capsys):
    (tmp_path / "features.db").write_bytes(b"")
    store = tmp_path / "features.db"
    status, _, err = run(capsys, model[1], scans, "--store", store, "--out", store)
    assert status == 1
    assert "is read, so that nothing" in err


# votes, patients, documents


@pytest.fixture(scope="module")
def voting(tmp_path_factory):
    ct = parts.phantoms()
    model = parts.small_recipe("vote", epochs=2, n_copies=0, networks=parts.scaled_networks)
    path = tmp_path_factory.mktemp("voting") / "model.fusion"
    fusionlearn.save(model.fit(ct.data, ct.target), path)
    return model, str(path)


def test_votes_and_agreement(voting, scans, tmp_path, capsys):
    """Those of the fusion inside, in a table and in a document."""
    model, path = voting
    out = tmp_path / "predictions.csv"
    assert run(capsys, path, scans, "--out", out)[0] == 0
    rows = table(out)
    files = [row["file"] for row in rows]
    votes = [[row[f"vote({name})"] for name in parts.NETWORKS] for row in rows]
    assert votes == model.estimator_.votes(files).tolist()
    agreement = [float(row["agreement"]) for row in rows]
    assert agreement == model.estimator_.agreement(files).tolist()
    status, document, _ = run(capsys, path, scans, "--json")
    found = json.loads(document)["predictions"]
    assert status == 0
    assert [list(each["votes"].values()) for each in found] == votes
    assert [each["agreement"] for each in found] == agreement
    assert [each["prediction"] for each in found] == [row["prediction"] for row in rows]


def test_no_votes_where_views_are_averaged(voting, scans, tmp_path, capsys, monkeypatch):
    """There they do not decide, and would contradict the prediction."""
    monkeypatch.setattr(voting[0], "test_copies", 1)
    fusionlearn.save(voting[0], tmp_path / "model.fusion")
    _, out, _ = run(capsys, tmp_path / "model.fusion", scans)
    assert out.splitlines()[0] == "file,prediction,p(ground-glass),p(healthy)"


def test_patients(model, scans, tmp_path, capsys):
    """Mean and vote of the good pictures of each, against a sum by hand."""
    (scans / "0" / "0.png").write_bytes(b"no picture")
    words = ("--group-pattern", r"/(\d)/\d[.]png", "--by-patient", tmp_path / "patients.csv")
    assert run(capsys, model[1], scans, *words, "--out", tmp_path / "predictions.csv")[0] == 1
    rows, patients = table(tmp_path / "predictions.csv"), table(tmp_path / "patients.csv")
    assert [row["patient"] for row in patients] == ["0", "1"]
    for patient in patients:
        own = [row for row in rows if row["patient"] == patient["patient"]]
        assert {row["file"].split("/")[-2] for row in own} == {patient["patient"]}
        assert int(patient["pictures"]) == len(own) == 2
        proba = np.array([[float(row[f"p({name})"]) for name in model[0].classes_] for row in own])
        mean = [float(patient[f"p({name})"]) for name in model[0].classes_]
        np.testing.assert_allclose(mean, proba.mean(axis=0), rtol=1e-4)
        assert patient["prediction"] == model[0].classes_[np.argmax(mean)]
        share = np.mean([row["prediction"] == patient["vote"] for row in own])
        assert float(patient["agreement"]) == share >= 0.5


@pytest.fixture
def slices(tmp_path, rng):
    """Four DICOM files of two patients beside one that is broken and a document."""
    folder = tmp_path / "slices"
    for name, patient in (("a", "P1"), ("b", "P1"), ("c", "P2"), ("d", "P2")):
        write_slice(folder / f"{name}.dcm", rng, PatientID=patient)
    (folder / "broken.dcm").write_bytes((folder / "a.dcm").read_bytes()[:300])
    (folder / "report.dcm").write_bytes(dicom_files.report())
    return folder


def write_slice(path, rng, **elements):
    path.parent.mkdir(exist_ok=True)
    values = dicom_files.hounsfield((32, 32), rng)
    window = {"WindowCenter": 40, "WindowWidth": 400}
    path.write_bytes(dicom_files.dicom(values, **window, **elements))


def test_dicom_files_know_their_patients(model, slices, tmp_path, capsys):
    """By the names that a loader gives; bad files are listed as ever."""
    words = [slices, tmp_path / "missing.dcm", "--by-patient", tmp_path / "patients.csv"]
    status, out, err = run(capsys, model[1], *words)
    assert status == 1
    assert "3 of 7 files could not be used" in err
    assert "P1" not in out
    rows, patients = list(csv.DictReader(out.splitlines())), table(tmp_path / "patients.csv")
    files = [row["file"] for row in rows]
    assert [os.path.basename(file) for file in files] == ["a.dcm", "b.dcm", "c.dcm", "d.dcm"]
    expected = [picture.group for picture in fusionlearn.images.read_dicom(files)]
    assert [row["patient"] for row in rows] == expected
    assert {row["patient"]: row["pictures"] for row in patients} == dict.fromkeys(expected, "2")


@pytest.mark.filterwarnings("always::fusionlearn.exceptions.DataWarning")
def test_patients_that_not_all_files_name(model, slices, tmp_path, rng, capsys):
    """A study alone is told of, and a file that says nothing is not passed over."""
    write_slice(slices / "d.dcm", rng, PatientID=None)
    words = [model[1], slices, "--by-patient", tmp_path / "patients.csv"]
    assert run(capsys, *words)[0] == 1
    assert len(table(tmp_path / "patients.csv")) == 3
    assert "warning: 1 of 4 DICOM file(s) have no patient id" in run(capsys, *words, "--force")[2]
    Image.new("L", (32, 32)).save(slices / "e.png")
    status, out, err = run(capsys, *words, "--force")
    assert (status, out) == (1, "")
    assert "4 pictures are DICOM files that name their patient, and 1 say nothing of it" in err
    assert "e.png" in err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--by-patient", "p.csv"], 2, "needs to know the patients"),
        (["--group-pattern", "(x)"], 2, "--group-pattern: '(x)' finds no patient in 5 of 5"),
        (["--group-pattern", "("], 2, "--group-pattern: '(' is no regular expression"),
        (["--out", "a/b.csv"], 1, "There is no folder 'a'"),
        (["--group-pattern", "(p)", "--by-patient", "x.csv", "--out", "x.csv"], 2, "wanted two"),
    ],
)
def test_what_predict_cannot_do(model, scans, capsys, monkeypatch, words, status, message):
    """Told before a table is begun."""
    monkeypatch.chdir(scans.parent)
    before = sorted(scans.parent.rglob("*"))
    found = run(capsys, model[1], scans, *words)
    assert found[0] == status
    assert message in found[2]
    assert sorted(scans.parent.rglob("*")) == before


def test_a_document_has_the_bad_pictures_too(model, scans, capsys):
    (scans / "0" / "0.png").write_bytes(b"no picture")
    status, out, err = run(capsys, model[1], scans, "--json")
    document = json.loads(out)
    assert status == 1
    assert [os.path.basename(each["file"]) for each in document["bad"]] == ["0.png"]
    assert len(document["predictions"]) == 4
    assert "1 of 5 files could not be used." in err
