"""Folders of pictures: every layout is read as documented, and nothing is lost silently."""

import os
import pickle
import re

import numpy as np
import pytest
from PIL import Image

from fusionlearn import get_groups
from fusionlearn.datasets import load_image_folder
from fusionlearn.exceptions import DataWarning, ImageError


@pytest.fixture
def tree(tmp_path):
    """Make small pictures, each with a grey level of its own, under the given names."""

    def make(*names):
        for level, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (5, 4), level + 1).save(path, format="PNG")
        return tmp_path

    return make


def test_folder_per_class(tree):
    root = tree("b/2.png", "a/x/deep/1.PNG", "a/2.jpg", "b/10.png")
    dataset = load_image_folder(root)
    assert dataset.filenames.tolist() == ["a/2.jpg", "a/x/deep/1.PNG", "b/10.png", "b/2.png"]
    assert dataset.target.tolist() == ["a", "a", "b", "b"]
    assert dataset.target_names.tolist() == ["a", "b"]
    assert [int(picture.decode()[0, 0, 0]) for picture in dataset.data] == [3, 2, 4, 1]
    assert dataset.data.dtype == object
    assert dataset.data.shape == (4,)
    assert dataset.groups is None
    assert dataset.split is None
    assert dataset.unlabelled is None
    assert dataset.pos_label is None
    assert "each picture counts as a patient of its own" in dataset.DESCR
    assert "2 a, 2 b" in dataset.DESCR


def test_paths_may_be_relative(tree, monkeypatch):
    """References keep absolute paths, so a later change of directory does no harm."""
    root = tree("a/1.png", "b/1.png")
    monkeypatch.chdir(root.parent)
    dataset = load_image_folder(root.name)
    monkeypatch.chdir("/")
    assert dataset.data[0].decode().shape == (4, 5, 3)


def test_odd_names_and_links(tree):
    root = tree("a b/ü %1.png", "c'd/[x].png")
    os.symlink(root / "a b" / "ü %1.png", root / "c'd" / "link.png")
    os.symlink(root / "a b", root / "linked class")
    dataset = load_image_folder(root)
    assert dataset.target.tolist() == ["a b", "c'd", "c'd", "linked class"]
    assert get_groups(dataset.data)[0] == get_groups(dataset.data)[2]


def test_link_to_a_folder_above_is_refused(tree):
    """A cycle of links would be searched forever."""
    root = tree("a/1.png", "b/1.png")
    os.symlink(root / "a", root / "a" / "again")
    with pytest.raises(ValueError, match=r"'a/again'.* is a link to a folder that contains it"):
        load_image_folder(root)


def test_clutter_is_left_out_without_a_word(tree):
    root = tree("a/1.png", "b/1.png", "__MACOSX/a/1.png", ".hidden/1.png")
    for name in ("a/Thumbs.db", "b/.DS_Store", "desktop.ini", "a/._1.png"):
        (root / name).write_bytes(b"x")
    assert len(load_image_folder(root).data) == 2


def test_companions_are_left_out_with_a_warning(tree):
    root = tree("a/1.png", "b/1.png")
    (root / "README.txt").write_text("x")
    (root / "a" / "labels.csv").write_text("x")
    with pytest.warns(DataWarning, match=r"2 file.*'README.txt', 'a/labels.csv'") as caught:
        dataset = load_image_folder(root)
    assert len(dataset.data) == 2
    assert caught[0].filename == __file__
    assert "If 'a/labels.csv' says" in str(caught[0].message)


def test_warning_speaks_of_csv_files_only_where_there_is_one(tree):
    root = tree("a/1.png", "b/1.png")
    (root / "notes.md").write_text("x")
    with pytest.warns(DataWarning, match="notes.md") as caught:
        load_image_folder(root)
    assert "load that file" not in str(caught[0].message)


@pytest.mark.parametrize("name", ["a/scan.nii", "a/scans.zip", "b/noextension", "strange.npy"])
def test_other_files_are_errors_that_name_them(tree, name):
    """An archive, a volume or a file without an extension may hold pictures."""
    root = tree("a/1.png", "b/1.png")
    (root / name).write_bytes(b"x")
    with pytest.raises(ValueError, match=f"{re.escape(name)}.*move it out of the folder"):
        load_image_folder(root)


def test_picture_extension_is_always_loaded(tree):
    """An empty or broken picture is an error, never left out."""
    root = tree("a/1.png", "b/1.png")
    (root / "a" / "0.png").write_bytes(b"")
    with pytest.raises(ImageError, match=r"0\.png"):
        load_image_folder(root)


RECIPE = ("train_pne/1.png", "train_nor/1.png", "valid_pne/1.png", "valid_nor/1.png")


def test_recipe_with_unlabelled_test_folder(tree):
    dataset = load_image_folder(tree(*RECIPE, "test/9.png", "test/sub.png"))
    assert dataset.target.tolist() == ["nor", "pne", "nor", "pne"]
    assert dataset.split.tolist() == ["train", "train", "validation", "validation"]
    assert [os.path.basename(picture.path) for picture in dataset.unlabelled] == [
        "9.png",
        "sub.png",
    ]
    assert "2 pictures without a label" in dataset.DESCR


def test_recipe_with_labelled_test_folder(tree):
    root = tree(*RECIPE, "test/pne/1.png", "test/nor/1.png")
    dataset = load_image_folder(root, split="test")
    assert dataset.target.tolist() == ["nor", "pne"]
    assert set(dataset.split) == {"test"}
    assert dataset.unlabelled is None


def test_recipe_errors(tree):
    root = tree(*RECIPE[:3])
    with pytest.raises(ValueError, match="validation folder of 'pne' only"):
        load_image_folder(root)
    tree(RECIPE[3], "test/1.png", "testing/2.png")
    with pytest.raises(ValueError, match="two folders for one part"):
        load_image_folder(root)
    tree(RECIPE[3], "valid_por/1.png")
    with pytest.raises(ValueError, match=r"'valid_por'.* Did you mean 'valid_nor'"):
        load_image_folder(root)


@pytest.mark.parametrize("validation", ["val", "Valid", "validation"])
def test_split_folders(tree, validation):
    names = [f"{split}/{label}/1.png" for split in ("train", validation, "test") for label in "ab"]
    root = tree(*names)
    dataset = load_image_folder(root)
    assert dataset.split.tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    assert dataset.target.tolist() == ["a", "b"] * 3
    part = load_image_folder(root, split="val")
    assert part.filenames.tolist() == [f"{validation}/a/1.png", f"{validation}/b/1.png"]
    assert part.target_names.tolist() == ["a", "b"]


def test_selecting_a_split(tree):
    """Unlabelled pictures belong to the test part; other parts come without them."""
    root = tree("train/a/1.png", "train/b/1.png", "test/1.png")
    assert load_image_folder(root).unlabelled.shape == (1,)
    assert load_image_folder(root, split="train").unlabelled is None
    with pytest.raises(ValueError, match=r"no labels.*returned as .unlabelled"):
        load_image_folder(root, split="test")
    with pytest.raises(ValueError, match="has 'train', 'test' only"):
        load_image_folder(root, split="validation")
    with pytest.raises(ValueError, match="Did you mean 'train'"):
        load_image_folder(root, split="trian")


def test_split_of_a_data_set_without_one(tree):
    with pytest.raises(ValueError, match=r"has no split.*StratifiedImageGroupKFold"):
        load_image_folder(tree("a/1.png", "b/1.png"), split="train")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train/a/1.png", "train/b/1.png", "other/1.png"], "splits and others.*'other'"),
        (["train/a/1.png", "train/b/1.png", "val/a/1.png", "valid/a/1.png"], "two folders"),
        (["train/a/1.png", "train/b/1.png", "val/bb/1.png"], "class 'bb', which train has not"),
        (["train/a/1.png", "train/b/1.png", "train/1.png"], "outside the folders of the classes"),
        (["train/1.png", "val/1.png"], "outside the folders of the classes"),
        (["a/1.png", "b/1.png", "lost.png"], "beside its folders: 'lost.png'"),
        (["a/1.png"], "1 class.*'a'.*at least two"),
        (["1.png"], "the folder of one class, name the one above it: .*check_images"),
        ([], "no folders; wanted one for each class"),
        (["table.csv"], "no folders; .*For its table name the file: .*table.csv"),
    ],
)
def test_layouts_that_cannot_be_read(tree, names, message):
    with pytest.raises(ValueError, match=message):
        load_image_folder(tree(*names))


def test_empty_class_folder(tree):
    root = tree("a/1.png", "b/1.png")
    (root / "c").mkdir()
    with pytest.raises(ValueError, match=r"'c' in .* holds no picture"):
        load_image_folder(root)


def test_missing_folder_suggests_a_similar_one(tree):
    root = tree("scans/a/1.png")
    with pytest.raises(FileNotFoundError, match="Did you mean 'scans'"):
        load_image_folder(root / "scan")
    with pytest.raises(FileNotFoundError, match=r"There is no .*nowhere' either"):
        load_image_folder(root / "nowhere" / "x")


def test_wrong_kinds_of_path(tree):
    root = tree("a/1.png")
    with pytest.raises(ValueError, match=r"is a file; wanted a folder.*check_images"):
        load_image_folder(root / "a" / "1.png")
    with pytest.raises(TypeError, match="path"):
        load_image_folder([str(root)])


def test_group_pattern(tree):
    """The patient is read from the path, and each reference carries it."""
    root = tree("a/p1-1.png", "a/p1-2.png", "b/p2-1.png")
    for pattern in (r"(p\d)-", re.compile(r"(p\d)-")):
        dataset = load_image_folder(root, group_pattern=pattern)
        assert dataset.groups.tolist() == ["p1", "p1", "p2"]
        assert get_groups(dataset.data).tolist() == ["p1", "p1", "p2"]
    assert "2 patients" in dataset.DESCR


def test_group_pattern_reaches_unlabelled_pictures(tree):
    root = tree("train/a/p1.png", "train/b/p2.png", "test/p3.png")
    dataset = load_image_folder(root, group_pattern=r"(p\d)")
    assert get_groups(dataset.unlabelled).tolist() == ["p3"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(p\d)-", "finds no patient in 1 of 2.*'b/other.png'"),
        (r"x*(y*)", "finds no patient in 2 of 2"),
        (r"p\d", "has 0 groups; wanted exactly one"),
        (r"(p)(\d)", "has 2 groups"),
        (r"(p", r"a bracket \( is never closed \(character 1: '\(p'\).*'patient12'"),
        (r"p(\d+)+*", "no regular expression"),
    ],
)
def test_group_pattern_errors(tree, pattern, message):
    root = tree("a/p1-1.png", "b/other.png")
    with pytest.raises(ValueError, match=message):
        load_image_folder(root, group_pattern=pattern)


def test_reading_twice_gives_the_same_order(tree):
    root = tree(*(f"{label}/{index}.png" for index in (3, 11, 1, 2) for label in "ba"))
    first, second = load_image_folder(root), load_image_folder(root)
    np.testing.assert_array_equal(first.filenames, second.filenames)
    restored = pickle.loads(pickle.dumps(first))
    assert [picture.path for picture in restored.data] == [picture.path for picture in first.data]
