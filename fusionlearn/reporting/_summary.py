"""What the page says, in a few sentences."""

from dataclasses import dataclass

from ._sections._audit import finding_text
from ._words import count, difference, interval, unit_apart


@dataclass(frozen=True)
class Summary:
    """The first thing that is read.

    Parameters
    ----------
    sentences : tuple of str
        What was done and what came out.

    cautions : tuple of str
        What must be said beside it.
    """

    sentences: tuple
    cautions: tuple


def summarise(material):
    """Say what was done, what came out, and what stands against it.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    summary : Summary
        In words.
    """
    judged, shortcut = material.judged, material.judged.shortcut
    scores, alone = judged.scores, shortcut.scores
    repeats = f", repeated {judged.n_repeats} times" if judged.n_repeats > 1 else ""
    classes = ", ".join(material.labels[:6]) + (" and others" if len(material.labels) > 6 else "")
    about = f" for {material.positive}" if material.positive is not None else ""
    one = {"patients": "a patient (mean of the pictures)", "pictures": "a picture"}[material.unit]
    sentences = [
        f"{count(len(material.y), 'picture')} of {count(material.n_patients, 'patient')} in "
        f"{len(material.labels)} classes ({classes}) were cross-validated by patient in "
        f"{count(material.n_folds, 'fold')}{repeats}: each picture was judged by a model that "
        "had seen neither it nor another picture of its patient."
        if material.known
        else f"{count(len(material.y), 'picture')} in {len(material.labels)} classes ({classes}) "
        f"were cross-validated in {count(material.n_folds, 'fold')}{repeats}. Patients are not "
        "known: if one has several pictures, all figures are too good.",
        f"For {one} the model has an accuracy of {interval(scores['accuracy'])} and an area under "
        f"the ROC curve{about} of {interval(scores['roc_auc'])}.",
        "A classifier that sees only how the files are stored, and no pixel, has an accuracy of "
        f"{interval(alone['accuracy'])} and an area of {interval(alone['roc_auc'])}; the model's "
        f"area differs from it by {difference(judged.compare(shortcut)['roc_auc'])}.",
        f"Brackets hold 95 % intervals over {unit_apart(material.known)}s.",
    ]
    leaks = [finding_text(one, material) for one in material.audit.findings if one.leaks]
    return Summary(tuple(sentences), tuple(dict.fromkeys([*judged.cautions, *leaks])))
