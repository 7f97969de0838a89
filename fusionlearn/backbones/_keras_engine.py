"""Networks run by Keras."""

import threading

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ._engine import Engine
from ._keras_model import build_feature_model


class KerasEngine(Engine):
    """Runs a network by Keras, whatever its backend is.

    Parameters
    ----------
    network : Network
        The network to build.
    """

    def __init__(self, network):
        model = build_feature_model(network)
        with isolated_keras_build(network.random_state):
            self._compute = _compiled(model)
        self._mode = network.backbone.preprocessing
        self._lock = threading.Lock()
        self.n_features = int(model.output_shape[-1])

    def compute(self, batch):
        """Compute features; see :class:`Engine`."""
        # A float copy of our own: Keras' preprocessing writes into what it is given.
        pixels = batch.astype(np.float32)
        if self._mode != "none":
            utils = import_keras().applications.imagenet_utils
            pixels = utils.preprocess_input(pixels, data_format="channels_last", mode=self._mode)
        with self._lock:
            features = self._compute(pixels)
        return np.asarray(features, dtype=np.float32)


def _compiled(model):
    if import_keras().config.backend() != "tensorflow":
        return model.predict_on_batch
    import tensorflow as tf

    # One trace for batches of any length; predict_on_batch traces anew for each, and
    # TensorFlow warns of that when several networks run.
    pixels = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
    return tf.function(
        lambda batch: model(batch, training=False), input_signature=[pixels], autograph=False
    ).get_concrete_function()
