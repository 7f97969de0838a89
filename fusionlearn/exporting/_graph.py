"""A whole classifier of pictures as one model of Keras."""

import hashlib

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ..exceptions import ExportError

# Importing these registers what can be translated.
from . import _classifiers, _ensembles, _transformers  # noqa: F401
from ._pictures import Pictures
from ._translator import Translator

INPUT = "pixels"
OUTPUT = "probabilities"


def build_graph(estimator):
    """Build a model from pixels of any size to probabilities.

    Parameters
    ----------
    estimator : classifier of pictures
        A fitted classifier.

    Returns
    -------
    model : keras.Model
        From RGB pixels of shape (n, height, width, 3), uint8, to probabilities of shape
        (n, n_classes), float32. All of its layers are Keras' own.

    Raises
    ------
    ExportError
        If a part cannot be translated, or Keras does not run by TensorFlow.
    """
    keras = import_keras()
    if keras.config.backend() != "tensorflow":
        raise ExportError(
            f"Keras runs on {keras.config.backend()!r}, and graphs are made from TensorFlow. Unset "
            "KERAS_BACKEND for the export; what was fitted on another backend is the same here."
        )
    with isolated_keras_build(0):
        pixels = keras.Input((None, None, 3), dtype="uint8", name=INPUT)
        pictures = Pictures(keras.ops.cast(pixels, "float32"))
        proba = Translator().probabilities(estimator, pictures)
        named = keras.layers.Activation("linear", name=OUTPUT)(proba)
        model = keras.Model(pixels, named, name="fusionlearn")
        model(np.zeros((1, 8, 8, 3), np.uint8))  # Keras exports nothing that never ran
    return model


def graph_digest(model):
    """Compute a digest of a model's operations and weights.

    Parameters
    ----------
    model : keras.Model
        The model.

    Returns
    -------
    digest : str
        64 hexadecimal digits.
    """
    hasher = hashlib.sha256(model.to_json().encode())
    for variable in model.weights:
        array = np.ascontiguousarray(np.asarray(variable))
        hasher.update(f"{array.dtype}{array.shape}".encode())
        hasher.update(array)
    return hasher.hexdigest()
