"""What each network adds, beside what it costs."""

import numpy as np

from ..model_selection._report import cell
from ._backbone_contributions import backbone_contributions
from ._contributions import BackboneContributions
from ._figures import BLUE, COLORS, VERMILION, FigureMixin, strip_axes

_TIME = COLORS[1]
_ROW = 0.62  # inches
# Of a row: the bar above, what is lost without the network below.
_BAR, _BELOW = 0.42, 0.33


class BackboneContributionDisplay(FigureMixin):
    """What each network of a fusion adds to a score, beside its milliseconds.

    Make it by :meth:`from_estimator`, or draw what :func:`backbone_contributions` gave:
    ``BackboneContributionDisplay(contributions).plot()``. The network that adds most is
    at the top. A bar is its Shapley value, the mean over all subsets of the others; the
    diamond is what the whole fusion loses without it. Lines are 95 % intervals.

    Parameters
    ----------
    contributions : BackboneContributions
        From :func:`backbone_contributions`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the contributions.

    time_ax_ : matplotlib Axes
        The axes of the times, at the right in the place of ``ax_``.

    figure_ : matplotlib Figure
        The figure.

    bars_ : matplotlib BarContainer
        A bar for each contribution, from top to bottom.

    time_bars_ : matplotlib BarContainer
        A bar for each time, from top to bottom; without length for a member without a
        network.

    lost_ : matplotlib ErrorbarContainer
        What is lost without each network, from top to bottom.

    See Also
    --------
    backbone_contributions : Computes what this shows, and says it in words.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import ConcatFusion, make_extractors
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import BackboneContributionDisplay
    >>> ct = make_ct_phantoms(60, n_patients=60, image_size=32)
    >>> networks = make_extractors(
    ...     "MobileNet", "MobileNetV2", weights=None, input_size=32, layers=0.1
    ... )
    >>> model = make_pipeline(ConcatFusion(networks), LogisticRegression())
    >>> display = BackboneContributionDisplay.from_estimator(model, ct.data, ct.target, cv=2)
    >>> len(display.bars_), len(display.time_bars_)
    (2, 2)
    """

    def __init__(self, contributions):
        self.contributions = contributions

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None, **params):
        """Compute the contributions, and draw them.

        Parameters
        ----------
        estimator : classifier of pictures
            As for :func:`backbone_contributions`.

        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        y : array-like of shape (n_samples,)
            Labels.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        **params : dict
            Further parameters of :func:`backbone_contributions`.

        Returns
        -------
        display : BackboneContributionDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            As for :func:`backbone_contributions`.
        """
        return cls(backbone_contributions(estimator, X, y, **params)).plot(ax)

    def plot(self, ax=None):
        """Draw contributions and times.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : BackboneContributionDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        TypeError
            If ``contributions`` are something else.
        """
        shown = self.contributions
        if not isinstance(shown, BackboneContributions):
            raise TypeError(
                f"contributions is a {type(shown).__name__}; wanted BackboneContributions, as "
                "backbone_contributions gives them. For an estimator use from_estimator."
            )
        order = np.argsort(-shown.values, kind="stable")
        places = np.arange(len(order))
        ax = self._make_axes(ax, 8.2, 1.6 + _ROW * len(order))
        self._draw_contributions(ax, shown, order, places)
        from mpl_toolkits.axes_grid1 import make_axes_locatable

        # Both share the place of the axes that were given.
        self.time_ax_ = make_axes_locatable(ax).append_axes(
            "right", size="55%", pad=0.45, sharey=ax
        )
        self._draw_times(self.time_ax_, shown, order, places)
        ax.set_title(
            f"What each network adds to {shown.scoring}\n"
            f"all together {cell(shown.score)}, knowing nothing {shown.empty_score:.3f}",
            loc="left",
            fontsize="medium",
            pad=26,
        )
        return self

    def _draw_contributions(self, ax, shown, order, places):
        ink = {"color": _ink(), "linewidth": 1.2}
        values, ends = shown.values[order], shown.intervals[order]
        tops = places - (1 - _BAR) / 4
        self.bars_ = ax.barh(
            tops, values, height=_BAR, color=BLUE, label="on average over all subsets"
        )
        ax.hlines(tops, ends[:, 0], ends[:, 1], **ink)
        lost = [shown.lost_without[number] for number in order]
        estimates = np.array([interval.estimate for interval in lost])
        below, above = np.array([(interval.low, interval.high) for interval in lost]).T
        # A percentile interval need not hold the estimate.
        reach = np.maximum([estimates - below, above - estimates], 0)
        self.lost_ = ax.errorbar(
            estimates,
            places + _BELOW,
            xerr=reach,
            fmt="D",
            markersize=5,
            color=VERMILION,
            elinewidth=1.2,
            label="lost if dropped from all",
        )
        ax.axvline(0, color=_ink(), linewidth=0.8)
        ax.set_yticks(places, labels=[shown.names[number] for number in order])
        ax.set_ylim(len(order) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(f"{shown.scoring} added\n(lines: 95 % intervals)")
        ax.margins(x=0.06)
        ax.legend(
            frameon=False,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=2,
            fontsize="small",
            borderaxespad=0.2,
            handlelength=1.2,
        )
        strip_axes(ax)

    def _draw_times(self, ax, shown, order, places):
        from matplotlib.ticker import MaxNLocator

        times = shown.milliseconds[order]
        self.time_bars_ = ax.barh(
            places, np.nan_to_num(times), height=_BAR, color=_TIME, edgecolor=_ink(), linewidth=0.6
        )
        texts = [_time_text(shown, number) for number in order]
        ax.bar_label(self.time_bars_, labels=texts, padding=4, fontsize="small")
        longest = np.nan_to_num(times).max()
        ax.set_xlim(0, 1.9 * longest or 1)
        # Behind the longest bar there is room for text only.
        ticks = MaxNLocator(3).tick_values(0, longest) if longest else np.empty(0)
        ax.set_xticks(ticks[ticks <= longest])
        ax.spines.bottom.set_bounds(0, longest)
        ax.tick_params(axis="y", length=0, labelleft=False)
        ax.set_xlabel("Milliseconds\nper picture", loc="left")
        strip_axes(ax)


def _time_text(shown, number):
    milliseconds = shown.milliseconds[number]
    if np.isnan(milliseconds):
        return "no network"
    # For the eye: of the score and of the time, in the same units everywhere.
    rate = shown.values[number] / milliseconds
    share = 100 * shown.shares_of_time[number]
    return f"{milliseconds:.1f} ms ({share:.0f} %)\n{rate:.2g} per ms"


def _ink():
    import matplotlib as mpl

    return mpl.rcParams["text.color"]
