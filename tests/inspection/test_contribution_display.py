"""The picture shows the figures that it was given, in order, beside the times."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_contributions import X, Y, made_up, of_looks

from fusionlearn.inspection import BackboneContributionDisplay

# The picture is about something else than how many patients there are.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")


def test_bars_are_contributions_and_times_from_the_largest_contribution_on():
    found = made_up([0.2, 2, 0.7], [20, 60, np.nan])
    display = BackboneContributionDisplay(found).plot()
    order = np.argsort(-found.values).tolist()
    assert order != [0, 1, 2]
    assert [bar.get_width() for bar in display.bars_] == found.values[order].tolist()
    times = [20, 60, 0]  # nothing to be seen where there is no network
    assert [bar.get_width() for bar in display.time_bars_] == [times[i] for i in order]
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == [f"net {number}" for number in order]
    assert display.ax_.yaxis_inverted()
    lost = [found.lost_without[number] for number in order]
    np.testing.assert_allclose(display.lost_[0].get_xdata(), [part.estimate for part in lost])
    texts = [text.get_text() for text in display.time_ax_.texts]
    assert texts[order.index(1)] == f"60.0 ms (75 %)\n{found.values[1] / 60:.2g} per ms"
    assert texts[order.index(2)] == "no network"


def test_intervals_are_drawn():
    found = made_up([0.2, 2], [20, 60])
    display = BackboneContributionDisplay(found).plot()
    lines, errors = display.ax_.collections[0], display.lost_[2][0]
    ends = [segment[:, 0].tolist() for segment in lines.get_segments()]
    assert ends == found.intervals[[1, 0]].tolist()
    expected = [[part.low, part.high] for part in reversed(found.lost_without)]
    drawn = [segment[:, 0] for segment in errors.get_segments()]
    np.testing.assert_allclose(drawn, expected, atol=1e-12)


@pytest.mark.parametrize("milliseconds", [[np.nan, np.nan], [3, 4]])
def test_axes_of_the_caller(milliseconds):
    figure = Figure(layout="constrained")
    ax = figure.subplots(1, 2)[1]
    display = BackboneContributionDisplay(made_up([1, 2], milliseconds)).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.time_ax_.figure is figure
    figure.draw_without_rendering()
    # Nothing of the times stands above the axes beside.
    assert display.time_ax_.get_position().x0 > ax.get_position().x1


def test_from_estimator():
    display = BackboneContributionDisplay.from_estimator(
        of_looks("mean", "noise"), X, Y, cv=2, scoring="accuracy"
    )
    assert display.contributions.scoring == "accuracy"
    assert "accuracy" in display.ax_.get_xlabel()
    assert len(display.bars_) == 2


def test_something_else():
    with pytest.raises(TypeError, match=r"contributions is a list.*use from_estimator"):
        BackboneContributionDisplay([1, 2]).plot()
