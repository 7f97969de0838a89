"""Which networks earn their keep."""

from numbers import Integral

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.parallel import Parallel, delayed

from .._bars import progress_bar
from ..fusion._constraints import Instance
from ..fusion._jobs import limit_jobs
from ..model_selection import Evaluation
from ..model_selection._folds import make_folds
from ._contributions import SCORINGS, BackboneContributions
from ._network_time import time_members
from ._subsets import find_members, predict_subsets

# From a warning through validate_params to whoever called.
_CALLER = 3


@validate_params(
    {
        "estimator": [Instance(["fit", "get_params", "set_params"])],
        "cv": [Interval(Integral, 2, None, closed="left"), Instance(["split", "get_n_splits"])],
        "scoring": [StrOptions(set(SCORINGS))],
        "fusion": [str, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=False,
)
def backbone_contributions(
    estimator,
    X,
    y,
    *,
    groups=None,
    cv=5,
    scoring="roc_auc",
    positive=None,
    fusion=None,
    n_jobs=None,
    random_state=0,
    verbose=0,
):
    """Ask which networks of a fusion earn their keep: what each adds, and what it costs.

    The estimator is cross-validated by patient with every subset of the networks, on the
    same folds. A network's contribution is its Shapley value [1]_: the mean, over all
    orders in which the networks could have been taken in, of what it adds to the score
    of those before it. It is exact, not sampled. Networks are not run again for it:
    features come from the store.

    Beside it stand the score of each network alone and of all others without it, and
    the milliseconds that one picture takes in it.

    Parameters
    ----------
    estimator : classifier of pictures
        A composition with a :class:`~fusionlearn.ConcatFusion` or a
        :class:`~fusionlearn.MajorityVoteFusion` of 2 to 10 members in it, or that is one;
        for example a preset. It is cloned, not fitted.

    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    y : array-like of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,), default=None
        Patient of each picture. Pictures that know theirs need none.

    cv : int or splitter, default=5
        As for :func:`~fusionlearn.model_selection.evaluate`: with the same ``cv`` and
        ``random_state`` the folds are the same, and so is the score of all networks.

    scoring : {"accuracy", "f1", "sensitivity", "specificity", "roc_auc"}, default="roc_auc"
        The score, by picture; one of which more is better.

    positive : object, default=None
        With two classes, the label that F1, sensitivity, specificity and the area under
        the curve are about. None takes the last one in sorted order.

    fusion : str, default=None
        Name of the parameter that is the fusion, such as "estimator__features", where the
        estimator has several. None takes the only one, or the innermost ones if all have
        members of the same names: the same networks on several inputs are then compared as
        networks, a name being dropped from all inputs at once.

    n_jobs : int, default=None
        Number of folds at the same time, in processes. They share features where the
        extractors' store has a path.

    random_state : int, RandomState instance or None, default=0
        Seed of the folds.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    contributions : BackboneContributions
        Contributions with intervals, scores and times; its text is a table with a
        sentence for each network.

    Raises
    ------
    ValueError
        If there is no fusion, or it is not clear which one, or it is inside a search, or it
        has fewer than 2 or more than 10 members; and as for
        :func:`~fusionlearn.model_selection.evaluate`.

    GroupConflictError
        If ``groups`` contradict the patients that the pictures carry.

    Warns
    -----
    DataWarning, SmallSampleWarning
        As for :func:`~fusionlearn.model_selection.evaluate`.

    See Also
    --------
    BackboneContributionDisplay : Draws the result.
    fusionlearn.model_selection.evaluate : Judges the estimator as it is.

    Notes
    -----
    With n members there are ``2**n - 1`` fits for each fold. Members of a
    :class:`~fusionlearn.MajorityVoteFusion`, alone or in an
    :class:`~fusionlearn.AugmentedClassifier`, do not depend on each other: they are fitted
    once for each fold, and each subset of them votes.

    Intervals hold 95 % and come from 2,000 resamples of whole patients, the same ones for
    all subsets. They are about which patients happened to be in the data; a model that is
    fitted again with another seed may differ, too.

    Time is the median of five passes over at most 16 of the pictures, after one that is
    not counted, with nothing in store. Pictures are decoded before; bringing them to the
    input size counts. A member that runs several networks, or one on several inputs, has
    their sum.

    References
    ----------
    .. [1] L. S. Shapley, "A Value for n-Person Games", Contributions to the Theory of
       Games II, Princeton University Press, 307-317 (1953).

    .. [2] B. Rozemberczki and R. Sarkar, "The Shapley Value of Classifiers in Ensemble
       Games", CIKM, 1558-1567 (2021).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import ConcatFusion, make_extractors
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import backbone_contributions
    >>> ct = make_ct_phantoms(60, n_patients=60, image_size=32)
    >>> networks = make_extractors(
    ...     "MobileNet", "MobileNetV2", weights=None, input_size=32, layers=0.1
    ... )
    >>> model = make_pipeline(ConcatFusion(networks), LogisticRegression())
    >>> contributions = backbone_contributions(model, ct.data, ct.target, cv=2)
    >>> contributions.names
    ('MobileNet', 'MobileNetV2')
    >>> contributions.values.shape, contributions.milliseconds.shape
    ((2,), (2,))
    """
    members = find_members(estimator, fusion)
    folds = make_folds(
        estimator,
        X,
        y,
        groups=groups,
        cv=cv,
        positive=positive,
        random_state=random_state,
        stacklevel=_CALLER,
    )
    by_part = _predict(estimator, members, folds, n_jobs, verbose)
    shares = np.array([(folds.y == label).mean() for label in folds.classes])
    by_subset = [np.tile(shares, (len(folds.y), 1))]
    by_subset += [folds.gather(predicted)[0] for predicted in zip(*by_part, strict=True)]
    evaluations = {
        subset: Evaluation(
            y_true=folds.y,
            y_proba=proba,
            classes=folds.classes,
            positive=folds.positive,
            groups=folds.groups,
            patients_known=folds.patients_known,
        )
        for subset, proba in zip(members.subsets, by_subset, strict=True)
    }
    milliseconds, engines, n_timed = time_members(members.objects(estimator), folds.references)
    return BackboneContributions(
        members.names, evaluations, scoring, milliseconds, engines, n_timed
    )


def _predict(estimator, members, folds, n_jobs, verbose):
    """Probabilities for each part, by number of the subset."""
    n_jobs = limit_jobs(n_jobs, len(folds.parts))
    n_fits = (len(members.subsets) - 1) * len(folds.parts)
    with progress_bar("contributions", n_fits, unit="fits", verbose=verbose) as bar:
        # Another process could not move the bar.
        is_here = effective_n_jobs(n_jobs) == 1
        notify = bar.update if is_here else None
        results = []
        parallel = Parallel(n_jobs=n_jobs, return_as="generator")
        for probas in parallel(
            delayed(predict_subsets)(estimator, members, folds, part, notify)
            for part in folds.parts
        ):
            results.append(probas)
            if notify is None:
                bar.update(len(probas))
    return results
