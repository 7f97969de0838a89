"""What the pictures of each patient say together."""

import os

import numpy as np

from .._bars import progress_bar
from ..exceptions import ImageError
from ._data import pattern_in_words
from ._options import UsageError


def find_patients(paths, pattern):
    """Read patients from paths.

    Parameters
    ----------
    paths : list of str
        Files.

    pattern : str or None
        Regular expression with one group; None where no patients are known.

    Returns
    -------
    patients : dict of str to str
        By path; empty without a pattern.

    Raises
    ------
    UsageError
        If the pattern is not found in a path.
    """
    from ..datasets._records import Record, with_groups

    if pattern is None:
        return {}
    records = [Record(path.replace(os.sep, "/"), None) for path in paths]
    with pattern_in_words():
        found = with_groups(records, pattern)
    return {path: record.group for path, record in zip(paths, found, strict=True)}


def read_patients(paths, console):
    """Read patients from DICOM files, as the loaders do.

    Parameters
    ----------
    paths : list of str
        Files.

    console : Console
        Knows whether bars are drawn.

    Returns
    -------
    patients : dict of str to str
        By path; without files that are missing, broken or no pictures.

    Raises
    ------
    UsageError
        If no file says whose it is.

    ValueError
        If some do, and others do not.

    Warns
    -----
    DataWarning
        If a file names its study alone.
    """
    from ..datasets._dicom_folder import read_dicom_files
    from ..datasets._files import listing
    from ..datasets._records import Record
    from ..images import warn_of_unnamed

    patients, silent = {}, []
    with progress_bar("reading headers", len(paths), unit="files", verbose=console.progress) as bar:
        for path in paths:
            bar.update()
            try:
                file = read_dicom_files("", [Record(path, None)], "hash", None).get(path)
            except ImageError:
                continue  # it is told with the other bad ones
            if file is None or (file.has_pixels and file.group is None):
                silent += [path] if os.path.exists(path) else []
            elif file.has_pixels:
                patients[path] = file.group
    how = "say by --group-pattern where they stand in the paths, such as '(patient[0-9]+)'."
    if silent and not patients:
        raise UsageError(
            f"--by-patient needs to know the patients, and no file is of DICOM and names one: {how}"
        )
    if silent:
        raise ValueError(
            f"--by-patient: {len(patients)} pictures are DICOM files that name their patient, and "
            f"{len(silent)} say nothing of it: {listing(silent)}. Leave those out, or {how}"
        )
    if unnamed := sum(group.startswith("study-") for group in patients.values()):
        warn_of_unnamed(unnamed, len(patients), stacklevel=2)
    return patients


def tell_patients(rows, classes):
    """Put the predictions for each patient's pictures together.

    Parameters
    ----------
    rows : list of dict
        Predictions with ``patient`` and ``proba``.

    classes : ndarray of shape (n_classes,)
        The labels.

    Returns
    -------
    patients : list of dict
        For each patient the number of pictures, the mean of their probabilities with the
        class that it predicts, and the vote of the pictures with the share that agrees.
    """
    from ..metrics import by_group

    if not rows:
        return []
    groups = np.array([row["patient"] for row in rows])
    proba = np.array([row["proba"] for row in rows])
    # Nobody knows the labels of these pictures; the function only checks that they agree.
    unknown = np.zeros(len(rows), dtype=int)
    mean = by_group(unknown, proba, groups, aggregation="mean")
    vote = by_group(unknown, proba, groups, aggregation="vote")
    names = [str(label) for label in classes]
    patients = []
    for patient, averaged, winner in zip(
        mean.groups.tolist(), mean.y_proba, vote.y_proba.argmax(axis=1), strict=True
    ):
        own = proba[groups == patient]
        patients.append(
            {
                "patient": patient,
                "pictures": len(own),
                "prediction": names[averaged.argmax()],
                "probabilities": dict(zip(names, averaged.tolist(), strict=True)),
                "vote": names[winner],
                "agreement": float((own.argmax(axis=1) == winner).mean()),
            }
        )
    return patients
