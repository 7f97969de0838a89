"""What looks after the project itself is no part of the package."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_MODULES = ("lower_bounds", "release", "release_checks", "compatibility", "rooms", "rooms_picture")


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Find tools/ and the extensions of the documentation, and forget them afterwards."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_ext")
    monkeypatch.syspath_prepend(ROOT / "tools")
    yield
    for name in (*_MODULES, "project_tables"):
        sys.modules.pop(name, None)


@pytest.fixture
def root():
    """The top folder of the project."""
    return ROOT
