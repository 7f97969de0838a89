"""What a network pools into features, and how much of them each place gives."""

import functools

import numpy as np

from .._compat import enter_runtime, import_keras, isolated_keras_build
from ..exceptions import BackboneError
from ._encoder import require_keras
from ._keras_model import build_maps_model, compile_feature_model, pool, preprocess

_BATCH_SIZE = 32
# Networks whose maps were asked for that stay built, beside what computes features.
_MAX_BUILT = 8


def compute_maps(network, pictures):
    """Compute the maps that a network pools into features.

    Parameters
    ----------
    network : Network
        A whole network.

    pictures : ndarray of shape (n, height, width, 3), uint8
        RGB pictures of the network's input size.

    Returns
    -------
    maps : list of ndarray of shape (n, n_rows, n_columns, n_channels), float32
        One for each layer whose pooled output is part of the features.

    Raises
    ------
    BackboneError
        If the network gives vectors, which have no places.
    """
    require_keras(network, "Grad-CAM", "Use method='occlusion', which takes any network.")
    enter_runtime()
    compute = _build(network)
    parts = []
    for start in range(0, len(pictures), _BATCH_SIZE):
        batch = preprocess(pictures[start : start + _BATCH_SIZE], network.backbone.preprocessing)
        parts.append(_arrays(compute(batch)))
    maps = [np.concatenate(layer) for layer in zip(*parts, strict=True)]
    check_maps([layer[0] for layer in maps], network)
    return maps


def check_maps(maps, network):
    """Raise if what is pooled has no places.

    Parameters
    ----------
    maps : list of ndarray
        What the network pools of one picture.

    network : Network
        The network.

    Raises
    ------
    BackboneError
        If one of them is no map.
    """
    for layer in maps:
        if layer.ndim != 3:
            raise BackboneError(
                f"{network.backbone.name} gives vectors of shape {layer.shape}, not maps: its "
                "features belong to no place. Use method='occlusion'."
            )


def pool_maps(maps, network):
    """Make features of maps, as the network itself does.

    Parameters
    ----------
    maps : list of ndarray of shape (n, n_rows, n_columns, n_channels)
        What the network pools.

    network : Network
        The network.

    Returns
    -------
    features : ndarray of shape (n, n_features)
        Features.
    """
    keras = import_keras()
    vectors = [keras.ops.convert_to_numpy(pool(keras, layer, network)) for layer in maps]
    return np.concatenate(vectors, axis=1)


def contributions(layer, pooling):
    """Split pooled features into what each place of a map gives.

    The derivative of the pooling with respect to a place, times what is there. All three
    poolings grow in proportion with the map, so that the places add up to the features.

    Parameters
    ----------
    layer : ndarray of shape (n_rows, n_columns, n_channels)
        A map.

    pooling : {"avg", "max", "avg_std"}
        How it becomes a vector.

    Returns
    -------
    parts : ndarray of shape (n_rows, n_columns, n_features), float64
        Parts of the features.
    """
    layer = layer.astype(np.float64)
    n_places = layer.shape[0] * layer.shape[1]
    if pooling == "max":
        # As derivatives of Keras do, equal maxima share.
        is_largest = layer == layer.max(axis=(0, 1))
        return layer * is_largest / is_largest.sum(axis=(0, 1))
    mean_parts = layer / n_places
    if pooling == "avg":
        return mean_parts
    deviation = layer.std(axis=(0, 1))
    # A channel that is the same everywhere deviates nowhere.
    scale = n_places * np.where(deviation > 0, deviation, np.inf)
    deviation_parts = layer * (layer - layer.mean(axis=(0, 1))) / scale
    return np.concatenate([mean_parts, deviation_parts], axis=2)


@functools.lru_cache(maxsize=_MAX_BUILT)
def _build(network):
    model = build_maps_model(network)
    with isolated_keras_build(network.random_state):
        if import_keras().config.backend() == "tensorflow":
            return compile_feature_model(model)
        return model.predict_on_batch


def _arrays(tensors):
    return [np.asarray(tensor) for tensor in import_keras().tree.flatten(tensors)]
