"""How sure a score is."""

from ._bootstrap import BootstrapInterval, bootstrap_interval

__all__ = ["BootstrapInterval", "bootstrap_interval"]
