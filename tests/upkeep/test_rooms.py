"""The page for those who carry the project on shows the house as it is."""

import re
import textwrap

import pytest


@pytest.fixture
def house(root):
    from rooms import read_house

    return read_house(root)


def make_project(folder, files):
    """Write a small package whose layers are ``top``, ``low`` and ``_base``."""
    layers = '"fusionlearn.top", "fusionlearn.low", "fusionlearn._base"'
    (folder / "pyproject.toml").write_text(
        f"[[tool.importlinter.contracts]]\nlayers = [{layers}]\n", encoding="utf-8"
    )
    for name, text in files.items():
        path = folder / "fusionlearn" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture
def small_house(tmp_path):
    from rooms import read_house

    files = {
        "__init__.py": '_HOMES = {"load": "low"}\n',
        "_base.py": '"""Base."""\n',
        "low/__init__.py": '"""Low."""\nfrom ._it import x\n',
        "low/_it.py": "from .. import _base\nimport numpy.low\nx = 1\n",
        "top/__init__.py": '"""Top.\n\nMore.\n"""\n',
        "top/_one.py": "from ..low._it import x\n",
        "top/_two.py": "def f():\n    from ..low import x\n",
        "top/_three.py": "import fusionlearn\nfusionlearn.load\nfusionlearn.__version__\n",
        "top/sub/_four.py": "from ..._base import y\nfrom . import low\n",
    }
    make_project(tmp_path, files)
    return read_house(tmp_path)


def test_imports_are_read_in_all_their_forms(small_house):
    """Relative ones at each depth, in functions, of the room itself, and through the facade."""
    assert small_house.imports == {
        ("low", "_base"): {"_it": True},
        ("top", "low"): {"_one": True, "_two": False, "_three": False},
        ("top", "_base"): {"sub/_four": True},
    }
    assert small_house.rooms == ["low", "top"]
    assert small_house.modules == ["_base"]
    assert small_house.purpose("top") == "Top."


def test_the_picture_has_a_cell_for_each_pair(small_house):
    from rooms_picture import draw

    svg = draw(small_house)
    titles = re.findall(r"<title>([^<]* imports [^<]*)</title>", svg)
    assert titles == [
        "low imports from single modules in _it",
        "top imports from low in _one, _three, _two",
        "top imports from single modules in sub/_four",
    ]
    assert "top: single modules, low." in svg
    assert 'fill="#fff"' not in svg


def test_every_room_has_its_place_in_the_order(root, house):
    """The contract of import-linter is silent about a room that it does not list."""
    package = root / "fusionlearn"
    there = {path.stem for path in package.iterdir() if path.suffix == ".py"}
    there |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert there - {"__init__", "__main__"} == set(house.order)


def test_nothing_is_imported_upwards(house):
    """Also not where import-linter does not look: by the facade's names."""
    for importer, imported in house.imports:
        assert house.order.index(imported) < house.order.index(importer), (importer, imported)


def test_contributors_read_the_order_as_it_is(root, house):
    """The list in CONTRIBUTING.md has all rooms."""
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    first, *rooms = [line.partition(" ")[0] for line in block.splitlines()]
    assert first == "exceptions,"
    assert rooms == house.rooms


def test_every_room_says_what_it_is_for(house):
    from rooms import table

    rows = "\n".join(table(house, house.rooms + house.modules))
    for name in house.order:
        assert re.search(rf"\* - ``{name}``\n     - \S", rows)


def test_paths_in_the_pages_exist(root):
    """Who follows the pages of development finds the files."""
    found = 0
    for page in (root / "docs" / "development").glob("*.rst"):
        for path in re.findall(
            r"``((?:docs/(?!_build)|fusionlearn/|tests/|tools/)[\w./-]*|\w+\.(?:md|cff|toml))``",
            page.read_text(encoding="utf-8"),
        ):
            assert (root / path).exists(), f"{page.name}: {path}"
            found += 1
    assert found > 30
