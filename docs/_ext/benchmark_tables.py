"""Directives that show what benchmarks found, from JSON in ``docs/_data/benchmarks``."""

import json
import re
import statistics
from pathlib import Path

from benchmark_charts import draw, shown, unit_shown
from project_tables import Generated

DATA = Path(__file__).parents[1] / "_data" / "benchmarks"
NAMES = (
    "extraction",
    "extraction-intel",
    "head",
    "finetune",
    "search",
    "scaling",
    "distributed",
    "startup",
    "warm",
    "export",
)
_SMOKE = [".. warning::", "", "   Figures of a smoke run, which mean nothing.", ""]


def benchmark(report):
    """Write a report as reStructuredText.

    Parameters
    ----------
    report : dict
        What ``python -m benchmarks`` wrote as JSON.

    Returns
    -------
    lines : list of str
        Machine, sections with picture and table, and goals.
    """
    lines = [_where(report), ""]
    if report["quick"]:
        lines += _SMOKE
    for section in report["sections"]:
        lines += [section["title"], "~" * len(section["title"]), "", _plain(section["text"]), ""]
        lines += [".. raw:: html", ""]
        lines += [f"   {line}" for line in draw(section).splitlines()]
        lines += ["", *_measurements(section), *_facts(section)]
    if report["goals"]:
        lines += ["Goals", "~~~~~", "", *_goals(report["goals"])]
    return lines


def summary(reports):
    """Write how many goals are reached, and which are not.

    Parameters
    ----------
    reports : list of dict
        All reports.

    Returns
    -------
    lines : list of str
        A paragraph, and a table if a goal is missed.
    """
    # A smoke run says nothing of goals; processors tell apart what was measured on several.
    goals = [
        goal | {"text": f"{goal['text']} ({report['machine']['processor']})"}
        for report in reports
        if not report["quick"]
        for goal in report["goals"]
    ]
    missed = [goal for goal in goals if not goal["reached"]]
    lines = _SMOKE if any(report["quick"] for report in reports) else []
    if not missed:
        return [*lines, f"All {len(goals)} goals are reached.", ""]
    count = f"{len(goals) - len(missed)} of {len(goals)} goals are reached. These are not:"
    return [*lines, count, "", *_goals(missed)]


def _where(report):
    machine = dict(report["machine"])
    processor, cores = machine.pop("processor"), machine.pop("cores")
    rest = ", ".join(machine.values())
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    return _plain(
        f"Measured on {report['date']} on {cores} cores of {processor}, {rest}; {versions}."
    )


def _measurements(section):
    """A row for each group; with one group, a row for each contestant."""
    groups = {}
    for entry in section["measurements"]:
        groups.setdefault(entry["group"], {})[entry["contestant"]] = entry
    contestants = list(next(iter(groups.values())))
    unit = unit_shown(section)
    if len(groups) == 1:
        (group,) = groups.values()
        first = group[contestants[0]]
        rows = [("", unit, f"speed, {contestants[0]} being 1")]
        rows += [
            (name, _cell(section, entry), _times(first, entry)) for name, entry in group.items()
        ]
    else:
        rows = [(unit, *contestants)]
        rows += [
            (name, *(_cell(section, group[contestant]) for contestant in contestants))
            for name, group in groups.items()
        ]
    return _table(rows)


def _cell(section, entry):
    middle, low, high = (number(value) for value in shown(section, entry))
    return f"{middle} ({low} to {high})"


def _times(first, entry):
    each = [statistics.median(of["seconds"]) / of["amount"] for of in (first, entry)]
    return number(each[0] / each[1])


def _facts(section):
    """Further figures, folded away."""
    if not section["facts"]:
        return []
    rows = [("", "")]
    rows += [(fact["name"], f"{number(fact['value'])} {fact['unit']}") for fact in section["facts"]]
    return [
        *(".. raw:: html", "", "   <details><summary>Further figures</summary>", ""),
        *_table(rows),
        *(".. raw:: html", "", "   </details>", ""),
    ]


def _goals(goals):
    rows = [("Figure", "Measured", "Wanted", "")]
    for goal in goals:
        low, high = number(min(goal["values"])), number(max(goal["values"]))
        bound = "≤" if goal["at_most"] else "≥"
        rows.append(
            (
                goal["text"],
                f"{number(goal['value'])}\u00a0{goal['unit']} ({low} to {high})",
                f"{bound}\u00a0{number(goal['wanted'])}\u00a0{goal['unit']}",
                "reached" if goal["reached"] else "**not reached**",
            )
        )
    return _table(rows, plain=3)


def _table(rows, plain=None):
    """Write rows as a list-table; cells before ``plain`` are text, those behind markup."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        cells = [_plain(cell) if plain is None or i < plain else cell for i, cell in enumerate(row)]
        lines.append(f"   * - {cells[0]}".rstrip())
        lines += [f"     - {cell}".rstrip() for cell in cells[1:]]
    return [*lines, ""]


def _plain(text):
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def number(value):
    """Write a number with three significant digits, a large one without decimals."""
    if isinstance(value, str):
        return value
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.1e}"


class _FromReports(Generated):
    """Read reports, which the page then depends on."""

    def read(self, name):
        """Read one report."""
        path = DATA / f"{name}.json"
        if not path.exists():
            raise self.error(
                f"no {path.name} in docs/_data/benchmarks; wanted what a benchmark wrote. Run "
                f"make bench BENCH={name} OUT=docs/_data/benchmarks"
            )
        self.state.document.settings.env.note_dependency(str(path))
        return json.loads(path.read_text(encoding="utf-8"))


class Benchmark(_FromReports):
    """``.. benchmark:: NAME``"""

    required_arguments = 1

    def lines(self):
        """Write the report."""
        return benchmark(self.read(self.arguments[0]))


class BenchmarkSummary(_FromReports):
    """``.. benchmark-summary::``"""

    def lines(self):
        """Write the goals of all reports."""
        return summary([self.read(name) for name in NAMES])


def setup(app):
    """Tell Sphinx about the directives."""
    app.add_directive("benchmark", Benchmark)
    app.add_directive("benchmark-summary", BenchmarkSummary)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
