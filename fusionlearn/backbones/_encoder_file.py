"""Networks in files of ONNX and OpenVINO, as the user describes them."""

import os
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np

from ..exceptions import BackboneError

SUFFIXES = (".onnx", ".xml")
LAYOUTS = ("NCHW", "NHWC")


@dataclass(frozen=True)
class EncoderFile:
    """A network in a file of ONNX or OpenVINO, to be registered.

    Its input is a batch of pictures with one or three channels, in float32, float16 or
    uint8. Its output is vectors, which are the features; maps, which are pooled as the
    extractor says; or the tokens of a vision transformer. The identity of the network is
    the SHA-256 of the file's content (of an ``.xml`` file together with its ``.bin``, of
    an ``.onnx`` file together with the files in which it keeps its weights).

    Parameters
    ----------
    path : path
        A file of ONNX (``.onnx``), run by ONNX Runtime where that is installed, else by
        OpenVINO; or a file of OpenVINO (``.xml``, with its ``.bin`` beside it).

    mean, std : float or sequence of float, default=None
        What is taken off pixels in 0-1, and what they are divided by then, as in
        ``torchvision.transforms.Normalize``: one number for each channel, or one for all.
        With ``std`` alone the mean is 0, with ``mean`` alone the deviation is 1. If both
        are None, pixels enter as ``preprocessing=`` of
        :func:`~fusionlearn.register_backbone` says.

    layout : {"NCHW", "NHWC"}, default=None
        Order of the axes of the input, and of maps. None: as the shape of the input says,
        where one axis of channels can be seen in it.

    output : str, default=None
        Name of the output that is used; None where there is only one.

    tokens : {"class"} or int, default=None
        For an output of shape (n, n_tokens, n_features). "class": the first token is the
        row of features. A number: so many tokens (of the class, registers) are left out at
        the beginning, and all others are pooled as the extractor says.

    Raises
    ------
    BackboneError
        If the file is of another kind, or a parameter cannot be.

    See Also
    --------
    fusionlearn.register_backbone : Registers it.
    EncoderFunction : Any function on batches of pictures.

    Notes
    -----
    For one channel the mean of the three is taken. Networks run on the processor; for a
    graphics card, run the file by a runtime of your own in an :class:`EncoderFunction`.

    Examples
    --------
    >>> from fusionlearn.backbones import EncoderFile
    >>> EncoderFile("dinov2.onnx", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225),
    ...             tokens="class").tokens
    'class'
    """

    path: str | os.PathLike
    _: KW_ONLY
    mean: float | tuple | None = None
    std: float | tuple | None = None
    layout: str | None = None
    output: str | None = None
    tokens: str | int | None = None

    def __post_init__(self):
        if not os.fspath(self.path).endswith(SUFFIXES):
            raise BackboneError(
                f"{os.fspath(self.path)!r}: wanted a file of ONNX (.onnx) or OpenVINO (.xml)."
            )
        if self.layout not in (None, *LAYOUTS):
            raise BackboneError(f"layout={self.layout!r}: wanted 'NCHW', 'NHWC' or None.")
        is_count = isinstance(self.tokens, Integral) and not isinstance(self.tokens, bool)
        if not (self.tokens in (None, "class") or (is_count and self.tokens >= 0)):
            raise BackboneError(
                f"tokens={self.tokens!r}: wanted 'class' for the first token, the number of "
                "tokens to leave out before the others are pooled, or None."
            )
        if is_count:
            object.__setattr__(self, "tokens", int(self.tokens))
        object.__setattr__(self, "mean", _numbers("mean", self.mean))
        object.__setattr__(self, "std", _numbers("std", self.std))
        if self.std is not None and not np.min(self.std) > 0:
            raise BackboneError(f"std={self.std!r}: wanted numbers above 0.")


def _numbers(param, value):
    if value is None:
        return None
    numbers = tuple(value) if isinstance(value, Iterable) else (value,)
    are_real = all(isinstance(number, Real) for number in numbers)
    if len(numbers) not in (1, 3) or not are_real or not np.isfinite(numbers).all():
        raise BackboneError(f"{param}={value!r}: wanted one number, or one for each channel.")
    if not all(0 <= number <= 1 for number in numbers):
        raise BackboneError(
            f"{param}={value!r}: wanted numbers in 0-1, for pixels in 0-1. Divide those for "
            "pixels in 0-255 by 255."
        )
    return tuple(map(float, numbers))
