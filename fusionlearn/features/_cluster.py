"""Pictures through networks on the workers of a cluster, by joblib's active backend."""

import sys
import warnings
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import islice

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from joblib.parallel import (
    LokyBackend,
    MultiprocessingBackend,
    SequentialBackend,
    ThreadingBackend,
    get_active_backend,
)

from .. import __version__
from .._files import file_digest
from ..backbones import get_engine
from ..backbones._keras_engine import KerasEngine
from ..exceptions import ClusterError
from ..images._check import join_errors
from ._cluster_worker import Chunk, compute_chunk, prepare, refusal
from ._observer import ExtractionObserver

# Exactly these: Ray's backend is derived from one of them.
_LOCAL = (LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend)
# Files that each worker is asked for before the work: the first, the last, some between.
_N_PROBES = 16
# Bytes of arrays and encoded pictures that travel together; Dask warns beyond 10 MB.
_CHUNK_BYTES = 2**22
# A network that is larger does not travel with every chunk.
_NETWORK_BYTES = 2**18
# Tasks at a time for each job, where results only come back together.
_WAVE = 4


def cluster_backend():
    """Get the active backend of joblib where that is a cluster's.

    Returns
    -------
    backend : joblib.parallel.ParallelBackendBase or None
        None where pictures are computed in this process: with a backend of joblib's own,
        whose processes would load networks that use all processors already; and on a
        worker of Dask, on which others have spread the work.
    """
    backend, _ = get_active_backend()
    if type(backend) in _LOCAL:
        return None
    distributed = sys.modules.get("distributed")
    if distributed is not None and hasattr(distributed.utils.thread_state, "execution_state"):
        return None
    return backend


class Cluster:
    """Workers behind a backend of joblib, for one extraction.

    Parameters
    ----------
    backend : joblib.parallel.ParallelBackendBase
        What ``cluster_backend`` gave.

    references : ndarray of shape (n_samples,), dtype object
        What the caller passed.

    positions : ndarray of int, of shape (n_pictures,)
        The first sample of each picture.

    tables : list of _Table
        The networks and their rows, of which some are missing.

    n_jobs : int or None
        Threads that decode, in each task.
    """

    def __init__(self, backend, references, positions, tables, n_jobs):
        self._backend = backend
        self._references = references
        self._positions = positions
        self._tables = tables
        self._n_jobs = n_jobs
        # Built here too, so that their faults come up before the work, and here is decided
        # what "auto" means.
        self._networks = [_with_engine(table.job.network) for table in tables]
        # Dask's client reaches all workers; others reach whoever is free.
        self._client = getattr(backend, "client", None)
        self._told = {}
        if self._client is not None:
            import cloudpickle  # Dask itself pickles with it

            for network in self._networks:
                if len(cloudpickle.dumps(network)) > _NETWORK_BYTES:
                    self._told[network.identity] = network

    def compute(self, length, verbose, task):
        """Have missing rows computed, and keep each as soon as it is back.

        Parameters
        ----------
        length : int
            Pictures of a chunk, at most.

        verbose : int
            1 shows a progress bar.

        task : callable or None
            As for :class:`ExtractionObserver`.
        """
        with self._told_of_the_end(), ExitStack() as stack:
            # In one order, so that two processes never wait for each other.
            stores = {id(table.job.store.rows): table.job.store.rows for table in self._tables}
            for rows in sorted(stores.values(), key=lambda of: (getattr(of, "path", ""), id(of))):
                stack.enter_context(rows.computing())
            chunks = self._chunks(length)
            if not chunks:
                return
            self._prepare(np.concatenate([rows for rows, _ in chunks]))
            n_pictures = sum(len(rows) for rows, _ in chunks)
            n_rows = sum(len(rows) * len(at) for rows, at in chunks)
            with ExtractionObserver(n_pictures, n_rows, len(chunks), verbose, task) as observer:
                self._collect(chunks, observer)

    @contextmanager
    def _told_of_the_end(self):
        """Say that a client of Dask is closed, whatever breaks because of it."""
        try:
            yield
        except Exception as error:
            if self._client is None or self._client.status == "running":
                raise
            raise ClusterError(
                f"the client of Dask is {self._client.status}: there are no workers. Rows that "
                "had come back are kept. Connect again, Client(...), and begin a new "
                'parallel_config(backend="dask").'
            ) from error

    def _chunks(self, length):
        """Rows of pictures, and the numbers of the networks that miss all of them."""
        is_missing = np.zeros((len(self._positions), len(self._tables)), dtype=bool)
        for number, table in enumerate(self._tables):
            for start in range(0, len(table.missing), length):
                # Others may have stored some before this process had the right to compute.
                block = table.missing[start : start + length]
                is_missing[table.still_missing(block), number] = True
        rows = np.flatnonzero(is_missing.any(axis=1))
        kinds, kind_of = np.unique(is_missing[rows], axis=0, return_inverse=True)
        return [
            (part, np.flatnonzero(kind))
            for number, kind in enumerate(kinds)
            for part in self._parts(rows[kind_of.ravel() == number], length)
        ]

    def _parts(self, rows, length):
        """Cut rows into parts that are neither long nor heavy."""
        start = n_bytes = 0
        for stop, row in enumerate(rows):
            weight = _n_bytes(self._source(row))
            if stop > start and (stop - start == length or n_bytes + weight > _CHUNK_BYTES):
                yield rows[start:stop]
                start, n_bytes = stop, 0
            n_bytes += weight
        if start < len(rows):
            yield rows[start:]

    def _prepare(self, rows):
        """Ask workers for some of the files, and tell them of large networks."""
        files = {}
        for network in self._networks:
            for path in (network.weights, getattr(network.backbone.builder, "path", None)):
                if path not in (None, "imagenet"):
                    files[path] = file_digest(path)
        sources = {source.path: source for source in map(self._source, rows) if source.path}
        sources = list(sources.values())
        for at in {round(at) for at in np.linspace(0, len(sources) - 1, _N_PROBES) if sources}:
            files[sources[at].path] = sources[at].content_digest()
        question = (__version__, files, self._told)
        if self._client is not None:
            found = self._client.run(prepare, *question, on_error="return")
            answers = [
                (worker, [repr(answer)]) if isinstance(answer, Exception) else answer
                for worker, answer in found.items()
                # Of a worker that has died meanwhile; its work goes to others.
                if not isinstance(answer, OSError)
            ]
        else:
            answers = Parallel(batch_size=1)(
                delayed(prepare)(*question) for _ in range(effective_n_jobs(None))
            )
        reports = [answer for answer in answers if answer[1]]
        if reports:
            raise ClusterError(refusal(reports, len(answers)))

    def _collect(self, chunks, observer):
        faults, again = [], []
        with closing(self._results(chunks, range(len(chunks)), faults)) as results:
            for number, blocks, wrong in results:
                if wrong is None:  # a worker that was not there when the others were told
                    again.append(number)
                else:
                    self._keep(chunks[number], blocks, wrong, faults, observer)
        with closing(self._results(chunks, again, faults, in_full=True)) as results:
            for number, blocks, wrong in results:
                self._keep(chunks[number], blocks, wrong, faults, observer)
        if faults:
            faults.sort(key=lambda fault: fault.index)
            raise join_errors(faults, len(self._references))

    def _results(self, chunks, numbers, faults, in_full=False):
        """Give what workers return, as soon as it is there."""
        calls = (
            delayed(compute_chunk)(self._pack(number, *chunks[number], bool(faults), in_full))
            for number in numbers
        )
        if self._backend.supports_return_generator:
            results = Parallel(batch_size=1, return_as="generator_unordered")(calls)
            try:
                # Not "yield from", which would close them before the warning is held back.
                for result in results:  # noqa: UP028
                    yield result
            finally:
                with warnings.catch_warnings():
                    # Whoever interrupts knows that not all is done.
                    warnings.filterwarnings("ignore", r"\d+ tasks ")
                    results.close()
            return
        n_together = _WAVE * effective_n_jobs(None)
        while wave := list(islice(calls, n_together)):
            yield from Parallel(batch_size=1)(wave)

    def _pack(self, number, rows, at, is_only_to_be_looked_at, in_full):
        networks = [] if is_only_to_be_looked_at else [self._networks[i] for i in at]
        sizes = [self._tables[i].job.batch_size for i in at]
        return Chunk(
            number,
            self._references[self._positions[rows]],
            tuple(self._source(row).content_digest() for row in rows),
            tuple(
                (of.identity if of.identity in self._told and not in_full else of, size)
                for of, size in zip(networks, sizes, strict=False)
            ),
            self._n_jobs,
        )

    def _keep(self, chunk, blocks, wrong, faults, observer):
        rows, at = chunk
        faults += [fault.at(int(self._positions[rows[fault.index]])) for fault in wrong]
        with observer.block():
            for number, block in zip(at if blocks else (), blocks, strict=True):
                self._tables[number].keep(rows, block)
                observer.rows_done(len(rows))

    def _source(self, row):
        return self._references[self._positions[row]].source


def _with_engine(network):
    """The network, and by name what runs it here, so that it runs by the same elsewhere."""
    engine = get_engine(network)
    if network.engine != "auto" or not network.backbone.is_keras:
        return network
    return replace(network, engine="keras" if isinstance(engine, KerasEngine) else "openvino")


def _n_bytes(source):
    """Bytes of a picture that travel with its reference; a file stays where it is."""
    array = getattr(source, "array", None)
    return len(getattr(source, "data", b"")) if array is None else array.nbytes
