"""The command that looks at a file of features."""

import json

import numpy as np
import pytest

from fusionlearn import FeatureStore
from fusionlearn.cli import main

PICTURES = [f"{number:064x}" for number in range(6)]


@pytest.fixture
def path(tmp_path):
    store = FeatureStore(tmp_path / "features.db")
    store.rows.write("n" * 64, "{}", PICTURES, np.ones((6, 250), np.float32))
    return store.path


def run(capsys, *arguments):
    status = main(["store", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_whole_file(path, capsys):
    status, out, _ = run(capsys, "check", path)
    assert status == 0
    assert "6 rows, 0 of them damaged" in out
    assert "The file itself is whole." in out


def test_a_damaged_file_is_no_success(path, capsys):
    connection = FeatureStore(path).rows.open()
    connection.execute("UPDATE feature SET checksum = checksum + 1 WHERE rowid < 3")
    status, out, err = run(capsys, "check", path)
    assert status == 1
    assert "6 rows, 2 of them damaged" in out
    assert "computed again where it is used" in err
    status, out, _ = run(capsys, "check", path, "--json")
    assert json.loads(out)["damaged_rows"] == 2


def test_counts(path, capsys):
    _, out, _ = run(capsys, "stats", path, "--json")
    assert json.loads(out).items() >= {"rows": 6, "bytes": 6000, "computed": 6}.items()
    assert "6 rows of 0.006 MB" in run(capsys, "stats", path)[1]


def test_pruning(path, capsys):
    assert run(capsys, "prune", path, "--max-bytes", "2k")[1] == "4 rows dropped, 2 kept\n"
    assert FeatureStore(path).stats()["rows"] == 2
    assert main(["store", "prune", path, "--max-bytes", "lots"]) == 2
    assert "got 'lots'; wanted a size such as 500M" in capsys.readouterr().err


def test_nothing_is_forgotten_by_a_slip(path, capsys):
    status, _, err = run(capsys, "clear", path)
    assert (status, FeatureStore(path).stats()["rows"]) == (1, 6)
    assert "has 6 rows; pass --yes" in err
    assert run(capsys, "clear", path, "--yes")[:2] == (0, "6 rows forgotten\n")
    assert FeatureStore(path).stats()["rows"] == 0


@pytest.mark.parametrize("action", [["stats"], ["prune", "--max-bytes", "1"], ["clear", "--yes"]])
def test_what_could_not_be_done_is_no_success(path, capsys, action):
    """A transform goes on with a warning; who asked for just this must hear that it failed."""
    connection = FeatureStore(path).rows.open()
    connection.execute("PRAGMA user_version = 99")
    FeatureStore(path).rows.close()
    status, out, err = run(capsys, action[0], path, *action[1:])
    assert (status, out) == (1, "")
    assert "has layout 99" in err


def test_files_that_are_none_of_ours(tmp_path, capsys):
    assert "Check the spelling" in run(capsys, "stats", str(tmp_path / "none.db"))[2]
    assert not (tmp_path / "none.db").exists()
    assert "is no file" in run(capsys, "stats", str(tmp_path))[2]
    (tmp_path / "notes.txt").write_text("something else")
    status, _, err = run(capsys, "clear", str(tmp_path / "notes.txt"), "--yes")
    assert status == 1
    assert "was not written by a FeatureStore" in err
    assert (tmp_path / "notes.txt").read_text() == "something else"
