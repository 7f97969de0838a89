"""What the pictures of each patient say together."""

import os

import numpy as np


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
    ValueError
        If the pattern is none, or is not found in a path.
    """
    from ..datasets._records import Record, with_groups

    if pattern is None:
        return {}
    records = [Record(path.replace(os.sep, "/"), None) for path in paths]
    found = with_groups(records, pattern)
    return {path: record.group for path, record in zip(paths, found, strict=True)}


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
