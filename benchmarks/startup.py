"""New processes: what an import takes, and the first prediction."""

import pickle
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from fusionlearn import BackboneFeatureExtractor

from ._harness import Report
from ._pictures import slices, write_files

_IMPORTS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import sklearn.linear_model": "import sklearn.linear_model",
    "import keras": "import keras",
    "import fusionlearn": "import fusionlearn",
}
_PREDICT = """
import pickle, sys
with open(sys.argv[1], "rb") as file:
    model, paths = pickle.load(file)
model.predict(paths)
"""
_KERAS_PREDICT = """
import pickle, sys
import keras, numpy as np
from PIL import Image
with open(sys.argv[1], "rb") as file:
    _, paths = pickle.load(file)
side = (224, 224)
pixels = np.stack([np.asarray(Image.open(path).convert("RGB").resize(side)) for path in paths])
model = keras.applications.MobileNetV2(weights=None, include_top=False, pooling="avg")
model.predict(keras.applications.mobilenet_v2.preprocess_input(pixels.astype("f4")), verbose=0)
"""
_LOADED = _PREDICT + "print('tensorflow' in sys.modules)\n"


def run(quick):
    """Measure starts.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: two rounds.

    Returns
    -------
    report : Report
        Seconds of whole processes.
    """
    report = Report("startup", quick)
    rounds = 2 if quick else 9
    section = report.section(
        "Imports",
        "Whole processes, from start to end, python itself included.",
        "start",
        show="time",
    )
    contestants = {name: partial(_process, program) for name, program in _IMPORTS.items()}
    taken = section.measure("import", contestants, amount=1, rounds=rounds)
    report.at_most("import fusionlearn, whole process", taken["import fusionlearn"], 0.3, "s")
    section = report.section(
        "First prediction",
        "Whole processes that predict 8 PNG files by MobileNetV2 and a classifier. fusionlearn: "
        "a pickled pipeline with a LogisticRegression whose features are in a SQLite store. "
        "Keras: the network is built and predicts features; it has no weights to load.",
        "start",
        show="time",
    )
    with tempfile.TemporaryDirectory() as folder:
        pickled = _fitted(folder)
        contestants = {
            "Keras": partial(_process, _KERAS_PREDICT, pickled),
            "fusionlearn, warm store": partial(_process, _PREDICT, pickled),
        }
        taken = section.measure("8 files", contestants, amount=1, rounds=rounds)
        loaded = _process(_LOADED, pickled).strip()
    section.fact("fusionlearn loads TensorFlow", {"True": "yes", "False": "no"}[loaded])
    report.at_most(
        "First warm prediction, whole process", taken["fusionlearn, warm store"], 1.5, "s"
    )
    return report


def _process(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _fitted(folder):
    """Fit a pipeline, which fills its store, and pickle it with its pictures."""
    paths = write_files(slices(8, 256), folder, ".png")
    store = str(Path(folder) / "features.db")
    extractor = BackboneFeatureExtractor("MobileNetV2", weights=None, store=store)
    model = make_pipeline(extractor, LogisticRegression()).fit(paths, np.arange(8) % 2)
    pickled = Path(folder) / "model.pickle"
    pickled.write_bytes(pickle.dumps((model, paths)))
    return str(pickled)
