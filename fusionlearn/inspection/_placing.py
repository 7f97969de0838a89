"""From the places of a network's map to the pixels of a picture."""

import numpy as np
from scipy.ndimage import map_coordinates

# By how much a view that moves nothing may reach beyond the picture.
_ROUNDING = 1e-9


def place(grid, geometry, shape):
    """Spread the places of a map over the picture.

    Parameters
    ----------
    grid : ndarray of shape (n_rows, n_columns)
        Values per area of the view that the network saw.

    geometry : ndarray of shape (3, 3)
        From places in the view to places in the picture, as
        :meth:`fusionlearn.images.ImageReference.geometry` gives it.

    shape : tuple of (int, int)
        Height and width of the picture.

    Returns
    -------
    values : ndarray of shape (height, width), float64
        Values per area of the picture, with linear interpolation between the places; 0
        where the view does not reach. What lies beyond the picture, in the padding of a
        turned or shifted view, goes to the nearest pixel, of which the padding is a copy.
        The mean is that of ``grid``.
    """
    height, width = shape
    backwards = np.linalg.inv(geometry)
    x = (np.arange(width) + 0.5) / width
    y = (np.arange(height)[:, np.newaxis] + 0.5) / height
    seen_x = backwards[0, 0] * x + backwards[0, 1] * y + backwards[0, 2]
    seen_y = backwards[1, 0] * x + backwards[1, 1] * y + backwards[1, 2]
    values = _interpolate(grid, seen_x, seen_y)
    is_seen = (seen_x >= 0) & (seen_x <= 1) & (seen_y >= 0) & (seen_y <= 1)
    values = np.where(is_seen, values * abs(np.linalg.det(backwards)), 0.0)
    values += _from_padding(grid, geometry, shape)
    # What is lost between samples is shared out in proportion, so that 0 stays 0.
    size = np.abs(values).sum()
    if size > 0:
        values += np.abs(values) * ((grid.mean() * values.size - values.sum()) / size)
    return values


def _from_padding(grid, geometry, shape):
    """Evidence that lies beyond the picture, at the pixel that is nearest."""
    corners = geometry @ [[0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]
    if corners[:2].min() > -_ROUNDING and corners[:2].max() < 1 + _ROUNDING:
        return 0.0
    # Each place has as many samples, and about one falls on each pixel.
    n_rows, n_columns = (
        n_places * -(-length // n_places)
        for n_places, length in zip(grid.shape, shape, strict=True)
    )
    x = (np.arange(n_columns) + 0.5) / n_columns
    y = (np.arange(n_rows)[:, np.newaxis] + 0.5) / n_rows
    at_x = geometry[0, 0] * x + geometry[0, 1] * y + geometry[0, 2]
    at_y = geometry[1, 0] * x + geometry[1, 1] * y + geometry[1, 2]
    is_beyond = (at_x < 0) | (at_x > 1) | (at_y < 0) | (at_y > 1)
    height, width = shape
    columns = np.clip(np.floor(at_x[is_beyond] * width), 0, width - 1).astype(int)
    rows = np.clip(np.floor(at_y[is_beyond] * height), 0, height - 1).astype(int)
    values = _interpolate(grid, x, y)[is_beyond]
    sums = np.bincount(rows * width + columns, weights=values, minlength=height * width)
    return sums.reshape(shape) * (height * width / (n_rows * n_columns))


def _interpolate(grid, x, y):
    """Values between the places, at fractions of width and height."""
    places = np.broadcast_arrays(y * grid.shape[0] - 0.5, x * grid.shape[1] - 0.5)
    return map_coordinates(grid, places, order=1, mode="nearest")
