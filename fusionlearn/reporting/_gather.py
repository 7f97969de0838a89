"""The long work: what all sections of a page are made from."""

import time
import warnings
from dataclasses import replace

from sklearn.base import clone

from ..exceptions import DataWarning, SmallSampleWarning
from ..inspection import backbone_contributions
from ..inspection._subsets import find_members, fitted_voters
from ..model_selection import audit_leakage, evaluate, make_shortcut_baseline
from ._extractors import count_rows, named_extractors
from ._material import Material
from ._privacy import picture_names

# Fits of subsets that are made without being asked for.
_SECONDS_UNASKED = 300


def gather(estimator, folds, evaluation, splitting, judging, contributions, working, options):
    """Audit the data, judge the estimator, and fit the one model that is shown.

    Parameters
    ----------
    estimator : classifier of pictures
        It is cloned.

    folds : Folds
        Pictures, labels, patients, and the parts of the cross-validation.

    evaluation : Evaluation or None
        What is known of the estimator already.

    splitting : dict
        ``cv``, ``positive`` and ``random_state``, as everybody who splits takes them.

    judging : dict
        ``n_repeats`` and ``grain_control``, for an evaluation that is not there yet.

    contributions : bool or "auto"
        Whether the contribution of each network is computed.

    working : dict
        ``n_jobs`` and ``verbose``.

    options : dict
        As for :class:`Material`.

    Returns
    -------
    material : Material
        Everything.
    """
    extractors = named_extractors(estimator).values()
    before = count_rows(extractors)
    with warnings.catch_warnings():
        # What they say stands on the page, and was said when the folds were made.
        warnings.simplefilter("ignore", DataWarning)
        warnings.simplefilter("ignore", SmallSampleWarning)
        audit = audit_leakage(
            folds.references, folds.y, cv=_Fixed(folds.repeats[0]), verbose=working["verbose"]
        )
        if evaluation is None:
            evaluation = evaluate(
                estimator, folds.references, folds.y, **judging, **splitting, **working
            )
        evaluation = _complete(evaluation, folds, splitting)
        train, test = folds.repeats[0][0]
        start = time.perf_counter()
        model = clone(estimator).fit(folds.references[train], folds.y[train])
        fit_seconds = time.perf_counter() - start
        found, why_not = _contributions(
            estimator, model, folds, contributions, fit_seconds, {**splitting, **working}
        )
    after = count_rows(extractors)
    return Material(
        estimator=estimator,
        references=folds.references,
        y=folds.y,
        groups=folds.groups,
        known=folds.patients_known,
        names=picture_names(
            folds.references, folds.groups, folds.patients_known, options["show_patients"]
        ),
        evaluation=evaluation,
        audit=audit,
        n_folds=len(folds.repeats[0]),
        model=model,
        train=train,
        test=test,
        fit_seconds=fit_seconds,
        rows=(after[0] - before[0], after[1] - before[1]),
        contributions=found,
        why_no_contributions=why_not,
        options=options,
    )


class _Fixed:
    """Folds that are there already, as a splitter."""

    def __init__(self, folds):
        self._folds = folds

    def split(self, X, y=None, groups=None):
        return iter(self._folds)

    def get_n_splits(self, X=None, y=None, groups=None):
        return len(self._folds)


def _complete(evaluation, folds, splitting):
    """All scores, and the shortcut baseline."""
    shortcut = evaluation.shortcut
    if shortcut is None:
        baseline = make_shortcut_baseline(splitting["random_state"])
        shortcut = evaluate(baseline, folds.references, folds.y, shortcut=False, **splitting)
    grain = evaluation.grain_control
    evaluation = replace(
        evaluation,
        scoring=None,
        shortcut=replace(shortcut, scoring=None),
        grain_control=None if grain is None else replace(grain, scoring=None),
    )
    _ = evaluation.scores  # where they are undefined, that is told before the work that follows
    return evaluation


def _contributions(estimator, model, folds, wanted, fit_seconds, settings):
    """Contributions of the networks, or a sentence why there are none."""
    if wanted is False:
        return None, "It was not asked for."
    try:
        members = find_members(estimator, None)
    except ValueError as error:
        if wanted is True:
            raise
        return None, str(error)
    # Members that are fitted once for all subsets are told by who will reuse them.
    is_once = fitted_voters(model, members) is not None
    n_fits = len(folds.repeats[0]) * (1 if is_once else len(members.subsets) - 1)
    if wanted == "auto" and n_fits * fit_seconds > _SECONDS_UNASKED:
        return None, (
            f"It takes {n_fits} fits, which is long here. contributions=True asks for it."
        )
    return backbone_contributions(estimator, folds.references, folds.y, **settings), ""
