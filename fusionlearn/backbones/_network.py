"""One network with all parameters: what turns pixels into a certain row of features."""

import functools
import hashlib
import importlib.metadata
import json
import os
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np

from .._compat import keras_backend
from .._files import file_digest
from ..exceptions import BackboneError, BackboneWeightsError
from ._backbone import Backbone
from ._choice import check_engine
from ._register import build_registered
from ._table import BACKBONES

_OURS = {
    "classes": "the top of the network is never built",
    "classifier_activation": "the top of the network is never built",
    "include_top": "the top of the network is never built",
    "input_shape": "use input_size=",
    "input_tensor": "use input_size=",
    "name": "layers are named by Keras",
    "pooling": "use pooling=",
    "weights": "use weights=",
}
# How pictures are brought to the input size; named anew if it ever gives other pixels.
_RESIZE = "pillow-bilinear, width before height, JPEG from a whole scale of twice the size"
_WEIGHTS_SUFFIXES = (".h5", ".hdf5", ".keras")


@dataclass(frozen=True)
class Network:
    """A resolved network; two that are equal give the same features.

    Parameters
    ----------
    backbone : Backbone
        The entry in the table.

    application_params : tuple of (str, object)
        Further arguments of the Keras application, sorted by name.

    weights : str or None
        "imagenet", an absolute path, or None.

    weights_digest : str
        What the weights are, whatever the file is called.

    random_state : int
        Seed of untrained weights.

    layers : tuple of str or float, or None
        Inner layers; None for the last one.

    pooling : {"avg", "max", "avg_std"}
        How a feature map becomes a vector.

    input_size : tuple of (int, int)
        Height and width in pixels.

    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the arithmetic.

    engine : {"auto", "keras", "openvino"}, default="auto"
        What runs the network.

    trained_layers : int, default=0
        Layers at the end that are trained. If there are any, a row is no row of features
        but what enters them, all tensors one after the other.

    row_type : {"<f4", "<f2", "|u1"}, default="<f4"
        Type of a row. "|u1": all layers are trained, and a row is the picture's pixels.
    """

    backbone: Backbone
    application_params: tuple
    weights: str | None = field(compare=False)  # in its place, the digest
    weights_digest: str
    random_state: int = field(compare=False)  # where it matters, in the digest
    layers: tuple | None
    pooling: str
    input_size: tuple
    precision: str = "float32"
    engine: str = field(default="auto", compare=False)  # all give the same features
    trained_layers: int = 0
    row_type: str = "<f4"

    @functools.cached_property
    def description(self):
        """Everything that the features depend on besides the picture, as JSON."""
        cut = {"row_type": self.row_type} if self.trained_layers else {}
        return self._describe(precision=self.precision, resize=_RESIZE, **cut)

    @property
    def graph_description(self):
        """Everything that the network's graph depends on, as JSON."""
        return self._describe()

    def _describe(self, **further):
        facts = {
            "application": self.backbone.name if self.backbone.is_application else "registered",
            "application_params": dict(self.application_params),
            "input_size": self.input_size,
            "layers": self.layers,
            "pooling": self.pooling,
            "preprocessing": self.backbone.preprocessing,
            "weights": self.weights_digest,
            **({"trained_layers": self.trained_layers} if self.trained_layers else {}),
            **further,
        }
        return json.dumps(facts, sort_keys=True)

    @functools.cached_property
    def identity(self):
        """Digest of the description: 64 hexadecimal digits."""
        return hashlib.sha256(self.description.encode()).hexdigest()

    @property
    def n_features(self):
        """Length of a row where it is known without a build, else None."""
        known = self.backbone.n_features
        if self.row_type == "|u1":
            return 3 * self.input_size[0] * self.input_size[1]
        if known is None or self.application_params or self.layers is not None:
            return None
        if self.trained_layers:
            return None
        return known * (2 if self.pooling == "avg_std" else 1)


def resolve_network(
    application,
    *,
    weights="imagenet",
    application_params=None,
    pooling="avg",
    layers=None,
    input_size=None,
    random_state=0,
    engine="auto",
    precision="float32",
):
    """Check the parameters of an extractor and turn them into a network.

    Parameters
    ----------
    application, weights, application_params, pooling, layers, input_size : object
        As for :class:`~fusionlearn.BackboneFeatureExtractor`.

    random_state, engine, precision : object
        As for :class:`~fusionlearn.BackboneFeatureExtractor`.

    Returns
    -------
    network : Network
        The network; nothing is built for a Keras application.

    Raises
    ------
    BackboneError
        If the network is unknown, or cannot have these parameters or run here.
    """
    check_engine(engine, precision)
    backbone = application if isinstance(application, Backbone) else BACKBONES[application]
    size = _resolve_size(backbone, input_size)
    if not backbone.is_keras:
        backbone.builder.check(
            backbone.name,
            weights=weights,
            layers=layers,
            input_size=size,
            engine=engine,
            precision=precision,
        )
    path, digest = _resolve_weights(backbone, weights, random_state)
    return Network(
        backbone=backbone,
        application_params=_resolve_params(backbone, application_params),
        weights=path,
        weights_digest=digest,
        random_state=int(random_state),
        layers=_resolve_layers(layers),
        pooling=pooling,
        input_size=size,
        precision=precision,
        engine=engine,
    )


def _resolve_weights(backbone, weights, random_state):
    own = _own_digest(backbone)
    if weights is None:
        if own:
            raise BackboneError(
                f"weights=None: {backbone.name!r} was registered with weights of its own. "
                "Leave weights= out."
            )
        # Keras' initializers may draw other numbers in another version, and do on another backend.
        digest = f"untrained-{random_state}-keras-{importlib.metadata.version('keras')}"
        backend = keras_backend()
        return None, digest if backend == "tensorflow" else f"{digest}-{backend}"
    if weights == "imagenet":
        return "imagenet", own or "imagenet"
    path = os.path.abspath(os.fspath(weights))
    if not path.endswith(_WEIGHTS_SUFFIXES):
        raise BackboneWeightsError(
            f"weights={weights!r}: wanted 'imagenet', None or a weights file of Keras "
            f"({', '.join(_WEIGHTS_SUFFIXES)})."
        )
    try:
        return path, own + file_digest(path)
    except OSError as error:
        raise BackboneWeightsError(
            f"weights={weights!r}: the file cannot be read ({error.strerror}). "
            "Check the path, or pass weights='imagenet' or weights=None."
        ) from error


def _own_digest(backbone):
    if backbone.is_application:
        return ""
    if backbone.is_keras:
        return build_registered(backbone.builder)[1]
    return backbone.builder.identity(backbone.name)


def _resolve_params(backbone, application_params):
    params = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in (application_params or {}).items()
    }
    if params and not backbone.is_application:
        raise BackboneError(
            f"application_params={params!r}: {backbone.name!r} was registered and takes none."
        )
    for name, value in params.items():
        if name in _OURS:
            raise BackboneError(f"application_params: {name!r} cannot be given: {_OURS[name]}.")
        if not isinstance(value, (str, Real, type(None))):
            raise BackboneError(
                f"application_params: {name}={value!r} must be a number, a string or None."
            )
    return tuple(sorted(params.items()))


def _resolve_layers(layers):
    if layers is None:
        return None
    layers = (layers,) if isinstance(layers, (str, Real)) else tuple(layers)
    for layer in layers:
        if isinstance(layer, str):
            continue
        if not isinstance(layer, Real) or isinstance(layer, bool) or not 0 < layer <= 1:
            raise BackboneError(
                f"layers: {layer!r} is neither the name of a layer nor a depth in (0, 1]."
            )
    if not layers:
        raise BackboneError("layers is empty: name a layer, or pass None for the last one.")
    return tuple(layer if isinstance(layer, str) else float(layer) for layer in layers)


def _resolve_size(backbone, input_size):
    if input_size is None:
        return (backbone.input_size, backbone.input_size)
    size = (input_size, input_size) if isinstance(input_size, Integral) else tuple(input_size)
    if len(size) != 2 or not all(isinstance(side, Integral) for side in size):
        raise BackboneError(
            f"input_size={input_size!r}: wanted pixels as one integer, or as (height, width)."
        )
    if min(size) < backbone.min_size:
        raise BackboneError(
            f"input_size={input_size!r}: {backbone.name} takes at least "
            f"{backbone.min_size} x {backbone.min_size} pixels."
        )
    return (int(size[0]), int(size[1]))
