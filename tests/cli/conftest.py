"""Fixtures of the commands' tests."""

from command_parts import tiny_preset

__all__ = ["tiny_preset"]
