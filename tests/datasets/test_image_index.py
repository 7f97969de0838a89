"""CSV files that name pictures: rows are taken as they are, or refused by their line."""

import pytest
from PIL import Image

from fusionlearn import get_groups
from fusionlearn.datasets import load_image_folder


@pytest.fixture
def index(tmp_path):
    """Write a CSV file beside four pictures."""
    (tmp_path / "sub").mkdir()
    for level, name in enumerate(("1.png", "2.png", "3, x.png", "sub/4.png")):
        Image.new("L", (4, 4), level).save(tmp_path / name)

    def write(text, encoding="utf-8"):
        path = tmp_path / "index.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_rows_keep_their_order(index):
    dataset = load_image_folder(index('file,label\nsub/4.png,b\n1.png,a\n\n"3, x.png",b\n'))
    assert dataset.filenames.tolist() == ["sub/4.png", "1.png", "3, x.png"]
    assert dataset.target.tolist() == ["b", "a", "b"]
    assert [int(picture.decode()[0, 0, 0]) for picture in dataset.data] == [3, 0, 2]
    assert dataset.groups is None
    assert dataset.split is None


@pytest.mark.parametrize("column", ["group", "patient", "patient_id", "Patient_ID"])
def test_patients_and_splits(index, column):
    path = index(
        f"\ufefflabel, file ,age,split,{column}\r\na,1.png,7,TRAIN,p1\r\nb,2.png,8,val,p2\r\n"
    )
    dataset = load_image_folder(path)
    assert dataset.groups.tolist() == ["p1", "p2"]
    assert get_groups(dataset.data).tolist() == ["p1", "p2"]
    assert dataset.split.tolist() == ["train", "validation"]
    assert "Columns that were not read: age" in dataset.DESCR
    part = load_image_folder(path, split="train")
    assert part.filenames.tolist() == ["1.png"]
    assert part.target_names.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,lable\n1.png,a\n", "no column 'label'.*Did you mean 'lable'"),
        ("name,class\n1.png,a\n", "no column 'file', 'label'"),
        ("file;label\n1.png;a\n", "Separate the columns by commas"),
        ("file,label,group,patient\n1.png,a,x,x\n", "2 columns for the group"),
        ("file,label\n1.png,a\n2.png,\n", r"line 3 \(2.png\): the label is empty"),
        ("file,label,patient\n1.png,a,x\n2.png,b,\n", "line 3.*patient is unknown a name"),
        ("file,label,split\n1.png,a,\n", "line 2.*split is empty"),
        ("file,label,split\n1.png,a,tran\n", "line 2: split='tran'.*Did you mean 'train'"),
        ("file,label\n1.png,a\n2.png,b\n./1.png,b\n", "line 4: './1.png' is already in line 2"),
        ("file,label\n3, x.png,a\n", "line 2: 3 cells under a header of 2.*double quotes"),
        ('file,label\n"1.png,a\n', "no valid CSV"),
        ("file,label\n", "no rows"),
        ("", "is empty"),
        ("file,label\n1.png,a\n2.png,a\n", "1 class.*at least two"),
    ],
)
def test_bad_files_are_refused(index, text, message):
    with pytest.raises(ValueError, match=message):
        load_image_folder(index(text))


def test_missing_files_are_listed_with_their_lines(index):
    text = "file,label\n1.png,a\nno.png,b\nsub/no.png,b\n"
    with pytest.raises(FileNotFoundError, match=r"2 file.*line 3: no.png.*line 4: sub/no.png"):
        load_image_folder(index(text))


def test_other_encodings_are_refused(index):
    with pytest.raises(ValueError, match="not UTF-8"):
        load_image_folder(index("file,label\n1.png,gesund\n2.png,Lungenentzündung\n", "latin-1"))


def test_missing_csv_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no"):
        load_image_folder(tmp_path / "index.csv")


def test_group_pattern_reads_the_file_column(index):
    path = index("file,label\n1.png,a\n2.png,b\n")
    assert load_image_folder(path, group_pattern=r"(\d)").groups.tolist() == ["1", "2"]
    path = index("file,label,patient\n1.png,a,x\n2.png,b,y\n")
    with pytest.raises(ValueError, match="already has a column for the patient"):
        load_image_folder(path, group_pattern=r"(\d)")
