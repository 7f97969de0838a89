"""Whatever the documentation shows is run here."""

import ast
import doctest
import importlib
import random
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from command_lines import check_command_line

import fusionlearn

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_MADE = {"_build", "_templates", "gallery", "generated"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in DOCS.rglob("*.rst") if not _MADE & {*page.relative_to(DOCS).parts}),
]
LANGUAGES = {"python", "console", "text"}
# Rooms all of whose public names are for users; those of other rooms are re-exported.
LEAF_ROOMS = ("datasets", "exceptions", "inspection", "metrics", "model_selection", "presets")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block:
    """A program in a page."""

    def __init__(self, page, line, source, language, needs_network):
        self.page = page
        self.line = line  # of the first line of the source, counted from 1
        self.source = source
        self.language = language
        self.needs_network = needs_network

    @property
    def is_doctest(self):
        return self.source.lstrip().startswith(">>>")


def blocks_of(page):
    """Find all programs of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    find = _markdown_blocks if page.suffix == ".md" else _rst_blocks
    return list(find(page, lines))


def _markdown_blocks(page, lines):
    number = 0
    while number < len(lines):
        fence = re.fullmatch(r"```(\w*)", lines[number])
        if fence:
            end = lines.index("```", number + 1)
            source = "\n".join(lines[number + 1 : end])
            needs_network = lines[number - 1].strip() == "<!-- needs-network -->"
            yield Block(page, number + 2, source, fence[1], needs_network)
            number = end
        number += 1


def _rst_blocks(page, lines):
    number = 0
    while number < len(lines):
        line = lines[number]
        directive = re.fullmatch(r"( *)\.\. code-block::(?: (\w+))?", line)
        start = number
        if directive:
            indent = len(directive[1])
            number += 1
            while number < len(lines) and (
                not lines[number].strip() or _indent(lines[number]) > indent
            ):
                number += 1
            body = lines[start + 1 : number]
            shift = min(_indent(text) for text in body if text.strip())
            source = "\n".join(text[shift:] for text in body)
            needs_network = lines[start - 1].strip() == ".. needs-network"
            yield Block(page, start + 2, source, directive[2] or "", needs_network)
        elif line.lstrip().startswith(">>>"):
            while number < len(lines) and lines[number].strip():
                number += 1
            source = "\n".join(text[_indent(line) :] for text in lines[start:number])
            yield Block(page, start + 1, source, "python", needs_network=False)
        else:
            number += 1


def _belongs(line, indent):
    return not line.strip() or _indent(line) > indent


def _indent(line):
    return len(line) - len(line.lstrip())


def run(block, namespace):
    """Run a program in a page's namespace, or the imports of one that needs the internet."""
    where = str(block.page.relative_to(ROOT))
    if block.is_doctest:
        test = doctest.DocTestParser().get_doctest(
            block.source, namespace, where, str(block.page), block.line - 1
        )
        test.globs = namespace  # not a copy: what follows uses what was made here
        doctest.DebugRunner(optionflags=OPTIONS, verbose=False).run(test, clear_globs=False)
        return
    tree = ast.parse(block.source, where)
    ast.increment_lineno(tree, block.line - 1)
    if block.needs_network:
        compile(tree, where, "exec")
        imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        assert imports, f"{where}:{block.line} has no import, so nothing of it was tried"
        tree.body = imports
    exec(compile(tree, where, "exec"), namespace)


@pytest.fixture
def own_globals():
    """Give back what is global, which programs may change by others' code.

    Estimators without a seed draw from the global generators, and scikit-learn adds filters of
    warnings on the threads of a cluster that is in this process.
    """
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  what is guarded
    with warnings.catch_warnings():
        yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002


@pytest.mark.usefixtures("own_globals")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_program_of_the_page_runs(page, tmp_path, monkeypatch, capsys):
    """What a reader copies works, and prints what the page says."""
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for block in blocks_of(page):
        if block.language == "python":
            try:
                run(block, namespace)
            except doctest.DocTestFailure as failure:
                pytest.fail(
                    f"{page}:{block.line + failure.example.lineno}: {failure.example.source}"
                    f"expected:\n{failure.example.want}got:\n{failure.got}"
                )
            except doctest.UnexpectedException as failure:
                raise failure.exc_info[1] from None


def test_blocks_are_found():
    """The search for programs cannot become empty without a failure."""
    found = [block for page in PAGES for block in blocks_of(page) if block.language == "python"]
    assert len(found) > 40
    with_programs = {block.page.name for block in found}
    for folder in ("tutorials", "how-to", "explanation"):
        pages = {page.name for page in DOCS.glob(f"{folder}/*.rst")}
        assert pages - with_programs <= {"index.rst", "security.rst"}, folder
    assert sum(block.needs_network for block in found) <= 3


def test_no_program_hides_behind_another_language():
    """Python that is called "pycon" or nothing at all would not be run."""
    for page in PAGES:
        for block in blocks_of(page):
            where = f"{page.relative_to(ROOT)}:{block.line}"
            assert block.language in LANGUAGES, where
            if block.language != "python":
                assert "import " not in block.source, where
        if page.suffix == ".rst":
            assert not re.search(r"^(?!\s*\.\.).*::$", page.read_text(encoding="utf-8"), re.M), page
            assert page.read_text(encoding="utf-8").count("needs-network") == sum(
                block.needs_network for block in blocks_of(page)
            ), page


def test_programs_fit_the_page():
    """Readers need not scroll sideways."""
    for page in PAGES:
        for block in blocks_of(page):
            for number, line in enumerate(block.source.splitlines()):
                is_output = block.is_doctest and not line.startswith((">>>", "..."))
                assert len(line) <= 93 or is_output, f"{page}:{block.line + number}"


def test_a_broken_program_fails():
    """The runner sees wrong output, wrong names and syntax errors."""
    page = ROOT / "README.md"
    for source, error in (
        (">>> 1 + 1\n3", doctest.DocTestFailure),
        (">>> missing", doctest.UnexpectedException),
        ("from fusionlearn import missing", ImportError),
        ("def", SyntaxError),
    ):
        with pytest.raises(error):
            run(Block(page, 1, source, "python", needs_network=False), {})
    source = "from fusionlearn import missing\nno_name()"
    with pytest.raises(ImportError):
        run(Block(page, 1, source, "python", needs_network=True), {})


def _autosummary_names():
    text = (DOCS / "api" / "index.rst").read_text(encoding="utf-8")
    return set(re.findall(r"^   ([\w.]+)$", text, re.M))


def test_every_public_name_is_in_the_reference():
    """A name that a colleague adds gets a page; one that is gone leaves the page."""
    rooms = {name for name in fusionlearn.__all__ if name in fusionlearn._ROOMS}
    wanted = set(fusionlearn.__all__) - rooms - {"__version__"}
    for room in LEAF_ROOMS:
        wanted |= {
            f"{room}.{name}" for name in importlib.import_module(f"fusionlearn.{room}").__all__
        }
    listed = _autosummary_names()
    assert wanted <= listed, f"add to docs/api/index.rst: {sorted(wanted - listed)}"
    for name in listed:
        thing = fusionlearn
        for part in name.split("."):
            thing = getattr(thing, part)


def test_every_error_and_warning_has_a_cure():
    """The page for people in trouble knows all of our exceptions."""
    text = (DOCS / "troubleshooting.rst").read_text(encoding="utf-8")
    for name in fusionlearn.exceptions.__all__:
        assert f"exceptions.{name}`" in text, name


def test_table_of_networks_has_a_row_for_each(monkeypatch):
    """The page's table is the table in code."""
    monkeypatch.syspath_prepend(DOCS / "_ext")
    pytest.importorskip("sphinx")
    tables = importlib.import_module("project_tables")
    rows = "\n".join(tables.backbone_table())
    for name, backbone in fusionlearn.BACKBONES.items():
        assert (
            f"* - ``{name}``\n     - {backbone.input_size}\n" in rows
        ) == backbone.is_application
    sys.modules.pop("project_tables")


def test_changelog_becomes_restructuredtext(monkeypatch):
    """Headings, code and links of the changelog survive."""
    monkeypatch.syspath_prepend(DOCS / "_ext")
    pytest.importorskip("sphinx")
    tables = importlib.import_module("project_tables")
    text = "# Changelog\n\n## [0.1]\n\n### Added\n\n- `x`, see [y](z.html)."
    assert tables.changelog(text) == [
        *("", "0.1", "===", "", "Added", "-----", ""),
        "- ``x``, see `y <z.html>`__.",
    ]
    assert "Unreleased" in tables.changelog((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    sys.modules.pop("project_tables")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_between_files_lead_somewhere(name):
    """Relative links are paths of the project."""
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert targets or name != "README.md"
    for target in targets:
        assert (ROOT / target).exists(), target


def test_make_targets_in_the_pages_exist():
    """No page names a command that make does not know."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.M))
    for page in [*PAGES, ROOT / "SECURITY.md"]:
        for target in re.findall(r"(?:\$ |`)make ([a-z][\w-]*)", page.read_text(encoding="utf-8")):
            assert target in targets, f"{page.name}: make {target}"


def test_pages_link_to_pages():
    """A page that was moved is not asked for at its old place."""
    for page in PAGES[2:]:
        for target in re.findall(r":doc:`(?:[^`<]*<)?([^`<>]+)>?`", page.read_text("utf-8")):
            base = DOCS if target.startswith("/") else page.parent
            name = (base / target.lstrip("/")).resolve().relative_to(DOCS)
            if name.parts[0] == "gallery":
                parts = name.with_suffix(".py").parts[1:]
                assert name.name == "index" or (ROOT / "examples").joinpath(*parts).exists(), name
            else:
                assert (DOCS / name).with_name(f"{name.name}.rst").exists(), f"{page}: {target}"


def test_dead_links_of_built_pages_are_found(tmp_path, monkeypatch):
    """The step of ``make docs`` that checks links is not blind."""
    monkeypatch.syspath_prepend(DOCS / "_ext")
    check = importlib.import_module("check_links")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<h1 id="a">A</h1><a href="../one.html#b">b</a>')
    links = ("sub/#a", "sub/index.html#c", "two.html", "#here", "https://x.org/none", "?q=1#b")
    one = "".join(f'<a href="{link}">x</a>\n' for link in links)
    (tmp_path / "one.html").write_text(f'{one}<p id="b"><img srcset="a.png, b.png 2x">')
    dead, n_links = check.dead_links(tmp_path)
    assert n_links == 8
    assert [line.split(": ")[0:2] for line in dead] == [
        ["one.html:2", "sub/index.html#c"],
        ["one.html:3", "two.html"],
        ["one.html:4", "#here"],
        ["one.html:7", "a.png"],
        ["one.html:7", "b.png"],
    ]
    sys.modules.pop("check_links")


def test_options_of_commands_in_the_pages_exist():
    """No page shows an option or a variable that its command does not take."""
    commands = {
        "$ python examples/covid_ct.py": (ROOT / "examples" / "covid_ct.py", r"--[\w-]+", '"{}"'),
        "$ make": (ROOT / "Makefile", r"\b([A-Z]+)=", "\n{} ?="),
    }
    found = 0
    for page in PAGES:
        consoles = [block.source for block in blocks_of(page) if block.language == "console"]
        for line in "\n".join(consoles).splitlines():
            if line.startswith("$ fusionlearn "):
                found += 1
                check_command_line(line[2:])
            for command, (file, pattern, form) in commands.items():
                for option in re.findall(pattern, line) if line.startswith(command) else ():
                    found += 1
                    assert form.format(option) in file.read_text(encoding="utf-8"), (
                        f"{page.name}: {line}"
                    )
    assert found > 10
