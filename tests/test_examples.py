"""The examples are what a reader can use.

The program for COVID-CT is run here, on data and weights that are made here. The pages of the
gallery are run by ``make docs``, where a warning or an error fails the build; here only what
can be seen without running them.
"""

import ast
import importlib
import json
import re
import runpy
import sys
from pathlib import Path

import pytest
from PIL import Image
from weights_folder import QUARTER, THIRD, write_weights

from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.exceptions import DataWarning

# Sixteen pictures are few, and meant to be.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")

EXAMPLES = Path(__file__).parents[1] / "examples"
EXAMPLE = EXAMPLES / "covid_ct.py"
GALLERY = sorted(EXAMPLES.glob("*/*.py"))
TOPICS = {
    "own_folder",
    "recipe",
    "many_classes",
    "concat_or_vote",
    "grid_over_subsets",
    "custom_backbone",
    "stacking_with_table",
    "patients_and_leaks",
    "calibration_and_conformal",
    "explanations",
    "augmentation",
    "fine_tuning",
    "speed",
}
PLACES = {
    "ground-glass": ("CT_COVID", "COVID", "covid"),
    "healthy": ("CT_NonCOVID", "NonCOVID", "non-covid"),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights"), QUARTER, THIRD)


@pytest.fixture(scope="module")
def covid_ct(tmp_path_factory):
    """A small COVID-CT: 16 phantoms of 8 patients, of whom the last of each class validate."""
    folder = tmp_path_factory.mktemp("covid-ct")
    ct = make_ct_phantoms(16, n_patients=8, image_size=40)
    rows = ["file,label,split,patient_id"]
    for label, (place, kind, name) in PLACES.items():
        (folder / place).mkdir()
        lists = folder / "Data-split" / kind
        lists.mkdir(parents=True)
        for part in ("train", "val", "test"):
            (lists / f"{part}{place}.txt").touch()
        of_class = ct.target == label
        patients = sorted(set(ct.groups[of_class]))
        for number, (reference, patient) in enumerate(
            zip(ct.data[of_class], ct.groups[of_class], strict=True)
        ):
            Image.fromarray(reference.decode()).save(folder / place / f"{number}.png")
            part = "val" if patient in patients[-2:] else "train"
            rows.append(f"{place}/{number}.png,{name},{part},{patient}")
            with open(lists / f"{part}{place}.txt", "a") as file:
                file.write(f"{number}.png\n")
    (folder / "index.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture
def run(monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", [str(EXAMPLE), *map(str, arguments)])
        return runpy.run_path(str(EXAMPLE), run_name="__main__")

    return run


def test_whole_example(run, covid_ct, weights, tmp_path, capsys):
    out = tmp_path / "new" / "results"
    common = ("--weights", weights, "--copies", "1", "--folds", "2", "--out", out)
    run("--data", covid_ct, *common)
    text = capsys.readouterr().out
    assert "16 pictures of 8 patients: covid, non-covid" in text
    assert text.count("F1 and AUC are about the class 'covid'.") == 2
    assert "32 pictures and copies went through each of 2 networks: 64 rows were computed" in text
    assert "no diagnosis" in text

    results = json.loads((out / "results.json").read_text(), parse_constant=pytest.fail)
    assert results["pictures"] == 16
    assert results["patients"] == 8
    assert results["positive"] == "covid"
    assert results["networks"] == ["MobileNet-0.25", "MobileNetV2-0.35"]
    assert results["settings"]["folds"] == 2
    assert len(results["scores"]) == 2
    names = ["file alone, no pixel", *results["networks"], "concat", "vote"]
    for table in results["scores"].values():
        assert list(table) == names
        for scores in table.values():
            assert list(scores) == ["accuracy", "f1", "roc_auc"]
            for score in scores.values():
                assert 0 <= score["low"] <= score["high"] <= 1
                assert f"{score['estimate']:.3f} [{score['low']:.3f}, {score['high']:.3f}]" in text
    assert set(results["seconds"]) > {"features of all pictures and copies"}


@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.DataWarning")
def test_repository_without_patients(run, covid_ct, weights, tmp_path, capsys):
    """The authors' own form has splits, but no patients that are known."""
    for name in ("CT_COVID", "CT_NonCOVID", "Data-split"):
        (tmp_path / name).symlink_to(covid_ct / name)
    common = ("--weights", weights, "--network", "MobileNet", "--copies", "0", "--folds", "2")
    run("--data", tmp_path, *common)
    text = capsys.readouterr().out
    assert "No patients are known" in text
    assert "Fitted on train (8), judged on validation (8)" in text
    assert "concat" not in text  # of a single network there is nothing to fuse
    with pytest.warns(DataWarning):
        runpy.run_path(str(EXAMPLE))["load"](tmp_path)


def test_validation_part_without_a_class_is_said(covid_ct, capsys):
    example = runpy.run_path(str(EXAMPLE))
    data = example["load"](covid_ct)
    assert example["has_validation_part"](data)
    data.split[data.target == "covid"] = "train"
    assert not example["has_validation_part"](data)
    assert "lacks a class" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data"),
        (["--data", "x", "--folds", "1"], "--folds 1: wanted 2 or more"),
        (["--data", "x", "--copies", "-1"], "--copies -1: wanted 0 or more"),
        (["--data", "x", "--folds", "five"], "invalid int value"),
    ],
)
def test_wrong_arguments(run, capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_errors_are_one_sentence(run, covid_ct, weights, tmp_path):
    with pytest.raises(SystemExit, match=r"^covid_ct\.py: There is no "):
        run("--data", tmp_path / "nowhere")
    with pytest.raises(SystemExit, match=r"^covid_ct\.py: .*no weights file"):
        run("--data", covid_ct, "--weights", tmp_path)
    with pytest.raises(SystemExit, match="Did you mean 'MobileNet'"):
        run("--data", covid_ct, "--weights", weights, "--network", "MobileNett")


def test_too_many_folds_are_refused_before_any_network_runs(run, covid_ct, weights, tmp_path):
    options = ("--weights", weights, "--folds", "9", "--out", tmp_path)
    with pytest.raises(SystemExit, match=r"at most 4"):
        run("--data", covid_ct, *options)
    assert not (tmp_path / "results.json").exists()


def test_gallery_has_its_topics(monkeypatch):
    """No page of the gallery is lost, unordered, or left out because of its name."""
    assert {path.stem.removeprefix("plot_") for path in GALLERY} == TOPICS
    assert all(path.name.startswith("plot_") for path in GALLERY)
    monkeypatch.syspath_prepend(EXAMPLES.parent / "docs" / "_ext")
    gallery = importlib.import_module("gallery")
    assert sorted(gallery._ORDER) == sorted(path.name for path in GALLERY)
    assert set(gallery._SECTIONS) == {path.parent.name for path in GALLERY}
    sys.modules.pop("gallery")


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_gallery_page_is_readable(path):
    """A page has a title, text between its programs, a figure, and the way to real networks."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    assert 40 <= len(lines) < 100
    assert max(map(len, lines)) <= 100
    title, bar, empty, *_ = ast.get_docstring(ast.parse(source)).splitlines()
    assert bar == "=" * len(title)
    assert not empty
    assert source.count("\n# %%\n# ") >= 3
    assert "plt.show()" in source
    assert "ImageNet" in source or "trained" in source
    assert "warnings.filterwarnings" not in source
    assert not re.search(r"https?://(?!mapie\.readthedocs\.io)", source)


def test_first_page_of_the_gallery_runs(tmp_path, monkeypatch, capsys):
    """The folder in ten lines, and it leaves nothing where it is run."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "made"))
    (tmp_path / "made").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    runpy.run_path(str(EXAMPLES / "first_steps" / "plot_own_folder.py"))
    plt.close("all")
    printed = capsys.readouterr().out
    assert "160 pictures of 80 patients" in printed
    assert "file alone, no pixel" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
