"""The command line: ``fusionlearn`` or ``python -m fusionlearn``."""

from ._main import main

__all__ = ["main"]
