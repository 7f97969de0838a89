"""Networks in files of ONNX, run by ONNX Runtime."""

import os

import numpy as np

from ..exceptions import BackboneError
from ._engine import Engine
from ._file_form import FileForm

_BATCH_SIZE = 8


class OnnxRuntimeEngine(Engine):
    """Runs a network by ONNX Runtime on the processor.

    Parameters
    ----------
    network : Network
        A network that is a registered file.

    Raises
    ------
    BackboneError
        If ONNX Runtime cannot run the network.
    """

    def __init__(self, network):
        import onnxruntime

        encoder = network.backbone.builder
        encoder.check_file()
        self._title = encoder.title
        self._form = FileForm(network)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # As for TensorFlow: joblib tells its workers how many threads each may use.
        n_threads = os.environ.get("OMP_NUM_THREADS", "")
        if n_threads.isdecimal():
            options.intra_op_num_threads = int(n_threads)
        try:
            self._session = onnxruntime.InferenceSession(
                encoder.path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of classes of its own
            raise self._fault(error) from error
        self._input = encoder.input.name
        self._output = self._session.get_outputs()[encoder.output_index].name
        self.n_features = self.find_n_features(network.input_size)

    def stream(self, pictures, deliver, batch_size=None):
        """Compute features and hand them on; see :class:`Engine`."""
        batch_size = self._form.batch_size or batch_size or _BATCH_SIZE
        for start in range(0, len(pictures), batch_size):
            batch = self._form.enter(pictures[start : start + batch_size])
            n_pictures = len(batch)
            if self._form.batch_size and n_pictures < batch_size:
                filler = np.zeros((batch_size - n_pictures, *batch.shape[1:]), batch.dtype)
                batch = np.concatenate([batch, filler])
            try:
                (output,) = self._session.run([self._output], {self._input: batch})
            except Exception as error:  # of classes of its own
                raise self._fault(error) from error
            deliver(start, self._form.leave(output)[:n_pictures])

    def _fault(self, error):
        return BackboneError(
            f"ONNX Runtime cannot run {self._title}: {error} Check the input size and "
            "EncoderFile(layout=...), or set engine='openvino'."
        )
