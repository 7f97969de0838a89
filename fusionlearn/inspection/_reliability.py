"""Whether probabilities come true as often as they say."""

from dataclasses import replace

import numpy as np

from ..metrics._calibration import bin_numbers, claims
from ..model_selection import Evaluation
from ..model_selection._scores import N_BINS
from ._figures import FigureMixin, ink
from ._predictions import check_predictions, patients_of, probabilities_of
from ._shares import Shares, draw_counts, draw_shares, frame_points, shares_of


class ReliabilityDisplay(FigureMixin):
    """Predicted probabilities against the frequency with which they come true.

    Make it by :meth:`from_evaluation`, :meth:`from_predictions` or :meth:`from_estimator`.
    Predictions stand in ten bins of equal width by their probability, as in
    :func:`~fusionlearn.metrics.calibration_error`. A point on the diagonal says what it
    means: of pictures with a probability of 0.8, 80 % are of the class.

    With two classes the probability is that of the positive one, with more that of the
    most probable class of each picture.

    Parameters
    ----------
    prob_pred : ndarray of shape (n_bins,)
        Mean probability in each bin; NaN in an empty one.

    prob_true : ndarray of shape (n_bins,)
        Share in each bin of what came true; NaN in an empty one.

    intervals : ndarray of shape (n_bins, 2)
        Lower and upper end of the 95 % interval of each ``prob_true``.

    counts : ndarray of shape (n_bins,)
        Number of pictures in each bin; the mean over repeats, where there are some.

    error : BootstrapInterval
        The calibration error, ``(estimate, low, high)``.

    positive : object, default=None
        With two classes, the label that probabilities are about.

    unit : {"pictures", "patients"}, default="pictures"
        What a prediction is about.

    patients_known : bool, default=True
        Whether intervals take a patient's pictures together.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    bars_ : matplotlib BarContainer
        The numbers of pictures, in the strip above.

    figure_ : matplotlib Figure
        The figure.

    points_ : matplotlib ErrorbarContainer
        The points and their intervals.

    See Also
    --------
    fusionlearn.metrics.calibration_error : The figure in the title.
    sklearn.calibration.CalibrationDisplay : Curves of several models, without intervals.

    Notes
    -----
    The interval of a bin is Wilson's [1]_ for as many observations as the patients in the
    bin are worth by Kish's effective number [2]_, that is as if a patient's pictures were
    all right or all wrong. It is rather too wide than too narrow.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical
       inference", Journal of the American Statistical Association 22, 209-212 (1927).

    .. [2] L. Kish, "Survey Sampling", Wiley (1965).

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.inspection import ReliabilityDisplay
    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(size=200)
    >>> display = ReliabilityDisplay.from_predictions(
    ...     rng.uniform(size=200) < p, np.column_stack([1 - p, p])
    ... )
    >>> int(display.counts.sum())
    200
    >>> print(display.ax_.get_xlabel())
    Probability of True
    """

    def __init__(
        self,
        prob_pred,
        prob_true,
        intervals,
        counts,
        *,
        error,
        positive=None,
        unit="pictures",
        patients_known=True,
    ):
        self.prob_pred = prob_pred
        self.prob_true = prob_true
        self.intervals = intervals
        self.counts = counts
        self.error = error
        self.positive = positive
        self.unit = unit
        self.patients_known = patients_known

    @classmethod
    def from_evaluation(cls, evaluation, *, ax=None):
        """Draw what a cross-validation predicted.

        Parameters
        ----------
        evaluation : Evaluation
            From :func:`~fusionlearn.model_selection.evaluate`. Of repeats, all predictions
            are in the bins.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ReliabilityDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        TypeError
            If it is no evaluation.

        ValueError
            If the calibration error has no interval: a class is missing, or there are too
            few patients.
        """
        if not isinstance(evaluation, Evaluation):
            raise TypeError(
                f"evaluation is a {type(evaluation).__name__}; wanted an Evaluation, as "
                "fusionlearn.model_selection.evaluate gives it. For arrays use from_predictions."
            )
        probas = [evaluation.y_proba] if evaluation.repeats is None else evaluation.repeats
        claimed, came_true = zip(*(_claims(evaluation, proba) for proba in probas), strict=True)
        claimed, came_true = np.concatenate(claimed), np.concatenate(came_true)
        bins = bin_numbers(claimed, N_BINS)
        shares = shares_of(came_true, bins, N_BINS, np.tile(evaluation.groups, len(probas)))
        with np.errstate(invalid="ignore"):
            mean = np.bincount(bins, weights=claimed, minlength=N_BINS) / shares.counts
        if evaluation.scoring is not None:
            evaluation = replace(evaluation, scoring=None)
        return cls(
            mean,
            shares.estimate,
            np.column_stack([shares.low, shares.high]),
            shares.counts / len(probas),
            error=evaluation.scores["calibration_error"],
            positive=evaluation.positive if len(evaluation.classes) == 2 else None,
            unit="pictures" if evaluation.aggregation is None else "patients",
            patients_known=evaluation.patients_known,
        ).plot(ax)

    @classmethod
    def from_predictions(
        cls, y_true, y_proba, *, classes=None, positive=None, groups=None, ax=None
    ):
        """Draw predictions that are at hand.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels.

        y_proba : array-like of shape (n_samples, n_classes)
            Predicted probabilities, of pictures that the model was not trained on.

        classes : array-like of shape (n_classes,), default=None
            The labels in the order of the columns. None takes those in ``y_true``, sorted.

        positive : object, default=None
            With two classes, the label that probabilities are about. None takes the last
            of the sorted labels.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. None takes each picture for itself.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ReliabilityDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If labels, probabilities and groups do not fit together, or the calibration
            error has no interval.
        """
        y_true, proba, classes, groups = check_predictions(y_true, y_proba, classes, groups)
        evaluation = Evaluation(
            y_true=y_true,
            y_proba=proba,
            classes=classes,
            positive=classes[-1] if positive is None else positive,
            groups=np.arange(len(y_true)) if groups is None else groups,
            patients_known=groups is not None,
        )
        return cls.from_evaluation(evaluation, ax=ax)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, positive=None, groups=None, ax=None):
        """Predict pictures and draw the predictions.

        Parameters
        ----------
        estimator : estimator object
            A fitted classifier with ``predict_proba``.

        X : array-like of shape (n_samples, ...)
            Pictures, or what else the classifier takes; not those it was trained on.

        y : array-like of shape (n_samples,)
            Their labels.

        positive : object, default=None
            As for :meth:`from_predictions`.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. Pictures that know theirs need none.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ReliabilityDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        TypeError
            If the estimator has no ``predict_proba``.

        ValueError
            As in :meth:`from_predictions`.
        """
        groups = patients_of(X, groups)
        return cls.from_predictions(
            y,
            probabilities_of(estimator, X),
            classes=estimator.classes_,
            positive=positive,
            groups=groups,
            ax=ax,
        )

    def plot(self, ax=None):
        """Draw the points, their intervals and the numbers of pictures.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : ReliabilityDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        counts = np.asarray(self.counts, dtype=np.float64)
        n_bins = len(counts)
        low, high = np.asarray(self.intervals).T
        ax = self._make_axes(ax, 4.6, 5.0)
        dashes = (0, (4, 3))
        label = "share as the probability says"
        ax.plot([0, 1], [0, 1], color=ink(), linestyle=dashes, linewidth=1, label=label)
        whose = "by patient" if self.patients_known else "patients not known"
        self.points_ = draw_shares(
            ax,
            np.asarray(self.prob_pred),
            Shares(np.asarray(self.prob_true), low, high, counts),
            label=f"observed, 95 % interval ({whose})",
        )
        middles = (np.arange(n_bins) + 0.5) / n_bins
        ax.set_xlim(-0.02, 1.02)
        self.bars_ = draw_counts(ax, middles, counts, width=0.9 / n_bins, unit=self.unit)
        of = "the most probable class" if self.positive is None else str(self.positive)
        ax.set_xlabel(f"Probability of {of}")
        ax.set_ylabel("Share in which it came true")
        estimate, low, high = self.error
        frame_points(ax, f"Calibration error {estimate:.3f}, 95 % interval [{low:.3f}, {high:.3f}]")
        return self


def _claims(evaluation, proba):
    """What is claimed of each picture, and whether it came true."""
    if len(evaluation.classes) > 2:
        return claims(evaluation.y_true, proba, evaluation.classes)
    column = list(evaluation.classes).index(evaluation.positive)
    return proba[:, column], evaluation.y_true == evaluation.positive
