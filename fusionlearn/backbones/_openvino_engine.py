"""Networks run by OpenVINO on the processor."""

import threading
from contextlib import suppress

import numpy as np

from .._config import get_config
from ..exceptions import BackboneError
from ._engine import Engine
from ._file_form import FileForm
from ._graph_cache import load_graph

_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
# Measured on seven networks: alone, a picture's activations stay in the caches; in bfloat16
# the weights, which a batch reads once, count for more.
_BATCH_SIZES = {"float32": 1, "bfloat16": 4}


class OpenVINOEngine(Engine):
    """Runs a network by OpenVINO, as many small batches at a time as the processor has streams.

    Batches have one length, so that the graph is compiled for it and a row does not depend
    on how many pictures there are; the last one is filled up.

    Parameters
    ----------
    network : Network
        The network to run.

    Raises
    ------
    BackboneError
        If the processor has no arithmetic of the network's precision, or OpenVINO cannot
        run the network.
    """

    def __init__(self, network):
        import openvino

        self._core = openvino.Core()
        if network.precision == "bfloat16":
            _check_bfloat16(self._core)
        if network.backbone.is_keras:
            self._graph, self._form = load_graph(network, self._core), _Pixels(network)
        else:
            self._graph, self._form = _read_graph(network, self._core), FileForm(network)
        self._options = {
            # OpenVINO's own default is bfloat16 where the processor has it.
            "INFERENCE_PRECISION_HINT": _PRECISIONS[network.precision],
            "PERFORMANCE_HINT": "THROUGHPUT",
            # Threads that are tied to processors stand in the way of other processes' ones.
            "ENABLE_CPU_PINNING": False,
        }
        self._title = network.backbone.name
        self._batch_size = _BATCH_SIZES[network.precision]
        self._queues = {}
        self._lock = threading.Lock()
        if network.backbone.is_keras:
            self.n_features = self._graph.output(0).partial_shape[1].get_length()
        else:
            self.n_features = self.find_n_features(network.input_size)

    def stream(self, pictures, deliver, batch_size=None):
        """Compute features and hand them on; see :class:`Engine`."""
        batch_size = self._form.batch_size or batch_size or self._batch_size
        with self._lock:
            queue = self._queue(batch_size)
            # An interruption may have come between the last batch and the wait for it. The
            # callback that the queue then still has keeps its memory alive.
            with suppress(RuntimeError):  # what went wrong then is not this call's
                queue.wait_all()
            running = {}  # OpenVINO computes from this memory, but does not hold it

            def finished(request, start):
                del running[start]
                rows = self._form.leave(request.get_output_tensor(0).data)
                deliver(start, rows[: len(pictures) - start])

            queue.set_callback(finished)
            try:
                for start in range(0, len(pictures), batch_size):
                    batch = pictures[start : start + batch_size]
                    if len(batch) < batch_size:
                        filler = np.zeros((batch_size - len(batch), *batch.shape[1:]), np.uint8)
                        batch = np.concatenate([batch, filler])
                    batch = self._form.enter(batch)
                    running[start] = batch
                    queue.start_async({0: batch}, start, share_inputs=True)
            finally:
                queue.wait_all()

    def _queue(self, batch_size):
        import openvino

        streams = get_config()["inference_streams"]
        if (batch_size, streams) not in self._queues:
            graph = self._graph.clone()
            chosen = {} if streams == "auto" else {"NUM_STREAMS": streams}
            try:
                graph.reshape(self._form.shape(batch_size))
                compiled = self._core.compile_model(graph, "CPU", self._options | chosen)
            except RuntimeError as error:
                raise BackboneError(
                    f"OpenVINO cannot run {self._title} in batches of {batch_size}: {error}"
                ) from error
            self._queues[batch_size, streams] = openvino.AsyncInferQueue(compiled)
        return self._queues[batch_size, streams]


class _Pixels:
    """The form of a converted network: pixels as they are, and features."""

    batch_size = None

    def __init__(self, network):
        self._size = network.input_size

    def shape(self, n_pictures):
        return [n_pictures, *self._size, 3]

    def enter(self, pictures):
        return pictures

    def leave(self, rows):
        return rows


def _read_graph(network, core):
    """Read the graph of a network in a file, up to the output that is used."""
    import openvino

    encoder = network.backbone.builder
    encoder.check_file()
    try:
        graph = core.read_model(encoder.path)
        output = graph.output(encoder.output_index)
        # The input is still there if the output does not depend on it.
        return openvino.Model([output], graph.get_parameters(), encoder.title)
    except RuntimeError as error:
        raise BackboneError(f"OpenVINO cannot read {encoder.title}: {error}") from error


def _check_bfloat16(core):
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        name = core.get_property("CPU", "FULL_DEVICE_NAME")
        raise BackboneError(
            f"precision='bfloat16': this processor ({name}) has no arithmetic in bfloat16, so "
            "that nothing would be gained. Set precision='float32'; rows in bfloat16 that a "
            "store already holds can still be read."
        )
