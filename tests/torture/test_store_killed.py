"""Processes that are killed or interrupted at any moment lose nothing that was kept."""

import os
import random
import signal
import sqlite3
import time

import pytest
from store_worker import (
    Acknowledged,
    be_interrupted,
    come_and_go,
    fork_and_write,
    put,
    read_all,
    starter,
    write_for_ever,
)
from torture_tally import sizes

from fusionlearn import FeatureStore

RANDOM = random.Random(0)


def start(target, *arguments):
    process = starter().Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def judge(t, path, logs):
    """Count as lost what is not there although a process was told that it is kept."""
    kept = {number for log in logs for number in Acknowledged(log).read()}
    there, wrong, is_whole = read_all(path, kept)
    t.lost += len(kept - there)
    t.wrong += len(wrong) + (not is_whole)


@sizes(8, 200)
def test_writers_that_are_killed(tmp_path, tally, n):
    """Two at a time, so that one goes on beside the other's death."""
    t = tally("store: writers killed (SIGKILL)")
    path = str(tmp_path / "features.db")
    logs = [str(tmp_path / f"{number}.log") for number in range(n)]
    running = []
    for number in range(n):
        running.append(start(write_for_ever, path, logs[number], 100_000 * number))
        time.sleep(RANDOM.random() * 0.12)
        if len(running) > 1 or number == n - 1:
            for process in running if number == n - 1 else [running.pop(0)]:
                t.tried += 1
                is_alive = process.exitcode is None
                process.kill()
                process.join()
                t.survived += is_alive  # else it had ended by a fault of its own
        if number % 40 == 0:
            judge(t, path, logs[: number + 1])
    judge(t, path, logs)
    connection = sqlite3.connect(path)
    counted, summed = connection.execute(
        "SELECT (SELECT value FROM counter WHERE name = 'bytes'), "
        "coalesce(sum(length(vector)), 0) FROM feature"  # none, where each was killed at once
    ).fetchone()
    connection.close()
    assert counted == summed


@sizes(4, 100)
def test_writers_that_are_killed_while_they_make_the_file(tmp_path, tally, n):
    t = tally("store: killed while the file is made")
    for number in range(n):
        path, log = str(tmp_path / f"{number}.db"), str(tmp_path / f"{number}.log")
        process = start(write_for_ever, path, log, 0)
        deadline = time.monotonic() + 30
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.0002)
        time.sleep(RANDOM.random() * 0.008)
        process.kill()
        process.join()
        t.tried += 1
        FeatureStore(path).rows.close()
        judge(t, path, [log])
        t.survived += 1


@sizes(30, 1000)
def test_writers_that_are_interrupted(tmp_path, tally, n):
    """Ctrl-C leaves no transaction open that would keep the others waiting."""
    t = tally("store: writes interrupted (SIGINT)")
    path = str(tmp_path / "features.db")
    logs = [str(tmp_path / f"{number}.log") for number in range(2)]
    ready = starter().Event()
    interrupted = start(be_interrupted, path, logs[0], 0, ready)
    ready.wait(30)
    store, kept = FeatureStore(path), Acknowledged(logs[1])
    for number in range(n):
        os.kill(interrupted.pid, signal.SIGINT)
        t.tried += 1
        before = time.monotonic()
        put(store, [10**7 + number])
        kept.add([10**7 + number])
        t.survived += time.monotonic() - before < 30  # SQLite waits for a minute
        time.sleep(RANDOM.random() * 0.01)
    interrupted.terminate()
    interrupted.join()
    assert interrupted.exitcode == 0
    with open(logs[0] + ".interrupts", encoding="ascii") as file:
        assert int(file.read()) > n / 4  # they came one by one, not all at once
    judge(t, path, logs)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@sizes(5, 150)
def test_processes_that_fork_with_an_open_store(tmp_path, tally, n):
    """SQLite's locks do not reach a child; without them its rows were lost with the journal."""
    t = tally("store: forked with an open store")
    path = str(tmp_path / "features.db")
    logs = [str(tmp_path / f"{number}.log") for number in range(n)]
    is_over = starter().Event()
    other = start(come_and_go, path, 10**7, is_over)
    for number in range(n):
        process = start(fork_and_write, path, logs[number], 20_000 * number)
        process.join()
        t.tried += 1
        t.survived += process.exitcode in (0, -signal.SIGKILL)
    wait_for_children(logs)
    is_over.set()
    other.join()
    assert other.exitcode == 0
    judge(t, path, logs)


def wait_for_children(logs):
    """The children's parents may be gone; what they acknowledge comes to an end."""
    before, now = None, [os.path.getsize(log) for log in logs]
    while before != now:
        time.sleep(0.3)
        before, now = now, [os.path.getsize(log) for log in logs]
