"""Rows of features, where the compiled functions read them: all at once, or block by block."""

from typing import NamedTuple

import numpy as np

from .._threads import WorkerThreads

# Of float32, in bytes.
_ITEM = 4
# XLA copies an argument that does not start at such an address.
_ALIGNMENT = 64
# Rows are gathered in pieces that stay in a processor's cache.
_PIECE_BYTES = 2**20


class Block(NamedTuple):
    """Arguments of a compiled function: rows, and which of them to visit.

    Parameters
    ----------
    X : Tensor of shape (capacity, n_features), float32
        Features. What lies beyond the rows in use is never read.

    y : Tensor of shape (capacity, n_targets), float32
        Number of the class of each row, or of each of its labels.

    weight : Tensor of shape (capacity,) or (capacity, n_targets), float32
        Weights.

    order : Tensor of shape (capacity,), int32
        The rows to visit, one after the other.

    n_rows : Tensor, int32
        How many numbers of ``order`` count.

    first : Tensor, int32
        How many rows other blocks have had before.
    """

    X: object
    y: object
    weight: object
    order: object
    n_rows: object
    first: object


def hold_rows(X, y, weight, budget):
    """Make rows ready for the compiled functions.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32 or float64
        Features; a memory-mapped array too.

    y : ndarray of shape (n_rows,) or (n_rows, n_labels)
        Number of the class of each row, or of each of its labels.

    weight : ndarray of the shape of y
        Weights.

    budget : int
        Bytes that a copy of the features may take.

    Returns
    -------
    rows : ResidentRows or StreamedRows
        Streamed if a copy of all the features is over the budget.
    """
    kind = ResidentRows if _ITEM * X.size <= budget else StreamedRows
    return kind(X, y, weight, budget)


class ResidentRows:
    """A copy of all rows, made once.

    Parameters
    ----------
    X, y, weight, budget : as for :func:`hold_rows`
    """

    def __init__(self, X, y, weight, budget):
        self._buffer = _Buffer(roomy(len(X)), X.shape[1])
        self._buffer.fill(X, y, weight, np.arange(len(X)))

    def blocks(self, order, multiple):
        """Give the rows in one block.

        Parameters
        ----------
        order : ndarray of shape (n_visits,)
            The rows to visit.

        multiple : int
            Of no concern here.

        Yields
        ------
        block : Block
            The rows.
        """
        yield self._buffer.block(order, 0)


class StreamedRows:
    """Copies of some rows at a time, in the order in which they are visited.

    While the compiled function works on one half of the budget, the other is filled.

    Parameters
    ----------
    X, y, weight, budget : as for :func:`hold_rows`
    """

    def __init__(self, X, y, weight, budget):
        self._source = X, y, weight
        self._capacity = budget // (2 * _ITEM * X.shape[1])
        self._buffers = []

    def blocks(self, order, multiple):
        """Give the rows block by block.

        Parameters
        ----------
        order : ndarray of shape (n_visits,)
            The rows to visit.

        multiple : int
            Each block but the last has a multiple of so many rows, so that no batch is
            torn. A block has one batch at least, whatever the budget is.

        Yields
        ------
        block : Block
            The rows, valid until the next block is asked for.
        """
        if not self._buffers or self._buffers[0].capacity < multiple:
            # The old ones are let go first: both kinds together would be over the budget.
            self._buffers = []
            capacity = max(self._capacity, roomy(multiple))
            n_features = self._source[0].shape[1]
            self._buffers = [_Buffer(capacity, n_features) for _ in range(2)]
        n_rows = self._buffers[0].capacity // multiple * multiple
        starts = range(0, len(order), n_rows)
        with WorkerThreads(1) as thread:

            def fill(number):
                rows = order[starts[number] : starts[number] + n_rows]
                buffer = self._buffers[number % 2]
                return thread.submit(buffer.fill, *self._source, rows), len(rows)

            upcoming = fill(0)
            for number, start in enumerate(starts):
                filled, n_filled = upcoming
                filled.result()
                if number + 1 < len(starts):
                    upcoming = fill(number + 1)
                yield self._buffers[number % 2].block(np.arange(n_filled), start)


def roomy(n_rows):
    """Round a number of rows up, by an eighth at most.

    XLA compiles for a fixed number of rows; folds that differ by a few share it.

    Parameters
    ----------
    n_rows : int
        The number.

    Returns
    -------
    capacity : int
        Not less.
    """
    step = 2 ** max(0, (n_rows - 1).bit_length() - 4)
    return -(-n_rows // step) * step


class _Buffer:
    """Memory that NumPy fills and TensorFlow reads, without a copy in between."""

    def __init__(self, capacity, n_features):
        import tensorflow as tf

        self.capacity = capacity
        n_bytes = _ITEM * capacity * n_features
        # Pages that no row needs are never touched, so they take no memory.
        raw = np.empty(n_bytes + _ALIGNMENT, dtype=np.uint8)
        start = -raw.ctypes.data % _ALIGNMENT
        self._X = raw[start : start + n_bytes].view(np.float32).reshape(capacity, n_features)
        self._X_tensor = tf.experimental.dlpack.from_dlpack(self._X.__dlpack__())

    def fill(self, X, y, weight, rows):
        import tensorflow as tf

        n_rows = max(1, _PIECE_BYTES // (_ITEM * X.shape[1]))
        with np.errstate(over="raise"):
            for start in range(0, len(rows), n_rows):
                piece = rows[start : start + n_rows]
                self._copy(X[piece], start)
        n_more = self.capacity - len(rows)
        self._y = tf.constant(_padded(y[rows].reshape(len(rows), -1), n_more), tf.float32)
        self._weight = tf.constant(_padded(weight[rows], n_more), tf.float32)

    def _copy(self, piece, start):
        try:
            self._X[start : start + len(piece)] = piece
        except FloatingPointError:
            raise ValueError(
                f"X has a value of {np.abs(piece).max():g}, beyond the range of float32, in "
                "which training computes. Scale the features (StandardScaler)."
            ) from None

    def block(self, order, first):
        import tensorflow as tf

        # A splitter may give a row more than once.
        padded = np.zeros(max(self.capacity, roomy(len(order))), dtype=np.int32)
        padded[: len(order)] = order
        return Block(
            self._X_tensor,
            self._y,
            self._weight,
            tf.constant(padded),
            tf.constant(len(order), tf.int32),
            tf.constant(first, tf.int32),
        )


def _padded(values, n_rows):
    return np.pad(values, [(0, n_rows), *[(0, 0)] * (values.ndim - 1)])
