"""Predictions on pictures that a model has not seen, and what they are worth."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from ..metrics import bootstrap_interval

SCORES = ("accuracy", "f1", "roc_auc")


@dataclass(frozen=True, eq=False)  # arrays cannot be compared as a whole
class Evaluation:
    """Probabilities that were predicted for pictures a model was not trained on.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Labels.

    y_proba : ndarray of shape (n_samples, n_classes)
        Predicted probabilities in the order of ``classes``.

    classes : ndarray of shape (n_classes,)
        The labels, sorted.

    positive : object
        With two classes, the label that F1 and the area under the curve are about.

    groups : ndarray of shape (n_samples,)
        Patient of each picture.

    seconds : float, default=nan
        Time that fitting and predicting took.

    shortcut : Evaluation or None, default=None
        What the shortcut baseline predicts for the same pictures.

    patients_known : bool, default=True
        Whether ``groups`` are patients; otherwise each picture counts as its own.

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

    @property
    def y_pred(self):
        """Most probable label of each picture."""
        return self.classes[self.y_proba.argmax(axis=1)]

    @cached_property
    def scores(self):
        """``accuracy``, ``f1`` and ``roc_auc``, each a BootstrapInterval.

        The intervals hold 95 % and come from resampling whole patients. With more than
        two classes F1 is the mean over classes, and the area under the curve the mean
        over each class against the others.
        """
        binary = len(self.classes) == 2
        if binary:
            average = {"pos_label": self.positive, "average": "binary", "zero_division": 0.0}
            is_positive = self.y_true == self.positive
            column = self.y_proba[:, int(np.flatnonzero(self.classes == self.positive)[0])]
            area = bootstrap_interval(roc_auc_score, is_positive, column, groups=self.groups)
        else:
            average = {"average": "macro", "zero_division": 0.0}
            auc = partial(roc_auc_score, multi_class="ovr", labels=self.classes)
            # A mean of probabilities may sum to 1 only up to rounding, which is too little here.
            proba = self.y_proba / self.y_proba.sum(axis=1, keepdims=True)
            area = bootstrap_interval(auc, self.y_true, proba, groups=self.groups)
        resampled = partial(
            bootstrap_interval, y_true=self.y_true, y_score=self.y_pred, groups=self.groups
        )
        return {
            "accuracy": resampled(accuracy_score),
            "f1": resampled(partial(f1_score, **average)),
            "roc_auc": area,
        }

    def __str__(self):
        if self.patients_known:
            whose = f"{len(np.unique(self.groups))} patients, 95 % intervals by patient"
        else:
            whose = (
                "patients are not known: each picture counts as its own, and scores and 95 % "
                "intervals are too good if one patient has several"
            )
        about = f"about {str(self.positive)!r}"
        if len(self.classes) > 2:
            about = f"means over {len(self.classes)} classes"
        lines = [f"{len(self.y_true)} pictures, {whose}; f1 and roc_auc are {about}"]
        lines += _lines("the model", self)
        if self.shortcut is not None:
            lines += _lines("file alone, no pixel", self.shortcut)
            own, other = self.scores["roc_auc"], self.shortcut.scores["roc_auc"]
            if own.estimate <= other.estimate:
                lines.append(
                    "The model ranks no better than a forest that sees only how files are stored; "
                    "it may have learned where pictures come from rather than what they show."
                )
        return "\n".join(lines)


def _lines(name, evaluation):
    cells = [
        f"{score} {interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        for score, interval in evaluation.scores.items()
    ]
    return [f"{name:<22}" + "   ".join(cells)]
