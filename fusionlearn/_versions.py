"""Versions of what a result depends on."""

import importlib.metadata
import platform

from . import __version__

_LIBRARIES = ("keras", "numpy", "openvino", "scikit-learn", "skops", "tensorflow")


def library_versions():
    """Look up the versions of the libraries that are installed, without loading them.

    Returns
    -------
    versions : dict of str to str
        fusionlearn, python and the libraries that are there.
    """
    installed = {name: _version(name) for name in _LIBRARIES}
    return {
        "fusionlearn": __version__,
        "python": platform.python_version(),
        **{name: version for name, version in installed.items() if version is not None},
    }


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
