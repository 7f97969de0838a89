"""Values that are said as ``name=value``, the value in TOML."""

import re
import tomllib

from ._options import Kind

# What people type without the quotes that a shell would take away.
_WORD = re.compile(r"[A-Za-z_][\w./-]*")


def _read(given):
    if isinstance(given, dict):
        return {name: _none(value) for name, value in given.items()}
    name, separator, text = given.partition("=")
    if not separator or not name.strip():
        raise ValueError
    return {name.strip(): _none(_literal(text.strip()))}


def _literal(text):
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        table = {"value": text} if _WORD.fullmatch(text) else {}
    if set(table) != {"value"}:
        raise ValueError
    return table["value"]


def _none(value):
    # TOML has no word for it.
    return None if isinstance(value, str) and value.lower() == "none" else value


SETTINGS = Kind(
    'name=value, where the value is TOML, such as 0.3, true, ["VGG16"] or a word; none is '
    "Python's None",
    (str, dict),
    _read,
)
