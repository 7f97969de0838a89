"""What a worker of a cluster is asked to do: to look at files, and at a chunk of pictures."""

import os
import platform
from dataclasses import dataclass

import numpy as np
from joblib import parallel_config

from .. import __version__
from .._files import file_digest
from ..exceptions import ClusterError, ImageError
from ..images import find_bad_images
from ._store import FeatureStore

# Networks that are too large to travel with every chunk, by identity.
_NETWORKS = {}


@dataclass(frozen=True, eq=False)
class Chunk:
    """Pictures, and what a worker is to compute of them.

    It is an object of its own because joblib has Dask scatter large arrays that are
    arguments, and what is scattered dies with the worker that holds it.

    Parameters
    ----------
    number : int
        Which chunk it is.

    references : ndarray of shape (n_pictures,), dtype object
        The pictures.

    digests : tuple of str
        Digests of their content, as the caller read it.

    networks : tuple of (Network or str, int or None)
        Networks, or identities of those that workers were told of; and batch sizes.

    n_jobs : int or None
        Threads that decode.
    """

    number: int
    references: np.ndarray
    digests: tuple
    networks: tuple
    n_jobs: int | None


def compute_chunk(chunk):
    """Compute a chunk in this process, and keep nothing of it.

    Parameters
    ----------
    chunk : Chunk
        What to compute.

    Returns
    -------
    number : int
        That of the chunk.

    blocks : list of ndarray of shape (n_pictures, n_features), or None
        Rows of each network; empty where pictures cannot be used.

    faults : list of ImageError, or None
        Pictures that cannot be used, with their positions in the chunk; None where a
        network is unknown.

    Raises
    ------
    ClusterError
        If a file is not here, or another one than the caller read.
    """
    from ._extraction import Job, extract

    networks = [(_NETWORKS.get(of, of), batch_size) for of, batch_size in chunk.networks]
    if any(isinstance(network, str) for network, _ in networks):
        return chunk.number, None, None
    for reference, digest in zip(chunk.references, chunk.digests, strict=True):
        # It is checked when the picture is decoded; the file is not read for it.
        reference.source.known_digest = digest
    store = FeatureStore()
    jobs = [Job(network, store, batch_size) for network, batch_size in networks]
    try:
        with parallel_config(backend="sequential"):  # no worker hands on its work
            if jobs:
                rows = extract(chunk.references, jobs, n_jobs=chunk.n_jobs)
                return chunk.number, rows, []
        faults = find_bad_images(chunk.references, n_jobs=chunk.n_jobs)
    except ImageError:
        faults = find_bad_images(chunk.references, n_jobs=chunk.n_jobs)
    files = {fault.path: chunk.digests[fault.index] for fault in faults if fault.path}
    problems = look_at(files)
    if problems:
        raise ClusterError(refusal([(describe_worker(), problems)]))
    return chunk.number, (), faults


def prepare(version, files, networks):
    """Look at files, and learn networks, before there is work.

    Parameters
    ----------
    version : str
        Of the caller's fusionlearn.

    files : dict of str to str
        Paths and digests.

    networks : dict of str to Network
        Networks by identity.

    Returns
    -------
    worker : str
        Where this is.

    problems : list of str
        What stands in the way of the work.
    """
    if version != __version__:
        return describe_worker(), [f"fusionlearn {__version__} is installed, not {version}"]
    _NETWORKS.update(networks)
    return describe_worker(), look_at(files)


def look_at(files):
    """Find files that are not here, or others than the caller read.

    Parameters
    ----------
    files : dict of str to str
        Paths, and digests of what they hold.

    Returns
    -------
    problems : list of str
        A path and what is wrong with it.
    """
    problems = []
    for path, digest in files.items():
        try:
            size = os.stat(path).st_size
            found = file_digest(path)
        except OSError as error:
            problems.append(f"{path!r} ({error.strerror})")
            continue
        if found != digest:
            problems.append(f"{path!r} (another file lies there, of {size:,} bytes)")
    return problems


def describe_worker():
    """Say where this process runs."""
    return f"host {platform.node()!r}, process {os.getpid()}"


def refusal(reports, n_asked=None):
    """Write what workers miss.

    Parameters
    ----------
    reports : list of (str, list of str)
        Workers and their problems.

    n_asked : int or None, default=None
        How many workers were asked.

    Returns
    -------
    message : str
        It names the first workers, what each misses, and what to do.
    """
    shown = "; ".join(
        f"{worker}: {problems[0]}" + (f" and {len(problems) - 1} more" if problems[1:] else "")
        for worker, problems in reports[:5]
    )
    who = "a worker" if n_asked is None else f"{len(reports)} of {n_asked} workers"
    return (
        f"{who} of the cluster cannot do the work. {shown}. wanted: the same files at the same "
        "paths as here, on every worker. Mount the folder there, or let the pictures travel: "
        "pass their bytes, [pathlib.Path(path).read_bytes() for path in paths], instead of paths."
    )
