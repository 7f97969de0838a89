"""Features that were computed once are kept."""

import functools
import os
import threading
import uuid
import weakref
from numbers import Integral

from ._memory_rows import MemoryRows
from ._sqlite_rows import SQLiteRows

# Rows in memory live as long as a store that shares them; an open file is kept.
_MEMORIES = weakref.WeakValueDictionary()
_FILES = {}
_LOCK = threading.RLock()
# What waits for a fork to be over.
_RESTING = []


class FeatureStore:
    """Rows of features, one for each picture and network.

    A row is found by the digest of the picture's content and the identity of the
    network, so that folds, grid points, clones and, with a path, processes and later
    days share one result, and no row can be mistaken for another.

    Copies, clones and what comes out of a pickle in the same process share the rows of
    the original. In another process a store with a path opens the same file, and one
    without begins empty.

    Parameters
    ----------
    path : str, path-like or None, default=None
        File in which rows are kept, made when it is first needed, readable by its owner
        alone. None keeps them in the memory of this process and writes nothing to disk.
        A file on a network drive must be used from one computer at a time.

    max_bytes : int, default=None
        Budget for the rows; those that were not used for the longest time leave first.
        None is without limit for a file, and the setting ``feature_memory`` of
        :func:`~fusionlearn.set_config` in memory.

    See Also
    --------
    BackboneFeatureExtractor : Puts rows into a store and takes them out.

    Notes
    -----
    Beside a file ``features.db`` SQLite keeps ``features.db-wal`` and
    ``features.db-shm`` while it is open. ``features.db.lock`` lets processes compute in
    turn, so that none computes what another one just does.

    A file also notes which picture file had which digest, so that later processes need
    not read pictures whose size, time of change and inode are the same. That holds on
    one host only; names of files are noted as hashes whose key is the host's identity.

    Examples
    --------
    >>> from fusionlearn import FeatureStore
    >>> FeatureStore().stats()
    {'computed': 0, 'hits': 0, 'rows': 0, 'bytes': 0}
    """

    def __init__(self, path=None, *, max_bytes=None):
        if max_bytes is not None and (not isinstance(max_bytes, Integral) or max_bytes < 1):
            raise ValueError(f"max_bytes={max_bytes!r}: wanted None or a positive integer.")
        self._path = None if path is None else os.path.abspath(os.fspath(path))
        self._max_bytes = max_bytes
        self._token = uuid.uuid4().hex if path is None else ""
        self._rows = _open(self._path, max_bytes, self._token)

    @property
    def path(self):
        """Absolute path of the file, or None."""
        return self._path

    @property
    def max_bytes(self):
        """Budget for the rows, or None."""
        return self._max_bytes

    @property
    def rows(self):
        """What holds the rows, shared by all copies of the store in this process."""
        return self._rows

    def stats(self):
        """Count what the store holds and what it saved.

        Returns
        -------
        stats : dict
            ``computed``: rows that went through a network (with a path: by all
            processes since the file was made or cleared); ``hits``: rows that this
            process found instead; ``rows`` and ``bytes``: what is kept now.
        """
        return self._rows.stats()

    def check(self, *, verbose=0):
        """Read everything that is kept, and count what is damaged.

        Damaged rows are never returned; they count as missing and are computed again.

        Parameters
        ----------
        verbose : int, default=0
            1 shows a progress bar.

        Returns
        -------
        counts : dict
            ``rows`` and ``damaged_rows``; ``files`` and ``damaged_files``: digests of
            picture files that are noted; ``problems``: what SQLite says of the file, a
            list of str that is empty where it is whole.

        Warns
        -----
        FeatureStoreWarning
            If the file cannot be read to its end.

        Examples
        --------
        >>> from fusionlearn import FeatureStore
        >>> FeatureStore().check()["problems"]
        []
        """
        return self._rows.check(verbose)

    def prune(self, max_bytes, *, verbose=0):
        """Drop the least recently used rows.

        Parameters
        ----------
        max_bytes : int
            What the remaining rows may take, from 0 upwards.

        verbose : int, default=0
            1 shows a progress bar.

        Raises
        ------
        ValueError
            If ``max_bytes`` is negative.
        """
        if max_bytes < 0:
            raise ValueError(f"max_bytes={max_bytes!r}: wanted a number of bytes from 0 upwards.")
        self._rows.prune(max_bytes, verbose)

    def clear(self):
        """Forget all rows and counts, and what was noted of files."""
        self._rows.clear()

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        return _reopen, (self._path, self._max_bytes, self._token)

    def __repr__(self):
        path = "" if self._path is None else repr(self._path)
        budget = "" if self._max_bytes is None else f"max_bytes={self._max_bytes}"
        return f"FeatureStore({', '.join(part for part in (path, budget) if part)})"


def _reopen(path, max_bytes, token):
    store = FeatureStore.__new__(FeatureStore)
    store._path, store._max_bytes, store._token = path, max_bytes, token
    store._rows = _open(path, max_bytes, token)
    return store


def _open(path, max_bytes, token):
    with _LOCK:
        if path is None:
            rows = _MEMORIES.get(token)
            if rows is None:
                rows = _MEMORIES[token] = MemoryRows(max_bytes)
            return rows
        if (path, max_bytes) not in _FILES:
            _FILES[path, max_bytes] = SQLiteRows(path, max_bytes)
        return _FILES[path, max_bytes]


def _before_fork():
    _LOCK.acquire()
    _RESTING.extend([*_FILES.values(), *_MEMORIES.values()])
    for rows in _RESTING:
        rows.before_fork()


def _after_fork(in_child):
    while _RESTING:
        _RESTING.pop().after_fork(in_child)
    _LOCK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=functools.partial(_after_fork, False),
        after_in_child=functools.partial(_after_fork, True),
    )


# The same token everywhere: in a worker it is the worker's own.
PROCESS_STORE = _reopen(None, None, "process")


def resolve_store(store):
    """Get the store that a parameter means.

    Parameters
    ----------
    store : FeatureStore, str, path-like or None
        The parameter of an extractor.

    Returns
    -------
    store : FeatureStore
        None is the store that all extractors of this process share.
    """
    if store is None:
        return PROCESS_STORE
    return store if isinstance(store, FeatureStore) else FeatureStore(store)
