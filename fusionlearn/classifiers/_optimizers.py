"""Keras' optimizers by name."""

import difflib
from inspect import Parameter, signature

from .._compat import import_keras


def optimizer_names():
    """List the optimizers that Keras has.

    Returns
    -------
    names : dict
        The classes by their names in lower case.
    """
    return {
        name.lower(): candidate
        for name, candidate in vars(import_keras().optimizers).items()
        if isinstance(candidate, type) and _has_default_learning_rate(candidate)
    }


def _has_default_learning_rate(optimizer_class):
    # The base class and those that wrap other optimizers have none.
    parameter = signature(optimizer_class).parameters.get("learning_rate")
    return parameter is not None and parameter.default is not Parameter.empty


def find_optimizer(name):
    """Find an optimizer.

    Parameters
    ----------
    name : str
        Its name, in upper or lower case.

    Returns
    -------
    optimizer_class : type
        A subclass of ``keras.optimizers.Optimizer``.

    Raises
    ------
    ValueError
        If Keras has no optimizer of that name.
    """
    names = optimizer_names()
    if name.lower() in names:
        return names[name.lower()]
    close = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"optimizer={name!r}: wanted one of {', '.join(sorted(names))}.{hint}")
