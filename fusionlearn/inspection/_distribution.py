"""How many pictures of each class there are."""

import numpy as np
from sklearn.utils import check_consistent_length

from .._labels import check_labels, find_missing
from ..images._groups import check_groups
from ._figures import COLORS, FigureMixin, shorten, strip_axes

_BARS = COLORS[:-1]  # black would not be seen on a dark page
_LETTERS = 28


class ClassDistributionDisplay(FigureMixin):
    """Number of pictures, and of patients, of each class in each part of a data set.

    Make it by :meth:`from_dataset` or :meth:`from_labels`.

    Parameters
    ----------
    n_pictures : ndarray of shape (n_splits, n_classes)
        Number of pictures.

    class_names : list of str
        The classes.

    split_names : list of str or None, default=None
        The parts; None if there is only one, which has no name.

    n_patients : ndarray of shape (n_splits, n_classes) or None, default=None
        Number of patients; None if they are not known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    bars_ : list of matplotlib BarContainer
        The bars of each class.

    split_texts_ : list of matplotlib Annotation
        The names of the parts, each above its bars; empty if there is only one.

    See Also
    --------
    fusionlearn.datasets.load_image_folder : Loads what this shows.

    Examples
    --------
    >>> from fusionlearn.inspection import ClassDistributionDisplay
    >>> display = ClassDistributionDisplay.from_labels(
    ...     ["sick", "sick", "well"], split=["train", "test", "train"]
    ... )
    >>> display.class_names, display.split_names
    (['sick', 'well'], ['train', 'test'])
    >>> display.n_pictures
    array([[1, 1],
           [1, 0]])
    """

    def __init__(self, n_pictures, class_names, *, split_names=None, n_patients=None):
        self.n_pictures = n_pictures
        self.class_names = class_names
        self.split_names = split_names
        self.n_patients = n_patients

    @classmethod
    def from_dataset(cls, dataset, *, ax=None):
        """Draw the distribution of a loaded data set.

        Parameters
        ----------
        dataset : :class:`~sklearn.utils.Bunch`
            From a loader in :mod:`fusionlearn.datasets`: ``target``, and if known
            ``split`` and ``groups``.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ClassDistributionDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        return cls.from_labels(
            dataset.target, split=dataset.get("split"), groups=dataset.get("groups"), ax=ax
        )

    @classmethod
    def from_labels(cls, y, *, split=None, groups=None, ax=None):
        """Count labels and draw their distribution.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            The class of each picture.

        split : array-like of shape (n_samples,), default=None
            The part to which each picture belongs. "train", "validation" and "test" are
            shown in this order, others behind them as they come.

        groups : array-like of shape (n_samples,), default=None
            The patient of each picture.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ClassDistributionDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If y, split and groups differ in length, there are no labels, or some are
            missing or have no part or no patient.
        """
        if not len(y):
            raise ValueError("y is empty; wanted the class of one picture at least.")
        y = check_labels(y)
        check_consistent_length(y, split, groups)
        if split is not None and (missing := find_missing(split)):
            raise ValueError(
                f"split names no part for {len(missing)} of {len(y)} pictures, the first at index "
                f"{missing[0]}; wanted one for each, or split=None."
            )
        groups = None if groups is None else check_groups(groups)
        classes = np.unique(y)
        split_names = None if split is None else _ordered(np.asarray(split))
        parts = [slice(None)] if split is None else [np.asarray(split) == s for s in split_names]
        n_pictures = np.array([[np.sum(y[part] == label) for label in classes] for part in parts])
        n_patients = None
        if groups is not None:
            n_patients = np.array(
                [
                    [len(np.unique(groups[part][y[part] == label])) for label in classes]
                    for part in parts
                ]
            )
        return cls(
            n_pictures,
            [str(label) for label in classes],
            split_names=None if split is None else [str(name) for name in split_names],
            n_patients=n_patients,
        ).plot(ax)

    def plot(self, ax=None):
        """Draw a bar for each class in each part.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : ClassDistributionDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_pictures = np.asarray(self.n_pictures)
        n_splits, n_classes = n_pictures.shape
        one = self.split_names is None
        # A row for each class and, above those of each part, one for its name.
        n_rows = n_classes if one else n_classes + 1
        ax = self._make_axes(ax, 5.5, 0.95 + 0.27 * n_rows * n_splits)
        rows = np.arange(n_splits) * n_rows + (0 if one else 1)
        self.bars_ = []
        for j, name in enumerate(self.class_names):
            # Where all bars are one part, colour has nothing to say.
            color = COLORS[0] if one else _BARS[j % len(_BARS)]
            bars = ax.barh(rows + j, n_pictures[:, j], height=0.75, color=color, label=name)
            texts = [self._text(i, j) for i in range(n_splits)]
            ax.bar_label(bars, labels=texts, padding=3, fontsize="small")
            self.bars_.append(bars)
        names = [shorten(name, _LETTERS) for name in self.class_names]
        ax.set_yticks((rows[:, np.newaxis] + range(n_classes)).ravel(), labels=names * n_splits)
        self.split_texts_ = [
            ax.annotate(
                shorten(name, _LETTERS),
                (0, row - 1),
                xytext=(4, -1),
                textcoords="offset points",
                va="center",
                fontweight="bold",
            )
            for name, row in zip(self.split_names or [], rows, strict=False)
        ]
        ax.set_ylim(n_rows * n_splits - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("Number of pictures" + ("" if self.n_patients is None else " (of patients)"))
        ax.set_xlim(0, max(1, n_pictures.max()) * (1.17 if self.n_patients is None else 1.3))
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        strip_axes(ax)
        ax.set_title("Pictures per class", loc="left")
        return self

    def _text(self, i, j):
        text = f"{self.n_pictures[i][j]:,}"
        return text if self.n_patients is None else f"{text} ({self.n_patients[i][j]:,})"


def _ordered(split):
    known = ("train", "validation", "test")
    names = np.unique(split).tolist()
    return [n for n in known if n in names] + [n for n in names if n not in known]
