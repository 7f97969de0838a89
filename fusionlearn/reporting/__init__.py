"""Everything about a model and its data on one page."""

from ._report import report

__all__ = ["report"]
