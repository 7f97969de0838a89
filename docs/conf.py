"""Sphinx settings: ``make docs``."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import fusionlearn

project = "fusionlearn"
author = "fusionlearn developers"
project_copyright = "fusionlearn developers, BSD 3-Clause License"
version = release = fusionlearn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "project_tables",
    "accuracy_tables",
    "torture_table",
    "benchmark_tables",
]
exclude_patterns = ["_build", "_ext", "_static", "_templates"]
templates_path = ["_templates"]
default_role = "code"
highlight_language = "python"
toc_object_entries_show_parents = "hide"
nitpicky = False  # no inventory of scikit-learn's or NumPy's pages is fetched

autosummary_generate = True
autosummary_imported_members = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {
    "exclude-members": ", ".join(
        f"set_{method}_request"
        for method in (
            "fit",
            "predict",
            "score",
            "split",
            "transform",
            "partial_fit",
            "inverse_transform",
        )
    )
}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "fusionlearn"
html_static_path = ["_static"]
html_css_files = ["fusionlearn.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {
    name: [] for name in ("index", "installation", "quickstart", "troubleshooting", "changelog")
}
html_theme_options = {
    "logo": {"text": "fusionlearn"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 8,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def quote_shapes(app, what, name, obj, options, lines):
    """Put attributes such as ``n_features_in_`` in a shape into backticks.

    reStructuredText takes a word that ends in an underscore for a link.
    """
    for number, line in enumerate(lines):
        lines[number] = re.sub(r"(?<=[( ])(\w+_)(?=,?\))", r"`\1`", line)


def setup(app):
    """Run before numpydoc, whose priority is 500."""
    app.connect("autodoc-process-docstring", quote_shapes, priority=400)
