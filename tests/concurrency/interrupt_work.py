"""Work that is interrupted at random moments, and then done again in the same process.

The first line of standard output says that everything is loaded. Then the digest of what an
undisturbed run gives, and one line for each interrupted run: whether the interruption came
out as it should, and the digest of a run afterwards.
"""

import hashlib
import os
import random
import signal
import sys
import tempfile
import time
import warnings

import composition_parts as parts
import numpy as np

from fusionlearn import BackboneFeatureExtractor, FeatureStore, FineTuneClassifier
from fusionlearn.exceptions import FusionlearnWarning

warnings.simplefilter("ignore", FusionlearnWarning)
ct = parts.phantoms(24, 12)
settings = {"application_params": {"alpha": 0.25}, "weights": None, "input_size": 32}


def work(kind):
    """Everything from pictures to probabilities, with a store that is new."""
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(os.path.join(folder, "features.db"))
        extractor = BackboneFeatureExtractor("MobileNet", store=store, engine=kind, **settings)
        model = FineTuneClassifier(
            extractor, unfreeze=0.1, epochs=2, batch_size=8, random_state=0
        ).fit(ct.data, ct.target)
        recipe = parts.small_recipe(epochs=2, store=store).fit(ct.data, ct.target)
        proba = np.hstack([model.predict_proba(ct.data), recipe.predict_proba(ct.data)])
        counts = store.check()
        assert counts["damaged_rows"] == 0, counts
        assert not counts["problems"], counts
    return hashlib.sha256(proba.tobytes()).hexdigest()


def causes(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


kind, n = sys.argv[1], int(sys.argv[2])
dice = random.Random(0)
work(kind)
start = time.perf_counter()
say(work(kind))
usual = time.perf_counter() - start


has_interrupted = False


def interrupt(number, frame):
    global has_interrupted
    has_interrupted = True
    raise KeyboardInterrupt


signal.signal(signal.SIGALRM, interrupt)
while n > 0:
    ended, has_interrupted = None, False
    try:
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.001, usual))
        work(kind)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        ended = "interrupted"
    except SystemError as error:
        # What the C code of NumPy and TensorFlow makes of an interruption that came while it
        # called Python: it went on, and lost what had been raised or raised its own on top.
        ended = "interrupted" if has_interrupted else f"SystemError:{error}:{list(causes(error))}"
    except Exception as error:  # noqa: BLE001  whatever came in its place is told
        ended = f"{type(error).__name__}:{error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if ended is not None:  # else the work was done first
        n -= 1
        say(ended.replace(" ", "_").replace("\n", "_"), work(kind))
