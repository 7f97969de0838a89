"""What runs a network."""

from abc import ABC, abstractmethod


class Engine(ABC):
    """A network that is loaded and ready to compute.

    Attributes
    ----------
    n_features : int
        Length of a row of features.
    """

    n_features: int

    @abstractmethod
    def compute(self, batch):
        """Compute features.

        Parameters
        ----------
        batch : ndarray of shape (n, height, width, 3), uint8
            RGB pictures of the network's input size; left as it is.

        Returns
        -------
        features : ndarray of shape (n, n_features), float32
            One row for each picture.
        """
