"""A SQLite file of which nothing that goes wrong costs more than time."""

import os
import pathlib
import sqlite3
import threading
import time
import warnings
from contextlib import contextmanager, suppress

from ..exceptions import FeatureStoreWarning

# Layout 2 came with the table of files, the index of times and the count of bytes; a file of
# layout 1 gets them when it is opened.
_VERSION = 2
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
CREATE INDEX IF NOT EXISTS feature_used ON feature (used);
CREATE TABLE IF NOT EXISTS file (
    place BLOB PRIMARY KEY,
    numbers TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES ('computed', 0);
INSERT OR IGNORE INTO counter SELECT 'bytes', coalesce(sum(length(vector)), 0) FROM feature;
"""
# A connection must not be used on both sides of a fork, nor closed there.
_INHERITED = []
# Seconds in which a new file is waited for that another process is just preparing.
_PATIENCE = 10


class SQLiteFile:
    """A connection that is opened when it is needed and whose errors become warnings.

    Parameters
    ----------
    path : str
        Absolute path of the file.

    Attributes
    ----------
    inode : int or None
        Which file the connection was opened to.
    """

    def __init__(self, path):
        self.path = path
        self._reported = set()
        self._connection = None
        self._process = None
        self.inode = None
        self._lock = threading.RLock()

    @contextmanager
    def guarded(self, what, *, first=True):
        """Turn whatever goes wrong in the block into a warning.

        Parameters
        ----------
        what : str
            What could not be done then, such as "read".

        first : bool, default=True
            Whether this begins something new, in which the same cause is told again.

        Yields
        ------
        None
            The connection is this thread's alone while the block lasts.
        """
        with self._lock:
            if first:
                self._reported.clear()
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                name = self._set_aside() if _is_beyond_repair(error) else None
                begun = f"; it was set aside as {name} and is begun anew" if name else ""
                self.warn(what, f"{error}{begun}")

    @staticmethod
    @contextmanager
    def transaction(connection):
        """Do all of the block or nothing."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def warn(self, what, reason):
        """Say what could not be done, once for each cause."""
        if str(reason) in self._reported:
            return
        self._reported.add(str(reason))
        warnings.warn(
            f"The feature store {self.path} could not be {what}: {reason}. Features are computed "
            "where they are not found; results do not depend on it.",
            FeatureStoreWarning,
            stacklevel=4,
        )

    def _set_aside(self):
        """Give a file of ours that SQLite cannot read another name, and return that."""
        name = f"{self.path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        try:
            # Another process may have put a new file there already.
            if not _is_ours(self.path) or self.inode not in (None, file_inode(self.path)):
                return None
            for ending in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    os.rename(self.path + ending, name + ending)
        except OSError as error:
            self.warn("set aside", error)
            return None
        self.inode = None
        return name

    def open(self):
        """Get the connection, which belongs to this process and to the file that is there."""
        if self._connection is not None and self._process != os.getpid():
            _INHERITED.append(self._connection)
            self._connection = None
        if self._connection is not None and file_inode(self.path) != self.inode:
            # Deleted or replaced: rows would go to a file that nobody finds any more.
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = _connect(self.path)
            self._process = os.getpid()
            self.inode = file_inode(self.path)
        return self._connection


def _is_beyond_repair(error):
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_store(path):
    """Whether a file, damaged or not, is one that a store has written.

    Parameters
    ----------
    path : str
        Path of a file.

    Returns
    -------
    is_store : bool
        What its application id says.
    """
    connection = sqlite3.connect(f"{pathlib.Path(path).absolute().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION_ID
    except sqlite3.Error:
        return _is_ours(path)
    finally:
        connection.close()


def _is_ours(path):
    # What another connection has not yet brought into the file is not looked for here.
    with open(path, "rb") as file:
        head = file.read(72)
    # A name that was mistyped may be that of somebody's picture or table.
    return head[68:72] == _APPLICATION_ID.to_bytes(4, "big")


def file_inode(path):
    """Inode of a file, or None where there is none."""
    try:
        return os.stat(path).st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def _connect(path):
    # Rows come from patients' pictures: the file is its owner's alone from the start.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    # One damaged text that is no UTF-8 would otherwise end the reading of all.
    connection.text_factory = bytes
    try:
        _prepare_patiently(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare_patiently(connection):
    # Where several processes make a file write-ahead at once, SQLite does not let one wait for
    # the other as it does elsewhere, but says at once that the file is locked.
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            _prepare(connection)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _prepare(connection):
    # In this order: tables and layout appear at once if another process makes them just now.
    n_tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and n_tables:
        raise sqlite3.DatabaseError("it is a database of another program")
    if version > _VERSION:
        raise sqlite3.DatabaseError(
            f"it has layout {version}, and this version of fusionlearn reads layouts "
            f"up to {_VERSION}"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version < _VERSION:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT"
        )
