"""Does an installed fusionlearn work? ``python tools/smoke_test.py``; no internet, seconds.

It goes the whole way once, with untrained networks on synthetic slices: pictures, features,
fusion, training, a file. What a package may lack (a room, a template, a dependency) is missed
here.
"""

import os
import tempfile
from importlib.resources import files
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greeting is no news here

import numpy as np

import fusionlearn as fl
from fusionlearn.datasets import make_ct_phantoms


def main():
    """Train, save, load."""
    ct = make_ct_phantoms(16, image_size=48)
    settings = {"weights": None, "input_size": 32, "layers": 0.1}
    fusion = fl.ConcatFusion(fl.make_extractors("MobileNet", "MobileNetV2", **settings))
    model = fl.FineTuneClassifier(fusion, epochs=3, random_state=0).fit(ct.data, ct.target)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.fusionlearn"
        fl.save(model, path)
        same = np.array_equal(fl.load(path).predict_proba(ct.data), model.predict_proba(ct.data))
    if not same:
        raise SystemExit("The model that was loaded is not the one that was saved.")
    templates = files("fusionlearn.reporting").joinpath("templates")
    if not templates.is_dir() or not any(templates.iterdir()):
        raise SystemExit("The package lacks the templates of the report.")
    print(f"fusionlearn {fl.__version__} works, from {Path(fl.__file__).parent}")


if __name__ == "__main__":
    main()
