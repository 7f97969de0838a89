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
    assert {"3 (2)", "1 (1)", "0 (0)"} == texts
    assert "patients" in display.ax_.get_xlabel()
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["sick", "well"]
    display.figure_.draw_without_rendering()


def test_without_parts_classes_stand_at_the_axis():
    display = ClassDistributionDisplay.from_labels(np.array([1, 0, 1]))
    assert display.split_names is None
    assert display.n_patients is None
    assert display.n_pictures.tolist() == [[1, 2]]
    np.testing.assert_array_equal(widths(display), [[1, 2]])
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["0", "1"]
    assert display.ax_.get_legend() is None
    assert display.ax_.get_xlabel() == "Number of pictures"


def test_from_dataset():
    dataset = make_ct_phantoms(10, n_patients=4, image_size=32)
    display = ClassDistributionDisplay.from_dataset(dataset)
    assert display.class_names == ["ground-glass", "healthy"]
    assert display.n_pictures.sum() == 10
    assert display.n_patients.tolist() == [[2, 2]]


def test_classes_beyond_the_colours_are_striped():
    labels = [f"{index:02d}" for index in range(10)]
    display = ClassDistributionDisplay.from_labels(labels, split=["train"] * 10)
    looks = {(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in display.bars_}
    assert len(looks) == 10


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ClassDistributionDisplay.from_labels(Y, split=SPLIT[:-1])
