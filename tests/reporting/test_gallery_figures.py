"""Figures of the gallery of the documentation, which are drawn as those of the report."""

import importlib
import pathlib
import sys
import warnings
import xml.etree.ElementTree as ET

import pytest

EXTENSIONS = pathlib.Path(__file__).parents[2] / "docs" / "_ext"


@pytest.fixture
def gallery(monkeypatch):
    """The two modules as Sphinx sees them."""
    monkeypatch.syspath_prepend(EXTENSIONS)
    yield importlib.import_module("gallery"), importlib.import_module("gallery_figures")
    sys.modules.pop("gallery")
    sys.modules.pop("gallery_figures")


def test_figures_of_the_gallery_have_the_ink_of_the_page(gallery, tmp_path):
    """So they can be read on the dark theme; and the style ends with the example."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    settings, figures = gallery
    before = plt.rcParams["text.color"], list(warnings.filters)
    settings.strict_and_in_ink({}, "plot_it.py", "before")
    with pytest.raises(UserWarning):
        warnings.warn("an example that warns fails the build", UserWarning, stacklevel=1)
    _, ax = plt.subplots(figsize=(4, 3))
    ax.plot([0, 1], [0, 1], label="a line")
    ax.set_title("What it\nshows")
    paths = iter([f"{tmp_path}/sphx_glr_plot_it_001.png", f"{tmp_path}/sphx_glr_plot_it_002.png"])
    rst = figures.scrape(None, {"image_path_iterator": paths}, {})
    settings.strict_and_in_ink({}, "plot_it.py", "after")
    assert (plt.rcParams["text.color"], list(warnings.filters)) == before
    assert plt.get_fignums() == []
    assert [path.name for path in tmp_path.iterdir()] == ["sphx_glr_plot_it_001.png"]
    head, html = rst.split("html\n\n")
    assert head == "\n.. raw:: "
    svg = ET.fromstring(html)[0]
    assert svg.get("aria-label") == "Figure: What it shows"
    assert "fill: currentColor" in html
    assert "#000001" not in html
    assert "sphx-glr-plot-it-001-" in html  # unique among the figures of a page
