"""A directive with the versions that are tested, from ``pyproject.toml`` and what is installed."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path

from project_tables import Generated

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from lower_bounds import TESTED_EXTRAS, lower_bounds

_ROOT = Path(__file__).parents[2]
_PYTHON = "Programming Language :: Python :: 3."


def python_versions(root=_ROOT):
    """List the versions of Python that the classifiers name, the oldest first."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minors = [text[len(_PYTHON) :] for text in project["classifiers"] if text.startswith(_PYTHON)]
    return [f"3.{minor}" for minor in sorted(minors, key=int)]


def compatibility_table():
    """Write the table as reStructuredText.

    Returns
    -------
    lines : list of str
        A list-table with a row for Python and for each dependency of the package and of the
        extras that ``make test-oldest`` installs.
    """
    rows = [("", "Oldest", "These pages")]
    rows.append(("Python", python_versions()[0], "{}.{}".format(*sys.version_info)))
    for name, oldest in lower_bounds(TESTED_EXTRAS).items():
        rows.append((f"``{name}``", oldest, _installed(name)))
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 40 30 30", ""]
    for row in rows:
        lines += [f"   {' ' if column else '*'} - {cell}" for column, cell in enumerate(row)]
    return lines


def _installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not there"


class CompatibilityTable(Generated):
    """``.. compatibility-table::``"""

    def lines(self):
        """Write the table."""
        self.state.document.settings.env.note_dependency(str(_ROOT / "pyproject.toml"))
        return compatibility_table()


def setup(app):
    """Tell Sphinx about the directive."""
    app.add_directive("compatibility-table", CompatibilityTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
