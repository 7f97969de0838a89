"""What each member of a fusion contributes, from predictions with every subset of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..metrics import BootstrapInterval
from ..model_selection._scores import difference_interval, resampled_scores, score_interval
from ._contributions_text import make_text
from ._shapley import shapley_values

# Those of which more is better, so that contributions are gains.
SCORINGS = ("accuracy", "f1", "sensitivity", "specificity", "roc_auc")
# Shares of classes that differ by less are equal.
_EQUAL = 1e-9


@dataclass(frozen=True, eq=False, repr=False)  # arrays cannot be compared as a whole
class BackboneContributions:
    """What each network of a fusion adds to a score, and what it costs.

    Made by :func:`backbone_contributions`. Its text is a table with a sentence for each
    network in words.

    All figures come from ``evaluations``, so that another score of the same predictions is
    had without another fit: ``dataclasses.replace(contributions, scoring="accuracy")``.

    Parameters
    ----------
    names : tuple of str
        The members of the fusion, in its order.

    evaluations : dict of tuple of str to Evaluation
        What is predicted with each subset of the members; a key has its names in the
        order of ``names``. The one of ``()`` knows nothing but the shares of the classes.

    scoring : {"accuracy", "f1", "sensitivity", "specificity", "roc_auc"}
        The score.

    milliseconds : ndarray of shape (n_members,)
        Time that one picture takes in each member's networks; nan for a member without.

    engines : tuple of str
        What ran each member's networks: "Keras" or "OpenVINO"; "" for a member without.

    n_timed : int
        Number of pictures on which time was measured.

    See Also
    --------
    backbone_contributions : Makes one by cross-validation.
    BackboneContributionDisplay : Draws one.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.inspection import BackboneContributions
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
    >>> nothing = Evaluation(y, np.full((80, 2), 0.5), np.array([0, 1]), 1, np.arange(80))
    >>> contributions = BackboneContributions(
    ...     names=("A", "B"),
    ...     evaluations={
    ...         (): nothing,
    ...         ("A",): judged(0.6),
    ...         ("B",): judged(1.5),
    ...         ("A", "B"): judged(0.4),
    ...     },
    ...     scoring="roc_auc",
    ...     milliseconds=np.array([10.0, 30.0]),
    ...     engines=("Keras", "Keras"),
    ...     n_timed=16,
    ... )
    >>> contributions.empty_score
    0.5
    >>> gained = contributions.score.estimate - contributions.empty_score
    >>> bool(np.isclose(contributions.values.sum(), gained))
    True
    >>> contributions.shares_of_time
    array([0.25, 0.75])
    """

    names: tuple
    evaluations: dict
    scoring: str
    milliseconds: np.ndarray
    engines: tuple
    n_timed: int

    def __post_init__(self):
        if self.scoring not in SCORINGS:
            raise ValueError(f"scoring={self.scoring!r}: wanted one of {list(SCORINGS)}.")
        if len(self.evaluations) != 2 ** len(self.names):
            raise ValueError(
                f"There are {len(self.evaluations)} evaluations; wanted one for each of the "
                f"{2 ** len(self.names)} subsets of {list(self.names)}."
            )

    @cached_property
    def values(self):
        """Shapley value of each member, ndarray of shape (n_members,).

        The mean, over all orders of the members, of what a member adds to the score of
        those before it. They sum to ``score.estimate - empty_score``.
        """
        return shapley_values(self._worth)[:, 0]

    @cached_property
    def intervals(self):
        """Ends of the 95 % interval of each value, ndarray of shape (n_members, 2).

        Whole patients are resampled, the same for all subsets.
        """
        values = shapley_values(self._worth)
        return np.array([self._difference(value)[1:] for value in values])

    @property
    def score(self):
        """Score of all members together, a BootstrapInterval ``(estimate, low, high)``."""
        return self._score(self.names)

    @property
    def empty_score(self):
        """Score of knowing nothing: every picture gets the shares of the classes.

        That is .5 for the area under the curve. Other scores are those of calling every
        picture the most frequent class; where several classes are equally frequent, the
        mean over them, as if one were drawn. So the accuracy is the share of the most
        frequent class, and no score depends on the order of the labels.
        """
        return float(self._worth[0, 0])

    @property
    def alone(self):
        """Score of each member alone, a tuple of BootstrapInterval."""
        return tuple(self._score((name,)) for name in self.names)

    @property
    def without(self):
        """Score of all others without each member, a tuple of BootstrapInterval."""
        return tuple(self._score(self._others(name)) for name in self.names)

    @property
    def lost_without(self):
        """What is lost if a member is dropped, a tuple of BootstrapInterval.

        The paired difference ``score - without``: both are scored on the same resampled
        patients. Where its interval holds 0, the two were not told apart.
        """
        whole = self._worth[-1]
        return tuple(
            self._difference(whole - self._worth[self._number(self._others(name))])
            for name in self.names
        )

    @property
    def shares_of_time(self):
        """Share of each member in the time of all, ndarray of shape (n_members,).

        nan for a member without a network.
        """
        return self.milliseconds / np.nansum(self.milliseconds)

    def to_dict(self):
        """Give all figures as numbers, text and lists, as JSON takes them.

        Returns
        -------
        figures : dict
            ``scoring``, ``score``, ``empty_score``, ``n_pictures_timed`` and
            ``members``: for each a dict of ``name``, ``value``, ``alone``, ``without``,
            ``lost_without``, ``milliseconds``, ``share_of_time`` and ``engine``. A
            score with an interval is a dict of ``estimate``, ``low`` and ``high``; what was
            not measured is None.
        """
        members = []
        for number, name in enumerate(self.names):
            value = BootstrapInterval(self.values[number], *self.intervals[number])
            members.append(
                {
                    "name": name,
                    "value": _plain(value),
                    "alone": _plain(self.alone[number]),
                    "without": _plain(self.without[number]),
                    "lost_without": _plain(self.lost_without[number]),
                    "milliseconds": _number(self.milliseconds[number]),
                    "share_of_time": _number(self.shares_of_time[number]),
                    "engine": self.engines[number] or None,
                }
            )
        return {
            "scoring": self.scoring,
            "score": _plain(self.score),
            "empty_score": self.empty_score,
            "n_pictures_timed": self.n_timed,
            "members": members,
        }

    @cached_property
    def _worth(self):
        """Score of each subset by its number, on the data and on each resample."""
        worth = [None] * len(self.evaluations)
        for subset, evaluation in self.evaluations.items():
            estimates, resampled = resampled_scores(
                evaluation.y_true,
                [evaluation.y_proba] if subset else _without_ties(evaluation.y_proba),
                evaluation.classes,
                evaluation.positive,
                evaluation.groups,
            )
            worth[self._number(subset)] = np.r_[estimates[self.scoring], resampled[self.scoring]]
        return np.array(worth)

    def _number(self, subset):
        return sum(1 << self.names.index(name) for name in subset)

    def _others(self, left_out):
        return tuple(name for name in self.names if name != left_out)

    def _score(self, subset):
        worth = self._worth[self._number(subset)]
        return score_interval(self.scoring, float(worth[0]), worth[1:])

    def _difference(self, worth):
        return difference_interval(self.scoring, float(worth[0]), worth[1:])

    def __str__(self):
        return make_text(self)

    def __repr__(self):
        # Not all arrays: where a notebook or a prompt shows it, the table is what is wanted.
        return make_text(self)


def _without_ties(proba):
    """Predictions that know nothing, once with each of the most frequent classes first."""
    shares = proba.mean(axis=0)
    first = np.flatnonzero(np.isclose(shares, shares.max(), rtol=_EQUAL, atol=0))
    return [proba + _EQUAL * row for row in np.eye(len(shares))[first]]


def _plain(interval):
    return {name: float(value) for name, value in interval._asdict().items()}


def _number(value):
    return None if np.isnan(value) else float(value)
