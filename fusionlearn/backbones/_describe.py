"""Reading a network's facts off the installed Keras."""

import inspect
import re
import sys

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ..exceptions import BackboneError
from ._backbone import Backbone

_SIZE = re.compile(r"\((\d+), (\d+), 3\)")
_LEAST = re.compile(r"at least (\d+)x(\d+)")


def application_names():
    """List the networks of the installed ``keras.applications``.

    Returns
    -------
    names : list of str
        Sorted names.
    """
    functions = inspect.getmembers(import_keras().applications, inspect.isfunction)
    return [name for name, function in functions if "include_top" in signature(function)]


def signature(function):
    """Parameters of a function, by name."""
    return inspect.signature(function).parameters


def describe_application(name):
    """Find out sizes, feature dimension, preprocessing and weights' number of a network.

    Keras has no table of these. The sizes stand in the messages with which it refuses a
    picture of one pixel; the rest is seen by building the network and by looking at what
    its ``preprocess_input`` makes of known pixels.

    Parameters
    ----------
    name : str
        Name of a function in ``keras.applications``.

    Returns
    -------
    backbone : Backbone
        The network's entry in the table.

    Raises
    ------
    BackboneError
        If the installed Keras has no such network.
    """
    keras = import_keras()
    function = getattr(keras.applications, name, None)
    if function is None:
        raise BackboneError(f"Keras {keras.__version__} has no application {name!r}.")
    with isolated_keras_build(0):
        smallest = _size_in_refusal(_LEAST, function, weights=None, include_top=False)
        try:
            native = _size_in_refusal(_SIZE, function, weights="imagenet", include_top=True)
        except BackboneError:  # MobileNetV3 refuses with the smallest size; its docs tell
            native = int(_SIZE.search(function.__doc__)[1])
        shape = (smallest, smallest, 3)
        model = function(weights=None, include_top=False, input_shape=shape)
    preprocess = sys.modules[function.__module__].preprocess_input
    return Backbone(
        name=name,
        input_size=native,
        min_size=smallest,
        n_features=model.output_shape[-1],
        preprocessing=_preprocessing_mode(keras, preprocess),
        n_parameters=model.count_params(),
    )


def _size_in_refusal(pattern, function, **arguments):
    try:
        function(input_shape=(1, 1, 3), **arguments)
    except ValueError as error:
        found = pattern.search(str(error))
        if found and found[1] != "1":
            return int(found[1])
    raise BackboneError(f"{function.__name__} does not say which input sizes it takes.")


def _preprocessing_mode(keras, preprocess):
    pixels = np.linspace(0, 255, 12, dtype=np.float32).reshape(1, 2, 2, 3)
    result = np.asarray(preprocess(pixels.copy(), data_format="channels_last"))
    if np.array_equal(result, pixels):
        return "none"
    generic = keras.applications.imagenet_utils.preprocess_input
    for mode in ("tf", "caffe", "torch"):
        if np.allclose(result, generic(pixels.copy(), mode=mode), atol=1e-6):
            return mode
    raise BackboneError(f"{preprocess.__module__} has a preprocessing of its own.")
