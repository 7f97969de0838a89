"""Slices of a series come in the order in which they lie, and nothing is lost on the way."""

import numpy as np
import pytest
from dicom_files import dicom, report
from pydicom.data import get_testdata_file

from fusionlearn.datasets import load_dicom_series
from fusionlearn.exceptions import DataWarning, ImageError

AXIAL = [1, 0, 0, 0, 1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]


@pytest.fixture
def write(tmp_path):
    """Write a slice whose grey level is its place in the order."""

    def write(name, level, **elements):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.full((4, 4), level, dtype=np.uint8)
        path.write_bytes(dicom(values, **elements))

    return write


def levels(dataset):
    return [int(picture.decode()[0, 0, 0]) for picture in dataset.data]


def test_by_position(write, tmp_path):
    """Neither names nor instance numbers say how slices lie."""
    for name, instance, z in (("a", 3, 5.0), ("b", 1, -2.5), ("c", 2, 10.0)):
        write(
            name,
            int(z) + 10,
            InstanceNumber=instance,
            ImagePositionPatient=[7, 8, z],
            ImageOrientationPatient=AXIAL,
        )
    dataset = load_dicom_series(tmp_path)
    assert levels(dataset) == [8, 15, 20]
    assert dataset.positions.tolist() == [-2.5, 5.0, 10.0]
    assert dataset.filenames.tolist() == ["b", "a", "c"]
    assert len(set(dataset.groups)) == 1


def test_along_the_axis_of_the_series(write, tmp_path):
    """Sagittal slices lie one beside the other from right to left."""
    for name, x in (("a", 5), ("b", -5), ("c", 0)):
        place = {"ImagePositionPatient": [x, 90 - x, 3], "ImageOrientationPatient": SAGITTAL}
        write(name, x + 10, **place)
    dataset = load_dicom_series(tmp_path)
    assert levels(dataset) == [15, 10, 5]
    assert dataset.positions.tolist() == [-5, 0, 5]


def test_by_instance_number(write, tmp_path):
    """Where positions are missing, or slices are not parallel as those of a scout."""
    write("a", 2, InstanceNumber=2)
    write("b", 1, InstanceNumber=1)
    place = {"ImagePositionPatient": [0, 0, 0]}
    write("c", 4, InstanceNumber=10, ImageOrientationPatient=AXIAL, **place)
    write("d", 3, InstanceNumber=9, ImageOrientationPatient=SAGITTAL, **place)
    dataset = load_dicom_series(tmp_path)
    assert levels(dataset) == [1, 2, 3, 4]
    assert np.isnan(dataset.positions).all()


def test_by_name(write, tmp_path):
    for level, name in enumerate(("a", "b", "c")):
        write(name, level, InstanceNumber=None)
    assert levels(load_dicom_series(tmp_path)) == [0, 1, 2]


def test_several_series(write, tmp_path):
    """A scout must not be taken for a slice: which one is wanted has to be said."""
    write("scout/1", 1, SeriesInstanceUID="1.2.3")
    write("slices/1", 2, SeriesInstanceUID="1.2.4", Modality="MR")
    write("slices/2", 3, SeriesInstanceUID="1.2.4", Modality="MR")
    with pytest.raises(ValueError, match="holds 2 series") as caught:
        load_dicom_series(tmp_path)
    assert "series 1: 2 file(s), MR, 4 x 4, such as 'slices/1'" in str(caught.value)
    assert levels(load_dicom_series(tmp_path, series=1)) == [2, 3]
    every = load_dicom_series(tmp_path, series="all")
    assert levels(every) == [1, 2, 3]
    assert every.series.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"series=2: .* holds 2 series"):
        load_dicom_series(tmp_path, series=2)


def test_what_is_no_picture_is_listed(write, tmp_path):
    write("a", 1)
    (tmp_path / "report").write_bytes(report())
    (tmp_path / "autorun.exe").write_bytes(b"MZ")
    (tmp_path / "empty").touch()
    with pytest.warns(DataWarning, match=r"3 file\(s\) that are no DICOM pictures"):
        dataset = load_dicom_series(tmp_path)
    assert dataset.skipped == ["autorun.exe", "empty", "report"]
    assert levels(dataset) == [1]


def test_frames_of_one_file():
    dataset = load_dicom_series(get_testdata_file("rtdose.dcm", download=False))
    assert len(dataset.data) == 15
    assert [picture.source.rendering.frame for picture in dataset.data] == list(range(15))
    assert set(dataset.filenames) == {"rtdose.dcm"}


def test_no_series(tmp_path):
    with pytest.raises(ValueError, match="holds no DICOM picture"):
        load_dicom_series(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_dicom_series(tmp_path / "nothing")


def test_broken_places(write, tmp_path):
    write("a", 1, InstanceNumber=None)
    data = (tmp_path / "a").read_bytes()
    at = data.index(b"\x20\0\x0e\0UI")
    position = b"\x20\0\x13\0IS\4\0one "
    (tmp_path / "b").write_bytes(data[:at] + position + data[at:])
    with pytest.raises(ImageError, match=r"element \(0020,0013\) is no number") as caught:
        load_dicom_series(tmp_path)
    assert caught.value.path == str(tmp_path / "b")


def test_a_bar_counts_files(write, tmp_path, capsys):
    """Whoever asks for it sees how many headers were read."""
    for number in range(3):
        write(str(number), number)
    load_dicom_series(tmp_path)
    assert capsys.readouterr() == ("", "")
    load_dicom_series(tmp_path, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading headers" in err
    assert "3/3" in err
