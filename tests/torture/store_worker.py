"""What the processes of the store's torture do; imported by a server that forks them fast."""

import functools
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
import warnings
from multiprocessing import forkserver

import numpy as np
import pytest

from fusionlearn import FeatureStore, check_images
from fusionlearn.exceptions import FeatureStoreWarning
from fusionlearn.features._digests import get_digests

NETWORK = "n" * 64
WIDTH = 50


@functools.cache
def starter():
    """A context whose processes start in a few milliseconds, from a server without threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["store_worker"])
    with pytest.MonkeyPatch.context() as patch:
        # The server does not take over the path on which it is to find what it loads.
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        forkserver.ensure_running()
    return context


def key(number):
    return f"{number:064x}"


def rows_of(numbers):
    """The only right rows of these pictures."""
    grid = np.asarray(numbers, np.float32)[:, np.newaxis]
    return np.sin(grid + np.arange(WIDTH, dtype=np.float32))


def put(store, numbers):
    store.rows.write(NETWORK, "{}", [key(number) for number in numbers], rows_of(numbers))


def get(store, numbers):
    """Numbers of the rows that are there, and of those that are wrong."""
    out = np.full((len(numbers), WIDTH), np.nan, np.float32)
    missing = set(store.rows.read(NETWORK, [key(number) for number in numbers], out))
    there = [at for at in range(len(numbers)) if at not in missing]
    right = (out.view(np.uint32) == rows_of(numbers).view(np.uint32)).all(axis=1)
    return {numbers[at] for at in there}, {numbers[at] for at in there if not right[at]}


def read_all(path, numbers):
    """What a process that opens the file now finds, and whether the file is whole."""
    store = FeatureStore(path)
    there, wrong = get(store, sorted(numbers))
    counts = store.check()
    store.rows.close()
    is_whole = counts["damaged_rows"] == 0 and counts["problems"] == []
    return there, wrong, is_whole


class Acknowledged:
    """Numbers of rows of which the store said that they are kept, written at once."""

    def __init__(self, path):
        self.path = path

    def add(self, numbers):
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, "".join(f"{number}\n" for number in numbers).encode())
        os.close(file)

    def read(self):
        if not os.path.exists(self.path):
            return set()
        with open(self.path, encoding="ascii") as file:
            return {int(line) for line in file}


def _batches(first):
    while True:
        n = random.randint(1, 20)
        yield list(range(first, first + n))
        first += n


def write_for_ever(path, log, first):
    """Write batches; a warning ends the process, so that it acknowledges nothing."""
    warnings.simplefilter("error")
    store, kept = FeatureStore(path), Acknowledged(log)
    for numbers in _batches(first):
        put(store, numbers)
        kept.add(numbers)
        time.sleep(0.001)  # so that the file stays small


def write_and_read(path, log, first, n_batches, shared, barrier):
    """Write rows of its own and rows that all write; what is read meanwhile must be right."""
    warnings.simplefilter("error")
    barrier.wait()
    store, kept = FeatureStore(path), Acknowledged(log)
    for numbers, _ in zip(_batches(first), range(n_batches), strict=False):
        numbers = [*numbers, *random.sample(shared, 5)]
        with store.rows.computing() if random.random() < 0.3 else store.rows.lock:
            put(store, numbers)
        kept.add(numbers)
        there, wrong = get(store, [*numbers, *shared])
        assert not wrong
        assert there >= set(numbers)


def use_and_prune(path, first, n_batches, max_bytes, barrier):
    """Write and read within a budget, and prune to less now and then."""
    warnings.simplefilter("error")
    barrier.wait()
    store = FeatureStore(path, max_bytes=max_bytes)
    for numbers, _ in zip(_batches(first), range(n_batches), strict=False):
        put(store, numbers)
        _, wrong = get(store, list(range(first, first + 200)))
        assert not wrong
        if random.random() < 0.1:
            store.prune(max_bytes // 2)


def fill(path, answer, limit, ballast):
    """Write until nothing fits, make room, and go on; say what was acknowledged and found."""
    store, said = FeatureStore(path), {"kept": [], "refused": 0, "wrong": 0}
    if limit is not None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    first = 0
    while said["refused"] < 4 and first < 40_000:
        numbers = list(range(first, first + random.randint(1, 200)))
        first = numbers[-1] + 1
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            store.rows.n_features(NETWORK)  # something new begins: the same cause is told again
            put(store, numbers)
        if caught:
            assert {warning.category for warning in caught} == {FeatureStoreWarning}
            said["refused"] += 1
        else:
            said["kept"] += numbers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FeatureStoreWarning)
            said["wrong"] += len(get(store, numbers)[1])
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    else:
        os.remove(ballast)
    warnings.simplefilter("error")
    put(store, [first])
    there, wrong, is_whole = read_all(path, [*said["kept"], first])
    said["lost"] = len(set(said["kept"]) | {first}) - len(there)
    said["wrong"] += len(wrong) + (not is_whole)
    with open(answer, "w", encoding="ascii") as file:
        json.dump(said, file)


def write_while_folder_goes(path, ready):
    """Nothing but a warning comes of it, whatever happens to the folder."""
    store = FeatureStore(path)
    warnings.simplefilter("ignore", FeatureStoreWarning)
    ready.set()
    for numbers in _batches(0):
        put(store, numbers)
        _, wrong = get(store, numbers)
        assert not wrong
        with store.rows.computing():
            store.rows.files.note({f"/{numbers[0]}": ("1 1 1", key(numbers[0]))})
        if numbers[0] > 100_000:
            raise AssertionError("nobody ended this process")


def use_as_nobody(path, user):
    """Use a store of which this user may read the file, and change nothing in its folder."""
    store = FeatureStore(path, max_bytes=10**9)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            with store.rows.computing():
                store.rows.n_features(NETWORK)
                _, wrong = get(store, list(range(10)))
                put(store, [10])
                store.prune(10)
                store.clear()
    assert not wrong
    assert {warning.category for warning in caught} == {FeatureStoreWarning}
    if user is not None:
        os._exit(0)  # nobody may not write what a measurement of coverage leaves at the end


def be_interrupted(path, log, first, ready):
    """Ctrl-C at any moment; the next write must be kept all the same."""
    warnings.simplefilter("error")
    store, kept = FeatureStore(path), Acknowledged(log)
    is_over, is_armed, n_interrupts = [], [], 0

    def interrupt(*_):
        if is_armed:  # only in the library, not in this program's own lines
            is_armed.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, lambda *_: is_over.append(True))
    signal.signal(signal.SIGINT, interrupt)
    ready.set()
    batches = _batches(first)
    while not is_over:
        numbers = next(batches)
        try:
            is_armed.append(True)
            put(store, numbers)
            get(store, numbers)
            is_armed.clear()
        except KeyboardInterrupt:
            n_interrupts += 1
        else:
            kept.add(numbers)
    with open(log + ".interrupts", "w", encoding="ascii") as file:
        file.write(str(n_interrupts))


def fork_and_write(path, log, first):
    """A child goes on with its parent's open store; either may end before the other."""
    warnings.simplefilter("error")
    store, kept = FeatureStore(path), Acknowledged(log)
    batches = _batches(first)

    def write(batches, n):
        for numbers, _ in zip(batches, range(n), strict=False):
            put(store, numbers)
            kept.add(numbers)
            time.sleep(random.random() / 300)

    write(batches, 2)
    child = os.fork()
    write(_batches(first + 10_000) if child == 0 else batches, random.randint(1, 12))
    if random.random() < 0.3:
        os.kill(os.getpid(), signal.SIGKILL)


def come_and_go(path, first, is_over):
    """Open, write and close again and again: whoever closes last takes the journal away."""
    warnings.simplefilter("error")
    store, number = FeatureStore(path), first
    while not is_over.is_set():
        put(store, [number])
        store.rows.close()
        number += 1


def find_damage(path, log, first, barrier, answers):
    """Come upon a damaged file together with others, and go on."""
    store, kept = FeatureStore(path), Acknowledged(log)
    barrier.wait()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        get(store, [first])
    answers.put([str(warning.message) for warning in caught])
    warnings.simplefilter("error")
    put(store, [first])
    kept.add([first])


def remove(folder):
    """Delete a folder in which others still make files."""
    while os.path.isdir(folder):
        shutil.rmtree(folder, ignore_errors=True)


def use_pictures(path, pictures, offset):
    """Look pictures up by their digests, on a computer whose clock is off."""
    warnings.simplefilter("error")
    clock = time.time_ns
    time.time_ns = lambda: clock() + offset
    store = FeatureStore(path, max_bytes=10**6)
    references = check_images(pictures)
    digests = get_digests(references, [store])
    for picture, digest in zip(pictures, digests, strict=True):
        with open(picture, "rb") as file:
            assert digest == hashlib.sha256(file.read()).hexdigest(), "a stale digest"
    numbers = [int(digest[:6], 16) for digest in digests]
    _, wrong = get(store, numbers)
    assert not wrong
    put(store, numbers)
    store.prune(5 * 4 * WIDTH)
