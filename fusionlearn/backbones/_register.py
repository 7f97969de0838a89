"""Networks of the user's own."""

import functools
import hashlib
import io
from dataclasses import dataclass, field

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ..exceptions import BackboneError
from ._backbone import PREPROCESSING_MODES, Backbone
from ._table import BACKBONES


@dataclass(frozen=True)
class ModelBuilder:
    """Builds a model again from its architecture and weights, which are plain data.

    Parameters
    ----------
    config : str
        Architecture as JSON.

    weights : bytes
        Arrays in NumPy's ``npz`` format.
    """

    config: str = field(repr=False)
    weights: bytes = field(repr=False)

    def __call__(self):
        """Build the model."""
        model = import_keras().models.model_from_json(self.config)
        with np.load(io.BytesIO(self.weights)) as arrays:
            model.set_weights([arrays[name] for name in arrays.files])
        return model


def register_backbone(name, model, *, input_size=None, min_size=None, preprocessing="none"):
    """Add a Keras model of one's own to the networks that an extractor can use.

    Parameters
    ----------
    name : str
        Name under which extractors find it.

    model : keras.Model or callable
        A model from pictures of shape (n, height, width, 3) to feature maps of shape
        (n, rows, columns, n_features) or feature vectors of shape (n, n_features); or a
        function without arguments that builds one. Of a model, architecture and weights
        are kept as they are now. A function is the way for models with layers of one's
        own, and should be importable, so that worker processes can call it.

    input_size : int, default=None
        Height and width in pixels. None takes the model's own.

    min_size : int, default=None
        Smallest height and width that it takes; None means ``input_size``.

    preprocessing : {"none", "tf", "caffe", "torch"}, default="none"
        What is done to pixels in 0-255 first, in the words of
        ``keras.applications.imagenet_utils.preprocess_input``; "none" leaves them as
        they are. Anything else belongs into the model as a layer.

    Returns
    -------
    backbone : Backbone
        The entry in :data:`~fusionlearn.BACKBONES`. It is also accepted as
        ``application=`` by extractors, which is how worker processes get to know it.

    Raises
    ------
    BackboneError
        If the name is taken by a Keras application, the input size is not known, or
        the model cannot be turned into plain data.

    Examples
    --------
    >>> import keras
    >>> from fusionlearn import BackboneFeatureExtractor, register_backbone
    >>> def build():
    ...     return keras.Sequential([
    ...         keras.layers.Input((32, 32, 3)),
    ...         keras.layers.Rescaling(1 / 255),
    ...         keras.layers.Conv2D(4, 3),
    ...     ])
    >>> backbone = register_backbone("my_network", build, input_size=32)
    >>> BackboneFeatureExtractor("my_network")
    BackboneFeatureExtractor(application='my_network')
    """
    if preprocessing not in PREPROCESSING_MODES:
        raise BackboneError(
            f"preprocessing={preprocessing!r}: wanted one of {', '.join(PREPROCESSING_MODES)}. "
            "Put any other preprocessing into the model, for example as a Rescaling layer."
        )
    if isinstance(model, import_keras().Model):
        builder = _as_plain_data(name, model)
        if input_size is None:
            input_size = model.inputs[0].shape[1]
    elif callable(model):
        builder = model
    else:
        raise BackboneError(
            f"model is a {type(model).__name__}; wanted a keras.Model or a function that makes one."
        )
    if input_size is None:
        raise BackboneError(f"{name!r} takes pictures of any size: say which by input_size=.")
    backbone = Backbone(
        name=name,
        input_size=int(input_size),
        min_size=int(min_size or input_size),
        n_features=None,
        preprocessing=preprocessing,
        builder=builder,
    )
    BACKBONES.register(backbone)
    return backbone


@functools.lru_cache(maxsize=16)
def build_registered(builder):
    """Build a registered model once per process.

    Parameters
    ----------
    builder : callable
        The builder of a Backbone.

    Returns
    -------
    model : keras.Model
        The model.

    digest : str
        64 hexadecimal digits that depend on architecture and weights.
    """
    with isolated_keras_build(0):
        model = builder()
    hasher = hashlib.sha256(model.to_json().encode())
    for array in _arrays(model):
        hasher.update(f"{array.dtype}{array.shape}".encode())
        hasher.update(np.ascontiguousarray(array))
    return model, hasher.hexdigest()


def _as_plain_data(name, model):
    buffer = io.BytesIO()
    np.savez(buffer, **{f"w{i:05d}": array for i, array in enumerate(_arrays(model))})
    try:
        builder = ModelBuilder(model.to_json(), buffer.getvalue())
        with isolated_keras_build(0):
            builder().outputs[0]  # a model that was never called has none
    except Exception as error:
        raise BackboneError(
            f"{name!r} cannot be built again from its architecture ({error}). "
            "Register a function that builds it."
        ) from error
    return builder


def _arrays(model):
    # model.get_weights() goes through np.array, which tensors of TensorFlow answer with a
    # DeprecationWarning.
    return [np.asarray(variable) for variable in model.weights]
