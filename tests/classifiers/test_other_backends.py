"""Where Keras runs on JAX or PyTorch, everything comes out as on TensorFlow."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

RUNNER = Path(__file__).with_name("runs_on_a_backend.py")


def run(backend, folder):
    """Compute in a process whose Keras runs on something else."""
    out = folder / f"{backend}.json"
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(RUNNER.parents[1]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    subprocess.run([sys.executable, RUNNER, out], check=True, env=environment, capture_output=True)
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def wanted(tmp_path_factory):
    return run("tensorflow", tmp_path_factory.mktemp("tensorflow"))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_extraction_and_training_are_the_same(backend, wanted, tmp_path):
    """Weights, order of rows and dropout are drawn by NumPy, whatever computes with them."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; make test-backends installs it")
    got = run(backend, tmp_path)
    assert got.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name], value, atol=2e-5, err_msg=name)
