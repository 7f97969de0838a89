"""Splitting a validation part off the training data."""

import warnings
from math import floor

import numpy as np
from sklearn.utils.metadata_routing import get_routing_for_object

from ..exceptions import ValidationSplitWarning

_MAX_GROUPS_TO_ENUMERATE = 12
_N_RESTARTS = 16
_N_RESTARTS_IF_NONE_FITS = 200
_MANY_GROUPS = 1000


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

    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Number of the class of each sample, or 0 and 1 for each label.

    weight : ndarray of the shape of y
        Weights.

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
        if y.ndim == 2:
            part, reason = _stratified_by_label(y, groups, fraction, rng)
        elif groups is None:
            part, reason = _stratified(y, fraction, rng)
        else:
            part, reason = _stratified_by_group(y, groups, fraction, rng)
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
    if y.ndim == 2:
        yield from _missing_values(y, training, validation)
        return
    n_classes = len(np.unique(y))
    for name, rows in (("validation", validation), ("training", training)):
        n_missing = n_classes - len(np.unique(y[rows]))
        if n_missing:
            yield (
                f"The {name} part lacks {n_missing} of {n_classes} classes, so the validation "
                "loss says little. validation='stratified' puts every class on both sides."
            )


def _missing_values(y, training, validation):
    values = _both_values(y)
    for name, rows in (("validation", validation), ("training", training)):
        lacks = (values.any(axis=0) & ~values[rows].any(axis=0)).reshape(2, -1).any(axis=0)
        if lacks.any():
            yield (
                f"The {name} part lacks 0 or 1 in the columns {np.flatnonzero(lacks).tolist()} of "
                "y, so the validation loss says little of these labels. validation='stratified' "
                "puts both on both sides where more than one sample or patient has them."
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


def _stratified_by_label(y, groups, fraction, rng):
    """Hold out whole groups so that each label has its share of 0 and of 1 there."""
    n_samples, values = len(y), _both_values(y)
    groups = np.arange(n_samples) if groups is None else groups
    _, numbers = np.unique(groups, return_inverse=True)
    counts = np.zeros((numbers.max() + 1, values.shape[1]), dtype=np.int64)
    np.add.at(counts, numbers, values)
    # What a single group has cannot be on both sides: that group is trained on.
    is_free = ~(counts[:, (counts > 0).sum(axis=0) == 1]).any(axis=1)
    counts = counts[is_free]
    counts = counts[:, (counts > 0).sum(axis=0) > 1]
    if counts.shape[1] == 0:
        return None, "every label has a value that a single sample or group (patient) has"
    # Among so many the first descent comes as near as the best of several.
    n_restarts = _N_RESTARTS if len(counts) <= _MANY_GROUPS else 1
    chosen = choose_groups(counts, fraction, rng, n_restarts)
    if chosen is None:
        return None, "no choice of samples or groups (patients) puts both values on both sides"
    is_held_out = np.zeros(len(is_free), dtype=bool)
    is_held_out[is_free] = chosen
    return is_held_out[numbers], None


def _both_values(y):
    """Mark of each sample and label that it is 0, then that it is 1."""
    return np.hstack([y == 0, y == 1])


def choose_groups(counts, fraction, rng, n_restarts=_N_RESTARTS):
    """Choose whole groups so that each class has about the same share of them.

    Few groups are chosen among all possibilities; many by steepest descent from
    several random starts.

    Parameters
    ----------
    counts : ndarray of shape (n_groups, n_classes)
        Samples of each class in each group. A sample may count in several columns.

    fraction : float
        Share of each class that the chosen groups should have together.

    rng : numpy.random.Generator
        Breaks ties and draws the starts.

    n_restarts : int, default=16
        Number of random starts.

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
        best = _best_of_restarts(counts[order], fraction, rng, n_restarts)
    if best is None:
        return None
    chosen[order[best]] = True
    return chosen


def _best_of_all(counts, fraction):
    choices = (np.arange(2 ** len(counts))[:, np.newaxis] >> np.arange(len(counts))) & 1
    costs = _costs(choices @ counts, counts.sum(axis=0), fraction)
    best = np.argmin(costs)
    return choices[best].astype(bool) if np.isfinite(costs[best]) else None


def _best_of_restarts(counts, fraction, rng, n_restarts):
    best, best_cost = None, np.inf
    for restart in range(_N_RESTARTS_IF_NONE_FITS):
        if restart >= n_restarts and best is not None:
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
