"""Recipes: functions that return plain estimators."""

from ._registry import find_presets, get_preset, list_presets

find_presets(__path__, __name__)

__all__ = ["get_preset", "list_presets", *list_presets()]


def __getattr__(name):
    if name in list_presets():
        return get_preset(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
