"""Which engine runs a network."""

import importlib.util
import os
import sys

from .._compat import import_keras, keras_backend
from ..exceptions import BackboneError

ENGINES = ("auto", "keras", "openvino")
PRECISIONS = ("float32", "bfloat16")

# Where a driver of a graphics card shows itself: NVIDIA's, AMD's, and Windows' to Linux.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def check_engine(engine, precision):
    """Refuse what cannot run here, before anything is built.

    Parameters
    ----------
    engine : {"auto", "keras", "openvino"}
        What is asked for.

    precision : {"float32", "bfloat16"}
        Precision of the arithmetic.

    Raises
    ------
    BackboneError
        If OpenVINO is needed and not installed, or Keras is asked for bfloat16.
    """
    if engine == "keras" and precision != "float32":
        raise BackboneError(
            f"precision={precision!r} with engine='keras': wanted 'float32'. bfloat16 needs "
            "engine='openvino' (or 'auto')."
        )
    if (engine == "openvino" or precision != "float32") and not has_openvino():
        raise BackboneError(
            f"engine={engine!r}, precision={precision!r}: OpenVINO is not installed. "
            "Install it (pip install 'fusionlearn[openvino]'), or leave both at their defaults."
        )


def choose_engine(engine, precision):
    """Choose what runs a network.

    Parameters
    ----------
    engine : {"auto", "keras", "openvino"}
        What is asked for.

    precision : {"float32", "bfloat16"}
        Precision of the arithmetic.

    Returns
    -------
    engine : {"keras", "openvino"}
        For "auto": OpenVINO if it is installed and Keras would run by TensorFlow on the
        processor; else Keras.
    """
    if engine != "auto":
        return engine
    if precision != "float32":
        return "openvino"
    if has_openvino() and keras_backend() == "tensorflow" and not _has_gpu():
        return "openvino"
    return "keras"


def has_openvino():
    """Tell whether OpenVINO is installed.

    Returns
    -------
    installed : bool
        Without importing it.
    """
    return importlib.util.find_spec("openvino") is not None


def _has_gpu():
    # TensorFlow takes seconds to load: it is asked only where there might be one.
    if not any(map(os.path.exists, _GPU_DEVICES)) and "tensorflow" not in sys.modules:
        return False
    import_keras()
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
