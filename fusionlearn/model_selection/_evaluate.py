"""Cross-validation that keeps patients apart."""

import time
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import HasMethods, Interval, validate_params
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed

from ..images import check_images, get_groups
from ._evaluation import Evaluation
from ._shortcut import make_shortcut_baseline
from ._split import StratifiedImageGroupKFold


@validate_params(
    {
        "estimator": [HasMethods(["fit", "get_params"])],
        "cv": [Interval(Integral, 2, None, closed="left"), HasMethods("split")],
        "shortcut": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,
)
def evaluate(
    estimator,
    X,
    y,
    *,
    groups=None,
    cv=5,
    positive=None,
    shortcut=True,
    n_jobs=None,
    random_state=0,
):
    """Cross-validate a classifier of pictures by patient, beside its shortcut baseline.

    Every picture is predicted once, by a clone that saw neither it nor another picture
    of its patient. The shortcut baseline sees on the same folds how each file is stored
    (format, mode, size, bytes per pixel) and no pixel.

    Parameters
    ----------
    estimator : classifier of pictures
        Has ``predict_proba``. It is cloned, not fitted.

    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    y : array-like of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,), default=None
        Patient of each picture. Pictures that know theirs need none; a picture whose
        patient nobody named counts as a patient of its own.

    cv : int or splitter, default=5
        Number of folds of a shuffled :class:`StratifiedImageGroupKFold`, or a splitter
        that keeps patients apart and whose test parts hold each picture once.

    positive : object, default=None
        With two classes, the label that F1 and the area under the curve are about. None
        takes the last one in sorted order.

    shortcut : bool, default=True
        Whether the shortcut baseline is evaluated too.

    n_jobs : int, default=None
        Number of folds at the same time, in processes. They share features where the
        extractors' store has a path.

    random_state : int, RandomState instance or None, default=0
        Seed of the folds and of the baseline.

    Returns
    -------
    evaluation : Evaluation
        Probabilities and scores with intervals; its text is a table.

    Raises
    ------
    ValueError
        If there are fewer than two labels, ``positive`` is none of them, the estimator
        has no ``predict_proba``, the folds do not hold each picture once, have a patient
        on both sides or lack a class.

    GroupConflictError
        If ``groups`` contradict the patients that the pictures carry.

    See Also
    --------
    fusionlearn.metrics.bootstrap_interval : Makes the intervals.

    Examples
    --------
    >>> from fusionlearn import BackboneFeatureExtractor, FineTuneClassifier
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.model_selection import evaluate
    >>> ct = make_ct_phantoms(40, image_size=32)
    >>> extractor = BackboneFeatureExtractor("MobileNetV2", weights=None, input_size=32)
    >>> classifier = FineTuneClassifier(extractor, epochs=2, random_state=0)
    >>> evaluation = evaluate(classifier, ct.data, ct.target, cv=2)
    >>> evaluation.y_proba.shape
    (40, 2)
    """
    references = check_images(X, groups)
    y = column_or_1d(y)
    if len(y) != len(references):
        raise ValueError(f"y has {len(y)} entries for {len(references)} pictures.")
    check_classification_targets(y)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"y has one label only, {classes.tolist()[0]!r}; wanted two or more.")
    positive = classes[-1] if positive is None else positive
    if positive not in classes:
        raise ValueError(f"positive={positive!r}: wanted one of the labels {classes.tolist()}.")
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{type(estimator).__name__} has no predict_proba; wanted a classifier that gives "
            "probabilities, for example inside CalibratedClassifierCV."
        )
    if isinstance(cv, Integral):
        cv = StratifiedImageGroupKFold(cv, shuffle=True, random_state=random_state)
    groups = get_groups(references)
    known = any(reference.has_known_group for reference in references)
    folds = list(cv.split(references, y, groups))
    _check_folds(cv, folds, groups)

    def judged(estimator, shortcut):
        start = time.perf_counter()
        parts = Parallel(n_jobs=n_jobs)(
            delayed(_fit_predict)(clone(estimator), references, y, train, test, classes)
            for train, test in folds
        )
        proba = np.empty((len(y), len(classes)))
        for (_, test), part in zip(folds, parts, strict=True):
            proba[test] = part
        seconds = time.perf_counter() - start
        return Evaluation(y, proba, classes, positive, groups, seconds, shortcut, known)

    baseline = judged(make_shortcut_baseline(random_state), None) if shortcut else None
    return judged(estimator, baseline)


def _check_folds(cv, folds, groups):
    tested = np.concatenate([test for _, test in folds])
    if not np.array_equal(np.sort(tested), np.arange(len(groups))):
        raise ValueError(f"{cv!r} does not put each picture into the test part exactly once.")
    for train, test in folds:
        torn = np.intersect1d(groups[train], groups[test])
        if len(torn):
            raise ValueError(
                f"{cv!r} puts pictures of {len(torn)} patient(s) into the training part and the "
                f"test part of one fold, {torn.tolist()[0]!r} for example. Use one that keeps "
                "groups apart, such as StratifiedImageGroupKFold."
            )


def _fit_predict(estimator, references, y, train, test, classes):
    estimator.fit(references[train], y[train])
    if not np.array_equal(estimator.classes_, classes):
        raise ValueError(
            f"A training part holds the classes {estimator.classes_.tolist()}, the data "
            f"{classes.tolist()}. Use fewer folds, or more patients of each class."
        )
    return estimator.predict_proba(references[test])
