"""More rows than memory: features into a file, block by block."""

import hashlib
import json
import os
import pickle
from contextlib import contextmanager, suppress
from numbers import Integral

import numpy as np
from filelock import FileLock, Timeout
from joblib.hashing import NumpyHasher
from sklearn.utils._param_validation import HasMethods, Interval, validate_params
from sklearn.utils.validation import _num_samples

from .. import __version__
from .._bars import progress_bar
from .._compat import take_rows
from .._files import check_writable_place, write_whole
from ..exceptions import ImageError
from ..images import check_images
from ._array_files import ARRAY_FILES
from ._digests import get_digests
from ._extractor import BackboneFeatureExtractor
from ._store import FeatureStore


@validate_params(
    {
        "transformer": [HasMethods(["transform"])],
        "block_size": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def extract_to(transformer, X, path, *, block_size=4096, verbose=0):
    """Transform pictures block by block, into an array on disk.

    Neither the pictures nor their features are ever in memory all at once. What an
    interruption leaves behind is taken up by the next call with the same arguments: only
    blocks that are not there yet are transformed.

    Parameters
    ----------
    transformer : transformer
        A :class:`~fusionlearn.BackboneFeatureExtractor`, or any fitted transformer from
        pictures to rows of numbers: a ``ConcatFusion``, a ``Pipeline``.

    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    path : path
        The file: ``.npy`` for an array of NumPy that can be mapped into memory, ``.zarr``
        for an array of Zarr, which needs the package ``zarr``. Until it is complete it has
        ``.part`` behind its name.

    block_size : int, default=4096
        Pictures that are transformed together. A cluster should find at least a hundred for
        each of its workers in a block.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    features : numpy.memmap or zarr.Array, of shape (n_samples, n_features)
        The array, which can only be read.

    Raises
    ------
    FileExistsError
        If something else lies at ``path``: other pictures, another transformer; or if
        another call is writing there.

    FileNotFoundError, NotADirectoryError
        If there is no folder for ``path``.

    ImageError
        If a picture cannot be used; its position is that in X.

    ValueError
        If ``path`` ends in something else, ``block_size`` is no positive integer, X is
        empty, or the transformer does not give numbers in rows or cannot be pickled.

    See Also
    --------
    FeatureStore : Keeps rows for many calls, by picture and network.

    Notes
    -----
    Beside the array lies a file ``.json`` behind its name, with a digest for each block. It
    depends on the content of its pictures, on the transformer's parameters and fitted
    attributes, on the networks and on fusionlearn's version. A complete array whose
    digests are right is returned as it is.

    Rows are written in the order of X, also where a cluster computes them.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from fusionlearn import BackboneFeatureExtractor
    >>> from fusionlearn.features import extract_to
    >>> X = np.random.default_rng(0).integers(0, 255, (5, 40, 40), dtype=np.uint8)
    >>> extractor = BackboneFeatureExtractor("MobileNetV2", weights=None, input_size=32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     features = extract_to(extractor, X, os.path.join(folder, "features.npy"))
    ...     features.shape
    (5, 1280)
    """
    path = os.path.abspath(os.fspath(path))
    kind = ARRAY_FILES.get(os.path.splitext(path)[1])
    if kind is None:
        raise ValueError(f"path={path!r}: wanted one that ends in {' or '.join(ARRAY_FILES)}.")
    check_writable_place(path)
    n_samples = _num_samples(X)
    if n_samples == 0:
        raise ValueError("X is empty; wanted at least one picture.")
    with _alone(path):
        _fill(transformer, X, path, kind, n_samples, int(block_size), verbose)
    return kind(path).read()


def _fill(transformer, X, path, kind, n_samples, block_size, verbose):
    """Transform what is not there yet, block by block."""
    record = _Record.read(path, n_samples, block_size)
    key = _key(transformer)
    starts = range(0, n_samples, record.block_size)
    with progress_bar("features", n_samples, unit="pictures", verbose=verbose) as bar:
        for number, start in enumerate(starts):
            references, digest = _look(X, start, min(start + record.block_size, n_samples), key)
            if not record.has(number, digest):
                if record.is_complete:
                    raise _something_else(path)
                rows = _transform(transformer, references, start)
                record.write(kind(path + ".part"), number, digest, rows)
            bar.update(len(references))
    if not record.is_complete:
        os.replace(path + ".part", path)


@contextmanager
def _alone(path):
    """Refuse to write where another call is writing."""
    lock = FileLock(path + ".lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise FileExistsError(
            f"{path!r} is being written by another call, in this process or another one. Wait "
            "for it, or take another path."
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # on Windows nothing that is open can be deleted
            os.unlink(lock.lock_file)
        lock.release()


class _Record:
    """What is written already: the file beside an array.

    Parameters
    ----------
    path : str
        The array.

    n_samples, block_size : int
        Rows of all, and of a block.

    n_features, dtype : int and str, or None
        Of a row; None before there is one.

    blocks : dict of int to str
        Digests of the blocks that are there.

    is_complete : bool
        Whether all are.
    """

    def __init__(self, path, n_samples, block_size, n_features, dtype, blocks, is_complete):
        self._path = path
        self._n_samples = n_samples
        self.block_size = block_size
        self._n_features = n_features
        self._dtype = dtype
        self._blocks = blocks
        self.is_complete = is_complete

    @classmethod
    def read(cls, path, n_samples, block_size):
        """Read it, or begin anew where there is none of as many samples."""
        is_complete = os.path.lexists(path)
        try:
            with open(path + ".json", encoding="utf-8") as file:
                found = json.load(file)
            blocks = {int(number): digest for number, digest in found.pop("blocks").items()}
            record = cls(path, **found, blocks=blocks, is_complete=is_complete)
        except (FileNotFoundError, ValueError, TypeError, AttributeError, KeyError):
            record = None
        is_there = is_complete or os.path.lexists(path + ".part")
        if record is not None and record._n_samples == n_samples and is_there:
            return record
        if is_complete:
            raise _something_else(path)
        return cls(path, n_samples, block_size, None, None, {}, is_complete)

    def has(self, number, digest):
        """Tell whether a block is there."""
        return self._blocks.get(number) == digest

    def write(self, file, number, digest, rows):
        """Write a block, and then that it is there."""
        if self._n_features is None:
            # First, or it would vouch for rows that are not written yet.
            with suppress(FileNotFoundError):
                os.unlink(self._path + ".json")
            file.remove()
            file.create((self._n_samples, rows.shape[1]), rows.dtype, self.block_size)
            self._n_features, self._dtype = rows.shape[1], rows.dtype.str
        if (rows.shape[1], rows.dtype.str) != (self._n_features, self._dtype):
            raise ValueError(
                f"the transformer gave rows of {rows.shape[1]} numbers of type {rows.dtype.str}; "
                f"those before have {self._n_features} of type {self._dtype}. Fit it once, and "
                f"delete {self._path + '.part'!r} if it was changed."
            )
        file.write(number * self.block_size, rows)
        self._blocks[number] = digest
        facts = {
            "n_samples": self._n_samples,
            "block_size": self.block_size,
            "n_features": self._n_features,
            "dtype": self._dtype,
            "blocks": self._blocks,
        }
        write_whole(self._path + ".json", json.dumps(facts).encode())


class _Hasher(NumpyHasher):
    """Digest of a transformer: of what its rows depend on."""

    def save(self, obj):
        """Put what has an identity, or none that matters, by a name of its own."""
        if type(obj) is BackboneFeatureExtractor:
            obj = f"network {obj.job().network.identity}"
        elif isinstance(obj, FeatureStore):
            obj = "store"
        super().save(obj)


def _key(transformer):
    try:
        return _Hasher("md5").hash((__version__, transformer))
    except pickle.PicklingError as error:
        raise ValueError(
            f"the transformer cannot be told from others, since it cannot be pickled: {error} "
            "Define its functions and classes in a module, and not inside others."
        ) from error


def _look(X, start, stop, key):
    """Make references of a block, and a digest of what its rows will be."""
    try:
        references = check_images(take_rows(X, slice(start, stop)))
        digests = get_digests(references, [])
    except ImageError as error:
        raise _in_all(error, start) from error
    return references, hashlib.sha256("\n".join([key, *digests]).encode()).hexdigest()


def _transform(transformer, references, start):
    try:
        rows = transformer.transform(references)
    except ImageError as error:
        raise _in_all(error, start) from error
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.dtype.kind not in "fiub" or len(rows) != len(references):
        raise ValueError(
            f"{type(transformer).__name__}.transform gave {rows.dtype} of shape {rows.shape} for "
            f"{len(references)} pictures; wanted a row of numbers for each."
        )
    return rows


def _in_all(error, start):
    """The error of a block, with positions in X."""
    if error.index is None or start == 0:
        return error
    others = f"Positions below count from picture {start}.\n{error.others}" if error.others else ""
    whole = error.at(start + error.index)
    return ImageError(whole.got, whole.wanted, whole.remedy, whole.index, whole.path, others)


def _something_else(path):
    beside = f" and {path + '.json'!r}" if os.path.exists(path + ".json") else ""
    return FileExistsError(
        f"{path!r} is there, and is not what these pictures and this transformer give. Take "
        f"another path, or delete it{beside}."
    )
