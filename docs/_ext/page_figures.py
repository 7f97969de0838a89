"""A directive that shows what the programs of a page have drawn."""

import io
import re
import textwrap

import matplotlib
from benchmark_charts import _STYLE as STYLE
from benchmark_charts import _for_the_page as for_the_page
from docutils import nodes
from docutils.parsers.rst import Directive

_PROGRAM = re.compile(r"^\.\. code-block:: python\n\n((?: {3}.*\n|\n)+)", re.M)


class DrawnByThePage(Directive):
    """``.. drawn-by-the-page:: name``: the display or figure of that name, with a description.

    All programs above it are run, in order, as a reader would run them. The picture has the
    page's ink and letters.
    """

    required_arguments = 1
    has_content = True

    def run(self):
        env = self.state.document.settings.env
        path = env.doc2path(env.docname)
        with open(path, encoding="utf-8") as file:
            text = "".join(file.readlines()[: self.lineno - 1])
        programs = [textwrap.dedent(found[1]) for found in _PROGRAM.finditer(text)]
        namespace, n_done = env.temp_data.get("drawn_by_the_page", ({}, 0))
        # Text and lines get the page's own colour if they are drawn in this one.
        with matplotlib.rc_context(STYLE):
            for program in programs[n_done:]:
                exec(compile(program, path, "exec"), namespace)
            drawn = namespace[self.arguments[0]]
            figure = getattr(drawn, "figure_", drawn)
            svg = inline_svg(figure, " ".join(self.content))
        env.temp_data["drawn_by_the_page"] = (namespace, len(programs))
        return [nodes.raw("", svg, format="html")]


def inline_svg(figure, description):
    """Make an element that is as wide as the figure, or as the page where that is narrower."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    svg = for_the_page(buffer.getvalue(), description)
    width = 1.1 * figure.get_size_inches()[0]
    return svg.replace("min-width: 34rem; ", f"max-width: {width:.2f}in; ")


def setup(app):
    """Tell Sphinx about the directive."""
    app.add_directive("drawn-by-the-page", DrawnByThePage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
