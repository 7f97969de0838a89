"""Figures as a part of the page: scalable, in the page's ink, and without a request."""

import io
import re
import warnings
import xml.etree.ElementTree as ET
from contextlib import contextmanager

from markupsafe import Markup

from ..exceptions import printable
from ..inspection._figures import BLUE, VERMILION
from ._blocks import Drawing
from ._thumbnails import recompress

# Matplotlib's default for whatever is ink; one step beside black, which is a colour of data.
_INK = "#000001"
_INKS = (
    "text.color",
    "axes.edgecolor",
    "axes.labelcolor",
    "xtick.color",
    "ytick.color",
    "patch.edgecolor",
    "hatch.color",
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECIMALS = re.compile(r"(\.\d\d)\d+")  # hundredths of a point are enough
_GREY = re.compile(r"#([0-9a-f]{2})\1\1")
_PIXELS_PER_POINT = 96 / 72
# Greys of text that are darker than this stand on the page rather than on a colour.
_GREY_INK = 0.6
# A figure that is wider than the screen is scrolled rather than shrunk below this.
_SMALLEST = 0.62
# Colours that are lighter on a dark page.
_OF_PAGE = {BLUE.lower(): "var(--blue)", VERMILION.lower(): "var(--vermilion)"}


@contextmanager
def page_style():
    """Let matplotlib draw in the page's ink; figures must be made and drawn inside.

    Yields
    ------
    None
    """
    import matplotlib

    settings = {
        **dict.fromkeys(_INKS, _INK),
        "svg.fonttype": "none",
        "svg.hashsalt": "fusionlearn",
        "svg.image_inline": True,
        "image.composite_image": False,
        # A label may have dollar signs; it is no formula.
        "text.parse_math": False,
        "font.size": 10,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The reader's fonts draw the text, whatever matplotlib's own lack.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def draw(figure, name, alt, caption):
    """Turn a figure into a block of the page.

    Parameters
    ----------
    figure : matplotlib Figure
        Made inside :func:`page_style`.

    name : str
        Begins all identifiers, so that those of two figures differ.

    alt : str
        What one sees, for those who cannot.

    caption : str
        What stands below.

    Returns
    -------
    drawing : Drawing
        Its ``svg`` element's ink follows the colour of the text around it.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, bbox_inches="tight")
    root = ET.fromstring(_NOT_XML.sub("\ufffd", buffer.getvalue()))
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("metadata", "style")):
                parent.remove(child)
    elements = list(root.iter())
    for element in elements:
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: v for key, v in element.attrib.items()}
    _rename(elements, name)
    # There, black and white lines lie on pictures rather than on the page.
    has_pictures = any(element.tag == "image" for element in elements)
    for element in elements:
        if element.tag == "image":
            element.set("href", recompress(element.get("href")))
            element.set("preserveAspectRatio", "none")  # as it was drawn, whatever its pixels
        for key in {"d", "transform"}.intersection(element.attrib):
            element.set(key, _DECIMALS.sub(r"\1", element.get(key)))
        if element.tag == "text":
            element.text = printable(element.text or "")
        if "style" in element.attrib:
            element.set("style", _themed(element.get("style"), element.tag, has_pictures))
    points = [float(number) for number in root.get("viewBox").split()[2:]]
    width, height = (round(number * _PIXELS_PER_POINT) for number in points)
    root.attrib = {
        "viewBox": root.get("viewBox"),
        "role": "img",
        "aria-label": alt,
        "style": f"min-width: {width * _SMALLEST:.0f}px; aspect-ratio: {width} / {height}",
    }
    svg = Markup(ET.tostring(root, encoding="unicode"))  # ElementTree has escaped all text
    return Drawing(svg, caption, width)


def _rename(elements, name):
    """Drop identifiers that nobody refers to, and make the others unique in the page."""
    used = {
        found[1]
        for element in elements
        for key, value in element.attrib.items()
        if (key == "href" or "url(" in value)
        for found in [re.search(r"#([^)'\"]+)", value)]
        if found and not value.startswith("data:")
    }
    numbers = {old: f"{name}-{number}" for number, old in enumerate(sorted(used))}
    for element in elements:
        if element.get("id") in numbers:
            element.set("id", numbers[element.get("id")])
        else:
            element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            if key == "href" and value.startswith("#"):
                element.set(key, f"#{numbers[value[1:]]}")
            elif "url(#" in value:
                element.set(
                    key, re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{numbers[m[1]]})", value)
                )


def _themed(style, tag, has_pictures):
    """Replace colours of ink and paper by those of the page."""
    entries = [entry.partition(":") for entry in style.split(";") if entry.strip()]
    style = {name.strip(): value.strip() for name, _, value in entries}
    if "font" in style:  # the page's font in its place
        found = re.search(r"([\d.]+)px", style["font"])
        bold = re.search(r"\b(bold|[6-9]00)\b", style.pop("font"))
        style["font-size"] = f"{found[1]}px"
        if bold:
            style["font-weight"] = "bold"
    if tag == "text" and "fill" not in style:
        style["fill"] = "#000000"  # asked for by name, as on a light colour
    for name in ("fill", "stroke"):
        color = style.get(name, "")
        if color == _INK:
            style[name] = "currentColor"
        elif tag == "text":
            grey = _GREY.fullmatch(color)
            if grey and 0 < int(grey[1], 16) / 255 < _GREY_INK:
                style[name], style["opacity"] = "currentColor", "0.8"
        elif has_pictures:
            continue
        elif color in _OF_PAGE:
            style[name] = _OF_PAGE[color]
        elif color == "#ffffff":
            style[name] = "var(--paper)"
        elif grey := _GREY.fullmatch(color):
            opacity = float(style.get(f"{name}-opacity", 1)) * (1 - int(grey[1], 16) / 255)
            style[name], style[f"{name}-opacity"] = "currentColor", f"{opacity:.2f}"
    return "; ".join(f"{name}: {value}" for name, value in style.items())
