"""Settings of the process: limits, budgets, and where the documentation is."""

import importlib.metadata
import re
from contextlib import contextmanager
from numbers import Integral

__all__ = ["config_context", "get_config", "set_config"]

# It is put into HTML as it is.
_URL = re.compile(r"(https?|file)://[\w./~%+,=@():-]+|[\w./~%+,=@()-]*", re.ASCII)


def _docs_url_of_package():
    try:
        named = importlib.metadata.metadata("fusionlearn").get_all("Project-URL", [])
    except importlib.metadata.PackageNotFoundError:  # it is not installed, but lies there
        return ""
    urls = dict(entry.split(", ", 1) for entry in named)
    return urls.get("Documentation", "")


_CONFIG = {
    "docs_url": _docs_url_of_package(),
    "feature_memory": 2**30,
    "head_memory": 2**31,
    "inference_streams": "auto",
    "max_image_bytes": 2**29,
    "max_image_metadata": 2**24,
    "max_image_pixels": 89_478_485,
    "max_image_seconds": 60,
}


def get_config():
    """Get the current settings.

    Returns
    -------
    config : dict
        The settings by name, as :func:`set_config` takes them.

    Examples
    --------
    >>> from fusionlearn import get_config
    >>> get_config()["max_image_pixels"]
    89478485
    """
    return dict(_CONFIG)


def set_config(
    *,
    docs_url=None,
    feature_memory=None,
    head_memory=None,
    inference_streams=None,
    max_image_bytes=None,
    max_image_metadata=None,
    max_image_pixels=None,
    max_image_seconds=None,
):
    """Change settings of this process, for all its threads.

    Settings do not travel to worker processes.

    Parameters
    ----------
    docs_url : str, default=None
        Where the documentation is, to whose pages estimators link in HTML: an address
        that begins with ``https://``, ``http://`` or ``file://``, such as that of a copy
        in the house, or a path relative to the page that shows the estimator. Initially
        what the installed package says itself; "" is nowhere, so that there are no
        links. None leaves it as it is.

    feature_memory : int, default=None
        Bytes that a :class:`~fusionlearn.FeatureStore` without a path may hold.
        Rows that were not used for the longest time leave first; results do not
        depend on it. Initially 1 GiB. None leaves it as it is.

    head_memory : int, default=None
        Bytes that a :class:`~fusionlearn.FineTuneClassifier` may use to hold features
        while it trains. More of them (at 4 bytes each) are read block by block in every
        epoch, so that X may be memory-mapped; results do not depend on it. One batch is
        held at least. Initially 2 GiB. None leaves it as it is.

    inference_streams : int or "auto", default=None
        Batches that OpenVINO computes side by side; its threads are divided among them.
        No more than there are processors. Initially "auto": OpenVINO chooses. Each
        stream needs memory for the activations of a batch; features do not depend on it
        beyond rounding. None leaves it as it is.

    max_image_bytes : int, default=None
        Length of a file beyond which it is refused before it is read. Initially 512 MiB:
        as many pixels as are allowed, with 4 bytes each and nothing compressed, fit in.
        None leaves it as it is.

    max_image_metadata : int, default=None
        Bytes around the pixels, such as profiles, EXIF data and comments, beyond which a
        file is refused. Each part counts as 1 KiB at least and each number of a TIFF tag as
        32 bytes, since about that is made of them in memory. Initially 16 MiB: colour
        profiles and what cameras write stay far below it. None leaves it as it is.

    max_image_pixels : int, default=None
        Width times height beyond which a picture is refused before it is decoded.
        Initially 89,478,485, which is Pillow's own limit. Each thread that decodes needs up
        to 20 bytes for each pixel. None leaves it as it is.

    max_image_seconds : int, default=None
        Seconds of computing that one picture may take to decode, waiting not counted. They
        are looked at whenever a decoder asks for more of the file. Initially 60: pictures
        of the allowed size take a few, except in formats that Pillow decodes in Python.
        None leaves it as it is.

    Raises
    ------
    ValueError
        If a value is neither a positive integer nor, where that is possible, "auto", or
        ``docs_url`` is no address.

    Examples
    --------
    >>> from fusionlearn import set_config
    >>> set_config(max_image_pixels=89_478_485)
    """
    changes = {
        "docs_url": docs_url,
        "feature_memory": feature_memory,
        "head_memory": head_memory,
        "inference_streams": inference_streams,
        "max_image_bytes": max_image_bytes,
        "max_image_metadata": max_image_metadata,
        "max_image_pixels": max_image_pixels,
        "max_image_seconds": max_image_seconds,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    for name, value in changes.items():
        if name == "docs_url":
            _check_url(value)
            continue
        has_auto = name == "inference_streams"
        if has_auto and isinstance(value, str) and value == "auto":
            continue
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
            or_auto = " or 'auto'" if has_auto else ""
            raise ValueError(f"{name}={value!r}: wanted a positive integer{or_auto}.")
    # NumPy's integers become Python's, which JSON and OpenVINO take.
    _CONFIG.update({k: v if isinstance(v, str) else int(v) for k, v in changes.items()})


def _check_url(value):
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise ValueError(
            f"docs_url={value!r}: wanted an address that begins with https://, http:// or "
            "file://, a relative path, or '' for no links."
        )


@contextmanager
def config_context(**settings):
    """Change settings inside a ``with`` block.

    Parameters
    ----------
    **settings : dict
        As for :func:`set_config`.

    Yields
    ------
    None

    Examples
    --------
    >>> from fusionlearn import config_context, get_config
    >>> with config_context(max_image_pixels=1000):
    ...     get_config()["max_image_pixels"]
    1000
    """
    before = get_config()
    try:
        set_config(**settings)
        yield
    finally:
        _CONFIG.update(before)
