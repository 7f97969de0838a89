"""Functions of the user's own as networks."""

import threading

import numpy as np

from ..exceptions import BackboneError
from ._engine import Engine

_BATCH_SIZE = 32


class FunctionEngine(Engine):
    """Calls a function on batches of pictures.

    Parameters
    ----------
    network : Network
        A network that is a registered function.
    """

    def __init__(self, network):
        encoder = network.backbone.builder
        self._function = encoder.function
        self._title = f"{network.backbone.name!r}, {encoder.title},"
        self._input_size = network.input_size
        self._lock = threading.Lock()
        self._n_features = None

    @property
    def n_features(self):
        """Length of a row of features."""
        # Not while the engine is built: the function may itself ask for other networks.
        if self._n_features is None:
            self._n_features = self.find_n_features(self._input_size)
        return self._n_features

    def stream(self, pictures, deliver, batch_size=None):
        """Compute features and hand them on; see :class:`Engine`."""
        batch_size = batch_size or _BATCH_SIZE
        for start in range(0, len(pictures), batch_size):
            # An array of its own: functions may write into it.
            batch = np.array(pictures[start : start + batch_size], order="C")
            n_pictures, width = len(batch), self._n_features
            with self._lock:
                returned = self._function(batch)
                rows = self._rows(returned)
            if rows.ndim != 2 or len(rows) != n_pictures or width not in (None, rows.shape[1]):
                raise BackboneError(
                    f"{self._title} returned an array of shape {rows.shape} for {n_pictures} "
                    f"pictures; wanted ({n_pictures}, {width or 'n_features'}). Maps and tokens "
                    "are for the function to pool."
                )
            deliver(start, rows)

    def _rows(self, returned):
        try:
            rows = np.asarray(returned)
        except (TypeError, ValueError, RuntimeError) as error:
            raise BackboneError(
                f"{self._title} returned a {type(returned).__name__} that is no array ({error}). "
                "Return an array of NumPy; of a tensor of PyTorch, .detach().cpu().numpy()."
            ) from error
        if rows.dtype.kind not in "fiub":
            raise BackboneError(
                f"{self._title} returned a {type(returned).__name__} of type {rows.dtype}; wanted "
                "an array of numbers, such as float32."
            )
        return rows.astype(np.float32, copy=False)
