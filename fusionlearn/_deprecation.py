"""Names that are going: they work for two minor versions more, and say what to use instead.

How it is used is told in the documentation's page on releases.
"""

import functools
import inspect
import warnings

__all__ = ["deprecated", "removed_parameter", "renamed_parameter"]

_UNSET = "deprecated"  # scikit-learn's default for parameters that are going


def deprecated(*, since, removed_in, instead):
    """Mark a function, method or class that is going.

    Calling it, or making an instance, gives a FutureWarning; the docstring gets a note. Instances
    that are unpickled do not warn.

    Parameters
    ----------
    since : str
        First version that warns, such as "0.2".

    removed_in : str
        First version without it, two minor versions later, such as "0.4".

    instead : str
        What to do, as the end of a sentence, such as "use ConcatFusion".

    Returns
    -------
    decorate : callable
        The decorator. It gives a class back as the same object.

    Examples
    --------
    >>> from fusionlearn._deprecation import deprecated
    >>> @deprecated(since="0.2", removed_in="0.4", instead="use ``sum``")
    ... def add(numbers):
    ...     \"\"\"Add numbers.\"\"\"
    ...     return sum(numbers)
    >>> print(add.__doc__)
    Add numbers.
    <BLANKLINE>
    .. deprecated:: 0.2
       It will be removed in 0.4; use ``sum``.
    """

    def decorate(thing):
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            raise TypeError(
                f"deprecated() got a {type(thing).__name__}; wanted a function or a class. Put it "
                "below @property, @staticmethod and @classmethod."
            )
        call = thing.__init__ if inspect.isclass(thing) else thing

        @functools.wraps(call)
        def warn_and_call(*args, **kwargs):
            _warn(thing.__qualname__, since, removed_in, instead, stacklevel=3)
            return call(*args, **kwargs)

        note = f".. deprecated:: {since}\n   It will be removed in {removed_in}; {instead}."
        summary, _, rest = inspect.cleandoc(thing.__doc__ or "").partition("\n\n")
        doc = "\n\n".join(part for part in (summary, note, rest) if part)
        if not inspect.isclass(thing):
            warn_and_call.__doc__ = doc
            return warn_and_call
        if call is object.__init__:  # its signature has *args, which no estimator may have
            self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
            warn_and_call.__signature__ = inspect.Signature([self])
        thing.__init__ = warn_and_call
        thing.__doc__ = doc
        return thing

    return decorate


def renamed_parameter(old, new, parameters, *, since, removed_in):
    """Find the value of a parameter that was renamed, by whichever name it was given.

    The old name stays in the signature, last and with the default "deprecated". A function calls
    this first, an estimator in `fit`: its `__init__` only assigns.

    Parameters
    ----------
    old, new : str
        Names of the parameter.

    parameters : mapping of str to object
        Values by name: `locals()` in a function, `vars(self)` in an estimator.

    since : str
        First version that warns.

    removed_in : str
        First version without the old name.

    Returns
    -------
    value : object
        What was given by the old name, which then warns, or else by the new one.

    Examples
    --------
    >>> from fusionlearn._deprecation import renamed_parameter
    >>> def shrink(picture, *, factor=2, ratio="deprecated"):
    ...     factor = renamed_parameter(
    ...         "ratio", "factor", locals(), since="0.2", removed_in="0.4"
    ...     )
    ...     return picture[::factor]
    >>> shrink("abcdef", factor=3)
    'ad'
    """
    if not _is_set(parameters[old]):
        return parameters[new]
    instead = f"use {new!r}, which is not read as long as {old!r} is given"
    _warn(f"The parameter {old!r}", since, removed_in, instead, stacklevel=4)
    return parameters[old]


def removed_parameter(name, parameters, *, since, removed_in, instead):
    """Warn of a parameter that will be gone, where somebody has set it.

    Parameters
    ----------
    name : str
        The parameter. It stays in the signature, last and with the default "deprecated".

    parameters : mapping of str to object
        Values by name: `locals()` in a function, `vars(self)` in an estimator.

    since : str
        First version that warns.

    removed_in : str
        First version without the parameter.

    instead : str
        What to do, as the end of a sentence, such as "it has no effect".

    Returns
    -------
    is_set : bool
        Whether it was set.
    """
    if _is_set(parameters[name]):
        _warn(f"The parameter {name!r}", since, removed_in, instead, stacklevel=4)
        return True
    return False


def _is_set(value):
    return not (isinstance(value, str) and value == _UNSET)


def _warn(what, since, removed_in, instead, stacklevel):
    warnings.warn(
        f"{what} is deprecated since fusionlearn {since} and will be removed in {removed_in}; "
        f"{instead}.",
        FutureWarning,
        stacklevel=stacklevel,
    )
