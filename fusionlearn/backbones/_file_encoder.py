"""Registered networks in files of ONNX and OpenVINO."""

import json
import os
from dataclasses import dataclass, field

from ..exceptions import BackboneError, BackboneWeightsError
from ._choice import ENGINES, PRECISIONS
from ._encoder import Encoder
from ._encoder_file import EncoderFile
from ._file_digest import encoder_digest
from ._file_ports import TYPES, Port, is_for_onnxruntime, read_ports


@dataclass(frozen=True)
class FileEncoder(Encoder):
    """A registered network in a file.

    Parameters
    ----------
    source : EncoderFile
        What the user described.

    path : str
        Absolute path.

    digest : str
        SHA-256 of its content.

    input : Port
        The input.

    layout : {"NCHW", "NHWC"}
        Order of the axes.

    output_index : int
        Which of its outputs is used.
    """

    source: EncoderFile
    path: str = field(compare=False)  # in its place, the digest
    digest: str
    input: Port
    layout: str
    output_index: int

    engines = tuple(engine for engine in ENGINES if engine != "keras")
    precisions = PRECISIONS

    @property
    def title(self):
        """What it is, for messages."""
        kind = "ONNX" if self.path.endswith(".onnx") else "OpenVINO"
        return f"the {kind} file {os.path.basename(self.path)!r}"

    @property
    def n_channels(self):
        """Number of channels of its input."""
        return self.input.shape[self.layout.index("C")] or 3

    @property
    def fixed_size(self):
        """Height and width where it takes no others."""
        size = tuple(self.input.shape[self.layout.index(axis)] for axis in "HW")
        return None if None in size else size

    def identity(self, name):
        """Say what the features depend on; see :class:`Encoder`."""
        source = self.source
        facts = {"file": self.digest, "layout": self.layout, "output": self.output_index}
        facts |= {"mean": source.mean, "std": source.std, "tokens": source.tokens}
        return json.dumps(facts, sort_keys=True)

    def choose_engine(self, engine, precision):
        """Choose what runs it; see :class:`Encoder`."""
        if engine == "openvino" or precision != "float32" or not is_for_onnxruntime(self.path):
            return "openvino"
        return "onnxruntime"

    def check_file(self):
        """Make sure that the file is still the one that was registered.

        Raises
        ------
        BackboneWeightsError
            If it has gone or has other content.
        """
        if encoder_digest(self.path) != self.digest:
            raise BackboneWeightsError(
                f"{self.path!r} has changed since it was registered. Register it again: its "
                "features will be kept apart from those of the old file."
            )


def read_encoder_file(source):
    """Look at a network in a file.

    Parameters
    ----------
    source : EncoderFile
        What the user described.

    Returns
    -------
    encoder : FileEncoder
        With an identity.

    Raises
    ------
    BackboneError
        If nothing is installed that runs it, or it does not take pictures.

    BackboneWeightsError
        If it cannot be read.
    """
    path = os.path.abspath(os.fspath(source.path))
    digest = encoder_digest(path)
    inputs, outputs = read_ports(path)
    name = os.path.basename(path)
    if len(inputs) != 1:
        names = ", ".join(repr(port.name) for port in inputs)
        raise BackboneError(f"{name!r} has {len(inputs)} inputs ({names}); wanted one, of pixels.")
    pixels = inputs[0]
    if pixels.shape is None or len(pixels.shape) != 4 or pixels.type not in TYPES.values():
        raise BackboneError(
            f"{name!r} takes input of shape {pixels.written} and type {pixels.type}; "
            "wanted a batch of pictures with four axes, in float32, float16 or uint8."
        )
    index = _choose_output(name, source.output, outputs)
    encoder = FileEncoder(source, path, digest, pixels, _layout(name, source, pixels), index)
    if encoder.n_channels not in (1, 3):
        raise BackboneError(
            f"{name!r} takes input of shape {pixels.written}, which is "
            f"{encoder.n_channels} channels in layout={encoder.layout!r}; wanted 1 or 3."
        )
    if outputs[index].shape is not None:
        check_axes(encoder, len(outputs[index].shape))
    return encoder


def check_axes(encoder, n_axes):
    """Refuse an output that cannot be made a row of features.

    Parameters
    ----------
    encoder : FileEncoder
        The network.

    n_axes : int
        Number of axes of its output.

    Raises
    ------
    BackboneError
        If it is neither vectors, maps nor tokens, or nobody said what tokens become.
    """
    tokens = encoder.source.tokens
    if n_axes not in (2, 3, 4):
        raise BackboneError(
            f"{encoder.title} gives an output with {n_axes} axes; wanted vectors (n, features), "
            "maps with four axes, or tokens (n, tokens, features)."
        )
    if n_axes == 3 and tokens is None:
        raise BackboneError(
            f"{encoder.title} gives tokens (n, tokens, features). Say what becomes of them: "
            "EncoderFile(..., tokens='class') takes the first one, tokens=1 leaves it out and "
            "pools the others."
        )
    if n_axes != 3 and tokens is not None:
        raise BackboneError(
            f"tokens={tokens!r}: {encoder.title} gives an output with {n_axes} axes, which is no "
            "tokens. Leave tokens= out, or name another output=."
        )


def check_normalization(encoder, preprocessing):
    """Refuse ways to bring pixels into form that contradict each other or the file.

    Parameters
    ----------
    encoder : FileEncoder
        The network.

    preprocessing : {"none", "tf", "caffe", "torch"}
        What was asked for besides.

    Raises
    ------
    BackboneError
        If there are two ways, or the input has no room for one.
    """
    source = encoder.source
    has_numbers = source.mean is not None or source.std is not None
    if has_numbers and preprocessing != "none":
        raise BackboneError(
            f"preprocessing={preprocessing!r} and mean={source.mean}, std={source.std}: wanted one "
            "of the two."
        )
    if encoder.input.type == "uint8" and (has_numbers or preprocessing != "none"):
        raise BackboneError(
            f"{encoder.title} takes pixels in uint8 and scales them itself. Leave mean=, std= and "
            "preprocessing= out."
        )
    per_channel = max(len(source.mean or ()), len(source.std or ())) == 3
    if encoder.n_channels == 1 and (per_channel or preprocessing in ("caffe", "torch")):
        raise BackboneError(
            f"{encoder.title} takes one channel. Pass one number each as mean= and std=."
        )


def _choose_output(name, wanted, outputs):
    names = [port.name for port in outputs]
    if wanted is None and len(names) == 1:
        return 0
    if wanted not in names:
        known = ", ".join(f"{port.name!r} of shape {port.written}" for port in outputs)
        raise BackboneError(
            f"output={wanted!r}: {name!r} has {known}. Name one: EncoderFile(..., output=...)."
        )
    return names.index(wanted)


def _layout(name, source, pixels):
    if source.layout is not None:
        return source.layout
    first, last = (pixels.shape[axis] in (1, 3) for axis in (1, 3))
    if first == last:
        raise BackboneError(
            f"{name!r} takes input of shape {pixels.written}, in which the axis of "
            "channels cannot be seen. Say where it is: EncoderFile(..., layout='NCHW'), which is "
            "what PyTorch writes, or layout='NHWC'."
        )
    return "NCHW" if first else "NHWC"
