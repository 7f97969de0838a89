"""What a model of Keras computes, as a digest."""

import hashlib
import inspect
import json

import numpy as np

# Where Keras writes names of layers, besides in the layers themselves.
_REFERENCES = ("keras_history", "input_layers", "output_layers")
# What has no part in what a model computes of a picture.
_NO_MATTER = ("trainable", "compile_config", "build_config")


def model_digest(model, arrays):
    """Compute a digest of a model's architecture and weights.

    Names of layers have no part in it, which Keras counts up as they are made, nor has what
    is said of training. Of layers that are not Keras' own the source is read, since their
    configuration does not say what they compute.

    Parameters
    ----------
    model : keras.Model
        The model.

    arrays : list of ndarray
        Its weights.

    Returns
    -------
    digest : str
        64 hexadecimal digits.
    """
    hasher = hashlib.sha256(json.dumps(_architecture(model)).encode())
    for layer in model._flatten_layers():
        if source := _source(layer):
            hasher.update(source.encode())
    for array in arrays:
        hasher.update(f"{array.dtype}{array.shape}".encode())
        hasher.update(np.ascontiguousarray(array))
    return hasher.hexdigest()


def _architecture(model):
    """The configuration, with layers called by their places."""
    config = json.loads(model.to_json())
    numbers = {}

    def collect(node):
        for layer in _layers(node):
            numbers.setdefault(layer["config"]["name"], len(numbers))
            collect(layer)

    def rename(node, is_reference=False):
        if isinstance(node, dict):
            layers = [id(layer) for layer in _layers(node)]
            return {
                key: rename(value, key in _REFERENCES)
                if key != "layers"
                else [rename(_unnamed(one) if id(one) in layers else one) for one in value]
                for key, value in node.items()
                if key not in _NO_MATTER
            }
        if isinstance(node, list):
            return [rename(one, is_reference) for one in node]
        return numbers.get(node, node) if is_reference and isinstance(node, str) else node

    collect(config)
    return rename(_unnamed(config))


def _layers(node):
    """Layers that a dictionary lists, itself or in its configuration."""
    if not isinstance(node, dict):
        return []
    config = node.get("config") if isinstance(node.get("config"), dict) else {}
    found = node.get("layers") or config.get("layers") or []
    return [one for one in found if isinstance(one, dict) and "name" in (one.get("config") or {})]


def _unnamed(layer):
    """A layer without its name."""
    config = {key: value for key, value in layer["config"].items() if key != "name"}
    return {key: value for key, value in (layer | {"config": config}).items() if key != "name"}


def _source(layer):
    """Source of a layer that is not Keras' own, or of the function in a Lambda."""
    kind = type(layer)
    if kind.__module__.partition(".")[0] != "keras":
        what = kind
    else:
        what = getattr(layer, "function", None)
        if kind.__name__ != "Lambda" or what is None:
            return None
    try:
        return inspect.getsource(what)
    except (OSError, TypeError):  # typed in, or written in C
        return f"{what.__module__}.{what.__qualname__}"
