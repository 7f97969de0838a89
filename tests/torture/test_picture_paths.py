"""What lies at a path is replaced all the time, while pictures are read from there."""

import os
import threading
import time

import numpy as np
import pytest
from picture_mutants import saved
from PIL import Image
from torture_tally import sizes

from fusionlearn import check_images
from fusionlearn.exceptions import ImageError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="such files are POSIX's")
_SECONDS = 20


class _Replacer(threading.Thread):
    """Puts one thing after the other at a path, until it is told to stop."""

    def __init__(self, path, contents):
        super().__init__()
        self._path, self._contents = path, contents
        self._rng = np.random.default_rng(0)
        self.has_begun, self.is_done = threading.Event(), threading.Event()

    def run(self):
        while not self.is_done.is_set():
            new = self._path.with_name("new")
            self._make(new, int(self._rng.integers(9)))
            os.replace(new, self._path)
            self.has_begun.set()
            time.sleep(self._rng.random() * 1e-3)

    def _make(self, new, kind):
        if kind == 0:
            os.mkfifo(new)
        elif kind == 1:
            new.symlink_to(self._rng.choice(["/dev/zero", "/dev/null", new.name, "/", "gone"]))
        elif kind == 2:
            with open(new, "wb") as file:
                file.truncate(2**40)
        elif kind == 3:
            new.write_bytes(self._contents[0][:-50])
        else:
            new.write_bytes(self._contents[kind % len(self._contents)])
            if kind == 4:  # and it is written to once more, after it was put there
                os.replace(new, self._path)
                with open(self._path, "ab") as file:
                    file.write(bytes(100))
                new.write_bytes(self._contents[0])


@sizes(300, 20_000)
def test_files_that_change_between_two_reads(n, tally, tmp_path):
    """Each reading gives one of the pictures, whole and under its digest, or refuses."""
    t = tally("pictures read while they are replaced")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 40, 30, 3), dtype=np.uint8)
    contents = [saved(Image.fromarray(picture), "BMP") for picture in pixels]
    known = {check_images([data])[0].digest: p for data, p in zip(contents, pixels, strict=True)}
    path = tmp_path / "scan\x1b[31m.bmp"
    replacer = _Replacer(path, contents)
    replacer.start()
    replacer.has_begun.wait()
    n_whole = 0
    try:
        while t.tried < n:
            began = time.monotonic()
            t.tried += 1
            try:
                reference = check_images([path])[0]
                made, digest = reference.decode(), reference.digest
                # What was appended is no part of a BMP picture, but is one of the file.
                expected = known.get(digest, pixels[0])
                right = np.array_equal(made, expected) or np.array_equal(made, pixels[1])
                right = right and (digest not in known or np.array_equal(made, known[digest]))
                n_whole += right
            except ImageError as error:
                right = str(error).isprintable() and error.path == str(path)
            if right and time.monotonic() - began < _SECONDS:
                t.survived += 1
            else:
                t.wrong += 1
    finally:
        replacer.is_done.set()
        replacer.join()
    assert 0 < n_whole < n


@sizes(200, 20_000)
def test_names_of_any_bytes(n, tally, tmp_path):
    """All that a file system takes is read, and shown without harm when it is refused."""
    t = tally("names of any bytes")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    data = saved(Image.fromarray(pixels), "BMP")
    folder = os.fsencode(tmp_path)
    for _ in range(n):
        name = rng.integers(1, 256, rng.integers(1, 60), dtype=np.uint8).tobytes()
        name = name.replace(b"/", b"\n")
        if name in (b".", b".."):
            continue
        t.tried += 1
        path = os.fsdecode(os.path.join(folder, name))
        is_good = rng.random() < 0.5
        with open(path, "wb") as file:
            file.write(data if is_good else data[:-20])
        try:
            right = np.array_equal(check_images([path])[0].decode(), pixels) and is_good
        except ImageError as error:
            right = not is_good and str(error).isprintable() and error.path == path
        os.unlink(path)
        t.survived += right
        t.wrong += not right
