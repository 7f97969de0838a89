"""Weights files that would read other files, or grow, are refused before Keras opens them.

Newer versions of Keras refuse most of this by themselves, the oldest ones that are allowed
here do not.
"""

import zipfile

from ..exceptions import BackboneWeightsError

# Trained weights are nearly noise: they shrink by a tenth, not to a fiftieth.
_MAX_RATIO = 50


def check_weights_file(path):
    """Look at how a weights file is made, without reading any weights.

    Parameters
    ----------
    path : str
        A file of HDF5, or an archive of Keras.

    Raises
    ------
    BackboneWeightsError
        If it refers to other files, or holds far more than its size.
    """
    reason = _growth(path) if zipfile.is_zipfile(path) else _reference(path)
    if reason is not None:
        raise BackboneWeightsError(
            f"weights={path!r} was made to do harm: {reason}. Take weights from where you would "
            "take a program."
        )


def _growth(path):
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > _MAX_RATIO * max(1, member.compress_size):
                return f"its member {member.filename!r} grows to {member.file_size:,} bytes"
    return None


def _reference(path):
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _look(file)
    except (OSError, RuntimeError, KeyError, ValueError):
        return None  # it is no such file, which Keras says better


def _look(file):
    import h5py

    pending, seen = [file], set()
    while pending:
        group = pending.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            continue
        seen.add(address)
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                return f"its entry {name!r} is a link, perhaps to another file"
            entry = group[name]
            if isinstance(entry, h5py.Group):
                pending.append(entry)
            elif isinstance(entry, h5py.Dataset) and (entry.external or entry.is_virtual):
                return f"its array {name!r} is in another file"
    return None
