"""From features to probabilities, in plain NumPy."""

import numpy as np
from scipy.special import expit, softmax

# Rows are converted to float64 in blocks of about this size.
_BLOCK_BYTES = 2**25


def head_logits(X, coefs, intercepts):
    """Compute the outputs of a head before its sigmoid or softmax.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.

    coefs : list of ndarray of shape (n_inputs, n_units)
        Weights of each layer.

    intercepts : list of ndarray of shape (n_units,)
        Biases of each layer.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_outputs), float64
        One column for two classes, one for each class beyond that, or for each label.
    """
    coefs = [coef.astype(np.float64) for coef in coefs]
    intercepts = [intercept.astype(np.float64) for intercept in intercepts]
    logits = np.empty((len(X), coefs[-1].shape[1]))
    widest = max(X.shape[1], *(coef.shape[1] for coef in coefs))
    n_rows = max(1, _BLOCK_BYTES // (8 * widest))
    for start in range(0, len(X), n_rows):
        block = X[start : start + n_rows].astype(np.float64)
        for coef, intercept in zip(coefs[:-1], intercepts[:-1], strict=True):
            block = np.maximum(block @ coef + intercept, 0)
        logits[start : start + n_rows] = block @ coefs[-1] + intercepts[-1]
    return logits


def logits_to_proba(logits, multilabel=False):
    """Turn outputs of a head into probabilities.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_outputs)
        As :func:`head_logits` returns them.

    multilabel : bool, default=False
        Whether outputs are labels, each by itself.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        Probabilities of classes, or of each label.
    """
    if multilabel:
        return expit(logits)
    if logits.shape[1] > 1:
        return softmax(logits, axis=1)
    positive = expit(logits[:, 0])
    return np.column_stack([1 - positive, positive])


def logits_to_decision(logits, multilabel=False):
    """Turn outputs of a head into confidences that decide as the probabilities do.

    Probabilities tie where outputs differ by less than float64 resolves; the outputs
    are made to tie there too.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_outputs)
        As :func:`head_logits` returns them.

    multilabel : bool, default=False
        As for :func:`logits_to_proba`.

    Returns
    -------
    decision : ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_labels)
        Confidences.
    """
    proba = logits_to_proba(logits, multilabel)
    if multilabel:
        return np.where(proba > 0.5, logits, np.minimum(logits, 0))
    if logits.shape[1] == 1:
        return np.where(proba[:, 1] > proba[:, 0], logits[:, 0], np.minimum(logits[:, 0], 0))
    is_winner = proba == proba.max(axis=1, keepdims=True)
    return np.where(is_winner, logits.max(axis=1, keepdims=True), logits)
