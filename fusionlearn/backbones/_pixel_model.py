"""Networks as models from pixels as they are, preprocessing included."""

from .._compat import import_keras, isolated_keras_build
from ._keras_model import build_feature_model
from ._trained_part import build_tuned_model

# What keras.applications.imagenet_utils.preprocess_input subtracts and divides by.
MEAN = {
    "tf": (127.5, 127.5, 127.5),
    "caffe": (103.939, 116.779, 123.68),
    "torch": (123.675, 116.28, 103.53),
}
SCALE = {
    "tf": (127.5, 127.5, 127.5),
    "torch": (58.395, 57.12, 57.375),
}


def build_pixel_model(network):
    """Build a network that takes pixels.

    Parameters
    ----------
    network : Network
        A whole network.

    Returns
    -------
    model : keras.Model
        From RGB pixels in 0-255 of shape (n, height, width, 3), float32, to features of
        shape (n, n_features).
    """
    return _with_preprocessing(network, build_feature_model(network))


def build_tuned_pixel_model(network, arrays):
    """Build a network with the weights that training gave its last layers.

    Parameters
    ----------
    network : Network
        As for :func:`build_tuned_model`.

    arrays : list of ndarray
        As for :func:`build_tuned_model`.

    Returns
    -------
    model : keras.Model
        As :func:`build_pixel_model` returns it.
    """
    return _with_preprocessing(network, build_tuned_model(network, arrays, "tuned"))


def _with_preprocessing(network, model):
    keras = import_keras()
    mode = network.backbone.preprocessing
    with isolated_keras_build(network.random_state):
        pixels = keras.Input((*network.input_size, 3))
        values = pixels
        if mode == "caffe":
            values = keras.ops.flip(values, axis=-1)
        if mode in MEAN:
            scale = SCALE.get(mode, (1.0, 1.0, 1.0))
            offset = [-mean / side for mean, side in zip(MEAN[mode], scale, strict=True)]
            values = keras.layers.Rescaling([1.0 / side for side in scale], offset)(values)
        return keras.Model(pixels, model(values))
