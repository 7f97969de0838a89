"""Labelled pictures in folds that keep patients apart, for everybody who cross-validates."""

import warnings
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.ensemble import StackingClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from .._labels import check_labels
from ..classifiers._holdout import uses_groups
from ..exceptions import SmallSampleWarning
from ..images import check_images, get_groups
from ..images._copies import warn_of_copies
from ..images._split import StratifiedImageGroupKFold
from ._inner_folds import check_inner_folds
from ._report import small_sample, unknown_positive


@dataclass(frozen=True, eq=False)
class Folds:
    """Pictures, labels and patients, and which of them are trained on and judged.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        The pictures.

    y : ndarray of shape (n_samples,)
        Labels.

    classes : ndarray of shape (n_classes,)
        The labels, sorted.

    positive : object
        With two classes, the label that scores are about.

    groups : ndarray of shape (n_samples,)
        Patient of each picture.

    patients_known : bool
        Whether ``groups`` are patients.

    repeats : list of list of (ndarray, ndarray)
        For each repeat of the cross-validation its folds: rows to train on, and to judge.
    """

    references: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    positive: object
    groups: np.ndarray
    patients_known: bool
    repeats: list

    @property
    def parts(self):
        """Folds of all repeats, one behind the other."""
        return [fold for folds in self.repeats for fold in folds]

    def gather(self, predicted):
        """Give every picture the row that was predicted for it.

        Parameters
        ----------
        predicted : iterable of ndarray of shape (n_test, n_classes)
            Probabilities for the test part of each of ``parts``.

        Returns
        -------
        probas : ndarray of shape (n_repeats, n_samples, n_classes)
            Probabilities.
        """
        predicted = iter(predicted)
        probas = np.empty((len(self.repeats), len(self.y), len(self.classes)))
        for proba, folds in zip(probas, self.repeats, strict=True):
            for _, test in folds:
                proba[test] = next(predicted)
        return probas


def make_folds(
    estimator,
    X,
    y,
    *,
    groups,
    cv,
    positive,
    random_state,
    stacklevel,
    n_repeats=1,
):
    """Check data for a cross-validation, and split them.

    Parameters
    ----------
    estimator : classifier of pictures
        Who will be judged.

    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    y : array-like of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,) or None
        Patient of each picture.

    cv : int or splitter
        Number of folds, or a splitter that keeps patients apart and whose test parts hold
        each picture once.

    positive : object
        With two classes, the label that scores are about. None takes the last one.

    random_state : int, RandomState instance or None
        Seed of the folds.

    stacklevel : int
        Of warnings, seen from the caller of this function.

    n_repeats : int, default=1
        How often the cross-validation is done.

    Returns
    -------
    folds : Folds
        The data and their parts.

    Raises
    ------
    ValueError
        If there are fewer than two labels, ``positive`` is none of them, the estimator has
        no ``predict_proba``, or the folds do not hold each picture once or have a patient
        on both sides.

    Warns
    -----
    DataWarning
        If the same picture has two labels, or stands under two patients.

    SmallSampleWarning
        If a class has few patients.
    """
    references = check_images(X, groups)
    y = check_labels(y)
    if len(y) != len(references):
        raise ValueError(f"y has {len(y)} entries for {len(references)} pictures.")
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"y has one label only, {classes.tolist()[0]!r}; wanted two or more.")
    positive = classes[-1] if positive is None else positive
    if positive not in classes:
        raise unknown_positive(positive, classes)
    if not (hasattr(estimator, "predict_proba") or _stacks_by_default(estimator)):
        raise ValueError(
            f"{type(estimator).__name__} has no predict_proba; wanted a classifier that gives "
            "probabilities, for example inside CalibratedClassifierCV."
        )
    groups = get_groups(references)
    known = any(reference.has_known_group for reference in references)
    repeats = [
        list(splitter.split(references, y, groups if uses_groups(splitter) else None))
        for splitter in _splitters(cv, n_repeats, random_state)
    ]
    for folds in repeats:
        _check_folds(cv, folds, groups)
        for train, _ in folds:
            check_inner_folds(estimator, y[train], groups[train])
    warn_of_copies(references, y, groups, stacklevel + 1)
    caution = small_sample(y, groups, classes, known)
    if caution is not None:
        warnings.warn(caution, SmallSampleWarning, stacklevel=stacklevel + 1)
    return Folds(references, y, classes, positive, groups, known, repeats)


def fit_predict(estimator, folds, part):
    """Fit an estimator on one part and judge what it was not fitted on.

    Parameters
    ----------
    estimator : classifier of pictures
        It is fitted itself, not a clone.

    folds : Folds
        The data.

    part : tuple of (ndarray, ndarray)
        One of its parts.

    Returns
    -------
    proba : ndarray of shape (n_test, n_classes)
        Probabilities.

    Raises
    ------
    ValueError
        If the training part lacks a class.
    """
    train, test = part
    estimator.fit(folds.references[train], folds.y[train])
    if not np.array_equal(estimator.classes_, folds.classes):
        raise ValueError(
            f"A training part holds the classes {estimator.classes_.tolist()}, the data "
            f"{folds.classes.tolist()}. Use fewer folds, or more patients of each class."
        )
    return estimator.predict_proba(folds.references[test])


def _stacks_by_default(estimator):
    """Tell whether it has probabilities once it is fitted, which scikit-learn hides before."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return isinstance(estimator, StackingClassifier) and estimator.final_estimator is None


def _splitters(cv, n_repeats, random_state):
    """Splitters of all repeats, of which the first is that of one repeat alone."""
    if not isinstance(cv, Integral):
        if n_repeats > 1:
            raise ValueError(
                f"n_repeats={n_repeats} with cv={cv!r}; wanted a number of folds as cv, of which "
                "each repeat can make other folds."
            )
        return [cv]
    seeds = [random_state]
    if n_repeats > 1:
        largest = np.iinfo(np.int32).max
        seeds += check_random_state(random_state).randint(largest, size=n_repeats - 1).tolist()
    return [StratifiedImageGroupKFold(cv, shuffle=True, random_state=seed) for seed in seeds]


def _check_folds(cv, folds, groups):
    tested = np.concatenate([test for _, test in folds]) if folds else np.empty(0)
    if not np.array_equal(np.sort(tested), np.arange(len(groups))):
        raise ValueError(f"cv={cv!r} does not put each picture into the test part exactly once.")
    for train, test in folds:
        torn = np.intersect1d(groups[train], groups[test])
        if len(torn):
            raise ValueError(
                f"cv={cv!r} puts pictures of {len(torn)} patient(s) into the training part and the "
                f"test part of one fold, {torn.tolist()[0]!r} for example. Use one that keeps "
                "groups apart, such as StratifiedImageGroupKFold."
            )
