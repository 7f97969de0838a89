"""Memory is flat: fits leave nothing behind."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import numpy as np
from fusionlearn import FineTuneClassifier

def resident_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

n_rows, hidden = int(sys.argv[1]), eval(sys.argv[2])
rng = np.random.default_rng(0)
X = rng.normal(size=(n_rows, 2000)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)

def fit(number):
    classifier = FineTuneClassifier(
        hidden_units=hidden, dropout=0.2 + 0.005 * number, batch_size=8 + number % 5,
        learning_rate=1e-3 * (1 + number), epochs=3, random_state=number,
    )
    rows = np.delete(np.arange(n_rows), rng.permutation(n_rows)[: n_rows // 5 + number % 2])
    classifier.fit(X[rows], y[rows]).predict(X)

fit(0)
fit(1)
before = resident_bytes()
for number in range(2, 102):
    fit(number)
print((resident_bytes() - before) / 1e6)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("n_rows", [60, 400], ids=["graph", "xla"])
@pytest.mark.parametrize("hidden_units", [(), (8,)])
def test_a_hundred_fits_grow_a_process_by_less_than_20_MB(n_rows, hidden_units):
    """Other folds, rates, seeds and batch sizes each time."""
    arguments = [sys.executable, "-c", SCRIPT, str(n_rows), repr(hidden_units)]
    result = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 20
