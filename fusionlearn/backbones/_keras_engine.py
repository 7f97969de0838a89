"""Networks run by Keras."""

import threading

import numpy as np

from .._compat import import_keras
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
        self._model = build_feature_model(network)
        self._mode = network.backbone.preprocessing
        self._lock = threading.Lock()
        self.n_features = int(self._model.output_shape[-1])

    def compute(self, batch):
        """Compute features; see :class:`Engine`."""
        # A float copy of our own: Keras' preprocessing writes into what it is given.
        pixels = batch.astype(np.float32)
        if self._mode != "none":
            utils = import_keras().applications.imagenet_utils
            pixels = utils.preprocess_input(pixels, data_format="channels_last", mode=self._mode)
        with self._lock:
            features = self._model.predict_on_batch(pixels)
        return np.asarray(features, dtype=np.float32)
