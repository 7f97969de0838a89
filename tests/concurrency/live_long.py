"""Many fits and then many predictions, with memory, open files and threads along the way."""

import json
import os
import sys
import tempfile
import threading
import warnings

import composition_parts as parts
import numpy as np

from fusionlearn import BackboneFeatureExtractor, FeatureStore, FineTuneClassifier
from fusionlearn.exceptions import FusionlearnWarning

warnings.simplefilter("ignore", FusionlearnWarning)
n_fits, n_predictions, n_looks = map(int, sys.argv[1:])
ct = parts.phantoms(24, 12)
pictures = parts.pixels(ct.data)


def look():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return {
        "megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
    }


def fit(number, store):
    """The recipe, and now and then layers of a network."""
    settings = {"application_params": {"alpha": 0.25}, "weights": None, "input_size": 32}
    model = parts.small_recipe(epochs=2, store=store, random_state=number % 7)
    if number % 5 == 0:
        extractor = BackboneFeatureExtractor("MobileNet", store=store, **settings)
        model = FineTuneClassifier(extractor, unfreeze=0.1, epochs=1, batch_size=8)
    return model.fit(ct.data, ct.target)


def predict(number, models):
    """One array at a time, as a server gets them; now and then pixels that are new."""
    picture = pictures[number % len(pictures)].copy()
    picture[0, :4] = np.frombuffer(np.uint32(number // 2000).tobytes(), np.uint8)
    models[number % 10 == 0].predict_proba(picture[np.newaxis])


def live(n, work):
    looks = []
    for number in range(n):
        work(number)
        if (number + 1) % (n // n_looks) == 0:
            looks.append(look())
    return looks


with tempfile.TemporaryDirectory() as folder:
    store = FeatureStore(os.path.join(folder, "features.db"))
    fits = live(n_fits, lambda number: fit(number, store))
    models = [fit(number, store) for number in range(2)]
    predictions = live(n_predictions, lambda number: predict(number, models))
sys.stdout.write(json.dumps({"fits": fits, "predictions": predictions}))
