"""Shares of predictions that are right, with intervals by whole patients."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ._figures import BLUE, ink, strip_axes

CONFIDENCE = 0.95
_FLOOR, _STRIP = 1.08, 0.22  # where the numbers of samples stand, on the axis of shares
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


class Shares(NamedTuple):
    """The share of hits in each part of some samples; NaN in a part that is empty."""

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray


def shares_of(hits, parts, n_parts, groups=None):
    """Compute the share of hits in each part, with 95 % intervals.

    The interval is Wilson's. It takes all pictures that a patient has in the part for one
    observation, by Kish's effective number ``(sum m)**2 / sum m**2`` of patients with m
    pictures each: right if a patient's pictures are all hits or none, and too wide rather
    than too narrow otherwise. A bootstrap would give a part in which all are hits an
    interval without width, whatever its size.

    Parameters
    ----------
    hits : ndarray of shape (n_samples,), bool
        What came true.

    parts : ndarray of shape (n_samples,), int
        Part of each sample, from 0 on.

    n_parts : int
        Number of parts.

    groups : ndarray of shape (n_samples,), default=None
        Patient of each sample. None takes each sample for itself.

    Returns
    -------
    shares : Shares
        A named tuple ``(estimate, low, high, counts)`` of arrays.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical
       inference", Journal of the American Statistical Association 22, 209-212 (1927).

    .. [2] L. Kish, "Survey Sampling", Wiley (1965).
    """
    counts = np.bincount(parts, minlength=n_parts).astype(np.float64)
    if groups is None:
        sizes = counts
    else:
        _, patients = np.unique(groups, return_inverse=True)
        _, which, n_of_patient = np.unique(
            parts * (patients.max(initial=0) + 1) + patients, return_index=True, return_counts=True
        )
        squares = np.bincount(parts[which], weights=n_of_patient**2.0, minlength=n_parts)
        with np.errstate(invalid="ignore"):
            sizes = counts**2 / squares
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.bincount(parts, weights=hits, minlength=n_parts) / counts
        centre = (estimate + _Z**2 / (2 * sizes)) / (1 + _Z**2 / sizes)
        spread = estimate * (1 - estimate) / sizes + (_Z / (2 * sizes)) ** 2
        half = _Z * np.sqrt(spread) / (1 + _Z**2 / sizes)
    # At 0 and 1 the estimate is an end of the interval, but for rounding.
    low = np.minimum(np.maximum(centre - half, 0), estimate)
    high = np.maximum(np.minimum(centre + half, 1), estimate)
    return Shares(estimate, low, high, counts)


def share_text(shares, part=0):
    """Write a share with its interval, as evaluations do."""
    estimate, low, high = (values[part] for values in shares[:3])
    return f"{estimate:.3f} [{low:.3f}, {high:.3f}]"


def draw_shares(ax, places, shares, *, color=BLUE, label):
    """Draw a point with its interval for each part that is not empty.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.

    places : ndarray of shape (n_parts,)
        Where the points stand on the x axis.

    shares : Shares
        The shares.

    color : str, default=BLUE
        Colour.

    label : str
        What the legend says.

    Returns
    -------
    points : matplotlib ErrorbarContainer
        The points.
    """
    full = shares.counts > 0
    estimate, low, high = (values[full] for values in shares[:3])
    return ax.errorbar(
        places[full],
        estimate,
        yerr=[estimate - low, high - estimate],
        fmt="o",
        markersize=5,
        color=color,
        elinewidth=1.4,
        capsize=3,
        label=label,
        zorder=3,
    )


def draw_counts(ax, places, counts, *, width, unit, color=BLUE):
    """Draw how many samples each part has, in a strip above the shares.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes, with shares from 0 to 1.

    places : ndarray of shape (n_parts,)
        Middle of each bar.

    counts : ndarray of shape (n_parts,)
        Number of samples.

    width : float
        Width of a bar.

    unit : str
        What is counted.

    color : str, default=BLUE
        Colour.

    Returns
    -------
    bars : matplotlib BarContainer
        The bars.
    """
    heights = _STRIP * counts / max(1.0, counts.max())
    bars = ax.bar(places, heights, width=width, bottom=_FLOOR, color=color, alpha=0.55)
    texts = [f"{count:,.0f}" if count else "" for count in counts]
    ax.bar_label(bars, labels=texts, fontsize="x-small", padding=1)
    ax.axhline(_FLOOR, color=ink(), linewidth=0.8)
    ax.annotate(
        unit,
        (0, _FLOOR + _STRIP / 2),
        xycoords=("axes fraction", "data"),
        xytext=(-6, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize="small",
    )
    return bars


def frame_points(ax, title):
    """Put the title above the strip, the legend where it hides no point, and a faint grid."""
    ax.set_ylim(-0.02, _FLOOR + 1.3 * _STRIP)
    ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    strip_axes(ax)
    ax.spines["left"].set_bounds(-0.02, 1.02)
    ax.set_title(title, loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(-0.02, -0.13))
    ax.grid(color=ink(), alpha=0.12, linewidth=0.8)
    ax.set_axisbelow(True)
