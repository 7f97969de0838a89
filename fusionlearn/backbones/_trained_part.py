"""The last layers of a network, ready to be trained, and the network of what enters them."""

import dataclasses
import functools
import math

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ._cut import count_trained_layers, split_model, trainable_variables
from ._encoder import require_keras
from ._keras_model import build_maps_model, pool, preprocess

# Largest difference that rounding what enters the trained layers to float16 may make in the
# features, relative to the largest of them.
_HALF_TOLERANCE = 1e-3
# Room that float16 must leave above what the probes need.
_HALF_MARGIN = 16
_FROZEN = "Set unfreeze=0: the head is trained on its features as they are."
_UNEXPORTED = "Keep the classifier by fusionlearn.save, and this network beside it."


# 1 is one layer and 1.0 is all of them.
def cut_network(network, unfreeze):
    """Find the network whose rows are what enters the trained layers of another.

    Parameters
    ----------
    network : Network
        A whole network.

    unfreeze : int, float or str
        As for :class:`~fusionlearn.FineTuneClassifier`; not 0.

    Returns
    -------
    network : Network
        Its rows are float16 where that changes the features of three test pictures
        (noise, blocks, a gradient) by less than a thousandth of the largest of each, else
        float32; pixels where all layers are trained.

    Raises
    ------
    BackboneError
        If there are no such layers, or none with weights to train.
    """
    require_keras(network, f"unfreeze={unfreeze!r}", _FROZEN)
    # The engine and the weights' path stay the caller's own: equal networks may differ in them.
    return dataclasses.replace(network, **_cut(network, unfreeze))


@functools.lru_cache(maxsize=64, typed=True)
def _cut(network, unfreeze):
    """Find what a cut changes of all networks that are equal to this one."""
    maps = build_maps_model(network)
    n_trained = count_trained_layers(maps, unfreeze, network.backbone.name)
    if n_trained == 0:
        return {}
    frozen, trained = split_model(maps, n_trained)
    if len(frozen.outputs) == 1 and frozen.outputs[0] is frozen.inputs[0]:
        return {"trained_layers": n_trained, "row_type": "|u1", "precision": "float32"}
    pixels = _probes(*network.input_size)
    tensors = _call(frozen, [preprocess(pixels, network.backbone.preprocessing)])

    def compute(tensors):
        keras = import_keras()
        return [_numpy(pool(keras, array, network)) for array in _call(trained, tensors)]

    fits = _fits_half(tensors, compute)
    return {"trained_layers": n_trained, "row_type": "<f2" if fits else "<f4"}


def _call(model, tensors):
    return [_numpy(t) for t in import_keras().tree.flatten(model(tensors, training=False))]


def _numpy(tensor):
    return import_keras().ops.convert_to_numpy(tensor)


def _fits_half(tensors, compute):
    if max(np.abs(tensor).max() for tensor in tensors) * _HALF_MARGIN > np.finfo(np.float16).max:
        return False
    wanted = compute(tensors)
    rounded = compute([tensor.astype(np.float16).astype(np.float32) for tensor in tensors])
    return all(
        (_largest(a - b) <= _HALF_TOLERANCE * _largest(a)).all()
        for a, b in zip(wanted, rounded, strict=True)
    )


def _probes(height, width):
    """Noise, blocks and a gradient: where rounding hurts differs with what a picture shows."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (height, width, 3))
    blocks = np.kron(
        rng.integers(0, 256, (-(-height // 32), -(-width // 32), 1)), np.ones((32, 32, 1))
    )
    gradient = np.linspace(0, 255, width)[:, np.newaxis]
    pictures = [noise, blocks[:height, :width], gradient]
    return np.stack([np.broadcast_to(p, noise.shape) for p in pictures]).astype(np.uint8)


def _largest(features):
    return np.abs(features).max(axis=1)


class TrainedPart:
    """The layers of a network behind its cut, with weights of their own.

    BatchNormalization stays as it is, weights and moving statistics: a few hundred
    pictures are too few to estimate them anew.

    Parameters
    ----------
    network : Network
        A network that is cut, as :func:`cut_network` returns it.

    Attributes
    ----------
    model : keras.Model
        From the tensors that go across the cut to features.

    maps : keras.Model
        From the same tensors to what is pooled into features. It shares its layers.

    variables : list of keras.Variable
        What training changes.
    """

    def __init__(self, network):
        keras = import_keras()
        self._network = network
        maps = build_maps_model(network, own=True)
        frozen, trained = split_model(maps, network.trained_layers)
        with isolated_keras_build(network.random_state):
            sides = keras.Input((*network.input_size, 3))
            across = keras.tree.flatten(frozen([sides]))
            self._shapes = [tuple(tensor.shape[1:]) for tensor in across]
            inputs = [keras.Input(shape) for shape in self._shapes]
            outputs = keras.tree.flatten(trained(inputs))
            features = [pool(keras, tensor, network) for tensor in outputs]
            features = keras.layers.Concatenate()(features) if len(features) > 1 else features[0]
            self.model = keras.Model(inputs, features)
            self.maps = keras.Model(inputs, outputs)
        trained.trainable = True  # a registered model may say otherwise
        for layer in trained._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        self.variables = trainable_variables(trained.layers)

    def tensors(self, rows):
        """Turn rows into the tensors that go across the cut.

        Parameters
        ----------
        rows : tensor of shape (n, row_length)
            Rows of the network.

        Returns
        -------
        tensors : list of tensor, float32
            What ``model`` takes.
        """
        ops = import_keras().ops
        rows = ops.cast(rows, "float32")
        stops = np.cumsum([math.prod(shape) for shape in self._shapes])[:-1].tolist()
        parts = ops.split(rows, stops, axis=1) if stops else [rows]
        tensors = [
            ops.reshape(part, (-1, *shape)) for part, shape in zip(parts, self._shapes, strict=True)
        ]
        if self._network.row_type != "|u1" or self._network.backbone.preprocessing == "none":
            return tensors
        utils = import_keras().applications.imagenet_utils
        return [
            utils.preprocess_input(
                tensors[0], data_format="channels_last", mode=self._network.backbone.preprocessing
            )
        ]


def build_tuned_model(network, arrays, name):
    """Build a whole network with the weights that training gave its last layers.

    Parameters
    ----------
    network : Network
        A network that is cut; one that is not is built as it is.

    arrays : list of ndarray
        Values of the variables of its :class:`TrainedPart`.

    name : str
        Name of the model.

    Returns
    -------
    model : keras.Model
        From preprocessed pixels of shape (n, height, width, 3) to features.
    """
    require_keras(network, "a model from pixels to features, such as export writes,", _UNEXPORTED)
    keras = import_keras()
    maps = build_maps_model(network, own=True)
    if network.trained_layers:
        _, trained = split_model(maps, network.trained_layers)
        for variable, array in zip(trainable_variables(trained.layers), arrays, strict=True):
            variable.assign(array)
    with isolated_keras_build(network.random_state):
        pixels = keras.Input((*network.input_size, 3))
        features = [pool(keras, tensor, network) for tensor in keras.tree.flatten(maps([pixels]))]
        features = keras.layers.Concatenate()(features) if len(features) > 1 else features[0]
        return keras.Model(pixels, features, name=name)
