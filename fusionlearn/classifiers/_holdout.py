"""Splitting a validation part off the training data."""

import warnings
from math import floor

import numpy as np
from sklearn.utils.metadata_routing import get_routing_for_object

from ..exceptions import ValidationSplitWarning

_MAX_GROUPS_TO_ENUMERATE = 12
_N_RESTARTS = 16
_N_RESTARTS_IF_NONE_FITS = 200


def split_validation(validation, fraction, X, y, weight, groups, rng):
    """Split a validation part off the training data.

    Parameters
    ----------
    validation : {"stratified", "tail"}, splitter or None
        How it is chosen.

    fraction : float
        Share of the samples that it should have.

    X : array-like of shape (n_samples, ...)
        Data for a splitter.

    y : ndarray of shape (n_samples,)
        Number of the class of each sample.

    weight : ndarray of shape (n_samples,)
        Weight of each sample.

    groups : ndarray of shape (n_samples,) or None
        Group of each sample.

    rng : numpy.random.Generator
        Draws the samples.

    Returns
    -------
    training : ndarray of int
        Rows to train on.

    validation : ndarray of int or None
        Rows to validate on. None if there is no validation.

    Raises
    ------
    ValueError
        If a splitter leaves a part empty.

    Warns
    -----
    ValidationSplitWarning
        If no validation part can be split off, or one that cannot be relied on.
    """
    everything = np.arange(len(y)), None
    if validation is None:
        return everything
    if validation == "stratified":
        part, reason = (
            _stratified(y, fraction, rng)
            if groups is None
            else _stratified_by_group(y, groups, fraction, rng)
        )
        if reason is not None:
            _warn(
                f"No validation part was split off, because {reason}. Training goes on with "
                "everything, and through all epochs. Give more samples, or validation=None "
                "if that is meant."
            )
            return everything
        training, held_out = np.flatnonzero(~part), np.flatnonzero(part)
    elif validation == "tail":
        n_training = floor(len(y) * (1 - fraction))
        if n_training in (0, len(y)):
            _warn(
                f"validation='tail' with validation_fraction={fraction} leaves one part of "
                f"{len(y)} samples empty. Training goes on with everything, and through all "
                "epochs. Change validation_fraction."
            )
            return everything
        training, held_out = np.split(np.arange(len(y)), [n_training])
    else:
        training, held_out = _first_split(validation, X, y, groups)
    if groups is not None and np.isin(groups[held_out], groups[training]).any():
        _warn(
            f"validation={validation!r} put samples of one group (patient) into training and "
            "validation, so the validation loss is too good. validation='stratified' "
            "keeps groups apart."
        )
    for message in _missing_classes(y, training, held_out):
        _warn(message)
    if not weight[held_out].any():
        _warn(
            "All samples of the validation part have weight 0, so there is no validation loss. "
            "Training goes on with everything, and through all epochs. Leave out samples "
            "without weight."
        )
        return everything
    return training, held_out


def uses_groups(splitter):
    """Tell whether groups are for a splitter: scikit-learn's warn about those they do not use.

    Parameters
    ----------
    splitter : splitter
        Of scikit-learn, or anything else with ``split``.

    Returns
    -------
    uses : bool
        True also where the splitter does not say.
    """
    if not hasattr(splitter, "get_metadata_routing"):
        return True
    return bool(get_routing_for_object(splitter).consumes("split", ["groups"]))


def _first_split(splitter, X, y, groups):
    is_told = groups is not None and uses_groups(splitter)
    arguments = (X, y, groups) if is_told else (X, y)
    rows = np.arange(len(y))
    training, validation = (rows[part] for part in next(iter(splitter.split(*arguments))))
    if len(training) == 0 or len(validation) == 0:
        raise ValueError(
            f"validation={splitter!r} split {len(y)} samples into {len(training)} to train on "
            f"and {len(validation)} to validate on; both parts need samples."
        )
    return training, validation


def _missing_classes(y, training, validation):
    n_classes = len(np.unique(y))
    for name, rows in (("validation", validation), ("training", training)):
        n_missing = n_classes - len(np.unique(y[rows]))
        if n_missing:
            yield (
                f"The {name} part lacks {n_missing} of {n_classes} classes, so the validation "
                "loss says little. validation='stratified' puts every class on both sides."
            )


def _warn(message):
    # Up to the line that called fit.
    warnings.warn(message, ValidationSplitWarning, stacklevel=6)


def _stratified(y, fraction, rng):
    counts = np.bincount(y)
    if counts.min() < 2:
        return None, "a class has a single sample, which cannot be on both sides"
    part = np.zeros(len(y), dtype=bool)
    for label, count in enumerate(counts):
        n_validation = np.clip(floor(fraction * count + 0.5), 1, count - 1)
        part[rng.permutation(np.flatnonzero(y == label))[:n_validation]] = True
    return part, None


def _stratified_by_group(y, groups, fraction, rng):
    _, group_numbers = np.unique(groups, return_inverse=True)
    counts = np.zeros((group_numbers.max() + 1, y.max() + 1), dtype=np.int64)
    np.add.at(counts, (group_numbers, y), 1)
    if (counts > 0).sum(axis=0).min() < 2:
        return None, (
            "a class occurs in a single group (patient), and a group cannot be on both sides"
        )
    chosen = choose_groups(counts, fraction, rng)
    if chosen is None:
        return None, "no choice of groups (patients) puts every class on both sides"
    return chosen[group_numbers], None


def choose_groups(counts, fraction, rng):
    """Choose whole groups so that each class has about the same share of them.

    Few groups are chosen among all possibilities; many by steepest descent from
    several random starts.

    Parameters
    ----------
    counts : ndarray of shape (n_groups, n_classes)
        Samples of each class in each group.

    fraction : float
        Share of each class that the chosen groups should have together.

    rng : numpy.random.Generator
        Breaks ties and draws the starts.

    Returns
    -------
    chosen : ndarray of shape (n_groups,), bool, or None
        The chosen groups. None if no choice was found that leaves samples of every
        class on both sides.
    """
    order = rng.permutation(len(counts))
    chosen = np.zeros(len(counts), dtype=bool)
    if len(counts) <= _MAX_GROUPS_TO_ENUMERATE:
        best = _best_of_all(counts[order], fraction)
    else:
        best = _best_of_restarts(counts[order], fraction, rng)
    if best is None:
        return None
    chosen[order[best]] = True
    return chosen


def _best_of_all(counts, fraction):
    choices = (np.arange(2 ** len(counts))[:, np.newaxis] >> np.arange(len(counts))) & 1
    costs = _costs(choices @ counts, counts.sum(axis=0), fraction)
    best = np.argmin(costs)
    return choices[best].astype(bool) if np.isfinite(costs[best]) else None


def _best_of_restarts(counts, fraction, rng):
    best, best_cost = None, np.inf
    for restart in range(_N_RESTARTS_IF_NONE_FITS):
        if restart == _N_RESTARTS and best is not None:
            break
        chosen, cost = _descend(counts, _random_start(counts, fraction, rng), fraction)
        if cost < best_cost:
            best, best_cost = chosen, cost
    return best


def _random_start(counts, fraction, rng):
    """Choose the wanted share of the groups in which each class is the most frequent one."""
    chosen = np.zeros(len(counts), dtype=bool)
    main_class = counts.argmax(axis=1)
    for label in np.unique(main_class):
        members = rng.permutation(np.flatnonzero(main_class == label))
        n_chosen = np.clip(floor(fraction * len(members) + rng.random()), 1, len(members))
        chosen[members[:n_chosen]] = True
    return chosen


def _descend(counts, chosen, fraction):
    """Move single groups to the other side as long as that helps."""
    totals = counts.sum(axis=0)
    while True:
        part = counts[chosen].sum(axis=0)
        signs = np.where(chosen, -1, 1)[:, np.newaxis]
        # Choices that leave a class on one side only are compared by how many they are.
        rank = _rank(part, totals, fraction)
        ranks = _rank(part + signs * counts, totals, fraction)
        move = np.lexsort(ranks[::-1])[0]
        if (ranks[0][move], ranks[1][move]) >= rank:
            return chosen, np.inf if rank[0] else rank[1]
        chosen = chosen.copy()
        chosen[move] = not chosen[move]


def _rank(parts, totals, fraction):
    one_sided = ((parts < 1) | (parts >= totals)).sum(axis=-1)
    return one_sided, ((parts / totals - fraction) ** 2).sum(axis=-1)


def _costs(parts, totals, fraction):
    one_sided, distance = _rank(parts, totals, fraction)
    return np.where(one_sided > 0, np.inf, distance)
