"""Who voted for what, and what agreement is worth."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils._param_validation import StrOptions, validate_params

from .._labels import check_labels
from ..fusion import MajorityVoteFusion, count_votes
from ..images._groups import check_groups
from ..metrics._calibration import bin_numbers
from ._figures import FigureMixin, ink
from ._inside import path_to
from ._predictions import patients_of
from ._shares import draw_counts, draw_shares, frame_points, share_text, shares_of
from ._vote_matrix import draw_votes, legend_shape

_WANTED = (
    "holds no vote; wanted a fitted MajorityVoteFusion, alone, at the end of a Pipeline, or in an "
    "AugmentedClassifier or a search. Of other classifiers pass the predictions to "
    "from_predictions."
)
# Agreements that differ by less are equal, as votes are.
_DECIMALS = 9
_N_BINS = 10


class VoteDisplay(FigureMixin):
    """The votes of all members, or accuracy by how many of them agree.

    Make it by :meth:`from_estimator` or :meth:`from_predictions`; both draw one view, and
    :meth:`plot` draws the other. "votes" has a column for each picture, sorted by label
    and by how many members are wrong, and a row for each member, with its accuracy and
    95 % interval. "agreement" shows how often the majority is right where a share of the
    weight agrees: only if that rises is agreement a sign of being right.

    Parameters
    ----------
    votes : ndarray of shape (n_samples, n_members)
        Label that each member voted for.

    y_true : ndarray of shape (n_samples,)
        Labels.

    y_pred : ndarray of shape (n_samples,)
        Label of the majority.

    weights : ndarray of shape (n_members,)
        Share of each member in the total weight. They sum to 1.

    member_names : list of str
        Name of each member.

    groups : ndarray of shape (n_samples,) or None, default=None
        Patient of each picture, for the intervals.

    Attributes
    ----------
    agreement : ndarray of shape (n_samples,)
        Share of the weight that voted for the majority's label.

    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    images_ : list of matplotlib AxesImage
        With "votes": the rows of labels, of members, and of the majority. Empty otherwise.

    points_ : matplotlib ErrorbarContainer or None
        With "agreement": the points and their intervals. None otherwise.

    See Also
    --------
    MajorityVoteFusion : Counts the votes.

    Notes
    -----
    Intervals are those of :class:`~fusionlearn.inspection.ReliabilityDisplay`: Wilson's,
    with all pictures of a patient taken for as few observations as they may be worth.

    Examples
    --------
    >>> from fusionlearn.inspection import VoteDisplay
    >>> votes = [["a", "a", "b"], ["b", "b", "b"], ["a", "b", "b"]]
    >>> display = VoteDisplay.from_predictions(votes, ["a", "b", "a"])
    >>> display.y_pred
    array(['a', 'b', 'b'], dtype='<U1')
    >>> display.agreement.round(2)
    array([0.67, 1.  , 0.67])
    """

    def __init__(self, votes, y_true, y_pred, *, weights, member_names, groups=None):
        self.votes = votes
        self.y_true = y_true
        self.y_pred = y_pred
        self.weights = weights
        self.member_names = member_names
        self.groups = groups

    @property
    def agreement(self):
        """Share of the weight that voted for the majority's label."""
        agrees = np.asarray(self.votes) == np.asarray(self.y_pred)[:, np.newaxis]
        return np.minimum(agrees @ np.asarray(self.weights), 1.0)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, groups=None, kind="votes", ax=None):
        """Let the members vote on pictures, and draw what they say.

        Parameters
        ----------
        estimator : estimator object
            A fitted :class:`~fusionlearn.MajorityVoteFusion`, or a Pipeline that ends in
            one, an AugmentedClassifier or a search around either. The vote is on the
            pictures themselves, also where ``test_copies`` would add views.

        X : array-like of shape (n_samples, ...)
            Pictures, or what else the estimator takes; not those it was trained on.

        y : array-like of shape (n_samples,)
            Their labels.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. Pictures that know theirs need none.

        kind : {"votes", "agreement"}, default="votes"
            What to draw.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : VoteDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        NotFittedError
            If the estimator is not fitted.

        TypeError
            If there is no MajorityVoteFusion in it.

        ValueError
            If X, y and groups differ in length.
        """
        *around, vote = path_to(
            estimator, lambda inner: isinstance(inner, MajorityVoteFusion), wanted=_WANTED
        )
        groups = patients_of(X, groups)
        for outer in around:
            if len(getattr(outer, "steps", ())) > 1:
                X = outer[:-1].transform(X)
        votes, y_pred = vote.votes(X), vote.predict(X)
        names = [name for name, member in vote.named_estimators_.items() if member != "drop"]
        return cls.from_predictions(
            votes,
            y,
            y_pred=y_pred,
            weights=vote.weights_,
            member_names=names,
            groups=groups,
            kind=kind,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        votes,
        y_true,
        *,
        y_pred=None,
        weights=None,
        member_names=None,
        groups=None,
        kind="votes",
        ax=None,
    ):
        """Draw votes that are at hand.

        Parameters
        ----------
        votes : array-like of shape (n_samples, n_members)
            Label that each member voted for, as
            :meth:`MajorityVoteFusion.votes <fusionlearn.MajorityVoteFusion.votes>` gives it.

        y_true : array-like of shape (n_samples,)
            Labels.

        y_pred : array-like of shape (n_samples,), default=None
            Label of the majority. None counts the votes; a tie then goes to the earlier
            class, since votes alone do not know probabilities.

        weights : array-like of shape (n_members,), default=None
            Weight of each member. None weighs all equally.

        member_names : list of str, default=None
            Name of each member. None numbers them.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. None takes each picture for itself.

        kind : {"votes", "agreement"}, default="votes"
            What to draw.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : VoteDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If votes, labels, weights and names do not fit together.
        """
        votes = np.asarray(votes)
        if votes.ndim != 2 or 0 in votes.shape:
            raise ValueError(
                f"votes has shape {votes.shape}; wanted (n_samples, n_members), a column of labels "
                "for each member."
            )
        y_true = check_labels(y_true)
        y_pred = None if y_pred is None else check_labels(y_pred)
        groups = None if groups is None else check_groups(groups)
        check_consistent_length(votes, y_true, y_pred, groups)
        check_labels(np.concatenate([y_true, votes.ravel()]))
        n_members = votes.shape[1]
        weights = _check_weights(weights, n_members)
        if member_names is None:
            member_names = [f"member {number}" for number in range(n_members)]
        elif len(member_names) != n_members:
            raise ValueError(
                f"member_names has {len(member_names)} entries for {n_members} columns of votes."
            )
        if y_pred is None:
            classes, numbers = np.unique(votes, return_inverse=True)
            one_hot = np.eye(len(classes))[numbers.reshape(votes.shape).T]
            counted = weights > 0
            y_pred = classes[count_votes(one_hot[counted], weights[counted])[0]]
        return cls(
            votes,
            y_true,
            y_pred,
            weights=weights,
            member_names=[str(name) for name in member_names],
            groups=groups,
        ).plot(kind, ax=ax)

    @validate_params(
        {"kind": [StrOptions({"votes", "agreement"})]}, prefer_skip_nested_validation=True
    )
    def plot(self, kind="votes", ax=None):
        """Draw one view.

        Parameters
        ----------
        kind : {"votes", "agreement"}, default="votes"
            What to draw.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : VoteDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.images_, self.points_ = [], None
        if kind == "votes":
            n_members = np.shape(self.votes)[1]
            n_legend_rows = legend_shape(self)[0]
            ax = self._make_axes(ax, 7.0, 1.2 + 0.27 * (n_members + 2) + 0.2 * n_legend_rows)
            self.images_ = draw_votes(ax, self)
        else:
            self._plot_agreement(self._make_axes(ax, 4.6, 4.7))
        return self

    def _plot_agreement(self, ax):
        agreement = self.agreement.round(_DECIMALS)
        places, parts = np.unique(agreement, return_inverse=True)
        width = 0.06
        if len(places) > _N_BINS:
            parts = bin_numbers(agreement, _N_BINS)
            sums = np.bincount(parts, weights=agreement, minlength=_N_BINS)
            with np.errstate(invalid="ignore"):
                places = sums / np.bincount(parts, minlength=_N_BINS)
        elif len(places) > 1:
            width = min(width, 0.8 * np.diff(places).min())
        hits = np.asarray(self.y_pred) == np.asarray(self.y_true)
        shares = shares_of(hits, parts, len(places), self.groups)
        whose = "by patient" if self.groups is not None else "patients not known"
        self.points_ = draw_shares(ax, places, shares, label=f"accuracy, 95 % interval ({whose})")
        everything = shares_of(hits, np.zeros(len(hits), dtype=np.intp), 1, self.groups)
        ax.axhline(
            everything.estimate[0],
            color=ink(),
            linestyle=(0, (4, 3)),
            linewidth=1,
            zorder=1,
            label=f"all pictures: {share_text(everything)}",
        )
        ax.set_xlim(max(0.0, min(0.5, np.nanmin(places)) - 0.05), 1.05)
        full = shares.counts > 0
        draw_counts(ax, places[full], shares.counts[full], width=width, unit="pictures")
        ax.set_xlabel("Share of the weight that agrees")
        ax.set_ylabel("Accuracy of the majority")
        frame_points(ax, "Accuracy by agreement")


def _check_weights(weights, n_members):
    """Shares in the total weight."""
    if weights is None:
        return np.full(n_members, 1 / n_members)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (n_members,):
        raise ValueError(
            f"weights has shape {weights.shape} for {n_members} columns of votes; wanted one for "
            "each."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(
            f"weights={weights.tolist()}: wanted finite numbers from 0 upwards, not all 0."
        )
    return weights / weights.sum()
