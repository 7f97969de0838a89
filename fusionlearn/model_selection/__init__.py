"""Splits that keep patients apart, and what a score has to beat."""

from ..images._split import StratifiedImageGroupKFold
from ._audit import audit_leakage
from ._evaluate import evaluate
from ._evaluation import Evaluation
from ._leakage_report import Finding, LeakageReport
from ._shortcut import make_shortcut_baseline, shortcut_features

__all__ = [
    "Evaluation",
    "Finding",
    "LeakageReport",
    "StratifiedImageGroupKFold",
    "audit_leakage",
    "evaluate",
    "make_shortcut_baseline",
    "shortcut_features",
]
