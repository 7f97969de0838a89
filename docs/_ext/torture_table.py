"""A directive that shows what ``make torture`` counted, from ``docs/_data/torture.json``."""

import json
from pathlib import Path

from benchmark_tables import _table as table
from project_tables import Generated

FILE = Path(__file__).parents[1] / "_data" / "torture.json"
_COLUMNS = ("tried", "survived", "wrong", "lost")


def torture_table(rows):
    """Write the counts as reStructuredText.

    Parameters
    ----------
    rows : list of dict
        What ``make torture OUT=...`` wrote as JSON.

    Returns
    -------
    lines : list of str
        A table with a row for each torment, and their sums.
    """
    lines = [("", *_COLUMNS)]
    lines += [(row["what"], *(f"{row[name]:,}" for name in _COLUMNS)) for row in rows]
    lines.append(("all", *(f"{sum(row[name] for row in rows):,}" for name in _COLUMNS)))
    return table(lines)


class TortureTable(Generated):
    """``.. torture-table::``"""

    def lines(self):
        """Read the counts."""
        if not FILE.exists():
            raise self.error(
                f"no {FILE.name} in docs/_data; run make torture OUT=docs/_data/torture.json"
            )
        self.state.document.settings.env.note_dependency(str(FILE))
        return torture_table(json.loads(FILE.read_text(encoding="utf-8")))


def setup(app):
    """Tell Sphinx about the directive."""
    app.add_directive("torture-table", TortureTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
