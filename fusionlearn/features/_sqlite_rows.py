"""Rows of features in one SQLite file that processes share."""

import errno
import os
import sqlite3
import threading
import time
import warnings
import zlib
from contextlib import contextmanager, suppress

import numpy as np
from filelock import FileLock

from ..exceptions import FeatureStoreWarning

_VERSION = 1
_APPLICATION_ID = 0x46555331  # "FUS1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS network (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    n_features INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS feature (
    network INTEGER NOT NULL REFERENCES network (id),
    picture BLOB NOT NULL,
    used INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (network, picture)
);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('computed', 0);
"""
_BLOCK = 512
# A connection must not be used on both sides of a fork, nor closed there.
_INHERITED = []


class SQLiteRows:
    """Rows in a SQLite file: atomic, checked by a checksum, shared by processes.

    Whatever goes wrong with the file costs time, never a result: rows that cannot be
    read count as missing, rows that cannot be written are not kept, and a warning says so.

    Parameters
    ----------
    path : str
        Absolute path of the file.

    max_bytes : int or None
        Budget; None is without limit.
    """

    def __init__(self, path, max_bytes):
        self.path = path
        self.max_bytes = max_bytes
        self._hits = 0
        self._reported = set()
        self._connection = None
        self._process = None
        self._inode = None
        self._lock = threading.RLock()
        self._computing = threading.RLock()
        self._file_lock = None

    @contextmanager
    def computing(self):
        """Hold the right to compute, so that no row is computed twice side by side.

        It is lost with the process that holds it.
        """
        with self._computing:
            try:
                lock = self._acquired()
            except OSError as error:
                self._warn("locked", error)
                lock = None
            try:
                yield
            finally:
                if lock is not None:
                    lock.release()

    def n_features(self, network):
        """Length of a stored row of a network, or None."""
        with self._guarded("read"):
            found = self._open().execute(
                "SELECT n_features FROM network WHERE identity = ?", (network,)
            )
            return next((row[0] for row in found), None)

    def read(self, network, pictures, out):
        """Fill the rows of ``out`` that are here; give the positions that are not."""
        found = np.zeros(len(pictures), dtype=bool)
        with self._guarded("read", first=False):
            self._read(self._open(), network, pictures, out, found)
        self._hits += int(found.sum())
        return np.flatnonzero(~found).tolist()

    def write(self, network, description, pictures, rows):
        """Keep computed rows, all or none."""
        with self._guarded("written", first=False):
            connection = self._open()
            used = time.time_ns()
            with self._transaction(connection):
                connection.execute(
                    "INSERT OR IGNORE INTO network (identity, description, n_features) "
                    "VALUES (?, ?, ?)",
                    (network, description, rows.shape[1]),
                )
                number = self._number(connection, network)
                connection.executemany(
                    "INSERT OR REPLACE INTO feature (network, picture, used, checksum, vector) "
                    "VALUES (?, ?, ?, ?, ?)",
                    [
                        (number, key, used, _checksum(network, key, vector), vector)
                        for key, vector in _encoded(pictures, rows)
                    ],
                )
                connection.execute(
                    "UPDATE counter SET value = value + ? WHERE name = 'computed'",
                    (len(pictures),),
                )
            if self.max_bytes is not None:
                self._prune(connection, self.max_bytes)

    def prune(self, max_bytes):
        """Drop the least recently used rows until the rest fits, and give back the space."""
        with self._guarded("pruned"):
            connection = self._open()
            self._prune(connection, max_bytes)
            connection.execute("VACUUM")

    def clear(self):
        """Forget all rows and counts."""
        with self._guarded("cleared"):
            connection = self._open()
            with self._transaction(connection):
                connection.execute("DELETE FROM feature")
                connection.execute("DELETE FROM network")
                connection.execute("UPDATE counter SET value = 0")
            connection.execute("VACUUM")
            self._hits = 0

    def stats(self):
        """Counts: rows computed by all processes, hits of this one."""
        counts = {"computed": 0, "hits": self._hits, "rows": 0, "bytes": 0}
        with self._guarded("read"):
            connection = self._open()
            counts["rows"], counts["bytes"] = connection.execute(
                "SELECT count(*), coalesce(sum(length(vector)), 0) FROM feature"
            ).fetchone()
            counts["computed"] = connection.execute(
                "SELECT value FROM counter WHERE name = 'computed'"
            ).fetchone()[0]
        return counts

    def _acquired(self):
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):  # FileLock would make it
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
        if self._file_lock is None:
            self._file_lock = FileLock(self.path + ".lock", mode=0o600, thread_local=False)
        self._file_lock.acquire()
        return self._file_lock

    def _read(self, connection, network, pictures, out, found):
        number = self._number(connection, network)
        if number is None:
            return
        positions = {bytes.fromhex(picture): i for i, picture in enumerate(pictures)}
        keys = list(positions)
        damaged = 0
        for start in range(0, len(keys), _BLOCK):
            block = keys[start : start + _BLOCK]
            marks = ",".join("?" * len(block))
            rows = connection.execute(
                f"SELECT picture, checksum, vector FROM feature "
                f"WHERE network = ? AND picture IN ({marks})",
                (number, *block),
            )
            for key, checksum, vector in rows:
                if checksum == _checksum(network, key, vector):
                    out[positions[key]] = np.frombuffer(vector, dtype="<f4")
                    found[positions[key]] = True
                else:
                    damaged += 1
            if self.max_bytes is not None:
                with self._transaction(connection):
                    connection.execute(
                        f"UPDATE feature SET used = ? WHERE network = ? AND picture IN ({marks})",
                        (time.time_ns(), number, *block),
                    )
        if damaged:
            self._warn("read in full", f"{damaged} damaged rows")

    def _prune(self, connection, max_bytes):
        with self._transaction(connection):
            connection.execute(
                "DELETE FROM feature WHERE rowid IN (SELECT rowid FROM (SELECT rowid, "
                "sum(length(vector)) OVER (ORDER BY used DESC, rowid DESC) AS total "
                "FROM feature) WHERE total > ?)",
                (max_bytes,),
            )

    @staticmethod
    def _number(connection, network):
        found = connection.execute("SELECT id FROM network WHERE identity = ?", (network,))
        return next((row[0] for row in found), None)

    def _open(self):
        if self._connection is not None and self._process != os.getpid():
            _INHERITED.append(self._connection)
            self._connection = None
        if self._connection is not None and _inode(self.path) != self._inode:
            # Deleted or replaced: rows would go to a file that nobody finds any more.
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = _connect(self.path)
            self._process = os.getpid()
            self._inode = _inode(self.path)
        return self._connection

    @staticmethod
    @contextmanager
    def _transaction(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    @contextmanager
    def _guarded(self, what, *, first=True):
        with self._lock:
            if first:
                self._reported.clear()
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                self._warn(what, error)

    def _warn(self, what, reason):
        # Once for each cause in a transform: the same one is met again at every block.
        if str(reason) in self._reported:
            return
        self._reported.add(str(reason))
        warnings.warn(
            f"The feature store {self.path} could not be {what}: {reason}. Features are computed "
            "where they are not found; results do not depend on it.",
            FeatureStoreWarning,
            stacklevel=4,
        )


def _inode(path):
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


def _connect(path):
    # Rows come from patients' pictures: the file is its owner's alone from the start.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection):
    # In this order: tables and layout appear at once if another process makes them just now.
    n_tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and n_tables:
        raise sqlite3.DatabaseError("it is a database of another program")
    if version not in (0, _VERSION):
        raise sqlite3.DatabaseError(
            f"it has layout {version}, and this version of fusionlearn reads layout {_VERSION}"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version == 0:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT"
        )


def _encoded(pictures, rows):
    rows = np.ascontiguousarray(rows, dtype="<f4")
    return [
        (bytes.fromhex(picture), row.tobytes()) for picture, row in zip(pictures, rows, strict=True)
    ]


def _checksum(network, key, vector):
    return zlib.crc32(vector, zlib.crc32(key, zlib.crc32(network.encode())))
