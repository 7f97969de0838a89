"""Displays: what was done to pictures, what a data set holds, how training went."""

from ._augmentation import AugmentationDisplay
from ._distribution import ClassDistributionDisplay
from ._history import HistoryDisplay

__all__ = ["AugmentationDisplay", "ClassDistributionDisplay", "HistoryDisplay"]
