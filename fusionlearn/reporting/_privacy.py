"""What a page says of where pictures lie and whose they are."""

import os
import re

from ..exceptions import printable
from ..images import is_dicom

# A quoted absolute path, of any system.
_ABSOLUTE = re.compile(r"""(['"])(?:[A-Za-z]:|~)?[\\/][^'"\n]*\1""")
# A patient as read_dicom names it: the file may be called by the id that was hashed.
_HASHED = re.compile(r"(?:patient|study)-[0-9a-f]{20}")
_LONGEST_NAME = 80


def picture_names(references, groups, known, show_patients):
    """Name pictures for a reader who is not to learn where they lie or whose they are.

    Parameters
    ----------
    references : ndarray of ImageReference
        The pictures.

    groups : ndarray of shape (n_samples,)
        Their patients.

    known : bool
        Whether ``groups`` are patients.

    show_patients : bool
        Whether patients are named.

    Returns
    -------
    names : list of tuple of str
        The position of each picture, and behind it its file relative to the folder that
        all files have in common, unless that names, or may name, a patient who is not to
        be named: files of DICOM are called by ids that are in them.
    """
    paths = [reference.path for reference in references]
    folders = {os.path.dirname(os.path.abspath(path)) for path in paths if path is not None}
    try:
        common = os.path.commonpath(folders) if folders else None
    except ValueError:  # they lie on several drives
        common = None
    names = []
    for index, (reference, group) in enumerate(zip(references, groups.tolist(), strict=True)):
        name, path = [f"picture {index}"], reference.path
        if path is not None:
            start = os.path.dirname(os.path.abspath(path)) if common is None else common
            file = os.path.relpath(os.path.abspath(path), start).replace(os.sep, "/")
            if show_patients or not _may_name(file, reference, group, known):
                name.append(shorten(file))
        if show_patients and known:
            name.append(f"patient {shorten(group)}")
        names.append(tuple(name))
    return names


def hide_paths(text):
    """Leave of absolute paths in quotes the name of the file.

    Parameters
    ----------
    text : str
        Such as the text of an estimator.

    Returns
    -------
    text : str
        The same without folders.
    """
    return _ABSOLUTE.sub(lambda found: f"{found[1]}{_file_name(found[0][1:-1])}{found[1]}", text)


def hide_patients(text, groups):
    """Leave out the patients that a finding gives as an example.

    Parameters
    ----------
    text : str
        A finding's text.

    groups : ndarray of shape (n_samples,)
        The patients.

    Returns
    -------
    text : str
        The same without them.
    """
    if "for example)" in text:
        for group in set(groups.tolist()):
            text = text.replace(f" ({group!r} for example)", "")
    return text


def shorten(name):
    """Make a name from outside fit to be shown.

    Parameters
    ----------
    name : object
        A label, a patient or a path.

    Returns
    -------
    text : str
        Printable, and not too long.
    """
    text = printable(str(name))
    half = _LONGEST_NAME // 2
    return text if len(text) <= _LONGEST_NAME else f"{text[:half]}…{text[-half + 1 :]}"


def _may_name(file, reference, group, known):
    """Whether the name of a file holds its patient's, or cannot be told from it."""
    if known and (_HASHED.fullmatch(str(group)) or str(group).casefold() in file.casefold()):
        return True
    return is_dicom(reference.source.read_beginning(132)[0], reference.path)


def _file_name(path):
    return re.split(r"[\\/]+", path.rstrip("\\/"))[-1]
