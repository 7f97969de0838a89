"""Folds that keep patients apart."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import type_of_target

from .._labels import check_labels
from ._check import get_groups, share_references
from ._groups import check_groups

_NOT_STRATIFIED = (
    "Of several labels none is stratified: sklearn.model_selection.GroupKFold keeps patients "
    "apart, with groups=get_groups(X)."
)


def rarest_class(labels, groups):
    """Find the class with the fewest patients.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Labels.

    groups : ndarray of shape (n_samples,)
        Patient of each sample.

    Returns
    -------
    label : object
        The class, the first one of several.

    n_groups : int
        Number of its patients: no more folds can all have it.
    """
    counts = {
        label: len(np.unique(groups[labels == label])) for label in np.unique(labels).tolist()
    }
    label = min(counts, key=counts.get)
    return label, counts[label]


class StratifiedImageGroupKFold(StratifiedGroupKFold):
    """Stratified folds in which all pictures of a patient are on the same side.

    Pictures know their patient, so ``groups`` need not be passed. Therefore it also
    works where they cannot be: as ``cv`` of scikit-learn's ``StackingClassifier`` or
    ``CalibratedClassifierCV``. A picture whose patient nobody named is a group of its
    own, together with its exact duplicates and all views of it.

    Every test fold has samples of every class.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.

    shuffle : bool, default=False
        Whether patients are shuffled first. Only patients with about the same numbers
        of pictures of each class change places.

    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    See Also
    --------
    sklearn.model_selection.StratifiedGroupKFold : The same for ``groups`` that are
        passed, but without a look at the classes in each fold.
    get_groups : The patients, for scikit-learn's other splitters.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import check_images
    >>> from fusionlearn.model_selection import StratifiedImageGroupKFold
    >>> X = np.zeros((8, 16, 16), dtype=np.uint8)
    >>> X = check_images(X, groups=["anna", "anna", "ben", "ben", "carl", "carl", "dora", "dora"])
    >>> y = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> for train, test in StratifiedImageGroupKFold(n_splits=2).split(X, y):
    ...     print(sorted({reference.group for reference in X[test]}))
    ['anna', 'carl']
    ['ben', 'dora']
    """

    def __init__(self, n_splits=5, *, shuffle=False, random_state=None):
        super().__init__(n_splits=n_splits, shuffle=shuffle, random_state=random_state)

    def split(self, X, y, groups=None):
        """Generate the rows of each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Pictures as for :func:`~fusionlearn.check_images`, a table with one column
            of references among others, or features.

        y : array-like of shape (n_samples,)
            Labels.

        groups : array-like of shape (n_samples,), default=None
            The patient of each sample. Needed for features only.

        Yields
        ------
        train : ndarray of int
            Rows to train on.

        test : ndarray of int
            Rows to test on.

        Raises
        ------
        ValueError
            If X has no pictures and ``groups`` is missing, a label is missing, or a class
            would be missing in a test fold.

        GroupConflictError
            If ``groups`` contradict the patients that the pictures carry.
        """
        try:
            check_random_state(self.random_state)
        except ValueError as error:
            raise ValueError(f"random_state={self.random_state!r}: {error}.") from None
        _, references = share_references(X, groups)
        if references is not None:
            groups = get_groups(references)
        elif groups is None:
            raise ValueError(
                f"{type(self).__name__} got features without groups. Features do not know their "
                "patient: pass groups=get_groups(pictures), or pass the pictures themselves and "
                "let a Pipeline turn them into features."
            )
        else:
            groups = check_groups(groups)
        check_consistent_length(X, y, groups)
        labels = np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] > 1:
            check_labels(y, remedy=_NOT_STRATIFIED)
        if labels.dtype.kind == "O" or (labels.dtype.kind == "f" and not np.isfinite(labels).all()):
            check_labels(y)  # scikit-learn's own check warns of gaps, and does not name them
        if type_of_target(y) in ("binary", "multiclass"):  # of others the parent class complains
            self._check_classes(column_or_1d(y), np.asarray(groups))
        folds = list(super().split(X, y, groups))
        for number, (_, test) in enumerate(folds):
            self._check_fold(number, column_or_1d(y), test)
        yield from folds

    def _check_classes(self, labels, groups):
        label, n_groups = rarest_class(labels, groups)
        if n_groups < self.n_splits:
            remedy = (
                f"Set n_splits to at most {n_groups} (of folds inside a model its "
                "calibration_folds or cv), or add"
                if n_groups > 1
                else "Add"
            )
            raise ValueError(
                f"The class {label!r} occurs in {n_groups} group(s) (patients), so "
                f"{self.n_splits} folds cannot all have it. {remedy} patients of that class."
            )

    def _check_fold(self, number, labels, test):
        missing = np.setdiff1d(labels, labels[test])
        if len(missing):
            raise ValueError(
                f"Fold {number} of {self.n_splits} has no sample of the class(es) "
                f"{missing.tolist()}, because whole groups (patients) were dealt out. Set "
                "shuffle=True and try another random_state, or set n_splits lower."
            )
