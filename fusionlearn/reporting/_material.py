"""What all sections of a page are made from."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..model_selection import Evaluation, LeakageReport
from ._privacy import shorten


@dataclass(frozen=True)
class Material:
    """Pictures, what a model predicted for them, and the one model that is shown.

    Parameters
    ----------
    estimator : estimator object
        As it was given.

    references : ndarray of ImageReference
        The pictures.

    y : ndarray of shape (n_samples,)
        Their labels.

    groups : ndarray of shape (n_samples,)
        Their patients.

    known : bool
        Whether ``groups`` are patients.

    names : list of tuple of str
        What the page calls each picture.

    evaluation : Evaluation
        By picture, with all scores and the shortcut baseline.

    audit : LeakageReport
        Of the pictures and the folds.

    n_folds : int
        Number of folds.

    model : estimator object
        A clone, fitted on ``train``.

    train, test : ndarray of int
        Positions of the pictures that it was fitted on, and of those it is shown on.

    fit_seconds : float
        How long that took.

    rows : tuple of (int, int)
        Rows of features that were computed, and found in stores, meanwhile.

    contributions : BackboneContributions or None
        What each network adds.

    why_no_contributions : str
        Why not, if there are none.

    options : dict
        ``explanations``, ``show_pictures`` and ``show_patients``.
    """

    estimator: object
    references: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    known: bool
    names: list
    evaluation: Evaluation
    audit: LeakageReport
    n_folds: int
    model: object
    train: np.ndarray
    test: np.ndarray
    fit_seconds: float
    rows: tuple
    contributions: object = None
    why_no_contributions: str = ""
    options: dict = field(default_factory=dict)

    @property
    def n_patients(self):
        """Number of patients, as far as they are known."""
        return len(np.unique(self.groups))

    @property
    def has_several(self):
        """Whether some patient is known to have several pictures."""
        return self.known and self.n_patients < len(self.groups)

    @cached_property
    def by_patient(self):
        """Evaluation by patient, or a sentence why there is none."""
        if not self.known:
            return "Patients are not known, so that there are no scores by patient."
        if not self.has_several:
            return "Each patient has one picture, so that scores by patient are those by picture."
        try:
            return self.evaluation.by_patient()
        except ValueError:
            # The message of the error names a patient.
            return "There are no scores by patient: a patient has pictures of two classes."

    @property
    def judged(self):
        """The evaluation that counts: by patient, where there is one."""
        return self.evaluation if isinstance(self.by_patient, str) else self.by_patient

    @property
    def unit(self):
        """What it counts, in the plural."""
        return "pictures" if isinstance(self.by_patient, str) else "patients"

    @cached_property
    def labels(self):
        """Names of the classes, as they are shown."""
        labels = [shorten(label) for label in self.evaluation.classes.tolist()]
        if len(set(labels)) < len(labels):  # long ones that differ in the middle
            labels = [f"{label} ({number})" for number, label in enumerate(labels, 1)]
        return labels

    @property
    def positive(self):
        """Name of the positive class, or None with more than two."""
        if len(self.labels) > 2:
            return None
        return self.labels[self.evaluation.classes.tolist().index(self.evaluation.positive)]
