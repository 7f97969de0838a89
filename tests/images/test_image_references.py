"""References: small, stable under joblib's hash, the same in every process."""

import copy
import os
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest

from fusionlearn import ImageAugmenter, check_images, get_groups
from fusionlearn._files import file_digest
from fusionlearn.exceptions import ImageError


@pytest.fixture
def sources(pictures, encode, tmp_path):
    """One X for each kind of source."""
    path = tmp_path / "scan.png"
    path.write_bytes(encode(pictures[0]))
    return {
        "file": lambda: check_images([path, path]),
        "encoded": lambda: check_images([encode(pictures[0])] * 2),
        "array": lambda: check_images([pictures[0]] * 2),
        "float array": lambda: check_images([pictures[0].astype(np.float32)] * 2),
        "view": lambda: ImageAugmenter(n_copies=2).make_copies(pictures[:1])[0],
        "with patients": lambda: check_images([path, path], groups=["ann", "ann"]),
    }


KINDS = ["file", "encoded", "array", "float array", "view", "with patients"]


@pytest.mark.parametrize("kind", KINDS)
def test_pickle_and_copies_are_the_same_picture(kind, sources):
    X = sources[kind]()
    for again in (pickle.loads(pickle.dumps(X)), copy.deepcopy(X), copy.copy(X)):
        for reference, other in zip(X, again, strict=True):
            assert other.digest == reference.digest
            assert other.group == reference.group
            assert other.has_known_group == reference.has_known_group
            assert repr(other) == repr(reference)
            np.testing.assert_array_equal(other.decode(), reference.decode())


@pytest.mark.parametrize("kind", KINDS)
def test_the_hash_does_not_depend_on_what_was_looked_at(kind, sources):
    """A digest that is filled in later must not cost Pipeline(memory=) its hits."""
    X = sources[kind]()
    before = joblib.hash(X)
    for reference in X:
        reference.digest, reference.group, reference.decode(), reference.describe()
    assert joblib.hash(X) == before
    assert joblib.hash(sources[kind]()) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_hash_does_not_depend_on_sharing(kind, sources):
    """Two equal references hash as one reference twice, pickled or not."""
    X = sources[kind]()
    apart = np.array([X[0], pickle.loads(pickle.dumps(X[0]))], dtype=object)
    same = np.array([X[0], X[0]], dtype=object)
    assert joblib.hash(list(map(joblib.hash, apart))) == joblib.hash(list(map(joblib.hash, same)))
    assert joblib.hash(pickle.loads(pickle.dumps(X))) == joblib.hash(X)


def test_the_hash_of_views_does_not_depend_on_a_shared_source(pictures):
    """Views of one reference share its source; views of equal ones do not."""
    augmenter = ImageAugmenter(n_copies=2)
    shared = augmenter.make_copies(pictures[:1])[0]
    apart = np.array(
        [augmenter.make_copies(pictures[:1].copy())[0, copy] for copy in (0, 1)], dtype=object
    )
    assert [view.digest for view in shared] == [view.digest for view in apart]
    assert joblib.hash(shared) == joblib.hash(apart)


def test_another_picture_has_another_hash(pictures):
    hashes = {joblib.hash(check_images(pictures[i : i + 1])) for i in range(6)}
    hashes |= {joblib.hash(check_images(pictures[:1], groups=[name])) for name in "ab"}
    assert len(hashes) == 8


def test_another_process_finds_the_same_digests(pictures, encode, tmp_path):
    (tmp_path / "scan.png").write_bytes(encode(pictures[0]))
    np.save(tmp_path / "array.npy", pictures[1])
    program = (
        "import numpy as np; from fusionlearn import ImageAugmenter, check_images\n"
        "X = check_images(['scan.png', np.load('array.npy')])\n"
        "views = ImageAugmenter(n_copies=1, random_state=5).make_copies(X)[:, 0]\n"
        "for x in [*X, *views]: print(x.digest, int(x.decode().astype(int).sum()))\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    X = check_images([tmp_path / "scan.png", pictures[1]])
    views = ImageAugmenter(n_copies=1, random_state=5).make_copies(X)[:, 0]
    expected = [f"{x.digest} {int(x.decode().astype(int).sum())}" for x in [*X, *views]]
    assert output.splitlines() == expected


def test_a_reference_is_small(tmp_path, pictures, encode):
    """X is never blown up: a copy is a few strings, not a bitmap."""
    path = tmp_path / "scan.png"
    path.write_bytes(encode(pictures[0]))
    copies = ImageAugmenter(n_copies=50).make_copies([path])
    for view in copies[0]:
        view.decode()
    assert len(pickle.dumps(copies)) < 50 * 500


def test_a_reference_says_what_it_is(tmp_path, pictures, encode):
    path = tmp_path / "scan.png"
    path.write_bytes(encode(pictures[0]))
    (reference,) = check_images([path], groups=["ann"])
    assert repr(reference) == f"ImageReference({str(path)!r}, group='ann')"
    assert repr(check_images(pictures)[0]) == "ImageReference('array')"
    view = ImageAugmenter(n_copies=1).make_copies([path])[0, 0]
    assert "augmented-copy-1" in repr(view)
    assert view.path == str(path)
    assert view.is_view
    assert not reference.is_view


class TestFileDigest:
    """Files are recognised by size, time and inode, as git's index does."""

    @staticmethod
    def write(path, content, *, age):
        path.write_bytes(content)
        time = 1_600_000_000 if age == "old" else path.stat().st_mtime
        os.utime(path, (time, time))

    def test_an_old_file_is_read_once(self, tmp_path):
        path = tmp_path / "scan"
        self.write(path, b"one", age="old")
        first = file_digest(str(path))
        self.write(path, b"two", age="old")  # in place: size, time and inode stay
        assert file_digest(str(path)) == first

    @pytest.mark.parametrize("change", ["size", "time", "inode"])
    def test_any_change_of_the_numbers_is_noticed(self, tmp_path, change):
        path = tmp_path / "scan"
        self.write(path, b"one", age="old")
        first = file_digest(str(path))
        if change == "size":
            self.write(path, b"three", age="old")
        elif change == "time":
            self.write(path, b"two", age="old")
            os.utime(path, (1_600_000_001, 1_600_000_001))
        else:
            other = tmp_path / "other"
            self.write(other, b"two", age="old")
            other.replace(path)
        assert file_digest(str(path)) != first

    def test_a_young_file_is_always_read(self, tmp_path):
        """It may be written to twice within one tick of the clock."""
        path = tmp_path / "scan"
        self.write(path, b"one", age="young")
        first, status = file_digest(str(path)), path.stat()
        path.write_bytes(b"two")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert file_digest(str(path)) != first

    def test_pixels_never_go_under_a_stale_digest(self, tmp_path, pictures, encode):
        """Even where the shortcut is fooled, decoding is not."""
        from fusionlearn.exceptions import ImageError

        path = tmp_path / "scan.bmp"
        self.write(path, encode(pictures[0], "BMP"), age="old")
        (reference,) = check_images([path])
        reference.digest  # noqa: B018
        self.write(path, encode(pictures[1], "BMP"), age="old")
        with pytest.raises(ImageError, match="has changed"):
            check_images([path])[0].decode()


def test_an_array_that_changes_is_noticed(pictures):
    """Otherwise the pixels would go under the digest of what was there before."""
    X = pictures.copy()
    references = check_images(X)
    get_groups(references)
    X[2] = 7
    references[1].decode()
    with pytest.raises(ImageError, match="array that has changed since it was first read"):
        references[2].decode()
