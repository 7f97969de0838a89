"""What a network in a file is: the digest of all files that belong to it."""

import hashlib
import mmap
import os
import re

from .._files import file_digest, open_regular
from ..exceptions import BackboneWeightsError

# How an entry "location" begins where ONNX names a file with weights: key, then value.
_LOCATION = re.compile(rb"\x0a\x08location\x12")
# A path from the root, with a drive, or out of the folder, on any operating system.
_ELSEWHERE = re.compile(r"^[/\\]|:|(^|[/\\])\.\.([/\\]|$)")


def encoder_digest(path):
    """Get the SHA-256 of a network's content.

    Parameters
    ----------
    path : str
        A file of ONNX or OpenVINO.

    Returns
    -------
    digest : str
        64 hexadecimal digits: those of the file itself where there is one file only.

    Raises
    ------
    BackboneWeightsError
        If a file cannot be read, or keeps its weights elsewhere than beside it.
    """
    try:
        files = [path, *_companions(path)]
        digests = [file_digest(file) for file in files]
    except BackboneWeightsError:
        raise
    except OSError as error:
        beside = "" if error.filename in (None, path) else f" of {path!r}"
        raise BackboneWeightsError(
            f"the file {error.filename or path!r}{beside} cannot be read ({error.strerror}). "
            "Check the path; an .xml file needs its .bin beside it."
        ) from error
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _companions(path):
    """Files beside a file, without which it is no network."""
    if path.endswith(".xml"):
        return [f"{path.removesuffix('.xml')}.bin"]
    names = sorted(_locations(path))
    for name in names:
        if _ELSEWHERE.search(name):
            raise BackboneWeightsError(
                f"{path!r} keeps weights in {name!r}, which is not beside it. Wanted all files of "
                "a network in one folder."
            )
    files = [os.path.join(os.path.dirname(path), name) for name in names]
    # What only looks like such an entry names no file; where one is missing, runtimes say so.
    return [file for file in files if os.path.isfile(file)]


def _locations(path):
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            return set()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            entries = [_text(content, match.end()) for match in _LOCATION.finditer(content)]
    return {name for name in entries if name}


def _text(content, at):
    """A text behind its length, which is written seven bits at a time."""
    length, shift = 0, 0
    while shift < 21 and at < len(content):
        byte = content[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    name = content[at : at + length].decode(errors="replace")
    return name if len(name) < 4096 and "\0" not in name else ""
