"""A forked child never waits for threads that it does not have."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("engine", ["keras", "openvino"])
def test_after_networks_have_run(engine):
    """What needs no network works; what needs one is an error that says what to do."""
    run = subprocess.run(
        [sys.executable, str(HERE / "fork_a_process.py"), engine],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    for name in ("stored features", "predict"):
        assert said["there"][name] == said["here"][name]
    for name in ("new features", "fit"):
        assert said["there"][name].startswith("ForkedProcessError: this process was forked from")
        assert "multiprocessing.get_context('spawn')" in said["there"][name]
    assert said["afterwards"] == [8, 256]
