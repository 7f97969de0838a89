"""The table of figures at the end of ``make torture``."""

import json
from dataclasses import asdict

import pytest
from torture_tally import Tally

_COLUMNS = ("tried", "survived", "wrong", "lost")


def pytest_addoption(parser):
    parser.addoption("--torture-out", metavar="FILE", help="write the figures as JSON")


@pytest.fixture
def tally(request, record_property):
    """Make a Tally by its name; its counts are shown at the end and judged."""
    made = []

    def make(what):
        made.append(Tally(what))
        return made[-1]

    yield make
    for one in made:
        record_property("tally", asdict(one))
    for one in made:
        one.settle()


def pytest_terminal_summary(terminalreporter, config):
    found = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                for name, counts in report.user_properties:
                    if name == "tally":
                        found[report.nodeid, counts["what"]] = counts
    if not found or config.option.markexpr != "torture":
        return
    width = max(len(counts["what"]) for counts in found.values())
    terminalreporter.section("torture")
    terminalreporter.line(f"{'':<{width}}" + "".join(f"{name:>10}" for name in _COLUMNS))
    rows = [found[key] for key in sorted(found)]
    for counts in rows:
        figures = "".join(f"{counts[name]:>10,}" for name in _COLUMNS)
        terminalreporter.line(f"{counts['what']:<{width}}{figures}")
    if (path := config.getoption("torture_out", default=None)) is not None:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
