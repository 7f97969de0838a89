"""Explanations drawn: what is where, on one scale, in words."""

from dataclasses import replace

import numpy as np
import pytest
from explained import fitted, marked_phantoms
from matplotlib.figure import Figure

from fusionlearn.inspection import Explanation, ExplanationDisplay


@pytest.fixture
def explanations():
    """Two explanations of pictures of different sizes."""

    def make(height, width, strength, prediction):
        ramp = np.linspace(0, strength, width, dtype=np.float32) * np.ones((height, 1), np.float32)
        return Explanation(
            picture=np.full((height, width, 3), 90, dtype=np.uint8),
            target="sick",
            probability=0.875,
            prediction=prediction,
            heat_map=ramp,
            networks={"A": 0.4 * ramp, "B": 0.2 * ramp},
            shares={"A": 2 / 3, "B": 1 / 3},
            method="gradcam",
        )

    return [make(20, 30, 4.0, "sick"), make(30, 20, 0.8, "healthy")]


def test_rows_columns_and_words(explanations):
    """A row for each picture, a column for the whole and for each network."""
    display = ExplanationDisplay(explanations).plot()
    assert display.images_.shape == (2, 4)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == [
        *("picture", "all networks", "A", "B"),
    ]
    first, second = (label.get_text() for label in display.ax_.get_yticklabels())
    assert "predicted: sick" in first
    assert "0.88" in first
    assert "evidence for" not in first
    assert "predicted: healthy" in second
    assert "evidence for sick" in second
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts == ["share 67%", "share 33%"] * 2
    np.testing.assert_array_equal(display.images_[0, 0].get_array(), explanations[0].picture)
    np.testing.assert_array_equal(display.images_[1, 3].get_array(), explanations[1].networks["B"])


def test_one_scale_for_all_maps(explanations):
    """A weak map looks weak, and the scale names its unit."""
    display = ExplanationDisplay(explanations).plot()
    (clim,) = {image.get_clim() for image in display.images_[:, 1:].ravel()}
    assert clim == (0, display.colorbar_.vmax)
    assert 3.8 < clim[1] <= 4.0
    assert explanations[0].unit in display.colorbar_.ax.get_ylabel()
    covers = [np.max(image.get_alpha()) for image in display.images_[:, 1]]
    assert covers[0] > covers[1]


def test_one_hot_pixel_does_not_hide_the_rest(explanations):
    """A corner with a thousand times the evidence passes the end of the scale, which says so."""
    values = explanations[0].heat_map.copy()
    values[0, 0] = 4000.0
    hot = replace(explanations[0], heat_map=values)
    display = ExplanationDisplay([hot]).plot()
    assert display.colorbar_.vmax < 4.1
    assert display.colorbar_.extend == "max"


def test_strong_evidence_has_contours_that_survive_grey_print(explanations):
    """Light lines with dark edges, where a map reaches a quarter and a half of the scale."""
    from matplotlib.contour import ContourSet

    def contours(display):
        return [child for child in display.ax_.get_children() if isinstance(child, ContourSet)]

    display = ExplanationDisplay(explanations).plot()
    # Row 0: the whole to 1, A to two fifths, B to a fifth; row 1 reaches a quarter nowhere.
    assert [lines.levels.tolist() for lines in contours(display)] == [[0.25, 0.5], [0.25]]
    assert all(lines.get_path_effects() for lines in contours(display))


def test_maps_without_evidence_can_be_drawn(explanations):
    """A scale of nothing, no contour, and a word."""
    zero = np.zeros((20, 30), np.float32)
    empty = replace(explanations[0], heat_map=zero, networks={}, shares={})
    display = ExplanationDisplay([empty]).plot()
    assert display.images_.shape == (1, 2)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["picture", "evidence"]
    assert [text.get_text() for text in display.ax_.texts] == ["empty"]


def test_a_network_that_one_picture_lacks(explanations):
    """A classifier may ask different networks for different pictures."""
    fewer = replace(
        explanations[1], networks={"A": explanations[1].networks["A"]}, shares={"A": 1.0}
    )
    display = ExplanationDisplay([explanations[0], fewer]).plot()
    assert display.images_.shape == (2, 4)
    np.testing.assert_array_equal(display.images_[1, 3].get_array(), fewer.picture)


def test_from_estimator_draws_into_given_axes(capsys):
    """All the way from pictures, into the axes of the user, with a bar if asked."""
    ax = Figure().subplots()
    pictures = marked_phantoms()[0][:2]
    display = ExplanationDisplay.from_estimator(
        fitted(), pictures, target="marked", verbose=1, ax=ax
    )
    assert "2/2" in capsys.readouterr().err
    assert display.ax_ is ax
    assert [one.target for one in display.explanations] == ["marked"] * 2
    assert display.images_.shape == (2, 4)


def test_mixed_methods_are_refused(explanations):
    """Two units have no common scale."""
    mixed = [explanations[0], replace(explanations[1], method="occlusion")]
    for wrong in (mixed, []):
        with pytest.raises(ValueError, match="of one method"):
            ExplanationDisplay(wrong).plot()
