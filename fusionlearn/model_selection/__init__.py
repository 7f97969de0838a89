"""Splits that keep patients apart, and what a score has to beat."""

from ._shortcut import make_shortcut_baseline, shortcut_features
from ._split import StratifiedImageGroupKFold

__all__ = ["StratifiedImageGroupKFold", "make_shortcut_baseline", "shortcut_features"]
