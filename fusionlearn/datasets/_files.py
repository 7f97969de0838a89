"""What lies in a folder: pictures, companions, clutter and surprises."""

import os
from contextlib import suppress
from pathlib import PurePath

from .._files import open_regular
from ..images import DICOM_EXTENSIONS, is_dicom

# A file with one of these extensions is a picture and is always loaded.
PICTURE_EXTENSIONS = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".tif", ".tiff", ".bmp", ".dib",
    ".gif", ".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpf", ".jpx", ".jpc",
    *DICOM_EXTENSIONS,
)  # fmt: skip
# Files that people keep beside pictures and that cannot be pictures themselves. They
# are left out with a warning. Everything else (archives, volumes, arrays, files without
# an extension) may hold pictures, and is an error.
COMPANION_EXTENSIONS = (
    ".txt", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".xml", ".md", ".rst",
    ".html", ".htm", ".log", ".ini", ".cfg", ".pdf", ".doc", ".docx", ".odt", ".xls", ".xlsx",
    ".ods", ".bib", ".py", ".ipynb", ".sh", ".md5", ".sha1", ".sha256",
)  # fmt: skip
# What operating systems leave behind; hidden names, which start with a dot, are clutter too.
CLUTTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r"})

_MAX_LISTED = 5


def is_picture(name):
    """Tell by its extension whether a file is a picture."""
    return PurePath(name).suffix.lower() in PICTURE_EXTENSIONS


def is_dicom_file(path):
    """Tell by its content whether a file is of DICOM, unless it is called like another picture.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    is_dicom : bool
        False where it cannot be read: whoever needs it says why.
    """
    if is_picture(path) and not path.lower().endswith(DICOM_EXTENSIONS):
        return False
    with suppress(OSError), open_regular(path) as file:
        return is_dicom(file.read(132), path)
    return False


def list_folder(folder, ignored, root):
    """List the sub-folders and pictures that lie directly in a folder.

    Parameters
    ----------
    folder : str
        The folder.

    ignored : list of str
        Companion files are appended to it.

    root : str
        Folder to which names in ``ignored`` and in messages are relative.

    Returns
    -------
    folders, pictures : list of str
        Sorted names, without clutter.

    Raises
    ------
    ValueError
        If a file is neither a picture nor anything that can safely be left out.
    """
    folders, pictures = [], []
    for name in sorted(os.listdir(folder)):
        if _is_clutter(name):
            continue
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            folders.append(name)
        elif is_picture(name):
            pictures.append(name)
        elif _is_companion(name):
            ignored.append(relative(path, root))
        elif is_dicom_file(path):  # which are often called by numbers
            pictures.append(name)
        else:
            raise ValueError(
                f"{relative(path, root)!r} in {root!r}: got a file whose extension is "
                f"{PurePath(name).suffix or 'missing'!r}; wanted pictures such as .png or .jpg. "
                "Convert or unpack it, give it the right extension, or move it out of the folder."
            )
    return folders, pictures


def find_pictures(folder, ignored, root, _above=()):
    """Find all pictures below a folder.

    Parameters
    ----------
    folder : str
        Where to start. Links to folders are followed.

    ignored : list of str
        Companion files are appended to it.

    root : str
        Folder to which the results are relative.

    Returns
    -------
    pictures : list of str
        Paths relative to ``root`` with forward slashes, in sorted order.

    Raises
    ------
    ValueError
        If a file is no picture, or a link leads back to a folder above it.
    """
    real = os.path.realpath(folder)
    if real in _above:
        raise ValueError(
            f"{relative(folder, root)!r} in {root!r} is a link to a folder that contains it. "
            "Remove the link."
        )
    folders, names = list_folder(folder, ignored, root)
    pictures = [relative(os.path.join(folder, name), root) for name in names]
    for name in folders:
        below = os.path.join(folder, name)
        pictures += find_pictures(below, ignored, root, (*_above, real))
    return sorted(pictures)


def gather_files(folder):
    """Find all pictures below a folder, and what may be one under another name.

    Unlike :func:`find_pictures` it refuses nothing: it is for pictures without labels.

    Parameters
    ----------
    folder : str
        Where to start. Links to folders are not followed.

    Returns
    -------
    pictures, others : list of str
        Paths in sorted order, without companion files and clutter.
    """
    pictures, others = [], []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_clutter(name))
        for name in sorted(names):
            if is_picture(name) and not _is_clutter(name):
                pictures.append(os.path.join(place, name))
            elif not _is_clutter(name) and not _is_companion(name):
                path = os.path.join(place, name)
                (pictures if is_dicom_file(path) else others).append(path)
    return pictures, others


def _is_clutter(name):
    return name.startswith(".") or name.casefold() in CLUTTER


def _is_companion(name):
    return PurePath(name).suffix.lower() in COMPANION_EXTENSIONS


def relative(path, root):
    """Path relative to a folder, with forward slashes on every system."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def listing(names):
    """Enumerate names for a message, the first few of many.

    Parameters
    ----------
    names : sequence of str
        The names.

    Returns
    -------
    text : str
        Quoted names, and how many more there are.
    """
    text = ", ".join(repr(str(name)) for name in names[:_MAX_LISTED])
    more = len(names) - _MAX_LISTED
    return f"{text} and {more} more" if more > 0 else text
