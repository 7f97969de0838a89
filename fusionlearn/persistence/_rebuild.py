"""Copies of nested estimators in which some parts are replaced."""

import copy
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np

_WHOLE = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType, str, bytes)


def rebuild(value, change):
    """Replace objects inside an estimator, without touching it.

    Parameters
    ----------
    value : object
        An estimator, or anything that one may hold.

    change : callable
        Gives for each object what stands in its place, the object itself or another one;
        the parts of that are then looked at.

    Returns
    -------
    value : object
        The same object where nothing inside was replaced; else a copy. Parts in which
        nothing was replaced, such as arrays, are shared with the original.
    """
    return _rebuild(value, change, {})


def _rebuild(value, change, memo):
    if id(value) in memo:
        return memo[id(value)][1]
    # A part that holds itself is left as it is. The original is kept alive for its id.
    memo[id(value)] = (value, value)
    new = _rebuild_parts(change(value), lambda part: _rebuild(part, change, memo))
    memo[id(value)] = (value, new)
    return new


def _rebuild_parts(value, visit):
    if isinstance(value, dict):
        return _with_items(value, value.items(), visit)
    if isinstance(value, (list, tuple)):
        parts = [visit(part) for part in value]
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return value._make(parts) if hasattr(value, "_make") else type(value)(parts)
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return value
        return _with_items(value, ((i, value[i]) for i in np.ndindex(value.shape)), visit)
    if isinstance(value, _WHOLE) or not hasattr(value, "__dict__"):
        return value
    changed = _changed(vars(value).items(), visit)
    if not changed:
        return value
    new = copy.copy(value)
    vars(new).update(changed)
    return new


def _with_items(value, items, visit):
    changed = _changed(items, visit)
    if not changed:
        return value
    new = copy.copy(value)
    for place, part in changed.items():
        new[place] = part
    return new


def _changed(items, visit):
    return {place: new for place, part in items if (new := visit(part)) is not part}
