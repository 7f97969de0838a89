"""How good and how sure a score is, by picture and by patient."""

from ._bootstrap import BootstrapInterval, bootstrap_interval
from ._by_group import GroupPredictions, by_group
from ._calibration import calibration_error

__all__ = [
    "BootstrapInterval",
    "GroupPredictions",
    "bootstrap_interval",
    "by_group",
    "calibration_error",
]
