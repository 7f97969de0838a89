"""Files that are written: not over what is read, and not in vain."""

import os

from .._files import check_writable_place
from ._options import UsageError


def check_not_read(path, inputs):
    """Refuse to write over what is read.

    Parameters
    ----------
    path : str or path-like
        Where something will be written.

    inputs : iterable of str or None
        What is read.

    Raises
    ------
    ValueError
        If it is one of these, under whatever name.
    """
    if os.path.exists(path) and any(
        name is not None and os.path.exists(name) and os.path.samefile(path, name)
        for name in inputs
    ):
        raise ValueError(f"{os.fspath(path)!r} is read, so that nothing can be written there.")


def check_new(paths, force):
    """Refuse to replace files unasked.

    Parameters
    ----------
    paths : iterable of str or path-like
        Where files will be written; pipes and devices may be there.

    force : bool or None
        Whether they may be replaced.

    Raises
    ------
    ValueError
        If some are there, and may not.
    """
    there = [] if force else [os.fspath(path) for path in paths if os.path.isfile(path)]
    if there:
        others = f", and {len(there) - 1} more that would be written" if there[1:] else ""
        raise ValueError(
            f"{there[0]!r} is there already{others}; pass --force to replace "
            f"{'them' if others else 'it'}, or write elsewhere."
        )


def check_out(path, inputs):
    """Refuse a place where no file can be written, before anything is computed for it.

    Parameters
    ----------
    path : str or path-like
        Where a file will be written.

    inputs : iterable of str or None
        What is read.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.

    IsADirectoryError, NotADirectoryError
        If it is a folder itself, or its folder is a file.

    ValueError
        If it is read.
    """
    check_writable_place(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{os.fspath(path)!r} is a folder; wanted the name of a file.")
    check_not_read(path, inputs)


def check_page_name(path):
    """Refuse a page under a name by which nothing would open it as one.

    Parameters
    ----------
    path : str or path-like
        Where the page will be written; pipes and devices are called what they are called.

    Raises
    ------
    UsageError
        If its suffix is another one.
    """
    name = os.fspath(path)
    is_device = os.path.exists(name) and not os.path.isfile(name)
    if not is_device and os.path.splitext(name)[1].lower() not in (".html", ".htm"):
        raise UsageError(
            f"--out {name!r}: wanted a name for a page, such as report.html. A browser prints it "
            "to PDF."
        )
