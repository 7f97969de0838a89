"""Judgement of pictures that occur more than once."""

import numpy as np

from ..images._copies import find_differing, tell_cases, tell_contradictions, tell_patients
from ._leakage_report import Finding


def find_contradictions(what, sets, y):
    """Find pictures with several labels.

    Parameters
    ----------
    what : str
        What the pictures of a set are to each other.

    sets : list of tuple of int
        Positions of pictures that belong together.

    y : ndarray of shape (n_samples,)
        Labels.

    Yields
    ------
    finding : Finding
        One for all of them, if there are any.
    """
    wrong = find_differing(sets, y)
    if wrong:
        yield Finding("contradiction", True, tell_contradictions(wrong, what), tuple(wrong))


def judge_copies(kind, what, sets, groups, folds=()):
    """Tell those of different patients, those on both sides of a split, and the rest.

    Parameters
    ----------
    kind, what : str
        Kind of the findings, and what the pictures of a set are to each other.

    sets : list of tuple of int
        Positions of pictures that belong together.

    groups : ndarray of shape (n_samples,)
        Patients.

    folds : iterable of (ndarray, ndarray)
        Training and test positions of each fold.

    Yields
    ------
    finding : Finding
        One for each of the three, if there are any.
    """
    if not sets:
        return
    apart = find_differing(sets, groups)
    if apart:
        yield Finding(kind, True, tell_patients(apart, what), tuple(apart))
    torn = {}
    for train, test in folds:
        train, test = set(np.asarray(train).tolist()), set(np.asarray(test).tolist())
        for indices in sets:
            if train.intersection(indices) and test.intersection(indices):
                torn[indices] = None
    if torn:
        text = tell_cases(f"{what} stand on both sides of a fold", list(torn))
        yield Finding(kind, True, text, tuple(torn))
    rest = [indices for indices in sets if indices not in torn and indices not in apart]
    if rest:
        text = tell_cases(f"{what} are of one patient", rest)
        yield Finding(kind, False, text, tuple(rest))
