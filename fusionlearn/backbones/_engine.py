"""What runs a network."""

from abc import ABC, abstractmethod

import numpy as np


class Engine(ABC):
    """A network that is loaded and ready to compute.

    Attributes
    ----------
    n_features : int
        Length of a row of features.
    """

    n_features: int

    @abstractmethod
    def stream(self, pictures, deliver, batch_size=None):
        """Compute features and hand each row on as soon as it is there.

        Parameters
        ----------
        pictures : ndarray of shape (n, height, width, 3), uint8
            RGB pictures of the network's input size; left as they are. Or whatever has a
            length and gives such an array for a slice; slices are asked for in order, each
            when there is room for it.

        deliver : callable
            ``deliver(start, rows)`` is called with the features of the pictures from
            ``start`` on, in any order, by one thread at a time but maybe by another one
            than the caller's. All calls have been made when ``stream`` is left, be it by
            an interruption.

        batch_size : int, default=None
            Pictures that enter the network together; None is what is fastest.
        """

    def compute(self, pictures):
        """Compute features.

        Parameters
        ----------
        pictures : ndarray of shape (n, height, width, 3), uint8
            RGB pictures of the network's input size; left as they are.

        Returns
        -------
        features : ndarray of shape (n, n_features), float32
            One row for each picture.
        """
        features = np.empty((len(pictures), self.n_features), dtype=np.float32)

        def deliver(start, rows):
            features[start : start + len(rows)] = rows

        self.stream(pictures, deliver)
        return features

    def find_n_features(self, input_size):
        """Find the length of a row by computing one.

        Parameters
        ----------
        input_size : tuple of (int, int)
            Height and width in pixels.

        Returns
        -------
        n_features : int
            Length of a row of features.
        """
        lengths = []
        pictures = np.zeros((1, *input_size, 3), np.uint8)
        self.stream(pictures, lambda start, rows: lengths.append(rows.shape[1]))
        return lengths[0]
