"""The pictures about which a classifier was wrong."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from ..images import check_images
from ..model_selection import Evaluation
from ._figures import FigureMixin, shorten
from ._predictions import check_predictions, patients_of, probabilities_of
from ._shares import shares_of

_CELL = 1.75  # inches
_LINE = 0.078  # of a cell, as the next one
_GAP = 0.08
_COLUMNS = 4
_LETTERS = 30  # of a line below a picture


class ErrorGalleryDisplay(FigureMixin):
    """Pictures that were given to a wrong class, the surest mistakes first.

    Make it by :meth:`from_evaluation`, :meth:`from_predictions` or :meth:`from_estimator`.
    Below each picture stand its label, the predicted class with its probability, its
    patient if known, and its index in X. Sure mistakes are where to look for wrong labels, for
    damaged pictures, and for what the model takes for the disease.

    Parameters
    ----------
    pictures : list of ndarray of shape (height, width, 3), uint8
        The pictures that are shown; they may differ in size.

    indices : ndarray of shape (n_shown,)
        Their places in X.

    true_labels : ndarray of shape (n_shown,)
        Their labels.

    predicted_labels : ndarray of shape (n_shown,)
        The most probable class of each, which is wrong.

    probabilities : ndarray of shape (n_shown,)
        What that class was given.

    n_errors : int
        Number of mistakes, also of those that are not shown.

    n_samples : int
        Number of pictures that were judged.

    error_interval : tuple of (float, float)
        95 % interval of the share of mistakes, by :meth:`from_predictions` Wilson's, with
        patients in the place of pictures where they are known.

    groups : ndarray of shape (n_shown,), default=None
        The patients of those that are shown; None where they are not known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with all pictures.

    figure_ : matplotlib Figure
        The figure.

    images_ : list of matplotlib AxesImage
        The artist of each picture; empty where nothing is wrong.

    See Also
    --------
    fusionlearn.model_selection.audit_leakage : Finds near copies under two labels.

    Examples
    --------
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import ErrorGalleryDisplay
    >>> ct = make_ct_phantoms(n_samples=4, image_size=64)
    >>> y_true = ["healthy", "ground-glass", "healthy", "healthy"]
    >>> y_proba = [[0.6, 0.4], [0.7, 0.3], [0.1, 0.9], [0.9, 0.1]]
    >>> display = ErrorGalleryDisplay.from_predictions(ct.data, y_true, y_proba)
    >>> display.indices, display.probabilities
    (array([3, 0]), array([0.9, 0.6]))
    """

    def __init__(
        self,
        pictures,
        indices,
        true_labels,
        predicted_labels,
        probabilities,
        *,
        n_errors,
        n_samples,
        error_interval,
        groups=None,
    ):
        self.pictures = pictures
        self.indices = indices
        self.true_labels = true_labels
        self.predicted_labels = predicted_labels
        self.probabilities = probabilities
        self.n_errors = n_errors
        self.n_samples = n_samples
        self.error_interval = error_interval
        self.groups = groups

    @classmethod
    def from_evaluation(cls, evaluation, X, *, n_pictures=12, ax=None):
        """Draw the mistakes of a cross-validation.

        Parameters
        ----------
        evaluation : Evaluation
            From :func:`~fusionlearn.model_selection.evaluate`, by picture.

        X : array-like of pictures, of shape (n_samples,)
            The pictures that were evaluated, in the same order.

        n_pictures : int, default=12
            How many mistakes are shown at most.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ErrorGalleryDisplay
            The drawn display.

        Raises
        ------
        GroupConflictError
            If X knows other patients than the evaluation.

        ImportError
            If matplotlib is not installed.

        TypeError
            If it is no evaluation.

        ValueError
            If the evaluation is by patient, or about other pictures.
        """
        if not isinstance(evaluation, Evaluation):
            raise TypeError(
                f"evaluation is a {type(evaluation).__name__}; wanted an Evaluation, as "
                "fusionlearn.model_selection.evaluate gives it. For arrays use from_predictions."
            )
        if evaluation.aggregation is not None:
            raise ValueError(
                "The evaluation is by patient, whose pictures cannot be told apart in it. Pass the "
                "evaluation from which by_patient made it."
            )
        references = check_images(X)
        if len(references) != len(evaluation.y_true):
            raise ValueError(
                f"X has {len(references)} pictures, the evaluation {len(evaluation.y_true)}; "
                "wanted those that were evaluated, in the same order."
            )
        groups = evaluation.groups
        if evaluation.patients_known:
            check_images(references, groups)
        elif differing := [i for i, picture in enumerate(references) if picture.group != groups[i]]:
            raise ValueError(
                f"Picture {differing[0]} of X is not the one that was evaluated; wanted the same "
                "pictures in the same order."
            )
        return cls.from_predictions(
            references,
            evaluation.y_true,
            evaluation.y_proba,
            classes=evaluation.classes,
            groups=groups if evaluation.patients_known else None,
            n_pictures=n_pictures,
            ax=ax,
        )

    @classmethod
    @validate_params(
        {"n_pictures": [Interval(Integral, 1, None, closed="left")]},
        prefer_skip_nested_validation=True,
    )
    def from_predictions(
        cls, X, y_true, y_proba, *, classes=None, groups=None, n_pictures=12, ax=None
    ):
        """Draw the mistakes of predictions that are at hand.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`. Only those that are shown are decoded.

        y_true : array-like of shape (n_samples,)
            Labels.

        y_proba : array-like of shape (n_samples, n_classes)
            Predicted probabilities. The most probable class is the prediction.

        classes : array-like of shape (n_classes,), default=None
            The labels in the order of the columns. None takes those in ``y_true``, sorted.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. Pictures that know theirs need none.

        n_pictures : int, default=12
            How many mistakes are shown at most.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ErrorGalleryDisplay
            The drawn display.

        Raises
        ------
        ImageError
            If something in X is no picture.

        ImportError
            If matplotlib is not installed.

        ValueError
            If pictures, labels and probabilities do not fit together.
        """
        references = check_images(X, groups)
        groups = patients_of(references)
        y_true, proba, classes, groups = check_predictions(y_true, y_proba, classes, groups)
        if len(references) != len(y_true):
            raise ValueError(f"X has {len(references)} pictures for {len(y_true)} labels.")
        predicted, claimed = classes[proba.argmax(axis=1)], proba.max(axis=1)
        wrong = np.flatnonzero(predicted != y_true)
        everything = np.zeros(len(y_true), dtype=np.intp)
        share = shares_of(predicted != y_true, everything, 1, groups)
        shown = wrong[np.argsort(-claimed[wrong], kind="stable")][:n_pictures]
        return cls(
            [references[index].decode() for index in shown],
            shown,
            y_true[shown],
            predicted[shown],
            claimed[shown],
            n_errors=len(wrong),
            n_samples=len(y_true),
            error_interval=(float(share.low[0]), float(share.high[0])),
            groups=None if groups is None else groups[shown],
        ).plot(ax)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, groups=None, n_pictures=12, ax=None):
        """Predict pictures and draw the mistakes.

        Parameters
        ----------
        estimator : estimator object
            A fitted classifier of pictures with ``predict_proba``.

        X : array-like of pictures, of shape (n_samples,)
            Pictures that it was not trained on.

        y : array-like of shape (n_samples,)
            Their labels.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. Pictures that know theirs need none.

        n_pictures : int, default=12
            How many mistakes are shown at most.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ErrorGalleryDisplay
            The drawn display.

        Raises
        ------
        ImageError
            If something in X is no picture.

        ImportError
            If matplotlib is not installed.

        TypeError
            If the estimator has no ``predict_proba``.

        ValueError
            If X and y differ in length.
        """
        references = check_images(X, groups)
        return cls.from_predictions(
            references,
            y,
            probabilities_of(estimator, references),
            classes=estimator.classes_,
            n_pictures=n_pictures,
            ax=ax,
        )

    def plot(self, ax=None):
        """Draw the pictures, or say that none is wrong.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : ErrorGalleryDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.images_ = []
        captions = self._captions()
        n_lines = 3 if self.groups is None else 4
        n_columns = min(max(len(captions), 3), _COLUMNS)
        shapes = [pixels.shape[:2] for pixels in self.pictures]
        # All pictures lie in one coordinate system, so that any axes can take them.
        sizes = [(tall / max(tall, wide), wide / max(tall, wide)) for tall, wide in shapes]
        bottoms, bottom = [], -_GAP - n_lines * _LINE
        for number in range(len(sizes)):
            if number % n_columns == 0:
                highest = max(tall for tall, _ in sizes[number : number + n_columns])
                bottom += n_lines * _LINE + _GAP + highest
            bottoms.append(bottom)
        height = bottom + n_lines * _LINE if bottoms else 0.4
        width = n_columns * (1 + _GAP) - _GAP
        ax = self._make_axes(ax, 0.1 + _CELL * width, 0.6 + _CELL * height)
        for number, (tall, wide) in enumerate(sizes):
            centre = number % n_columns * (1 + _GAP) + 0.5
            bottom = bottoms[number]
            extent = (centre - wide / 2, centre + wide / 2, bottom, bottom - tall)
            self.images_.append(ax.imshow(self.pictures[number], extent=extent))
            ax.text(
                centre,
                bottom + 0.02,
                captions[number],
                ha="center",
                va="top",
                fontsize=7.5,
                linespacing=1.2,
            )
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)
        ax.set_aspect("equal")
        ax.set_axis_off()
        ax.set_title(self._title(), loc="left", fontsize="medium")
        if not captions:
            text = "There is no mistake to show."
            ax.text(width / 2, height / 2, text, ha="center", va="center")
        return self

    def _title(self):
        low, high = self.error_interval
        share = f"{self.n_errors / self.n_samples:.3f}, 95 % interval [{low:.3f}, {high:.3f}]"
        text = f"{self.n_errors:,} of {self.n_samples:,} pictures wrong: {share}"
        n_shown = len(self.pictures)
        return text if n_shown == self.n_errors else f"{text}; the {n_shown} surest:"

    def _captions(self):
        captions = []
        for number, index in enumerate(self.indices):
            predicted = shorten(self.predicted_labels[number], _LETTERS - 14)
            lines = [
                f"true: {shorten(self.true_labels[number], _LETTERS - 6)}",
                f"predicted: {predicted} {self.probabilities[number]:.2f}",
                f"picture {index}",
            ]
            if self.groups is not None:
                lines.insert(2, f"patient: {shorten(self.groups[number], _LETTERS - 9)}")
            captions.append("\n".join(lines))
        return captions
