"""A store remembers which file had which digest, and can be fooled by next to nothing."""

import hashlib
import os
import sqlite3

import pytest

from fusionlearn import FeatureStore
from fusionlearn.exceptions import FeatureStoreWarning
from fusionlearn.features import _file_index

FILES = {f"/scans/smith john/{i}.png": (f"10 {i} 7", f"{i:064x}") for i in range(5)}
NUMBERS = {path: numbers for path, (numbers, _) in FILES.items()}
DIGESTS = {path: digest for path, (_, digest) in FILES.items()}
FIRST = next(iter(FILES))

LAYOUT_1 = """
CREATE TABLE network (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
    n_features INTEGER NOT NULL
);
CREATE TABLE feature (
    network INTEGER NOT NULL REFERENCES network (id), picture BLOB NOT NULL,
    used INTEGER NOT NULL, checksum INTEGER NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (network, picture)
);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "features.db"


@pytest.fixture
def index(path):
    index = FeatureStore(path).rows.files
    index.note(FILES)
    return index


def later(path):
    """The index as another process has it: nothing is remembered in memory."""
    return FeatureStore(path, max_bytes=10**9).rows.files


def sql(path, statement, *arguments):
    connection = sqlite3.connect(path)
    with connection:
        rows = connection.execute(statement, arguments).fetchall()
    connection.close()
    return rows


def test_what_was_noted_is_found(index, path):
    assert index.find(NUMBERS) == DIGESTS
    assert later(path).find({**NUMBERS, "/other": "10 0 7"}) == DIGESTS
    assert later(path).find({}) == {}


@pytest.mark.parametrize("numbers", ["11 0 7", "10 1 7", "10 0 8"])
def test_a_file_with_another_size_time_or_inode_is_not_found(index, numbers):
    assert index.find({FIRST: numbers}) == {}


def test_a_changed_file_is_noted_anew(index, path):
    index.note({FIRST: ("10 9 7", "f" * 64)})
    assert later(path).find({FIRST: "10 9 7"}) == {FIRST: "f" * 64}
    assert later(path).find({FIRST: "10 0 7"}) == {}


def test_more_files_than_one_statement_takes(index, path):
    many = {f"/{i}": (f"{i} 1 1", f"{i:064x}") for i in range(1500)}
    index.note(many)
    found = later(path).find({name: numbers for name, (numbers, _) in many.items()})
    assert found == {name: digest for name, (_, digest) in many.items()}


def test_numbers_and_names_of_any_size(index, path):
    """Inodes have 64 bits without a sign, and names need not be text."""
    name = os.fsdecode(b"/\xff\xfe/scan")
    index.note({name: (f"{2**64} {-(2**63)} {2**128}", "a" * 64)})
    assert later(path).find({name: f"{2**64} {-(2**63)} {2**128}"}) == {name: "a" * 64}


def test_another_host_finds_nothing(index, path, monkeypatch):
    """The same path there is another file."""
    monkeypatch.setattr(_file_index, "host_key", lambda: b"another host")
    assert later(path).find(NUMBERS) == {}


def test_a_host_without_identity_notes_nothing(path, monkeypatch):
    monkeypatch.setattr(_file_index, "host_key", lambda: None)
    index = FeatureStore(path).rows.files
    index.note(FILES)
    assert index.find(NUMBERS) == {}
    assert not path.exists()


def test_the_host_key_is_secret_and_lasting():
    key = _file_index.host_key()
    if key is None:
        pytest.skip("nothing tells this host from others")
    _file_index.host_key.cache_clear()
    assert _file_index.host_key() == key
    assert len(key) == 32


def test_no_name_stands_in_the_file(index, path):
    """Patients' names do, in names of files; nor is the plain hash of a name there."""
    index.find(NUMBERS)
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert bytes.fromhex(DIGESTS[FIRST]) in content
    for secret in (b"smith", b"scans", _file_index.host_key()):
        assert secret not in content
    for make in (hashlib.sha256, hashlib.blake2b, hashlib.md5):
        assert make(FIRST.encode()).digest()[:16] not in content


@pytest.mark.parametrize("column", ["place", "numbers", "digest", "checksum"])
def test_a_damaged_entry_is_noticed(index, path, column):
    """A wrong digest would give a picture the features of another one."""
    (place,) = sql(path, "SELECT place FROM file WHERE numbers = '10 0 7'")[0]
    change = {
        "place": "place = x'00' || substr(place, 2)",
        "numbers": "numbers = '10 0 8'",
        "digest": f"digest = x'{'0' * 62}ff'",
        "checksum": "checksum = checksum + 1",
    }[column]
    sql(path, f"UPDATE file SET {change} WHERE place = ?", place)
    rest = {name: digest for name, digest in DIGESTS.items() if name != FIRST}
    if column == "place":  # it belongs to nothing that anybody asks for
        assert later(path).find(NUMBERS) == rest
    else:
        with pytest.warns(FeatureStoreWarning, match="1 damaged digests"):
            assert later(path).find(NUMBERS) == rest
    later(path).note({FIRST: FILES[FIRST]})
    assert later(path).find({FIRST: NUMBERS[FIRST]}) == {FIRST: DIGESTS[FIRST]}


def test_an_entry_under_another_place_is_noticed(index, path):
    places = [place for (place,) in sql(path, "SELECT place FROM file ORDER BY numbers")]
    sql(path, "DELETE FROM file WHERE place = ?", places[1])
    sql(path, "UPDATE file SET place = ? WHERE place = ?", places[1], places[0])
    with pytest.warns(FeatureStoreWarning, match="damaged"):
        assert FIRST not in later(path).find(NUMBERS)


def test_clear_forgets_files(index, path):
    FeatureStore(path).clear()
    assert later(path).find(NUMBERS) == {}
    index.note(FILES)
    assert later(path).find(NUMBERS) == DIGESTS


def test_a_file_that_was_deleted_is_written_anew(index, path):
    for file in path.parent.iterdir():
        file.unlink()
    index.note(FILES)
    assert later(path).find(NUMBERS) == DIGESTS


@pytest.mark.parametrize("problem", ["folder", "no folder", "below a file"])
def test_a_store_that_cannot_be_used_costs_time_only(problem, tmp_path):
    (tmp_path / "file").touch()
    name = {"folder": "", "no folder": "none/features.db", "below a file": "file/features.db"}
    index = FeatureStore(tmp_path / name[problem]).rows.files
    with pytest.warns(FeatureStoreWarning, match="could not be written"):
        index.note(FILES)
    assert index.find(NUMBERS) == {}  # the same cause is not told twice


def test_a_file_of_layout_1_loses_nothing(tmp_path, path):
    """Rows, counts and checksums of the first layout hold, and the index is added."""
    import numpy as np

    new = FeatureStore(tmp_path / "new.db")
    pictures = [f"{i:064x}" for i in range(4)]
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    new.rows.write("n" * 64, "{}", pictures, rows)
    connection = sqlite3.connect(path)
    connection.executescript(LAYOUT_1)
    connection.execute("ATTACH ? AS new", (str(tmp_path / "new.db"),))
    with connection:
        connection.execute("INSERT INTO network SELECT * FROM new.network")
        connection.execute("INSERT INTO feature SELECT * FROM new.feature")
        connection.execute("INSERT INTO counter VALUES ('computed', 9)")
    connection.execute("PRAGMA user_version = 1")
    connection.close()

    store = FeatureStore(path, max_bytes=36)
    out = np.zeros((4, 3), np.float32)
    assert store.rows.read("n" * 64, pictures, out) == []
    np.testing.assert_array_equal(out, rows)
    assert store.stats() == {"computed": 9, "hits": 4, "rows": 4, "bytes": 48}
    store.rows.files.note(FILES)
    assert FeatureStore(path).rows.files.find(NUMBERS) == DIGESTS
    store.rows.write("n" * 64, "{}", ["f" * 64], rows[:1])  # the budget knows the old rows
    assert store.stats()["bytes"] == 36
    assert sql(path, "PRAGMA user_version") == [(2,)]
