"""Finished models as one graph, which runs without this library."""

from ._export import Exported, export
from ._formats import FORMATS

__all__ = ["FORMATS", "Exported", "export"]
