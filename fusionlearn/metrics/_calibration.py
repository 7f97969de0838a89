"""Whether a probability can be read as a frequency."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils._param_validation import Interval, validate_params


@validate_params(
    {
        "y_true": ["array-like"],
        "y_proba": ["array-like"],
        "labels": ["array-like", None],
        "pos_label": "no_validation",
        "n_bins": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def calibration_error(y_true, y_proba, *, labels=None, pos_label=None, n_bins=10):
    """Compute the expected calibration error.

    Predictions are put into bins of equal width by their probability. In each bin the
    mean probability is held against the share of samples in which it came true; the
    error is the mean of these gaps, weighted by the number of samples [1]_. It is 0 for
    a model whose "80 %" comes true in 80 % of cases, and at most 1.

    With two classes the probability is that of the positive class [1]_; with more, that
    of the most probable class [2]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.

    y_proba : array-like of shape (n_samples,) or (n_samples, n_classes)
        Predicted probabilities in [0, 1]: of the positive class, or of all classes in
        the order of ``labels``.

    labels : array-like of shape (n_classes,), default=None
        The labels in the order of the columns. None takes those in ``y_true``, sorted.

    pos_label : object, default=None
        With two classes, the positive one. None takes the last of ``labels``.

    n_bins : int, default=10
        Number of bins. Like those of scikit-learn's ``calibration_curve``, a bin holds
        its upper edge, and the first also its lower one.

    Returns
    -------
    error : float
        Mean gap between probability and frequency, in [0, 1].

    Raises
    ------
    ValueError
        If ``y_proba`` is outside [0, 1], does not have a column for each label, or
        labels are unknown.

    See Also
    --------
    sklearn.calibration.calibration_curve : Mean probability and frequency of each bin.
    sklearn.metrics.brier_score_loss : Needs no bins, and also rewards being right.

    Notes
    -----
    With few samples in a bin its frequency scatters, and gaps are never negative: so on
    small sets the error lies above 0 for a perfectly calibrated model too. Compare it
    among models on the same samples, not with 0.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining Well Calibrated
       Probabilities Using Bayesian Binning", AAAI (2015).

    .. [2] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern
       Neural Networks", ICML (2017).

    Examples
    --------
    >>> from fusionlearn.metrics import calibration_error
    >>> calibration_error([0, 0, 0, 1, 1], [0.25, 0.25, 0.25, 0.25, 1.0])
    0.0
    >>> calibration_error([0, 1], [0.9, 0.9])
    0.4
    """
    y_true = column_or_1d(y_true)
    proba = np.asarray(y_proba, dtype=np.float64)
    check_consistent_length(y_true, proba)
    if not ((proba >= 0) & (proba <= 1)).all():
        raise ValueError("y_proba has values outside [0, 1] or NaN; wanted probabilities.")
    labels = np.unique(y_true) if labels is None else np.asarray(labels)
    unknown = np.setdiff1d(y_true, labels)
    if len(unknown):
        raise ValueError(f"y_true has the label {unknown.tolist()[0]!r}, which labels has not.")
    if proba.ndim == 1 and len(labels) > 2:
        raise ValueError(f"y_proba has one column for the labels {labels.tolist()}.")
    if proba.ndim > 2 or (proba.ndim == 2 and proba.shape[1] != len(labels)):
        raise ValueError(
            f"y_proba has shape {proba.shape} for the labels {labels.tolist()}; wanted a column "
            "for each. Give labels= where y_true does not hold all of them."
        )
    if len(labels) > 2:
        claimed, came_true = claims(y_true, proba, labels)
    else:
        pos_label = labels[-1] if pos_label is None else pos_label
        if pos_label not in labels:
            raise ValueError(f"pos_label={pos_label!r}: wanted one of {labels.tolist()}.")
        claimed = proba
        if proba.ndim == 2:
            claimed = proba[:, int(np.flatnonzero(labels == pos_label)[0])]
        came_true = y_true == pos_label
    gaps = np.bincount(bin_numbers(claimed, n_bins), weights=came_true - claimed)
    return float(np.abs(gaps).sum() / len(y_true))


def claims(y_true, proba, labels):
    """Find what is claimed of the most probable class, and whether that was right.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Labels.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities in the order of ``labels``.

    labels : ndarray of shape (n_classes,)
        The labels.

    Returns
    -------
    claimed : ndarray of shape (n_samples,)
        The largest probability.

    came_true : ndarray of shape (n_samples,), bool
        Whether that class is the label.
    """
    return proba.max(axis=1), labels[proba.argmax(axis=1)] == y_true


def bin_numbers(claimed, n_bins):
    """Number the bin of equal width in [0, 1] that each probability falls into.

    Parameters
    ----------
    claimed : ndarray of shape (n_samples,)
        Probabilities.

    n_bins : int
        Number of bins.

    Returns
    -------
    numbers : ndarray of shape (n_samples,), int
        From 0 on.
    """
    return np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], claimed)
