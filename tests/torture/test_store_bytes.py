"""Damage anywhere in a store file: nothing wrong comes out, and the file heals."""

import random
import sqlite3
import warnings
from pathlib import Path

import pytest
from store_worker import NETWORK, WIDTH, get, key, put, read_all, rows_of
from torture_tally import sizes

from fusionlearn import FeatureStore
from fusionlearn.exceptions import FeatureStoreWarning

RANDOM = random.Random(0)

N_ROWS = 60
ENDINGS = ("-wal", "-shm")
LARGE = [f"{number:064x}" for number in range(3)]
FILES = {f"/{i}": (f"{i} 1 1", key(i)) for i in range(40)}
NUMBERS = {path: numbers for path, (numbers, _) in FILES.items()}
DIGESTS = {path: digest for path, (_, digest) in FILES.items()}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A file with small rows, rows of several pages, two networks, and noted files."""
    store = FeatureStore(tmp_path_factory.mktemp("whole") / "features.db")
    put(store, list(range(N_ROWS)))
    store.rows.write("m" * 64, "{}", LARGE, rows_of(range(3)).repeat(60, axis=1))
    store.rows.files.note(FILES)
    store.rows.close()
    return Path(store.path).read_bytes()


def use(path):
    """What a transform does with the file; gives what was there, wrong and said."""
    store = FeatureStore(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        n_features = store.rows.n_features(NETWORK)
        there, wrong = get(store, list(range(N_ROWS)))
        files = store.rows.files.find(NUMBERS)
        missing = sorted(set(range(N_ROWS)) - there)
        if missing:
            put(store, missing)
        store.rows.files.note(FILES)
    store.rows.close()
    is_wrong = (
        bool(wrong) or not files.items() <= DIGESTS.items() or n_features not in (WIDTH, None)
    )
    assert {warning.category for warning in caught} <= {FeatureStoreWarning}
    return there, is_wrong, [str(warning.message) for warning in caught]


def try_damage(t, folder, damaged):
    """One damaged file, used in turn as by processes that know nothing of each other.

    The first finds the damage. Where the file was set aside, rows that had been found in it
    before are computed by a later one, and several damages may be found one after the other.
    In the end somebody finds everything and hears nothing, or is told why not.
    """
    path = folder / "features.db"
    path.write_bytes(damaged)
    t.tried += 1
    _, was_wrong, said = use(str(path))
    told = [text for text in said if "set aside as" in text]
    aside = [file for file in folder.glob("features.db.damaged-*") if file.name[-4:] not in ENDINGS]
    # Never deleted. What SQLite had already mended by its own rules may be in it.
    is_kept = len(aside) == len(told) and all(len(file.read_bytes()) > 0 for file in aside)
    for _ in range(4):
        forget(str(path))
        there, is_wrong, again = use(str(path))
        was_wrong |= is_wrong
        is_healed = there == set(range(N_ROWS)) and not again
        if is_healed:
            break
    is_refused = len(again) > 0  # such as a layout that is newer than any: told each time
    t.wrong += was_wrong
    t.survived += is_kept and len(said) == len(set(said)) and (is_healed or is_refused)
    forget(str(path))
    for file in folder.iterdir():
        file.unlink()
    return is_healed


def forget(path):
    """Let this process know no more of the file than a new one does."""
    from fusionlearn.features import _store

    _store._FILES.pop((path, None)).close()


@sizes(60, 2000)
def test_bits_that_flip(content, tmp_path, tally, n):
    t = tally("store: bits flipped")
    n_healed = 0
    for _ in range(n):
        damaged = bytearray(content)
        for _ in range(RANDOM.choice([1, 1, 1, 8])):
            damaged[RANDOM.randrange(len(content))] ^= 1 << RANDOM.randrange(8)
        n_healed += try_damage(t, tmp_path, bytes(damaged))
    assert n_healed > 0.9 * n  # a refusal is the exception


@sizes(10, 200)
def test_heads_that_are_damaged(content, tmp_path, tally, n):
    """The first hundred bytes say what the file is, and the next ones what its tables are."""
    t = tally("store: bits flipped in the head")
    for number in range(n):
        damaged = bytearray(content)
        size = 100 if number % 2 else 4096
        damaged[RANDOM.randrange(size)] ^= 1 << RANDOM.randrange(8)
        try_damage(t, tmp_path, bytes(damaged))


@sizes(10, 200)
def test_files_that_are_cut(content, tmp_path, tally, n):
    t = tally("store: truncations")
    for number in range(n):
        size = RANDOM.randrange(len(content)) if number % 4 else RANDOM.randrange(200)
        try_damage(t, tmp_path, content[:size])


@sizes(10, 200)
def test_journals_that_are_damaged(content, tmp_path, tally, n):
    """What is in the journal only, and is damaged there, is missing; the rest stays."""
    t = tally("store: bits flipped in the journal")
    path = tmp_path / "features.db"
    for _ in range(n):
        for file in tmp_path.iterdir():
            file.unlink()
        path.write_bytes(content)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("DELETE FROM feature WHERE network = 2")
        connection.execute("UPDATE feature SET used = used + 1")
        connection.commit()
        journal = bytearray((tmp_path / "features.db-wal").read_bytes())
        whole = path.read_bytes()
        connection.close()
        (tmp_path / "features.db").write_bytes(whole)
        position = RANDOM.randrange(len(journal))
        journal[position] ^= 1 << RANDOM.randrange(8)
        if RANDOM.random() < 0.3:
            del journal[position:]
        (tmp_path / "features.db-wal").write_bytes(journal)
        t.tried += 1
        there, is_wrong, said = use(str(path))
        t.wrong += is_wrong
        t.lost += N_ROWS - len(there)
        t.survived += said == [] and read_all(str(path), range(N_ROWS))[2]
        forget(str(path))
