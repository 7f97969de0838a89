"""Pillow's bilinear resampling as a graph, to the bit, for pictures of any size."""

import numpy as np

from .._compat import import_keras

# Pillow weighs with integers of 22 bits. Neither they nor sums of their products with levels
# fit the 24 bits that float32 has, which is all that some runtimes compute in: a weight is
# kept as two numbers of 11 bits.
_HALF_BITS = 2048.0


def resize(pixels, size):
    """Stretch pictures to an input size as ``PIL.Image.resize`` does, bilinear, width first.

    Parameters
    ----------
    pixels : keras.KerasTensor of shape (n, height, width, n_channels)
        Whole numbers in 0-255, float32; height and width need not be known.

    size : tuple of (int, int)
        Height and width of the result.

    Returns
    -------
    pixels : keras.KerasTensor of shape (n, *size, n_channels)
        Whole numbers in 0-255, float32.

    Notes
    -----
    All arithmetic is of whole numbers that float32 holds, so that every runtime gives
    Pillow's levels. It holds them up to sides of some 4,000 pixels; beyond, a level may be
    off by one.
    """
    ops = import_keras().ops
    across, down = _weights(pixels, 2, size[1]), _weights(pixels, 1, size[0])
    # Channels first: both products are of matrices as they lie. A single channel has no axis:
    # (n, 1, height, width) times a matrix is wrong in TensorFlow 2.18 and 2.21 with oneDNN from
    # two pictures on, and writes over foreign memory.
    is_grey = pixels.shape[-1] == 1
    pixels = ops.squeeze(pixels, -1) if is_grey else ops.transpose(pixels, (0, 3, 1, 2))
    pixels = _level(*(ops.matmul(pixels, ops.transpose(half)) for half in across))
    pixels = _level(*(ops.matmul(half, pixels) for half in down))
    return ops.expand_dims(pixels, -1) if is_grey else ops.transpose(pixels, (0, 2, 3, 1))


def _level(high, low):
    ops = import_keras().ops
    carry = ops.floor(low / _HALF_BITS)
    rounded = ops.floor((high + carry + _HALF_BITS / 2) / _HALF_BITS)
    return ops.minimum(rounded, 255.0)


def _weights(pixels, axis, length):
    """Weights of all places of one side, for each place of the result: high and low bits."""
    ops = import_keras().ops
    line = pixels[0, :, 0, 0] if axis == 1 else pixels[0, 0, :, 0]
    # The shape of a symbolic tensor is not known yet; a sum over ones is, when it runs.
    ones = ops.ones_like(line)
    n_places = ops.sum(ones)
    place = ops.expand_dims(ops.cumsum(ones) - 1.0, 0)
    result = np.arange(length, dtype=np.float32)[:, np.newaxis]
    # Distance from the centre of what is sampled, in parts of which all lengths are whole.
    distance = ops.abs((2.0 * place + 1.0) * float(length) - n_places * (2.0 * result + 1.0))
    reach = 2.0 * ops.maximum(n_places, float(length))
    triangle = ops.maximum(0.0, reach - distance)
    total = ops.sum(triangle, axis=1, keepdims=True)
    # Long division, in steps small enough for float32.
    first, rest = _divide(triangle * 64.0, total)
    second, rest = _divide(rest * 32.0, total)
    third, rest = _divide(rest * 64.0, total)
    fourth, rest = _divide(rest * 32.0, total)
    rounded_up = ops.cast(2.0 * rest >= total, "float32")
    return first * 32.0 + second, third * 32.0 + fourth + rounded_up


def _divide(dividend, divisor):
    ops = import_keras().ops
    quotient = ops.floor(dividend / divisor)
    rest = dividend - quotient * divisor
    # Some runtimes divide by multiplying with a rounded inverse.
    step = ops.cast(rest >= divisor, "float32") - ops.cast(rest < 0.0, "float32")
    return quotient + step, rest - step * divisor
