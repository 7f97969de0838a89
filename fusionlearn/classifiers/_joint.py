"""A head and the last layers of networks, trained together."""

from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ..backbones import Network, TrainedPart
from ._optimizers import InitialState, copy_values, find_optimizer
from ._outputs import loss_of, right_rows, targets_shape

_EVALUATED_TOGETHER = 64


@dataclass(frozen=True)
class Joint:
    """Everything that shapes a head and trained layers as one model.

    Parameters
    ----------
    networks : tuple of Network
        In the order of their features; those that are not cut stay frozen.

    scales : tuple of float
        What the features of each network are multiplied by.

    row_lengths : tuple of int
        Length of a row that enters of each network.

    n_features : int
        Number of features of all of them.

    hidden_units : tuple of int
        Units of the head's hidden layers.

    n_outputs : int
        1 for two classes, else the number of classes; or of labels.

    is_multilabel : bool
        Whether outputs are labels, each by itself, instead of classes.

    optimizer : str
        Name of the optimizer.

    weight_decay : float or None
        Share of a weight, times the learning rate, that is taken off at each step; None
        is the optimizer's own.

    clipnorm : float or None
        Largest norm of all gradients together.
    """

    networks: tuple[Network, ...]
    scales: tuple
    row_lengths: tuple
    n_features: int
    hidden_units: tuple
    n_outputs: int
    is_multilabel: bool
    optimizer: str
    weight_decay: float | None
    clipnorm: float | None


class JointTrainer:
    """The model of a :class:`Joint`, its optimizer and its compiled functions.

    Parameters
    ----------
    head : Joint
        What shapes it.

    Attributes
    ----------
    head : Joint
        The same.
    """

    def __init__(self, head):
        keras = import_keras()
        self.head = head
        self._parts = [
            TrainedPart(network) if network.trained_layers else None for network in head.networks
        ]
        widths = [head.n_features, *head.hidden_units, head.n_outputs]
        with isolated_keras_build(0):
            self._layers = []
            for n_inputs, n_units in pairwise(widths):
                layer = keras.layers.Dense(n_units, kernel_initializer="zeros")
                layer.build((None, n_inputs))
                self._layers.append(layer)
            self._head_variables = [v for layer in self._layers for v in (layer.kernel, layer.bias)]
            self._tuned = [part.variables if part else [] for part in self._parts]
            self._variables = [*self._head_variables, *chain.from_iterable(self._tuned)]
            given = {"weight_decay": head.weight_decay, "global_clipnorm": head.clipnorm}
            given = {name: value for name, value in given.items() if value is not None}
            self._optimizer = find_optimizer(head.optimizer)(**given)
            # Decay is for what multiplies, not for offsets.
            self._optimizer.exclude_from_weight_decay(
                var_list=[v for v in self._variables if len(v.shape) < 2]
            )
            self._untrained = [copy_values(tuned) for tuned in self._tuned]
            self._initial = InitialState(self._optimizer, self._variables)
        self._seeds = [
            generator
            for part in self._parts
            if part
            for layer in part.model._flatten_layers()
            for generator in getattr(layer, "_seed_generators", [])
        ]
        self._averages = None
        self._loss = loss_of(head)
        self._prepare()

    def _prepare(self):
        import tensorflow as tf

        head = self.head
        rows = [
            tf.TensorSpec([None, length], tf.uint8 if network.row_type == "|u1" else tf.float32)
            for length, network in zip(head.row_lengths, head.networks, strict=True)
        ]
        targets = [tf.TensorSpec([None, *shape], tf.float32) for shape in targets_shape(head)]
        batch = [rows, *targets]
        settings = [tf.TensorSpec([], tf.float32), tf.TensorSpec([2], tf.int32)]
        self._step = _compile(self._train_batch, [*batch, *settings])
        self._look = _compile(self._evaluate_batch, batch)
        self._logits = _compile(self._predict_batch, [rows])

    def reset(self, head_arrays, rng, learning_rate, averaging):
        """Bring every variable into the state of a fresh start.

        Parameters
        ----------
        head_arrays : tuple of (list of ndarray, list of ndarray)
            Weights and biases of the head.

        rng : numpy.random.Generator
            Seeds the dropout inside the networks.

        learning_rate : float
            Learning rate of the optimizer.

        averaging : float
            Share that the running mean of the weights keeps at each step; 0 for none.
        """
        self._initial.restore_constants()
        self._optimizer.learning_rate = float(learning_rate)
        for generator in self._seeds:
            generator.state.assign(rng.integers(0, 2**31, 2).astype("uint32"))
        self.load(head_arrays, self._untrained)
        self._initial.restore_copies()
        self._averaging = averaging
        self._averages = copy_values(self._variables) if averaging else None

    def load(self, head_arrays, tuned):
        """Set the weights.

        Parameters
        ----------
        head_arrays : tuple of (list of ndarray, list of ndarray)
            Weights and biases of the head.

        tuned : list of list of ndarray
            Weights of the trained layers of each network.
        """
        for layer, coef, intercept in zip(self._layers, *head_arrays, strict=True):
            layer.kernel.assign(coef)
            layer.bias.assign(intercept)
        for variables, arrays in zip(self._tuned, tuned, strict=True):
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)

    def arrays(self):
        """Copy the weights, averaged ones where there are any.

        Returns
        -------
        head_arrays : tuple of (list of ndarray, list of ndarray)
            Weights and biases of the head.

        tuned : list of list of ndarray
            Weights of the trained layers of each network.
        """
        if self._averages is None:
            values = copy_values(self._variables)
        else:
            values = [average.copy() for average in self._averages]
        n_head = len(self._head_variables)
        tuned, start = [], n_head
        for variables in self._tuned:
            tuned.append(values[start : start + len(variables)])
            start += len(variables)
        return (values[:n_head:2], values[1:n_head:2]), tuned

    def train_epoch(self, rows, y, weight, order, batch_size, dropout, rates, rng):
        """Go once through the data.

        Parameters
        ----------
        rows : list of ndarray of shape (n_samples, n_inputs)
            For each network what enters it, or its features.

        y, weight : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Number of the class, and weight of each sample.

        order : ndarray of int
            Rows in the order in which batches are made of them.

        batch_size : int
            Rows of a batch; the last one may have less.

        dropout : float
            Share of values in the head that are set to zero.

        rates : iterable of float
            Learning rate of each batch.

        rng : numpy.random.Generator
            Seeds the dropout.

        Returns
        -------
        loss : float
            Weighted loss divided by the number of rows.

        accuracy : float
            Share of rows that were classified rightly.
        """
        sums = np.zeros(2)
        for start, rate in zip(range(0, len(order), batch_size), rates, strict=True):
            batch = self._batch(rows, y, weight, order[start : start + batch_size])
            self._optimizer.learning_rate = float(rate)
            seed = rng.integers(0, 2**31, 2).astype(np.int32)
            sums += [float(v) for v in self._run_step(batch, dropout, seed)]
            self._average()
        return tuple(sums / len(order))

    def evaluate(self, rows, y, weight, order):
        """Compute loss and accuracy without training, as ``train_epoch`` gives them."""
        current = copy_values(self._variables) if self._averages is not None else None
        if current is not None:
            self._assign(self._averages)
        sums = np.zeros(2)
        for start in range(0, len(order), _EVALUATED_TOGETHER):
            batch = self._batch(rows, y, weight, order[start : start + _EVALUATED_TOGETHER])
            sums += [float(v) for v in self._look(*batch)]
        if current is not None:
            self._assign(current)
        return tuple(sums / len(order))

    def logits(self, rows):
        """Compute the outputs before the sigmoid or softmax.

        Parameters
        ----------
        rows : list of ndarray of shape (n_samples, n_inputs)
            As for ``train_epoch``.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_outputs), float64
            Outputs.
        """
        n_samples = len(rows[0])
        logits = np.empty((n_samples, self.head.n_outputs))
        for start in range(0, n_samples, _EVALUATED_TOGETHER):
            stop = start + _EVALUATED_TOGETHER
            batch = [_tensor(part[start:stop]) for part in rows]
            logits[start:stop] = import_keras().ops.convert_to_numpy(self._logits(batch))
        return logits

    def maps(self, rows):
        """Compute what the networks with trained layers pool into features.

        Parameters
        ----------
        rows : list of ndarray of shape (n_samples, n_inputs)
            As for ``train_epoch``.

        Returns
        -------
        maps : list of (list of ndarray or None)
            For each network the maps of its layers; None for one that is not cut.
        """
        keras = import_keras()
        maps = []
        for part, row in zip(self._parts, rows, strict=True):
            if part is None:
                maps.append(None)
                continue
            batches = [
                keras.tree.flatten(
                    part.maps(
                        part.tensors(_tensor(row[start : start + _EVALUATED_TOGETHER])),
                        training=False,
                    )
                )
                for start in range(0, len(row), _EVALUATED_TOGETHER)
            ]
            to_numpy = keras.ops.convert_to_numpy
            layers = zip(*batches, strict=True)
            maps.append([np.concatenate([to_numpy(of) for of in layer]) for layer in layers])
        return maps

    def _batch(self, rows, y, weight, chosen):
        return (
            [_tensor(part[chosen]) for part in rows],
            _tensor(y[chosen].reshape(len(chosen), -1)),
            _tensor(weight[chosen]),
        )

    def _assign(self, values):
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def _average(self):
        if self._averages is None:
            return
        for average, value in zip(self._averages, copy_values(self._variables), strict=True):
            average += (1 - self._averaging) * (value - average)

    def _run_step(self, batch, dropout, seed):
        """Train on a batch; give the sum of its losses and the number of right answers."""
        import tensorflow as tf

        return self._step(*batch, tf.constant(dropout, tf.float32), tf.constant(seed))

    def _train_batch(self, rows, y, weight, dropout, seed):
        import tensorflow as tf

        def dropped(X, number):
            drawn = tf.random.stateless_uniform(tf.shape(X), seed + number)
            return tf.where(drawn >= dropout, X / (1 - dropout), 0.0)

        with tf.GradientTape() as tape:
            logits = self._forward(rows, dropped)
            losses = self._loss(y, logits, weight)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, [v.value for v in self._variables])
        self._optimizer.apply(gradients, self._variables)
        return tf.reduce_sum(losses), self._count_right(y, logits)

    def _evaluate_batch(self, rows, y, weight):
        logits = self._forward(rows)
        losses = self._loss(y, logits, weight)
        return import_keras().ops.sum(losses), self._count_right(y, logits)

    def _predict_batch(self, rows):
        return self._forward(rows)

    def _count_right(self, y, logits):
        return import_keras().ops.sum(right_rows(self.head, y, logits))

    def _forward(self, rows, dropped=None):
        """Outputs before the sigmoid or softmax; ``dropped`` acts on what enters a layer."""
        ops = import_keras().ops
        features = []
        for part, row, scale in zip(self._parts, rows, self.head.scales, strict=True):
            if part is None:
                block = ops.cast(row, "float32")
            else:
                block = part.model(part.tensors(row), training=dropped is not None)
            features.append(block * scale if scale != 1 else block)
        X = ops.concatenate(features, axis=1)
        dropped = dropped or (lambda X, number: X)
        *hidden, last = self._layers
        if not hidden:
            X = dropped(X, 0)
        for number, layer in enumerate(hidden):
            X = ops.relu(ops.matmul(X, layer.kernel.value) + layer.bias.value)
            X = dropped(X, number)
        return ops.matmul(X, last.kernel.value) + last.bias.value


def _compile(function, signature):
    import tensorflow as tf

    # Concrete, since TensorFlow takes one more trainer for one more tracing, and warns.
    return tf.function(function, input_signature=signature, autograph=False).get_concrete_function()


def _tensor(array):
    # NumPy widens float16, which some processors' TensorFlow complains of in the log.
    array = array if array.dtype == np.uint8 else array.astype(np.float32, copy=False)
    return import_keras().ops.convert_to_tensor(array)
