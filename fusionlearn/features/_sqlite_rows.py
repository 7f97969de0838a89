"""Rows of features in one SQLite file that processes share."""

import errno
import os
import threading
import time
import zlib
from contextlib import contextmanager

import numpy as np
from filelock import FileLock  # not later: it must not be imported while a thread forks

from .._bars import progress_bar
from ._file_index import FileIndex
from ._sqlite_file import SQLiteFile

# Rows that are asked for together: so many that a query costs little beside them, and so few
# that the memory from which they are copied is used again and stays in the processor's cache.
_BLOCK_BYTES = 2**20
_BLOCK_MIN = 32
_BLOCK_MAX = 512


class SQLiteRows(SQLiteFile):
    """Rows in a SQLite file: atomic, checked by a checksum, shared by processes.

    Whatever goes wrong with the file costs time, never a result: rows that cannot be
    read count as missing, rows that cannot be written are not kept, and a warning says so.

    Parameters
    ----------
    path : str
        Absolute path of the file.

    max_bytes : int or None
        Budget; None is without limit.

    Attributes
    ----------
    files : FileIndex
        Which picture file had which digest.
    """

    def __init__(self, path, max_bytes):
        super().__init__(path)
        self.max_bytes = max_bytes
        self.files = FileIndex(self)
        self._hits = 0
        self._computing = threading.RLock()
        self._file_lock = None
        self._lock_process = None

    @contextmanager
    def computing(self):
        """Hold the right to compute, so that no row is computed twice side by side.

        It is lost with the process that holds it.
        """
        with self._computing:
            try:
                lock = self._acquired()
            except (OSError, NotImplementedError) as error:  # some drives know no locks
                self.warn("locked", error)
                lock = None
            try:
                yield
            finally:
                if lock is not None:
                    # Also what an interruption has left of an earlier time.
                    lock.release(force=True)

    def after_fork(self, in_child):
        """Go on, in the process that forked or in its child."""
        super().after_fork(in_child)
        if in_child:  # it may be held by a thread that is not there
            self._computing = threading.RLock()

    def n_features(self, network, row_type="<f4"):
        """Length of a stored row of a network, or None."""
        item_bytes = np.dtype(row_type).itemsize
        with self.lock, self.guarded("read"):
            connection = self.open()
            found = connection.execute(
                "SELECT n_features, (SELECT length(vector) FROM feature WHERE network = id LIMIT 1)"
                " FROM network WHERE identity = ?",
                (network,),
            )
            # This number has no checksum, so that a row must bear it out.
            return next(
                (n for n, n_bytes in found if type(n) is int and n_bytes == n * item_bytes), None
            )

    def read(self, network, pictures, out):
        """Fill the rows of ``out`` that are here; give the positions that are not."""
        found = np.zeros(len(pictures), dtype=bool)
        with self.lock, self.guarded("read", first=False):
            connection = self.open()
            damaged = self._read(connection, network, pictures, out, found)
            if damaged:
                self.warn("read in full", f"{damaged} damaged rows")
                # It may be the index that leads to a wrong row, and would for ever.
                connection.execute("REINDEX feature")
        missing = np.flatnonzero(~found).tolist()
        if self.max_bytes is not None and len(missing) < len(pictures):
            # Apart: a file that can only be read is still read to its end.
            with self.lock, self.guarded("written", first=False):
                connection = self.open()
                with self.transaction(connection):
                    _touch(connection, network, [pictures[i] for i in np.flatnonzero(found)])
        with self.lock:
            self._hits += len(pictures) - len(missing)
        return missing

    def write(self, network, description, pictures, rows):
        """Keep computed rows, all or none."""
        with self.lock, self.guarded("written", first=False):
            connection = self.open()
            with self.transaction(connection):
                self._write(connection, network, description, pictures, rows)
            if self.max_bytes is not None:
                self._prune(connection, self.max_bytes)

    def prune(self, max_bytes, verbose=0):
        """Drop the least recently used rows until the rest fits, and give back the space."""
        with progress_bar("pruning", 3, unit="steps", verbose=verbose) as bar:
            with self.lock, self.guarded("pruned"):
                connection = self.open()
                with self.transaction(connection):
                    # The count decides what leaves, and is what damage would show in last.
                    _recount(connection)
                bar.update()
                self._prune(connection, max_bytes)
                bar.update()
            self._shrink()
            bar.update()

    def clear(self):
        """Forget all rows, files and counts."""
        with self.lock, self.guarded("cleared"):
            connection = self.open()
            with self.transaction(connection):
                connection.execute("DELETE FROM feature")
                connection.execute("DELETE FROM network")
                connection.execute("UPDATE counter SET value = 0")
                self.files.forget(connection)
            self._hits = 0
        self._shrink()

    def stats(self):
        """Counts: rows computed by all processes, hits of this one."""
        counts = {"computed": 0, "hits": self._hits, "rows": 0, "bytes": 0}
        with self.lock, self.guarded("read"):
            connection = self.open()
            counts["rows"], counts["bytes"] = connection.execute(
                "SELECT count(*), coalesce(sum(length(vector)), 0) FROM feature"
            ).fetchone()
            counts["computed"] = _count(connection, "computed")
        return counts

    def check(self, verbose=0):
        """Read everything; count what is there and what is damaged."""
        counts = {"rows": 0, "damaged_rows": 0, "files": 0, "damaged_files": 0, "problems": []}
        finished = False
        with self.lock, self.guarded("checked"):
            connection = self.open()
            found = connection.execute("PRAGMA integrity_check(20)")
            texts = [text.decode(errors="replace") for (text,) in found]
            counts["problems"] += [text for text in texts if text != "ok"]
            (n_rows,) = connection.execute("SELECT count(*) FROM feature").fetchone()
            with progress_bar("checking", n_rows, unit="rows", verbose=verbose) as bar:
                for network, key, checksum, vector in connection.execute(
                    "SELECT identity, picture, checksum, vector FROM feature "
                    "LEFT JOIN network ON network.id = feature.network"
                ):
                    counts["rows"] += 1
                    bar.update()
                    # Damage may have made numbers of them, or lost the network.
                    is_row = type(network) is bytes and type(key) is bytes and type(vector) is bytes
                    if not is_row or checksum != _checksum(zlib.crc32(network), key, vector):
                        counts["damaged_rows"] += 1
            counts["files"], counts["damaged_files"] = self.files.check(connection)
            finished = True
        if not finished:
            counts["problems"].append("the file cannot be read to its end")
        return counts

    def _shrink(self):
        # Apart: on a full disk rows can be dropped, but there is no room to write the rest anew.
        with self.lock, self.guarded("made smaller", first=False):
            connection = self.open()
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _acquired(self):
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):  # FileLock would make it
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
        if self._lock_process != os.getpid():  # one that is inherited is the parent's
            self._file_lock = FileLock(self.path + ".lock", mode=0o600, thread_local=False)
            self._lock_process = os.getpid()
        self._file_lock.acquire()
        return self._file_lock

    @staticmethod
    def _read(connection, network, pictures, out, found):
        number = _number(connection, network)
        if number is None:
            return 0
        positions = {bytes.fromhex(picture): i for i, picture in enumerate(pictures)}
        keys = list(positions)
        n_bytes = out.shape[1] * out.dtype.itemsize
        size = min(_BLOCK_MAX, max(_BLOCK_MIN, _BLOCK_BYTES // n_bytes))
        seed = zlib.crc32(network.encode())
        row_type = out.dtype.newbyteorder("<")
        damaged = 0
        for start in range(0, len(keys), size):
            block = keys[start : start + size]
            rows = connection.execute(
                f"SELECT picture, checksum, vector FROM feature WHERE {_among(block)}",
                (number, *block),
            )
            for key, checksum, vector in rows:
                # Damage may have made a number of it, or cut it.
                is_row = type(vector) is bytes and len(vector) == n_bytes
                if is_row and key in positions and checksum == _checksum(seed, key, vector):
                    position = positions[key]
                    out[position] = np.frombuffer(vector, dtype=row_type)
                    found[position] = True
                else:
                    damaged += 1
        return damaged

    @staticmethod
    def _write(connection, network, description, pictures, rows):
        connection.execute(
            "INSERT OR IGNORE INTO network (identity, description, n_features) VALUES (?, ?, ?)",
            (network, description, rows.shape[1]),
        )
        number = _number(connection, network)
        seed = zlib.crc32(network.encode())
        used = time.time_ns()
        rows = np.ascontiguousarray(rows, dtype=rows.dtype.newbyteorder("<"))
        for start in range(0, len(pictures), _BLOCK_MAX):
            keys = [bytes.fromhex(picture) for picture in pictures[start : start + _BLOCK_MAX]]
            vectors = [row.tobytes() for row in rows[start : start + _BLOCK_MAX]]
            replaced = connection.execute(
                f"SELECT coalesce(sum(length(vector)), 0) FROM feature WHERE {_among(keys)}",
                (number, *keys),
            ).fetchone()[0]
            connection.executemany(
                "INSERT OR REPLACE INTO feature (network, picture, used, checksum, vector) "
                "VALUES (?, ?, ?, ?, ?)",
                [
                    (number, key, used, _checksum(seed, key, vector), vector)
                    for key, vector in zip(keys, vectors, strict=True)
                ],
            )
            _add(connection, "bytes", sum(map(len, vectors)) - replaced)
        _add(connection, "computed", len(pictures))

    def _prune(self, connection, max_bytes):
        if _count(connection, "bytes") <= max_bytes:
            return
        with self.transaction(connection):
            excess = _count(connection, "bytes") - max_bytes
            oldest = connection.execute(
                "SELECT rowid, length(vector) FROM feature ORDER BY used, rowid"
            )
            dropped, n_bytes = [], 0
            while n_bytes < excess and (row := oldest.fetchone()) is not None:
                dropped.append(row[:1])
                n_bytes += row[1]
            oldest.close()
            connection.executemany("DELETE FROM feature WHERE rowid = ?", dropped)
            _add(connection, "bytes", -n_bytes)
            if n_bytes < excess:  # there was less than had been counted
                _recount(connection)


def _number(connection, network):
    found = connection.execute("SELECT id FROM network WHERE identity = ?", (network,))
    return next((row[0] for row in found), None)


def _among(keys):
    return f"network = ? AND picture IN ({','.join('?' * len(keys))})"


def _count(connection, name):
    found = connection.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
    # Damage may have taken it, or made a text of it.
    return found[0] if found is not None and type(found[0]) is int else 0


def _add(connection, name, value):
    connection.execute("UPDATE counter SET value = value + ? WHERE name = ?", (value, name))


def _recount(connection):
    connection.execute(
        "INSERT OR REPLACE INTO counter "
        "SELECT 'bytes', coalesce(sum(length(vector)), 0) FROM feature"
    )


def _touch(connection, network, pictures):
    number, used = _number(connection, network), time.time_ns()
    for start in range(0, len(pictures), _BLOCK_MAX):
        keys = [bytes.fromhex(picture) for picture in pictures[start : start + _BLOCK_MAX]]
        connection.execute(
            f"UPDATE feature SET used = ? WHERE {_among(keys)}", (used, number, *keys)
        )


def _checksum(seed, key, vector):
    return zlib.crc32(vector, zlib.crc32(key, seed))
