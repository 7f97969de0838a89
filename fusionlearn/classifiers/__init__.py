"""Classifiers that are trained: a head on features, and training on augmented copies."""

from ._augmented import AugmentedClassifier
from ._fine_tune import FineTuneClassifier

__all__ = ["AugmentedClassifier", "FineTuneClassifier"]
