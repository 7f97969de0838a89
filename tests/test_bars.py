"""Whoever asks for a bar gets one on stderr, everywhere, and nobody else does."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from tiny_network import N_FEATURES

import fusionlearn
from fusionlearn import FeatureStore, FineTuneClassifier, check_images, save
from fusionlearn._bars import progress_bar
from fusionlearn.datasets import load_image_folder, make_ct_phantoms
from fusionlearn.images import find_bad_images
from fusionlearn.model_selection import audit_leakage

NOTEBOOK = """
import sys, types, warnings
warnings.simplefilter("always")
# What tqdm looks for to tell that it runs in a notebook.
shell = types.SimpleNamespace(config={"IPKernelApp": {}})
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)
sys.modules["ipykernel.zmqshell"] = types.ModuleType("ipykernel.zmqshell")
sys.modules["ipywidgets"] = None
from fusionlearn._bars import progress_bar
with progress_bar("reading", 3, unit="files", verbose=1) as bar:
    bar.update(3)
if "tqdm" in sys.argv:
    import tqdm.auto
"""


def folder_of_pictures(tmp_path):
    from PIL import Image

    for number in range(6):
        file = tmp_path / "pictures" / ("ill" if number % 2 else "well") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), 40 * number).save(file)
    return tmp_path / "pictures"


def filled_store(tmp_path):
    store = FeatureStore(tmp_path / "features.db")
    rows = np.ones((5, N_FEATURES), np.float32)
    store.rows.write("ab" * 32, "{}", [f"{number:064x}" for number in range(5)], rows)
    return store


# What may take longer than a person waits without a word; what its bar says.
WORK = {
    "check_images": (
        lambda path, **how: check_images([*folder_of_pictures(path).rglob("*.png")], **how),
        "looking at pictures: 100%",
    ),
    "load_image_folder": (
        lambda path, **how: load_image_folder(folder_of_pictures(path), **how),
        "looking at pictures: 100%",
    ),
    "find_bad_images": (
        lambda path, **how: find_bad_images(np.zeros((5, 8, 8), np.uint8), **how),
        "decoding pictures: 100%",
    ),
    "audit_leakage": (
        lambda path, **how: audit_leakage(make_ct_phantoms(4, image_size=32).data, **how),
        "near duplicates: 100%",
    ),
    "FeatureStore.check": (lambda path, **how: filled_store(path).check(**how), "5/5"),
    "FeatureStore.prune": (lambda path, **how: filled_store(path).prune(0, **how), "3/3"),
    "save": (
        lambda path, **how: save(FineTuneClassifier(), path / "model.fusion", **how),
        "saving: 100%",
    ),
    "fit": (
        lambda path, **how: FineTuneClassifier(epochs=2, **how).fit(np.eye(6), [0, 1] * 3),
        "2/2",
    ),
}


@pytest.mark.parametrize("name", WORK)
def test_a_bar_comes_to_its_end_when_it_is_asked_for(name, tmp_path, capfd):
    work, said = WORK[name]
    work(tmp_path, verbose=1)
    captured = capfd.readouterr()
    assert said in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("name", WORK)
def test_nothing_is_written_by_default(name, tmp_path, capsys):
    WORK[name][0](tmp_path)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_parts_of_a_unit_are_counted_but_not_shown(capfd):
    with progress_bar("features", 3, unit="pictures", verbose=1) as bar:
        for _ in range(9):
            bar.update(1 / 3)
    last = capfd.readouterr().err.split("\r")[-1]
    assert "3/3" in last
    assert "pictures/s" in last


def test_an_error_leaves_the_bar_where_it_was(capfd):
    with suppress(KeyError), progress_bar("reading", 4, unit="files", verbose=1) as bar:
        bar.update()
        raise KeyError
    assert capfd.readouterr().err.split("\r")[-1].strip().startswith("reading:  25%")


@pytest.mark.parametrize("verbose", [0, False])
def test_without_a_bar_nothing_is_loaded_for_it(verbose):
    program = (
        "import sys\n"
        "from fusionlearn._bars import progress_bar\n"
        f"with progress_bar('reading', 3, unit='files', verbose={verbose}) as bar:\n"
        "    bar.update(); bar.set_postfix({'loss': 1}); bar.set_postfix_str('x')\n"
        "assert 'tqdm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_a_notebook_without_widgets_gets_a_bar_and_no_warning():
    """tqdm itself warns there: this shows that it would."""
    command = [sys.executable, "-c", NOTEBOOK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "3/3" in done.stderr
    assert "Warning" not in done.stderr
    warned = subprocess.run([*command, "tqdm"], capture_output=True, text=True, check=False)
    assert "TqdmWarning: IProgress not found" in warned.stderr


def test_every_bar_is_made_in_one_place():
    """So that all look alike, and none warns in a notebook."""
    folder = Path(fusionlearn.__file__).parent
    makers = [
        file.name for file in folder.rglob("*.py") if "tqdm import" in file.read_text("utf-8")
    ]
    assert makers == ["_bars.py"]
