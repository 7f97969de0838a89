"""What an archive holds, looked at before anything in it is believed."""

import hashlib
import io
import json
import re
import zipfile

import numpy as np

from ._container import refusal

_NAMES = re.compile(r"schema\.json|[0-9]+\.npy|[0-9a-f-]+\.bin")
_SCHEMA = "schema.json"
_MAX_SCHEMA = 2**26
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
NOT_OURS = "It is damaged or was made to do harm: do not use it."


def read_schema(path, archive):
    """Read what an archive says of itself, after a look at its members.

    No member may be compressed, so that nothing grows while it is read; none may occur
    twice, stand outside the archive or be an array of another size than it says.

    Parameters
    ----------
    path : str or path-like
        The file, for messages.

    archive : bytes
        What skops wrote.

    Returns
    -------
    schema : dict
        The tree of objects, as skops describes it.

    Raises
    ------
    PersistenceError
        If the archive is not such as skops writes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as members:
            _check_members(members.infolist(), len(archive))
            for name in members.namelist():
                if name.endswith(".npy"):
                    _check_array(name, members.read(name))
            schema = json.loads(members.read(_SCHEMA))
            if not isinstance(schema, dict):
                raise ValueError("its schema is no JSON object")
            _check_nodes(schema, set(members.namelist()), {})
    except RecursionError as error:
        raise refusal(path, "its objects are nested too deeply", NOT_OURS) from error
    except Exception as error:  # whatever the parsers of zipfile, json and NumPy throw
        raise refusal(path, str(error).strip(".") or repr(error), NOT_OURS) from error
    return schema


def _check_members(members, size):
    names = [member.filename for member in members]
    for name in names:
        if not _NAMES.fullmatch(name):
            raise ValueError(f"its member {name!r} is none that belongs into a model")
    if len(set(names)) < len(names):
        raise ValueError("a member occurs twice")
    if _SCHEMA not in names:
        raise ValueError("it has no schema")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise ValueError(f"its member {member.filename!r} is compressed")
        if member.filename == _SCHEMA and member.file_size > _MAX_SCHEMA:
            raise ValueError(
                f"its schema has {member.file_size:,} bytes, more than {_MAX_SCHEMA:,}"
            )
    if sum(member.file_size for member in members) > size:
        raise ValueError("its members are larger than itself")


def _check_array(name, data):
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"its array {name} is of version {version}")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError(f"its array {name} holds objects, which would be a pickle")
    if any(length < 0 for length in shape):
        raise ValueError(f"its array {name} has a length below 0")
    # In Python's numbers, which do not overflow.
    n_bytes = int(dtype.itemsize)
    for length in shape:
        n_bytes *= int(length)
    if n_bytes != len(data) - file.tell():
        raise ValueError(f"its array {name} has another size than it says")


def _check_nodes(node, names, described):
    """Each member that a node refers to is there, and no object is described in two ways.

    Gives a digest of the node without its numbers: skops takes the first description of an
    object for all, so that a second one would show what is not loaded.
    """
    if isinstance(node, list):
        parts = [_check_nodes(part, names, described) for part in node]
    elif isinstance(node, dict):
        if "__loader__" in node and "file" in node and node["file"] not in names:
            raise ValueError(f"it refers to {node['file']!r}, which is not in it")
        parts = {
            name: _check_nodes(part, names, described)
            for name, part in node.items()
            if name != "__id__"
        }
    else:
        return repr(node)
    digest = hashlib.sha256(repr(parts).encode(errors="surrogatepass")).hexdigest()
    if isinstance(node, dict) and node.get("__loader__") != "CachedNode":
        number = json.dumps(node.get("__id__"))
        if number != "null" and described.setdefault(number, digest) != digest:
            raise ValueError("it describes one object in two ways")
    return digest
