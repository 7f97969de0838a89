"""How scikit-learn's calibration becomes part of a graph."""

import numpy as np

from .._compat import import_keras
from ._layers import both_classes, normalized, proba_of


def calibrated(translator, part, value):
    """Get the calibrated probabilities of one part of a CalibratedClassifierCV.

    Parameters
    ----------
    translator : Translator
        Walks through the estimators.

    part : object
        An entry of ``calibrated_classifiers_``.

    value : object
        What enters its estimator.

    Returns
    -------
    proba : keras.KerasTensor of shape (n, n_classes)
        In the order of its classes.
    """
    n_classes = len(part.classes)
    if len(part.estimator.classes_) != n_classes:
        translator.refuse(
            "a fold of the calibration lacked a class", "Use fewer folds, or ensemble=False."
        )
    has_scores = hasattr(part.estimator, "decision_function")
    ask = translator.decision if has_scores else translator.probabilities
    scores = ask(part.estimator, value, "estimator")
    if part.method == "temperature":
        return _cooled(part.calibrators[0], scores, has_scores)
    if n_classes == 2:
        scores = scores[:, -1:]
    rule = {"sigmoid": _sigmoid, "isotonic": _isotonic}.get(part.method)
    if rule is None:
        translator.refuse(f"method={part.method!r}", "Set method='sigmoid' or 'isotonic'.")
    columns = [
        rule(calibrator, scores[:, number : number + 1])
        for number, calibrator in enumerate(part.calibrators)
    ]
    if n_classes == 2:
        return both_classes(columns[0])
    return normalized(import_keras().ops.concatenate(columns, axis=1))


def _sigmoid(calibrator, scores):
    return import_keras().ops.sigmoid(-(scores * float(calibrator.a_) + float(calibrator.b_)))


def _isotonic(calibrator, scores):
    ops = import_keras().ops
    x = np.asarray(calibrator.X_thresholds_, dtype=np.float64)
    y = np.asarray(calibrator.y_thresholds_, dtype=np.float64)
    proba = scores * 0.0 + float(y[0])
    # A sum of ramps, each from one threshold to the next.
    for left, right, low, high in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True):
        if high != low:
            share = ops.clip((scores - float(left)) / float(right - left), 0.0, 1.0)
            proba = proba + share * float(high - low)
    return ops.clip(proba, 0.0, 1.0)


def _cooled(calibrator, scores, has_scores):
    beta = float(calibrator.beta_)
    if not has_scores:
        scores = import_keras().ops.log(scores + 1e-12)
    elif scores.shape[1] == 1:
        beta *= 2.0  # scikit-learn takes them as the two scores -x and x
    return proba_of(scores * beta)
