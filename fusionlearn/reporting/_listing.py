"""An estimator as text, whole, and without the folders of files."""

import inspect
import os
import textwrap

from ..features import FeatureStore
from ._privacy import hide_paths, shorten

_WIDTH = 88
_LONGEST = 400


def estimator_text(estimator):
    """Write an estimator with all parameters that are not the defaults.

    Parameters
    ----------
    estimator : estimator object
        Any one.

    Returns
    -------
    text : str
        As Python has it, but that of a path only the name is given.
    """
    return _write(estimator, 0, 0)


def _write(value, indent, n_before):
    opening, items, closing = _parts(value)
    if items is None:
        return opening
    texts = [name + _write(item, indent + 4, len(name)) for name, item in items]
    line = f"{opening}{', '.join(texts)}{closing}"
    if indent + n_before + len(line) <= _WIDTH and "\n" not in line:
        return line
    if isinstance(value, tuple) and len(items) == 2 and "\n" not in texts[0]:
        # A name and an estimator: the pair takes no lines of its own.
        return f"({texts[0]}, {_write(value[1], indent, n_before + len(texts[0]) + 3)})"
    margin = " " * (indent + 4)
    if all(not name and _is_word(item) for name, item in items):
        body = textwrap.fill(
            f"{', '.join(texts)},",
            _WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
    else:
        body = margin + f",\n{margin}".join(texts) + ","
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


def _is_word(value):
    """Whether a value has no spaces, so that lines may end between it and others."""
    return isinstance(value, str | int | float) and " " not in str(value)


def _parts(value):
    """How a value begins, what is in it, and how it ends."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        items = [
            (f"{name}=", given)
            for name, given in value.get_params(deep=False).items()
            if not _is_default(value, name, given)
        ]
        return f"{type(value).__name__}(", items, ")"
    if isinstance(value, list | tuple):
        begin, end = "[]" if isinstance(value, list) else "()"
        return begin, [("", item) for item in value], end
    if isinstance(value, dict):
        return "{", [(f"{hide_paths(repr(key))}: ", item) for key, item in value.items()], "}"
    if isinstance(value, FeatureStore):
        return "FeatureStore(", [("", value.path)] if value.path else [], ")"
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    text = hide_paths(repr(value))
    return text if len(text) <= _LONGEST else shorten(text), None, ""


def _is_default(estimator, name, given):
    parameter = inspect.signature(type(estimator).__init__).parameters.get(name)
    if parameter is None:
        return False
    return parameter.default is given or repr(parameter.default) == repr(given)
