"""A release that is not whole is not made."""

import datetime
import json
import re

import pytest

import fusionlearn

TODAY = datetime.date(2027, 1, 31)
CHANGELOG = """# Changelog

## [Unreleased]

## [0.2.0] - 2027-01-31

### Added

- `this`.

## [0.1.0] - 2026-12-01

- All.

[0.1.0]: somewhere
"""


@pytest.fixture
def project(tmp_path):
    """Files of a project that is ready."""
    files = {
        "fusionlearn/__init__.py": '"""It."""\n\n__version__ = "0.2.0"\n',
        "CHANGELOG.md": CHANGELOG,
        "CITATION.cff": 'cff-version: 1.2.0\nversion: 0.2.0\ndate-released: "2027-01-31"\n',
        "tools/conda/recipe.yaml": "context:\n  name: it\n  version: 0.2.0\n",
        "docs/_static/versions.json": json.dumps([{"version": "0.2.0"}]),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def change(project, name, old, new):
    """Replace text in a file in which it is."""
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))


def test_a_project_that_is_ready_has_no_problems(project):
    from release_checks import find_problems

    assert find_problems(project, TODAY) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("fusionlearn/__init__.py", "0.2.0", "0.2.0.dev0", "no release"),
        ("CHANGELOG.md", "## [0.2.0]", "## [0.2.1]", r"no entry '## \[0.2.0\] - 2027-01-31'"),
        ("CHANGELOG.md", "### Added\n\n- `this`.\n", "", "is empty"),
        ("CHANGELOG.md", "2027-01-31", "2027-01-30", "today is 2027-01-31"),
        ("CHANGELOG.md", " - 2027-01-31", "", "is of None"),
        ("CITATION.cff", "version: 0.2.0", "version: 0.1.0", "version is 0.1.0"),
        ("CITATION.cff", 'date-released: "2027-01-31"', "", "date-released is None"),
        ("tools/conda/recipe.yaml", "0.2.0", "0.1.0", "version is 0.1.0"),
        ("docs/_static/versions.json", "0.2.0", "0.1.0", "no entry of 0.2.0"),
    ],
)
def test_each_problem_is_found(project, name, old, new, problem):
    from release_checks import find_problems

    change(project, name, old, new)
    problems = find_problems(project, TODAY)
    (of_this_file,) = [text for text in problems if text.startswith(f"{name}: ")]
    assert re.search(problem, of_this_file)


def test_a_candidate_is_a_release(project):
    from release_checks import find_problems

    for name in ("fusionlearn/__init__.py", "CHANGELOG.md", "CITATION.cff"):
        change(project, name, "0.2.0", "0.2.0rc1")
    problems = find_problems(project, TODAY)
    assert {problem.partition(":")[0] for problem in problems} == {
        "tools/conda/recipe.yaml",
        "docs/_static/versions.json",
    }


def test_an_entry_ends_where_the_next_begins():
    from release_checks import changelog_entry

    assert changelog_entry(CHANGELOG, "0.2.0") == ("2027-01-31", "### Added\n\n- `this`.")
    assert changelog_entry(CHANGELOG, "0.1.0") == ("2026-12-01", "- All.")
    assert changelog_entry(CHANGELOG, "Unreleased") == (None, "")
    assert changelog_entry(CHANGELOG, "0.1") == (None, None)


def test_the_message_of_the_tag_has_no_line_that_git_drops():
    from release_checks import tag_message

    message = tag_message("0.2.0", "### Added\n\n- `this`, #1.")
    assert message == "fusionlearn 0.2.0\n\nAdded:\n\n- `this`, #1.\n"


def test_versions_are_compared_by_their_numbers():
    from release_checks import numbers

    assert numbers("0.10.0.dev0") == (0, 10, 0) > numbers("0.9") == (0, 9)
    with pytest.raises(ValueError, match="wanted such as"):
        numbers("soon")


def test_the_changelog_of_the_project_is_understood(root):
    from release_checks import changelog_entry

    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog_entry(text, "Unreleased")[1] is not None


def test_everything_that_names_the_version_names_the_same(root):
    """Also between releases; pip reads it from the package."""
    from release_checks import citation, package_version, recipe_version

    recipe = (root / "tools" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    assert {
        package_version(root),
        citation((root / "CITATION.cff").read_text(encoding="utf-8"))[0],
        recipe_version(recipe),
    } == {fusionlearn.__version__}
    pages = json.loads((root / "docs" / "_static" / "versions.json").read_text(encoding="utf-8"))
    assert fusionlearn.__version__ in [entry["version"] for entry in pages]


def test_nothing_is_sent_without_two_flags(capsys):
    """And without any, a run is a dry one."""
    from release import parse

    assert parse([]).dry_run
    assert not parse([]).upload
    assert parse(["--no-dry-run", "--upload"]).upload
    assert not parse(["--no-dry-run"]).upload
    with pytest.raises(SystemExit):
        parse(["--upload"])
    assert "--upload needs --no-dry-run" in capsys.readouterr().err


def test_a_release_with_problems_stops_before_it_builds(monkeypatch, capsys):
    """What is in the way is printed, and no command is run."""
    import release

    monkeypatch.setattr(release, "find_problems", lambda root, today: ["a: wrong"])
    monkeypatch.setattr(release, "git_problems", lambda tag: [])
    monkeypatch.setattr(release, "build", lambda folder: pytest.fail("built"))
    assert release.main(["--no-dry-run"]) == 1
    assert capsys.readouterr().out == "problem: a: wrong\nNothing was done.\n"
