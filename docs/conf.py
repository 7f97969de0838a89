"""Sphinx settings: ``make docs``."""

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
]
exclude_patterns = ["_build", "_ext", "_static", "_templates"]
templates_path = ["_templates"]
default_role = "code"
highlight_language = "python"
nitpicky = False  # no inventory of scikit-learn's or NumPy's pages is fetched

autosummary_generate = True
autosummary_imported_members = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
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
