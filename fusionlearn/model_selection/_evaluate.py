"""Cross-validation that keeps patients apart."""

import time
import warnings
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.parallel import Parallel, delayed

from .._labels import check_labels
from ..classifiers._holdout import uses_groups
from ..exceptions import SmallSampleWarning
from ..fusion._constraints import Instance
from ..fusion._jobs import limit_jobs
from ..images import check_images, get_groups, reduce_grain
from ..images._copies import warn_of_copies
from ._evaluation import Evaluation
from ._report import small_sample
from ._scores import SCORES
from ._shortcut import make_shortcut_baseline
from ._split import StratifiedImageGroupKFold

# From a warning through validate_params to whoever called.
_CALLER = 3


@validate_params(
    {
        "estimator": [Instance(["fit", "get_params"])],
        "cv": [Interval(Integral, 2, None, closed="left"), Instance(["split", "get_n_splits"])],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "scoring": [str, list, tuple, None],
        "shortcut": ["boolean"],
        "grain_control": ["boolean"],
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
    n_repeats=1,
    scoring=None,
    positive=None,
    shortcut=True,
    grain_control=False,
    n_jobs=None,
    random_state=0,
):
    """Cross-validate a classifier of pictures by patient, beside its shortcut baseline.

    Every picture is predicted once, by a clone that saw neither it nor another picture
    of its patient. The shortcut baseline sees on the same folds how each file is stored
    (format, mode, size, bytes per pixel) and no pixel.

    Scores are given per picture and per patient, with intervals from resampling patients;
    two evaluations on the same pictures have a paired difference
    (:meth:`Evaluation.compare`).

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

    n_repeats : int, default=1
        How often the cross-validation is done, each time with other folds; more than
        once only where ``cv`` is a number. Scores are means over the repeats, and the
        interval of a mean score is about patients alone: repeats take out the chance of
        the folds, they do not stand for more data.

    scoring : str, list or tuple of str, default=None
        Names of scores to give: "accuracy", "f1", "sensitivity", "specificity",
        "roc_auc", "brier_score", "calibration_error". None gives all. For any other
        metric see :func:`~fusionlearn.metrics.bootstrap_interval`.

    positive : object, default=None
        With two classes, the label that F1, sensitivity, specificity, the area under the
        curve and the calibration error are about. None takes the last one in sorted order.

    shortcut : bool, default=True
        Whether the shortcut baseline is evaluated too.

    grain_control : bool, default=False
        Whether the estimator is also evaluated on the same pictures in grey, at 224 x 224
        pixels and after JPEG at quality 60, on the same folds: both trained and judged
        there. What it loses rested on fine grain, which differs from source to source.
        This takes as long again, and its features are stored like those of any picture.

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
        If there are fewer than two labels, ``positive`` is none of them, a score is
        unknown, the estimator has no ``predict_proba``, the folds do not hold each
        picture once, have a patient on both sides or lack a class.

    GroupConflictError
        If ``groups`` contradict the patients that the pictures carry.

    Warns
    -----
    DataWarning
        If the same picture has two labels, or stands under two patients, so that it may be
        on both sides of a split; see :func:`audit_leakage`.

    SmallSampleWarning
        If a class has fewer than 30 patients. Percentiles of so few resampled clusters
        are too narrow [1]_; and if all of n patients of a class are judged right, an
        interval shrinks to a point although an error rate of up to about 3 / n is
        possible at 95 % [2]_, which is a tenth at 30 patients.

    See Also
    --------
    fusionlearn.metrics.by_group : Aggregates the pictures of each patient.
    fusionlearn.metrics.bootstrap_interval : An interval for any other metric.

    References
    ----------
    .. [1] A. C. Cameron, J. B. Gelbach and D. L. Miller, "Bootstrap-Based Improvements
       for Inference with Clustered Errors", Review of Economics and Statistics 90(3),
       414-427 (2008).

    .. [2] J. A. Hanley and A. Lippman-Hand, "If Nothing Goes Wrong, Is Everything All
       Right? Interpreting Zero Numerators", JAMA 249(13), 1743-1745 (1983).

    Examples
    --------
    >>> from fusionlearn import BackboneFeatureExtractor, FineTuneClassifier
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.model_selection import evaluate
    >>> ct = make_ct_phantoms(60, n_patients=60, image_size=32)
    >>> extractor = BackboneFeatureExtractor("MobileNetV2", weights=None, input_size=32)
    >>> classifier = FineTuneClassifier(extractor, epochs=2, random_state=0)
    >>> evaluation = evaluate(classifier, ct.data, ct.target, cv=2)
    >>> evaluation.y_proba.shape
    (60, 2)
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
        raise ValueError(f"positive={positive!r}: wanted one of the labels {classes.tolist()}.")
    scoring = _check_scoring(scoring)
    if not hasattr(estimator, "predict_proba"):
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
    warn_of_copies(references, y, groups, _CALLER)
    caution = small_sample(y, groups, classes, known)
    if caution is not None:
        warnings.warn(caution, SmallSampleWarning, stacklevel=_CALLER)

    def judged(estimator, references, **controls):
        start = time.perf_counter()
        parts = Parallel(n_jobs=limit_jobs(n_jobs, sum(map(len, repeats))))(
            delayed(_fit_predict)(clone(estimator), references, y, train, test, classes)
            for folds in repeats
            for train, test in folds
        )
        probas, parts = np.empty((n_repeats, len(y), len(classes))), iter(parts)
        for proba, folds in zip(probas, repeats, strict=True):
            for _, test in folds:
                proba[test] = next(parts)
        return Evaluation(
            y_true=y,
            y_proba=probas.mean(axis=0) if n_repeats > 1 else probas[0],
            classes=classes,
            positive=positive,
            groups=groups,
            seconds=time.perf_counter() - start,
            patients_known=known,
            repeats=probas if n_repeats > 1 else None,
            scoring=scoring,
            **controls,
        )

    controls = {}
    if shortcut:
        controls["shortcut"] = judged(make_shortcut_baseline(random_state), references)
    if grain_control:
        controls["grain_control"] = judged(estimator, reduce_grain(references))
    return judged(estimator, references, **controls)


def _check_scoring(scoring):
    if scoring is None:
        return None
    names = (scoring,) if isinstance(scoring, str) else tuple(scoring)
    unknown = [name for name in names if name not in SCORES]
    if unknown or not names:
        raise ValueError(
            f"scoring={scoring!r}: wanted one or more of {list(SCORES)}. For another metric use "
            "fusionlearn.metrics.bootstrap_interval on the evaluation's y_true and y_proba."
        )
    return names


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


def _fit_predict(estimator, references, y, train, test, classes):
    estimator.fit(references[train], y[train])
    if not np.array_equal(estimator.classes_, classes):
        raise ValueError(
            f"A training part holds the classes {estimator.classes_.tolist()}, the data "
            f"{classes.tolist()}. Use fewer folds, or more patients of each class."
        )
    return estimator.predict_proba(references[test])
