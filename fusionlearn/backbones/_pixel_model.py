"""Networks as models from pixels as they are, preprocessing included."""

from .._compat import import_keras, isolated_keras_build
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


def build_pixel_model(network, arrays=()):
    """Build a network that takes pixels.

    Parameters
    ----------
    network : Network
        A network, whole or cut.

    arrays : list of ndarray, default=()
        The weights that training gave its last layers, as for :func:`build_tuned_model`.

    Returns
    -------
    model : keras.Model
        From RGB pixels in 0-255 of shape (n, height, width, 3), float32, to features of
        shape (n, n_features). It shares no layers with another model.
    """
    keras = import_keras()
    model = build_tuned_model(network, arrays, "features")
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
