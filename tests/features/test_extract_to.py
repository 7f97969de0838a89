"""Features that go into an array on disk block by block: the same, resumable, never mixed up."""

import json
import os
import shutil

import h5py
import numpy as np
import pytest
import zarr
from numpy.testing import assert_array_equal
from sklearn.preprocessing import FunctionTransformer

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    config_context,
)
from fusionlearn.classifiers._chunked import unpack
from fusionlearn.exceptions import ImageError
from fusionlearn.features import extract_to
from fusionlearn.features._array_files import NpyFile, ZarrFolder


@pytest.fixture
def X(rng):
    return rng.integers(0, 256, (22, 20, 20), dtype=np.uint8)


@pytest.fixture
def extractor(tiny):
    return BackboneFeatureExtractor(tiny, store=FeatureStore())


@pytest.mark.parametrize("name", ["features.npy", "features.zarr"])
def test_blocks_together_are_what_transform_gives(extractor, X, tmp_path, name):
    """With a last block that is shorter; nothing of the work is left beside the array."""
    features = extract_to(extractor, X, tmp_path / name, block_size=8)
    assert_array_equal(features[:], extractor.transform(X))
    assert sorted(os.listdir(tmp_path)) == [name, f"{name}.json"]


def test_an_array_of_numpy_is_mapped_and_read_only(extractor, X, tmp_path):
    features = extract_to(extractor, X, tmp_path / "features.npy")
    assert isinstance(features, np.memmap)
    assert not features.flags.writeable


@pytest.mark.parametrize("name", ["features.npy", "features.zarr"])
def test_an_interrupted_call_is_taken_up(tiny, X, tmp_path, name, monkeypatch):
    """In another process, which has an empty store: blocks that are there are not computed."""
    extractor = BackboneFeatureExtractor(tiny, store=FeatureStore())
    expected = extractor.transform(X)
    seen, plain = [], BackboneFeatureExtractor.transform

    def interrupted(self, X):
        seen.append(len(X))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return plain(self, X)

    monkeypatch.setattr(BackboneFeatureExtractor, "transform", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract_to(extractor, X, tmp_path / name, block_size=8)
    assert sorted(os.listdir(tmp_path)) == [f"{name}.json", f"{name}.part"]
    again = BackboneFeatureExtractor(tiny, store=FeatureStore())
    features = extract_to(again, X, tmp_path / name, block_size=8)
    assert again.store.stats()["computed"] == 6
    assert_array_equal(features[:], expected)


def test_a_complete_array_is_returned_without_computing(extractor, tiny, X, tmp_path):
    first = extract_to(extractor, X, tmp_path / "features.npy", block_size=8)
    again = BackboneFeatureExtractor(tiny, store=FeatureStore(), n_jobs=1)
    assert_array_equal(extract_to(again, X, tmp_path / "features.npy"), first)
    assert again.store.stats()["computed"] == 0


@pytest.mark.parametrize("other", ["pictures", "network", "fusion", "length", "no record"])
def test_an_array_of_something_else_is_never_overwritten_or_returned(
    extractor, tiny, X, tmp_path, other
):
    path = tmp_path / "features.npy"
    before = extract_to(extractor, X, path, block_size=8).copy()
    if other == "pictures":
        X = X.copy()
        X[-1, 0, 0] ^= 1
    elif other == "network":
        extractor = BackboneFeatureExtractor(tiny, pooling="max")
    elif other == "fusion":
        extractor = ConcatFusion([("a", extractor)]).fit(X)
    elif other == "length":
        X = X[:-1]
    else:
        os.unlink(f"{path}.json")
    with pytest.raises(FileExistsError, match="Take another path"):
        extract_to(extractor, X, path, block_size=8)
    assert_array_equal(np.load(path), before)


def test_blocks_of_other_pictures_are_computed_again_before_the_end(extractor, X, tmp_path):
    """What is half done belongs to the pictures that it was made of, block by block."""
    path = tmp_path / "features.npy"
    extract_to(extractor, X, path, block_size=8)
    os.rename(path, f"{path}.part")
    changed = X.copy()
    changed[9] = 255 - changed[9]
    features = extract_to(extractor, changed, path, block_size=8)
    assert_array_equal(features, extractor.transform(changed))


@pytest.mark.parametrize("damage", ["", "[]", '{"blocks": {"a": 1}}', '{"blocks": 3}'])
def test_a_damaged_record_costs_time_only(extractor, X, tmp_path, damage):
    path = tmp_path / "features.npy"
    extract_to(extractor, X, path, block_size=8)
    os.rename(path, f"{path}.part")
    (tmp_path / "features.npy.json").write_text(damage)
    assert_array_equal(extract_to(extractor, X, path), extractor.transform(X))
    assert len(json.loads((tmp_path / "features.npy.json").read_text())["blocks"]) == 1


def test_a_bad_picture_has_its_position_in_x(extractor, X, encode, tmp_path):
    pictures = [encode(picture) for picture in X]
    pictures[13] = pictures[13][:60]
    with pytest.raises(ImageError) as caught:
        extract_to(extractor, pictures, tmp_path / "features.npy", block_size=8)
    assert caught.value.index == 13


@pytest.mark.parametrize(
    ("path", "block_size", "error", "message"),
    [
        ("a.csv", 8, ValueError, "wanted one that ends in .npy or .zarr"),
        ("a.npy", 0, ValueError, "'block_size' parameter"),
        ("a.npy", 7.5, ValueError, "'block_size' parameter"),
        ("nowhere/a.npy", 8, FileNotFoundError, "There is no folder"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    extractor, X, tmp_path, path, block_size, error, message
):
    with pytest.raises(error, match=message):
        extract_to(extractor, X, tmp_path / path, block_size=block_size)
    with pytest.raises(ValueError, match="'transformer' parameter"):
        extract_to("extractor", X, tmp_path / "a.npy")
    assert os.listdir(tmp_path) == []


def test_numbers_of_numpy_are_numbers(extractor, X, tmp_path):
    rows = extract_to(extractor, X, tmp_path / "a.npy", block_size=np.int64(8))
    assert_array_equal(rows, extractor.transform(X))


@pytest.mark.parametrize("kind", [NpyFile, ZarrFolder])
def test_an_old_record_does_not_vouch_for_rows_that_were_never_written(
    extractor, X, tmp_path, monkeypatch, kind
):
    """The array was deleted to make room, its record stayed, and the disk is full again."""
    path = tmp_path / ("a.npy" if kind is NpyFile else "a.zarr")
    expected = extract_to(extractor, X, path, block_size=8)[:]
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(kind, "write", _full)
        with pytest.raises(OSError, match="full"):
            extract_to(extractor, X, path, block_size=8)
    assert_array_equal(extract_to(extractor, X, path, block_size=8)[:], expected)


def _full(*args):
    raise OSError("the disk is full")


def test_one_call_at_a_time_writes(extractor, X, tmp_path, monkeypatch):
    """A second one would move the array away while rows are missing in it."""
    path, write, errors = tmp_path / "a.npy", NpyFile.write, []

    def write_and_call(*args):
        with pytest.raises(FileExistsError, match="is being written by another call") as caught:
            extract_to(extractor, X, path, block_size=8)
        errors.append(caught)
        write(*args)

    monkeypatch.setattr(NpyFile, "write", write_and_call)
    rows = extract_to(extractor, X, path, block_size=8)
    assert len(errors) == 3
    assert_array_equal(rows, extractor.transform(X))
    assert sorted(os.listdir(tmp_path)) == ["a.npy", "a.npy.json"]


def test_nothing_of_another_kind_is_deleted(extractor, X, tmp_path):
    """What lies where the array is to be written may be somebody's."""
    (tmp_path / "a.npy.part").mkdir()
    (tmp_path / "a.zarr.part").touch()
    for name, message in (("a.npy", "is a folder"), ("a.zarr", "is a file")):
        with pytest.raises(FileExistsError, match=message):
            extract_to(extractor, X, tmp_path / name)


def test_no_pictures_and_no_rows_are_refused(extractor, X, tmp_path):
    with pytest.raises(ValueError, match="X is empty"):
        extract_to(extractor, X[:0], tmp_path / "a.npy")
    with pytest.raises(ValueError, match=r"Pictures\.transform gave object of shape"):
        extract_to(Pictures(), X, tmp_path / "a.npy")
    with pytest.raises(ValueError, match="cannot be told from others"):
        extract_to(FunctionTransformer(lambda X: X), X, tmp_path / "a.npy")


class Pictures:
    """A transformer that hands on what it gets."""

    def transform(self, X):
        return X


def test_a_head_is_trained_from_the_file(extractor, X, tmp_path):
    """Beyond head_memory it is read block by block, an array of Zarr or HDF5 unpacked."""
    y = np.array(["a", "b"] * 11)
    mapped = extract_to(extractor, X, tmp_path / "features.npy", block_size=8)
    chunked = extract_to(extractor, X, tmp_path / "features.zarr", block_size=8)
    whole, fits = np.array(mapped), {}
    with h5py.File(tmp_path / "features.h5", "w") as file:
        hdf5 = file.create_dataset("features", data=whole, chunks=(7, 3))
        kinds = {"memory": whole, "npy": mapped, "zarr": chunked, "hdf5": hdf5}
        for name, features in kinds.items():
            head = FineTuneClassifier(epochs=2, dropout=0.0, batch_size=4, random_state=0)
            with config_context(head_memory=100):
                fits[name] = head.fit(features, y).predict_proba(features)
    for name, proba in fits.items():
        assert_array_equal(proba, fits["memory"], err_msg=name)


def test_an_array_of_chunks_is_never_in_memory_as_a_whole(tmp_path):
    """What is beyond head_memory is mapped from a file, in the type that training takes."""
    chunked = zarr.open_array(
        tmp_path / "x.zarr", mode="w", shape=(50, 3), dtype=np.int16, chunks=(8, 2)
    )
    chunked[:] = np.arange(150).reshape(50, 3)
    with config_context(head_memory=100):
        rows = unpack(chunked, [np.float32, np.float64])
    assert type(rows) is np.memmap
    assert rows.dtype == np.float32
    assert_array_equal(rows, chunked[:])
    assert type(unpack(chunked, [np.float64])) is np.ndarray
