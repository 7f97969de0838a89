"""The only place that touches private or experimental names of scikit-learn and Keras."""

import os
import random
from contextlib import contextmanager

from sklearn.utils.metaestimators import _BaseComposition as BaseComposition

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """Stand-in where scikit-learn has no callbacks."""

    def with_callbacks(method):
        """Give the method back as it is."""
        return method


__all__ = [
    "BaseComposition",
    "CallbackSupportMixin",
    "import_keras",
    "isolated_keras_build",
    "with_callbacks",
]


def import_keras():
    """Import Keras without the log lines that TensorFlow prints on the way.

    Returns
    -------
    keras : module
        Keras.
    """
    level = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    if level is None:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    try:
        import keras
    finally:
        if level is None:
            os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return keras


@contextmanager
def isolated_keras_build(seed):
    """Build a model whose weights and layer names depend on ``seed`` alone.

    Keras draws the seeds of initializers from Python's global generator and numbers
    layers through a global counter. Both are as before when the block is left.

    Parameters
    ----------
    seed : int
        Seed of whatever is drawn inside.

    Yields
    ------
    None
    """
    from keras.src.backend.common import global_state

    state = random.getstate()
    names = global_state.get_global_attribute("object_name_uids")
    try:
        random.seed(seed)
        global_state.set_global_attribute("object_name_uids", None)
        yield
    finally:
        random.setstate(state)
        global_state.set_global_attribute("object_name_uids", names)
