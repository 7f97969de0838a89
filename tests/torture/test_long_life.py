"""A process that works for days needs no more memory and files than after an hour."""

import json
import os
import subprocess
import sys
from pathlib import Path

from torture_tally import sizes

TESTS = Path(__file__).parents[1]
LOOKS = 10
# What TensorFlow notes of each fit and the allocator keeps; a network that stayed would
# show as a hundred times that.
MEGABYTES = 30


@sizes((10, 100), (300, 100_000))
def test_fits_and_predictions(n, tally):
    """Into one store of features, compared from a fifth of the way on, when all is warm."""
    run = subprocess.run(
        [sys.executable, str(TESTS / "concurrency" / "live_long.py"), *map(str, (*n, LOOKS))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    for (kind, looks), tried in zip(json.loads(run.stdout).items(), n, strict=True):
        assert len(looks) == LOOKS
        warm, last = looks[LOOKS // 5], looks[-1]
        counts = tally(f"{kind}, flat in memory, files and threads")
        counts.tried = tried
        flat = last["megabytes"] - warm["megabytes"] <= MEGABYTES and all(
            last[name] <= warm[name] for name in ("files", "threads")
        )
        counts.survived, counts.wrong = (tried, 0) if flat else (0, tried)
        assert flat, (kind, looks)
