"""From end to end: a transform that is killed, and the one that goes on from there."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fusionlearn import BackboneFeatureExtractor, FeatureStore

RANDOM = random.Random(0)
PROGRAM = Path(__file__).with_name("store_transform_program.py")


@pytest.mark.torture
def test_transforms_that_are_killed(tiny, tmp_path, tally, rng):
    """Only in the long run: each process loads a framework first, which takes seconds."""
    t = tally("store: transforms killed (SIGKILL)")
    X = rng.integers(0, 256, (4000, 16, 16, 3), dtype=np.uint8)
    expected = BackboneFeatureExtractor(tiny, store=FeatureStore()).transform(X)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(PROGRAM.parents[1]), *filter(None, sys.path)]),
    }
    n_found = 0
    for number in range(15):
        folder = tmp_path / str(number)
        folder.mkdir()
        np.save(folder / "X.npy", X)
        process = subprocess.Popen([sys.executable, PROGRAM, folder], env=environment)
        while not (folder / "ready").exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(RANDOM.random())
        is_alive = process.poll() in (None, 0)
        process.kill()
        process.wait()
        store = FeatureStore(folder / "features.db")
        before = store.stats()
        t.tried += 1
        features = BackboneFeatureExtractor(tiny, store=store).transform(X)
        # Engines sum in another order where other pictures enter with one.
        t.wrong += not np.allclose(features, expected, rtol=1e-4, atol=1e-6)
        t.lost += before["rows"] - store.stats()["hits"]
        t.survived += is_alive and store.stats()["computed"] == len(X)
        n_found += 0 < before["rows"] < len(X)
    assert n_found > 3  # some were killed in the middle of it
