"""Draw the figure of the first page: ``python docs/_ext/overview.py``.

It writes ``docs/_static/overview-wide.svg`` and ``overview-tall.svg``, with slices of
``make_ct_phantoms``; nobody's picture is in it.
"""

import base64
import io
import itertools
from pathlib import Path

from PIL import Image

from fusionlearn.datasets import make_ct_phantoms

_INK, _MUTED, _LINE = "#16202a", "#55626e", "#c3ccd4"
_COLORS = ("#0072B2", "#E69F00", "#009E73")
_BOX = 200, 236


def text(x, y, words, *, size=13, color=_INK, weight=400, anchor="middle"):
    """Write a line of text."""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{color}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{words}</text>'
    )


def rectangle(x, y, width, height, *, fill="none", line=_LINE, radius=6, thick=1.2):
    """Draw a rectangle."""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
        f'fill="{fill}" stroke="{line}" stroke-width="{thick}"/>'
    )


def thumbnails():
    """Encode slices of three patients as PNG."""
    ct = make_ct_phantoms(12, n_patients=3, image_size=96, random_state=3)
    encoded = []
    for reference in ct.data:
        buffer = io.BytesIO()
        Image.fromarray(reference.decode()).convert("L").quantize(24).save(
            buffer, "PNG", optimize=True
        )
        encoded.append(base64.b64encode(buffer.getvalue()).decode())
    return encoded


def pictures(images):
    """Pictures of three patients, each row framed in the patient's colour."""
    parts = []
    for row, color in enumerate(_COLORS):
        top = 62 + row * 46
        parts.append(rectangle(20, top - 4, 160, 44, line=color, thick=1.8))
        for column in range(4):
            parts.append(
                f'<image x="{25 + column * 38.5}" y="{top}" width="36" height="36" '
                f'href="data:image/png;base64,{images[row * 4 + column]}"/>'
            )
    return parts


def networks(_):
    """Three networks over one store."""
    parts = []
    for row, (name, width) in enumerate((("InceptionV3", 92), ("DenseNet121", 92), ("VGG19", 92))):
        top = 62 + row * 34
        parts.append(rectangle(54, top, width, 27, fill="#eef3f7"))
        parts.append(text(100, top + 18, name))
    parts.append(
        '<path d="M54 172 v18 a46 8 0 0 0 92 0 v-18" fill="#eef3f7" stroke="#c3ccd4" '
        'stroke-width="1.2"/><ellipse cx="100" cy="172" rx="46" ry="8" fill="#fff" '
        'stroke="#c3ccd4" stroke-width="1.2"/>'
    )
    parts.append(text(100, 194, "store", size=12))
    return parts


def fusion(_):
    """Two ways of making one out of many."""
    parts = []
    for index, color in enumerate(("#5b7f9e", "#7d9cb5", "#a4bccf")):
        parts.append(rectangle(40 + index * 40, 68, 40, 20, fill=color, line="#fff", radius=2))
    parts.append(text(100, 108, "features, concatenated", size=12, color=_MUTED))
    parts.append(text(100, 132, "or", size=12, color=_MUTED))
    for index, vote in enumerate(("A", "A", "B")):
        fill = "#f6e3d8" if vote == "A" else "#eef3f7"
        parts.append(rectangle(28 + index * 50, 146, 44, 24, fill=fill, radius=12))
        parts.append(text(50 + index * 50, 162, vote, size=12))
    parts.append(text(100, 190, "decisions, voted", size=12, color=_MUTED))
    return parts


def head(_):
    """A small network that is trained."""
    parts = []
    for left, size in ((50, 5), (100, 4)):
        for index in range(size):
            y = 122 + (index - (size - 1) / 2) * 24
            for other in range(4 if left == 50 else 1):
                end = 122 + (other - 1.5) * 24 if left == 50 else 122
                parts.append(
                    f'<line x1="{left}" y1="{y}" x2="{left + 50}" y2="{end}" stroke="{_LINE}"/>'
                )
    for left, size, color in ((50, 5, "#7d9cb5"), (100, 4, "#5b7f9e"), (150, 1, "#D55E00")):
        for index in range(size):
            y = 122 + (index - (size - 1) / 2) * 24
            parts.append(f'<circle cx="{left}" cy="{y}" r="7" fill="{color}"/>')
    return parts


def judged(_):
    """Scores with intervals beside what the file alone would score; drawn, not measured."""
    parts = []
    for row, (name, low, mid, high, color) in enumerate(
        (("model", 92, 122, 152, "#0072B2"), ("file alone", 62, 88, 114, "#D55E00"))
    ):
        y = 92 + row * 58
        parts.append(text(30, y - 12, name, size=12, anchor="start"))
        parts.append(
            f'<path d="M{low} {y} H{high} M{low} {y - 5} v10 M{high} {y - 5} v10" '
            f'stroke="{color}" stroke-width="2" fill="none"/>'
            f'<circle cx="{mid}" cy="{y}" r="5.5" fill="{color}"/>'
        )
    parts.append(f'<path d="M30 178 H174" stroke="{_LINE}" stroke-width="1.2"/>')
    parts.append(text(102, 194, "score →", size=12, color=_MUTED))
    return parts


STEPS = (
    ("1  Pictures", "each knows its patient", pictures),
    ("2  Networks", "look once, ever", networks),
    ("3  Fusion", "many become one", fusion),
    ("4  Classifier", "trained in seconds", head),
    ("5  Evaluation", "by patient, with intervals", judged),
)


def draw(places, width, height, images):
    """Draw all steps at their places, and arrows between them."""
    w, h = _BOX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif">',
        "<title>Pictures that know their patient go through several networks once; features or "
        "votes are fused, a head is trained, and the result is judged by patient.</title>",
        rectangle(0, 0, width, height, fill="#fff", line="#fff", radius=10),
    ]
    for (title, subtitle, body), (x, y) in zip(STEPS, places, strict=True):
        parts.append(f'<g transform="translate({x} {y})">')
        parts.append(rectangle(0, 0, w, h, fill="#fff", radius=10))
        parts.append(text(100, 30, title, size=16, weight=600))
        parts += body(images)
        parts.append(text(100, 222, subtitle, color=_MUTED))
        parts.append("</g>")
    for (x, y), (u, v) in itertools.pairwise(places):
        if v > y:  # the next row: from the bottom of one box to the top of the other
            start, bend, end = (x + w / 2, y + h), y + h + 14, (u + w / 2, v)
            path = f"M{start[0]} {start[1]} V{bend} H{end[0]} V{end[1] - 7}"
            tip = f"M{end[0] - 5} {end[1] - 8} l5 7 l5 -7 z"
        else:
            path = f"M{x + w} {y + h / 2} H{u - 7}"
            tip = f"M{u - 8} {y + h / 2 - 5} l7 5 l-7 5 z"
        parts.append(f'<path d="{path}" fill="none" stroke="{_MUTED}" stroke-width="1.6"/>')
        parts.append(f'<path d="{tip}" fill="{_MUTED}"/>')
    return "\n".join([*parts, "</svg>\n"])


def main():
    """Write both files."""
    images = thumbnails()
    folder = Path(__file__).parents[1] / "_static"
    wide = draw([(12 + i * 226, 12) for i in range(5)], 1128, 260, images)
    places = [(12, 12), (238, 12), (12, 276), (238, 276), (125, 540)]
    (folder / "overview-wide.svg").write_text(wide, encoding="utf-8")
    (folder / "overview-tall.svg").write_text(draw(places, 450, 790, images), encoding="utf-8")


if __name__ == "__main__":
    main()
