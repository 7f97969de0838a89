"""Weights files that would read other files or fill the memory are refused."""

import zipfile

import h5py
import numpy as np
import pytest
from weights_folder import QUARTER, write_weights

from fusionlearn import BackboneFeatureExtractor
from fusionlearn.exceptions import BackboneWeightsError


@pytest.fixture
def path(tmp_path):
    return write_weights(tmp_path, QUARTER) / QUARTER


def refused(path, match):
    params = {"application_params": {"alpha": 0.25}, "input_size": 32}
    extractor = BackboneFeatureExtractor("MobileNet", weights=str(path), **params)
    with pytest.raises(BackboneWeightsError, match=f"was made to do harm: .*{match}"):
        extractor.transform(np.zeros((1, 32, 32), np.uint8))


def find_kernel(file):
    names = []
    file.visititems(lambda name, entry: names.append(name) if hasattr(entry, "shape") else None)
    return next(name for name in names if name.endswith("conv1/kernel"))


@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links(kind, path):
    with h5py.File(path, "r+") as file:
        name = find_kernel(file)
        del file[name]
        link = h5py.ExternalLink("/etc/passwd", "/") if kind == "external" else h5py.SoftLink("/")
        file[name] = link
    refused(path, "its entry 'kernel' is a link")


def test_arrays_that_lie_in_another_file(path, tmp_path):
    """Their bytes would be read as weights and come out as features."""
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(1000))
    with h5py.File(path, "r+") as file:
        name = find_kernel(file)
        shape = file[name].shape
        del file[name]
        n_bytes = 4 * int(np.prod(shape))
        file.create_dataset(name, shape, "f4", external=[(str(secret), 0, n_bytes)])
    refused(path, "its array 'kernel' is in another file")


def test_arrays_that_are_made_of_others(path):
    with h5py.File(path, "r+") as file:
        name = find_kernel(file)
        shape = file[name].shape
        del file[name]
        layout = h5py.VirtualLayout(shape, "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape)
        file.create_virtual_dataset(name, layout)
    refused(path, "its array 'kernel' is in another file")


def test_archives_that_grow(tmp_path):
    path = tmp_path / "weights.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(50_000_000))
    refused(path, "'model.weights.h5' grows to 50,000,000 bytes")


def test_a_group_that_holds_itself_is_looked_at_once(path):
    with h5py.File(path, "r+") as file:
        file["model_weights/again"] = file["model_weights"]
    with h5py.File(path) as file:
        assert "again" in file["model_weights/again"]
    params = {"application_params": {"alpha": 0.25}, "input_size": 32}
    extractor = BackboneFeatureExtractor("MobileNet", weights=str(path), **params)
    assert extractor.transform(np.zeros((1, 32, 32), np.uint8)).shape == (1, 256)
