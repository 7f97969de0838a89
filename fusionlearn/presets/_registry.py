"""The list of recipes."""

import importlib
import pkgutil

from .._hints import did_you_mean

_PRESETS = {}


def preset(function):
    """Add a function that returns an estimator to the list of recipes.

    A recipe is a module in this folder whose function wears this decorator; nothing
    else has to be changed for it to be found.

    Parameters
    ----------
    function : callable
        Takes keyword arguments only, each with a default.

    Returns
    -------
    function : callable
        The function itself.

    Raises
    ------
    ValueError
        If another module has a recipe of that name.
    """
    known = _PRESETS.get(function.__name__, function)
    if known.__module__ != function.__module__:
        raise ValueError(
            f"preset {function.__name__!r} of {function.__module__} is in {known.__module__} "
            "already. Give it another name."
        )
    _PRESETS[function.__name__] = function
    return function


def find_presets(path, package):
    """Import all modules of a package, so that their recipes are listed.

    Parameters
    ----------
    path : list of str
        The package's ``__path__``.

    package : str
        Its name.
    """
    for module in pkgutil.iter_modules(path):
        importlib.import_module(f"{package}.{module.name}")


def list_presets():
    """List the recipes.

    Returns
    -------
    names : list of str
        Sorted names, each of which :func:`get_preset` knows.

    Examples
    --------
    >>> from fusionlearn.presets import list_presets
    >>> list_presets()
    ['covid_ct', 'covid_ct_strong']
    """
    return sorted(_PRESETS)


def get_preset(name):
    """Get a recipe by its name.

    Parameters
    ----------
    name : str
        One of :func:`list_presets`.

    Returns
    -------
    preset : callable
        Takes keyword arguments and returns an estimator.

    Raises
    ------
    ValueError
        If there is no recipe of that name.

    Examples
    --------
    >>> from fusionlearn.presets import get_preset
    >>> get_preset("covid_ct")(fusion="vote").estimator.weights is None
    True
    """
    if name in _PRESETS:
        return _PRESETS[name]
    hint = did_you_mean(name, _PRESETS)
    raise ValueError(f"preset {name!r} is unknown.{hint} There are: {', '.join(list_presets())}.")
