"""The command line: what it prints where, and what it says to those who mistype."""

import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image
from weights_folder import QUARTER, THIRD, write_weights

import fusionlearn
from fusionlearn.cli import _demo, main
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.exceptions import BackboneWeightsError, DataWarning

# A dozen pictures are few, and meant to be.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")

FIGURES = [
    "figure-1-2-enhancement.png",
    "figure-4-distribution.png",
    "figure-6-accuracy.png",
    "figure-7-loss.png",
]


def write_pictures(folder, n_patients=6, size=40):
    """A folder for each class, with phantoms of different patients."""
    ct = make_ct_phantoms(2 * n_patients, n_patients=2 * n_patients, image_size=size)
    for number, (reference, label) in enumerate(zip(ct.data, ct.target, strict=True)):
        file = folder / str(label) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(reference.decode()).save(file)
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights"), QUARTER, THIRD)


@pytest.fixture
def fail(capfd):
    """Run a command that cannot work; give what it says."""

    def fail(*arguments):
        assert main([str(argument) for argument in arguments]) == 1
        out, err = capfd.readouterr()
        assert "Traceback" not in err + out
        assert len(err.splitlines()) == 1
        assert err.startswith("fusionlearn demo: ")
        return err

    return fail


# arguments


def test_without_a_command_it_helps(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert "fusionlearn demo --data scans/" in out
    assert "no" in out
    assert "diagnosis" in out
    assert not err


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"]])
def test_help(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    out = capsys.readouterr().out
    options = ("--data", "--weights", "--out", "--quiet") if "demo" in arguments else ("demo",)
    assert all(option in out for option in options)


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"fusionlearn {fusionlearn.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dmeo"], "there is no command 'dmeo'. Did you mean 'demo'?"),
        (
            ["frobnicate"],
            "there is no command 'frobnicate'. There are: demo, predict, inspect, store.",
        ),
        (["demo", "--dta", "x"], "--dta"),
        (["demo", "--data"], "expected one argument"),
        (["--quiet"], "COMMAND"),
    ],
)
def test_mistyped_arguments(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert message in err
    assert not out


def test_arguments_come_from_the_program_by_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fusionlearn", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert "fusionlearn" in capsys.readouterr().out


# commands that cannot work


def test_data_that_does_not_exist(fail, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "There is no 'nowhere'" in fail("demo", "--data", "nowhere")
    assert not os.listdir()  # not even an empty folder for the results


def test_data_of_one_class(fail, tmp_path):
    data = write_pictures(tmp_path / "data")
    (data / "healthy").rename(tmp_path / "elsewhere")
    assert "wanted at least two" in fail("demo", "--data", data, "--out", tmp_path / "out")


def test_data_without_pictures(fail, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert "holds no picture" in fail("demo", "--data", tmp_path, "--out", tmp_path / "out")


def test_data_with_one_patient_of_a_class(fail, tmp_path):
    data = write_pictures(tmp_path / "data", n_patients=2)
    next((data / "healthy").iterdir()).unlink()
    message = fail("demo", "--data", data, "--out", tmp_path / "out")
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
    assert message in fail("demo", "--data", data, *options)


def test_out_that_is_a_file(fail, tmp_path):
    (tmp_path / "file").write_text("kept")
    assert "is a file; wanted a folder" in fail("demo", "--out", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_broken_picture_is_named(fail, tmp_path, weights):
    data = write_pictures(tmp_path / "data")
    file = next((data / "healthy").iterdir())
    file.write_bytes(file.read_bytes()[:200])
    options = ("--weights", weights, "--out", tmp_path / "out", "--quiet")
    assert file.name in fail("demo", "--data", data, *options)


def test_warnings_of_the_library_are_plain(monkeypatch, capsys):
    def run_demo(**options):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("left out", DataWarning, stacklevel=1)
            warnings.warn("left out", DataWarning, stacklevel=1)  # a model later
            warnings.warn("something else", UserWarning, stacklevel=1)

    monkeypatch.setattr(_demo, "run_demo", run_demo)
    before = warnings.showwarning
    with pytest.warns(UserWarning, match="something else") as others:
        assert main(["demo"]) == 0
    assert capsys.readouterr().err == "warning: left out\n"
    assert len(others) == 1
    assert warnings.showwarning is before


def test_error_that_is_a_bug_keeps_its_traceback(monkeypatch):
    """Only errors that tell the user something are put in one sentence."""

    def run_demo(**options):
        raise TypeError("a bug")

    monkeypatch.setattr(_demo, "run_demo", run_demo)
    with pytest.raises(TypeError, match="a bug"):
        main(["demo"])


# as processes


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "fusionlearn", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_module_is_the_command_line():
    process = start("dmeo")
    out, err = process.communicate()
    assert process.returncode == 2
    assert not out
    assert err.startswith("usage: fusionlearn ")  # and not __main__.py


def hear_interrupts():
    """What a shell starts in the background is told not to, and its children with it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interruption(tmp_path, weights):
    out = tmp_path / "out"
    process = start("demo", "--weights", weights, "--out", out, preexec_fn=hear_interrupts)
    assert "160 pictures" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Interrupted.")


@pytest.mark.skipif(os.name == "nt", reason="Windows reports closed pipes in another way")
def test_reader_that_goes_away(tmp_path):
    data = write_pictures(tmp_path / "data", size=32)
    process = start("demo", "--data", data, "--weights", tmp_path, "--out", tmp_path / "out")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1
    assert not err


# the demo


def check_figures(folder):
    for name in FIGURES:
        with Image.open(folder / name) as picture:
            assert min(picture.size) >= 200
            assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    assert (folder / "features.db").is_file()


@pytest.mark.filterwarnings("always::fusionlearn.exceptions.DataWarning")
def test_demo_on_a_folder_with_weights(tmp_path, weights, capfd):
    data, out = write_pictures(tmp_path / "data"), tmp_path / "new" / "out"
    (data / "README.txt").write_text("a companion")
    options = ["--data", str(data), "--weights", str(weights), "--out", str(out)]
    assert main(["demo", *options, "--quiet"]) == 0
    text, err = capfd.readouterr()
    assert err.startswith("warning: ")
    assert "README.txt" in err
    assert "row/s" not in err
    assert "12 pictures. No patients are known" in text
    assert "Networks: MobileNet-0.25, MobileNetV2-0.35\n" in text
    counts = "36 pictures and copies, 2 networks: 72 rows of features computed, 0 found"
    assert counts in text
    assert "Cross-validation by picture" in text
    rows = [line[2:22].strip() for line in text.splitlines() if line.count("[") == 3]
    assert rows == [
        "file alone, no pixel",
        "MobileNet-0.25",
        "MobileNetV2-0.35",
        "concat",
        "vote",
    ]
    assert "4 folds" in text
    assert "about the class 'healthy'" in text
    assert "nothing here is a diagnosis" in text
    check_figures(out)


def test_demo_is_told_the_patients(tmp_path, weights, capsys):
    data = write_pictures(tmp_path / "data")
    for folder in data.iterdir():
        for number, file in enumerate(sorted(folder.iterdir())):
            file.rename(folder / f"patient{folder.name}{number // 2}-{number}.png")
    options = ["--data", str(data), "--weights", str(weights), "--out", str(tmp_path / "out")]
    assert main(["demo", *options, "--quiet", "--group-pattern", r"(patient.*\d+)-"]) == 0
    text = capsys.readouterr().out
    assert "12 pictures of 6 patients" in text
    assert "Cross-validation by patient" in text


def test_demo_with_a_pattern_but_no_data(capsys):
    assert main(["demo", "--group-pattern", "(a)"]) == 1
    assert "but no data" in capsys.readouterr().err


def test_demo_without_imagenet_weights(tmp_path, monkeypatch, capfd):
    """Phantoms and untrained networks: said in plain words, and Keras' words kept off stdout."""

    def get_engine(network):
        sys.stdout.write("Downloading data from https://weights.example\n")  # as Keras does
        raise BackboneWeightsError("no internet")

    monkeypatch.setattr(_demo, "get_engine", get_engine)
    monkeypatch.setattr(_demo, "_NETWORKS", ("MobileNet", "MobileNetV2"))
    monkeypatch.setattr(_demo, "_INPUT_SIZE", 32)
    stdout = sys.stdout
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert sys.stdout is stdout
    text, err = capfd.readouterr()
    assert "160 pictures of 40 patients." in text
    assert "ImageNet weights could not be had, so the networks are untrained" in text
    assert "Downloading" not in text
    assert "Downloading" in err
    assert "pictures/s" in err
    assert "about the class 'ground-glass'" in text
    check_figures(tmp_path)


def test_quiet_demo_keeps_downloads_to_itself(monkeypatch, capfd):
    def get_engine(network):
        sys.stdout.write("Downloading data from https://weights.example\n")

    monkeypatch.setattr(_demo, "get_engine", get_engine)
    networks = _demo._networks(None, fusionlearn.FeatureStore(), verbose=0)
    assert [name for name, _ in networks] == list(_demo._NETWORKS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("n_patients", "n_folds"), [(2, 2), (3, 3), (9, 4)])
def test_folds_are_as_many_as_patients_allow(n_patients, n_folds):
    dataset = make_ct_phantoms(4 * n_patients, n_patients=2 * n_patients, image_size=32)
    assert _demo._count_folds(dataset) == n_folds


def test_demo_reads_covid_ct(tmp_path):
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
    dataset = _demo._load(tmp_path, None)
    assert dataset.pos_label == "covid"
    assert len(set(dataset.groups)) == 4
