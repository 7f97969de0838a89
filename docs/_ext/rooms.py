"""Directives that show the rooms of the package, read from its files without importing it."""

import ast
import dataclasses
import tomllib
from collections import defaultdict
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from project_tables import Generated
from rooms_picture import draw

_ROOT = Path(__file__).parents[2]
_PACKAGE = "fusionlearn"


@dataclasses.dataclass(frozen=True)
class House:
    """Rooms and single modules in the order of the contract, the lowest first.

    Attributes
    ----------
    order : list of str
        Names of all layers.

    files : dict of str to list of pathlib.Path
        Files of each room; a single module has one.

    imports : dict of (str, str) to dict of str to bool
        For each pair of importer and imported: the importing modules, and whether each of them
        does it when it is loaded (rather than inside a function, or through the facade).
    """

    order: list
    files: dict
    imports: dict

    @property
    def rooms(self):
        """Names of those that are folders."""
        return [name for name in self.order if self.files[name][0].parent.name == name]

    @property
    def modules(self):
        """Names of those that are a single file."""
        return [name for name in self.order if name not in self.rooms]

    def purpose(self, name):
        """Get the first line of a docstring."""
        init = next((file for file in self.files[name] if file.stem == "__init__"), None)
        text = (init or self.files[name][0]).read_text(encoding="utf-8")
        return ast.get_docstring(ast.parse(text)).partition("\n\n")[0].replace("\n", " ")


def read_house(root=_ROOT):
    """Read layers from ``pyproject.toml``, and who imports whom from the package's files."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    order = [layer.removeprefix(f"{_PACKAGE}.") for layer in reversed(layers)]
    homes = homes_of((root / _PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    files = defaultdict(list)
    imports = defaultdict(dict)
    for file in sorted((root / _PACKAGE).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        room = parts[1]
        if room not in order:  # the package's own __init__ and __main__
            continue
        files[room].append(file)
        module = "/".join(parts[2:]) or room
        for other, at_once in imported_rooms(file.read_text(encoding="utf-8"), parts, homes):
            if other != room and other in order:
                known = imports[room, other].get(module, False)
                imports[room, other][module] = known or at_once
    return House(order, dict(files), dict(imports))


def homes_of(text):
    """Read the facade's table of public names: the room or module of each."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "_HOMES":
            return ast.literal_eval(node.value)
    raise LookupError("The facade has no table _HOMES.")


def imported_rooms(text, parts, homes):
    """Find the rooms that a module imports from.

    Parameters
    ----------
    text : str
        Its source.

    parts : tuple of str
        Its place, such as ("fusionlearn", "fusion", "_vote").

    homes : dict of str to str
        Public names of the facade, which is imported at once, and rooms that they come from.

    Yields
    ------
    name : str
        What follows ``fusionlearn.`` in the name of a module.

    at_once : bool
        Whether the import is outside of every function.
    """
    tree = ast.parse(text)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*parts[: len(parts) - node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            # ``from .. import images`` names the room last.
            names = [[*base, alias.name] for alias in node.names]
        for name in names:
            if name[0] == _PACKAGE and len(name) > 1:
                yield name[1], id(node) not in inside
        # ``fusionlearn.load``: the facade imports it when it is first used.
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == _PACKAGE:
            yield homes.get(node.attr, node.attr), False


def table(house, names):
    """Write names and what they are for as reStructuredText, the lowest first."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 24 76", "   :class: fl-fixed"]
    lines += ["", "   * - Name", "     - What it is for"]
    for name in names:
        lines += [f"   * - ``{name}``", f"     - {house.purpose(name)}"]
    return lines


class RoomTable(Generated):
    """``.. room-table:: rooms`` or ``modules``"""

    required_arguments = 1

    def lines(self):
        """Write the table."""
        house = _noted_house(self.state.document.settings.env)
        return table(house, getattr(house, self.arguments[0]))


class RoomPicture(Directive):
    """``.. room-picture::``"""

    def run(self):
        house = _noted_house(self.state.document.settings.env)
        return [nodes.raw("", draw(house), format="html")]


def _noted_house(env):
    house = read_house()
    for file in [_ROOT / "pyproject.toml", *(file for one in house.files.values() for file in one)]:
        env.note_dependency(str(file))
    return house


def setup(app):
    """Tell Sphinx about the directives."""
    app.add_directive("room-table", RoomTable)
    app.add_directive("room-picture", RoomPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
