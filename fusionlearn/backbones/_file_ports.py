"""Inputs and outputs of networks in files of ONNX and OpenVINO."""

import importlib.util
from dataclasses import dataclass

from ..exceptions import BackboneError, BackboneWeightsError
from ._choice import has_openvino

# As ONNX Runtime and OpenVINO name what NumPy names thus.
TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(uint8)": "uint8",
    "f32": "float32",
    "f16": "float16",
    "u8": "uint8",
}


@dataclass(frozen=True)
class Port:
    """An input or output of a network.

    Parameters
    ----------
    name : str
        Its name.

    shape : tuple of int or None, or None
        Lengths of its axes as far as the file says them; None where it does not say how
        many axes there are.

    type : str
        Type of its numbers.
    """

    name: str
    shape: tuple | None
    type: str

    @property
    def written(self):
        """Its shape, for messages."""
        if self.shape is None:
            return "(unknown)"
        return f"({', '.join('any' if side is None else str(side) for side in self.shape)})"


def is_for_onnxruntime(path):
    """Tell whether ONNX Runtime is installed and reads such files.

    Parameters
    ----------
    path : str
        A file of ONNX or OpenVINO.

    Returns
    -------
    reads : bool
        Without importing it.
    """
    return path.endswith(".onnx") and importlib.util.find_spec("onnxruntime") is not None


def read_ports(path):
    """Read what goes into a network and what comes out.

    Parameters
    ----------
    path : str
        A file of ONNX or OpenVINO.

    Returns
    -------
    inputs : list of Port
        In the order of the file.

    outputs : list of Port
        In the order of the file.

    Raises
    ------
    BackboneError
        If nothing is installed that reads it.

    BackboneWeightsError
        If it cannot be read.
    """
    readers = [_read_by_onnxruntime] if is_for_onnxruntime(path) else []
    if has_openvino():
        readers.append(_read_by_openvino)
    if not readers:
        wanted = "onnxruntime or OpenVINO" if path.endswith(".onnx") else "OpenVINO"
        raise BackboneError(
            f"{path!r} is run by {wanted}, which is not installed. Install it: "
            "pip install 'fusionlearn[openvino]'."
        )
    faults = []
    for read in readers:  # what one cannot run, the other perhaps can
        try:
            return _read(read, path)
        except BackboneWeightsError as error:
            faults.append(error)
    raise faults[0]


def _read(read, path):
    try:
        return read(path)
    except Exception as error:  # each runtime has errors of its own
        raise BackboneWeightsError(f"{path!r} cannot be read: {error}") from error


def _read_by_onnxruntime(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def port(found):
        # It writes no axes where it does not know them.
        shape = tuple(side if isinstance(side, int) else None for side in found.shape) or None
        return Port(found.name, shape, TYPES.get(found.type, found.type))

    return [port(one) for one in session.get_inputs()], [port(one) for one in session.get_outputs()]


def _read_by_openvino(path):
    import openvino

    graph = openvino.Core().read_model(path)

    def port(found):
        name = min(found.get_names(), default=found.node.friendly_name)
        kind = found.element_type.get_type_name()
        sides = found.partial_shape
        if sides.rank.is_dynamic:
            return Port(name, None, TYPES.get(kind, kind))
        shape = tuple(side.get_length() if side.is_static else None for side in sides)
        return Port(name, shape, TYPES.get(kind, kind))

    return [port(one) for one in graph.inputs], [port(one) for one in graph.outputs]
