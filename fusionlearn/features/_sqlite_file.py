"""A SQLite file of which nothing that goes wrong costs more than time."""

import errno
import os
import pathlib
import re
import sqlite3
import threading
import time
import warnings
from contextlib import ExitStack, contextmanager, suppress

from ..exceptions import FeatureStoreWarning
from ._network_folder import network_type

# Layout 2 came with the table of files, the index of times and the count of bytes; a file of
# layout 1 gets them when it is opened.
_VERSION = 2
_APPLICATION_ID = 0x46555331  # "FUS1"
_NOT_OURS = "no such (table|column)|table .* has no column|unsupported file format"
_MAGIC = b"SQLite format 3\0"
_TABLES = {b"network", b"feature", b"counter"}
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
# What another program's fork left here in the middle of a write must not even be closed.
_INHERITED = []
# Held while a file is made: see _make.
_MAKING = threading.Lock()
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

    lock : RLock
        Whoever holds it has the connection alone. It is taken by a ``with`` of its own, which
        an interruption cannot pass by as it can pass by what a generator does.
    """

    def __init__(self, path):
        self.path = path
        self._reported = set()
        self._connection = None
        self._process = None
        self._looked_at_folder = False
        self.inode = None
        self.lock = threading.RLock()

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
            The caller holds the lock.
        """
        if first:
            self._reported.clear()
        try:
            yield
        except (sqlite3.Error, OSError, MemoryError, UnicodeDecodeError) as error:
            self.close()
            name = self._set_aside() if _is_beyond_repair(error) else None
            begun = f"; it was set aside as {name} and is begun anew" if name else ""
            self.warn(what, f"{error or type(error).__name__}{begun}")
        except BaseException:
            # An interruption may leave a transaction open that keeps all others waiting.
            self.close()
            raise

    def close(self):
        """Close the connection, which undoes what was not finished."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def before_fork(self):
        """Close the connection in the process that is about to fork, and let nobody open it.

        SQLite knows by file which locks a process has. A child that inherits that
        knowledge, but not the locks, takes none, and what it then writes can be lost.
        """
        self.lock.acquire()
        self.close()

    def after_fork(self, in_child):
        """Go on, in the process that forked or in its child."""
        self.lock.release()

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
        try:
            with ExitStack() as stack:
                file = stack.enter_context(open(self.path, "rb"))
                _lock_alone(file)
                # Another process may have put a new file there already.
                held = os.fstat(file.fileno()).st_ino
                if not _is_ours(file) or not self.inode == held == file_inode(self.path):
                    return None
                name = _unused(
                    f"{self.path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
                )
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
            # The fork of another program than Python, such as a server: see before_fork.
            if self._connection.in_transaction:
                _INHERITED.append(self._connection)
                self._connection = None
            self.close()
        if self._connection is not None and file_inode(self.path) != self.inode:
            # Deleted or replaced: rows would go to a file that nobody finds any more.
            self.close()
        if self._connection is None:
            self._connect()
        return self._connection

    def _connect(self):
        _make(self.path)
        # Before it is read: where that fails, this is the file that is beyond repair.
        self.inode = file_inode(self.path)
        connection = sqlite3.connect(
            self.path, timeout=60, isolation_level=None, check_same_thread=False
        )
        # One damaged text that is no UTF-8 would otherwise end the reading of all.
        connection.text_factory = bytes
        try:
            _prepare_patiently(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._process = os.getpid()
        if not self._looked_at_folder:
            self._looked_at_folder = True
            self._warn_of_network()

    def _warn_of_network(self):
        kind = network_type(self.path)
        if kind is not None:
            warnings.warn(
                f"The feature store {self.path} lies on a network drive ({kind}). SQLite needs "
                "locks and memory that all its users share, and another computer shares none: "
                "use the file from one computer at a time, or put it on a local disk.",
                FeatureStoreWarning,
                stacklevel=5,
            )


def _unused(name):
    number, unused = 1, name
    while os.path.lexists(unused):
        number += 1
        unused = f"{name}-{number}"
    return unused


def _lock_alone(file):
    """Wait until no other process sets the same file aside."""
    try:
        import fcntl
    except ImportError:  # where a file that others have open cannot be renamed anyway
        return
    fcntl.flock(file, fcntl.LOCK_EX)


def _is_beyond_repair(error):
    if isinstance(error, UnicodeDecodeError):  # a message that quotes the name of a table
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    # Our statements are right, so that tables or columns that are missing were damaged.
    is_schema = code == sqlite3.SQLITE_ERROR and re.match(_NOT_OURS, str(error)) is not None
    return is_schema or code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


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
        with open(path, "rb") as file:
            return _is_ours(file)
    finally:
        connection.close()


def _is_ours(file):
    # What another connection has not yet brought into the file is not looked for here.
    head = file.read(72)
    # A name that was mistyped may be that of somebody's picture or table. What was cut before
    # it says whose it is holds nothing for anybody.
    is_stump = 0 < len(head) < 72 and head.startswith(_MAGIC[: len(head)])
    return is_stump or head[68:] == _APPLICATION_ID.to_bytes(4, "big")


def file_inode(path):
    """Inode of a file, or None where there is none."""
    try:
        return os.stat(path).st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def _make(path):
    """Make a file that is its owner's alone from the start: rows come from patients' pictures."""
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    # To close a file drops all locks that this process has on it, SQLite's among them, and what
    # is then written can be lost. So only who made it does, before anybody else has opened it.
    with _MAKING, suppress(FileExistsError):
        os.close(os.open(os.path.realpath(path), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare_patiently(connection):
    # Where several processes make a file write-ahead at once, SQLite does not let one wait for
    # the other as it does elsewhere, but says at once that the file is locked.
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            _prepare(connection)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _prepare(connection):
    # In this order: tables and layout appear at once if another process makes them just now.
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    is_marked = connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION_ID
    # Many programs count their own layouts from 1. Damage may have taken the mark.
    if tables and not is_marked and not tables >= _TABLES:
        raise sqlite3.DatabaseError("it is a database of another program")
    if version > _VERSION:
        raise sqlite3.DatabaseError(
            f"it has layout {version}, and this version of fusionlearn reads layouts "
            f"up to {_VERSION}"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not is_marked:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    if version < _VERSION:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT"
        )
