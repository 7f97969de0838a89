"""What the model was trained and judged on."""

from collections import Counter

import numpy as np

from ...inspection import ClassDistributionDisplay
from .._blocks import Facts, Gallery, Picture, Section, Table
from .._svg import draw
from .._thumbnails import thumbnail
from .._words import count

# More classes than that are counted in a table, but not drawn or shown.
_MOST_DRAWN = 12
_MOST_LISTED = 50
_MOST_PICTURES = 12
_MOST_KINDS = 12


def data_section(material):
    """Count pictures, patients and kinds of files, and show some pictures.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    y, evaluation = material.y, material.evaluation
    masks = [y == label for label in evaluation.classes]
    blocks = [_classes(material, masks)]
    if len(masks) <= _MOST_DRAWN:
        display = ClassDistributionDisplay.from_labels(
            np.array(material.labels)[np.searchsorted(evaluation.classes, y)],
            groups=material.groups if material.known else None,
        )
        alt = "Bars: number of pictures of each class, as in the table above."
        caption = "Number of pictures" + (", in brackets of patients." if material.known else ".")
        blocks.append(draw(display.figure_, "classes", alt, caption))
    blocks.append(_files(material.references))
    if material.options["show_pictures"]:
        blocks.append(_examples(material, masks))
    whose = (
        f"of {count(material.n_patients, 'patient')}"
        if material.known
        else "whose patients are not known: each counts as a patient of its own"
    )
    return Section(
        "data",
        "Data",
        f"{count(len(y), 'picture')} {whose}, in {len(masks)} classes.",
        tuple(blocks),
        "Labels are taken as they were given; nobody has checked them here. Whether these "
        "pictures stand for those of another hospital, scanner or year cannot be seen in them.",
    )


def _classes(material, masks):
    head = ["Class", "Pictures", "Share"] + (["Patients"] if material.known else [])
    rows = []
    for label, mask in zip(material.labels, masks, strict=True):
        row = [label, f"{mask.sum():,}", f"{mask.mean():.1%}"]
        if material.known:
            row.append(f"{len(np.unique(material.groups[mask])):,}")
        rows.append(tuple(row))
    caption = "Pictures per class"
    if len(rows) > _MOST_LISTED:
        caption += f", the first {_MOST_LISTED} of {len(rows)} classes"
    return Table(caption, tuple(head), tuple(rows[:_MOST_LISTED]))


def _files(references):
    stored = [reference.describe() for reference in references]
    sides = {name: [entry[name] for entry in stored] for name in ("width", "height")}
    facts = [(name.capitalize(), _spread(values, "pixels")) for name, values in sides.items()]
    kinds = Counter((entry["format"], entry["mode"]) for entry in stored)
    common = [
        f"{format} {mode}: {number:,}" for (format, mode), number in kinds.most_common(_MOST_KINDS)
    ]
    if len(kinds) > _MOST_KINDS:
        common.append(f"{len(kinds) - _MOST_KINDS} other kinds")
    facts.append(("Format and colour mode", ", ".join(common)))
    facts.append(("Bytes per file", _spread([entry["n_bytes"] for entry in stored], "bytes")))
    return Facts(tuple(facts))


def _spread(values, unit):
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    if low == high:
        return f"{low:,.0f} {unit}, all alike"
    return f"{low:,.0f} to {high:,.0f} {unit}, half of them up to {middle:,.0f}"


def _examples(material, masks):
    n_each = max(1, min(4, _MOST_PICTURES // len(masks)))
    pictures = []
    for label, mask in list(zip(material.labels, masks, strict=True))[:_MOST_PICTURES]:
        positions = np.flatnonzero(mask)
        chosen = positions[np.linspace(0, len(positions) - 1, n_each).astype(int)]
        for index in dict.fromkeys(chosen.tolist()):
            uri = thumbnail(material.references[index].decode())
            alt = f"Example of the class {label}: picture {index}"
            pictures.append(Picture(uri, alt, label, material.names[index]))
    return Gallery(tuple(pictures))
