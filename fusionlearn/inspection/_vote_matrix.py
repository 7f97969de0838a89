"""Drawing the votes of all members as rows of coloured cells."""

import numpy as np

from ._figures import COLORS, shorten
from ._shares import share_text, shares_of

_GAP = 0.35  # of a row, between labels, members and majority
_MARKED = 80  # columns; a mark in more of them cannot be seen
_NAME = 24  # letters
_LEGEND = 66  # letters


def draw_votes(ax, display):
    """Draw labels, votes and the majority, a column for each picture.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.

    display : VoteDisplay
        What to draw.

    Returns
    -------
    images : list of matplotlib AxesImage
        The rows of labels, of members, and of the majority.
    """
    votes, y_true = np.asarray(display.votes), np.asarray(display.y_true)
    y_pred, weights = np.asarray(display.y_pred), np.asarray(display.weights)
    classes = _classes(display)
    wrong = votes != y_true[:, np.newaxis]
    # By label, then from all right to all wrong, then equal columns beside each other.
    order = np.lexsort([*np.searchsorted(classes, votes).T, wrong @ weights, y_true])
    blocks = [y_true[order][np.newaxis], votes[order].T, y_pred[order][np.newaxis]]
    colors = _colors(len(classes))
    images, centres, top = [], [], 0.0
    for block in blocks:
        n_rows, n_columns = block.shape
        images.append(
            ax.imshow(
                colors[np.searchsorted(classes, block)],
                extent=(0, n_columns, top + n_rows, top),
                aspect="auto",
                interpolation="nearest",
            )
        )
        if n_columns <= _MARKED:
            rows, columns = np.nonzero(block != y_true[order])
            ax.scatter(
                columns + 0.5, top + rows + 0.5, s=14, marker="x", color="black", linewidth=1
            )
        centres += [top + row + 0.5 for row in range(n_rows)]
        top += n_rows + _GAP
    ax.set_xlim(0, len(votes))
    ax.set_ylim(top - _GAP, 0)
    names = [shorten(name, _NAME) for name in display.member_names]
    if not np.allclose(weights, weights[0]):
        names = [f"{name} ({weight:.0%})" for name, weight in zip(names, weights, strict=True)]
    ax.set_yticks(centres, labels=["label", *names, "majority"])
    accuracies = [
        share_text(shares_of(row == y_true, np.zeros(len(row), dtype=np.intp), 1, display.groups))
        for row in [*votes.T, y_pred]
    ]
    right = ax.secondary_yaxis("right")
    right.set_yticks(centres, labels=["accuracy, 95 % interval", *accuracies])
    for axis in (ax, right):
        axis.tick_params(axis="y", length=0)
        axis.spines[:].set_visible(False)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("Pictures, sorted by label and by how many members are wrong")
    from matplotlib.patches import Patch

    n_legend_rows, n_legend_columns = legend_shape(display)
    patches = [
        Patch(color=color, label=shorten(label, _NAME))
        for color, label in zip(colors, classes, strict=True)
    ]
    ax.legend(
        handles=patches,
        frameon=False,
        fontsize="small",
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=n_legend_columns,
        borderaxespad=0.2,
    )
    ax.set_title("Votes", loc="left", pad=8 + 14 * n_legend_rows)
    return images


def legend_shape(display):
    """Rows and columns of the legend, as many columns as fit above the cells.

    Parameters
    ----------
    display : VoteDisplay
        What is drawn.

    Returns
    -------
    shape : tuple of (int, int)
        Number of rows and columns.
    """
    classes = _classes(display)
    longest = max(len(shorten(label, _NAME)) for label in classes)
    n_columns = max(1, min(len(classes), _LEGEND // (longest + 6)))
    return -(-len(classes) // n_columns), n_columns


def _classes(display):
    votes = np.asarray(display.votes).ravel()
    return np.unique(np.concatenate([display.y_true, display.y_pred, votes]))


def _colors(n_classes):
    """RGB of each class; brightness alone tells them apart where colours run out."""
    import matplotlib
    from matplotlib.colors import to_rgb

    known = COLORS[:-1]
    if n_classes <= len(known):
        return np.array([to_rgb(color) for color in known[:n_classes]])
    return matplotlib.colormaps["viridis"](np.linspace(0, 1, n_classes))[:, :3]
