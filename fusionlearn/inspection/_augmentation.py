"""Pictures before and after enhancement."""

import numpy as np

from ..images import check_images
from ._figures import FigureMixin, shorten

_CELL = 1.35  # inches
_GAP = 0.05  # of a cell
_LETTERS = 24


class AugmentationDisplay(FigureMixin):
    """Pictures and the copies that an augmenter makes of them.

    Make it by :meth:`from_augmenter`. The originals stand in the first column, the copies
    of each beside it.

    Parameters
    ----------
    originals : list of ndarray of shape (height, width, 3), uint8
        The pictures; they may differ in size.

    copies : list of list of ndarray of shape (height, width, 3), uint8
        For each picture its copies, of all the same number.

    names : list of str or None, default=None
        What stands beside each row. None counts them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with all pictures.

    figure_ : matplotlib Figure
        The figure.

    images_ : ndarray of shape (n_pictures, 1 + n_copies), dtype object
        The matplotlib artist of each picture.

    See Also
    --------
    ImageAugmenter : Makes the copies.

    Examples
    --------
    >>> from fusionlearn import ImageAugmenter
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import AugmentationDisplay
    >>> phantoms = make_ct_phantoms(n_samples=4, image_size=64)
    >>> display = AugmentationDisplay.from_augmenter(ImageAugmenter(), phantoms.data)
    >>> display.images_.shape
    (3, 5)
    >>> display.figure_.savefig("augmentation.png")  # doctest: +SKIP
    """

    def __init__(self, originals, copies, *, names=None):
        self.originals = originals
        self.copies = copies
        self.names = names

    @classmethod
    def from_augmenter(cls, augmenter, X, *, n_pictures=3, n_copies=None, names=None, ax=None):
        """Make copies of the first pictures, and draw them.

        Parameters
        ----------
        augmenter : ImageAugmenter
            Makes the copies.

        X : array-like of pictures
            As for :func:`~fusionlearn.check_images`.

        n_pictures : int, default=3
            How many pictures are shown, the first ones of X; fewer if X has fewer.

        n_copies : int, default=None
            How many copies of each. None takes the augmenter's ``n_copies``.

        names : array-like of str, default=None
            What stands beside each row, one for each picture of X, such as its class.
            None gives its index.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : AugmentationDisplay
            The drawn display.

        Raises
        ------
        ImageError
            If something in X is no picture.

        ImportError
            If matplotlib is not installed.

        TypeError
            If ``augmenter`` makes no copies.

        ValueError
            If no picture or no copy is asked for, or ``names`` has not one entry for
            each picture.
        """
        if not hasattr(augmenter, "make_copies"):
            raise TypeError(
                f"augmenter is {augmenter!r}; wanted an ImageAugmenter, such as augmenter_ of a "
                "fitted AugmentedClassifier."
            )
        references = check_images(X)
        n_copies = augmenter.n_copies if n_copies is None else n_copies
        if n_pictures < 1 or n_copies < 1:
            raise ValueError(
                f"n_pictures={n_pictures}, n_copies={n_copies}: wanted at least 1 of both."
            )
        if names is None:
            names = _numbers(len(references))
        elif len(names) != len(references):
            raise ValueError(f"names has {len(names)} entries for {len(references)} pictures.")
        chosen = references[:n_pictures]
        copies = augmenter.make_copies(chosen, n_copies)
        return cls(
            [reference.decode() for reference in chosen],
            [[copy.decode() for copy in row] for row in copies],
            names=[str(name) for name in names[:n_pictures]],
        ).plot(ax)

    def plot(self, ax=None):
        """Draw the pictures.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : AugmentationDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        rows = [
            [original, *copies]
            for original, copies in zip(self.originals, self.copies, strict=True)
        ]
        n_rows, n_columns = len(rows), len(rows[0])
        # All pictures lie in one coordinate system, so that any axes can take them.
        heights = [max(_shape(pixels)[0] for pixels in row) for row in rows]
        tops = np.concatenate([[0], np.cumsum(np.add(heights, _GAP))])
        total = tops[-1] - _GAP
        names = [shorten(name, _LETTERS) for name in self.names or _numbers(n_rows)]
        margin = 0.3 + 0.1 * max(len(name) for name in names)
        ax = self._make_axes(ax, margin + _CELL * (n_columns + 0.2), 0.4 + _CELL * total)
        self.images_ = np.empty((n_rows, n_columns), dtype=object)
        for i, row in enumerate(rows):
            for j, pixels in enumerate(row):
                height, width = _shape(pixels)
                left = j * (1 + _GAP) + (1 - width) / 2 + (j > 0) * 2 * _GAP
                top = tops[i] + (heights[i] - height) / 2
                self.images_[i, j] = ax.imshow(
                    pixels, extent=(left, left + width, top + height, top)
                )
        centres = [j * (1 + _GAP) + 0.5 + (j > 0) * 2 * _GAP for j in range(n_columns)]
        ax.set_xlim(0, centres[-1] + 0.5)
        ax.set_ylim(total, 0)
        labels = ["original", *(f"copy {j}" for j in range(1, n_columns))]
        ax.set_xticks(centres, labels=labels)
        ax.set_yticks(
            [top + height / 2 for top, height in zip(tops, heights, strict=False)], labels=names
        )
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
        ax.spines[:].set_visible(False)
        return self


def _numbers(n_pictures):
    return [f"picture {index}" for index in range(n_pictures)]


def _shape(pixels):
    """Height and width of a picture whose longer side is 1."""
    height, width = pixels.shape[:2]
    return height / max(height, width), width / max(height, width)
