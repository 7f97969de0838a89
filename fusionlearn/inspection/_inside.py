"""Estimators inside others."""

from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

# Where estimators keep the one that they fitted, or that was given to them fitted.
_FITTED = ("best_estimator_", "estimator_", "estimator")


def path_to(estimator, is_wanted, *, wanted):
    """Find what stands inside pipelines, searches and other estimators around it.

    Parameters
    ----------
    estimator : estimator object
        The outermost one.

    is_wanted : callable
        Tells of an estimator whether it is what is looked for.

    wanted : str
        What that is, for messages.

    Returns
    -------
    path : list of estimators
        From the outermost to the one that was found.

    Raises
    ------
    NotFittedError
        If the way ends at one that is not fitted.

    TypeError
        If it ends without what is looked for.
    """
    path = [estimator]
    while not is_wanted(path[-1]):
        inner = _inner(path[-1])
        if inner is None:
            _raise_not_there(path[0], path[-1], wanted)
        path.append(inner)
    return path


def _inner(estimator):
    steps = getattr(estimator, "steps", None)
    if steps:
        return steps[-1][1]
    names = _FITTED if isinstance(estimator, FrozenEstimator) else _FITTED[:-1]
    return next((getattr(estimator, name) for name in names if hasattr(estimator, name)), None)


def _raise_not_there(outer, last, wanted):
    where = "" if outer is last else f" in the {type(outer).__name__}"
    if hasattr(last, "fit") and not [name for name in vars(last) if name.endswith("_")]:
        raise NotFittedError(f"The {type(last).__name__}{where} is not fitted. Call fit first.")
    raise TypeError(f"The {type(last).__name__}{where} {wanted}")
