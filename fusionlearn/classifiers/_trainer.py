"""A head whose epochs are single compiled calls of TensorFlow."""

from contextlib import nullcontext

from .._compat import without_chatter
from ._dropout import drop, threshold_of
from ._head_model import HeadModel
from ._outputs import right_rows, targets_shape
from ._rows import Block, hold_rows


class Trainer(HeadModel):
    """The compiled functions that train and evaluate a head where Keras runs on TensorFlow.

    Parameters
    ----------
    head : Head
        The shape.
    """

    def __init__(self, head):
        # Rows that are computed together, whatever the size of a batch is, so that one
        # compiled function serves all. More pay where a matrix is read for each of them.
        self._tile = 8 if head.hidden_units else 4
        self._has_spoken = not head.uses_xla
        super().__init__(head)

    def _build(self, keras):
        import tensorflow as tf

        super()._build(keras)
        dtypes = Block(tf.float32, tf.float32, tf.float32, tf.int32, tf.int32, tf.int32)
        y, weight = ([None, *shape] for shape in targets_shape(self.head))
        shapes = Block([None, self.head.n_features], y, weight, [None], [], [])
        block = [tf.TensorSpec(*spec) for spec in zip(shapes, dtypes, strict=True)]
        sums = [tf.TensorSpec([], tf.float32)] * 2
        settings = [
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.uint32),
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([2], tf.uint32),
        ]
        self._train = self._compile(self._train_block, [*block, *sums, *settings])
        self._evaluate = self._compile(self._evaluate_block, [*block, *sums])

    def _compile(self, function, signature):
        import tensorflow as tf

        return tf.function(
            function, input_signature=signature, autograph=False, jit_compile=self.head.uses_xla
        ).get_concrete_function()

    def hold(self, X, y, weight, budget):
        """Make rows ready; parameters as for :func:`hold_rows`."""
        return hold_rows(X, y, weight, budget)

    def train_epoch(self, rows, order, batch_size, dropout, keys):
        """Go once through the data.

        Parameters
        ----------
        rows : ResidentRows or StreamedRows
            Features, targets and weights.

        order : ndarray of shape (n_rows,), int64
            Rows of the data, in the order in which batches are made of them.

        batch_size : int
            Rows of a batch; the last one may have less.

        dropout : float
            Share of inputs that are set to zero.

        keys : ndarray of shape (2,), uint32
            Keys of the dropout.

        Returns
        -------
        loss : float
            Weighted loss divided by the number of rows.

        accuracy : float
            Share of rows that were classified rightly.
        """
        import tensorflow as tf

        # More than all rows would make room for rows that are not there.
        batch_size = min(batch_size, len(order))
        settings = (
            tf.constant(batch_size, tf.int32),
            tf.constant(threshold_of(dropout), tf.uint32),
            tf.constant(1 / (1 - dropout), tf.float32),
            tf.constant(keys),
        )
        return self._means(self._train, rows.blocks(order, batch_size), settings, len(order))

    def evaluate(self, rows, order):
        """Compute loss and accuracy without training.

        Parameters
        ----------
        rows : ResidentRows or StreamedRows
            Features, targets and weights.

        order : ndarray of shape (n_rows,), int64
            Rows of the data to look at.

        Returns
        -------
        loss : float
            Weighted loss divided by the number of rows.

        accuracy : float
            Share of rows that were classified rightly.
        """
        return self._means(self._evaluate, rows.blocks(order, self._tile), (), len(order))

    def _means(self, function, blocks, settings, n_rows):
        import tensorflow as tf

        sums = (tf.constant(0.0), tf.constant(0.0))
        for block in blocks:
            # XLA compiles at the first call, and says so to everybody.
            with nullcontext() if self._has_spoken else without_chatter():
                results = function(*block, *sums, *settings)
            self._has_spoken = True
            # Goes on when the function has ended, since the next block may overwrite this one.
            sums = tuple(tf.constant(total.numpy()) for total in results)
        return tuple(float(total) / n_rows for total in sums)

    def _train_block(self, X, y, weight, order, n_rows, first, loss_sum, n_right, *settings):
        import tensorflow as tf

        batch_size, *dropout = settings
        tensors = Block(X, y, weight, order, n_rows, first)

        def step(start, loss_sum, n_right):
            stop = tf.minimum(start + batch_size, n_rows)
            weights = [tf.identity(variable.value) for variable in self._variables]
            share = 1 / tf.cast(stop - start, tf.float32)

            def add_tile(start, loss_sum, n_right, *gradients):
                with tf.GradientTape() as tape:
                    tape.watch(weights)
                    loss, right = self._tile_sums(tensors, start, stop, weights, dropout)
                    batch_loss = loss * share
                more = tape.gradient(batch_loss, weights)
                gradients = [sum(pair) for pair in zip(gradients, more, strict=True)]
                return start + self._tile, loss_sum + loss, n_right + right, *gradients

            zeros = [tf.zeros_like(array) for array in weights]
            _, loss_sum, n_right, *gradients = _loop(
                add_tile, (start, loss_sum, n_right, *zeros), stop
            )
            self._optimizer.apply(gradients, self._variables)
            return stop, loss_sum, n_right

        return _loop(step, (tf.constant(0), loss_sum, n_right), n_rows)[1:]

    def _evaluate_block(self, X, y, weight, order, n_rows, first, loss_sum, n_right):
        import tensorflow as tf

        tensors = Block(X, y, weight, order, n_rows, first)
        weights = [variable.value for variable in self._variables]

        def add_tile(start, loss_sum, n_right):
            loss, right = self._tile_sums(tensors, start, n_rows, weights)
            return start + self._tile, loss_sum + loss, n_right + right

        return _loop(add_tile, (tf.constant(0), loss_sum, n_right), n_rows)[1:]

    def _tile_sums(self, block, start, stop, weights, dropout=None):
        """Compute loss and right answers of a fixed number of rows, of which some may count."""
        import tensorflow as tf

        positions = start + tf.range(self._tile)
        counts = tf.cast(positions < stop, tf.float32)
        rows = tf.gather(block.order, tf.minimum(positions, stop - 1))
        targets = tf.gather(block.y, rows)
        logits = self._forward(tf.gather(block.X, rows), weights, block.first + positions, dropout)
        losses = self._loss(targets, logits, tf.gather(block.weight, rows))
        is_right = right_rows(self.head, targets, logits)
        return tf.reduce_sum(losses * counts), tf.reduce_sum(is_right * counts)

    def _forward(self, X, weights, positions, dropout):
        import tensorflow as tf

        widths = self.head.hidden_units or (self.head.n_features,)

        def dropped(X, number):
            if not self.head.has_dropout or dropout is None:
                return X
            # Wraps beyond 2**32 values, so rows that are far apart lose the same ones.
            first = tf.cast(positions, tf.uint32) * sum(widths) + sum(widths[:number])
            counters = first[:, tf.newaxis] + tf.cast(tf.range(widths[number]), tf.uint32)
            return drop(X, counters, *dropout)

        *hidden, last = list(zip(weights[::2], weights[1::2], strict=True))
        if not hidden:
            X = dropped(X, 0)
        for number, (coef, intercept) in enumerate(hidden):
            X = dropped(tf.nn.relu(X @ coef + intercept), number)
        return X @ last[0] + last[1]


def _loop(body, start, stop):
    import tensorflow as tf

    return tf.while_loop(lambda position, *_: position < stop, body, start, parallel_iterations=1)
