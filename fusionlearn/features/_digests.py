"""Digests of many pictures, reading only files that nobody remembers."""

import os
import time
from contextlib import suppress

from .._collector import collection_paused
from .._files import file_digest, file_numbers, known_digest, known_file, remember_digest
from .._threads import WorkerThreads
from ..exceptions import ImageError

# References that are worked on together, so that memory does not grow with their number.
_BLOCK = 4096
# Files are read by a few threads even on one processor: a disk answers them side by side.
_MIN_THREADS = 4


def get_digests(references, stores):
    """Get the digests of pictures, as ``reference.digest`` gives them one by one.

    Each source is looked at once, however many views of it there are. Files that this
    process or a store remembers with the same size, time of change and inode are not
    read; the others are, by a few threads, and every store with a path remembers them.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    stores : sequence of FeatureStore
        Where rows of the pictures are kept.

    Returns
    -------
    digests : list of str
        64 hexadecimal digits for each picture.

    Raises
    ------
    ImageError
        If a file is missing, empty or unreadable; the message has its position.

    See Also
    --------
    FileIndex : What a store remembers, and what could fool it.
    """
    indexes = _indexes(stores)
    digests = []
    with WorkerThreads(max(_MIN_THREADS, os.cpu_count() or 1)) as pool:
        for start in range(0, len(references), _BLOCK):
            block = references[start : start + _BLOCK]
            with collection_paused():
                _resolve(block, start, indexes, pool)
            digests += [reference.digest for reference in block]
    return digests


def recall_files(paths, stores):
    """Let this process know what stores remember of files, such as weights.

    After it ``file_digest`` reads only what is not remembered, or has changed. What the
    process itself knows the stores remember from now on.

    Parameters
    ----------
    paths : iterable of str
        Absolute paths; those of files that cannot be looked at are passed over.

    stores : sequence of FeatureStore
        Stores; those without a path remember nothing.
    """
    indexes = _indexes(stores)
    numbers = {}
    for path in paths if indexes else ():
        with suppress(OSError):  # whoever reads the file tells it better
            numbers[path] = file_numbers(os.stat(path))
    _recall(numbers, indexes)
    for path in numbers:
        with suppress(OSError):
            file_digest(path)
    _note(numbers, indexes)


def _indexes(stores):
    rows = {id(store.rows): store.rows for store in stores}
    return [row.files for row in rows.values() if row.files is not None]


def _resolve(references, start, indexes, pool):
    """Give the source of each reference in a block its digest."""
    now = time.time_ns()
    unknown = {}
    for index, reference in enumerate(references, start):
        source = reference.source
        if source.known_digest is None:
            # What came out of a pickle has a source of its own for each view of a file.
            unknown.setdefault(source.path or id(source), []).append((index, source))
    looks = {
        path: _at(index, source.look)
        for path, ((index, source), *_) in unknown.items()
        if source.path is not None
    }
    numbers = {path: file_numbers(status) for path, status in looks.items()}
    _recall(numbers, indexes)
    digests = {path: known_digest(path, numbers[path]) for path in numbers}
    missing = [key for key in unknown if digests.get(key) is None]

    def compute(key):
        index, source = unknown[key][0]
        if source.path is None:
            return _at(index, source.digest)
        return _at(index, source.read_digest, looks[key], now)

    try:
        digests.update(zip(missing, pool.map(compute, missing), strict=True))
    finally:
        # Also what was read before somebody interrupts.
        _note((reference.source.path for reference in references), indexes)
    for key, same in unknown.items():
        for _, source in same:
            source.known_digest = digests[key]


def _recall(numbers, indexes):
    """Ask stores for digests of files that this process does not know."""
    for index in indexes:
        asked = {
            path: numbers[path] for path in numbers if known_digest(path, numbers[path]) is None
        }
        for path, digest in index.find(asked).items():
            remember_digest(path, numbers[path], digest)


def _note(paths, indexes):
    """Tell stores what this process knows of files."""
    if not indexes:
        return
    known = {path: known_file(path) for path in paths if path is not None}
    known = {path: file for path, file in known.items() if file is not None}
    for index in indexes:
        index.note(known)


def _at(index, function, *args):
    try:
        return function(*args)
    except ImageError as error:
        raise error.at(index) from error
