"""The way of pictures through networks: each picture decoded once, looked at once."""

from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from .._config import get_config
from .._files import allocate
from .._threads import WorkerThreads
from ..backbones import Network, get_engine
from ..exceptions import BackboneError, ImageError
from ..images import n_threads, with_all_faults
from ._cluster import Cluster, cluster_backend
from ._digests import get_digests
from ._observer import ExtractionObserver
from ._probes import probed, without_probes
from ._store import FeatureStore

# Pixels of a block of pictures, at all sizes that networks want of them, and its length: so
# many that an engine's requests seldom run out, and so few that memory stays small.
_BLOCK_BYTES = 2**24
_BLOCK_MIN = 32
_BLOCK_MAX = 128
# Blocks that are being decoded while one is computed.
_BLOCKS_AHEAD = 1


@dataclass(frozen=True)
class Job:
    """One network to be computed on all pictures.

    Parameters
    ----------
    network : Network
        The network.

    store : FeatureStore
        Where its rows are kept.

    batch_size : int or None
        Pictures that enter it together; None leaves it to the engine.
    """

    network: Network
    store: FeatureStore
    batch_size: int | None


def extract(references, jobs, *, n_jobs=None, verbose=0, task=None, beside=False):
    """Get the features of pictures from several networks.

    Rows that are computed are stored at once: what an interruption leaves behind is
    found by the next call. Under a backend of joblib that is a cluster's, its workers
    compute, and this process alone looks into stores and writes into them.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    jobs : list of Job
        The networks.

    n_jobs : int, default=None
        Threads that decode, here or in each task of a cluster; None and -1 take one per
        processor.

    verbose : int, default=0
        1 shows a progress bar where something has to be computed.

    task : callable, default=None
        ``task(n_blocks)`` is called once, as for :class:`ExtractionObserver`.

    beside : bool, default=False
        Whether the arrays are to be columns of one array, so that nobody has to copy them
        beside each other. For networks that are not cut.

    Returns
    -------
    features : list of ndarray of shape (n_samples, n_features)
        One array for each job, float32; of a network that is cut of its ``row_type``, and
        in a temporary file beyond the setting ``head_memory``.

    Raises
    ------
    ImageError
        If a picture cannot be decoded; the message has its position, and lists all others
        of which that is true.

    BackboneError
        If a network gives a number that is not finite.

    ClusterError
        If workers of a cluster cannot see the files.

    OverflowError
        If a number is too large for the ``row_type`` float16.

    MemoryError
        If rows neither fit into ``head_memory`` nor into a temporary file.
    """
    seen, references = references, without_probes(references)
    digests = get_digests(references, [job.store for job in jobs])
    first = {}
    for index, digest in enumerate(digests):
        first.setdefault(digest, index)
    pictures = list(first)
    tables = [_Table(job, pictures) for job in jobs]
    for table, rows in zip(tables, _allocate(tables, len(digests), beside), strict=True):
        table.read(rows)
    wanted = np.unique(np.concatenate([table.missing for table in tables]))
    if len(wanted):
        busy = [table for table in tables if len(table.missing)]
        sizes = sorted({table.job.network.input_size for table in busy})
        positions = np.fromiter(first.values(), dtype=int)
        backend = cluster_backend()
        if backend is None:
            for table in busy:  # so that their faults come up before the work
                get_engine(table.job.network)
            length = _block_length(sizes)
            blocks = [wanted[start : start + length] for start in range(0, len(wanted), length)]
            n_rows = sum(len(table.missing) for table in busy)
            with (
                ExtractionObserver(len(wanted), n_rows, len(blocks), verbose, task) as observer,
                _Decoder(references, sizes, n_jobs) as decoder,
            ):
                decoded = decoder.blocks(positions[block] for block in blocks)
                for block, decoding in zip(blocks, decoded, strict=True):
                    try:
                        with observer.block():
                            for table in busy:
                                table.compute(block, decoding, observer)
                    except ImageError as error:
                        left = {pictures[row] for row in wanted[wanted >= block[0]]}
                        rest = [at for at, digest in enumerate(digests) if digest in left]
                        raise with_all_faults(error, references, np.array(rest), n_jobs) from error
        else:
            cluster = Cluster(backend, references, positions, busy, n_jobs)
            cluster.compute(_block_length(sizes), verbose, task)
    if len(pictures) < len(digests):
        number = {picture: row for row, picture in enumerate(pictures)}
        order = np.array([number[digest] for digest in digests])
        for table in tables:
            table.spread(order)
    return probed(seen, [job.network for job in jobs], [table.all_rows for table in tables])


def _allocate(tables, n_rows, beside):
    if beside:
        widths = [table.n_features for table in tables]
        return np.split(np.empty((n_rows, sum(widths)), np.float32), np.cumsum(widths[:-1]), axis=1)
    return [table.allocate(n_rows) for table in tables]


class _Table:
    """The rows of one job, and which of them are still missing."""

    def __init__(self, job, pictures):
        self.job = job
        self.pictures = pictures
        self.identity = job.network.identity
        self.row_type = np.dtype(job.network.row_type)
        stored = job.store.rows
        n_features = stored.n_features(self.identity, self.row_type) or job.network.n_features
        if n_features is None:
            n_features = get_engine(job.network).n_features
        self.n_features = n_features

    def read(self, all_rows):
        """Take the room for the rows of all samples, and fill it with those that are stored."""
        self.all_rows = all_rows
        # A picture's row is never further down than its first sample: see spread.
        self.rows = all_rows[: len(self.pictures)]
        stored = self.job.store.rows
        self.missing = np.array(stored.read(self.identity, self.pictures, self.rows), dtype=int)

    def spread(self, order):
        """Put the row of each picture where its samples are, in the same memory."""
        for stop in range(len(order), 0, -_BLOCK_MAX):
            block = slice(max(0, stop - _BLOCK_MAX), stop)
            self.all_rows[block] = self.all_rows[order[block]]

    def allocate(self, n_rows):
        """Make room for rows; what enters trained layers may be too much for memory."""
        shape = (n_rows, self.n_features)
        if not self.job.network.trained_layers:
            return np.empty(shape, self.row_type)
        return allocate(shape, self.row_type, get_config()["head_memory"])

    def compute(self, block, decoding, observer):
        """Compute what is missing among the rows of a block."""
        chosen = np.isin(block, self.missing, assume_unique=True)
        with self.job.store.rows.computing():
            missing = self.still_missing(block[chosen])
            observer.rows_done(chosen.sum() - len(missing))
            if len(missing):
                at = np.flatnonzero(np.isin(block, missing, assume_unique=True))
                size = self.job.network.input_size
                self._compute(missing, _Pixels([decoding[i] for i in at], size), observer)

    def still_missing(self, rows):
        """Rows that no other process or thread has stored in the meantime."""
        found = np.empty((len(rows), self.n_features), self.row_type)
        keys = [self.pictures[row] for row in rows]
        missing = self.job.store.rows.read(self.identity, keys, found)
        there = np.setdiff1d(np.arange(len(rows)), missing)
        self.rows[rows[there]] = found[there]
        return rows[missing]

    def _compute(self, rows, pixels, observer):
        features = np.empty((len(rows), self.n_features), self.row_type)
        done = np.zeros(len(rows), dtype=bool)

        def deliver(start, new):
            with np.errstate(over="ignore"):  # float16's infinities are looked for below
                features[start : start + len(new)] = new
            done[start : start + len(new)] = True
            observer.rows_done(len(new))

        engine = get_engine(self.job.network)
        try:
            engine.stream(pixels, deliver, self.job.batch_size)
        finally:  # after an interruption or a picture that cannot be decoded too
            self.keep(rows[done], features[done])

    def keep(self, rows, features):
        """Check computed rows, and put them where they belong and into the store."""
        if not np.isfinite(features).all():
            if self.row_type.itemsize == 2:
                raise OverflowError("float16 has no room for what enters the trained layers")
            raise BackboneError(
                f"{self.job.network.backbone.name} gave features that are not finite. "
                "Check its weights and the preprocessing of a network of your own."
            )
        self.rows[rows] = features
        keys = [self.pictures[row] for row in rows]
        write = self.job.store.rows.write
        try:
            write(self.identity, self.job.network.description, keys, features)
        except KeyboardInterrupt:  # it was undone, and all these rows would be lost
            write(self.identity, self.job.network.description, keys, features)
            raise


class _Pixels:
    """Pictures at one size, of which a slice is there as soon as threads have decoded it."""

    def __init__(self, pictures, size):
        self._pictures = pictures
        self._size = size

    def __len__(self):
        return len(self._pictures)

    def __getitem__(self, chosen):
        return np.stack([picture.result()[self._size] for picture in self._pictures[chosen]])


class _Decoder(ExitStack):
    """Threads that decode and resize a block of pictures ahead of its use."""

    def __init__(self, references, sizes, n_jobs):
        super().__init__()
        self._references = references
        self._sizes = sizes
        self._pool = self.enter_context(WorkerThreads(n_threads(n_jobs)))

    def blocks(self, blocks):
        """Give for each block of positions a list of tasks that give pixels by size."""
        waiting = deque()
        for block in blocks:
            waiting.append([self._pool.submit(self._decode, index) for index in block])
            if len(waiting) > _BLOCKS_AHEAD:
                yield waiting.popleft()
        yield from waiting

    def _decode(self, index):
        # Twice the size leaves the resampling something to average over.
        sides = [2 * max(size) for size in self._sizes]
        try:
            decoded = self._references[index].decode_for(sides)
        except ImageError as error:
            raise error.at(index) from error
        return {
            size: resize(pixels, size) for size, pixels in zip(self._sizes, decoded, strict=True)
        }


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

    # The three channels of a grey picture are one in memory, and resized once.
    is_grey = pixels.strides[2] == 0
    image = Image.fromarray(pixels[:, :, 0] if is_grey else pixels)
    # One side after the other: which comes first in one call depends on Pillow's version, and
    # levels in between are rounded.
    for sides in ((size[1], image.height), size[::-1]):
        image = image.resize(sides, resample=Image.Resampling.BILINEAR)
    resized = np.asarray(image)
    return np.broadcast_to(resized[:, :, np.newaxis], (*size, 3)) if is_grey else resized


def _block_length(sizes):
    n_bytes = sum(3 * height * width for height, width in sizes)
    return min(_BLOCK_MAX, max(_BLOCK_MIN, _BLOCK_BYTES // n_bytes))
