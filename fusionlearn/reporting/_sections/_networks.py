"""Which networks earn their keep."""

import numpy as np

from ...inspection._contribution_display import BackboneContributionDisplay
from ...metrics import BootstrapInterval
from .._blocks import LeftOut, Section, Table
from .._privacy import shorten
from .._svg import draw
from .._words import SCORES, difference, interval, unit_apart

_TITLE = "What each network adds"


def networks_section(material):
    """Give the contribution of each network beside its time.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section or LeftOut
        The section.
    """
    found = material.contributions
    if found is None:
        return LeftOut(_TITLE, material.why_no_contributions)
    rows = [
        (
            shorten(name),
            difference(BootstrapInterval(found.values[number], *found.intervals[number])),
            interval(found.alone[number]),
            difference(found.lost_without[number]),
            milliseconds(found.milliseconds[number]),
        )
        for number, name in enumerate(found.names)
    ]
    rows.append(
        ("all together", "", interval(found.score), "", milliseconds(np.nansum(found.milliseconds)))
    )
    score = SCORES[found.scoring]
    figure = BackboneContributionDisplay(found).plot().figure_
    alt = "Bars: what each network adds, with intervals, beside its milliseconds per picture."
    drawing = draw(figure, "contributions", alt, "The table below as a picture.")
    head = ("Network", "Adds (Shapley value)", "Alone", "Lost without it", "ms per picture")
    return Section(
        "networks",
        _TITLE,
        "The share of each network in what the model knows, cross-validated by "
        f"{unit_apart(material.known)} with every subset of the networks. The score is: {score}, "
        "by picture.",
        (drawing, Table(f"{score}; 95 % intervals in brackets", head, tuple(rows))),
        "Where the interval of what is lost holds 0, the model has not been shown to be worse "
        "without the network. Who drops networks after a look at this table must judge what is "
        "left on other pictures.",
    )


def milliseconds(value):
    """Write a time per picture.

    Parameters
    ----------
    value : float
        Milliseconds, or nan where there is no network.

    Returns
    -------
    text : str
        The number.
    """
    return "no network" if np.isnan(value) else f"{value:.1f}"
