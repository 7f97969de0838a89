"""Splits that keep patients apart, and what a score has to beat."""

from ._evaluate import evaluate
from ._evaluation import Evaluation
from ._shortcut import make_shortcut_baseline, shortcut_features
from ._split import StratifiedImageGroupKFold

__all__ = [
    "Evaluation",
    "StratifiedImageGroupKFold",
    "evaluate",
    "make_shortcut_baseline",
    "shortcut_features",
]
