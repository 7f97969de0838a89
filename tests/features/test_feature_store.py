"""The store gives back what was put, whatever happens in between."""

import copy
import os
import pickle
import sqlite3
import stat
import threading

import joblib
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sklearn.base import clone
from strategies import digests, feature_rows

from fusionlearn import BackboneFeatureExtractor, FeatureStore, config_context
from fusionlearn.exceptions import FeatureStoreWarning
from fusionlearn.features._store import PROCESS_STORE, resolve_store

NETWORK = "n" * 64
OTHER = "o" * 64
KEYS = [f"{number:064x}" for number in range(20)]


def rows_of(numbers, width=3):
    return np.array([[number] * width for number in numbers], dtype=np.float32)


def put(store, numbers, network=NETWORK, width=3):
    keys = [KEYS[number] for number in numbers]
    store.rows.write(network, "{}", keys, rows_of(numbers, width))


def get(store, numbers, network=NETWORK, width=3):
    """Rows by number, None where they are missing."""
    out = np.full((len(numbers), width), np.nan, dtype=np.float32)
    missing = store.rows.read(network, [KEYS[number] for number in numbers], out)
    return {n: None if i in missing else out[i].tolist() for i, n in enumerate(numbers)}


def there(store, network=NETWORK):
    return [number for number, row in get(store, list(range(20)), network).items() if row]


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path):
    return FeatureStore(None if request.param == "memory" else tmp_path / "features.db")


def test_what_was_put_is_found(store):
    put(store, [3, 1])
    assert get(store, [1, 2, 3]) == {1: [1, 1, 1], 2: None, 3: [3, 3, 3]}
    assert there(store, OTHER) == []
    assert store.rows.n_features(NETWORK) == 3
    assert store.rows.n_features(OTHER) is None


def test_counts(store):
    put(store, [0, 1, 2])
    get(store, [1, 2, 3])
    assert store.stats() == {"computed": 3, "hits": 2, "rows": 3, "bytes": 36}
    put(store, [2], OTHER, width=5)
    assert store.stats() == {"computed": 4, "hits": 2, "rows": 4, "bytes": 56}


def test_clear(store):
    put(store, [0, 1])
    get(store, [0])
    store.clear()
    assert store.stats() == {"computed": 0, "hits": 0, "rows": 0, "bytes": 0}
    assert there(store) == []
    put(store, [1])
    assert there(store) == [1]


def test_a_row_that_is_put_twice_is_replaced(store):
    put(store, [1])
    store.rows.write(NETWORK, "{}", [KEYS[1]], rows_of([9]))
    assert get(store, [1]) == {1: [9, 9, 9]}
    assert store.stats()["rows"] == 1
    assert store.stats()["bytes"] == 12


def test_rows_are_copies(store):
    """Neither a caller's array nor what was handed out is the stored row."""
    rows = rows_of([1])
    store.rows.write(NETWORK, "{}", [KEYS[1]], rows)
    rows[:] = 5
    out = np.empty((1, 3), np.float32)
    store.rows.read(NETWORK, [KEYS[1]], out)
    out[:] = 6
    assert get(store, [1]) == {1: [1, 1, 1]}


def test_more_rows_than_one_statement_takes(store):
    keys = [f"{number:064x}" for number in range(1500)]
    rows = np.arange(1500, dtype=np.float32)[:, np.newaxis]
    store.rows.write(NETWORK, "{}", keys, rows)
    out = np.zeros((1500, 1), np.float32)
    order = np.random.default_rng(0).permutation(1500)
    assert store.rows.read(NETWORK, [keys[i] for i in order], out) == []
    np.testing.assert_array_equal(out, rows[order])


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_the_budget_drops_what_was_not_used_longest(kind, tmp_path):
    path = None if kind == "memory" else tmp_path / "features.db"
    store = FeatureStore(path, max_bytes=36)
    for number in (0, 1, 2):
        put(store, [number])
    get(store, [0])
    put(store, [3])
    assert there(store) == [0, 2, 3]
    assert store.stats()["bytes"] == 36
    assert store.stats()["computed"] == 4


def test_prune_drops_what_was_not_used_longest(store):
    for number in range(4):
        put(store, [number])
    store.prune(24)
    assert there(store) == [2, 3]
    store.prune(24)
    assert there(store) == [2, 3]
    store.prune(11)
    assert there(store) == []
    assert store.stats()["computed"] == 4


def test_the_setting_is_the_budget_of_memory():
    store, own = FeatureStore(), FeatureStore(max_bytes=1000)
    with config_context(feature_memory=24):
        for kept in (store, own):
            for number in range(4):
                put(kept, [number])
    assert there(store) == [2, 3]
    assert there(own) == [0, 1, 2, 3]


def test_a_row_larger_than_the_budget_is_not_kept():
    store = FeatureStore(max_bytes=8)
    put(store, [1])
    assert store.stats() == {"computed": 1, "hits": 0, "rows": 0, "bytes": 0}


@pytest.mark.parametrize("max_bytes", [0, -1, 1.5, "1 GB"])
def test_budgets_are_validated(max_bytes):
    with pytest.raises(ValueError, match=r"max_bytes=.*positive integer"):
        FeatureStore(max_bytes=max_bytes)


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda store: pickle.loads(pickle.dumps(store)),
    "clone of an extractor": lambda store: clone(BackboneFeatureExtractor(store=store)).store,
}


@pytest.mark.parametrize("way", COPIES)
def test_copies_share_their_rows(store, way):
    other = COPIES[way](store)
    put(other, [1])
    assert there(store) == [1]
    assert other.rows is store.rows
    assert (other.path, other.max_bytes, repr(other)) == (store.path, store.max_bytes, repr(store))


def test_stores_in_memory_are_apart():
    one, other = FeatureStore(), FeatureStore()
    put(one, [1])
    assert there(other) == []


def test_the_hash_does_not_depend_on_the_rows(store):
    """Pipeline(memory=) must go on hitting when rows have been added."""
    before = joblib.hash(BackboneFeatureExtractor(store=store))
    pickled = pickle.dumps(store)
    put(store, [0, 1, 2])
    assert joblib.hash(BackboneFeatureExtractor(store=store)) == before
    assert joblib.hash(BackboneFeatureExtractor(store=copy.copy(store))) == before
    assert pickle.dumps(store) == pickled
    assert len(pickled) < 500


def test_a_path_is_a_store(tmp_path, monkeypatch):
    path = tmp_path / "features.db"
    put(FeatureStore(path), [1])
    monkeypatch.chdir(tmp_path)
    for same in (str(path), path, "features.db"):
        assert there(resolve_store(same)) == [1]
    assert resolve_store(path).rows is FeatureStore("features.db").rows
    assert resolve_store(None) is PROCESS_STORE
    store = FeatureStore()
    assert resolve_store(store) is store


def test_nothing_is_made_on_disk_before_it_is_needed(tmp_path):
    FeatureStore(tmp_path / "features.db")
    assert list(tmp_path.iterdir()) == []


def test_without_a_path_nothing_touches_the_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = FeatureStore()
    put(store, [1])
    pickle.dumps(store)
    assert list(tmp_path.iterdir()) == []


def test_threads_share_a_store(store):
    errors = []

    def work(network):
        try:
            for number in range(20):
                put(store, [number], network)
                assert get(store, [number], network) == {number: [number] * 3}
        except BaseException as error:  # noqa: BLE001  reported below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(letter * 64,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.stats()["computed"] == store.stats()["rows"] == 80


class StoreLaw(RuleBasedStateMachine):
    """Against a dictionary: put, read, copy and forget in any order."""

    def path(self):
        return None

    @initialize()
    def make(self):
        self.stores = [FeatureStore(self.path())]
        self.model = {}
        self.computed = 0

    @rule(data=st.data(), network=st.sampled_from([NETWORK, OTHER]),
          keys=st.lists(digests(), unique=True, min_size=1, max_size=4))  # fmt: skip
    def put(self, data, network, keys):
        rows = np.stack([data.draw(feature_rows()) for _ in keys])
        data.draw(st.sampled_from(self.stores)).rows.write(network, "{}", keys, rows)
        self.model.update({(network, k): row.tobytes() for k, row in zip(keys, rows, strict=True)})
        self.computed += len(keys)

    @rule(data=st.data(), network=st.sampled_from([NETWORK, OTHER]),
          keys=st.lists(digests(), unique=True, max_size=6))  # fmt: skip
    def read(self, data, network, keys):
        out = np.full((len(keys), 3), np.nan, np.float32)
        missing = data.draw(st.sampled_from(self.stores)).rows.read(network, keys, out)
        assert missing == [i for i, key in enumerate(keys) if (network, key) not in self.model]
        for i, key in enumerate(keys):
            if i not in missing:
                assert out[i].tobytes() == self.model[network, key]

    @precondition(lambda self: len(self.stores) < 4)
    @rule(data=st.data(), way=st.sampled_from(["copy", "deepcopy", "pickle"]))
    def copy(self, data, way):
        self.stores.append(COPIES[way](data.draw(st.sampled_from(self.stores))))

    @rule()
    def clear(self):
        self.stores[0].clear()
        self.model, self.computed = {}, 0

    @invariant()
    def counts(self):
        stats = self.stores[-1].stats()
        assert stats["rows"] == len(self.model)
        assert stats["bytes"] == 12 * len(self.model)
        assert stats["computed"] == self.computed


class FileStoreLaw(StoreLaw):
    """The same with a file, which is opened anew now and then."""

    def path(self):
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        return os.path.join(self.folder.name, "features.db")

    @invariant()
    def the_budget_knows_the_bytes(self):
        connection = self.stores[0].rows.open()
        counted = connection.execute("SELECT value FROM counter WHERE name = 'bytes'").fetchone()
        assert counted == (12 * len(self.model),)

    @rule(max_rows=st.integers(0, 3))
    def prune(self, max_rows):
        self.stores[0].prune(12 * max_rows)
        kept = sqlite3_keys(self.stores[0].path)
        assert len(kept) == min(max_rows, len(self.model))
        self.model = {key: row for key, row in self.model.items() if key in kept}

    @rule()
    def reopen(self):
        self.stores[0].rows._connection.close()
        self.stores[0].rows._connection = None

    def teardown(self):
        self.stores[0].rows._connection.close()
        self.folder.cleanup()


TestStoreLaw = StoreLaw.TestCase
TestStoreLaw.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestFileStoreLaw = FileStoreLaw.TestCase
TestFileStoreLaw.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


class TestFile:
    """What can happen to a file costs time, never a result."""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "features.db"

    @staticmethod
    def sql(path, statement, *arguments):
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(statement, arguments)
        connection.close()

    def test_its_owner_alone_may_read_it(self, path):
        """Rows come from patients' pictures."""
        umask = os.umask(0)
        try:
            store = FeatureStore(path)
            with store.rows.computing():
                put(store, [1])
        finally:
            os.umask(umask)
        files = sorted(path.parent.iterdir())
        assert {file.name for file in files} >= {"features.db", "features.db.lock"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_a_damaged_row_is_noticed(self, path):
        store = FeatureStore(path)
        put(store, [1, 2])
        (vector,) = sqlite3_read(path, "SELECT vector FROM feature WHERE picture = ?", KEYS[1])
        damaged = bytes([vector[0] ^ 1]) + vector[1:]
        self.sql(path, "UPDATE feature SET vector = ? WHERE picture = ?", damaged, key(1))
        with pytest.warns(FeatureStoreWarning, match="1 damaged rows"):
            assert get(store, [1, 2]) == {1: None, 2: [2, 2, 2]}
        put(store, [1])
        assert get(store, [1, 2]) == {1: [1, 1, 1], 2: [2, 2, 2]}

    @pytest.mark.parametrize("change", ["vector = x''", "vector = x'00'", "picture = x'00'"])
    def test_rows_that_are_cut_or_moved_are_noticed(self, path, change):
        store = FeatureStore(path)
        put(store, [1])
        self.sql(path, f"UPDATE feature SET {change}")
        if change.startswith("vector"):
            with pytest.warns(FeatureStoreWarning, match="damaged"):
                assert there(store) == []
        else:
            assert there(store) == []

    def test_a_row_under_another_picture_is_noticed(self, path):
        """The checksum covers the keys, too."""
        store = FeatureStore(path)
        put(store, [1])
        self.sql(path, "UPDATE feature SET picture = ?", key(2))
        with pytest.warns(FeatureStoreWarning, match="damaged"):
            assert there(store) == []

    def test_rows_are_written_all_or_none(self, path):
        """A disk that is full in the middle of a batch leaves no half of it."""
        store = FeatureStore(path)
        put(store, [0])
        self.sql(
            path,
            "CREATE TRIGGER full BEFORE INSERT ON feature WHEN NEW.picture = x'"
            f"{KEYS[2]}' BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        with pytest.warns(FeatureStoreWarning, match=r"could not be written: disk full"):
            put(store, [1, 2, 3])
        assert there(store) == [0]
        assert store.stats()["computed"] == 1
        put(store, [1, 3])
        assert there(store) == [0, 1, 3]

    def check_useless(self, store, reason):
        """Everything works, nothing is kept, and somebody is told why, once in a transform."""
        with pytest.warns(FeatureStoreWarning, match=f"(?s){reason}.*results do not depend on it"):
            put(store, [1])
        assert get(store, [1]) == {1: None}  # no second warning: it would be an error here
        with pytest.warns(FeatureStoreWarning, match=reason):
            assert store.rows.n_features(NETWORK) is None
        with pytest.warns(FeatureStoreWarning, match=reason):
            assert store.stats() == {"computed": 0, "hits": 0, "rows": 0, "bytes": 0}
        for act in (store.clear, lambda: store.prune(1)):
            with pytest.warns(FeatureStoreWarning, match=reason):
                act()

    def test_a_file_of_another_layout(self, path):
        put(FeatureStore(path), [1])
        self.sql(path, "PRAGMA user_version = 99")
        before = path.read_bytes()
        self.check_useless(FeatureStore(path, max_bytes=10**6), "layout 99.*reads layouts up to 2")
        assert path.read_bytes() == before

    def test_a_database_of_another_program(self, path):
        self.sql(path, "CREATE TABLE feature (name TEXT)")
        before = path.read_bytes()
        self.check_useless(FeatureStore(path), "another program")
        assert path.read_bytes() == before

    def test_a_file_that_is_no_database(self, path):
        path.write_text("patient,age\n1,2\n" * 100)
        before = path.read_bytes()
        self.check_useless(FeatureStore(path), "not a database")
        assert path.read_bytes() == before

    def test_a_folder_that_does_not_exist(self, tmp_path):
        """It is not made by the way: the path may be a slip of the pen."""
        store = FeatureStore(tmp_path / "no such folder" / "features.db")
        self.check_useless(store, "No such file")
        with pytest.warns(FeatureStoreWarning, match="no such folder"), store.rows.computing():
            pass
        assert list(tmp_path.iterdir()) == []

    def test_a_path_that_is_a_folder(self, tmp_path):
        self.check_useless(FeatureStore(tmp_path), "directory")

    def test_a_file_below_a_file(self, tmp_path):
        (tmp_path / "file").touch()
        store = FeatureStore(tmp_path / "file" / "features.db")
        self.check_useless(store, "Not a directory")

    def test_a_file_that_is_deleted_under_way_does_no_harm(self, path):
        store = FeatureStore(path)
        put(store, [1])
        for file in path.parent.iterdir():
            file.unlink()
        row = get(store, [1])[1]
        assert row in (None, [1, 1, 1])

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    @pytest.mark.on_tensorflow  # JAX warns where a process forks
    def test_a_forked_process_opens_the_file_anew(self, path):
        store = FeatureStore(path)
        put(store, [1])
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            ok = False
            try:
                ok = there(store) == [1]
                put(store, [2])
            finally:
                os.write(writer, b"1" if ok else b"0")
                os._exit(0)
        os.close(writer)
        assert os.read(reader, 1) == b"1"
        os.close(reader)
        os.waitpid(child, 0)
        assert there(store) == [1, 2]
        put(store, [3])
        assert there(store) == [1, 2, 3]


def key(number):
    return bytes.fromhex(KEYS[number])


def sqlite3_keys(path):
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT identity, picture FROM feature JOIN network ON network.id = network"
    ).fetchall()
    connection.close()
    return {(network, picture.hex()) for network, picture in rows}


def sqlite3_read(path, statement, picture):
    connection = sqlite3.connect(path)
    row = connection.execute(statement, (bytes.fromhex(picture),)).fetchone()
    connection.close()
    return row


def test_a_negative_budget_is_no_way_to_delete_everything(store):
    with pytest.raises(ValueError, match="max_bytes=-1"):
        store.prune(-1)
