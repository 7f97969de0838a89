"""What all benchmarks share: rounds, spread, goals, tables and JSON."""

import gc
import json
import math
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from ._machine import machine_facts, versions


def interleave(contestants, rounds):
    """Run contestants in turn, A B C A B C ..., so that a slow minute hits all of them.

    Parameters
    ----------
    contestants : dict of callable
        By name; each is called without arguments. One that returns a float has timed itself,
        in seconds (a child process that leaves its own start out).

    rounds : int
        How often each is run.

    Returns
    -------
    seconds : dict of list of float
        Wall time of each round, by name.
    """
    seconds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            gc.collect()
            start = time.perf_counter()
            own = contestant()
            spent = time.perf_counter() - start
            seconds[name].append(own if isinstance(own, float) else spent)
    return seconds


@dataclass
class Measurement:
    """One contestant's seconds for an amount of work.

    Parameters
    ----------
    group : str
        What was worked on; contestants of one group were interleaved.

    contestant : str
        Who worked.

    amount : float
        Units of work in each round, such as pictures.

    seconds : list of float
        Wall time of each round.
    """

    group: str
    contestant: str
    amount: float
    seconds: list


@dataclass
class Goal:
    """A figure that is to be reached.

    Parameters
    ----------
    text : str
        What the figure is.

    values : list of float
        The figure, one for each round; the median counts.

    wanted : float
        The bound.

    at_most : bool
        Whether the bound is an upper one.

    unit : str, default="×"
        Unit of both.
    """

    text: str
    values: list
    wanted: float
    at_most: bool
    unit: str = "×"

    @property
    def value(self):
        """Median of the rounds."""
        return statistics.median(self.values)

    @property
    def reached(self):
        """Whether the median keeps the bound."""
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted


@dataclass
class Section:
    """One table of a report.

    Parameters
    ----------
    title : str
        Its heading.

    text : str
        What is compared with what, and what is left out of the times.

    unit : str
        Unit of work, such as "picture".

    show : {"rate", "time"}
        Whether units per second are shown, or seconds per unit.

    chart : {"relative", "bars", "lines"}
        Picture on the documentation's page: speed relative to the first contestant of
        each group; what is shown, as bars; or the same over groups that are numbers.
    """

    title: str
    text: str
    unit: str
    show: str = "rate"
    chart: str = "bars"
    measurements: list = field(default_factory=list)
    facts: list = field(default_factory=list)

    def measure(self, group, contestants, *, amount, rounds):
        """Interleave contestants, and keep and print their seconds.

        Parameters
        ----------
        group : str
            What is worked on.

        contestants : dict of callable
            As for :func:`interleave`.

        amount : float or dict of float
            Units of work in a round; by contestant if they differ.

        rounds : int
            Number of rounds.

        Returns
        -------
        seconds : dict of list of float
            As from :func:`interleave`.
        """
        seconds = interleave(contestants, rounds)
        for name, values in seconds.items():
            units = amount[name] if isinstance(amount, dict) else amount
            self.measurements.append(Measurement(group, name, units, values))
        fastest = min(seconds, key=lambda name: statistics.median(seconds[name]))
        print(f"  {group}: {fastest} takes the least time", file=sys.stderr, flush=True)
        return seconds

    def fact(self, name, value, unit=""):
        """Keep a figure that is not a time to be compared.

        Parameters
        ----------
        name : str
            What it is.

        value : float or str
            The figure.

        unit : str, default=""
            Its unit.
        """
        self.facts.append({"name": name, "value": value, "unit": unit})


@dataclass
class Report:
    """What a benchmark found.

    Parameters
    ----------
    benchmark : str
        Its name.

    quick : bool
        Whether it was a smoke run, whose figures mean nothing.
    """

    benchmark: str
    quick: bool
    sections: list = field(default_factory=list)
    goals: list = field(default_factory=list)
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    machine: dict = field(default_factory=machine_facts)
    versions: dict = field(default_factory=versions)

    def section(self, *args, **params):
        """Begin a section; parameters as for :class:`Section`."""
        self.sections.append(Section(*args, **params))
        return self.sections[-1]

    def at_most(self, text, values, wanted, unit="×"):
        """Hold values against an upper bound."""
        self.goals.append(Goal(text, list(values), wanted, True, unit))

    def at_least(self, text, values, wanted, unit="×"):
        """Hold values against a lower bound."""
        self.goals.append(Goal(text, list(values), wanted, False, unit))

    def to_json(self):
        """Write everything as JSON text; goals carry whether they are reached."""
        record = asdict(self)
        for entry, goal in zip(record["goals"], self.goals, strict=True):
            entry |= {"value": goal.value, "reached": goal.reached}
        return json.dumps(_rounded(record), indent=1, ensure_ascii=False) + "\n"


def _rounded(value):
    """Six significant digits: more would make every difference between runs look large."""
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def quotients(numerators, denominators):
    """Divide round by round: what both suffered from in a round cancels.

    Parameters
    ----------
    numerators, denominators : sequence of float
        One value for each round.

    Returns
    -------
    ratios : list of float
        One for each round.
    """
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def three_digits(value):
    """Write a number with three significant digits, an integer with all of them.

    Parameters
    ----------
    value : int, float or str
        The number; text is given back.

    Returns
    -------
    text : str
        The number without an exponent.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def print_report(report):
    """Print a report as tables.

    Parameters
    ----------
    report : Report
        The report.
    """
    print(f"\n{report.benchmark}, {report.date}" + ("  (smoke run)" if report.quick else ""))
    print(", ".join(f"{key} {value}" for key, value in report.machine.items()))
    print(", ".join(f"{key} {value}" for key, value in report.versions.items()))
    for section in report.sections:
        print(f"\n{section.title}\n{section.text}")
        _print_table(_rows(section))
        for fact in section.facts:
            print(f"{fact['name']}: {three_digits(fact['value'])} {fact['unit']}".rstrip())
    if report.goals:
        print("\nGoals (median of the rounds' own ratios, smallest to largest)")
        rows = [("", "measured", "spread", "wanted", "")]
        for goal in report.goals:
            spread = f"{three_digits(min(goal.values))} to {three_digits(max(goal.values))}"
            rows.append(
                (
                    goal.text,
                    f"{three_digits(goal.value)} {goal.unit}",
                    spread,
                    f"{'≤' if goal.at_most else '≥'} {three_digits(goal.wanted)} {goal.unit}",
                    "" if report.quick else "reached" if goal.reached else "NOT REACHED",
                )
            )
        _print_table(rows)


def _rows(section):
    is_rate = section.show == "rate"
    shown = f"{section.unit}s/s" if is_rate else f"ms/{section.unit}"
    rows = [("", "", f"{section.unit}s", shown, "seconds", "smallest to largest", "times first")]
    first = {}
    for entry in section.measurements:
        median = statistics.median(entry.seconds)
        first.setdefault(entry.group, median / entry.amount)
        each = median / entry.amount
        spread = f"{three_digits(min(entry.seconds))} to {three_digits(max(entry.seconds))}"
        rows.append(
            (
                entry.group,
                entry.contestant,
                three_digits(entry.amount),
                three_digits(1 / each if is_rate else 1000 * each),
                three_digits(median),
                spread,
                three_digits(first[entry.group] / each),
            )
        )
    return rows


def _print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
