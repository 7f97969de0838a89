"""Figures of the gallery: part of the page, in its ink, on both themes."""

import textwrap

from fusionlearn.reporting._svg import draw


def scrape(block, block_vars, gallery_conf):
    """Put the figures that a program has shown into its page.

    Parameters
    ----------
    block : tuple
        The program.

    block_vars : dict
        What Sphinx-Gallery knows of it.

    gallery_conf : dict
        Settings of the gallery.

    Returns
    -------
    rst : str
        Its figures. Each is also saved as a picture, for the gallery's first page.
    """
    import matplotlib.pyplot as plt

    drawn = []
    for number, path in zip(plt.get_fignums(), block_vars["image_path_iterator"], strict=False):
        figure = plt.figure(number)
        figure.savefig(path, dpi=200)
        name = path.rpartition("/")[2].removesuffix(".png").replace("_", "-")
        drawn.append(_element(draw(figure, name, _titles(figure), caption="")))
    plt.close("all")
    return "".join(drawn)


def _titles(figure):
    """What the figure says of itself, for those who cannot see it."""
    titles = [ax.get_title(loc=place) for ax in figure.axes for place in ("left", "center")]
    said = ", ".join(dict.fromkeys(" ".join(title.split()) for title in titles if title))
    return f"Figure: {said or 'what the program above has drawn'}"


def _element(drawing):
    html = (
        '<div class="fl-drawn" role="region" aria-label="Figure" tabindex="0" '
        f'style="max-width: {drawing.width}px">{drawing.svg}</div>'
    )
    return "\n.. raw:: html\n\n" + textwrap.indent(html, "    ") + "\n\n"
