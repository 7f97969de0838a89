"""Digests of many pictures are those of each, and no file is read that is known."""

import hashlib
import os
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusionlearn import FeatureStore, ImageAugmenter, _files, check_images
from fusionlearn.exceptions import ImageError
from fusionlearn.features._digests import get_digests, recall_files
from fusionlearn.images._sources import EncodedSource

OLD = 1_600_000_000


def write(path, content, time=OLD):
    """Write into the file that is there, so that its inode stays."""
    path.write_bytes(content)
    os.utime(path, (time, time))
    return path


def sha(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def scans(tmp_path):
    return [write(tmp_path / f"scan {i}", b"content %d" % i) for i in range(4)]


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features.db")


@pytest.fixture
def new_process(monkeypatch):
    """Forget what this process knows of files and stores, as a new one does."""

    def forget():
        monkeypatch.setattr(_files, "_KNOWN", {})
        return FeatureStore

    return forget


def digests_of(paths, *stores):
    return get_digests(check_images(paths), stores)


@pytest.mark.parametrize("with_store", [False, True])
def test_they_are_those_of_the_references(scans, pictures, encode, store, with_store):
    """Files, bytes, arrays, duplicates, views, and views out of a pickle."""
    forms = [*scans, encode(pictures[0]), pictures[0], pictures[0].astype(float), scans[0]]
    references = check_images(forms)
    copies, _ = ImageAugmenter(n_copies=2).fit_resample(references, np.arange(len(references)) % 2)
    references = np.concatenate([references, copies, pickle.loads(pickle.dumps(copies))])
    expected = [reference.digest for reference in pickle.loads(pickle.dumps(references))]
    assert get_digests(references, [store] if with_store else []) == expected
    assert get_digests(references, [store] if with_store else []) == expected
    assert expected[:4] == [sha(path.read_bytes()) for path in scans]


def test_more_pictures_than_one_block(tmp_path, monkeypatch, store):
    from fusionlearn.features import _digests

    monkeypatch.setattr(_digests, "_BLOCK", 3)
    paths = [write(tmp_path / f"scan {i}", b"%d" % i) for i in range(8)]
    expected = [sha(b"%d" % i) for i in range(8)]
    assert digests_of(paths, store) == expected
    references = check_images(paths)
    paths[7].unlink()
    with pytest.raises(ImageError, match=r"picture 7 .*cannot be opened"):
        get_digests(references, [store])


def test_a_later_process_does_not_read_what_is_noted(scans, store, new_process):
    """Shown by content that changes while size, time and inode stay: the one thing that fools."""
    before = digests_of(scans, store)
    write(scans[1], b"CONTENT 1")
    new_process()
    assert digests_of(scans, store) == before
    new_process()
    assert digests_of(scans) == [*before[:1], sha(b"CONTENT 1"), *before[2:]]


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_later_process_reads_what_has_changed(scans, store, new_process, tmp_path, change):
    before = digests_of(scans, store)
    if change == "size":
        write(scans[1], b"other content")
    elif change == "time":
        write(scans[1], b"CONTENT 1", time=OLD + 1)
    else:
        write(tmp_path / "other", b"CONTENT 1").replace(scans[1])
    new_process()
    changed = [*before[:1], sha(scans[1].read_bytes()), *before[2:]]
    assert digests_of(scans, store) == changed
    new_process()
    assert digests_of(scans, store) == changed


def test_a_young_file_is_never_noted(scans, store, new_process):
    """It may be written to twice within one tick of the clock."""
    scans[0].write_bytes(b"one")
    status = scans[0].stat()
    assert digests_of(scans, store)[0] == sha(b"one")
    scans[0].write_bytes(b"two")
    os.utime(scans[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digests_of(scans, store)[0] == sha(b"two")
    new_process()
    assert digests_of(scans, store)[0] == sha(b"two")


def test_a_file_from_the_future_is_never_noted(scans, store):
    """Its time says nothing about how long it has been left alone."""
    write(scans[0], b"one", time=2**33)
    digests_of(scans, store)
    write(scans[0], b"two", time=2**33)
    assert digests_of(scans, store)[0] == sha(b"two")


def test_every_store_notes_what_is_known_anyway(scans, tmp_path, new_process):
    """To a split that asked for patients, to another store, or to this process."""
    references = check_images(scans)
    expected = [reference.digest for reference in references]
    one, other = FeatureStore(tmp_path / "one.db"), FeatureStore(tmp_path / "other.db")
    get_digests(references, [one, FeatureStore()])
    new_process()
    digests_of(scans, one, other)
    for path in scans:
        write(path, b"CHANGED !")
    for store in (one, other):
        new_process()
        assert digests_of(scans, store) == expected


def test_without_a_path_nothing_is_written(scans, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    digests_of(scans, FeatureStore())
    assert sorted(tmp_path.iterdir()) == before


def test_views_share_the_digest_of_their_source(pictures):
    """Whoever asks first computes it for all of them."""
    array = pictures[0].copy()
    (reference,) = check_images([array])
    views = [reference.view("rotate-1", degrees=degrees) for degrees in (1, 2)]
    reference.digest  # noqa: B018
    array[:] = 0
    assert {view.source.known_digest for view in views} == {reference.digest}


@pytest.mark.parametrize("problem", ["missing", "empty", "folder"])
def test_errors_name_the_position(scans, store, problem):
    references = check_images(scans)
    scans[2].unlink()
    if problem == "empty":
        scans[2].touch()
    elif problem == "folder":
        scans[2].mkdir()
    with pytest.raises(ImageError, match="picture 2 ") as caught:
        get_digests(references, [store])
    assert caught.value.index == 2


def test_what_was_read_before_an_interruption_is_noted(scans, store, new_process):
    class Interrupted(EncodedSource):
        def _compute_digest(self):
            raise KeyboardInterrupt

    references = check_images([*scans, b"last"])
    references[4]._source = Interrupted(b"last")
    with pytest.raises(KeyboardInterrupt):
        get_digests(references, [store])
    before = [sha(path.read_bytes()) for path in scans]
    for path in scans:
        write(path, path.read_bytes().upper())
    new_process()
    assert digests_of(scans, store) == before


def test_no_thread_is_left(scans, store):
    before = threading.active_count()
    digests_of(scans, store)
    assert threading.active_count() == before


def test_recall_lets_files_be_known_without_reading(scans, store, new_process, tmp_path):
    """As weights are: the first process reads, the next one asks the store."""
    paths = [*map(str, scans), str(tmp_path / "missing"), str(tmp_path)]
    recall_files(paths, [store, FeatureStore()])
    before = [_files.file_digest(path) for path in paths[:4]]
    for path in scans:
        write(path, path.read_bytes().upper())
    new_process()
    recall_files(paths, [store])
    assert [_files.file_digest(path) for path in paths[:4]] == before
    new_process()
    recall_files(paths, [FeatureStore()])
    assert [_files.file_digest(path) for path in paths[:4]] != before


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.binary(min_size=1, max_size=2),
        st.sampled_from(["in place", "replaced"]),
        st.booleans(),
    ),
    max_size=6,
)


@given(steps=STEPS)
@settings(max_examples=30, deadline=None)
def test_no_digest_is_ever_stale(steps, tmp_path_factory):
    """Files change in place and by renaming, processes come and go: the content decides."""
    folder = tmp_path_factory.mktemp("scans")
    store = FeatureStore(folder / "features.db")
    paths = [write(folder / f"{i}", b"start") for i in range(3)]
    for time, (number, content, how, is_new_process) in enumerate(steps, OLD + 1):
        if how == "in place":
            write(paths[number], content, time)
        else:
            write(folder / "new", content, OLD).replace(paths[number])
        if is_new_process:
            _files._KNOWN.clear()
        expected = [sha(path.read_bytes()) for path in paths]
        assert digests_of(paths, store) == expected
