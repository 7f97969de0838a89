"""Malformed DICOM files by the thousand: a reason for each, and no process dies of one."""

import json
import subprocess
import sys
from pathlib import Path

from torture_tally import sizes

_WORKER = Path(__file__).with_name("picture_worker.py")
_MEGABYTES = 200
_SECONDS = 10


@sizes(250, 20_000)
def test_dicom_files_changed_where_it_hurts(n, tally):
    """Tags, types, lengths and values of elements, and what is compressed behind them."""
    t = tally("malformed DICOM files")
    command = [sys.executable, _WORKER, "dicom", "0", str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    whole = 0
    for line in map(json.loads, done.stdout.splitlines()):
        if "case" not in line:
            continue
        t.tried += 1
        whole += line["whole"]
        if line["wrong"] or line["seconds"] > _SECONDS or line["grown"] > _MEGABYTES:
            print(line)  # noqa: T201  pytest shows it where something is wrong
            t.wrong += 1
        else:
            t.survived += 1
    assert done.returncode == 0, done.stderr[-2000:]
    assert t.tried == n
    assert n / 10 < whole < n * 9 / 10
