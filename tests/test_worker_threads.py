"""Threads that an interruption can leave in no state in which somebody waits for ever."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from fusionlearn._threads import WorkerThreads

# Rounds of small tasks, each interrupted at a random moment: a thread that waits for ever
# is one that the end of a round waits for.
PROGRAM = """
import random, signal, sys, time
from fusionlearn._threads import WorkerThreads

def interrupt(number, frame):
    raise KeyboardInterrupt

dice = random.Random(int(sys.argv[1]))
signal.signal(signal.SIGALRM, interrupt)
n_interrupted = 0
for _ in range(int(sys.argv[2])):
    try:
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(1e-5, 1e-3))
        with WorkerThreads(3) as threads:
            for _ in range(100):
                list(threads.map(abs, range(10)))
    except KeyboardInterrupt:
        n_interrupted += 1
print(n_interrupted)
"""


def test_results_come_in_the_order_of_items_and_errors_where_they_are_asked_for():
    def work(item):
        time.sleep(0.002 * (item % 3))
        if item == 7:
            raise ValueError("seven")
        return item

    with WorkerThreads(4) as threads:
        assert list(threads.map(work, range(6))) == list(range(6))
        failing, good = threads.submit(work, 7), threads.submit(work, 8)
        assert good.result() == 8
        with pytest.raises(ValueError, match="seven"):
            failing.result()


def test_no_more_threads_than_are_needed_or_allowed():
    def work(item):
        time.sleep(0.002)
        return threading.get_ident()

    before = set(sys._current_frames())
    with WorkerThreads(2) as threads:
        first = threads.submit(work, 1).result()
        assert set(sys._current_frames()) - before <= {first}
        used = set(threads.map(work, range(20)))
        assert len(used) == 2
    deadline = time.monotonic() + 10
    while used & set(sys._current_frames()):
        assert time.monotonic() < deadline, "the threads have not ended"


def test_the_end_waits_for_what_runs_and_leaves_out_what_has_not_begun():
    begun, go_on, done = threading.Event(), threading.Event(), []

    def work(item):
        begun.set()
        go_on.wait()
        done.append(item)

    with WorkerThreads(1) as threads:
        threads.submit(work, 0)
        threads.submit(work, 1)
        begun.wait()
        threading.Timer(0.05, go_on.set).start()
    assert done == [0]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that interrupt")
def test_interruptions_at_any_moment_leave_nobody_waiting():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, "0", "1000"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 600
