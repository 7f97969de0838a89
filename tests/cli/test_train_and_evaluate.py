"""The commands ``train``, ``evaluate`` and ``report``: from a folder to a model and its worth."""

import shutil

import pytest
from command_parts import run, run_json, write_pictures
from PIL import Image

import fusionlearn
from fusionlearn.cli import _judging
from fusionlearn.exceptions import BackboneWeightsError

# A dozen pictures are few, and meant to be.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")

PATIENTS = ("--group-pattern", r"(patient\d+)-")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in a folder with pictures of six patients of each class, two of each patient."""
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "scans", copies=True)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_preset):
    folder = tmp_path_factory.mktemp("made")
    write_pictures(folder / "scans", copies=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run("train", "scans", *PATIENTS, *tiny_preset, "--out", "model.fusion") == 0
    return folder


@pytest.fixture
def trained(made, tmp_path, monkeypatch):
    """Work in a folder with a model beside its config file."""
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "trained"))
    return tmp_path / "trained"


def test_a_run_says_what_it_did_and_repeats_itself(here, tiny_preset, capsys):
    """The model predicts as one fitted in Python, and the file beside it makes the same again."""
    words = ["scans", *PATIENTS, *tiny_preset, "--set", "epochs=2", "--out", "model.fusion"]
    document, text = run_json(capsys, "train", *words)
    assert "24 pictures (12 'ground-glass', 12 'healthy') of 12 patients." in text
    assert "No score is given" in text
    assert "fusionlearn evaluate --config model.toml" in text
    assert document["networks"] == ["tiny"]
    assert document["n_patients"] == 12
    data = fusionlearn.datasets.load_image_folder("scans", group_pattern=PATIENTS[1])
    expected = fusionlearn.presets.get_preset("tiny_vote")(epochs=2).fit(data.data, data.target)
    expected = expected.predict_proba(data.data)
    model = fusionlearn.load("model.fusion")
    assert (model.predict_proba(data.data) == expected).all()
    # From elsewhere, under another name.
    assert run("train", "--config", "model.toml", "--out", "again.fusion") == 0
    assert (fusionlearn.load("again.fusion").predict_proba(data.data) == expected).all()
    assert sorted(path.name for path in here.iterdir()) == [
        *("again.fusion", "again.toml", "model.fusion", "model.toml", "scans")
    ]


def test_leaks_are_told(here, tiny_preset, capsys):
    """Here by the format of the files."""
    for file in (here / "scans" / "healthy").iterdir():
        Image.open(file).save(file.with_suffix(".jpg"))
        file.unlink()
    words = ["scans", *PATIENTS, *tiny_preset, "--out", "model.fusion"]
    document, text = run_json(capsys, "train", *words)
    assert "warning: scores of these pictures would be too good" in text
    assert "files of format JPEG are 'healthy'" in document["leaks"][0]


def test_nothing_is_replaced_unasked(trained, tiny_preset, capsys):
    """Neither a model nor a config file that somebody wrote, before or after the training."""
    config = (trained / "model.toml").read_text()
    words = ["train", "scans", *PATIENTS, *tiny_preset, "--out", "model.fusion"]
    assert run(*words) == 1
    assert "'model.fusion' is there already; pass --force" in capsys.readouterr().err
    (trained / "model.fusion").unlink()
    assert run(*words) == 1
    assert "'model.toml' is there already, and this run" in capsys.readouterr().err
    (trained / "model.toml").write_text(f"# a remark\n{config}")
    assert run("train", "--config", "model.toml", "--set", "epochs=2") == 1
    assert "'model.toml' says something else than this line" in capsys.readouterr().err
    # Says the same, however much is told of it: it stays.
    assert run("train", "--config", "model.toml", "--quiet") == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(". ")[-1] for line in said] == ["Written: model.fusion and model.toml."], (
        said
    )
    assert (trained / "model.toml").read_text() == f"# a remark\n{config}"
    assert (trained / "model.fusion").is_file()
    assert run("train", "--config", "model.toml", "--set", "epochs=2", "--force") == 0
    assert "epochs = 2" in (trained / "model.toml").read_text()


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["nowhere", "--out", "m"], 1, "There is no 'nowhere'"),
        (["scans", "--out", "nowhere/m"], 1, "There is no folder 'nowhere' to write 'm' into."),
        (["scans", "--out", "scan/m"], 1, "Did you mean 'scans'? Make it, or write elsewhere."),
        (["scans", "--out", "scans"], 1, "is a folder"),
        (["scans", "--out", "m.toml"], 2, "wanted a name for a model"),
        (["scans", "--out", "m", "--set", "fusoin=vote"], 2, "Did you mean 'fusion'?"),
        (["scans", "--out", "m", "--set", "test_copise=1"], 2, "Did you mean 'test_copies'"),
        (["scans", "--out", "m", "--set", "fusion=vtoe"], 2, "'vtoe'"),
        (["scans", "--out", "m", "--set", "test_copies=-1"], 2, "'test_copies' parameter"),
        (["scans", "--out", "m", "--set", "epochs=-1"], 2, "'epochs' parameter"),
        (["scans", "--out", "m", "--group-pattern", "(zzz)"], 2, "'(zzz)' finds no patient in 24"),
        (["scans", "--out", "m", "--set", "store=x"], 2, "say it by --store"),
        (["scans", "--out", "m", "--weights", "w"], 2, "tiny_vote takes no weights files"),
    ],
)
def test_slips_are_told_before_the_work(here, tiny_preset, capsys, words, status, message):
    """Nothing is fitted, not even audited, and nothing written."""
    before = sorted(here.rglob("*"))
    assert run("train", *words, *tiny_preset, "--verbose") == status
    err = capsys.readouterr().err
    assert message in err
    assert "note:" not in err  # as the audit would say of unknown patients
    assert sorted(here.rglob("*")) == before


def test_weights_and_the_networks_they_are_for(here, monkeypatch, capsys, tiny):
    """backbones choose among a folder's files, and what describes networks reaches them."""
    asked = []

    def from_folder(folder, names, **more):
        asked.append((folder, names, more))
        return [("tiny", fusionlearn.BackboneFeatureExtractor(tiny, store=more["store"]))]

    monkeypatch.setattr(fusionlearn.features, "extractors_from_folder", from_folder)
    words = ["--preset", "covid_ct", "--weights", "w", "--set", 'backbones=["VGG16"]']
    words += ["--set", "input_size=64", "--set", "epochs=1", "--set", "n_copies=0"]
    assert run("train", "scans", *words, "--out", "m.fusion", "--store", "f.db") == 0
    assert asked == [("w", ["VGG16"], {"store": "f.db", "input_size": 64, "verbose": 0})]
    assert (here / "f.db").exists()
    capsys.readouterr()
    assert run("train", "scans", *words, "--set", "weights=none", "--out", "n.fusion") == 2
    assert "leave out one of them" in capsys.readouterr().err


def test_a_network_that_is_not_there(here, capsys):
    """One name needs no brackets; how more are written stands in the message."""
    words = ["train", "scans", "--out", "m", "--preset", "covid_ct"]
    assert run(*words, "--set", "backbones=ResNet500") == 2
    err = capsys.readouterr().err
    assert "there is no network 'ResNet500'. Did you mean 'ResNet50'" in err
    assert """--set 'backbones=["ResNet50","VGG16"]'""" in err


def test_too_few_patients_for_folds_inside_a_model_are_told_before_the_work(here, capsys):
    words = ["scans", *PATIENTS, "--set", "weights=none", "--set", "calibration_folds=7"]
    assert run("train", *words, "--out", "model.fusion") == 1
    err = capsys.readouterr().err
    assert "has 6 patient(s) where the model is trained, and the 7 folds inside the model" in err
    assert "calibration_folds=6" in err


@pytest.mark.parametrize("command", ["train", "evaluate", "report"])
def test_merged_patients_are_told_before_the_work(here, monkeypatch, capsys, command):
    """Here two by two, of two classes; no network is made yet."""

    def make(*arguments, **more):
        raise BackboneWeightsError("the work")

    monkeypatch.setattr(f"fusionlearn.cli._{command}.make_estimator", make)
    for number, file in enumerate(sorted((here / "scans").glob("*/*.png"))):
        file.rename(file.with_name(f"p{number % 12}-{number}.png"))
    out = ["--out", "m"] if command == "train" else []
    assert run(command, "scans", "--group-pattern", "/(p[0-9]+)-", *out) == 1
    warning, *_ = capsys.readouterr().err.split("fusionlearn ")
    assert "warning: 12 of 12 patients have pictures of several classes ('p0' for " in warning
    assert "'ground-glass' and 'healthy'), so that there are no scores by patient." in warning
    assert "--group-pattern '/(p[0-9]+)-' merges" in warning


# evaluate


def test_missing_weights_are_told_in_words_of_the_command(here, monkeypatch, capsys):
    """A hospital has no internet; Python's remedies are none there."""

    def resolve(*arguments, **parameters):
        raise BackboneWeightsError("no internet")

    monkeypatch.setattr("fusionlearn.features._extractor.resolve_network", resolve)
    assert run("evaluate", "scans", *PATIENTS) == 1
    assert "Here: --weights FOLDER" in capsys.readouterr().err


def test_a_preset_is_cross_validated_as_in_python(here, tiny_preset, capsys):
    words = ["scans", *PATIENTS, *tiny_preset, "--cv", "2", "--seed", "5", "--grain-control"]
    words += ["--positive", "ground-glass"]
    document, text = run_json(capsys, "evaluate", *words)
    data = fusionlearn.datasets.load_image_folder("scans", group_pattern=PATIENTS[1])
    expected = fusionlearn.model_selection.evaluate(
        fusionlearn.presets.get_preset("tiny_vote")(),
        data.data,
        data.target,
        cv=2,
        positive="ground-glass",
        grain_control=True,
        random_state=5,
    )
    assert str(expected) in text
    assert document["positive"] == "ground-glass"
    of_both = [*expected.cautions, *expected.by_patient().cautions]
    assert document["cautions"] == list(dict.fromkeys(of_both))
    assert all(caution in text for caution in of_both)
    assert "Scores are about" not in text  # but where nobody said it
    parts = {"model": expected, "file_alone": expected.shortcut}
    parts["without_grain"] = expected.grain_control
    assert document["scores"].keys() == parts.keys()
    for name, part in parts.items():
        for kind, each in (
            ("by_picture", part),
            ("by_patient_mean", part.by_patient()),
            ("by_patient_vote", part.by_patient("vote")),
        ):
            assert {
                score: (value["estimate"], value["low"], value["high"])
                for score, value in document["scores"][name][kind].items()
            } == {score: tuple(value) for score, value in each.scores.items()}


def test_what_was_trained_is_what_is_evaluated(trained, capsys):
    """The file that train wrote names data, patients and preset for evaluate, too."""
    document, _ = run_json(
        capsys, "evaluate", "--config", "model.toml", "--cv", "2", "--repeats", "2"
    )
    assert (document["preset"], document["n_patients"]) == ("tiny_vote", 12)
    assert document["n_repeats"] == 2


def test_unseen_pictures_are_judged(trained, capsys):
    """Scores are those of the model's own probabilities."""
    write_pictures(trained / "other", seed=1)
    words = ["model.fusion", "other", "--group-pattern", r"(patient\d+-1)"]
    document, text = run_json(capsys, "evaluate", *words)
    assert document["seen"]["checked"]
    assert document["seen"]["same_pictures"] == 0
    assert "warning" not in text
    assert "Scores are about the class 'healthy', the last one in sorted order; for the" in text
    data = fusionlearn.datasets.load_image_folder("other")
    right = fusionlearn.load("model.fusion").predict(data.data) == data.target
    assert document["scores"]["model"]["by_picture"]["accuracy"]["estimate"] == right.mean()


def files_alone(document):
    return document["scores"]["file_alone"]["by_picture"]["accuracy"]["estimate"]


def test_files_alone_beside_a_saved_model(trained, capsys):
    """On what the model was trained on, or on the pictures themselves, or not, with the reason."""
    write_pictures(trained / "other", seed=1)

    def store(folder, healthy, others):
        for file in folder.glob("*/*.png"):
            mode = healthy if file.parent.name == "healthy" else others
            Image.open(file).convert(mode).save(file)

    store(trained / "other", "L", "RGB")
    store(trained / "scans", "L", "RGB")
    words = ("model.fusion", "other", "--positive", "healthy")
    document, text = run_json(capsys, "evaluate", *words)
    assert "trained on the files that the model was trained on" in document["file_alone"]
    assert files_alone(document) == 1
    assert "file alone, no pixel" in text
    assert document["file_alone"] in text
    assert "The model ranks pictures no better than a forest" in " ".join(document["cautions"])
    # What was learned from other files need not hold for these.
    store(trained / "scans", "RGB", "L")
    document, _ = run_json(capsys, "evaluate", *words)
    assert files_alone(document) == 0
    assert "these pictures themselves it has a roc_auc of 1.000 [1.000, " in document["file_alone"]
    (trained / "scans").rename(trained / "gone")
    document, _ = run_json(capsys, "evaluate", *words)
    assert "cross-validated on these pictures" in document["file_alone"]
    assert files_alone(document) == 1
    for file in [*(trained / "other" / "healthy").iterdir()][1:]:
        file.unlink()
    document, text = run_json(capsys, "evaluate", *words)
    assert "the class 'healthy' has pictures of one patient" in document["file_alone"]
    assert document["scores"].keys() == {"model"}


def test_seen_pictures_are_not(trained, capsys):
    """Also one copy among others, under another name; a name of a patient may be chance."""
    write_pictures(trained / "other", seed=1)
    words = ["evaluate", "model.fusion", "other"]
    assert run(*words, *PATIENTS) == 0
    assert "12 patients are called as in the training data" in capsys.readouterr().err
    seen = next((trained / "scans" / "healthy").iterdir())
    shutil.copy(seen, trained / "other" / "healthy" / "copy.png")
    assert run(*words) == 1
    err = capsys.readouterr().err
    assert "was trained on 1 of these 13 pictures" in err
    assert "fusionlearn evaluate --config model.toml" in err


@pytest.mark.parametrize("gone", ["model.toml", "scans"])
def test_what_cannot_be_known_is_said(trained, capsys, gone):
    write_pictures(trained / "other", seed=1)
    (trained / gone).rename(trained / "elsewhere")
    document, text = run_json(capsys, "evaluate", "model.fusion", "other")
    assert "could not be found out" in text
    assert gone in text
    assert not document["seen"]["checked"]


def test_pictures_of_other_classes(trained, capsys):
    write_pictures(trained / "other", seed=1)
    (trained / "other" / "healthy").rename(trained / "other" / "helthy")
    assert run("evaluate", "model.fusion", "other") == 1
    assert "Did you mean 'healthy'?" in capsys.readouterr().err
    shutil.rmtree(trained / "other" / "helthy")
    (trained / "other" / "b").mkdir()
    assert run("evaluate", "model.fusion", "other") == 1


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["model.fusion", "scans", "--cv", "3"], 2, "--cv is for the cross-validation of a preset"),
        (["model.fusion", "scans", "--preset", "covid_ct"], 2, "a saved model is judged as it is"),
        (["model.fusion", "scans", "--title", "x"], 2, "--title is for the cross-validation"),
        (["scans", "--title", "x"], 2, "--title is about the page that --out FILE.html writes"),
        (["scans", "--show-pictures"], 2, "--show-pictures is about the page"),
        (["model.fusion"], 2, "FOLDER is missing"),
        (["scans", "--positive", "helthy"], 2, "Did you mean 'healthy'?"),
        (["scans", "--out", "model.toml/x"], 1, "'model.toml' is a file; wanted a folder"),
    ],
)
def test_what_evaluate_cannot_do(trained, capsys, words, status, message):
    assert run("evaluate", *words) == status
    assert message in capsys.readouterr().err


# report


@pytest.mark.parametrize("command", ["report", "evaluate"])
def test_no_page_is_replaced_unasked(here, tiny_preset, capsys, command):
    """Told before anything is computed."""
    (here / "page.html").write_text("kept")
    words = [command, "scans", *PATIENTS, *tiny_preset, "--out", "page.html"]
    assert run(*words) == 1
    assert capsys.readouterr().err == (
        f"fusionlearn {command}: 'page.html' is there already; pass --force to replace it, or "
        "write elsewhere.\n"
    )
    assert (here / "page.html").read_text() == "kept"
    assert run(*words, "--force", "--positive", "helthy") == 2
    assert "Did you mean 'healthy'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["report", "evaluate"])
def test_a_page_is_called_one(here, tiny_preset, capsys, command):
    """HTML under the name of a PDF is opened by nothing."""
    assert run(command, "scans", *PATIENTS, *tiny_preset, "--out", "page.pdf") == 2
    assert "'page.pdf': wanted a name for a page, such as report.html" in capsys.readouterr().err
    assert not (here / "page.pdf").exists()


@pytest.mark.parametrize("command", ["report", "evaluate"])
def test_a_report_is_about_the_same_evaluation(here, tiny_preset, capsys, monkeypatch, command):
    """Folds and seed reach it; the demo's test writes a real one."""
    asked = []
    monkeypatch.setattr(
        _judging.fusionlearn, "report", lambda *parts, **more: asked.append((parts, more))
    )
    words = [*PATIENTS, *tiny_preset, "--cv", "2", "--seed", "4", "--out", "page.html"]
    extra = ["--title", "Slices", "--no-show-pictures"]
    document, text = run_json(capsys, command, "scans", *words, *extra)
    ((_, X, y), more), *others = asked
    assert not others
    assert (len(X), len(y)) == (24, 24)
    assert (more["path"], more["cv"], more["random_state"]) == ("page.html", 2, 4)
    assert "Written: page.html" in text
    assert document["report"] == "page.html"
    score = document["scores"]["model"]["by_picture"]["accuracy"]["estimate"]
    assert score == more["evaluation"].scores["accuracy"].estimate
    assert (more["title"], more["show_pictures"], more["show_patients"]) == ("Slices", False, False)
    assert "Scores are about the class 'healthy'" in text
