"""What another process does with networks that were registered elsewhere."""

import multiprocessing
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np

from fusionlearn.exceptions import ForkedProcessError

# Python 3.12 says of its own that a fork of threads is no good.
warnings.filterwarnings("ignore", category=DeprecationWarning)

folder = Path(sys.argv[1])
extractors = pickle.loads((folder / "extractors.pickle").read_bytes())
X = np.load(folder / "X.npy")
for name, extractor in extractors.items():
    np.save(folder / f"{name}.npy", extractor.transform(X))
assert "keras" not in sys.modules


def compute(name):
    try:
        extractors[name].transform(255 - X)
    except ForkedProcessError:
        return True
    return False


with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.map(compute, list(extractors)) == [True] * len(extractors)
