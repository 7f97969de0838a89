"""Whatever happens to the bytes of a store file, nothing wrong comes out of it."""

import sqlite3
import warnings

import numpy as np
import pytest

from fusionlearn import FeatureStore
from fusionlearn.exceptions import FeatureStoreWarning

NETWORK = "n" * 64
PICTURES = [f"{number:064x}" for number in range(6)]
ROWS = np.zeros((6, 700), np.float32)  # zeros would also be good text
ROWS[3:] = np.random.default_rng(0).standard_normal((3, 700))
FILES = {f"/{i}": (f"{i} 1 1", PICTURES[i]) for i in range(6)}
NUMBERS = {path: numbers for path, (numbers, _) in FILES.items()}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Bytes of a file in which everything has been brought into the database."""
    path = tmp_path_factory.mktemp("whole") / "features.db"
    store = FeatureStore(path)
    store.rows.write(NETWORK, "{}", PICTURES, ROWS)
    store.rows.files.note(FILES)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


def check(path):
    """Read everything; give the numbers of rows and files that are found."""
    store = FeatureStore(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureStoreWarning)
        assert store.rows.n_features(NETWORK) in (700, None)
        out = np.full((6, 700), np.nan, np.float32)
        missing = store.rows.read(NETWORK, PICTURES, out)
        files = store.rows.files.find(NUMBERS)
    there = [position for position in range(6) if position not in missing]
    np.testing.assert_array_equal(out[there], ROWS[there])
    assert files.items() <= {path: digest for path, (_, digest) in FILES.items()}.items()
    if store.rows._connection is not None:
        store.rows._connection.close()
    return len(there), len(files)


def test_a_whole_file_gives_everything(content, tmp_path):
    (tmp_path / "features.db").write_bytes(content)
    assert check(tmp_path / "features.db") == (6, 6)


@pytest.mark.parametrize("seed", range(2))
def test_one_damaged_byte(content, tmp_path, seed):
    rng = np.random.default_rng(seed)
    for number in range(60):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path = tmp_path / f"{number}.db"
        path.write_bytes(damaged)
        check(path)


def test_any_byte_of_a_row(content, tmp_path):
    """The row goes missing, and the others stay."""
    start = content.index(ROWS[4].tobytes())
    for number, offset in enumerate(range(start, start + ROWS[4].nbytes, 197)):
        damaged = bytearray(content)
        damaged[offset] ^= 255
        path = tmp_path / f"{number}.db"
        path.write_bytes(damaged)
        assert check(path) == (5, 6)


@pytest.mark.parametrize("value", ["NULL", "1", "1.5", "'text'", "x''", "x'00'"])
@pytest.mark.parametrize(
    "column", ["feature.vector", "feature.checksum", "file.digest", "file.numbers", "file.checksum"]
)
def test_any_other_type(content, tmp_path, column, value):
    """One damaged byte can make a number or a text of a vector."""
    path = tmp_path / "features.db"
    path.write_bytes(content)
    table, name = column.split(".")
    connection = sqlite3.connect(path)
    with connection:
        # What is declared NOT NULL can be NULL after damage.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")
    connection.close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(f"UPDATE {table} SET {name} = {value}")
    connection.close()
    assert check(path) == ((0, 6) if table == "feature" else (6, 0))


def test_a_check_counts_what_is_damaged(content, tmp_path):
    path = tmp_path / "features.db"
    path.write_bytes(content)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE feature SET checksum = checksum + 1 WHERE rowid = 2")
        connection.execute("UPDATE file SET digest = zeroblob(32) WHERE numbers = '3 1 1'")
    connection.close()
    counts = FeatureStore(path).check()
    assert (counts["rows"], counts["damaged_rows"]) == (6, 1)
    assert (counts["files"], counts["damaged_files"]) == (6, 1)
    assert counts["problems"] == []


def torn(content):
    """A file whose head is a store's and whose pages are not."""
    return content[:100] + b"\xff" * (len(content) - 100)


def test_a_file_beyond_repair_is_set_aside_and_begun_anew(content, tmp_path):
    path = tmp_path / "features.db"
    path.write_bytes(torn(content))
    store = FeatureStore(path)
    message = r"could not be read: .*; it was set aside as .*features\.db\.damaged-.* begun anew"
    with pytest.warns(FeatureStoreWarning, match=message):
        assert store.rows.n_features(NETWORK) is None
    store.rows.write(NETWORK, "{}", PICTURES, ROWS)
    assert check(path) == (6, 0)
    (aside,) = tmp_path.glob("features.db.damaged-*")
    assert aside.read_bytes() == torn(content)


def test_a_check_says_that_a_file_is_beyond_repair(content, tmp_path):
    path = tmp_path / "features.db"
    path.write_bytes(torn(content))
    with pytest.warns(FeatureStoreWarning):
        counts = FeatureStore(path).check()
    assert counts["problems"] == ["the file cannot be read to its end"]


@pytest.mark.parametrize("name", ["another program's", "a picture"])
def test_what_is_no_store_stays_where_it_is(tmp_path, name):
    """A path that was mistyped must not cost somebody a file."""
    path = tmp_path / "features.db"
    if name == "another program's":
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("CREATE TABLE patients (name)")
        connection.close()
    else:
        path.write_bytes(b"\x89PNG and so on" * 99)
    before = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureStoreWarning)
        FeatureStore(path).rows.read(NETWORK, PICTURES, np.empty((6, 700), np.float32))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.glob("features.db*")] == ["features.db"]
