"""The pages on errors and on settings are complete, and name nothing that is not there."""

import ast
import re
from pathlib import Path

import pytest

import fusionlearn
from fusionlearn import exceptions, get_config

ROOT = Path(__file__).parents[1]
SOURCES = sorted(Path(fusionlearn.__file__).parent.rglob("*.py"))
BASES = {"FusionlearnError", "FusionlearnWarning"}


def page_of(name):
    """A page, wherever in the documentation it lies."""
    (page,) = [page for page in (ROOT / "docs").rglob(f"{name}.rst") if "_build" not in page.parts]
    return page.read_text(encoding="utf-8")


def raised():
    """Names of the exceptions that are made anywhere in the library, or given to warn."""
    found = set()
    for source in SOURCES:
        if source.name == "exceptions.py":
            continue
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                found.add(called)
                if called == "warn":
                    found |= {part.id for part in node.args if isinstance(part, ast.Name)}
    return found


def sections():
    """Text of each section of the page on errors, by the name that it has as a title."""
    page = page_of("errors")
    return {
        title: text
        for title, text in re.findall(r"^(\w+)\n~{3,}\n(.*?)(?=^\.\. _|\Z)", page, re.M | re.S)
    }


def test_each_error_has_a_section_and_no_other_has_one():
    assert set(sections()) == set(exceptions.__all__)
    labels = re.findall(r"^\.\. _error-(\w+):$", page_of("errors"), re.M)
    assert sorted(labels) == sorted(exceptions.__all__)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_each_section_has_cause_and_cure_and_tells_what_else_it_is(name):
    text = sections()[name]
    assert f":class:`~fusionlearn.exceptions.{name}`" in text
    if name not in BASES:
        assert re.search(r"^Cause$", text, re.M)
        assert re.search(r"^Cure$", text, re.M)
    for base in getattr(exceptions, name).__bases__:
        if base.__module__ == "builtins" and base is not Exception:
            assert f"``{base.__name__}``" in text, base


def test_the_page_names_no_exception_that_is_not_there():
    named = re.findall(r"fusionlearn\.exceptions\.(\w+)", page_of("errors"))
    assert set(named) <= set(exceptions.__all__)


@pytest.mark.parametrize("name", sorted(set(exceptions.__all__) - BASES))
def test_each_error_can_come_up(name):
    """One that nothing raises any more leaves the library and the page."""
    assert name in raised()


def test_the_base_classes_are_never_raised_themselves():
    assert not BASES & raised()


def test_the_table_of_settings_has_a_row_for_each():
    rows = re.findall(r"^   \* - ``(\w+)``$", page_of("settings"), re.M)
    assert rows == sorted(get_config())
