"""Networks of the user's own."""

import functools
import inspect
import io
import os
from dataclasses import dataclass, field

import numpy as np

from .._compat import import_keras, isolated_keras_build
from ..exceptions import BackboneError
from ._backbone import PREPROCESSING_MODES, Backbone
from ._encoder_file import EncoderFile
from ._encoder_function import EncoderFunction, read_encoder_function
from ._file_encoder import check_normalization, read_encoder_file
from ._model_digest import model_digest
from ._table import BACKBONES

_BATCHES = (
    "A function on batches of pictures is registered as "
    "fusionlearn.backbones.EncoderFunction(function, digest=...)."
)


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
    """Add a network of one's own to those that an extractor can use.

    Parameters
    ----------
    name : str
        Name under which extractors find it.

    model : keras.Model, callable, path, EncoderFile or EncoderFunction
        A model of Keras from pictures of shape (n, height, width, 3) to feature maps of
        shape (n, rows, columns, n_features) or feature vectors of shape (n, n_features); or
        a function without arguments that builds one. Of a model, architecture and weights
        are kept as they are now. A function is the way for models with layers of one's
        own, and should be importable, so that worker processes can call it.

        A network that is no model of Keras is a file of ONNX (``.onnx``) or OpenVINO
        (``.xml``), as its path or, where there is more to say about it, as an
        :class:`~fusionlearn.backbones.EncoderFile`; or any function from batches of
        pictures to features, as an :class:`~fusionlearn.backbones.EncoderFunction`. The
        layers of such networks can be neither fine-tuned nor exported, and Grad-CAM
        cannot look at them; occlusion can.

    input_size : int, default=None
        Height and width in pixels. None takes the model's own; a function has none.

    min_size : int, default=None
        Smallest height and width that it takes; None means ``input_size``.

    preprocessing : {"none", "tf", "caffe", "torch"}, default="none"
        What is done to pixels in 0-255 first, in the words of
        ``keras.applications.imagenet_utils.preprocess_input``; "none" leaves them as
        they are. Anything else belongs into the model as a layer, and is given to an
        ``EncoderFile`` as ``mean`` and ``std``; an ``EncoderFunction`` does it itself.

    Returns
    -------
    backbone : Backbone
        The entry in :data:`~fusionlearn.BACKBONES`. It is also accepted as
        ``application=`` by extractors, which is how worker processes get to know it.

    Raises
    ------
    BackboneError
        If the name is taken by a Keras application, the input size is not known, the
        model cannot be turned into plain data, or a file is no network of pictures.

    BackboneWeightsError
        If a file cannot be read.

    See Also
    --------
    fusionlearn.backbones.EncoderFile : A network in a file of ONNX or OpenVINO.
    fusionlearn.backbones.EncoderFunction : Any function on batches of pictures.

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
    if isinstance(model, (str, os.PathLike)):
        model = EncoderFile(model)
    if isinstance(model, EncoderFile):
        builder = read_encoder_file(model)
        check_normalization(builder, preprocessing)
        if input_size is None and builder.fixed_size is not None:
            input_size = builder.fixed_size[0]
    elif isinstance(model, EncoderFunction):
        builder = read_encoder_function(model)
        if preprocessing != "none":
            raise BackboneError(
                f"preprocessing={preprocessing!r}: {builder.title} is given pixels in 0-255. "
                "Leave preprocessing= out, and do it in the function."
            )
    elif isinstance(model, import_keras().Model):
        builder = _as_plain_data(name, model)
        if input_size is None:
            input_size = model.inputs[0].shape[1]
    elif callable(model):
        _check_builder(model)
        build_registered.cache_clear()  # what it builds may be another network than before
        builder = model
    else:
        raise BackboneError(
            f"model is a {type(model).__name__}; wanted a keras.Model, a function that makes one, "
            "the path of a file of ONNX or OpenVINO, an EncoderFile or an EncoderFunction."
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
    if not isinstance(model, import_keras().Model):
        raise BackboneError(
            f"the function that was registered gave a {type(model).__name__}; wanted a "
            f"keras.Model. {_BATCHES}"
        )
    return model, model_digest(model, _arrays(model))


def _check_builder(function):
    try:
        hash(function)
    except TypeError as error:
        raise BackboneError(
            f"model is a {type(function).__name__} that cannot be hashed ({error}), so that it "
            "could not be built once for many extractors. Register a function."
        ) from error
    try:
        inspect.signature(function).bind()
    except ValueError:  # some that are written in C do not say what they take
        pass
    except TypeError as error:
        raise BackboneError(
            f"model is a {type(function).__name__} that takes arguments ({error}); a function that "
            f"builds a keras.Model takes none. {_BATCHES}"
        ) from error


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
