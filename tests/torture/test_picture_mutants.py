"""Malformed pictures by the thousand: a reason for each, and no process dies of one."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from torture_tally import sizes

_WORKER = Path(__file__).with_name("picture_worker.py")
# A malformed file of a few KB has no excuse for more.
_MEGABYTES = 200
_SECONDS = 10


def _run(*arguments):
    """Lines of a worker, and whether it came to its end in silence."""
    command = [sys.executable, _WORKER, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return lines, done.returncode, done.stderr


def _judge(tally, line):
    tally.tried += 1
    slow_or_large = line["seconds"] > _SECONDS or line["grown"] > _MEGABYTES
    if line["wrong"] or slow_or_large:
        print(line)  # noqa: T201  pytest shows it where something is wrong
        tally.wrong += 1
    else:
        tally.survived += 1


@sizes(300, 20_000)
def test_files_changed_where_it_hurts(n, tally):
    """Tags, segments and chunks with their checksums made right again."""
    t = tally("malformed pictures")
    case, whole = 0, 0
    while case < n:
        lines, code, errors = _run("mutants", case, min(n - case, 2500))
        finished = [line for line in lines if "case" in line]
        for line in finished:
            _judge(t, line)
            whole += line["whole"]
        case += len(finished)
        if code:  # a process died of a picture, or could not be started
            assert len(lines) > len(finished), errors
            print(lines[-1], code, errors[-500:])  # noqa: T201
            t.tried, t.wrong, case = t.tried + 1, t.wrong + 1, case + 1
    # Otherwise the changes would not get past the header.
    assert whole > n / 10


@sizes(150, 5000)
def test_files_that_hypothesis_makes(n, tally):
    """Any bytes at any place of a whole file."""
    t = tally("malformed pictures by Hypothesis")
    lines, code, errors = _run("hypothesis", 1, n)
    for line in lines:
        if "case" in line:
            _judge(t, line)
    assert code == 0, errors
    assert t.tried > n / 2


@sizes(0, 50_000)
def test_files_that_a_fuzzer_finds(n, tally, tmp_path):
    """Guided by which lines of Pillow's plug-ins run; without atheris, no such guide is there."""
    guided = n > 0 and importlib.util.find_spec("atheris") is not None
    if guided:
        t = tally("malformed pictures by atheris")
        lines, code, errors = _run("atheris", 1, n, tmp_path)
    else:
        t = tally("malformed pictures by Hypothesis, in the place of atheris")
        lines, code, errors = _run("hypothesis", 2, max(n // 10, 50))
    for line in lines:
        if "case" in line:
            _judge(t, line)
    assert code == 0, errors[-2000:]
