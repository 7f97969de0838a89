"""Features in arrays of chunks on disk, as Zarr and HDF5 keep them."""

import numpy as np

from .._config import get_config
from .._files import allocate


def unpack(X, dtypes):
    """Read an array of chunks, one chunk of rows after the other.

    An epoch visits rows in random order, and every row of a chunk that is asked for alone
    has the whole chunk decompressed; so they are unpacked once, and not in every epoch.

    Parameters
    ----------
    X : array-like
        Features.

    dtypes : list of type
        Types that may stay; everything else becomes the first of them.

    Returns
    -------
    X : array-like
        An array of NumPy, mapped from a temporary file where it is over the setting
        ``head_memory``, if X is a table of numbers with ``chunks``; X itself otherwise.

    Raises
    ------
    MemoryError
        If there is no room for the temporary file.
    """
    chunks = getattr(X, "chunks", None)
    is_chunked = isinstance(chunks, tuple) and all(isinstance(n, int) for n in chunks)
    if not is_chunked or len(chunks) != 2 or X.dtype.kind not in "fiub":
        return X
    dtype = X.dtype if X.dtype in dtypes else np.dtype(dtypes[0])
    rows = allocate(X.shape, dtype, get_config()["head_memory"])
    for start in range(0, len(rows), chunks[0]):
        rows[start : start + chunks[0]] = X[start : start + chunks[0]]
    return rows
