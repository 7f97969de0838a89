"""Processes that open a new store at the same moment."""

import multiprocessing
import warnings

from fusionlearn import FeatureStore


def _open(path, barrier):
    warnings.simplefilter("error")
    store = FeatureStore(path)
    barrier.wait()
    return store.rows.n_features("nobody"), store.stats()["rows"]


def test_none_is_told_that_the_file_is_locked(tmp_path):
    """SQLite answers "locked" at once to who makes a file write-ahead beside another."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(4) as pool:
        for number in range(10):
            barrier = manager.Barrier(4)
            path = str(tmp_path / f"{number}.db")
            assert pool.starmap(_open, [(path, barrier)] * 4, chunksize=1) == [(None, 0)] * 4
