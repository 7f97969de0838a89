"""What a child can do that was forked from a process in which networks had run."""

import json
import multiprocessing
import sys
import warnings

import numpy as np

from fusionlearn import BackboneFeatureExtractor, FineTuneClassifier
from fusionlearn.exceptions import FusionlearnError

# Python 3.12 says of its own that a fork of threads is no good.
warnings.filterwarnings("ignore", category=DeprecationWarning)

rng = np.random.default_rng(0)
pictures = rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
others = 255 - pictures
labels = np.arange(8) % 2
settings = {"weights": None, "input_size": 32, "application_params": {"alpha": 0.25}}
extractor = BackboneFeatureExtractor("MobileNet", engine=sys.argv[1], **settings)
head = FineTuneClassifier(epochs=2)
features = extractor.transform(pictures)
head.fit(features, labels)

WORK = {
    "stored features": lambda: extractor.transform(pictures),
    "predict": lambda: head.predict_proba(features),
    "new features": lambda: extractor.transform(others),
    "fit": lambda: head.fit(features, labels),
}


def work(name):
    try:
        return np.asarray(WORK[name]()).tolist()
    except (FusionlearnError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


with multiprocessing.get_context("fork").Pool(1) as pool:
    asked = {name: pool.apply_async(work, (name,)) for name in WORK}
    there = {name: answer.get(timeout=60) for name, answer in asked.items()}
sys.stdout.write(
    json.dumps(
        {
            "there": there,
            "here": {name: work(name) for name in ("stored features", "predict")},
            "afterwards": np.shape(work("new features")),
        }
    )
)
