"""Networks are built once per process."""

import threading
import warnings

from .._compat import enter_runtime
from ..exceptions import BackboneError, BackboneWeightsError, EngineWarning
from ._callable_engine import FunctionEngine
from ._choice import choose_engine
from ._keras_engine import KerasEngine
from ._onnx_engine import OnnxRuntimeEngine
from ._openvino_engine import OpenVINOEngine
from ._pixels_engine import PixelsEngine

_CLASSES = {
    "keras": KerasEngine,
    "openvino": OpenVINOEngine,
    "onnxruntime": OnnxRuntimeEngine,
    "function": FunctionEngine,
}
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

    Raises
    ------
    ForkedProcessError
        If this process was forked from one in which networks had run.

    Warns
    -----
    EngineWarning
        If OpenVINO was chosen by "auto" and cannot run the network, so that Keras does.
    """
    enter_runtime()
    with _LOCK:
        asked = (network.identity, network.engine)
        if asked not in _ENGINES:
            _ENGINES[asked] = _choose(network)
        return _ENGINES[asked]


def is_built(network):
    """Tell whether ``get_engine`` would find a network that this process has built.

    Parameters
    ----------
    network : Network
        The resolved network.

    Returns
    -------
    built : bool
        True after the first ``get_engine``.
    """
    return (network.identity, network.engine) in _ENGINES


def _choose(network):
    if not network.backbone.is_keras:
        encoder = network.backbone.builder
        return _build(network, encoder.choose_engine(network.engine, network.precision))
    chosen = choose_engine(network.engine, network.precision)
    try:
        return _build(network, chosen)
    except BackboneWeightsError:
        raise
    except BackboneError as error:
        if chosen == "keras" or network.engine != "auto" or network.precision != "float32":
            raise
        engine = _build(network, "keras")  # says it where the network itself is at fault
        warnings.warn(f"{error} Keras runs it, as engine='auto' says.", EngineWarning, stacklevel=4)
        return engine


def _build(network, chosen):
    key = (network.identity, chosen)
    if key not in _ENGINES:
        engine = PixelsEngine if network.row_type == "|u1" else _CLASSES[chosen]
        _ENGINES[key] = engine(network)
    return _ENGINES[key]
