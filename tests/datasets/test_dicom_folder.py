"""Folders of DICOM files are data sets whose patients are known."""

import numpy as np
import pytest
from dicom_files import dicom, hounsfield, report

from fusionlearn.datasets import load_image_folder
from fusionlearn.datasets._files import gather_files
from fusionlearn.exceptions import DataWarning, ImageError
from fusionlearn.model_selection import shortcut_features

WINDOW = {"WindowCenter": 40, "WindowWidth": 400}


@pytest.fixture
def write(rng, tmp_path):
    """Write a slice of a patient."""

    def write(name, patient, **elements):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dicom(hounsfield((8, 6), rng), PatientID=patient, **WINDOW, **elements))
        return path

    return write


@pytest.fixture
def folder(write, tmp_path):
    """Two classes; names of files as scanners make them."""
    write("ill/1.2.840.1", "anna")
    write("ill/1.2.840.2", "anna")
    write("ill/series/IM0001", "bert")
    write("well/scan.dcm", "cora")
    return tmp_path


def test_patients_are_known(folder):
    dataset = load_image_folder(folder)
    assert dataset.target.tolist() == ["ill", "ill", "ill", "well"]
    assert len(set(dataset.groups)) == 3
    assert dataset.groups[0] == dataset.groups[1]
    assert all(group.startswith("patient-") for group in dataset.groups)
    assert "3 patients." in dataset.DESCR
    assert all(picture.decode().shape == (8, 6, 3) for picture in dataset.data)


def test_how_patients_are_named(folder):
    assert load_image_folder(folder, patients="id").groups.tolist() == [
        *("anna", "anna", "bert", "cora")
    ]
    assert load_image_folder(folder, patients=None).groups is None
    salted = load_image_folder(folder, salt="pepper").groups
    assert salted.tolist() == load_image_folder(folder, salt="pepper").groups.tolist()
    assert not set(salted) & set(load_image_folder(folder).groups)
    by_path = load_image_folder(folder, group_pattern=r"^(\w+)/")
    assert by_path.groups.tolist() == ["ill", "ill", "ill", "well"]
    with pytest.raises(ValueError, match="salt is given"):
        load_image_folder(folder, patients=None, salt="pepper")


def test_two_folders_have_the_same_patients(write, tmp_path):
    """A test set that is loaded by itself still tells who was in training."""
    write("one/ill/a", "anna")
    write("one/well/b", "bert")
    write("two/ill/c", "anna")
    write("two/well/d", "cora")
    one, two = (load_image_folder(tmp_path / name) for name in ("one", "two"))
    assert len(set(one.groups) & set(two.groups)) == 1


def test_objects_without_pixels_are_left_out(folder):
    """Reports and contours lie beside the slices; which ones is told."""
    (folder / "ill" / "report.dcm").write_bytes(report())
    with pytest.warns(DataWarning, match=r"1 file\(s\) that are no pictures .*ill/report\.dcm"):
        dataset = load_image_folder(folder)
    assert len(dataset.data) == 4


def test_other_pictures_beside(folder, encode, rng):
    """Nobody guesses whose they are."""
    pixels = rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)
    (folder / "well" / "photo.png").write_bytes(encode(pixels))
    with pytest.raises(ValueError, match=r"4 pictures are DICOM .* 1 say nothing .*photo\.png"):
        load_image_folder(folder)
    assert len(load_image_folder(folder, patients=None).data) == 5
    assert len(load_image_folder(folder, group_pattern=r"(\w+)/").data) == 5


def test_files_without_a_patient(write, tmp_path):
    write("ill/a", "", StudyInstanceUID="1.2.3")
    write("ill/b", "", StudyInstanceUID="1.2.3")
    write("well/c", "cora")
    with pytest.warns(DataWarning, match=r"2 of 3 DICOM file\(s\) have no patient id"):
        dataset = load_image_folder(tmp_path)
    assert len(set(dataset.groups)) == 2


def test_a_table_of_dicom_files(folder):
    """Patients come from the files, unless the table has them."""
    table = folder / "table.csv"
    table.write_text("file,label\nill/1.2.840.1,a\nill/1.2.840.2,a\nwell/scan.dcm,b\n")
    assert len(set(load_image_folder(table).groups)) == 2
    table.write_text("file,label,patient\nill/1.2.840.1,a,7\nwell/scan.dcm,b,8\n")
    assert load_image_folder(table).groups.tolist() == ["7", "8"]


def test_a_broken_file_is_named(folder):
    path = folder / "ill" / "1.2.840.3"
    path.write_bytes((folder / "ill" / "1.2.840.2").read_bytes()[:400])
    with pytest.raises(ImageError, match="cut off") as caught:
        load_image_folder(folder)
    assert caught.value.path == str(path)


def test_files_to_predict(folder):
    """What is found without labels: by content, too."""
    (folder / "ill" / "data.bin").write_bytes(b"\0" * 200)
    pictures, others = gather_files(str(folder))
    assert len(pictures) == 4
    assert [name.rpartition("/")[2] for name in others] == ["data.bin"]


def test_the_shortcut_baseline_sees_how_files_are_stored(folder, write):
    """A format of its own, depth and size; the same for every patient."""
    paths = [write("x/a", "anna"), write("x/b", "somebody else altogether")]
    first, second = shortcut_features(paths)
    assert first[:4].tolist() == second[:4].tolist() == [11, 16, 6, 8]
