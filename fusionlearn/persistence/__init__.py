"""Models in files: no pickle, nothing run while loading, whole or refused."""

from ._inspect import ModelFile, inspect
from ._load import load
from ._save import save

__all__ = ["ModelFile", "inspect", "load", "save"]
