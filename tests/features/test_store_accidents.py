"""What torture found once: rows that were lost, and faults that did not stay the store's own."""

import ctypes
import os
import sqlite3
import stat
import subprocess
import sys
import threading

import numpy as np
import pytest

from fusionlearn import FeatureStore
from fusionlearn.exceptions import FeatureStoreWarning

NETWORK = "n" * 64
KEYS = [f"{number:064x}" for number in range(20)]
ROWS = np.arange(20, dtype=np.float32)[:, np.newaxis].repeat(3, axis=1)
FORKS = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "features.db"


def put(store, numbers):
    store.rows.write(NETWORK, "{}", [KEYS[number] for number in numbers], ROWS[numbers])


def there(store):
    out = np.full((20, 3), np.nan, np.float32)
    missing = store.rows.read(NETWORK, KEYS, out)
    found = [number for number in range(20) if number not in missing]
    np.testing.assert_array_equal(out[found], ROWS[found])
    return found


def sql(path, *statements):
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def open_and_close_elsewhere(path):
    """Another process, which takes the journal away if it believes that it was the last."""
    program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM')"
    subprocess.run([sys.executable, "-c", program, path], check=True)


def found_elsewhere(path):
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "print(c.execute('SELECT count(*) FROM feature').fetchone()[0])"
    )
    result = subprocess.run([sys.executable, "-c", program, path], check=True, capture_output=True)
    return int(result.stdout)


def test_a_second_store_of_the_same_file_keeps_the_locks_of_the_first(path):
    """To close any descriptor of a file takes all locks that the process has on it."""
    first, second = FeatureStore(path), FeatureStore(path, max_bytes=10**9)
    put(first, [0])
    assert there(second) == [0]
    open_and_close_elsewhere(path)
    put(first, [1])
    put(second, [2])
    assert found_elsewhere(path) == 3


def in_a_child(fork, work):
    """Run something in a child; give whether it went well."""
    reader, writer = os.pipe()
    child = fork()
    if child == 0:
        try:
            work()
            os.write(writer, b"1")
        finally:
            os._exit(0)
    os.close(writer)
    answer = os.read(reader, 1)
    os.close(reader)
    os.waitpid(child, 0)
    return answer == b"1"


class TestForks:
    """A child that goes on with what its parent had open."""

    pytestmark = FORKS

    # The second one, as of a server that is no Python program, tells Python nothing.
    @pytest.mark.parametrize("fork", [os.fork, ctypes.PyDLL(None).fork], ids=["python", "other"])
    @pytest.mark.on_tensorflow  # JAX warns where a process forks
    def test_the_child_has_locks_of_its_own(self, path, fork):
        store = FeatureStore(path)
        put(store, [0])
        is_closed = os.pipe()

        def work():
            os.read(is_closed[0], 1)
            put(store, [1])
            open_and_close_elsewhere(path)
            put(store, [2])
            assert there(store) == [0, 1, 2]

        def fork_and_close():
            child = fork()
            if child:
                store.rows.close()
                os.write(is_closed[1], b"1")
            return child

        assert in_a_child(fork_and_close, work)
        assert there(store) == [0, 1, 2]
        for end in is_closed:
            os.close(end)

    @pytest.mark.parametrize("kind", ["memory", "file"])
    @pytest.mark.on_tensorflow  # JAX warns where a process forks
    def test_threads_that_do_not_come_along_hold_nothing(self, path, kind):
        store = FeatureStore(path if kind == "file" else None)
        with store.rows.computing():
            put(store, [0])
        begun, over = threading.Event(), threading.Event()

        def compute():
            with store.rows.computing():
                begun.set()
                over.wait(60)

        def work():
            # Held by the parent if it is a file: that is waited for, by whoever computes.
            thread = threading.Thread(target=lambda: [*iter_computing(store)], daemon=True)
            thread.start()
            thread.join(0.2 if kind == "file" else 20)
            assert thread.is_alive() == (kind == "file")
            assert there(store) == [0]

        thread = threading.Thread(target=compute)
        thread.start()
        begun.wait(60)
        went_well = in_a_child(os.fork, work)
        over.set()
        thread.join()
        assert went_well
        assert in_a_child(os.fork, lambda: [*iter_computing(store)])


def iter_computing(store):
    with store.rows.computing():
        yield


def test_an_interruption_leaves_no_transaction_open(path):
    """It can come between the beginning of a transaction and what would end it."""
    store = FeatureStore(path)
    put(store, [0])

    def begin():
        with store.rows.lock, store.rows.guarded("written"):
            store.rows.open().execute("BEGIN IMMEDIATE")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()
    other = sqlite3.connect(path, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.close()
    put(store, [1])
    assert there(store) == [0, 1]


@pytest.mark.parametrize("version", [0, 1, 2])
def test_another_programs_tables_are_not_added_to(path, version):
    """Many programs count the layouts of their databases from 1."""
    sql(path, "CREATE TABLE patients (name)", f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    store = FeatureStore(path)
    with pytest.warns(FeatureStoreWarning, match="another program"):
        put(store, [0])
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["PRAGMA application_id = 7", "PRAGMA user_version = 0"])
def test_marks_that_are_lost_come_back(path, damage):
    store = FeatureStore(path)
    put(store, [0])
    store.rows.close()
    sql(path, damage)
    assert there(store) == [0]
    store.rows.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (0x46555331,)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def rename_in_schema(path, old, new):
    """What a few damaged bytes make of the names in a file's own description."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"vector BLOB", b"vectos BLOB"),
        (b"vector BLOB", b"v\xd2ctor BLO("),
        (b"feature (", b"f\xe4"),
    ],
    ids=["a column", "no text", "broken text"],
)
def test_a_damaged_description_of_tables_is_beyond_repair(path, old, new):
    """SQLite's own message may then be no text at all, which Python finds hard to bear."""
    store = FeatureStore(path)
    put(store, [0])
    store.rows.close()
    rename_in_schema(path, old, new.ljust(len(old)))
    with pytest.warns(FeatureStoreWarning, match="set aside as"):
        assert there(store) == []
    put(store, [0, 1])
    assert there(store) == [0, 1]


@pytest.mark.parametrize("length", [15, 50, 71])
def test_a_stump_is_set_aside(path, length):
    store = FeatureStore(path)
    put(store, [0])
    store.rows.close()
    path.write_bytes(path.read_bytes()[:length])
    with pytest.warns(FeatureStoreWarning, match="set aside as"):
        assert there(store) == []
    put(store, [0])
    assert there(store) == [0]


def test_what_is_set_aside_twice_in_a_second_is_kept_twice(path):
    store = FeatureStore(path)
    for number in range(3):
        put(store, [number])
        store.rows.close()
        path.write_bytes(path.read_bytes()[:100] + bytes([number]) * 9000)
        with pytest.warns(FeatureStoreWarning, match="set aside as"):
            store.rows.n_features(NETWORK)
    kept = {file.read_bytes()[-1] for file in path.parent.glob("features.db.damaged-*")}
    assert kept == {0, 1, 2}


@pytest.mark.parametrize("value", ["NULL", "'text'", "x'00'", "1.5", "-5"])
def test_a_damaged_count_of_bytes(path, value):
    """It decides what is dropped, and has no checksum."""
    store = FeatureStore(path, max_bytes=36)
    put(store, [0, 1, 2])
    sql(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'counter'",
    )
    sql(path, f"UPDATE counter SET value = {value}")
    store.rows.close()
    put(store, [3])
    assert isinstance(store.stats()["computed"], int)
    store.prune(24)
    assert len(there(store)) == 2
    sql(path, "DELETE FROM counter")
    put(store, [4])
    store.stats()


def test_a_count_that_is_too_large_does_not_drop_rows_for_ever(path):
    store = FeatureStore(path, max_bytes=36)
    put(store, [0])
    sql(path, "UPDATE counter SET value = value + 1000000000000 WHERE name = 'bytes'")
    put(store, [1])
    put(store, [2, 3])
    assert there(store) == [2, 3]


@pytest.mark.parametrize("value", ["NULL", "3.0", "'3'"])
def test_a_damaged_number_of_features(path, value):
    store = FeatureStore(path)
    put(store, [0])
    sql(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'n_features INTEGER NOT NULL', "
        "'n_features') WHERE name = 'network'",
    )
    store.rows.close()
    sql(path, f"UPDATE network SET n_features = {value}")
    assert store.rows.n_features(NETWORK) is None


def test_an_index_that_leads_to_another_row_is_told_once(path):
    """Row 1 was found under the key of row 0, and that was said of every use from then on."""
    store = FeatureStore(path)
    put(store, [0, 1])
    store.rows.close()
    content = path.read_bytes()
    # An entry of the index ends with the key and the number of the row: 1 and 2 have types of
    # their own in SQLite's format, so that the rows are numbered higher first.
    sql(path, "UPDATE feature SET rowid = rowid + 40")
    content = path.read_bytes()
    entry = bytes.fromhex(KEYS[0]) + bytes([41])
    assert content.count(entry) == 1
    path.write_bytes(content.replace(entry, bytes.fromhex(KEYS[0]) + bytes([42])))
    with pytest.warns(FeatureStoreWarning, match="1 damaged rows"):
        assert there(store) == [1]
    assert there(store) == [0, 1]
    assert store.check()["problems"] == []


def test_a_file_behind_a_link_is_its_owners_alone(path, tmp_path):
    path.symlink_to(tmp_path / "elsewhere.db")
    umask = os.umask(0)
    try:
        put(FeatureStore(path), [0])
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "elsewhere.db").stat().st_mode) == 0o600


def test_what_can_only_be_read_is_read_to_its_end(path):
    """A budget notes what was used, and that may fail apart."""
    store = FeatureStore(path, max_bytes=10**9)
    store.rows.write(NETWORK, "{}", KEYS, ROWS)
    store.rows.open().execute("PRAGMA query_only = ON")
    with pytest.warns(FeatureStoreWarning, match="could not be written: .*readonly"):
        assert there(store) == list(range(20))


def test_pruning_gives_the_space_back(path):
    store = FeatureStore(path)
    rows = np.ones((20, 10_000), np.float32)
    store.rows.write(NETWORK, "{}", KEYS, rows)
    store.prune(rows[0].nbytes)
    on_disk = sum(file.stat().st_size for file in path.parent.glob("features.db*"))
    assert on_disk < 200_000
