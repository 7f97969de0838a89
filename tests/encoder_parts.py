"""Small networks in files, and functions on batches, that tests register."""

import numpy as np

SIDE = 16
N_FEATURES = 5


def write_onnx(path, *, layout="NCHW", batch="n", sides=(SIDE, SIDE), kind="FLOAT", **params):
    """Write a network of one 1 x 1 convolution; give its weights, one row for each feature.

    ``output`` is "maps", "vectors" (their mean), "tokens" (one for each place) or "deep" (five
    axes); ``channels`` its number of input channels, and ``channels_written`` what the file says
    it is; ``seed`` that of its weights; ``scale``
    multiplies them; ``external`` keeps them in a file beside it, which has that name; with a
    ``domain`` an operation of it halves what comes out.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    output, channels = params.get("output", "maps"), params.get("channels", 3)
    rng = np.random.default_rng(params.get("seed", 0))
    weights = rng.normal(size=(N_FEATURES, channels)).astype(np.float32)
    weights *= params.get("scale", 1.0)
    lengths = {
        "N": batch,
        "C": params.get("channels_written", channels),
        "H": sides[0],
        "W": sides[1],
    }
    kernel = numpy_helper.from_array(weights[:, :, np.newaxis, np.newaxis], "kernel")
    nodes = [helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT)]
    name = "float"
    if layout == "NHWC":
        nodes.append(helper.make_node("Transpose", [name], ["first"], perm=[0, 3, 1, 2]))
        name = "first"
    domain = params.get("domain", "")
    if domain:  # an operation that is x times the sigmoid of beta x, which is x / 2 for 0
        nodes.append(helper.make_node("Conv", [name, "kernel"], ["sums"]))
        nodes.append(helper.make_node("Swish", ["sums", "beta"], ["maps"], domain=domain))
    else:
        nodes.append(helper.make_node("Conv", [name, "kernel"], ["maps"]))
    constants = [kernel]
    if domain:
        constants.append(numpy_helper.from_array(np.zeros(1, np.float32), "beta"))
    name = "maps"
    if output == "vectors":
        nodes.append(helper.make_node("ReduceMean", [name], [output], axes=[2, 3], keepdims=0))
    elif output == "tokens":
        shape = numpy_helper.from_array(np.array([0, N_FEATURES, -1]), "shape")
        nodes.append(helper.make_node("Reshape", [name, "shape"], ["flat"]))
        nodes.append(helper.make_node("Transpose", ["flat"], [output], perm=[0, 2, 1]))
        constants.append(shape)
    elif output == "deep":
        nodes.append(helper.make_node("Unsqueeze", [name, "axis"], [output]))
        constants.append(numpy_helper.from_array(np.array([4]), "axis"))
    elif layout == "NHWC":
        nodes.append(helper.make_node("Transpose", [name], ["last"], perm=[0, 2, 3, 1]))
        output = "last"
    asked = [output, *params.get("further_outputs", ())]
    n_axes = {"vectors": 2, "tokens": 3, "deep": 5}
    graph = helper.make_graph(
        nodes,
        "network",
        [
            helper.make_tensor_value_info(one, getattr(TensorProto, kind), shape)
            for one, shape in {
                "pixels": [lengths[axis] for axis in layout],
                **params.get("further_inputs", {}),
            }.items()
        ],
        [
            helper.make_tensor_value_info(one, TensorProto.FLOAT, [None] * n_axes.get(one, 4))
            for one in asked
        ],
        constants,
    )
    opsets = [helper.make_opsetid(one, 17 if not one else 1) for one in {"", domain}]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    external = params.get("external")
    onnx.save(
        model,
        path,
        save_as_external_data=external is not None,
        location=external,
        size_threshold=0,
    )
    return weights


def write_openvino(path, source):
    """Write a file of ONNX as one of OpenVINO."""
    import openvino

    graph = openvino.Core().read_model(source)
    openvino.save_model(graph, path, compress_to_fp16=False)


def mean_colour(pixels):
    """Three features of a picture."""
    return pixels.mean(axis=(1, 2), dtype=np.float64)
