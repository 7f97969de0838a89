"""What a fusion of classifiers asks of one member."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from .._compat import BaseSearchCV, hand_on_callbacks
from .._metadata import fit_with_metadata
from ._blame import naming_who_takes_no_pictures

# What fit_with_metadata hands on.
PLAIN_METADATA = frozenset({"sample_weight", "groups"})


def fit_member(name, member, X, y, metadata, *, caller, context):
    """Fit a member as a subtask of the fit of its fusion.

    Parameters
    ----------
    name : str
        The member's name, for messages.

    member : estimator object
        A clone.

    X : array-like of shape (n_samples, ...)
        Training data.

    y : ndarray of shape (n_samples,)
        Labels.

    metadata : dict
        What its ``fit`` is given besides.

    caller : estimator object
        The fusion.

    context : CallbackContext
        The subtask.

    Returns
    -------
    member : estimator object
        The fitted member.
    """
    is_frozen = isinstance(member, FrozenEstimator)
    blame = naming_who_takes_no_pictures(f"Member {name!r} of estimators", member)
    with blame, hand_on_callbacks(context, member):
        context.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        if is_frozen:
            member.fit(X, y)
        elif metadata.keys() <= PLAIN_METADATA:
            fit_with_metadata(member, X, y, **metadata)
        else:
            member.fit(X, y, **metadata)
        context.call_on_fit_task_end(estimator=caller, X=X, y=y)
    return member


def requests_groups(member, metadata):
    """Tell whether groups can go to ``fit_member`` together with routed metadata.

    Parameters
    ----------
    member : estimator object
        The member.

    metadata : dict
        What was routed to it.

    Returns
    -------
    requests : bool
        True also where ``fit_with_metadata`` finds out who wants them.
    """
    if metadata.keys() <= PLAIN_METADATA:
        return True
    return bool(get_routing_for_object(member).consumes("fit", ["groups"]))


def predicts_by_threshold(estimator):
    """Tell whether ``predict`` goes back to a threshold rather than to an argmax.

    Parameters
    ----------
    estimator : estimator object
        A classifier, fitted or not.

    Returns
    -------
    by_threshold : bool
        True for scikit-learn's classifiers with a fixed or tuned threshold, also inside
        a pipeline, a search or a FrozenEstimator.
    """
    if isinstance(estimator, Pipeline):
        return predicts_by_threshold(estimator.steps[-1][1])
    if isinstance(estimator, (FrozenEstimator, BaseSearchCV)):
        return predicts_by_threshold(estimator.estimator)
    return isinstance(estimator, (FixedThresholdClassifier, TunedThresholdClassifierCV))


def is_frozen(estimator):
    """Tell whether fitting it changes nothing.

    Parameters
    ----------
    estimator : estimator object
        A classifier.

    Returns
    -------
    frozen : bool
        True for a FrozenEstimator of a classifier, also inside of pipelines, votes,
        calibrations and whatever else shows it among its parameters.
    """
    inside = [estimator, *estimator.get_params(deep=True).values()]
    return any(isinstance(one, FrozenEstimator) and is_classifier(one) for one in inside)


def probabilities_of(name, member, X, classes):
    """Get the probabilities of one member, in the order of the fusion's classes.

    Parameters
    ----------
    name : str
        The member's name, for messages.

    member : estimator object
        A fitted classifier. Without ``predict_proba`` its prediction is certain.

    X : array-like of shape (n_samples, ...)
        Samples.

    classes : ndarray of shape (n_classes,)
        The fusion's classes.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes), float64
        Probabilities; 0 for a class that the member does not know.

    Raises
    ------
    ValueError
        If they are not finite, or there are not as many as the member has classes.
    """
    if not hasattr(member, "predict_proba"):
        return np.eye(len(classes))[_class_numbers(name, np.asarray(member.predict(X)), classes)]
    columns = class_columns(name, member, classes)
    given = np.asarray(member.predict_proba(X), dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(columns):
        raise ValueError(
            f"predict_proba of member {name!r} has shape {given.shape}; wanted a column for "
            f"each of its {len(columns)} classes."
        )
    if not np.isfinite(given).all():
        row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
        raise ValueError(
            f"predict_proba of member {name!r} is {given[row]} for sample {row}; wanted finite "
            "numbers. Look at what the member was trained on, or drop it."
        )
    proba = np.zeros((len(given), len(classes)))
    proba[:, columns] = given
    return proba


def class_columns(name, member, classes):
    """Find the classes of a member among those of the fusion.

    Parameters
    ----------
    name : str
        The member's name, for messages.

    member : estimator object
        A fitted classifier.

    classes : ndarray of shape (n_classes,)
        The fusion's classes.

    Returns
    -------
    columns : ndarray of shape (n_member_classes,), int, or None
        Their numbers. None for a member that has no ``classes_`` and needs none.

    Raises
    ------
    ValueError
        If the member knows another class, or does not tell the order of its columns.
    """
    if hasattr(member, "classes_"):
        return _class_numbers(name, np.asarray(member.classes_), classes)
    if hasattr(member, "predict_proba"):
        raise ValueError(
            f"Member {name!r} has predict_proba but no classes_; wanted both, to know which "
            "column belongs to which class."
        )
    return None


def _class_numbers(name, labels, classes):
    numbers = {label: number for number, label in enumerate(classes.tolist())}
    labels = labels.tolist()
    unknown = [label for label in labels if label not in numbers]
    if unknown:
        raise ValueError(
            f"Member {name!r} knows the class {unknown[0]!r}, but y has only "
            f"{classes.tolist()}. Fit it on the same labels, or drop it."
        )
    return np.array([numbers[label] for label in labels], dtype=np.intp)
