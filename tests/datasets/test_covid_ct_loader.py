"""COVID-CT: both forms of the folder are read, and what is missing is said."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fusionlearn.datasets import load_covid_ct
from fusionlearn.exceptions import DataWarning, ImageError

CLASSES = {"CT_COVID": "COVID", "CT_NonCOVID": "NonCOVID"}


def make_pictures(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("L", (4, 4)).save(folder / name)


@pytest.fixture
def indexed(tmp_path):
    make_pictures(tmp_path / "CT_COVID", ["1%2.png", "2.png"])
    make_pictures(tmp_path / "CT_NonCOVID", ["3.jpg"])
    (tmp_path / "index.csv").write_text(
        "file,label,split,patient_id\n"
        "CT_NonCOVID/3.jpg,non-covid,val,Patient 9\n"
        "CT_COVID/1%2.png,covid,train,Patient 1\n"
        "CT_COVID/2.png,covid,train,Patient 1\n"
    )
    return tmp_path


@pytest.fixture
def repository(tmp_path):
    for number, (name, kind) in enumerate(CLASSES.items()):
        make_pictures(tmp_path / "Images-processed" / name, [f"{number}{k}.png" for k in range(4)])
        lists = tmp_path / "Data-split" / kind
        lists.mkdir(parents=True)
        (lists / f"train{name}.txt").write_text(f"{number}3.png\n{number}0.png\n")
        (lists / f"val{name}.txt").write_text(f"{number}1.png\n")
        (lists / f"test{name}.txt").write_text(f"{number}2.png\n\n")
    return tmp_path


@pytest.fixture(scope="session")
def real_covid_ct():
    """The real data set, where a machine has it."""
    beside = Path(__file__).parents[3] / "shared" / "data" / "covid-ct"
    folder = Path(os.environ.get("FUSIONLEARN_COVID_CT", beside))
    if not folder.is_dir():
        pytest.skip("COVID-CT is not here; FUSIONLEARN_COVID_CT names its folder")
    return folder


def test_index(indexed):
    dataset = load_covid_ct(indexed)
    assert dataset.target.tolist() == ["non-covid", "covid", "covid"]
    assert dataset.groups.tolist() == ["Patient 9", "Patient 1", "Patient 1"]
    assert dataset.split.tolist() == ["validation", "train", "train"]
    assert dataset.target_names.tolist() == ["covid", "non-covid"]
    assert dataset.pos_label == "covid"
    assert dataset.data[1].group == "Patient 1"
    assert "2003.13865" in dataset.DESCR
    assert load_covid_ct(indexed, split="valid").filenames.tolist() == ["CT_NonCOVID/3.jpg"]


def test_repository(repository):
    """The official lists give the split; that patients are unknown is no secret."""
    with pytest.warns(DataWarning, match=r"patients are not known.*MetaInfo\.xlsx") as caught:
        dataset = load_covid_ct(repository)
    assert caught[0].filename == __file__
    assert dataset.filenames[:4].tolist() == [
        f"Images-processed/CT_COVID/0{k}.png" for k in (3, 0, 1, 2)
    ]
    assert dataset.target.tolist() == ["covid"] * 4 + ["non-covid"] * 4
    assert dataset.split.tolist() == ["train", "train", "validation", "test"] * 2
    assert dataset.groups is None


def test_class_folders_may_lie_at_the_top(repository):
    for name in CLASSES:
        shutil.move(repository / "Images-processed" / name, repository / name)
    with pytest.warns(DataWarning, match="patients"):
        dataset = load_covid_ct(repository, split="test")
    assert dataset.filenames.tolist() == ["CT_COVID/02.png", "CT_NonCOVID/12.png"]


def test_pictures_that_nobody_names_are_listed(indexed):
    make_pictures(indexed / "CT_NonCOVID", ["new.png"])
    with pytest.warns(DataWarning, match=r"1 picture.*'CT_NonCOVID/new\.png'"):
        assert len(load_covid_ct(indexed).data) == 3


def test_listed_picture_that_is_missing(repository):
    (repository / "Images-processed" / "CT_COVID" / "03.png").unlink()
    with (
        pytest.warns(DataWarning, match="patients"),
        pytest.raises(ImageError, match=r"03\.png"),
    ):
        load_covid_ct(repository)


def test_packed_archives(repository):
    folder = repository / "Images-processed"
    shutil.rmtree(folder / "CT_NonCOVID")
    (folder / "CT_NonCOVID.zip").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match="still packed"):
        load_covid_ct(repository)


def test_missing_lists(repository):
    (repository / "Data-split" / "COVID" / "valCT_COVID.txt").unlink()
    with pytest.raises(FileNotFoundError, match="Data-split"):
        load_covid_ct(repository)


def test_other_folders_and_labels(tmp_path, indexed):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="load_image_folder"):
        load_covid_ct(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="There is no"):
        load_covid_ct(tmp_path / "nothing")
    index = indexed / "index.csv"
    index.write_text(index.read_text().replace("non-covid", "healthy"))
    with pytest.raises(ValueError, match="label 'healthy'; wanted 'covid' or 'non-covid'"):
        load_covid_ct(indexed)


def test_real_data_set(real_covid_ct):
    """The official parts have the published sizes and share no patient."""
    train = load_covid_ct(real_covid_ct, split="train")
    validation = load_covid_ct(real_covid_ct, split="validation")
    assert train.data.shape == (425,)
    assert validation.data.shape == (118,)
    assert np.sum(train.target == "covid") == 191
    assert not set(train.groups) & set(validation.groups)
    assert train.data[0].decode().ndim == 3
