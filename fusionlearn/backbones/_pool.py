"""Networks are built once per process."""

import threading

from ._keras_engine import KerasEngine

_ENGINES = {}
_LOCK = threading.Lock()


def get_engine(network):
    """Get the engine of a network, built at the first call.

    Parameters
    ----------
    network : Network
        The resolved network.

    Returns
    -------
    engine : Engine
        The same one for equal networks.
    """
    with _LOCK:
        if network.identity not in _ENGINES:
            _ENGINES[network.identity] = KerasEngine(network)
        return _ENGINES[network.identity]
