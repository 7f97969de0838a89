"""The picture of what a data set holds."""

import numpy as np
import pytest

from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.inspection import ClassDistributionDisplay

Y = ["sick", "well", "sick", "sick", "well", "sick"]
SPLIT = ["validation", "train", "train", "train", "extra", "train"]
GROUPS = ["a", "b", "c", "c", "b", "d"]


def widths(display):
    return np.array([[bar.get_width() for bar in bars] for bars in display.bars_]).T


def test_counts_per_part_and_class():
    display = ClassDistributionDisplay.from_labels(Y, split=SPLIT, groups=GROUPS)
    assert display.class_names == ["sick", "well"]
    assert display.split_names == ["train", "validation", "extra"]
    assert display.n_pictures.tolist() == [[3, 1], [1, 0], [0, 1]]
    assert display.n_patients.tolist() == [[2, 1], [1, 0], [0, 1]]
    np.testing.assert_array_equal(widths(display), display.n_pictures)
    texts = {text.get_text() for text in display.ax_.texts}
    assert {"3 (2)", "1 (1)", "0 (0)", "train", "validation", "extra"} == texts
    assert "patients" in display.ax_.get_xlabel()
    ticks = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert ticks == ["sick", "well"] * 3
    display.figure_.draw_without_rendering()


def test_without_parts_classes_stand_at_the_axis():
    display = ClassDistributionDisplay.from_labels(np.array([1, 0, 1]))
    assert display.split_names is None
    assert display.n_patients is None
    assert display.n_pictures.tolist() == [[1, 2]]
    np.testing.assert_array_equal(widths(display), [[1, 2]])
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["0", "1"]
    assert display.split_texts_ == []
    assert display.ax_.get_xlabel() == "Number of pictures"


def test_from_dataset():
    dataset = make_ct_phantoms(10, n_patients=4, image_size=32)
    display = ClassDistributionDisplay.from_dataset(dataset)
    assert display.class_names == ["ground-glass", "healthy"]
    assert display.n_pictures.sum() == 10
    assert display.n_patients.tolist() == [[2, 2]]


def test_each_bar_has_its_name_however_many_classes_there_are():
    """No legend that grows out of the figure, and no colour that two classes share tells."""
    labels = [f"class number {index:02d}, with a name that is long" for index in range(12)]
    display = ClassDistributionDisplay.from_labels(labels, split=["train", "test"] * 6)
    display.figure_.draw_without_rendering()
    places = display.ax_.get_yticks()
    assert len(places) == len(set(places)) == 24
    centres = [bar.get_y() + bar.get_height() / 2 for bars in display.bars_ for bar in bars]
    np.testing.assert_allclose(sorted(centres), places)
    width, _ = display.figure_.get_size_inches() * display.figure_.dpi
    for label in display.ax_.get_yticklabels():
        box = label.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width
        assert label.get_text().startswith("class number ")


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ClassDistributionDisplay.from_labels(Y, split=SPLIT[:-1])


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        ([], {}, "y is empty; wanted the class of one picture"),
        (["sick", None], {}, "1 of 2 samples have no label, the first at index 1"),
        ([1.0, np.nan], {}, "1 of 2 samples have no label, the first at index 1"),
        (["sick", "well"], {"split": ["train", None]}, "split names no part for 1 of 2 pictures"),
        (["sick", "well"], {"groups": ["a", None]}, "wanted a patient for every picture"),
    ],
)
def test_no_picture_is_counted_as_nothing(y, options, message):
    """NaN is not equal to itself, so its bar would say that there is no such picture."""
    with pytest.raises(ValueError, match=message):
        ClassDistributionDisplay.from_labels(y, **options)
