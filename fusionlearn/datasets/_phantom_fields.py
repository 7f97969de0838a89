"""Pictures made of chance: smooth fields and scattered points."""

import numpy as np
from scipy.ndimage import gaussian_filter


class Noise:
    """Smooth random fields of unit variance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.

    size : int
        Width and height of the fields in pixels.
    """

    def __init__(self, rng, size):
        self.rng, self.size = rng, size

    def __call__(self, width):
        """Make a field whose spots are ``width`` half widths of the picture large."""
        # Coarse fields are made small and enlarged: much faster, and they are smooth.
        sigma = width * self.size / 2
        step = max(1, int(sigma / 1.5))
        small = -(-self.size // step) + 2
        field = self.rng.standard_normal((small, small), dtype=np.float32)
        field = gaussian_filter(field, sigma / step)
        field /= field.std()
        if step > 1:
            field = _enlarge(field, step)
        return field[: self.size, : self.size]


def splat(column, row, weight, size):
    """Spread points over the four pixels around each.

    Parameters
    ----------
    column, row : ndarray of shape (n_points,)
        Where the points are, in pixels; those outside the picture are left out.

    weight : ndarray of shape (n_points,)
        What each adds in all.

    size : int
        Width and height of the picture in pixels.

    Returns
    -------
    image : ndarray of shape (size, size)
        The picture.
    """
    image = np.zeros(size * size)
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            i, j = top + down, left + right
            share = (1 - np.abs(row - i)) * (1 - np.abs(column - j)) * weight
            inside = (i >= 0) & (i < size) & (j >= 0) & (j < size)
            image += np.bincount(i[inside] * size + j[inside], share[inside], minlength=size * size)
    return image.reshape(size, size)


def _enlarge(field, step):
    """Enlarge by linear interpolation along both axes."""
    along = np.arange(step, dtype=np.float32) / step
    for _ in range(2):
        left, right = field[:-1, np.newaxis], field[1:, np.newaxis]
        weight = along[np.newaxis, :, np.newaxis]
        field = (left + (right - left) * weight).reshape(-1, field.shape[1]).T
    return field
