"""Cross-validation that keeps patients apart."""

import time
from dataclasses import replace
from numbers import Integral

from sklearn.base import clone
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.parallel import Parallel, delayed

from .._bars import progress_bar
from ..fusion._constraints import Instance
from ..fusion._jobs import limit_jobs
from ..images import reduce_grain
from ._evaluation import Evaluation
from ._folds import fit_predict, make_folds
from ._scores import SCORES
from ._shortcut import make_shortcut_baseline

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
        "verbose": ["verbose"],
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
    verbose=0,
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

    verbose : int, default=0
        1 shows a progress bar of the folds for each model that is judged, by its name.

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
    scoring = _check_scoring(scoring)
    folds = make_folds(
        estimator,
        X,
        y,
        groups=groups,
        cv=cv,
        n_repeats=n_repeats,
        positive=positive,
        random_state=random_state,
        stacklevel=_CALLER,
    )

    def judged(name, estimator, folds, **controls):
        start = time.perf_counter()
        parallel = Parallel(n_jobs=limit_jobs(n_jobs, len(folds.parts)), return_as="generator")
        predicted = []
        with progress_bar(name, len(folds.parts), unit="folds", verbose=verbose) as bar:
            for proba in parallel(
                delayed(fit_predict)(clone(estimator), folds, part) for part in folds.parts
            ):
                predicted.append(proba)
                bar.update()
        probas = folds.gather(predicted)
        return Evaluation(
            y_true=folds.y,
            y_proba=probas.mean(axis=0) if n_repeats > 1 else probas[0],
            classes=folds.classes,
            positive=folds.positive,
            groups=folds.groups,
            seconds=time.perf_counter() - start,
            patients_known=folds.patients_known,
            repeats=probas if n_repeats > 1 else None,
            scoring=scoring,
            **controls,
        )

    name, controls = type(estimator).__name__, {}
    if shortcut:
        baseline = make_shortcut_baseline(random_state)
        controls["shortcut"] = judged("shortcut baseline", baseline, folds)
    if grain_control:
        without_grain = replace(folds, references=reduce_grain(folds.references))
        name_of_control = f"{name} without fine grain"
        controls["grain_control"] = judged(name_of_control, estimator, without_grain)
    return judged(name, estimator, folds, **controls)


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
