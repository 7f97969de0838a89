"""The way of pictures through networks: each picture decoded once, looked at once."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ..backbones import Network, get_engine
from ..exceptions import BackboneError, ImageError
from ._store import FeatureStore

# Pictures that are decoded together, and how many such blocks are decoded ahead.
_BLOCK = 32
_BLOCKS_AHEAD = 2


@dataclass(frozen=True)
class Job:
    """One network to be computed on all pictures.

    Parameters
    ----------
    network : Network
        The network.

    store : FeatureStore
        Where its rows are kept.

    batch_size : int
        Pictures that enter it together.
    """

    network: Network
    store: FeatureStore
    batch_size: int


def extract(references, jobs, *, n_jobs=None, verbose=0):
    """Get the features of pictures from several networks.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    jobs : list of Job
        The networks.

    n_jobs : int, default=None
        Threads that decode; None and -1 take one per processor.

    verbose : int, default=0
        1 shows a progress bar where something has to be computed.

    Returns
    -------
    features : list of ndarray of shape (n_samples, n_features), float32
        One array for each job.

    Raises
    ------
    ImageError
        If a picture cannot be decoded; the message has its position.

    BackboneError
        If a network gives a number that is not finite.
    """
    digests = [_at(index, lambda ref: ref.digest, ref) for index, ref in enumerate(references)]
    first = {}
    for index, digest in enumerate(digests):
        first.setdefault(digest, index)
    pictures = list(first)
    tables = [_Table(job, pictures) for job in jobs]
    wanted = np.unique(np.concatenate([table.missing for table in tables]))
    if len(wanted):
        positions = np.fromiter(first.values(), dtype=int)[wanted]
        total = sum(len(table.missing) for table in tables)
        with (
            tqdm(total=total, desc="features", unit="row", disable=verbose < 1) as progress,
            _decoding(references, positions, tables, _n_threads(n_jobs)) as blocks,
        ):
            for start, block in zip(range(0, len(wanted), _BLOCK), blocks, strict=True):
                rows = wanted[start : start + _BLOCK]
                for table in tables:
                    progress.update(table.compute(rows, block))
    if len(pictures) == len(digests):
        return [table.rows for table in tables]
    number = {picture: row for row, picture in enumerate(pictures)}
    order = [number[digest] for digest in digests]
    return [table.rows[order] for table in tables]


class _Table:
    """The rows of one job, and which of them are still missing."""

    def __init__(self, job, pictures):
        self.job = job
        self.pictures = pictures
        self.identity = job.network.identity
        stored = job.store.rows
        n_features = stored.n_features(self.identity) or job.network.n_features
        if n_features is None:
            n_features = get_engine(job.network).n_features
        self.rows = np.empty((len(pictures), n_features), dtype=np.float32)
        self.missing = np.array(stored.read(self.identity, pictures, self.rows), dtype=int)

    def compute(self, rows, block):
        """Compute what is missing among some rows; give the number of rows done."""
        rows = np.intersect1d(rows, self.missing, assume_unique=True)
        size = self.job.network.input_size
        for start in range(0, len(rows), self.job.batch_size):
            batch = rows[start : start + self.job.batch_size]
            with self.job.store.rows.computing():
                self._compute(self._still_missing(batch), size, block)
        return len(rows)

    def _still_missing(self, rows):
        """Rows that no other process or thread has stored in the meantime."""
        found = np.empty((len(rows), self.rows.shape[1]), dtype=np.float32)
        keys = [self.pictures[row] for row in rows]
        missing = self.job.store.rows.read(self.identity, keys, found)
        there = np.setdiff1d(np.arange(len(rows)), missing)
        self.rows[rows[there]] = found[there]
        return rows[missing]

    def _compute(self, rows, size, block):
        if not len(rows):
            return
        batch = np.stack([block[self.pictures[row]][size] for row in rows])
        features = get_engine(self.job.network).compute(batch)
        if not np.isfinite(features).all():
            raise BackboneError(
                f"{self.job.network.backbone.name} gave features that are not finite. "
                "Check its weights and the preprocessing of a network of your own."
            )
        self.rows[rows] = features
        keys = [self.pictures[row] for row in rows]
        self.job.store.rows.write(self.identity, self.job.network.description, keys, features)


class _decoding(ExitStack):
    """Context of an iterator over decoded and resized blocks, a few of them ahead."""

    def __init__(self, references, positions, tables, n_threads):
        super().__init__()
        sizes = sorted({table.job.network.input_size for table in tables})
        pool = self.enter_context(ThreadPoolExecutor(n_threads, "fusionlearn-decode"))
        self.callback(pool.shutdown, wait=False, cancel_futures=True)
        self._blocks = self._iterate(pool, references, positions, sizes)

    def __enter__(self):
        super().__enter__()
        return self._blocks

    @staticmethod
    def _iterate(pool, references, positions, sizes):
        waiting = deque()
        for start in range(0, len(positions), _BLOCK):
            block = positions[start : start + _BLOCK]
            waiting.append(
                [pool.submit(_decode, index, references[index], sizes) for index in block]
            )
            if len(waiting) > _BLOCKS_AHEAD:
                yield dict(future.result() for future in waiting.popleft())
        while waiting:
            yield dict(future.result() for future in waiting.popleft())


def _decode(index, reference, sizes):
    """Digest of a picture, and its pixels in every size in which they are needed."""
    pixels = _at(index, lambda ref: ref.decode(), reference)
    return reference.digest, {size: resize(pixels, size) for size in sizes}


def resize(pixels, size):
    """Stretch a picture to an input size, each pixel a weighted mean of what it covers.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture.

    size : tuple of (int, int)
        Height and width of the result.

    Returns
    -------
    pixels : ndarray of shape (*size, 3), uint8
        The picture itself where it has that size already.
    """
    if pixels.shape[:2] == size:
        return pixels
    from PIL import Image

    image = Image.fromarray(pixels)
    return np.asarray(image.resize(size[::-1], resample=Image.Resampling.BILINEAR))


def _at(index, function, reference):
    try:
        return function(reference)
    except ImageError as error:
        raise error.at(index) from error


def _n_threads(n_jobs):
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    return processors if n_jobs is None or n_jobs < 1 else n_jobs
