"""The same picture more than once."""

import warnings
from collections import defaultdict

from ..exceptions import DataWarning, ImageError

_MAX_EXAMPLES = 3


def find_digests(references):
    """Get the digest of each picture; an error has its position.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    Returns
    -------
    digests : list of str
        As ``reference.digest``.
    """
    digests = []
    for index, reference in enumerate(references):
        try:
            digests.append(reference.digest)
        except ImageError as error:
            raise error.at(index) from error
    return digests


def find_copies(digests):
    """Find pictures that are the same.

    Parameters
    ----------
    digests : list of str
        Digest of each picture.

    Returns
    -------
    copies : list of tuple of int
        Positions of those that are the same.
    """
    places = defaultdict(list)
    for index, digest in enumerate(digests):
        places[digest].append(index)
    return [tuple(indices) for indices in places.values() if len(indices) > 1]


def find_differing(sets, values):
    """Choose the sets of pictures whose values are not one.

    Parameters
    ----------
    sets : list of tuple of int
        Positions of pictures that belong together.

    values : ndarray of shape (n_samples,)
        Labels or patients.

    Returns
    -------
    differing : list of tuple of int
        Those with several values.
    """
    return [indices for indices in sets if len({values[index] for index in indices}) > 1]


def tell_contradictions(sets, what="copies of a file"):
    """Say which pictures have two labels.

    Parameters
    ----------
    sets : list of tuple of int
        What ``find_differing`` gave for labels.

    what : str, default="copies of a file"
        What the pictures of a set are to each other.

    Returns
    -------
    text : str
        A sentence.
    """
    return tell_cases(f"{what} have different labels", sets)


def tell_patients(sets, what="copies of a file"):
    """Say which pictures stand under several patients.

    Parameters
    ----------
    sets : list of tuple of int
        What ``find_differing`` gave for patients.

    what : str, default="copies of a file"
        What the pictures of a set are to each other.

    Returns
    -------
    text : str
        A sentence.
    """
    return tell_cases(f"{what} stand under different patients", sets)


def tell_cases(what, sets):
    """Say how often something is so, and where.

    Parameters
    ----------
    what : str
        What is so.

    sets : list of tuple of int
        Positions of pictures that belong together.

    Returns
    -------
    text : str
        A sentence with the first few positions.
    """
    shown = ", ".join(" and ".join(map(str, indices)) for indices in sets[:_MAX_EXAMPLES])
    more = f" and {len(sets) - _MAX_EXAMPLES} more" if len(sets) > _MAX_EXAMPLES else ""
    return f"Cases where {what}: {len(sets)} (at {shown}{more})."


def warn_of_copies(references, y, groups, stacklevel):
    """Warn where one picture has two labels or stands under two patients.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    y : ndarray of shape (n_samples,)
        Labels.

    groups : ndarray of shape (n_samples,)
        Patients.

    stacklevel : int
        As for :func:`warnings.warn`, counted from the caller.

    Warns
    -----
    DataWarning
        Once for each of the two.
    """
    copies = find_copies(find_digests(references))
    for tell, values in ((tell_contradictions, y), (tell_patients, groups)):
        if differing := find_differing(copies, values):
            text = f"{tell(differing)} See fusionlearn.model_selection.audit_leakage."
            warnings.warn(text, DataWarning, stacklevel=stacklevel + 1)
