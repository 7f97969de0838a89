"""What a user would write by hand to compute features: Keras, and bare OpenVINO."""

import random
import time
from pathlib import Path

import numpy as np

from fusionlearn import BACKBONES

# Batch and hint with which OpenVINO is tried. Where throughput is the hint it runs as many
# requests side by side as it thinks right.
_CONFIGURATIONS = ((1, "THROUGHPUT"), (4, "THROUGHPUT"), (16, "THROUGHPUT"), (16, "LATENCY"))


def build_keras(name):
    """Build an untrained network, the one that ``weights=None, random_state=0`` means.

    Parameters
    ----------
    name : str
        Name in ``keras.applications``.

    Returns
    -------
    model : keras.Model
        From preprocessed pixels to averaged features.
    """
    import keras

    side = BACKBONES[name].input_size
    random.seed(0)  # whence Keras draws the seeds of its initializers
    return getattr(keras.applications, name)(
        include_top=False, weights=None, pooling="avg", input_shape=(side, side, 3)
    )


def keras_predict(model, name):
    """Make a function from uint8 pictures to features, by Keras' own means.

    Parameters
    ----------
    model : keras.Model
        From :func:`build_keras`.

    name : str
        Its name.

    Returns
    -------
    predict : callable
        Preprocesses a copy and predicts in batches of 32.
    """
    from keras.applications.imagenet_utils import preprocess_input

    mode = BACKBONES[name].preprocessing

    def predict(pictures):
        pixels = pictures.astype(np.float32)
        if mode != "none":
            pixels = preprocess_input(pixels, data_format="channels_last", mode=mode)
        return model.predict(pixels, batch_size=32, verbose=0)

    return predict


def convert(model, name, folder):
    """Convert a network to OpenVINO, with its preprocessing in the graph.

    Parameters
    ----------
    model : keras.Model
        From :func:`build_keras`.

    name : str
        Its name.

    folder : path-like
        Where the converted network is kept for :func:`read_converted`.

    Returns
    -------
    graph : openvino.Model
        From uint8 pictures to features.

    seconds : float
        What the conversion took.
    """
    start = time.perf_counter()
    model.export(str(Path(folder) / f"{name}.xml"), format="openvino", verbose=False)
    graph = read_converted(name, folder)
    return graph, time.perf_counter() - start


def read_converted(name, folder):
    """Read what :func:`convert` kept.

    Parameters
    ----------
    name : str
        Name of the network.

    folder : path-like
        The folder.

    Returns
    -------
    graph : openvino.Model
        From uint8 pictures to features.
    """
    import openvino as ov

    graph = ov.Core().read_model(str(Path(folder) / f"{name}.xml"))
    prepared = ov.preprocess.PrePostProcessor(graph)
    prepared.input().tensor().set_element_type(ov.Type.u8)
    prepared.input().tensor().set_layout(ov.Layout("NHWC"))
    steps = prepared.input().preprocess().convert_element_type(ov.Type.f32)
    match BACKBONES[name].preprocessing:
        case "tf":
            steps.mean(127.5).scale(127.5)
        case "caffe":
            steps.reverse_channels().mean([103.939, 116.779, 123.68])
        case "torch":
            steps.mean([123.675, 116.28, 103.53]).scale([58.395, 57.12, 57.375])
    return prepared.build()


class BareOpenVINO:
    """A compiled graph behind a queue of asynchronous requests.

    Parameters
    ----------
    graph : openvino.Model
        From :func:`convert`.

    precision : {"f32", "bf16"}
        Precision of the arithmetic.

    batch : int
        Pictures of a request.

    hint : {"THROUGHPUT", "LATENCY"}
        OpenVINO's performance hint.
    """

    def __init__(self, graph, precision, batch, hint):
        import openvino as ov

        graph = graph.clone()
        shape = graph.input().partial_shape
        graph.reshape([batch, *(side.get_length() for side in list(shape)[1:])])
        settings = {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": precision}
        compiled = ov.Core().compile_model(graph, "CPU", settings)
        self.batch = batch
        self.setting = (batch, hint)
        self.label = f"batch {batch}, {hint.lower()}"
        self._n_features = compiled.output().shape[1]
        self._queue = ov.AsyncInferQueue(compiled)
        self._queue.set_callback(self._keep)

    def __call__(self, pictures):
        """Compute features of uint8 pictures of the input size."""
        self._rows = np.empty((len(pictures), self._n_features), np.float32)
        for start in range(0, len(pictures), self.batch):
            block = pictures[start : start + self.batch]
            if len(block) < self.batch:
                # The graph has one batch size; the rows of the padding are dropped.
                block = np.resize(block, (self.batch, *block.shape[1:]))
            self._queue.start_async({0: block}, userdata=start)
        self._queue.wait_all()
        return self._rows

    def _keep(self, request, start):
        rows = self._rows[start : start + self.batch]
        rows[:] = request.get_output_tensor().data[: len(rows)]


def fastest_openvino(graph, precision, pictures):
    """Try several ways to run OpenVINO and take the fastest.

    Parameters
    ----------
    graph : openvino.Model
        From :func:`convert`.

    precision : {"f32", "bf16"}
        Precision of the arithmetic.

    pictures : ndarray of shape (n, height, width, 3), uint8
        What is tried on.

    Returns
    -------
    bare : BareOpenVINO
        The fastest one.
    """
    best = None
    for batch, hint in _CONFIGURATIONS:
        bare = BareOpenVINO(graph, precision, batch, hint)
        bare(pictures[:batch])
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            bare(pictures)
            seconds.append(time.perf_counter() - start)
        if best is None or min(seconds) < best[0]:
            best = (min(seconds), bare)
    return best[1]
