"""How groups and sample weights reach the estimators that use them."""

import warnings
from inspect import Parameter, signature

from sklearn import config_context, get_config
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from ._compat import BaseSearchCV
from .exceptions import ValidationSplitWarning

__all__ = ["fit_with_metadata"]


def fit_with_metadata(estimator, X, y, *, sample_weight=None, groups=None):
    """Fit an estimator, handing it groups and weights where it uses them.

    Without weights, groups are routed as scikit-learn routes metadata, whether or not
    the user switched that on: an estimator or splitter inside that asks for groups
    gets them, and others see nothing of it. With weights, routing would refuse every
    transformer that was not asked whether it wants them; so weights go to the last
    step of a pipeline, and groups to whoever asks for them, by the names of the steps.

    Parameters
    ----------
    estimator : estimator object
        What to fit. It is fitted itself, not a clone.

    X : array-like of shape (n_samples, ...)
        Training data, as ``estimator`` takes them.

    y : array-like of shape (n_samples,)
        Targets.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    groups : array-like of shape (n_samples,), default=None
        Group of each sample. They are left out where nothing inside asks for them.

    Returns
    -------
    estimator : estimator object
        The fitted estimator.

    Raises
    ------
    ValueError
        If weights are given and the estimator that should get them takes none, or if
        groups cannot reach the estimator that asks for them.

    Warns
    -----
    ValidationSplitWarning
        If a step changes the rows, so that later steps cannot be told their groups.
    """
    wants_groups = groups is not None and _consumes(estimator, "groups")
    wants_groups = wants_groups and _can_hand_groups(estimator)
    routing = get_config()["enable_metadata_routing"]
    if sample_weight is None or (routing and _consumes(estimator, "sample_weight")):
        metadata = {"groups": groups} if wants_groups else {}
        if sample_weight is not None:
            metadata["sample_weight"] = sample_weight
        if not metadata:
            return estimator.fit(X, y)
        with config_context(enable_metadata_routing=True):
            return estimator.fit(X, y, **metadata)
    metadata = {name: sample_weight for name in _weight_names(estimator)}
    if wants_groups:
        metadata.update({name: groups for name in _group_names(estimator)})
    with config_context(enable_metadata_routing=False):
        return estimator.fit(X, y, **metadata)


def _consumes(estimator, name, method="fit"):
    try:
        return bool(get_routing_for_object(estimator).consumes(method, [name]))
    except NotImplementedError:  # a meta-estimator that routes nothing
        return False


def _weight_names(estimator):
    """Keywords of ``estimator.fit`` under which weights reach whoever is trained."""
    if isinstance(estimator, Pipeline):
        resampler = _resampler(estimator)
        if resampler is not None:
            raise ValueError(
                f"sample_weight cannot be used with {resampler}: it changes the rows of a "
                "pipeline, but not their weights. Leave out one of them."
            )
        name, last = estimator.steps[-1]
        if last is None or last == "passthrough":
            raise ValueError(
                f"The pipeline's last step {name!r} is {last!r}, so there is nothing that "
                "sample_weight could be given to. Leave out sample_weight."
            )
        return [f"{name}__{inner}" for inner in _weight_names(last)]
    if isinstance(estimator, BaseSearchCV):
        return _weight_names(estimator.estimator)
    if has_fit_parameter(estimator, "sample_weight") or _takes_any_keyword(estimator):
        return ["sample_weight"]
    raise ValueError(
        f"sample_weight was given, but {type(estimator).__name__} takes no sample weights in "
        "fit. Leave out sample_weight, or use an estimator that takes it."
    )


def _group_names(estimator):
    """Keywords of ``estimator.fit`` under which groups reach whoever asks for them."""
    if isinstance(estimator, Pipeline):
        return [
            f"{name}__{inner}"
            for name, step in estimator.steps
            if hasattr(step, "fit") and _consumes(step, "groups")
            for inner in _group_names(step)
        ]
    if isinstance(estimator, BaseSearchCV):
        names = []
        if _consumes(estimator.estimator, "groups"):
            names = _group_names(estimator.estimator)
        if "groups" in names:
            inner = type(estimator.estimator).__name__
            raise ValueError(
                f"groups and sample_weight cannot both reach {inner} through "
                f"{type(estimator).__name__}. Make {inner} the last step of a Pipeline, or "
                "switch metadata routing on and call set_fit_request(sample_weight=True)."
            )
        if _consumes(check_cv(estimator.cv), "groups", method="split"):
            names = [*names, "groups"]
        return names
    return ["groups"]


def _can_hand_groups(estimator):
    if isinstance(estimator, BaseSearchCV):
        return _can_hand_groups(estimator.estimator)
    if isinstance(estimator, StackingClassifier):
        return _can_stack_groups(estimator)
    if not isinstance(estimator, Pipeline):
        return True
    last = estimator.steps[-1][1]
    resampler = _resampler(estimator)
    if resampler is None:
        return not hasattr(last, "fit") or _can_hand_groups(last)
    if not _finds_groups_itself(last):
        warnings.warn(
            f"{resampler} changes the rows of the pipeline, but not their groups; so what "
            f"comes after it is not told the groups, and {type(last).__name__} may validate "
            "on other pictures of a patient that it was trained on. Resample pictures "
            "instead of features, or set validation=None.",
            ValidationSplitWarning,
            stacklevel=4,
        )
    return False


def _can_stack_groups(estimator):
    final = estimator.final_estimator
    if final is not None and has_fit_parameter(final, "groups"):
        return True
    members = [member for _, member in estimator.estimators if hasattr(member, "fit")]
    if all(_finds_groups_itself(member) for member in members):
        return False
    raise ValueError(
        "StackingClassifier hands groups to its final estimator too, which takes none. Let "
        "its members see pictures that know their patient: "
        "StackingClassifier([(name, AugmentedClassifier(...)), ...]) or FineTuneClassifier "
        "with an extractor."
    )


def _finds_groups_itself(estimator):
    """Whether an estimator needs no groups, or reads them off the pictures that it gets."""
    return getattr(estimator, "_reads_groups_from_pictures", False) or not _consumes(
        estimator, "groups"
    )


def _resampler(pipeline):
    for _, step in pipeline.steps:
        if hasattr(step, "fit_resample"):
            return type(step).__name__
    return None


def _takes_any_keyword(estimator):
    parameters = signature(estimator.fit).parameters.values()
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters)
