"""What predictions are worth, beside what they would be worth without a look."""

import numpy as np

from .._blocks import Facts, Section, Table, Text
from .._words import SCORES, count, difference, interval, unit_apart, unseen

_MOST_CLASSES = 12


def scores_section(material):
    """Give all scores with intervals, and how often which class was taken for which.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    blocks = []
    if isinstance(material.by_patient, str):
        blocks.append(Text(material.by_patient))
    else:
        title = f"By patient, mean of the pictures of each ({material.n_patients:,} patients)"
        blocks.append(_table(title, material.by_patient))
    title = f"By picture ({count(len(material.y), 'picture')})"
    blocks.append(_table(title, material.evaluation))
    blocks.append(_confusion(material))
    blocks.append(Facts(_meanings(material)))
    opening = (
        f"How often the model is right about pictures {unseen(material.known, 'it has not seen')}, "
        "beside a classifier that sees only how the files are stored, and no pixel."
    )
    repeats = material.evaluation.n_repeats
    drawn = f"{unit_apart(material.known)}s"
    limits = (
        f"Intervals hold 95 % and come from drawing {drawn} anew. They are about which {drawn} "
        "happened to be here, not about other hospitals, scanners or years. Who tries many models "
        "and reports the best has a figure that is too good."
    )
    if repeats > 1:
        limits = f"Scores are means over {repeats} repeats with other folds. {limits}"
    return Section("scores", "Scores", opening, tuple(blocks), limits)


def _table(caption, evaluation):
    columns = {"The model": evaluation.scores, "File alone, no pixel": evaluation.shortcut.scores}
    apart = evaluation.compare(evaluation.shortcut)
    if evaluation.grain_control is not None:
        columns["Without fine grain"] = evaluation.grain_control.scores
    rows = tuple(
        (
            SCORES[name],
            *(interval(scores[name]) for scores in columns.values()),
            difference(apart[name]),
        )
        for name in evaluation.scores
    )
    head = ("Score", *columns, "Model − file alone")
    return Table(f"{caption}; 95 % intervals in brackets", head, rows)


def _confusion(material):
    judged, labels = material.judged, material.labels
    true, predicted = judged.y_true, judged.y_pred
    classes = judged.classes
    counts = np.array(
        [[np.sum((true == a) & (predicted == b)) for b in classes] for a in classes]
        if len(classes) <= _MOST_CLASSES
        else []
    )
    if len(counts):
        head = ("Is", *(f"Predicted {label}" for label in labels))
        rows = [
            (label, *(f"{number:,}" for number in row))
            for label, row in zip(labels, counts, strict=True)
        ]
        return Table(f"Which class was taken for which: {material.unit}", head, tuple(rows))
    pairs, numbers = np.unique(
        np.searchsorted(classes, [true, predicted])[:, true != predicted],
        axis=1,
        return_counts=True,
    )
    order = np.argsort(-numbers, kind="stable")[:_MOST_CLASSES]
    rows = [
        (f"{labels[pairs[0, i]]}, predicted {labels[pairs[1, i]]}", f"{numbers[i]:,}")
        for i in order
    ]
    return Table("The most frequent mistakes", ("Is", material.unit.capitalize()), tuple(rows))


def _meanings(material):
    about = (
        f"Sensitivity, specificity and F1 are about the class {material.positive}."
        if material.positive is not None
        else f"F1, sensitivity, specificity and area are means over {len(material.labels)} classes."
    )
    return (
        ("Accuracy", "Share of right predictions; high for free where one class is frequent."),
        ("F1, sensitivity, specificity", about),
        ("Area under the ROC curve", "How often a picture of the class ranks above another one."),
        ("Brier score", "Mean squared error of the probability."),
        (
            "Calibration error",
            "Mean gap between a probability and how often it comes true. On few pictures chance "
            "makes it too large, for which the interval corrects: one that begins at 0 says that "
            "right probabilities are not ruled out.",
        ),
    )
