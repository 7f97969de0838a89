"""From a network in Keras to a graph of OpenVINO that takes pixels as they are."""

import numpy as np

from .._compat import import_keras, isolated_keras_build, without_chatter
from ..exceptions import BackboneError
from ._keras_model import build_feature_model, compile_feature_model, preprocess
from ._pixel_model import MEAN, SCALE

# A conversion that went wrong is off by far more, rounding by far less.
_TOLERANCE = 1e-4


def build_graph(network, core):
    """Convert a network, and look whether it computes what Keras does.

    Parameters
    ----------
    network : Network
        The resolved network.

    core : openvino.Core
        Compiles the graph for the comparison.

    Returns
    -------
    graph : openvino.Model
        From pixels of shape (n, height, width, 3), uint8, to features of shape
        (n, n_features), float32.

    Raises
    ------
    BackboneError
        If OpenVINO cannot convert the network, or gives other features than Keras.
    """
    keras = import_keras()
    if keras.config.backend() != "tensorflow":
        raise BackboneError(
            f"engine='openvino': networks are converted from TensorFlow, and Keras runs on "
            f"{keras.config.backend()!r}. Set engine='keras', or unset KERAS_BACKEND."
        )
    model = build_feature_model(network)
    with isolated_keras_build(network.random_state):
        function = compile_feature_model(model)
    try:
        with without_chatter():
            graph = convert_function(function)
        graph = _with_preprocessing(graph, network.backbone.preprocessing)
        graph.reshape([-1, *network.input_size, 3])
    except Exception as error:
        raise BackboneError(
            f"engine='openvino': {network.backbone.name} cannot be converted ({error}). "
            "Set engine='keras'."
        ) from error
    _compare(network, graph, function, core)
    return graph


def convert_function(function):
    """Convert a concrete function of TensorFlow into a graph of OpenVINO.

    Parameters
    ----------
    function : callable
        The function.

    Returns
    -------
    graph : openvino.Model
        With the function's weights, in float32.
    """
    # What openvino.convert_model does, which besides sends statistics of its use over the
    # internet without asking, from processes that it forks.
    from openvino.frontend import FrontEndManager
    from openvino.frontend.tensorflow.utils import create_tf_graph_iterator

    frontend = FrontEndManager().load_by_framework("tf")
    share_weights = False  # they must outlive the function
    # Held by a name: the frontend itself does not keep what it reads from alive.
    operations = create_tf_graph_iterator(function, [], [], None, share_weights)
    loaded = frontend.load(operations)
    return frontend.convert(loaded)


def _with_preprocessing(graph, mode):
    import openvino
    from openvino.preprocess import PrePostProcessor

    processor = PrePostProcessor(graph)
    pixels = processor.input()
    pixels.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    pixels.model().set_layout(openvino.Layout("NHWC"))
    steps = pixels.preprocess().convert_element_type(openvino.Type.f32)
    if mode == "caffe":
        steps.reverse_channels()
    if mode in MEAN:
        steps.mean(MEAN[mode])
    if mode in SCALE:
        steps.scale(SCALE[mode])
    return processor.build()


def _compare(network, graph, function, core):
    pixels = np.random.default_rng(0).integers(0, 256, (1, *network.input_size, 3), dtype=np.uint8)
    wanted = np.asarray(function(preprocess(pixels, network.backbone.preprocessing)))
    got = core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(pixels)[0]
    # A network that gives no numbers is refused where it is used, whatever runs it.
    scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
    agree = got.shape == wanted.shape and np.allclose(
        got, wanted, rtol=0, atol=_TOLERANCE * scale, equal_nan=True
    )
    if not agree:
        error = np.abs(got - wanted).max() if got.shape == wanted.shape else np.inf
        raise BackboneError(
            f"engine='openvino': the converted {network.backbone.name} gives other features than "
            f"Keras (they differ by up to {error:.3g} where the largest is {scale:.3g}). "
            "Set engine='keras'."
        )
