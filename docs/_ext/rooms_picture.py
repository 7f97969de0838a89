"""Who imports whom, as a matrix in SVG that takes the page's colours."""

import html

_CELL, _LEFT, _TOP = 36, 150, 118
_FILL = "#2c8cc9"  # stands out from white and from the dark theme's ground
_SINGLE = "single modules"


def draw(house):
    """Draw the rooms of a house and their imports.

    Parameters
    ----------
    house : rooms.House
        What was read. Its single modules are drawn as one.

    Returns
    -------
    svg : str
        An element for a page of HTML. A row is a room and says what it imports: its cells are
        the rooms, in the same order, with the number of modules that import from them. The
        diagonal has the number of modules of each room.
    """
    names = [_SINGLE, *house.rooms]
    counts = _merged(house)
    side = len(names) * _CELL
    width, height = _LEFT + side + 62, _TOP + side + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(_described(house, counts))}" font-size="13" '
        f'style="width: 100%; max-width: {width}px; min-width: 34rem; height: auto; '
        'font-family: inherit" fill="currentColor">'
    ]
    for row, name in enumerate(names):
        y = _TOP + row * _CELL
        x = _LEFT + row * _CELL
        parts.append(
            f'<text x="{_LEFT - 12}" y="{y + 23}" text-anchor="end">{name}</text>'
            f'<text transform="translate({x + 22} {_TOP - 9}) rotate(-48)">{name}</text>'
            f'<path d="M{_LEFT} {y} H{x + _CELL} M{x + _CELL} {y} V{_TOP + side}" '
            'stroke="currentColor" stroke-opacity="0.18"/>'
        )
        n_files = len(house.files[name]) if name in house.files else len(house.modules)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill-opacity="0.1"/>'
            f'<text x="{x + 18}" y="{y + 23}" text-anchor="middle" fill-opacity="0.75" '
            f'font-style="italic">{n_files}<title>{n_files} modules in {name}</title></text>'
        )
    for (importer, imported), modules in counts.items():
        parts.append(
            _cell(names.index(importer), names.index(imported), importer, imported, modules)
        )
    parts += _legend(_LEFT + 0.56 * side, _TOP + 1.1 * _CELL)
    parts.append(
        f'<path d="M{_LEFT} {_TOP} V{_TOP + side} H{_LEFT + side}" fill="none" '
        'stroke="currentColor" stroke-opacity="0.5"/></svg>'
    )
    return f'<div style="overflow-x: auto; margin: 1.2rem 0">{"".join(parts)}</div>'


def _merged(house):
    """Count with the single modules as one; what they import from each other is left out."""
    merged = {}
    for (importer, imported), modules in house.imports.items():
        pair = tuple(name if name in house.rooms else _SINGLE for name in (importer, imported))
        if pair[0] != pair[1]:
            known = merged.setdefault(pair, {})
            for module, at_once in modules.items():
                known[module] = known.get(module, False) or at_once
    return merged


def _cell(row, column, importer, imported, modules):
    x, y = _LEFT + column * _CELL + 3, _TOP + row * _CELL + 3
    late = not any(modules.values())
    title = f"{importer} imports from {imported} in {', '.join(sorted(modules))}"
    if late:
        title += ", when it is first needed"
    return _box(x, y, len(modules), late=late, title=title)


def _box(x, y, words, *, late, title=""):
    size = _CELL - 6
    if late:
        how = 'fill="none" stroke-dasharray="3 2.5"'
    else:
        strength = min(words, 16) / 16
        how = f'fill="{_FILL}" fill-opacity="{0.16 + 0.44 * strength:.2f}"'
    return (
        f'<g><rect x="{x}" y="{y}" width="{size}" height="{size}" rx="4" stroke="{_FILL}" {how}/>'
        f'<text x="{x + size / 2}" y="{y + 20}" text-anchor="middle">{words}</text>'
        f"<title>{html.escape(title)}</title></g>"
    )


def _legend(x, y):
    """Say what cells mean, in the half that stays empty."""
    yield _box(x, y, 3, late=False, title="an example")
    yield f'<text x="{x + 42}" y="{y + 20}">three of its modules import from there</text>'
    yield _box(x, y + 40, 3, late=True, title="an example")
    yield f'<text x="{x + 42}" y="{y + 60}">only when it is first needed</text>'
    yield (
        f'<rect x="{x - 3}" y="{y + 77}" width="{_CELL}" height="{_CELL}" fill-opacity="0.1"/>'
        f'<text x="{x + 15}" y="{y + 100}" text-anchor="middle" fill-opacity="0.75" '
        f'font-style="italic">9</text><text x="{x + 42}" y="{y + 100}">modules of its own</text>'
    )


def _described(house, counts):
    """Say the same in words, for those who do not see it."""
    sentences = ["Which room imports from which."]
    for room in house.rooms:
        others = [imported for importer, imported in counts if importer == room]
        ordered = [name for name in [_SINGLE, *house.rooms] if name in others]
        sentences.append(f"{room}: {', '.join(ordered) or 'nothing'}.")
    return " ".join(sentences)
