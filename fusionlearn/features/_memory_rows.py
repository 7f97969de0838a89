"""Rows of features in the memory of this process."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

from .._config import get_config


class MemoryRows:
    """Rows in a dictionary, the least recently used ones leaving beyond the budget.

    Parameters
    ----------
    max_bytes : int or None
        Budget; None is the setting ``feature_memory``.

    Attributes
    ----------
    files : None
        The process itself remembers which file had which digest.
    """

    files = None

    def __init__(self, max_bytes):
        self.max_bytes = max_bytes
        self._rows = OrderedDict()
        self._n_features = {}
        self._bytes = 0
        self._counts = {"computed": 0, "hits": 0}
        self._lock = threading.RLock()
        self._computing = threading.RLock()

    @contextmanager
    def computing(self):
        """Hold the right to compute, so that no row is computed twice side by side."""
        with self._computing:
            yield

    def before_fork(self):
        """Let no thread be in the middle of a change when this process forks."""
        self._lock.acquire()

    def after_fork(self, in_child):
        """Go on, in the process that forked or in its child."""
        self._lock.release()
        if in_child:  # it may be held by a thread that is not there
            self._computing = threading.RLock()

    def n_features(self, network, row_type="<f4"):
        """Length of a stored row of a network, or None."""
        with self._lock:
            return self._n_features.get(network)

    def read(self, network, pictures, out):
        """Fill the rows of ``out`` that are here; give the positions that are not."""
        missing = []
        with self._lock:
            for position, picture in enumerate(pictures):
                key = (network, picture)
                row = self._rows.get(key)
                if row is None:
                    missing.append(position)
                else:
                    self._rows.move_to_end(key)
                    out[position] = row
            self._counts["hits"] += len(pictures) - len(missing)
        return missing

    def write(self, network, description, pictures, rows):
        """Keep computed rows."""
        budget = get_config()["feature_memory"] if self.max_bytes is None else self.max_bytes
        with self._lock:
            self._counts["computed"] += len(pictures)
            self._n_features[network] = rows.shape[1]
            for picture, row in zip(pictures, rows, strict=True):
                replaced = self._rows.pop((network, picture), None)
                self._bytes -= 0 if replaced is None else replaced.nbytes
                self._rows[network, picture] = row.copy()
                self._bytes += row.nbytes
            self._evict(budget)

    def prune(self, max_bytes, verbose=0):
        """Drop the least recently used rows until the rest fits."""
        with self._lock:
            self._evict(max_bytes)

    def clear(self):
        """Forget all rows and counts."""
        with self._lock:
            self._rows.clear()
            self._n_features.clear()
            self._bytes = 0
            self._counts = {"computed": 0, "hits": 0}

    def stats(self):
        """Counts since the store was made or cleared."""
        with self._lock:
            return {**self._counts, "rows": len(self._rows), "bytes": self._bytes}

    def check(self, verbose=0):
        """Count the rows; memory is not damaged."""
        counts = {"rows": len(self._rows), "damaged_rows": 0, "files": 0, "damaged_files": 0}
        return {**counts, "problems": []}

    def _evict(self, budget):
        while self._bytes > budget:
            _, row = self._rows.popitem(last=False)
            self._bytes -= row.nbytes
