"""Run as a program: opens an exported model where this library cannot be imported."""

import json
import sys
import warnings

import numpy as np


class _Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("fusionlearn", "sklearn"):
            raise ImportError(f"{name} is not to be used here")


def main(pixels_path, out, *models):
    """Write the probabilities of pictures, and what each model says of itself."""
    sys.meta_path.insert(0, _Refuse())
    pixels = np.load(pixels_path)
    said = {}
    for model in models:
        kind, path = model.split("=", 1)
        rolled = np.concatenate([np.roll(pixels, shift, axis=1) for shift in range(4)])
        batches = [pixels, pixels[:1], pixels[:, :30, :41], rolled]
        proba, about = globals()[f"run_{kind}"](path, batches)
        said[kind] = {"proba": [one.tolist() for one in proba], "about": about}
    with open(out, "w") as file:
        json.dump(said, file)


def run_keras(path, batches):
    import keras

    model = keras.models.load_model(path)
    return [model(batch).numpy() for batch in batches], None


def run_saved_model(path, batches):
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    serve = loaded.signatures["serving_default"]
    with open(f"{path}/assets.extra/fusionlearn.json") as file:
        about = json.load(file)
    return [serve(pixels=tf.constant(one))["probabilities"].numpy() for one in batches], about


def run_onnx(path, batches):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    about = json.loads(session.get_modelmeta().custom_metadata_map["fusionlearn"])
    return [session.run(["probabilities"], {"pixels": one})[0] for one in batches], about


def run_openvino(path, batches):
    import openvino

    core = openvino.Core()
    graph = core.read_model(path)
    about = json.loads(graph.get_rt_info(["fusionlearn"]).value)
    compiled = core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [compiled({"pixels": one})["probabilities"] for one in batches], about


def run_litert(path, batches):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path)
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    results = []
    for batch in batches:
        interpreter.resize_tensor_input(taken["index"], batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], batch)
        interpreter.invoke()
        results.append(interpreter.get_tensor(given["index"]))
    return results, None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
