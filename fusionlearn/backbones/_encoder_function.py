"""Any function on batches of pictures as a network."""

import inspect
import json
import os
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field

from .._files import file_digest
from ..exceptions import BackboneError, BackboneWeightsError
from ._encoder import Encoder


@dataclass(frozen=True)
class EncoderFunction:
    """A function on batches of pictures, to be registered as a network.

    Whatever Python can call is a network this way: a PyTorch model (DINOv2, an encoder
    for radiographs), a session of a runtime on a graphics card, or features that are
    written by hand.

    Features are stored under the identity of what computed them, and Python cannot tell
    whether a function computes today what it did yesterday. So its identity is yours to
    give, by ``digest``, ``weights`` or both; the name under which it is registered counts
    too, because two functions can use one file.

    Parameters
    ----------
    function : callable
        ``function(pixels)`` takes an array of shape (n, height, width, 3), uint8, RGB in
        0-255, which it may write into, and returns an array of shape (n, n_features) of
        finite numbers. It is called by one thread at a time, and n is at most
        the extractor's ``batch_size`` (32 if that is None). For worker processes
        (``n_jobs=2``) it has to be importable.

    digest : str, default=None
        A digest of weights, or a version: any text that you change whenever the features
        would change.

    weights : path, default=None
        The file from which the function takes its weights. The SHA-256 of its content at
        the time of registering is part of the identity; the file is not opened otherwise.

    Raises
    ------
    BackboneError
        If there is neither ``digest`` nor ``weights``, or the function cannot be called
        with one argument.

    See Also
    --------
    fusionlearn.register_backbone : Registers it.
    EncoderFile : A network in a file of ONNX or OpenVINO.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import BackboneFeatureExtractor, register_backbone
    >>> from fusionlearn.backbones import EncoderFunction
    >>> def mean_and_deviation(pixels):
    ...     return np.hstack([pixels.mean(axis=(1, 2)), pixels.std(axis=(1, 2))])
    >>> encoder = EncoderFunction(mean_and_deviation, digest="1")
    >>> moments = register_backbone("moments", encoder, input_size=16)
    >>> X = np.full((2, 16, 16), 100, dtype=np.uint8)
    >>> BackboneFeatureExtractor(moments).transform(X)[0]
    array([100., 100., 100.,   0.,   0.,   0.], dtype=float32)
    """

    function: Callable
    _: KW_ONLY
    digest: str | None = None
    weights: str | os.PathLike | None = None

    def __post_init__(self):
        if not callable(self.function):
            raise BackboneError(
                f"function is a {type(self.function).__name__}; wanted something to call with "
                "pixels of shape (n, height, width, 3)."
            )
        if not _takes_pixels(self.function):
            raise BackboneError(
                f"function {_name(self.function)} cannot be called with one argument; wanted "
                "function(pixels). A function that builds a Keras model is registered as it is, "
                "without EncoderFunction."
            )
        if self.digest is None and self.weights is None:
            raise BackboneError(
                f"EncoderFunction({_name(self.function)}) has no identity; wanted digest= or "
                "weights=. Features are stored under the identity of what computed them: without "
                "one, rows of another function would be taken for its own. Pass weights=FILE, "
                "whose SHA-256 is taken, or digest=TEXT, which you change whenever the features "
                "would change."
            )
        if self.digest is not None and not (isinstance(self.digest, str) and self.digest.strip()):
            raise BackboneError(
                f"digest={self.digest!r}: wanted a text that is not empty, such as the SHA-256 of "
                "the weights, or a version."
            )


@dataclass(frozen=True)
class FunctionEncoder(Encoder):
    """A registered function.

    Parameters
    ----------
    function : callable
        As for :class:`EncoderFunction`.

    digest : str or None
        As for :class:`EncoderFunction`.

    weights_digest : str or None
        SHA-256 of the weights file.
    """

    function: Callable = field(compare=False)  # in its place, what the user said it is
    digest: str | None
    weights_digest: str | None

    engines = ("auto",)
    precisions = ("float32",)
    fixed_size = None

    @property
    def title(self):
        """What it is, for messages."""
        return f"the function {_name(self.function)}"

    def identity(self, name):
        """Say what the features depend on; see :class:`Encoder`."""
        facts = {"function": name, "digest": self.digest, "weights": self.weights_digest}
        return json.dumps(facts, sort_keys=True)

    def choose_engine(self, engine, precision):
        """Choose what runs it; see :class:`Encoder`."""
        return "function"


def read_encoder_function(encoder):
    """Take the digest of the weights file.

    Parameters
    ----------
    encoder : EncoderFunction
        What the user described.

    Returns
    -------
    encoder : FunctionEncoder
        With an identity.

    Raises
    ------
    BackboneWeightsError
        If the file cannot be read.
    """
    digest = None
    if encoder.weights is not None:
        try:
            digest = file_digest(os.path.abspath(os.fspath(encoder.weights)))
        except OSError as error:
            raise BackboneWeightsError(
                f"weights={os.fspath(encoder.weights)!r}: the file cannot be read "
                f"({error.strerror}). Check the path, or pass digest= in its place."
            ) from error
    return FunctionEncoder(encoder.function, encoder.digest, digest)


def _takes_pixels(function):
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # some that are written in C do not say
        return True
    return True


def _name(function):
    return getattr(function, "__qualname__", None) or type(function).__qualname__
