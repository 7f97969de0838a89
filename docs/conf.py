"""Sphinx settings: ``make docs``."""

import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greeting is no news here
sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from gallery import gallery_settings

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
    "sphinx_gallery.gen_gallery",
    "project_tables",
    "accuracy_tables",
    "torture_table",
    "benchmark_tables",
    "page_figures",
    "rooms",
    "compatibility",
]
exclude_patterns = ["_build", "_ext", "_static", "_templates"]
sphinx_gallery_conf = gallery_settings()
templates_path = ["_templates"]
default_role = "code"
highlight_language = "python"
toc_object_entries_show_parents = "hide"
# Links must lead somewhere. No inventory of other projects' pages is fetched, so their names are
# left unlinked.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(sklearn|numpy|np|matplotlib|keras|pandas|PIL|pathlib|joblib)\..*"),
    ("py:.*", r"(n_features|feature_names)_in_"),
]

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

# Addresses are relative to the folder of this version: "../0.1/index.html".
versions = Path(__file__).with_name("_static") / "versions.json"
html_context = {"fl_versions": json.loads(versions.read_text(encoding="utf-8"))}
html_show_search_summary = False  # it is fetched, which pages opened from a disk may not do

html_theme = "pydata_sphinx_theme"
html_title = "fusionlearn"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["fusionlearn.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {name: [] for name in ("index", "installation", "changelog")}
html_theme_options = {
    "logo": {"text": "fusionlearn"},
    "navbar_align": "left",
    "navbar_end": ["version-list", "theme-switcher"],
    "header_links_before_dropdown": 8,
    "show_prev_next": False,
    "secondary_sidebar_items": {
        "[!g]**": ["page-toc"],
        "g[!a]**": ["page-toc"],
        "gallery/index": ["page-toc"],
        "gallery/*/*": [],  # programs are wide
    },
    "footer_start": ["copyright"],
    "footer_end": [],
}


def quote_shapes(app, what, name, obj, options, lines):
    """Put attributes such as ``n_features_in_`` in a shape into backticks.

    reStructuredText takes a word that ends in an underscore for a link.
    """
    for number, line in enumerate(lines):
        lines[number] = re.sub(r"(?<=[( ])(\w+_)(?=,?\))", r"`\1`", line)


def find_in_facade(app, env, node, contnode):
    """Link ``ConcatFusion`` or ``fusionlearn.images.ImageReference`` to the page of the facade.

    Docstrings see them so; the reference has them where users import them from.
    """
    room, _, name = node["reftarget"].rpartition(".")
    if node.get("refdomain") != "py" or room.partition(".")[0] not in ("", "fusionlearn"):
        return None
    name = f"fusionlearn.{name}"
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, contnode)


def setup(app):
    """Run before numpydoc, whose priority is 500."""
    app.connect("autodoc-process-docstring", quote_shapes, priority=400)
    app.connect("missing-reference", find_in_facade)
