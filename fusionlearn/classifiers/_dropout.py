"""Dropout whose choice is a pure function of seed, row and unit."""

import numpy as np


def draw_keys(rng):
    """Draw what a whole epoch's dropout depends on.

    Parameters
    ----------
    rng : numpy.random.Generator
        The generator.

    Returns
    -------
    keys : ndarray of shape (2,), uint32
        The keys.
    """
    return rng.integers(2**32, size=2, dtype=np.uint32)


def threshold_of(rate):
    """Turn a rate into the number below which a random number drops a value.

    Parameters
    ----------
    rate : float
        Share of values that are set to zero, in [0, 1).

    Returns
    -------
    threshold : int
        In [0, 2**32).
    """
    return min(round(rate * 2**32), 2**32 - 1)


def drop(X, counters, threshold, scale, keys):
    """Set a share of values to zero and scale the others.

    Random numbers are hashes of a counter: two keyed rounds of a 32-bit integer hash
    with low bias [1]_. TensorFlow's own stateless numbers cost ten times as much as all
    the rest of an epoch; these melt into the loops that XLA makes of it.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_units)
        Values.

    counters : Tensor of shape (n_rows, n_units), uint32
        A number for each value that no other value of the epoch has.

    threshold : Tensor, uint32
        As :func:`threshold_of` makes it.

    scale : Tensor, float32
        Factor for the values that are kept.

    keys : Tensor of shape (2,), uint32
        As :func:`draw_keys` draws them.

    Returns
    -------
    dropped : Tensor of shape (n_rows, n_units)
        The values.

    References
    ----------
    .. [1] C. Wellons, "Prospecting for Hash Functions" (2018).
    """
    import tensorflow as tf

    # One round alone would only permute one and the same set of masks.
    hashed = _hash(_hash(counters ^ keys[0]) ^ keys[1])
    return tf.where(hashed >= threshold, X * scale, tf.zeros_like(X))


def _hash(numbers):
    import tensorflow as tf

    def fold(numbers, n_bits):
        return numbers ^ tf.bitwise.right_shift(numbers, tf.constant(n_bits, tf.uint32))

    numbers = fold(numbers, 16) * tf.constant(0x7FEB352D, tf.uint32)
    numbers = fold(numbers, 15) * tf.constant(0x846CA68B, tf.uint32)
    return fold(numbers, 16)


def dropout_masks(widths, first, n_rows, rate, keys):
    """Make for rows what :func:`drop` multiplies values by, in plain NumPy.

    Parameters
    ----------
    widths : sequence of int
        Number of values of a row, for each time that values are dropped.

    first : int
        Number of the first row in its epoch.

    n_rows : int
        Number of rows.

    rate : float
        Share of values that are set to zero, in [0, 1).

    keys : ndarray of shape (2,), uint32
        As :func:`draw_keys` draws them.

    Returns
    -------
    masks : list of ndarray of shape (n_rows, width), float32
        0, or what makes up for those that are 0.
    """
    scale, threshold = np.float32(1 / (1 - rate)), np.uint32(threshold_of(rate))
    rows = (first + np.arange(n_rows, dtype=np.uint64)) * np.uint64(sum(widths))
    masks = []
    for number, width in enumerate(widths):
        counters = rows[:, np.newaxis] + np.uint64(sum(widths[:number]))
        counters = counters + np.arange(width, dtype=np.uint64)
        hashed = (counters & np.uint64(2**32 - 1)).astype(np.uint32)
        for key in keys:
            hashed = _hash_numbers(hashed ^ key)
        masks.append(np.where(hashed >= threshold, scale, np.float32(0)))
    return masks


def _hash_numbers(numbers):
    # Products wrap around, as they are meant to.
    numbers = (numbers ^ (numbers >> np.uint32(16))) * np.uint32(0x7FEB352D)
    numbers = (numbers ^ (numbers >> np.uint32(15))) * np.uint32(0x846CA68B)
    return numbers ^ (numbers >> np.uint32(16))
