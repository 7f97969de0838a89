"""Pictures of benchmarks as SVG that takes the page's colours, in the light and in the dark."""

import html
import io
import re
import statistics

# Each stands out from white and from the dark theme's ground.
_COLORS = ("#8a8f98", "#2c8cc9", "#d55e00", "#009e73", "#cc79a7")
# Text and lines are drawn in this colour, and then given the page's own.
_INK = "#010203"
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fusionlearn",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(section):
    """Draw a section of a report.

    Parameters
    ----------
    section : dict
        A section as ``python -m benchmarks`` writes it.

    Returns
    -------
    svg : str
        An element for a page of HTML.
    """
    import matplotlib
    from matplotlib.figure import Figure

    measured = {}
    for entry in section["measurements"]:
        measured.setdefault(entry["group"], {})[entry["contestant"]] = entry
    draw_axes = {"relative": _relative, "bars": _bars, "lines": _lines}[section["chart"]]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8, 1), layout="constrained")
        axes = figure.subplots()
        description = draw_axes(figure, axes, section, measured)
        axes.grid(axis="both" if section["chart"] == "lines" else "x", color=_INK, alpha=0.15)
        axes.set_axisbelow(True)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True)
    return _for_the_page(buffer.getvalue(), f"{section['title']}: {description}")


def unit_shown(section):
    """Name the unit in which values of a section are shown."""
    unit = section["unit"]
    return f"{unit}s per second" if section["show"] == "rate" else f"seconds per {unit}"


def shown(section, entry):
    """Give median, smallest and largest value of a measurement, as they are shown."""
    each = [seconds / entry["amount"] for seconds in entry["seconds"]]
    if section["show"] == "rate":
        each = [1 / seconds for seconds in each]
    return statistics.median(each), min(each), max(each)


def _relative(figure, axes, section, measured):
    """Speed of all but the first contestant of each group, the first being 1."""
    first, *others = next(iter(measured.values()))
    figure.set_size_inches(8, 1 + 0.16 * len(measured) * (len(others) + 1))
    for number, name in enumerate(others):
        colour = _COLORS[(number + 1) % len(_COLORS)]
        for row, group in enumerate(measured.values()):
            ratios = [
                (a / group[first]["amount"]) / (b / group[name]["amount"])
                for a, b in zip(group[first]["seconds"], group[name]["seconds"], strict=True)
            ]
            middle = statistics.median(ratios)
            place = row + (number - (len(others) - 1) / 2) / (len(others) + 1)
            axes.barh(
                place,
                middle,
                height=0.9 / (len(others) + 1),
                color=colour,
                xerr=[[middle - min(ratios)], [max(ratios) - middle]],
                ecolor=_INK,
                error_kw={"elinewidth": 0.8},
                label=name if row == 0 else None,
            )
    axes.axvline(1, color=_INK, linewidth=1)
    axes.set_yticks(range(len(measured)), list(measured))
    axes.invert_yaxis()
    axes.set_xlabel(f"speed, {first} being 1")
    figure.legend(loc="outside upper center", ncols=min(3, len(others)), frameon=False)
    return f"speed of {', '.join(others)}, {first} being 1"


def _bars(figure, axes, section, measured):
    """What is shown, a bar for each contestant."""
    bars = [(group, name, entry) for group, of in measured.items() for name, entry in of.items()]
    figure.set_size_inches(8, 0.8 + 0.36 * len(bars))
    for row, (_, _, entry) in enumerate(bars):
        middle, low, high = shown(section, entry)
        axes.barh(
            row,
            middle,
            height=0.6,
            color=_COLORS[1 if row == len(bars) - 1 else 0],
            xerr=[[middle - low], [high - middle]],
            ecolor=_INK,
            error_kw={"elinewidth": 0.8},
        )
    labels = [name if len(measured) == 1 else f"{group}, {name}" for group, name, _ in bars]
    axes.set_yticks(range(len(bars)), labels)
    axes.invert_yaxis()
    axes.set_xlabel(unit_shown(section))
    return unit_shown(section)


def _lines(figure, axes, section, measured):
    """What is shown over groups that are numbers, both on logarithmic scales."""
    figure.set_size_inches(8, 3.2)
    sizes = [int(group.replace(",", "")) for group in measured]
    for number, name in enumerate(next(iter(measured.values()))):
        points = [shown(section, group[name]) for group in measured.values()]
        middles, lows, highs = zip(*points, strict=True)
        axes.fill_between(sizes, lows, highs, color=_COLORS[number + 1], alpha=0.25, linewidth=0)
        axes.plot(sizes, middles, color=_COLORS[number + 1], marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(f"number of {section['unit']}s")
    axes.set_ylabel(unit_shown(section))
    axes.legend(frameon=False)
    return f"{unit_shown(section)} by number of {section['unit']}s"


def _for_the_page(svg, description):
    """Make an inline element that speaks, scales, and has the page's ink and letters."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg.replace(_INK, "currentColor")
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1; font-family: inherit", svg)
    box = re.search(r'viewBox="[^"]*"', svg)[0]
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box} role="img" aria-label="{html.escape(description)}" '
        'style="width: 100%; min-width: 34rem; height: auto">'
    )
    svg = re.sub(r"<svg[^>]*>", lambda _: frame, svg, count=1)
    return f'<div style="overflow-x: auto; margin: 1rem 0">{svg}</div>'
