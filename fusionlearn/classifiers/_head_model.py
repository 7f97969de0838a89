"""Layers of a head with their optimizer, built once and reset for each fit."""

from itertools import pairwise

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ._optimizers import InitialState, copy_values, find_optimizer
from ._outputs import loss_of


class HeadModel:
    """Layers, an optimizer and a loss, whatever Keras runs on.

    Between ``reset`` and the next ``reset`` it belongs to one fit.

    Parameters
    ----------
    head : Head
        The shape.
    """

    def __init__(self, head):
        self.head = head
        with isolated_keras_build(0):
            self._build(import_keras())

    def _build(self, keras):
        widths = [self.head.n_features, *self.head.hidden_units, self.head.n_outputs]
        self._layers = []
        for n_inputs, n_units in pairwise(widths):
            # reset draws the weights, so that they depend on the fit's seed alone.
            layer = keras.layers.Dense(n_units, kernel_initializer="zeros")
            layer.build((None, n_inputs))
            self._layers.append(layer)
        self._variables = [v for layer in self._layers for v in (layer.kernel, layer.bias)]
        self._optimizer = find_optimizer(self.head.optimizer)()
        self._initial = InitialState(self._optimizer, self._variables)
        self._loss = loss_of(self.head)

    def reset(self, rng, learning_rate):
        """Bring every variable into the state of a fresh start.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the weights.

        learning_rate : float
            Learning rate of the optimizer.
        """
        self._initial.restore_constants()
        self._optimizer.learning_rate = float(learning_rate)
        for layer in self._layers:
            n_inputs, n_units = layer.kernel.shape
            limit = np.sqrt(6 / (n_inputs + n_units))  # Glorot's, which is Keras' default
            layer.kernel.assign(rng.uniform(-limit, limit, (n_inputs, n_units)).astype(np.float32))
            layer.bias.assign(np.zeros(n_units, dtype=np.float32))
        self._initial.restore_copies()

    def arrays(self):
        """Copy the weights.

        Returns
        -------
        coefs : list of ndarray of shape (n_inputs, n_units)
            Weights of each layer.

        intercepts : list of ndarray of shape (n_units,)
            Biases of each layer.
        """
        return (
            copy_values(layer.kernel for layer in self._layers),
            copy_values(layer.bias for layer in self._layers),
        )
