"""Operations that several estimators need."""

import numpy as np

from .._compat import import_keras

# Below these scores exp(-score) overflows, and the sigmoid that SciPy computes of it is 0.
_FARTHEST = {name: -float(np.log(np.finfo(name).max)) for name in ("float32", "float64")}


def affine(features, scale, offset):
    """Compute ``features * scale + offset``, both of them one number for each feature.

    Kept as a layer, so that a file holds the numbers as an array and not as text.
    """
    layers = import_keras().layers
    layer = layers.BatchNormalization(epsilon=0.0)
    layer.build(features.shape)
    n_features = features.shape[-1]
    zeros, ones = np.zeros(n_features, np.float32), np.ones(n_features, np.float32)
    # Copies: Keras reads arrays without strides as they lie in memory.
    scale = np.array(np.broadcast_to(scale, n_features))
    offset = zeros if offset is None else np.array(np.broadcast_to(offset, n_features))
    layer.set_weights([scale, offset, zeros, ones])
    return layer(features)


def linear(features, coef, intercept, activation=None):
    """Compute ``features @ coef + intercept``."""
    layers = import_keras().layers
    layer = layers.Dense(coef.shape[1], activation=activation)
    layer.build(features.shape)
    intercept = np.array(np.broadcast_to(intercept, coef.shape[1]))
    layer.set_weights([coef.astype(np.float32), intercept.astype(np.float32)])
    return layer(features)


def both_classes(positive):
    """Make two columns of the probability of the second class, of shape (n, 1)."""
    return import_keras().ops.concatenate([1.0 - positive, positive], axis=1)


def normalized(scores):
    """Divide by the sum over classes; where all are 0, give all the same."""
    ops = import_keras().ops
    total = ops.sum(scores, axis=1, keepdims=True)
    n_classes = scores.shape[1]
    return ops.where(total > 0.0, scores / ops.maximum(total, 1e-30), 1.0 / n_classes)


def proba_of(scores):
    """Make probabilities of scores of shape (n, 1) or (n, n_classes)."""
    ops = import_keras().ops
    if scores.shape[1] == 1:
        # Not 1 - p, which has no digits left where p is all but 1.
        return ops.sigmoid(ops.concatenate([-scores, scores], axis=1))
    return ops.softmax(scores, axis=1)


def one_against_rest(scores, dtype):
    """Make probabilities of the scores of one classifier for each class.

    ``dtype`` is the type in which scikit-learn computes the scores.
    """
    ops = import_keras().ops
    if scores.shape[1] == 1:
        return proba_of(scores)
    # By logarithms: far from all classes every sigmoid is 0 in float32.
    proba = ops.softmax(-ops.softplus(-scores), axis=1)
    # Still farther they are so in scikit-learn, too, and all classes are the same.
    is_near = ops.max(scores, axis=1, keepdims=True) > _FARTHEST[dtype]
    return ops.where(is_near, proba, 1.0 / scores.shape[1])


def picked(features, columns):
    """Pick columns."""
    ops = import_keras().ops
    return ops.take(features, np.asarray(columns, dtype=np.int32), axis=1)


def first_of_largest(scores, tolerance=0.0):
    """Mark by 1 the first of the largest scores of each row, all others by 0.

    ``argmax`` of Keras is made of operations that most converters do not know.
    """
    ops = import_keras().ops
    largest = ops.max(scores, axis=1, keepdims=True) - tolerance
    leads = ops.cast(scores >= largest, "float32")
    return leads * ops.relu(2.0 - ops.cumsum(leads, axis=1))
