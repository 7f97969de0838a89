"""A head whose epochs are single compiled calls, built once and reset for each fit."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ._optimizers import find_optimizer


@dataclass(frozen=True)
class Head:
    """Everything that shapes the compiled functions of a head.

    Parameters
    ----------
    n_features : int
        Number of inputs.

    hidden_units : tuple of int
        Units of the hidden layers.

    n_outputs : int
        1 for two classes (a sigmoid), else the number of classes (a softmax).

    has_dropout : bool
        Whether there is dropout. Its rate is an input of the compiled functions.

    optimizer : str
        Name of the optimizer. Its learning rate is a variable.
    """

    n_features: int
    hidden_units: tuple
    n_outputs: int
    has_dropout: bool
    optimizer: str


class Trainer:
    """Layers, an optimizer and the compiled functions that train and evaluate them.

    Between ``reset`` and the next ``reset`` a trainer belongs to one fit.

    Parameters
    ----------
    head : Head
        The shape.
    """

    def __init__(self, head):
        keras = import_keras()
        if keras.config.backend() != "tensorflow":
            raise RuntimeError(
                f"Keras runs on {keras.config.backend()!r}; FineTuneClassifier trains on "
                "TensorFlow. Unset KERAS_BACKEND, or set it to 'tensorflow'."
            )
        self.head = head
        with isolated_keras_build(0):
            self._build(keras)

    def _build(self, keras):
        import tensorflow as tf

        widths = [self.head.n_features, *self.head.hidden_units, self.head.n_outputs]
        self._layers = []
        for n_inputs, n_units in pairwise(widths):
            # reset draws the weights, so that they depend on the fit's seed alone.
            layer = keras.layers.Dense(n_units, kernel_initializer="zeros")
            layer.build((None, n_inputs))
            self._layers.append(layer)
        self._variables = [v for layer in self._layers for v in (layer.kernel, layer.bias)]
        self._optimizer = find_optimizer(self.head.optimizer)()
        self._find_initial_states(keras)
        if self.head.n_outputs == 1:
            self._loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
        else:
            self._loss = keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, reduction=None
            )
        data = [
            tf.TensorSpec([None, self.head.n_features], tf.float32),
            tf.TensorSpec([None, 1], tf.float32),
            tf.TensorSpec([None], tf.float32),
        ]
        settings = [
            tf.TensorSpec([None], tf.int64),
            tf.TensorSpec([], tf.int64),
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([], tf.int64),
        ]
        self._train = tf.function(
            self._epoch, input_signature=[*data, *settings], autograph=False
        ).get_concrete_function()
        self._evaluate = tf.function(
            self._validation, input_signature=data, autograph=False
        ).get_concrete_function()

    def _find_initial_states(self, keras):
        """Learn what each variable of the optimizer is at the start of a training.

        Most start as constants, some (ScheduleFreeAdamW's) as copies of weights. Weights
        filled with numbers that no optimizer starts from tell them apart.
        """
        markers = {1000.0 + number: v for number, v in enumerate(self._variables)}
        for marker, variable in markers.items():
            variable.assign(np.full(variable.shape, marker, dtype=np.float32))
        self._optimizer.build(self._variables)
        # Nadam keeps a variable that it does not list.
        unlisted = [v for v in vars(self._optimizer).values() if isinstance(v, keras.Variable)]
        states = {id(v): v for v in [*self._optimizer.variables, *unlisted]}.values()
        self._constants, self._copies = [], []
        for state in states:
            value = state.numpy()
            source = markers.get(float(value.flat[0]))
            if source is None:
                self._constants.append((state, value))
            else:
                self._copies.append((state, source))

    def reset(self, rng, learning_rate):
        """Bring every variable into the state of a fresh start.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the weights.

        learning_rate : float
            Learning rate of the optimizer.
        """
        for state, value in self._constants:
            state.assign(value)
        self._optimizer.learning_rate = float(learning_rate)
        for layer in self._layers:
            n_inputs, n_units = layer.kernel.shape
            limit = np.sqrt(6 / (n_inputs + n_units))  # Glorot's, which is Keras' default
            layer.kernel.assign(rng.uniform(-limit, limit, (n_inputs, n_units)).astype(np.float32))
            layer.bias.assign(np.zeros(n_units, dtype=np.float32))
        for state, weights in self._copies:
            state.assign(weights)

    def train_epoch(self, data, order, batch_size, dropout, seed):
        """Go once through the data.

        Parameters
        ----------
        data : tuple of Tensor
            Features, targets and weights, as :meth:`tensors` makes them.

        order : ndarray of shape (n_rows,), int64
            Rows of the data, in the order in which batches are made of them.

        batch_size : int
            Rows of a batch; the last one may have less.

        dropout : float
            Share of inputs that are set to zero.

        seed : int
            Seed of the dropout.

        Returns
        -------
        loss : float
            Weighted loss divided by the number of rows.

        accuracy : float
            Share of rows that were classified rightly.
        """
        import tensorflow as tf

        loss, n_right = self._train(
            *data,
            tf.constant(order, tf.int64),
            tf.constant(batch_size, tf.int64),
            tf.constant(dropout, tf.float32),
            tf.constant(seed, tf.int64),
        )
        return float(loss) / len(order), float(n_right) / len(order)

    def evaluate(self, data):
        """Compute loss and accuracy without training.

        Parameters
        ----------
        data : tuple of Tensor
            Features, targets and weights, as :meth:`tensors` makes them.

        Returns
        -------
        loss : float
            Weighted loss divided by the number of rows.

        accuracy : float
            Share of rows that were classified rightly.
        """
        loss, n_right = self._evaluate(*data)
        n_rows = int(data[0].shape[0])
        return float(loss) / n_rows, float(n_right) / n_rows

    def tensors(self, X, y, weight):
        """Copy data to where the compiled functions read them.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Features.

        y : ndarray of shape (n_rows,)
            Number of the class of each row.

        weight : ndarray of shape (n_rows,)
            Weights.

        Returns
        -------
        data : tuple of Tensor
            Features, targets and weights.
        """
        import tensorflow as tf

        return (
            tf.constant(X, tf.float32),
            tf.constant(y[:, np.newaxis], tf.float32),
            tf.constant(weight, tf.float32),
        )

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
            [layer.kernel.numpy() for layer in self._layers],
            [layer.bias.numpy() for layer in self._layers],
        )

    def _epoch(self, X, y, weight, order, batch_size, dropout, seed):
        import tensorflow as tf

        n_rows = tf.size(order, tf.int64)

        def step(start, loss_sum, n_right):
            rows = order[start : start + batch_size]
            targets, weights = tf.gather(y, rows), tf.gather(weight, rows)
            with tf.GradientTape() as tape:
                logits = self._forward(tf.gather(X, rows), dropout, seed, start)
                batch_sum = tf.reduce_sum(weights * self._loss(targets, logits))
                loss = batch_sum / tf.cast(tf.size(rows), tf.float32)
            variables = [variable.value for variable in self._variables]
            self._optimizer.apply(tape.gradient(loss, variables), self._variables)
            return (
                start + batch_size,
                loss_sum + batch_sum,
                n_right + self._n_right(targets, logits),
            )

        _, loss_sum, n_right = tf.while_loop(
            lambda start, *_: start < n_rows,
            step,
            (tf.constant(0, tf.int64), tf.constant(0.0), tf.constant(0.0)),
            parallel_iterations=1,
        )
        return loss_sum, n_right

    def _validation(self, X, y, weight):
        import tensorflow as tf

        logits = self._forward(X)
        return tf.reduce_sum(weight * self._loss(y, logits)), self._n_right(y, logits)

    def _forward(self, X, dropout=None, seed=None, step=None):
        import tensorflow as tf

        def drop(X, number):
            # Stateless: what is dropped depends on seed, step and layer, not on a history.
            numbers = tf.stack([seed, step * (len(self._layers) + 1) + number])
            kept = tf.random.stateless_uniform(tf.shape(X), numbers) >= dropout
            return tf.where(kept, X / (1 - dropout), tf.zeros_like(X))

        has_dropout = self.head.has_dropout and dropout is not None
        *hidden, last = self._layers
        if has_dropout and not hidden:
            X = drop(X, 0)
        for number, layer in enumerate(hidden):
            X = tf.nn.relu(layer(X))
            X = drop(X, number) if has_dropout else X
        return last(X)

    def _n_right(self, y, logits):
        import tensorflow as tf

        if self.head.n_outputs == 1:
            predicted = tf.cast(logits > 0, tf.float32)
        else:
            predicted = tf.cast(tf.argmax(logits, axis=1)[:, tf.newaxis], tf.float32)
        return tf.reduce_sum(tf.cast(predicted == y, tf.float32))
