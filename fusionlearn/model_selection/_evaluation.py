"""Predictions on pictures that a model has not seen, and what they are worth."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .._labels import check_probabilities
from ..metrics import by_group
from ._report import make_cautions, make_text, unknown_positive
from ._scores import SCORES, difference_interval, resampled_scores, score_interval


@dataclass(frozen=True, eq=False, repr=False)  # arrays cannot be compared as a whole
class Evaluation:
    """Probabilities that were predicted for pictures a model was not trained on.

    Its text is a table of scores per picture and per patient, beside what the file alone
    scores, with cautions in words.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Labels.

    y_proba : ndarray of shape (n_samples, n_classes)
        Predicted probabilities in the order of ``classes``; with ``repeats``, their mean.

    classes : ndarray of shape (n_classes,)
        The labels, sorted.

    positive : object
        With two classes, the label that F1, sensitivity, specificity, the area under the
        curve and the calibration error are about.

    groups : ndarray of shape (n_samples,)
        Patient of each picture.

    seconds : float, default=nan
        Time that fitting and predicting took.

    shortcut : Evaluation or None, default=None
        What the shortcut baseline predicts for the same pictures.

    patients_known : bool, default=True
        Whether ``groups`` are patients; otherwise each picture counts as its own.

    grain_control : Evaluation or None, default=None
        What the same model predicts if it is trained and judged on the same pictures in
        grey, at 224 x 224 pixels and after JPEG at quality 60.

    repeats : ndarray of shape (n_repeats, n_samples, n_classes) or None, default=None
        Probabilities of each repeat of the cross-validation. Scores are means over
        repeats: those of the mean probabilities would be scores of an ensemble.

    scoring : tuple of str, default=None
        Names of the scores to give. None gives all: "accuracy", "f1", "sensitivity",
        "specificity", "roc_auc", "brier_score", "calibration_error".

    aggregation : {"mean", "vote"} or None, default=None
        How rows were aggregated, if they are patients: see :meth:`by_patient`.

    See Also
    --------
    evaluate : Makes one by cross-validation.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.model_selection import Evaluation
    >>> evaluation = Evaluation(
    ...     y_true=np.array([0, 0, 1, 1]),
    ...     y_proba=np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]]),
    ...     classes=np.array([0, 1]),
    ...     positive=1,
    ...     groups=np.arange(4),
    ... )
    >>> evaluation.scores["accuracy"].estimate
    0.75
    """

    y_true: np.ndarray
    y_proba: np.ndarray
    classes: np.ndarray
    positive: object
    groups: np.ndarray
    seconds: float = float("nan")
    shortcut: "Evaluation | None" = None
    patients_known: bool = True
    grain_control: "Evaluation | None" = None
    repeats: np.ndarray | None = None
    scoring: tuple | None = None
    aggregation: str | None = None

    def __post_init__(self):
        n_samples, n_classes = len(self.y_true), len(self.classes)
        shapes = {"y_proba": (n_samples, n_classes), "groups": (n_samples,)}
        if self.repeats is not None:
            shapes["repeats"] = (len(self.repeats), n_samples, n_classes)
        for name, shape in shapes.items():
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(
                    f"{name} has shape {np.shape(getattr(self, name))}; wanted {shape} for "
                    f"{n_samples} labels of {n_classes} classes."
                )
        if not np.array_equal(np.unique(self.classes), self.classes):
            raise ValueError(f"classes={self.classes!r}: wanted different labels, sorted.")
        unknown = np.setdiff1d(self.y_true, self.classes)
        if len(unknown):
            raise ValueError(f"y_true has the label {unknown.tolist()[0]!r}, not in classes.")
        if n_classes == 2 and self.positive not in list(self.classes):
            raise unknown_positive(self.positive, self.classes)
        check_probabilities(self.y_proba)

    @property
    def y_pred(self):
        """Most probable label of each picture."""
        return self.classes[self.y_proba.argmax(axis=1)]

    @property
    def n_repeats(self):
        """Number of repeats of the cross-validation."""
        return 1 if self.repeats is None else len(self.repeats)

    @cached_property
    def scores(self):
        """Each score by name, as a BootstrapInterval ``(estimate, low, high)``.

        The intervals hold 95 % and come from 2,000 resamples of whole patients: their
        percentiles, or, for the calibration error, which is too large on any sample and
        larger on a resample, percentiles of its square mirrored at the estimate. With more than two
        classes F1, sensitivity and specificity are means over classes, the area
        under the curve the mean over each class against the others, and the calibration
        error that of the most probable class. The Brier score is as scikit-learn has it.
        """
        estimates, resampled = self._resampled
        return {
            name: score_interval(name, estimates[name], resampled[name]) for name in self._names
        }

    @cached_property
    def cautions(self):
        """What must be said beside the scores, as a list of sentences.

        They are about pictures, or, of what :meth:`by_patient` gives, about patients, and say
        which. The text has both.

        - Few patients: see :class:`~fusionlearn.exceptions.SmallSampleWarning` in
          :func:`evaluate`.
        - The model does not rank better than the shortcut baseline, or has not been shown
          to: the interval of the paired difference of the areas under the curve holds 0.
        - The model is far better than its grain control: the whole interval of the paired
          difference of the area or of the accuracy lies above 0.
        """
        controls = (self.shortcut, self.grain_control)
        return make_cautions(
            self, *(None if control is None else self._differences(control) for control in controls)
        )

    def compare(self, other):
        """Give the paired differences of scores to those of another model.

        Both models are scored on the same resampled patients. What makes a patient easy
        or hard is the same for both and drops out, so the interval of a difference is
        mostly narrower than two intervals that overlap would suggest.

        Parameters
        ----------
        other : Evaluation
            Another model on the same pictures. The folds may be others.

        Returns
        -------
        differences : dict of str to BootstrapInterval
            For each score this one's minus the other's, ``(estimate, low, high)``, with
            95 % intervals. Where the interval holds 0, the models were not told apart.

        Raises
        ------
        ValueError
            If the two are not about the same pictures, labels and patients.

        Examples
        --------
        >>> import numpy as np
        >>> from fusionlearn.model_selection import Evaluation
        >>> y = np.arange(80) % 2
        >>> rng = np.random.default_rng(0)
        >>> def judged(noise):
        ...     p = np.clip(0.25 + 0.5 * y + noise * rng.normal(size=80), 0, 1)
        ...     return Evaluation(
        ...         y_true=y,
        ...         y_proba=np.column_stack([1 - p, p]),
        ...         classes=np.array([0, 1]),
        ...         positive=1,
        ...         groups=np.arange(80),
        ...     )
        >>> difference = judged(noise=0.1).compare(judged(noise=0.5))
        >>> difference["accuracy"].low > 0
        True
        """
        if not isinstance(other, Evaluation):
            raise TypeError(
                f"other is a {type(other).__name__}; wanted an Evaluation, as evaluate gives it."
            )
        if self.aggregation != other.aggregation:
            raise ValueError(
                f"One evaluation is {_unit(self)}, the other {_unit(other)}. Compare two of a kind."
            )
        for name in ("y_true", "groups", "classes", "positive"):
            if not np.array_equal(getattr(self, name), getattr(other, name)):
                raise ValueError(
                    f"The evaluations differ in {name}, so that they have no paired difference. "
                    "Evaluate both models on the same X, y and groups, in the same order."
                )
        differences = self._differences(other)
        return {name: differences[name] for name in self._names}

    def by_patient(self, aggregation="mean"):
        """Aggregate the pictures of each patient.

        Parameters
        ----------
        aggregation : {"mean", "vote"}, default="mean"
            As for :func:`~fusionlearn.metrics.by_group`.

        Returns
        -------
        evaluation : Evaluation
            One row for each patient, also in ``shortcut`` and ``grain_control``.

        Raises
        ------
        ValueError
            If a patient has pictures of two classes.
        """
        repeats = self._all_proba
        parts = [
            by_group(self.y_true, proba, self.groups, aggregation=aggregation) for proba in repeats
        ]
        probas = np.stack([part.y_proba for part in parts])
        controls = {
            name: control.by_patient(aggregation)
            for name in ("shortcut", "grain_control")
            if (control := getattr(self, name)) is not None
        }
        return replace(
            self,
            y_true=parts[0].y_true,
            y_proba=probas.mean(axis=0) if len(probas) > 1 else probas[0],
            groups=parts[0].groups,
            repeats=probas if len(probas) > 1 else None,
            aggregation=aggregation,
            **controls,
        )

    @property
    def _names(self):
        return SCORES if self.scoring is None else self.scoring

    @property
    def _all_proba(self):
        return [self.y_proba] if self.repeats is None else list(self.repeats)

    @cached_property
    def _resampled(self):
        return resampled_scores(
            self.y_true, self._all_proba, self.classes, self.positive, self.groups
        )

    def _differences(self, other):
        (own, own_resampled), (others, others_resampled) = self._resampled, other._resampled
        return {
            name: difference_interval(
                name, own[name] - others[name], own_resampled[name] - others_resampled[name]
            )
            for name in SCORES
        }

    def __str__(self):
        return make_text(self)

    def __repr__(self):
        # Not all arrays: where a notebook or a prompt shows it, the table is what is wanted.
        try:
            return make_text(self)
        except ValueError as error:  # scores that are not defined must not stop a debugger
            return f"<Evaluation of {len(self.y_true)} pictures without a table: {error}>"


def _unit(evaluation):
    if evaluation.aggregation is None:
        return "by picture"
    return f"by patient ({evaluation.aggregation})"
