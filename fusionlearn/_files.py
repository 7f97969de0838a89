"""Digests of files that are read once, not at every call."""

import hashlib
import os
import time

# path -> (size, mtime, inode) and digest, as git's index has it: a file whose numbers are
# the same is not read again. A young file always is: it may be written to once more
# without its numbers changing.
_KNOWN = {}
_KNOWN_MAX = 1_000_000
_SETTLED_NS = 2_000_000_000


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
    status = os.stat(path)
    numbers = (status.st_size, status.st_mtime_ns, status.st_ino)
    known = _KNOWN.get(path)
    if known is not None and known[0] == numbers:
        return known[1]
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if time.time_ns() - status.st_mtime_ns > _SETTLED_NS:
        if len(_KNOWN) >= _KNOWN_MAX:
            _KNOWN.clear()
        _KNOWN[path] = (numbers, digest)
    return digest
