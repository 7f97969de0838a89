"""The file around a model: three lines that anybody can read, and an archive of skops.

The first line says what the file is, the second is the SHA-256 of all that follows, the
third is a JSON object: versions, networks, and what else one wants to know before loading.
The rest is what ``skops.io`` wrote. The digest tells damage, not malice: who changes a file
on purpose writes a new one. What is in the archive is therefore looked at by itself.
"""

import hashlib
import json
import os
import stat

from .._files import check_exists, write_whole
from ..exceptions import PersistenceError

# The number changes when files of before can no longer be read.
_FORMAT = 1
_FIRST_LINE = b"fusionlearn model %d\n"
_FIRST_WORDS = b"fusionlearn model "
_LONGEST_LINE = 40
_DIGEST = 64
_WRITE_ANEW = "Load it with what wrote it, and write it with fusionlearn.save."

# What people mistake for a model.
_OTHERS = {
    b"PK\x03\x04": ("an archive, perhaps of skops or Keras", _WRITE_ANEW),
    b"\x89HDF": ("an HDF5 file, perhaps weights of Keras", "Weights belong into weights=."),
    b"\x80": (
        "a pickle, which can run any program while it is loaded",
        f"fusionlearn never loads pickles. {_WRITE_ANEW}",
    ),
    b"SQLi": ("an SQLite file, perhaps a store of features", "A store belongs into store=."),
}


def write_model(path, manifest, archive):
    """Write a model's file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file, which is replaced if it is there.

    manifest : dict
        What can be read without loading, as JSON can hold it.

    archive : bytes
        What skops made of the estimator.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is as it was.
    """
    body = json.dumps(manifest).encode() + b"\n" + archive
    digest = hashlib.sha256(body).hexdigest().encode()
    write_whole(path, _FIRST_LINE % _FORMAT + digest + b"\n" + body)


def read_model(path):
    """Read a model's file and make sure that it is as it was written.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    manifest : dict
        What ``write_model`` was given.

    archive : bytes
        The same.

    digest : str
        The digest in the file, 64 hexadecimal digits.

    Raises
    ------
    PersistenceError
        If it is no model, is damaged, or was written by another major version.

    OSError
        If the file cannot be opened.
    """
    check_exists(os.fspath(path))
    # A pipe that nobody writes to must not hold us up.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise refusal(path, "it is no regular file", "Give the path of a model's file.")
    with os.fdopen(handle, "rb") as file:
        _check_first_line(path, file.readline(_LONGEST_LINE))
        written = file.readline(_DIGEST + 1)
        body = file.read()
    digest = hashlib.sha256(body).hexdigest()
    if written != digest.encode() + b"\n":
        raise refusal(
            path,
            "it is damaged: its content is not what was written",
            "Copy it anew from where it came from, or save the model again.",
        )
    first, _, archive = body.partition(b"\n")
    try:
        manifest = json.loads(first)
        if not isinstance(manifest, dict):
            raise ValueError(f"it is {type(manifest).__name__}")
    except (ValueError, RecursionError) as error:
        raise refusal(path, f"its third line is no JSON object ({error})", _WRITE_ANEW) from error
    return manifest, archive, digest


def refusal(path, reason, remedy):
    """Make the error for a file that is not loaded.

    Parameters
    ----------
    path : str or path-like
        The file.

    reason, remedy : str
        Why not, and what to do about it.

    Returns
    -------
    error : PersistenceError
        The error.
    """
    return PersistenceError(f"{os.fspath(path)!r} was not loaded: {reason}. {remedy}")


def _check_first_line(path, line):
    if line == _FIRST_LINE % _FORMAT:
        return
    if line == (_FIRST_LINE % _FORMAT).replace(b"\n", b"\r\n"):
        raise refusal(
            path,
            "its ends of lines were changed on the way, as of a text",
            "Send it anew as a binary file.",
        )
    if line == (_FIRST_LINE % _FORMAT).rstrip():
        raise refusal(path, "it is damaged: nothing follows its first line", "Copy it anew.")
    if line.startswith(_FIRST_WORDS) and line[len(_FIRST_WORDS) :].strip().isdigit():
        number = int(line[len(_FIRST_WORDS) :])
        raise refusal(
            path,
            f"its format is {number}, and this version reads format {_FORMAT}",
            "Load it with the version of fusionlearn that wrote it; its third line says which.",
        )
    for start, (what, remedy) in _OTHERS.items():
        if line.startswith(start):
            raise refusal(path, f"it is {what}", remedy)
    what = f"it starts with {line[:20]!r}" if line else "it is empty"
    raise refusal(path, f"it is no model: {what}", "Models are written by fusionlearn.save.")
