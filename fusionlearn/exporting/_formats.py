"""The formats that a model can be written in, and what runs each."""

import importlib.util
import json
import os
import shutil
import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from types import MappingProxyType

from .._compat import import_keras, without_chatter
from ..backbones import convert_function
from ._graph import INPUT, OUTPUT

METADATA_NAME = "fusionlearn.json"


class Format(ABC):
    """A format.

    Attributes
    ----------
    suffix : str
        With which its path ends; empty for a folder.

    packages : tuple of str
        What has to be installed to write and to check it.

    runtime : str
        What runs it elsewhere.
    """

    suffix = ""
    packages = ()
    runtime = ""

    @abstractmethod
    def write(self, model, path, metadata):
        """Write a Keras model and what is to be known of it."""

    @abstractmethod
    def open(self, path):
        """Give a function from pixels to probabilities that runs what was written."""

    def files(self, path):
        """Paths of what :meth:`write` makes."""
        return [path]

    def missing_packages(self):
        """Packages that are not installed."""
        return [name for name in self.packages if importlib.util.find_spec(name) is None]


class _Keras(Format):
    suffix = ".keras"
    runtime = "keras"

    def write(self, model, path, metadata):
        model.save(path)

    def open(self, path):
        model = import_keras().models.load_model(path, compile=False)
        return lambda pixels: model(pixels, training=False).numpy()


class _SavedModel(Format):
    runtime = "tensorflow"

    def write(self, model, path, metadata):
        import tensorflow as tf

        # Keras' own export holds every weight twice.
        module = tf.Module()
        module.weights = [variable.value for variable in model.variables]
        module.serve = _function(model)
        with without_chatter():
            tf.saved_model.save(module, path, signatures={"serving_default": module.serve})
        os.makedirs(os.path.join(path, "assets.extra"), exist_ok=True)
        with open(os.path.join(path, "assets.extra", METADATA_NAME), "w") as file:
            json.dump(metadata, file, indent=2)

    def open(self, path):
        import tensorflow as tf

        loaded = tf.saved_model.load(path)
        return lambda pixels: loaded.signatures["serving_default"](**{INPUT: tf.constant(pixels)})[
            OUTPUT
        ].numpy()


class _Onnx(Format):
    suffix = ".onnx"
    packages = ("onnx", "tf2onnx", "onnxruntime")
    runtime = "onnxruntime"

    def write(self, model, path, metadata):
        import onnx
        import tf2onnx

        function = _function(model)
        with without_chatter():
            graph, _ = tf2onnx.convert.from_function(function, function.input_signature)
        about = {"fusionlearn": json.dumps(metadata), "classes": json.dumps(metadata["classes"])}
        onnx.helper.set_model_props(graph, about)
        onnx.save(graph, path)

    def open(self, path):
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda pixels: session.run(None, {name: pixels})[0]


class _OpenVino(Format):
    suffix = ".xml"
    packages = ("openvino",)
    runtime = "openvino"

    def write(self, model, path, metadata):
        import openvino

        with without_chatter():
            graph = convert_function(_function(model).get_concrete_function())
        graph.input(0).tensor.set_names({INPUT})
        graph.output(0).tensor.set_names({OUTPUT})
        graph.set_rt_info(json.dumps(metadata), ["fusionlearn"])
        # In half the bytes probabilities would be others.
        openvino.save_model(graph, path, compress_to_fp16=False)

    def open(self, path):
        import openvino

        # Its own default is bfloat16 on processors that have it.
        exact = {"INFERENCE_PRECISION_HINT": "f32"}
        compiled = openvino.Core().compile_model(path, "CPU", exact)
        return lambda pixels: compiled(pixels)[0]

    def files(self, path):
        return [path, path.removesuffix(self.suffix) + ".bin"]


class _LiteRt(Format):
    suffix = ".tflite"
    packages = ("ai_edge_litert",)
    runtime = "ai_edge_litert"

    def write(self, model, path, metadata):
        with without_chatter():
            model.export(path, format="litert", verbose=False)

    def open(self, path):
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(path)
        taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

        def run(pixels):
            interpreter.resize_tensor_input(taken["index"], pixels.shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(taken["index"], pixels)
            interpreter.invoke()
            return interpreter.get_tensor(given["index"])

        return run


FORMATS = MappingProxyType(
    {
        "keras": _Keras(),
        "saved_model": _SavedModel(),
        "onnx": _Onnx(),
        "openvino": _OpenVino(),
        "litert": _LiteRt(),
    }
)


def _function(model):
    import tensorflow as tf

    signature = [tf.TensorSpec([None, None, None, 3], tf.uint8, name=INPUT)]
    return tf.function(
        lambda pixels: {OUTPUT: model(pixels, training=False)},
        input_signature=signature,
        autograph=False,
    )


@contextmanager
def other_people_s_code():
    """Hold back what converters say of their own code, and what they leave in the environment."""
    before = dict(os.environ)
    try:
        with warnings.catch_warnings():
            for category in (DeprecationWarning, FutureWarning, UserWarning):
                warnings.simplefilter("ignore", category)
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def remove(path):
    """Remove a file or folder, if it is there."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)
