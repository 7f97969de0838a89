"""Contributions in words."""

import numpy as np

from ..metrics import BootstrapInterval
from ..model_selection._report import NO_DIAGNOSIS, cell, headline

_HEAD = ("", "adds", "alone", "the others", "     ms")
_CAUTION = (
    "Milliseconds for a picture were measured on {n_timed} pictures, on this machine{engines}; "
    "decoding is not counted. "
    "Who drops a network for these figures has chosen it on these pictures: judge what is left "
    "on others."
)


def make_text(contributions):
    """Write contributions as a table, and what dropping a member means below.

    Parameters
    ----------
    contributions : BackboneContributions
        The figures.

    Returns
    -------
    text : str
        Several lines.
    """
    whole = contributions.evaluations[contributions.names]
    title = f"{contributions.scoring}; {headline(whole)}"
    return "\n".join(
        [
            title,
            *_table(contributions),
            *(
                _sentence(contributions.scoring, *row)
                for row in zip(
                    contributions.names,
                    contributions.lost_without,
                    contributions.shares_of_time,
                    strict=True,
                )
            ),
            _caution(contributions),
            *whole.cautions,
            NO_DIAGNOSIS,
        ]
    )


def _table(contributions):
    rows = [_HEAD]
    for number, name in enumerate(contributions.names):
        value = BootstrapInterval(contributions.values[number], *contributions.intervals[number])
        rows.append(
            (
                name,
                cell(value),
                cell(contributions.alone[number]),
                cell(contributions.without[number]),
                _time(contributions.milliseconds[number]),
            )
        )
    rows.append(("knowing nothing", f"{contributions.empty_score:.3f}", "", "", ""))
    total = _time(np.nansum(contributions.milliseconds))
    rows.append(("all together", cell(contributions.score), "", "", total))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _time(milliseconds):
    return "no network" if np.isnan(milliseconds) else f"{milliseconds:7.1f}"


def _caution(contributions):
    engines = sorted(set(filter(None, contributions.engines)))
    return _CAUTION.format(
        n_timed=contributions.n_timed,
        engines=f", by {' and '.join(engines)}" if engines else "",
    )


def _sentence(scoring, name, lost, share):
    sign = -1 if lost.estimate < 0 else 1
    low, high = sorted((sign * lost.low, sign * lost.high))
    verb = "gains" if sign < 0 else "loses"
    doubt = "" if low > 0 else ", which has not been told apart from nothing,"
    saved = "" if np.isnan(share) else f" and saves {100 * share:.0f} % of the networks' time"
    change = cell(BootstrapInterval(abs(lost.estimate), low, high))
    return f"Dropping {name} {verb} {change} of {scoring}{doubt}{saved}."
