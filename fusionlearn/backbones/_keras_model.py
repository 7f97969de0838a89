"""Building a network in Keras, from preprocessed pixels to a vector of features."""

import warnings

import numpy as np

from .._compat import import_keras, isolated_keras_build
from .._hints import did_you_mean
from ..exceptions import BackboneError, BackboneWeightsError
from ._cut import split_model
from ._describe import signature
from ._register import build_registered
from ._weights_check import check_weights_file


def build_feature_model(network):
    """Build the Keras model of a network.

    Parameters
    ----------
    network : Network
        The resolved network.

    Returns
    -------
    model : keras.Model
        From preprocessed pixels of shape (n, height, width, 3) to features of shape
        (n, n_features); of a network that is cut, to what enters its trained part.

    Raises
    ------
    BackboneError
        If Keras refuses the parameters, or a layer is unknown.

    BackboneWeightsError
        If the weights cannot be had or do not fit.
    """
    keras = import_keras()
    inner = build_maps_model(network)
    with isolated_keras_build(network.random_state):
        if network.trained_layers:
            inner, _ = split_model(inner, network.trained_layers)
        # The network is called as one layer: names of its own layers cannot clash with ours.
        sides = network.input_size if network.trained_layers else inner.inputs[0].shape[1:3]
        pixels = keras.Input((*sides, inner.inputs[0].shape[3]))
        maps = keras.tree.flatten(inner(pixels))
        if network.trained_layers:
            outputs = [keras.layers.Flatten()(tensor) for tensor in maps]
        else:
            outputs = [pool(keras, tensor, network) for tensor in maps]
        output = keras.layers.Concatenate()(outputs) if len(outputs) > 1 else outputs[0]
        return keras.Model(pixels, output)


def build_maps_model(network, *, own=False):
    """Build the Keras model of a network up to its feature maps.

    Parameters
    ----------
    network : Network
        The resolved network.

    own : bool, default=False
        Whether the model's weights will be changed, so that nobody may share them.

    Returns
    -------
    model : keras.Model
        From preprocessed pixels to the maps (or vectors) that are pooled.
    """
    keras = import_keras()
    if network.backbone.is_application:
        base = _build_application(network)
    elif network.weights == "imagenet" and not own:
        base, _ = build_registered(network.backbone.builder)
    else:  # the weights of a file must not get into the model that others share
        with isolated_keras_build(0):
            base = network.backbone.builder()
    if network.weights not in (None, "imagenet"):
        _load_weights(base, network)
    tensors = _feature_maps(base, network)
    with isolated_keras_build(network.random_state):
        return keras.Model(base.inputs, tensors)


def _build_application(network):
    keras = import_keras()
    name = network.backbone.name
    params = dict(network.application_params)
    function = getattr(keras.applications, name)
    for param in params:
        if param not in signature(function):
            hint = did_you_mean(param, signature(function))
            raise BackboneError(f"application_params: {name} has no parameter {param!r}.{hint}")
    weights = "imagenet" if network.weights == "imagenet" else None
    try:
        with isolated_keras_build(network.random_state), warnings.catch_warnings():
            # MobileNets say that ImageNet weights were trained at certain sizes, and load.
            warnings.filterwarnings("ignore", message="`input_shape` is undefined")
            return function(
                include_top=False, weights=weights, input_shape=(*network.input_size, 3), **params
            )
    except ValueError as error:
        raise BackboneError(f"Keras refuses to build {name}: {error}") from error
    except Exception as error:
        # Keras reports a failed download as a bare Exception.
        if weights is None:
            raise
        raise BackboneWeightsError(
            f"weights='imagenet': the ImageNet weights of {name} could not be had. Keras looked "
            f"in its cache folder (~/.keras/models, or below $KERAS_HOME), then tried to "
            f"download them: {error}. Pass weights=FILE with a file that you have (without the "
            "top: its name ends in no_top.h5 or notop.h5; a whole folder of them is read by "
            "fusionlearn.features.extractors_from_folder), or weights=None for an untrained "
            "network, which is good for trying things out only."
        ) from error


def _load_weights(base, network):
    check_weights_file(network.weights)
    try:
        base.load_weights(network.weights)
    except Exception as error:
        params = ", ".join(f"{name}={value!r}" for name, value in network.application_params)
        raise BackboneWeightsError(
            f"weights={network.weights!r} does not fit {network.backbone.name}({params}) without "
            f"its top: {error}. Take the file without the top, and the application_params that "
            "it was trained with."
        ) from error


def _feature_maps(base, network):
    if len(base.inputs) != 1 or len(base.outputs) != 1:
        raise BackboneError(
            f"{network.backbone.name} has {len(base.inputs)} inputs and {len(base.outputs)} "
            "outputs: wanted one of each."
        )
    if len(base.inputs[0].shape) != 4 or base.inputs[0].shape[-1] not in (None, 3):
        raise BackboneError(
            f"{network.backbone.name} takes input of shape {base.inputs[0].shape}: wanted RGB "
            "pictures (n, height, width, 3). Put a layer before a grey network that takes the "
            "mean of the three channels."
        )
    sides = base.inputs[0].shape[1:3]
    if any(side not in (None, size) for side, size in zip(sides, network.input_size, strict=True)):
        raise BackboneError(
            f"{network.backbone.name} takes pictures of {sides[0]} x {sides[1]} pixels and no "
            f"other: pass input_size={sides}, or register it with an input of any size."
        )
    if network.layers is None:
        return base.outputs
    return [base.get_layer(_layer_name(base, layer)).output for layer in network.layers]


def _layer_name(base, layer):
    names = [candidate.name for candidate in base.layers]
    if not isinstance(layer, str):
        return names[max(1, round(layer * (len(names) - 1)))]
    if layer not in names:
        hint = did_you_mean(layer, names, n=3)
        raise BackboneError(f"layers: {base.name} has no layer {layer!r}.{hint}")
    return layer


def pool(keras, tensor, network):
    """Make a vector of a feature map, as the network says.

    Parameters
    ----------
    keras : module
        Keras.

    tensor : keras.KerasTensor
        Feature maps, or vectors, which stay as they are.

    network : Network
        The resolved network.

    Returns
    -------
    vector : keras.KerasTensor of shape (n, n_features)
        Features.
    """
    if len(tensor.shape) == 2 and network.layers is None:
        return tensor
    if len(tensor.shape) != 4:
        hint = ""
        if len(tensor.shape) == 3:
            hint = (
                " Of tokens, register a function that builds keras.Model(model.inputs, "
                "model.outputs[0][:, 0]), which is the first one, or the mean of those you want."
            )
        raise BackboneError(
            f"{network.backbone.name} gives an output of shape {tensor.shape}: wanted feature "
            f"maps (n, rows, columns, features).{hint}"
        )
    if network.pooling == "max":
        return keras.layers.GlobalMaxPooling2D()(tensor)
    mean = keras.layers.GlobalAveragePooling2D()(tensor)
    if network.pooling == "avg":
        return mean
    return keras.layers.Concatenate()([mean, keras.ops.std(tensor, axis=(1, 2))])


def compile_feature_model(model):
    """Compile a model for batches of any length; TensorFlow must be Keras' backend.

    Parameters
    ----------
    model : keras.Model
        As :func:`build_feature_model` returns it.

    Returns
    -------
    function : callable
        A concrete function of TensorFlow, from preprocessed pixels to features.
    """
    import tensorflow as tf

    pixels = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
    return tf.function(
        lambda batch: model(batch, training=False), input_signature=[pixels], autograph=False
    ).get_concrete_function()


def preprocess(pictures, mode):
    """Bring pixels into the form in which a network takes them.

    Parameters
    ----------
    pictures : ndarray of shape (n, height, width, 3), uint8
        RGB pictures; left as they are.

    mode : {"none", "tf", "caffe", "torch"}
        As for ``keras.applications.imagenet_utils.preprocess_input``.

    Returns
    -------
    pixels : ndarray of shape (n, height, width, 3), float32
        Preprocessed pixels.
    """
    # A float copy of our own: Keras writes into what it is given.
    pixels = pictures.astype(np.float32)
    if mode == "none":
        return pixels
    utils = import_keras().applications.imagenet_utils
    return utils.preprocess_input(pixels, data_format="channels_last", mode=mode)
