"""Converted graphs are kept in the user's cache folder."""

import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from ..exceptions import EngineWarning

# Raised whenever the same network would be converted into another graph.
_LAYOUT = 1
_FILES = ("graph.xml", "graph.bin")


def cache_folder():
    """Get the folder in which converted graphs are kept.

    Returns
    -------
    folder : pathlib.Path
        ``$FUSIONLEARN_CACHE_DIR`` where that is set, else the cache folder of the user
        that the operating system names. Whatever lies in it can be deleted.
    """
    named = os.environ.get("FUSIONLEARN_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("fusionlearn", appauthor=False)


def load_graph(network, core):
    """Get the graph of a network: from the cache folder, or by converting it.

    Parameters
    ----------
    network : Network
        The resolved network.

    core : openvino.Core
        Reads and compiles graphs.

    Returns
    -------
    graph : openvino.Model
        As :func:`build_graph` makes it.

    Raises
    ------
    BackboneError
        If the network cannot be built or converted.

    Warns
    -----
    EngineWarning
        If what was kept is damaged, or nothing can be kept.
    """
    place = cache_folder() / "graphs" / _key(network)
    graph = _read(place, core)
    if graph is None:
        with _locked(place):
            graph = _read(place, core)  # another process may just have converted it
            if graph is None:
                from ._graph import build_graph

                graph = build_graph(network, core)
                _write(place, graph)
    return graph


def _key(network):
    facts = {
        "layout": _LAYOUT,
        "network": network.graph_description,
        "versions": {
            name: importlib.metadata.version(name) for name in ("keras", "tensorflow", "openvino")
        },
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _read(place, core):
    if not place.is_dir():
        return None
    try:
        kept = json.loads((place / "digests.json").read_text())
        if kept != _digests(place):
            raise ValueError("its content is not what was written")
        return core.read_model(place / _FILES[0], place / _FILES[1])
    except (OSError, ValueError, RuntimeError) as error:
        warnings.warn(
            f"The converted network in {place} is damaged ({error}) and is converted anew.",
            EngineWarning,
            stacklevel=2,
        )
        return None


def _write(place, graph):
    import openvino

    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix="new-") as made:
            # A folder of its own inside: renamed away, while the outer one is removed.
            new = Path(made) / "graph"
            new.mkdir()
            openvino.save_model(graph, new / _FILES[0], compress_to_fp16=False)
            (new / "digests.json").write_text(json.dumps(_digests(new)))
            if place.exists():
                shutil.rmtree(place)
            new.rename(place)
    except (OSError, RuntimeError) as error:
        _warn_unkept(place, error)


@contextmanager
def _locked(place):
    lock = None
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(f"{place}.lock", mode=0o600)
        lock.acquire()
    except OSError as error:
        _warn_unkept(place, error)
        lock = None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
            with suppress(OSError):
                os.unlink(f"{place}.lock")


def _warn_unkept(place, error):
    warnings.warn(
        f"The converted network cannot be kept in {place.parent} ({error}): each process converts "
        "it anew. Set the environment variable FUSIONLEARN_CACHE_DIR to a folder that can be "
        "written to.",
        EngineWarning,
        stacklevel=2,
    )


def _digests(place):
    digests = {}
    for name in _FILES:
        with open(place / name, "rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests
