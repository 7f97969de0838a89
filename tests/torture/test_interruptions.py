"""Ctrl-C at any moment leaves a process that gives the same results as before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from torture_tally import sizes

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("engine", ["keras", "openvino"])
@sizes(1, 100)
def test_ctrl_c_at_random_moments(n, engine, tally):
    counts = tally(f"interruptions of a fit, {engine}")
    run = subprocess.run(
        [sys.executable, str(TESTS / "concurrency" / "interrupt_work.py"), engine, str(n)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])},
        capture_output=True,
        text=True,
        timeout=60 + 30 * n,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    want, *lines = run.stdout.split("\n")[:-1]
    for line in lines:
        ended, digest = line.split()
        counts.tried += 1
        good = ended == "interrupted" and digest == want
        counts.survived += good
        counts.wrong += not good
        assert good, (line, run.stderr[-3000:])
    assert counts.tried == n
