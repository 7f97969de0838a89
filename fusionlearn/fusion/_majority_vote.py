"""Many classifiers, one majority."""

import warnings
from itertools import chain
from numbers import Integral

import numpy as np
from sklearn import get_config
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import Bunch, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRequest,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from .._compat import with_callbacks
from .._labels import check_labels
from ..exceptions import VoteWarning
from ..images import get_groups, share_references
from ._base import Fusion, is_dropped
from ._jobs import limit_jobs
from ._members import (
    PLAIN_METADATA,
    class_columns,
    fit_member,
    is_frozen,
    predicts_by_threshold,
    probabilities_of,
    requests_groups,
)
from ._out_of_fold import gather, predict_out_of_fold, split_by_patient
from ._vote import count_votes, hit_probability
from ._vote_weights import check_weights, learn_weights

_A_VOTE_PER_LABEL = (
    "A vote has one winner. sklearn.multioutput.MultiOutputClassifier(MajorityVoteFusion(...)) "
    "holds a vote for each label; features that are stored are computed once for all."
)


class MajorityVoteFusion(ClassifierMixin, MetaEstimatorMixin, Fusion):
    r"""The class that most members vote for, and how sure those members are.

    A member votes for the class with the largest of its probabilities, or, if it has no
    ``predict_proba``, for what it predicts, with certainty. The class with the largest
    total weight wins. A tie goes to the class with the larger weighted sum of the
    probabilities of all members, and if these are equal too, to the earlier class in
    ``classes_``; never to chance. Weights and probabilities whose difference is at most
    1e-9 of the total weight are equal, so that neither rounding, nor the order of the
    members, nor the scale of ``weights`` decides who wins.

    The probabilities of a sample are the weighted mean of the probabilities of those
    members that voted for the winner. The largest of them is always the winner's:
    ``classes_[predict_proba(X).argmax(axis=1)]`` equals ``predict(X)``. They answer for
    the class; to rank samples, the mean over all members, as ``VotingClassifier`` with
    ``voting="soft"`` has it, is better.

    All members get X as it is, so a member that sees pictures through one network, one
    that sees them through another, and a pipeline on a data frame with pictures and
    tabular columns can vote together. Pictures are turned into references once, and
    members that use groups are told the patients.

    Parameters
    ----------
    estimators : list of (str, estimator) tuples
        Names and classifiers. They are cloned before they are fitted; a fitted
        classifier inside a :class:`~sklearn.frozen.FrozenEstimator` votes as it is.
        "drop" instead of a classifier leaves the member out.

    weights : array-like of shape (n_members,), "oof", "greedy" or None, default=None
        Weight of each vote, one for every entry of ``estimators``, dropped ones
        included; finite, not negative, and not all zero. A member with weight 0 is
        fitted but has no vote. None weighs all equally.

        "oof" and "greedy" find weights by what members say out of fold, about patients
        that they were not fitted on. "oof" weighs each member by the log-odds of its
        balanced accuracy [2]_ [3]_, and by 0 if that is not better than chance.
        "greedy" selects members one by one, with replacement, in bags [4]_, so that
        the Brier score of the vote becomes smallest; the weight is how often a member
        was selected. See Notes.

    cv : int, default=5
        Number of folds for "oof" and "greedy", at least 2. Each class needs as many
        patients.

    n_jobs : int, default=None
        Number of members that are fitted at the same time, in processes. None means 1
        unless in a :obj:`joblib.parallel_backend` context, -1 all processors.

    random_state : int, RandomState instance or None, default=None
        Seed of the folds of "oof" and "greedy", and of the bags of "greedy". Members have
        seeds of their own.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members that were not dropped.

    named_estimators_ : :class:`~sklearn.utils.Bunch`
        The fitted members by name; "drop" where one was dropped.

    weights_ : ndarray of shape (n_estimators,)
        Share of each of ``estimators_`` in the total weight. They sum to 1.

    oof_scores_ : ndarray of shape (n_estimators,) or None
        With "oof" and "greedy", balanced accuracy of the votes of each of
        ``estimators_`` out of fold. It was chosen by, so it is no estimate of how good the
        fusion is: cross-validate the fusion for that.

    classes_ : ndarray of shape (n_classes,)
        The labels.

    n_features_in_ : int
        Number of features seen during ``fit``, if a member knows it.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during ``fit``, if a member knows them.

    See Also
    --------
    ConcatFusion : Fuses features instead of decisions.
    sklearn.ensemble.VotingClassifier : Counts votes without probabilities, or averages
        the probabilities of all members.

    Notes
    -----
    Where a sample may have several labels, ``MultiOutputClassifier(MajorityVoteFusion(...))``
    holds a vote for each.

    For a classifier whose ``predict`` is not the argmax of its ``predict_proba``, such as
    one with a tuned threshold, the vote is the argmax. Threshold the fusion instead:
    ``TunedThresholdClassifierCV(MajorityVoteFusion(...))``.

    With "oof" and "greedy" each member is fitted ``cv`` times on all folds but one, and once
    on everything. All pictures of a patient are in one fold, whether they carry their
    patient or ``groups`` are passed. Samples without either are taken one by one: if they
    are features of several pictures of a patient, members are asked about patients whom they
    know, and what is found out of fold is too good. Pass ``groups=get_groups(pictures)``
    with features. A network computes its features once for all of these fits (with
    ``n_jobs``, if its store has a path); the heads are trained again.
    Frozen members are refused, because they may have been fitted on any of the samples.

    The weight of "oof" is :math:`\max(0, \log(p / (1 - p)) + \log(c - 1))`, where p is
    the balanced accuracy and c the number of classes. It is the best one for members that
    err independently, and each into any wrong class alike, which heads on the same
    pictures do not quite. p is kept between 1 / 2n and 1 - 1 / 2n for n patients. If no
    member is better than chance, all weigh the same, with a warning.

    "greedy" starts from the best members, as many of them as are best together, and adds
    the best next one 20 times, the earlier one where two are equal; the best selection on
    the way counts. With more than three members this is done in 20 bags, each a random half
    of the members (three at least), and the shares are averaged. If they have no smaller
    Brier score out of fold than equal weights, all weigh the same.

    References
    ----------
    .. [1] Ji, Zhao, Zhang and Zhao, "Research on Recognition Method of COVID-19 Images
       Based on Deep Learning" (2020): members vote, and the hit probability of the
       majority is the result.

    .. [2] L. I. Kuncheva, "Combining Pattern Classifiers: Methods and Algorithms", 2nd
       edition, Wiley (2014), chapter 4: weighted majority vote.

    .. [3] L. I. Kuncheva and J. J. Rodríguez, "A weighted voting framework for classifiers
       ensembles", Knowledge and Information Systems 38 (2014): the weights for more than
       two classes.

    .. [4] R. Caruana, A. Niculescu-Mizil, G. Crew and A. Ksikes, "Ensemble Selection from
       Libraries of Models", ICML (2004): selection with replacement, sorted
       initialization and bagged selection.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from fusionlearn import MajorityVoteFusion
    >>> X, y = load_iris(return_X_y=True)
    >>> vote = MajorityVoteFusion(
    ...     [
    ...         ("lr", LogisticRegression(max_iter=1000)),
    ...         ("nb", GaussianNB()),
    ...         ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ...     ]
    ... ).fit(X, y)
    >>> vote.votes(X[[0, 52]])
    array([[0, 0, 0],
           [1, 2, 1]])
    >>> vote.predict(X[[0, 52]])
    array([0, 1])
    >>> vote.agreement(X[[0, 52]]).round(2)
    array([1.  , 0.67])

    Who is right more often out of fold has more weight:

    >>> vote.set_params(weights="oof", random_state=0).fit(X, y).weights_.round(2)
    array([0.37, 0.33, 0.3 ])
    """

    _parameter_constraints = {
        "estimators": [list],
        "weights": ["array-like", StrOptions({"oof", "greedy"}), None],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    _members_parameter = "estimators"
    _member_kind = "classifier"

    def __init__(self, estimators, *, weights=None, cv=5, n_jobs=None, random_state=None):
        self.estimators = estimators
        self.weights = weights
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y, **fit_params):
        """Fit the members.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Features, pictures as for :func:`~fusionlearn.check_images`, or a data
            frame: what the members take.

        y : array-like of shape (n_samples,)
            Labels.

        **fit_params : dict
            ``sample_weight`` and ``groups``, each array-like of shape (n_samples,).
            Weights go to every member; groups, the patients, to those that use them, and
            to the folds of "oof" and "greedy": features do not know theirs. With metadata
            routing switched on: whatever members request.

        Returns
        -------
        self : MajorityVoteFusion
            The fitted fusion.

        Raises
        ------
        ValueError
            If ``estimators`` or ``weights`` are not as above, or a fitted member knows
            a class that is not in y. With "oof" and "greedy" also if a member is frozen,
            a class has fewer patients than there are folds, or groups lack a patient.

        TypeError
            If ``fit_params`` has other names, or a member is given pictures and takes none.

        GroupConflictError
            If ``groups`` contradict the patients that the pictures carry.

        Warns
        -----
        VoteWarning
            If a member has a tuned or fixed threshold; its vote disregards it. If no member
            is better than chance with "oof".
        """
        self._validate_params()
        members = self._check_members()
        given = None if self._learns_weights else check_weights(self.weights, self.estimators)
        n_folds = self.cv if self._learns_weights else 0
        context = self._init_callback_context(max_subtasks=len(members) * (1 + n_folds))
        y = check_labels(y, remedy=_A_VOTE_PER_LABEL)
        check_consistent_length(X, y)
        X, metadata, groups = self._check_metadata(X, members, fit_params)
        rng = check_random_state(self.random_state)
        folds = split_by_patient(self.weights, n_folds, y, groups, rng) if n_folds else []
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        self.classes_ = np.unique(y)
        # Whole members come first: their networks then see all pictures in one pass.
        whole = (
            delayed(fit_member)(
                name,
                clone(member),
                X,
                y,
                metadata[name],
                caller=self,
                context=context.subcontext(task_name=f"fit-{name}"),
            )
            for name, member in members
        )
        parts = (
            delayed(predict_out_of_fold)(
                name,
                member,
                X,
                y,
                metadata[name],
                fold,
                caller=self,
                context=context.subcontext(task_name=f"fold-{number}-{name}"),
            )
            for number, fold in enumerate(folds)
            for name, member in members
        )
        n_jobs = limit_jobs(self.n_jobs, len(members) * (1 + n_folds))
        done = Parallel(n_jobs=n_jobs)(chain(whole, parts))
        self.estimators_, predicted = done[: len(members)], done[len(members) :]
        self.weights_, self.oof_scores_ = given, None
        fitted = dict(zip(dict(members), self.estimators_, strict=True))
        self.named_estimators_ = Bunch(
            **{name: fitted.get(name, "drop") for name, _ in self.estimators}
        )
        for name, member in fitted.items():
            class_columns(name, member, self.classes_)
        self._warn_of_thresholds(fitted)
        if folds:
            self.weights_, self.oof_scores_ = learn_weights(
                self.weights,
                gather(predicted, folds, len(members)),
                np.searchsorted(self.classes_, y),
                fit_params.get("sample_weight"),
                len(y if groups is None else np.unique(groups)),
                rng,
            )
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def predict(self, X):
        """Predict the majority's class.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As for ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        winner, _ = count_votes(*self._voters(X))
        return self.classes_[winner]

    def predict_proba(self, X):
        """Get the hit probability of the majority.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As for ``fit``.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Weighted mean of the probabilities of those members that voted for the
            winner, in the order of ``classes_``.
        """
        proba, shares = self._voters(X)
        winner, _ = count_votes(proba, shares)
        return hit_probability(proba, shares, winner)

    def votes(self, X):
        """Get the vote of each member.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As for ``fit``.

        Returns
        -------
        votes : ndarray of shape (n_samples, n_estimators)
            Labels; a column for each of ``estimators_``, also for one of weight 0.
        """
        check_is_fitted(self)
        everybody = np.ones(len(self.estimators_), dtype=bool)
        return self.classes_[self._probabilities(X, everybody).argmax(axis=2).T]

    def agreement(self, X):
        """Get the share of the weight that voted for the winner.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As for ``fit``.

        Returns
        -------
        agreement : ndarray of shape (n_samples,)
            Shares in (0, 1]; 1 where all members agree.
        """
        return count_votes(*self._voters(X))[1]

    def get_metadata_routing(self):
        """Get the routing of metadata to the members.

        Returns
        -------
        routing : MetadataRouter
            Who gets what, as scikit-learn describes it.
        """
        router = MetadataRouter(owner=self)
        # Also where weights are given: a search may set "oof", whose folds keep patients apart.
        request = MetadataRequest(owner=self)
        request.fit.add_request(param="groups", alias=True)
        router.add_self_request(request)
        for name, member in self.estimators:
            if not is_dropped(member):
                mapping = MethodMapping().add(caller="fit", callee="fit")
                router.add(**{name: member}, method_mapping=mapping)
        return router

    @property
    def _learns_weights(self):
        return isinstance(self.weights, str)

    def _fitted_members(self):
        return self.estimators_

    def _check_members(self):
        """Names and estimators of the members that are not dropped."""
        members = self._kept()
        for name, member in members:
            is_estimator = hasattr(member, "__sklearn_tags__") and not isinstance(member, type)
            if not (is_estimator and is_classifier(member)):
                raise ValueError(
                    f"Member {name!r} is {member!r}; wanted in estimators an instance of a "
                    "classifier, or 'drop'."
                )
            if self._learns_weights and is_frozen(member):
                raise ValueError(
                    f"Member {name!r} is frozen, or holds a frozen classifier, so "
                    f"weights={self.weights!r} cannot ask it about samples that it was not fitted "
                    "on. Put in the classifier itself, which is "
                    "then fitted, or give weights as numbers."
                )
        return members

    def _check_metadata(self, X, members, fit_params):
        """X as the members share it, what the fit of each is given besides, and patients."""
        names = [name for name, _ in members]
        routing = get_config()["enable_metadata_routing"]
        if not routing and (unknown := sorted(set(fit_params) - PLAIN_METADATA)):
            raise TypeError(
                f"{type(self).__name__}.fit got unexpected argument(s) {unknown}; wanted "
                "sample_weight or groups. Others need "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        groups = fit_params.get("groups")
        X, references = share_references(X, groups)
        if references is not None:
            groups = get_groups(references)
        if not routing:
            given = {"sample_weight": fit_params.get("sample_weight"), "groups": groups}
            return X, dict.fromkeys(names, given), groups
        routed = process_routing(self, "fit", **fit_params)
        metadata = {name: dict(routed[name].fit) for name in names}
        if groups is not None:
            for name, member in members:
                if requests_groups(member, metadata[name]):
                    metadata[name]["groups"] = groups
        return X, metadata, groups

    def _warn_of_thresholds(self, fitted):
        names = [
            name
            for name, member in fitted.items()
            if predicts_by_threshold(member) and hasattr(member, "predict_proba")
        ]
        if names:
            warnings.warn(
                f"The members {names} predict by a threshold of their own, which their votes "
                "disregard: a vote is the class with the largest probability. Threshold the "
                f"fusion instead: TunedThresholdClassifierCV({type(self).__name__}(...)).",
                VoteWarning,
                stacklevel=4,
            )

    def _voters(self, X):
        check_is_fitted(self)
        votes = self.weights_ > 0
        return self._probabilities(X, votes), self.weights_[votes]

    def _probabilities(self, X, chosen):
        """Probabilities of the chosen members, of shape (n_chosen, n_samples, n_classes)."""
        X, _ = share_references(X)
        names = [name for name, member in self.named_estimators_.items() if not is_dropped(member)]
        return np.stack(
            [
                probabilities_of(name, member, X, self.classes_)
                for name, member, is_chosen in zip(names, self.estimators_, chosen, strict=True)
                if is_chosen
            ]
        )
