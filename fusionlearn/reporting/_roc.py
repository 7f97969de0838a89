"""ROC curves with a band."""

import numpy as np
from sklearn.utils import check_random_state

from ..inspection._figures import BLUE, VERMILION, ink, strip_axes

_GRID = np.linspace(0, 1, 101)
_N_RESAMPLES = 300
_STYLES = ((BLUE, "-"), (VERMILION, "--"))


def draw_roc(evaluations, areas):
    """Draw the ROC curves of up to two evaluations of the same pictures.

    Parameters
    ----------
    evaluations : dict of str to Evaluation
        By name; of two classes.

    areas : dict of str to str
        Text of the area under each.

    Returns
    -------
    figure : matplotlib Figure
        The curves at a hundred rates of false alarms, of mean probabilities where there
        are repeats, each with a band that holds 95 % of 300 resamples of the patients.
    """
    from matplotlib.figure import Figure

    ax = Figure(figsize=(4.8, 4.4), dpi=150, layout="constrained").subplots()
    ax.plot([0, 1], [0, 1], color=ink(), linewidth=0.8, linestyle=":", label="chance: area 0.5")
    for (name, evaluation), (color, dashes) in zip(evaluations.items(), _STYLES, strict=False):
        low, high = np.quantile(_resampled(evaluation), [0.025, 0.975], axis=0)
        ax.fill_between(_GRID, low, high, color=color, alpha=0.15, linewidth=0)
        ax.plot(
            _GRID,
            _curves(evaluation, np.ones((1, len(evaluation.y_true))))[0],
            color=color,
            linestyle=dashes,
            linewidth=1.8,
            label=f"{name}: area {areas[name]}",
        )
    ax.set_xlabel("False alarms (1 − specificity)")
    ax.set_ylabel("Sensitivity")
    ax.set_title("Ranking", loc="left")
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_aspect("equal")
    strip_axes(ax)
    ax.legend(frameon=False, loc="lower right", fontsize="small")
    return ax.get_figure()


def _curves(evaluation, weights):
    """Sensitivity at each rate of false alarms; a row of weights is a resample."""
    column = list(evaluation.classes).index(evaluation.positive)
    score = evaluation.y_proba[:, column]
    order = np.argsort(-score, kind="stable")
    is_positive = (evaluation.y_true == evaluation.positive)[order]
    # Equal scores are passed together.
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    rates = []
    for counted in (~is_positive, is_positive):
        passed = np.cumsum(weights[:, order] * counted, axis=1)
        rates.append(np.c_[np.zeros(len(weights)), passed[:, last]] / passed[:, -1:])
    return np.array([np.interp(_GRID, *rate) for rate in zip(*rates, strict=True)])


def _resampled(evaluation):
    rng = check_random_state(0)
    _, groups = np.unique(evaluation.groups, return_inverse=True)
    n_groups = groups.max() + 1
    drawn = rng.randint(n_groups, size=(_N_RESAMPLES, n_groups))
    weights = np.array([np.bincount(row, minlength=n_groups)[groups] for row in drawn])
    positive = evaluation.y_true == evaluation.positive
    whole = (weights @ positive > 0) & (weights @ ~positive > 0)
    return _curves(evaluation, weights[whole])
