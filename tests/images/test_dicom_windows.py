"""A window belongs to the picture: to its digest, its rows in a store, and the model."""

import os
import pickle

import dicom_files
import numpy as np
import pytest
from dicom_files import dicom, hounsfield
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    check_images,
    get_groups,
    load,
    save,
)
from fusionlearn.exceptions import ImageError
from fusionlearn.images import find_bad_images, read_dicom

OWN = {"WindowCenter": 40, "WindowWidth": 400}


@pytest.fixture
def files(rng, tmp_path):
    """Six CT slices of three patients, in files that settled long ago."""
    paths = []
    for number in range(6):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(
            dicom(hounsfield((40, 36), rng), PatientID=f"patient {number // 2}", **OWN)
        )
        os.utime(path, (1e9, 1e9))
        paths.append(str(path))
    return paths


def windowed(X, window):
    return ImagePreprocessor(window=window).transform(X)


def test_windows_by_hand():
    values = np.array([[-1350, -600, 150, 1000, 3000]], dtype=np.int16)
    data = dicom(values, **OWN)
    assert check_images([data])[0].decode()[0, :, 0].tolist() == [0, 0, 198, 255, 255]
    assert windowed([data], "lung")[0].decode()[0, :, 0].tolist() == [0, 128, 255, 255, 255]
    assert windowed([data], (1000, 2001))[0].decode()[0, :, 0].tolist() == [0, 0, 19, 128, 255]
    assert windowed([data], "full")[0].decode()[0, :, 0].tolist() == [0, 44, 88, 138, 255]


def test_each_window_has_its_digest(files):
    """Otherwise features of one would be taken for those of another."""
    X = check_images(files[:1])
    windows = [None, "lung", "full", (40, 400), (40, 401), (41, 400)]
    assert len({windowed(X, window)[0].digest for window in windows}) == len(windows)
    assert windowed(X, "lung")[0].digest == windowed(X, [-600, 1500])[0].digest
    assert windowed(X, None)[0].digest == X[0].digest
    assert windowed(windowed(X, "lung"), "bone")[0].digest == windowed(X, "bone")[0].digest


def test_a_file_and_its_bytes_are_one_picture(files):
    with open(files[0], "rb") as file:
        data = file.read()
    for window in (None, "lung"):
        of_file, of_bytes = windowed([files[0]], window)[0], windowed([data], window)[0]
        assert of_file.digest == of_bytes.digest
        assert np.array_equal(of_file.decode(), of_bytes.decode())


def test_a_store_never_mixes_windows(files, tiny, tmp_path):
    """Also where the file index knows the file, and for frames and views of it."""
    fresh = {
        window: tiny_features(windowed(files, window), None) for window in (None, "lung", "full")
    }
    assert not np.allclose(fresh[None], fresh["lung"])
    path = tmp_path / "features.db"
    for _ in range(2):
        for window, wanted in fresh.items():
            store = FeatureStore(path)
            assert np.array_equal(tiny_features(windowed(files, window), store), wanted)
    assert FeatureStore(path).stats()["rows"] == 3 * len(files)


def test_the_kind_of_file_makes_no_difference(pictures, tiny):
    """Pixels in a DICOM file give the features of the same pixels in an array."""
    files = [dicom(picture) for picture in pictures]
    assert np.array_equal(tiny_features(files, None), tiny_features(pictures, None))


def tiny_features(X, store):
    return BackboneFeatureExtractor("tiny", store=store).transform(X)


def test_several_windows_of_one_file_in_one_call(files, tiny):
    """One look at the file, three rows."""
    X = [windowed(files[:1], window)[0] for window in (None, "lung", "bone")]
    rows = tiny_features(X, None)
    assert len(np.unique(rows, axis=0)) == 3


def test_pickle_and_hash_keep_the_window(files):
    picture = windowed(read_dicom(files[0]), (40.5, 300))[0]
    again = pickle.loads(pickle.dumps(picture))
    assert again.digest == picture.digest
    assert again.group == picture.group
    assert repr(again) == repr(picture)
    assert "window=(40.5, 300.0)" in repr(picture)


def test_all_that_is_shown_of_a_file_is_one_group(rng):
    """Two windows or frames of a file must not stand on two sides of a split."""
    data = dicom(rng.integers(0, 256, (3, 8, 6), dtype=np.uint8), has_frames=True, Modality="XA")
    frames = read_dicom(data, patients=None)
    assert not frames[0].has_known_group
    shown = [*frames, *windowed(frames, "full")]
    assert len(set(get_groups(shown))) == 1
    assert len({picture.digest for picture in shown}) == 6


def test_views_know_the_window(files):
    """Copies are made first, and brought into the form afterwards, inside a model."""
    copies = ImageAugmenter(n_copies=1, keep_original=False, rotation=0, shear=0, zoom=0, shift=0)
    copies.set_params(horizontal_flip="always")
    (copy,) = copies.fit_resample(check_images(files[:1]), [0])[0]
    lung = windowed([copy], "lung")[0]
    assert np.array_equal(lung.decode(), windowed(files[:1], "lung")[0].decode()[:, ::-1])


def test_a_model_keeps_its_window(files, tiny, tmp_path):
    """It predicts from what it was trained on, whoever loads it."""
    network = BackboneFeatureExtractor("tiny")
    head = FineTuneClassifier(epochs=3, random_state=0, early_stopping=False)
    X, y = read_dicom(files), [0, 1, 0, 1, 0, 1]
    model = make_pipeline(ImagePreprocessor(window="lung"), network, head)
    model = AugmentedClassifier(model, ImageAugmenter(n_copies=1, random_state=0))
    model.fit(X, y)
    proba = model.predict_proba(files)
    other = clone(model).set_params(estimator__imagepreprocessor__window=None).fit(X, y)
    assert not np.allclose(other.predict_proba(files), proba)
    save(model, tmp_path / "model.fusionlearn")
    assert np.array_equal(load(tmp_path / "model.fusionlearn").predict_proba(files), proba)


@pytest.mark.parametrize(
    "window", ["liver", (1,), (1, 0), (1, -5), (1, "2"), (float("nan"), 5), (0, float("inf"))]
)
def test_no_windows(window, files):
    with pytest.raises(ValueError, match=r"window=.*: wanted None, a tuple"):
        windowed(files, window)


def test_pictures_without_a_window(encode, rng, files):
    """A window that is asked for is shown, or there is an error: never something else."""
    pixels = rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)
    with pytest.raises(ImageError, match=r"picture 1: .*no window is left"):
        windowed([files[0], pixels], "full")
    png, colours = encode(pixels), dicom(pixels)
    magnetic = dicom(hounsfield((8, 6), rng), Modality="MR", **OWN)
    errors = find_bad_images(windowed([png, colours, magnetic], "lung"))
    assert [error.got for error in errors] == [
        "a PNG file",
        "a DICOM picture in colour",
        "a DICOM picture of modality 'MR'",
    ]
    assert find_bad_images(windowed([magnetic], (100, 200))) == []


def test_frames_of_another_file(rng, tmp_path):
    """A reference to a frame that is gone says so."""
    path = tmp_path / "frames.dcm"
    values = rng.integers(0, 256, (3, 8, 6), dtype=np.uint8)
    path.write_bytes(dicom(values, has_frames=True, Modality="XA"))
    frame = read_dicom(path)[2]
    path.write_bytes(dicom(values[0], Modality="XA"))
    (error,) = find_bad_images([pickle.loads(pickle.dumps(frame))])
    assert error.got == "a DICOM file with 1 frame(s)"
    assert dicom_files.IDENTIFIERS["PatientID"] not in str(error)
