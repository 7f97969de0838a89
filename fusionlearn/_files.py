"""Files: digests of those that are read once, and a temporary one in the place of memory."""

import errno
import hashlib
import math
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress

import numpy as np

from ._hints import did_you_mean

# path -> (numbers, digest), as git's index has it: a file whose size, time and inode are the
# same is not read again.
_KNOWN = {}
_KNOWN_MAX = 1_000_000
_SETTLED_NS = 2_000_000_000
_PIECE = 2**20


def open_regular(path):
    """Open a file for reading, unless it is a pipe or a device.

    It is looked at after it was opened: what lies at a path may be replaced at any time, and
    opening a pipe would wait for a writer for ever.

    Parameters
    ----------
    path : str
        Path of a regular file.

    Returns
    -------
    file : io.BufferedReader
        To be closed by the caller.

    Raises
    ------
    OSError
        If it cannot be opened or is no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = open(path, "rb", opener=lambda name, _: os.open(name, flags))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no regular file", path)
    return file


def file_digest(path):
    """Get the SHA-256 of a file's content.

    Parameters
    ----------
    path : str
        Path of a regular file.

    Returns
    -------
    digest : str
        64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    now = time.time_ns()
    status = os.stat(path)
    known = known_digest(path, file_numbers(status))
    return read_digest(path, status, now) if known is None else known


def file_numbers(status):
    """Get what tells a file's content from an earlier one without reading it.

    Parameters
    ----------
    status : os.stat_result
        What ``os.stat`` says of the file.

    Returns
    -------
    numbers : str
        Size in bytes, time of the last change in nanoseconds, and inode.
    """
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def known_digest(path, numbers):
    """Get the digest of a file that was read before and is the same since.

    Parameters
    ----------
    path : str
        Path of the file.

    numbers : str
        What ``file_numbers`` says of it now.

    Returns
    -------
    digest : str or None
        64 hexadecimal digits, or None where the file must be read.
    """
    known = _KNOWN.get(path)
    return known[1] if known is not None and known[0] == numbers else None


def known_file(path):
    """Get what is remembered of a file, whether or not that still holds.

    Parameters
    ----------
    path : str
        Path of the file.

    Returns
    -------
    known : tuple of (str, str) or None
        Its numbers and its digest.
    """
    return _KNOWN.get(path)


def remember_digest(path, numbers, digest):
    """Remember the digest of a file that had settled when it was read.

    Parameters
    ----------
    path : str
        Path of the file.

    numbers : str
        What ``file_numbers`` said of it before it was read.

    digest : str
        64 hexadecimal digits.
    """
    if len(_KNOWN) >= _KNOWN_MAX:
        _KNOWN.clear()
    _KNOWN[path] = (numbers, digest)


def read_digest(path, status, now):
    """Read a file for its digest, and remember that where the file has settled.

    A young file may be written to once more without its numbers changing, so its digest
    is not remembered.

    Parameters
    ----------
    path : str
        Path of a regular file.

    status : os.stat_result
        What ``os.stat`` said of the file before.

    now : int
        A time before that, in nanoseconds: a file may change while it is read.

    Returns
    -------
    digest : str
        64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read; with ``errno.ESTALE`` if it is not that of before.
    """
    hasher = hashlib.sha256()
    with open_regular(path) as file:
        opened = os.fstat(file.fileno())
        if file_numbers(opened) != file_numbers(status):
            # Its length, too, may be beyond what was found right for the one before.
            raise OSError(errno.ESTALE, "it is another file than a moment ago", path)
        # No further than the file was long: one that grows for ever must come to an end.
        left = opened.st_size
        while left > 0 and (data := file.read(min(left, _PIECE))):
            hasher.update(data)
            left -= len(data)
    digest = hasher.hexdigest()
    if now - status.st_mtime_ns > _SETTLED_NS:
        remember_digest(path, file_numbers(status), digest)
    return digest


def write_whole(path, content, mode=0o600):
    """Write a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file, which is replaced if it is there and then keeps its permissions.

    content : bytes
        What will be in it.

    mode : int, default=0o600
        Permissions of a new file: by default it is readable by its owner alone.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is as it was.
    """
    path = os.path.realpath(path)  # a link stays, and what it points to is written
    handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".fusionlearn-")
    try:
        with os.fdopen(handle, "wb") as file:
            is_there = os.path.exists(path)
            os.chmod(new, stat.S_IMODE(os.stat(path).st_mode) if is_there else mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise


def check_exists(path):
    """Raise if nothing lies at a path.

    Parameters
    ----------
    path : str
        Path of a folder or file.

    Raises
    ------
    FileNotFoundError
        With the most similar name that does exist.
    """
    if os.path.exists(path):
        return
    parent, name = os.path.split(os.path.abspath(path))
    if os.path.isdir(parent):
        hint = did_you_mean(name, os.listdir(parent)) or " Check the spelling."
    else:
        hint = f" There is no {parent!r} either; check the spelling."
    raise FileNotFoundError(f"There is no {path!r}.{hint}")


def check_writable_place(path):
    """Refuse a path for a file that no folder is there for, with the most similar name.

    Parameters
    ----------
    path : str or path-like
        Where something will be written.

    Raises
    ------
    FileNotFoundError
        If its folder is not there.

    NotADirectoryError
        If its folder is a file.
    """
    folder = os.path.dirname(path) or "."
    if not os.path.exists(folder):
        parent, name = os.path.split(os.path.abspath(folder))
        hint = did_you_mean(name, os.listdir(parent)) if os.path.isdir(parent) else ""
        raise FileNotFoundError(
            f"There is no folder {folder!r} to write {os.path.basename(path)!r} into.{hint} Make "
            "it, or write elsewhere."
        )
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{folder!r} is a file; wanted a folder to write into.")


def allocate(shape, dtype, budget):
    """Make room for an array, in memory or, beyond a budget, in a temporary file.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.

    dtype : numpy.dtype
        Its type.

    budget : int
        Bytes that may be in memory.

    Returns
    -------
    array : ndarray or memmap
        The values are arbitrary. The file has no name, is for this user alone and goes
        with the array.

    Raises
    ------
    MemoryError
        If there is no room for the file.
    """
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if n_bytes <= budget:
        return np.empty(shape, dtype)
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise MemoryError(
            f"{n_bytes / 1e9:.1f} GB are needed: over the setting head_memory "
            f"({budget / 1e9:.1f} GB), and the folder for temporary files, {folder}, has "
            f"{free / 1e9:.1f} GB left. Let TMPDIR name a larger folder, or pass fewer rows, "
            "pictures or copies; where layers are trained, unfreeze fewer of them or all."
        )
    with tempfile.TemporaryFile(prefix="fusionlearn-") as file:
        file.truncate(n_bytes)
        return np.memmap(file, dtype=dtype, mode="r+", shape=shape)
