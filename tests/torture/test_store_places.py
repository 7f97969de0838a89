"""Disks that are full, folders that cannot be written or go away, clocks that differ."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from store_worker import (
    NETWORK,
    fill,
    get,
    put,
    read_all,
    remove,
    starter,
    use_as_nobody,
    use_pictures,
    write_while_folder_goes,
)
from torture_tally import sizes

from fusionlearn import FeatureStore
from fusionlearn.exceptions import FeatureStoreWarning

RANDOM = random.Random(0)
NOBODY = 65534


def run(target, *arguments):
    process = starter().Process(target=target, args=arguments, daemon=True)
    process.start()
    process.join(120)
    return process.exitcode == 0


def count(t, answer):
    said = json.loads(answer.read_text())
    t.lost += said["lost"]
    t.wrong += said["wrong"]
    # It did become full, and not before something was kept.
    return said["refused"] > 0 and len(said["kept"]) > 0


@sizes(5, 150)
def test_a_quota(tmp_path, tally, n):
    """A file that must not grow any further, which needs nobody's leave to try."""
    t = tally("store: quota used up")
    for number in range(n):
        answer = tmp_path / f"{number}.json"
        limit = RANDOM.randrange(100_000, 400_000)
        t.tried += 1
        if run(fill, str(tmp_path / f"{number}.db"), str(answer), limit, None):
            t.survived += count(t, answer)


def mount(folder, command, program):
    """Run a program where only it sees something mounted; None where that is not allowed."""
    script = f'{command} && echo mounted && exec "$@"'
    result = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *program],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    return result.returncode == 0 if result.stdout.startswith("mounted") else None


@pytest.mark.torture
def test_a_full_disk(tmp_path, tally):
    """A disk of 1 MB of which a third is given back afterwards."""
    t = tally("store: full disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    for number in range(20):
        answer = tmp_path / f"{number}.json"
        ballast = disk / "ballast"
        program = (
            f"open({str(ballast)!r}, 'wb').write(bytes(300_000)); import store_worker; "
            f"store_worker.fill({str(disk / 'features.db')!r}, {str(answer)!r}, None, "
            f"{str(ballast)!r})"
        )
        is_good = mount(
            disk,
            f"mount -t tmpfs -o size={RANDOM.randrange(700, 1500)}k tmpfs '{disk}'",
            [sys.executable, "-c", program],
        )
        if is_good is None:
            pytest.skip("this system lets nobody mount a small disk; the quota stands in for it")
        t.tried += 1
        t.survived += is_good and count(t, answer)


@sizes(3, 50)
def test_a_folder_that_cannot_be_written(tally, n):
    """The superuser may write everywhere, so that the process gives up being that."""
    t = tally("store: read-only folder")
    is_root = os.geteuid() == 0
    for number in range(n):
        folder = Path(tempfile.mkdtemp())
        try:
            path = folder / "features.db"
            if number % 3:
                put(FeatureStore(path), list(range(10)))
                FeatureStore(path).rows.close()
                if is_root and number % 3 == 1:
                    os.chown(path, NOBODY, NOBODY)
            before = {file.name: file.read_bytes() for file in folder.iterdir()}
            folder.chmod(0o555)
            t.tried += 1
            t.survived += run(use_as_nobody, str(path), NOBODY if is_root else None)
            folder.chmod(0o700)
            after = {file.name: file.read_bytes() for file in folder.iterdir()}
            t.wrong += after != before
        finally:
            shutil.rmtree(folder)


@sizes(4, 100)
def test_a_folder_that_is_deleted_under_way(tmp_path, tally, n):
    """It is not made again by a store; where somebody makes it again, rows are kept again."""
    t = tally("store: folder deleted under way")
    for number in range(n):
        folder = tmp_path / str(number)
        folder.mkdir()
        ready = starter().Event()
        process = starter().Process(
            target=write_while_folder_goes, args=(str(folder / "features.db"), ready), daemon=True
        )
        process.start()
        ready.wait(30)
        for _ in range(3):
            time.sleep(RANDOM.random() * 0.05)
            remove(folder)
            time.sleep(RANDOM.random() * 0.02)
            folder.mkdir(exist_ok=True)
        path = folder / "features.db"
        deadline = time.monotonic() + 30
        while not (path.exists() and FeatureStore(path).stats()["rows"]):
            if time.monotonic() > deadline:
                t.lost += 1
                break
            time.sleep(0.01)
        t.tried += 1
        t.survived += process.exitcode is None
        process.kill()
        process.join()
        _, wrong, is_whole = read_all(str(path), range(5000))
        t.wrong += len(wrong) + (not is_whole)


@sizes(12, 200)
def test_other_layouts(tmp_path, tally, n):
    """Older ones are brought up, newer ones and other programs' are left as they are."""
    t = tally("store: older, newer and foreign layouts")
    path = tmp_path / "features.db"
    for number in range(n):
        FeatureStore(path).rows.close()
        for file in tmp_path.iterdir():
            file.unlink()
        store = FeatureStore(path)
        put(store, list(range(20)))
        store.rows.close()
        kind = ["older", "newer", "foreign"][number % 3]
        version = {
            "older": 1,
            "newer": RANDOM.randrange(3, 2**31),
            "foreign": RANDOM.choice([0, 1, 2, 3, 99]),
        }[kind]
        connection = sqlite3.connect(path)
        if kind == "older":
            connection.executescript("DROP INDEX feature_used; DROP TABLE file")
            connection.execute("DELETE FROM counter WHERE name = 'bytes'")
            connection.commit()
        elif kind == "foreign":
            connection.executescript(
                "DROP TABLE network; DROP TABLE counter; PRAGMA application_id = 0"
            )
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        before = path.read_bytes()
        t.tried += 1
        if kind == "older":
            there, wrong, is_whole = read_all(str(path), range(20))
            t.lost += 20 - len(there)
            t.wrong += len(wrong) + (not is_whole)
            t.survived += store.stats()["bytes"] > 0
        else:
            with pytest.warns(FeatureStoreWarning, match="layout|another program"):
                there, wrong = get(store, list(range(20)))
            put(store, [1])
            store.rows.close()
            t.wrong += len(there) + len(wrong)
            t.survived += path.read_bytes() == before
            assert not list(tmp_path.glob("*damaged*"))


@sizes(6, 150)
def test_clocks_that_differ(tmp_path, tally, n):
    """Pictures are written in place, of one size, while clocks are off and jump.

    Two processes whose clocks are apart take turns; the pictures' drive has a third one.
    """
    t = tally("store: clocks apart and jumping")
    hour = 3_600_000_000_000
    path = str(tmp_path / "features.db")
    pictures = [tmp_path / f"{number}.raw" for number in range(5)]
    drive = RANDOM.choice([-hour, 0, hour])
    for number in range(n):
        for place, picture in enumerate(pictures):
            if number == 0 or RANDOM.random() < 0.5:
                with open(picture, "r+b" if picture.exists() else "wb") as file:
                    file.write(f"{number:06} {place}".encode())
                now = time.time_ns() + drive
                os.utime(picture, ns=(now, now))
        if RANDOM.random() < 0.3:
            drive = RANDOM.choice([-24, -1, 0, 1, 24]) * hour
        host = RANDOM.choice([-24, -1, 0, 1, 24]) * hour
        t.tried += 1
        t.survived += run(use_pictures, path, [str(picture) for picture in pictures], host)
    there = FeatureStore(path).check()
    t.wrong += there["damaged_rows"] + there["damaged_files"] + len(there["problems"])
    FeatureStore(path).prune(0)
    assert FeatureStore(path).rows.n_features(NETWORK) is None
