"""From the places of a network's map to the pixels of a picture."""

import numpy as np
from scipy.ndimage import map_coordinates


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
        where the view does not reach. The mean over what it shows stays the same.
    """
    height, width = shape
    backwards = np.linalg.inv(geometry)
    x = (np.arange(width) + 0.5) / width
    y = (np.arange(height)[:, np.newaxis] + 0.5) / height
    seen_x = backwards[0, 0] * x + backwards[0, 1] * y + backwards[0, 2]
    seen_y = backwards[1, 0] * x + backwards[1, 1] * y + backwards[1, 2]
    values = map_coordinates(
        grid,
        [seen_y * grid.shape[0] - 0.5, seen_x * grid.shape[1] - 0.5],
        order=1,
        mode="nearest",
    )
    is_seen = (seen_x >= 0) & (seen_x <= 1) & (seen_y >= 0) & (seen_y <= 1)
    return np.where(is_seen, values * abs(np.linalg.det(backwards)), 0.0)
