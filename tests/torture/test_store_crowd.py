"""Processes that use one store side by side."""

import pytest
from store_worker import (
    Acknowledged,
    come_and_go,
    find_damage,
    put,
    read_all,
    starter,
    use_and_prune,
    write_and_read,
)
from torture_tally import sizes

from fusionlearn import FeatureStore

N_PROCESSES = 8
ENDINGS = ("-wal", "-shm")


def run(target, arguments):
    """Run one process for each tuple of arguments; count those that end well."""
    processes = [starter().Process(target=target, args=each, daemon=True) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(process.exitcode == 0 for process in processes)


@sizes(1, 25)
def test_eight_writers(tmp_path, tally, n):
    """Each writes rows of its own and rows that all write, and reads them while others write."""
    t = tally("store: 8 writers at once")
    for turn in range(n):
        path = str(tmp_path / f"{turn}.db")
        logs = [str(tmp_path / f"{turn} {number}.log") for number in range(N_PROCESSES)]
        barrier = starter().Barrier(N_PROCESSES)
        shared = list(range(1000, 1040))
        t.tried += N_PROCESSES
        t.survived += run(
            write_and_read,
            [(path, log, 10_000 * (i + 1), 20, shared, barrier) for i, log in enumerate(logs)],
        )
        kept = {number for log in logs for number in Acknowledged(log).read()}
        there, wrong, is_whole = read_all(path, kept)
        t.lost += len(kept - there)
        t.wrong += len(wrong) + (not is_whole)


@sizes(1, 25)
def test_budgets_and_pruning_beside_reading_and_writing(tmp_path, tally, n):
    t = tally("store: pruned while others read and write")
    max_bytes = 200 * 80
    for turn in range(n):
        path = str(tmp_path / f"{turn}.db")
        barrier = starter().Barrier(4)
        t.tried += 4
        t.survived += run(
            use_and_prune, [(path, 1000 * i, 25, max_bytes, barrier) for i in range(4)]
        )
        _, wrong, is_whole = read_all(path, range(5000))
        t.wrong += len(wrong) + (not is_whole)
        store = FeatureStore(path, max_bytes=max_bytes)
        put(store, [9999])
        counted = store.rows.open().execute("SELECT value FROM counter WHERE name = 'bytes'")
        assert counted.fetchone()[0] == store.stats()["bytes"] <= max_bytes


@sizes(3, 100)
def test_eight_processes_find_a_damaged_file(tmp_path, tally, n):
    """One sets it aside; what the others write meanwhile into the new file stays there."""
    t = tally("store: set aside by one of 8 processes")
    whole = FeatureStore(tmp_path / "whole.db")
    put(whole, list(range(20)))
    whole.rows.close()
    content = (tmp_path / "whole.db").read_bytes()
    torn = content[:100] + b"\xff" * (len(content) - 100)
    for turn in range(n):
        folder = tmp_path / str(turn)
        folder.mkdir()
        path = folder / "features.db"
        path.write_bytes(torn)
        logs = [str(folder / f"{number}.log") for number in range(N_PROCESSES)]
        barrier, answers = starter().Barrier(N_PROCESSES), starter().SimpleQueue()
        t.tried += 1
        n_good = run(
            find_damage,
            [(str(path), log, 100 + i, barrier, answers) for i, log in enumerate(logs)],
        )
        said = [text for _ in range(N_PROCESSES) for text in answers.get()]
        aside = [
            file for file in folder.glob("features.db.damaged-*") if not file.name.endswith(ENDINGS)
        ]
        told = sum("set aside as" in text for text in said)
        is_kept = [file.read_bytes() for file in aside] == [torn]
        good = n_good == N_PROCESSES and is_kept and told == 1
        t.survived += good
        if not good:
            print(turn, n_good, is_kept, told, said)  # noqa: T201  shown where it fails
        kept = {number for log in logs for number in Acknowledged(log).read()}
        there, wrong, is_whole = read_all(str(path), kept)
        t.lost += len(kept - there)
        t.wrong += len(wrong) + (not is_whole)


@pytest.mark.parametrize("order", ["written first", "read first"])
@sizes(2, 30)
def test_two_budgets_in_one_process(tmp_path, tally, n, order):
    """Two stores of one file in one process, while others open and close it."""
    t = tally(f"store: two stores of one file, {order}")
    for turn in range(n):
        path = str(tmp_path / f"{turn}.db")
        is_over = starter().Event()
        other = starter().Process(target=come_and_go, args=(path, 10**6, is_over), daemon=True)
        stores = [FeatureStore(path), FeatureStore(path, max_bytes=10**9)]
        put(stores[order == "read first"], [0])
        other.start()
        for number in range(1, 60):
            put(stores[number % 2], [number])
            if number % 10 == 0:
                stores[1].rows.close()
        is_over.set()
        other.join()
        t.tried += 1
        t.survived += other.exitcode == 0
        for store in stores:
            store.rows.close()
        there, wrong, is_whole = read_all(path, range(60))
        t.lost += 60 - len(there)
        t.wrong += len(wrong) + (not is_whole)
