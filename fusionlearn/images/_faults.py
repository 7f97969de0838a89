"""All pictures that cannot be used, found at once."""

import os

from .._bars import progress_bar
from .._threads import WorkerThreads
from ..exceptions import ImageError
from ._check import collect_references, join_errors

# Pictures that wait for a thread, so that memory does not grow with their number.
_BLOCK = 4096


def find_bad_images(X, *, n_jobs=None, verbose=0):
    """Find all pictures that cannot be used, by decoding each once.

    Parameters
    ----------
    X : array-like of pictures, of shape (n_samples,) or (n_samples, 1)
        As for :func:`~fusionlearn.check_images`. Of several views of a picture the first
        stands for all.

    n_jobs : int, default=None
        Threads that decode; None and -1 take one per processor.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    errors : list of ImageError
        One for each picture that is missing, unreadable, broken or beyond a limit of
        :func:`~fusionlearn.set_config`, in the order of X. Its ``index`` is the position
        in X, its ``path`` the file, and ``got`` what is wrong with it. Empty if all
        pictures can be used.

    Raises
    ------
    ImageError
        If X as a whole is nothing that may hold pictures.

    See Also
    --------
    check_images : Makes references, without decoding.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.images import find_bad_images
    >>> good = np.zeros((8, 8), dtype=np.uint8)
    >>> errors = find_bad_images([good, b"no picture", "missing.png"])
    >>> [error.index for error in errors]
    [1, 2]
    >>> errors[0].got
    "10 bytes that are no picture (they start with b'no pictu')"
    """
    references, errors = collect_references(X, verbose)
    sources = {}
    for index, reference in enumerate(references):
        if reference is not None:
            source = reference.source
            key = (source.path, source.rendering) if source.path else id(source)
            sources.setdefault(key, (index, source))
    found = list(sources.values())
    bar = progress_bar("decoding pictures", len(found), unit="pictures", verbose=verbose)
    with WorkerThreads(n_threads(n_jobs)) as pool, bar:
        for start in range(0, len(found), _BLOCK):
            for error in pool.map(_fault, found[start : start + _BLOCK]):
                bar.update()
                if error is not None:
                    errors.append(error)
    return sorted(errors, key=lambda error: error.index)


def with_all_faults(error, references, positions, n_jobs=None):
    """Add to the first error of many pictures those of all others.

    Parameters
    ----------
    error : ImageError
        What came up first.

    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    positions : ndarray of int
        Those that have not been decoded yet, in their order.

    n_jobs : int, default=None
        Threads that decode.

    Returns
    -------
    error : ImageError
        The first one in the order of pictures, with a list of the others; what came up
        where nothing is found any more.
    """
    errors = find_bad_images(references[positions], n_jobs=n_jobs)
    if not errors:
        return error
    return join_errors([error.at(int(positions[error.index])) for error in errors], len(references))


def n_threads(n_jobs):
    """Number of threads that ``n_jobs`` asks for.

    Parameters
    ----------
    n_jobs : int or None
        None and -1 take one per processor.

    Returns
    -------
    n_threads : int
        One at least.

    Raises
    ------
    ValueError
        If it is 0.
    """
    if n_jobs == 0:  # joblib refuses it in the same way
        raise ValueError("n_jobs=0: wanted a number of threads, or None or -1 for all processors.")
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    return processors if n_jobs is None or n_jobs < 1 else n_jobs


def _fault(found):
    index, source = found
    try:
        # A JPEG at its smallest scale is read to its end all the same.
        source.pixels_for((1,), None if source.known_digest is None else source.digest())
    except ImageError as error:
        return error.at(index)
    return None
