"""What a release has to be, as functions of the files: no git, no network, nothing written."""

import ast
import dataclasses
import json
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)(rc\d+)?")
_MARKS = ("deprecated", "renamed_parameter", "removed_parameter")
_HOME = "_deprecation.py"


@dataclasses.dataclass(frozen=True)
class Deprecation:
    """A place where something is marked as going."""

    where: str
    since: str
    removed_in: str
    is_noted: bool

    def problem(self, version):
        """Say what is wrong with it in a version, or None."""
        since, removed_in = numbers(self.since), numbers(self.removed_in)
        if numbers(version) >= removed_in:
            return f"{self.where}: was to be removed in {self.removed_in}; remove it"
        earliest = (since[0], since[1] + 2) if removed_in[0] <= since[0] else (since[0] + 1, 1)
        if removed_in < earliest:
            return (
                f"{self.where}: deprecated in {self.since}, removed in {self.removed_in}; "
                "people get two minor versions"
            )
        if not self.is_noted:
            return f"{self.where}: the docstring lacks '.. deprecated:: {self.since}'"
        return None


def numbers(version):
    """Get the numbers of a version: (0, 4, 0) of "0.4.0.dev0", which is taken for 0.4.0."""
    found = re.match(r"\d+(\.\d+)*", version)
    if found is None:
        raise ValueError(f"{version!r} is no version; wanted such as '0.4' or '0.4.0.dev0'.")
    return tuple(int(number) for number in found[0].split("."))


def package_version(root):
    """Read `__version__` without importing the package."""
    text = (root / "fusionlearn" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"$', text, re.M)[1]


def citation(text):
    """Read version and date of a CITATION.cff: a tuple, with None for what is not there."""
    found = {
        key: re.search(rf"^{key}: *[\"']?([^\"'\s]+)[\"']?$", text, re.M)
        for key in ("version", "date-released")
    }
    return tuple(match and match[1] for match in found.values())


def recipe_version(text):
    """Read the version in the context of the conda recipe."""
    return re.search(r"^  version: *(\S+)$", text, re.M)[1]


def changelog_entry(text, version):
    """Find what the changelog says of a version.

    Parameters
    ----------
    text : str
        The changelog, in the form of Keep a Changelog.

    version : str
        The version, or "Unreleased".

    Returns
    -------
    date : str or None
        Such as "2027-01-31".

    body : str or None
        What stands below the heading; None if there is no such heading.
    """
    heading = re.search(rf"^## \[{re.escape(version)}\](?: - (\S+))?$", text, re.M)
    if heading is None:
        return None, None
    body = re.split(r"^## |^\[[^\]]+\]: ", text[heading.end() :], maxsplit=1, flags=re.M)[0]
    return heading[1], body.strip()


def tag_message(version, body):
    """Write the message of a tag: headings as words, since git drops lines with #."""
    body = re.sub(r"^#+ (.*)$", r"\1:", body, flags=re.M)
    return f"fusionlearn {version}\n\n{body}\n"


def deprecations(root):
    """List everything in the package that is marked as going."""
    found = []
    for path in sorted((root / "fusionlearn").rglob("*.py")):
        if path.name != _HOME:
            found += _marks_in(path.read_text(encoding="utf-8"), str(path.relative_to(root)))
    return found


def _marks_in(text, name):
    notes = Counter(re.findall(r"\.\. deprecated:: (\S+)\n", text))
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", None))
        if called not in _MARKS:
            continue
        where = f"{name}:{node.lineno}"
        said = {keyword.arg: keyword.value for keyword in node.keywords}
        try:
            since, removed_in = (ast.literal_eval(said[key]) for key in ("since", "removed_in"))
        except (KeyError, ValueError):
            raise ValueError(f"{where}: since= and removed_in= must be literal strings.") from None
        # `deprecated` writes the note itself; those of parameters are written by hand.
        noted = called == "deprecated" or notes[since] > 0
        notes[since] -= called != "deprecated"
        yield Deprecation(where, since, removed_in, noted)


def deprecation_problems(root, version):
    """List what is wrong with deprecations in a version; above all, which outlived their time."""
    going = (one.problem(version) for one in deprecations(root))
    return [problem for problem in going if problem]


def find_problems(root, today):
    """List what stands between the files of a project and its release.

    Parameters
    ----------
    root : pathlib.Path
        The top folder of the project.

    today : datetime.date
        The day of the release.

    Returns
    -------
    problems : list of str
        Each says what is wrong and where; an empty list is good news.
    """

    def read(name):
        return (root / name).read_text(encoding="utf-8")

    version = package_version(root)
    problems = []
    if _RELEASE.fullmatch(version) is None:
        problems.append(
            f"fusionlearn/__init__.py: {version!r} is no release; wanted such as '0.1.0'"
        )
    date, body = changelog_entry(read("CHANGELOG.md"), version)
    if body is None:
        problems.append(f"CHANGELOG.md: no entry '## [{version}] - {today}'")
    elif not body:
        problems.append(f"CHANGELOG.md: the entry of {version} is empty")
    elif date != str(today):
        problems.append(f"CHANGELOG.md: {version} is of {date}, and today is {today}")
    cited, cited_date = citation(read("CITATION.cff"))
    if cited != version:
        problems.append(f"CITATION.cff: version is {cited}, the package's is {version}")
    if cited_date != str(today):
        problems.append(f"CITATION.cff: date-released is {cited_date}, and today is {today}")
    if (listed := recipe_version(read("tools/conda/recipe.yaml"))) != version:
        problems.append(f"tools/conda/recipe.yaml: version is {listed}, the package's is {version}")
    pages = [entry["version"] for entry in json.loads(read("docs/_static/versions.json"))]
    if version not in pages:
        problems.append(f"docs/_static/versions.json: no entry of {version}")
    return problems + deprecation_problems(root, version)
