"""Where all layers of a network are trained, pixels are what enters them."""

import math

from ._engine import Engine

_BATCH_SIZE = 32


class PixelsEngine(Engine):
    """Hands pixels on as they are.

    Parameters
    ----------
    network : Network
        A network all of whose layers are trained.
    """

    def __init__(self, network):
        self.n_features = 3 * math.prod(network.input_size)

    def stream(self, pictures, deliver, batch_size=None):
        """Hand pixels on; see :class:`Engine`."""
        for start in range(0, len(pictures), _BATCH_SIZE):
            batch = pictures[start : start + _BATCH_SIZE]
            deliver(start, batch.reshape(len(batch), -1))
