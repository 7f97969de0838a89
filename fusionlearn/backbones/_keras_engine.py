"""Networks run by Keras."""

import threading

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ._engine import Engine
from ._keras_model import build_feature_model, compile_feature_model, preprocess

_BATCH_SIZE = 32


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
            if import_keras().config.backend() == "tensorflow":
                # predict_on_batch traces anew for each length of a batch, and TensorFlow
                # warns of that when several networks run.
                self._compute = compile_feature_model(model)
            else:
                self._compute = model.predict_on_batch
        self._mode = network.backbone.preprocessing
        self._lock = threading.Lock()
        self.n_features = int(model.output_shape[-1])

    def stream(self, pictures, deliver, batch_size=None):
        """Compute features and hand them on; see :class:`Engine`."""
        batch_size = batch_size or _BATCH_SIZE
        for start in range(0, len(pictures), batch_size):
            batch = preprocess(pictures[start : start + batch_size], self._mode)
            with self._lock:
                features = self._compute(batch)
            deliver(start, np.asarray(features, dtype=np.float32))
