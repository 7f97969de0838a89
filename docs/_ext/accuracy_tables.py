"""Directives that show scores on COVID-CT, from JSON in ``docs/_data/benchmarks``."""

from benchmark_tables import _FromReports as FromReports
from benchmark_tables import _table as table

_COLUMNS = {"accuracy": "accuracy", "roc_auc": "area under the curve"}
_SMOKE = [".. warning::", "", "   Figures of a smoke run, which mean nothing.", ""]


def accuracy_table(report):
    """Write the record as reStructuredText.

    Parameters
    ----------
    report : dict
        What ``python -m benchmarks accuracy`` wrote as JSON.

    Returns
    -------
    lines : list of str
        What was measured, a table of all models, and the goals.
    """
    data = report["data"]
    lines = list(_SMOKE) if report["quick"] else []
    lines += [
        f"{data['pictures']} pictures of {data['patients']} patients, networks "
        f"{', '.join(data['networks'])}; 5 folds, {data['repeats']} repeats; {report['date']}.",
        "",
    ]
    head = ["", *_COLUMNS.values()]
    head += [f"{name}, by patient" for name in _COLUMNS.values()]
    head += [f"{name}, without fine grain" for name in _COLUMNS.values()]
    rows = [(*head, "seconds")]
    for row in report["rows"]:
        cells = [row["name"]]
        for part in ("plain", "by_patient", "grain"):
            cells += [_cell(row[part] and row[part][name]) for name in _COLUMNS]
        seconds = row["seconds"]
        rows.append((*cells, "" if seconds is None else f"{seconds:,.0f}"))
    lines += table(rows)
    if report["goals"]:
        rows = [("Goal", "Measured", "Wanted", "")]
        rows += [
            (
                goal["text"],
                f"{goal['value']:.4g} {goal['unit']}",
                f"{'≤' if goal['at_most'] else '≥'} {goal['wanted']:.4g} {goal['unit']}",
                "reached" if goal["reached"] else "not reached",
            )
            for goal in report["goals"]
        ]
        lines += table(rows)
    return lines


def difference_table(report):
    """Write what each step brings as reStructuredText.

    Parameters
    ----------
    report : dict
        What ``python -m benchmarks accuracy`` wrote as JSON.

    Returns
    -------
    lines : list of str
        A table with a row for each step.
    """
    rows = [("step", *(f"{name}, gained" for name in _COLUMNS.values()))]
    for row in report["differences"]:
        rows.append((row["name"], *(_cell(row["plain"][name], "+.3f") for name in _COLUMNS)))
    return table(rows)


def leak_table(report):
    """Write scores of one model under several splits as reStructuredText.

    Parameters
    ----------
    report : dict
        What ``python -m benchmarks accuracy`` wrote as JSON.

    Returns
    -------
    lines : list of str
        A table with a row for each split.
    """
    rows = [("split", *_COLUMNS.values())]
    for row in report["leak"]:
        rows.append((row["name"], *(_cell(row["plain"][name]) for name in _COLUMNS)))
    return table(rows)


def selection_tables(report):
    """Write what weights found out of fold bring as reStructuredText.

    Parameters
    ----------
    report : dict
        What ``python -m benchmarks selection`` wrote as JSON.

    Returns
    -------
    lines : list of str
        Tables of scores, of differences to equal weights, and of weights.
    """
    data = report["data"]
    lines = list(_SMOKE) if report["quick"] else []
    lines += [
        f"{data['pictures']} pictures of {data['patients']} patients, networks "
        f"{', '.join(data['networks'])}; 5 folds, {data['repeats']} repeats, 5 folds inside; "
        f"{report['date']}.",
        "",
    ]
    head = ["vote of", *_COLUMNS.values()]
    head += [f"{name}, by patient" for name in _COLUMNS.values()]
    rows = [(*head, "seconds")]
    for row in report["rows"]:
        cells = [_cell(row[part][name]) for part in ("plain", "by_patient") for name in _COLUMNS]
        rows.append((row["name"], *cells, f"{row['seconds']:.1f}"))
    lines += table(rows)
    lines += ["What is gained over equal weights:", "", *difference_table(report)]
    return [*lines, "Weights from all pictures:", "", *_weights(report["rows"])]


def _weights(rows):
    """Members of the largest vote, their scores out of fold, and their weight by each rule."""
    most = max(len(row["members"]) for row in rows)
    rows = [row for row in rows if len(row["members"]) == most]
    rules = [row["name"].rpartition(", ")[2] for row in rows]
    cells = [("member", "balanced accuracy out of fold", *rules)]
    for entries in zip(*(row["members"] for row in rows), strict=True):
        scores = [entry["oof_score"] for entry in entries if entry["oof_score"] is not None]
        cells.append(
            (
                entries[0]["name"],
                f"{scores[0]:.3f}",
                *(f"{entry['weight']:.3f}" for entry in entries),
            )
        )
    return table(cells)


def _cell(interval, form=".3f"):
    if interval is None:
        return ""
    estimate, low, high = (format(value, form) for value in interval)
    return f"{estimate} ({low} to {high})"


class AccuracyTable(FromReports):
    """``.. accuracy-table::``"""

    def lines(self):
        """Write the record."""
        return accuracy_table(self.read("accuracy"))


class AccuracyDifferences(FromReports):
    """``.. accuracy-differences::``"""

    def lines(self):
        """Write what each step brings."""
        return difference_table(self.read("accuracy"))


class SelectionTable(FromReports):
    """``.. selection-table::``"""

    def lines(self):
        """Write what weights found out of fold bring."""
        return selection_tables(self.read("selection"))


class AccuracyLeak(FromReports):
    """``.. accuracy-leak::``"""

    def lines(self):
        """Write the leak."""
        return leak_table(self.read("accuracy"))


def setup(app):
    """Tell Sphinx about the directives."""
    app.add_directive("accuracy-table", AccuracyTable)
    app.add_directive("accuracy-differences", AccuracyDifferences)
    app.add_directive("accuracy-leak", AccuracyLeak)
    app.add_directive("selection-table", SelectionTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
