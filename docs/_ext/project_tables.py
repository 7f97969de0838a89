"""Directives for what the documentation must not say a second time by hand."""

import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.util.nodes import nested_parse_with_titles

_PREPROCESSING = {
    "none": "the network's own layers",
    "tf": "scaled to −1…1",
    "caffe": "BGR, ImageNet's mean taken off",
    "torch": "scaled to 0…1, standardised",
}


def backbone_table():
    """Write the table of networks as reStructuredText.

    Returns
    -------
    lines : list of str
        A list-table with a row for each application of Keras that the library knows.
    """
    from fusionlearn import BACKBONES

    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - Name",
        "     - Input size",
        "     - Smallest size",
        "     - Features",
        "     - Preprocessing",
    ]
    for name in BACKBONES:
        backbone = BACKBONES[name]
        if backbone.is_application:
            lines += [
                f"   * - ``{name}``",
                f"     - {backbone.input_size}",
                f"     - {backbone.min_size}",
                f"     - {backbone.n_features}",
                f"     - {_PREPROCESSING[backbone.preprocessing]}",
            ]
    return lines


def changelog(text):
    """Turn the changelog, which is simple Markdown, into reStructuredText.

    Parameters
    ----------
    text : str
        Headings, paragraphs, lists, links and code in single backticks.

    Returns
    -------
    lines : list of str
        The same without the title of the page.
    """
    lines = []
    for line in text.splitlines():
        line = re.sub(r"`([^`]+)`", r"``\1``", line)
        line = re.sub(r"\[([^\]]+)\]\((\S+?)\)", r"`\1 <\2>`__", line)
        heading = re.match(r"(#+) (.*)", line)
        if heading is None:
            lines.append(line)
        elif len(heading[1]) > 1:
            title = heading[2].strip("[]")
            lines += [title, {2: "=", 3: "-"}[len(heading[1])] * len(title)]
    return lines


class Generated(Directive):
    """Parse lines that are made while the pages are built."""

    def run(self):
        node = nodes.section()
        node.document = self.state.document
        nested_parse_with_titles(self.state, StringList(self.lines(), "generated"), node)
        return node.children


class BackboneTable(Generated):
    """``.. backbone-table::``"""

    def lines(self):
        """Write the table."""
        return backbone_table()


class Changelog(Generated):
    """``.. changelog::``"""

    def lines(self):
        """Read the file at the top of the project."""
        path = Path(__file__).parents[2] / "CHANGELOG.md"
        self.state.document.settings.env.note_dependency(str(path))
        return changelog(path.read_text(encoding="utf-8"))


def setup(app):
    """Tell Sphinx about the directives."""
    app.add_directive("backbone-table", BackboneTable)
    app.add_directive("changelog", Changelog)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
