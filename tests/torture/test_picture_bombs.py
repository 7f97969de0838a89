"""Files made by hand to eat memory and time: refused, with the reason, before they do."""

import json
import subprocess
import sys
from pathlib import Path

from picture_bombs import bombs, harmless
from torture_tally import sizes

_WORKER = Path(__file__).with_name("picture_worker.py")
_SECONDS = 20


def _count(tally, files, wanted, folder, *, alone, megabytes):
    """Decode files in processes of their own; what is not as wanted there is wrong."""
    paths = {}
    for name, data in files.items():
        paths[name] = folder / str(len(paths))
        paths[name].write_bytes(data)
    lines = {}
    for together in [[name] for name in paths] if alone else [list(paths)]:
        command = [sys.executable, _WORKER, "files", "0", "1", *(paths[name] for name in together)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in map(json.loads, done.stdout.splitlines()):
            lines[line["name"]] = line  # of one that is not finished the beginning alone
    for name, path in paths.items():
        line = lines.get(str(path), {})
        most = megabytes + 3 * (path.stat().st_size >> 20)
        tally.tried += 1
        if (
            line.get("wrong", True) is None
            and line["whole"] == (wanted == "decoded")
            and line["seconds"] < _SECONDS
            and line["grown"] < most
        ):
            tally.survived += 1
        else:
            print(name, line, f"at most {most} MB")  # noqa: T201  pytest shows it
            tally.wrong += 1


@sizes(1, 20)
def test_bombs_are_refused(n, tally, tmp_path):
    t = tally("picture bombs")
    _count(t, bombs(n), "refused", tmp_path, alone=n > 1, megabytes=50)


@sizes(2000, 9000)
def test_what_only_looks_like_a_bomb_is_decoded(n, tally, tmp_path):
    """The limits are there for hostile files, and let honest ones pass."""
    t = tally("pictures that look like bombs")
    _count(t, harmless(n), "decoded", tmp_path, alone=n > 2000, megabytes=50 + (n * n * 20 >> 20))
