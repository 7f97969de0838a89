"""An evaluation in words."""

import numpy as np

from .._hints import did_you_mean

# With n patients of a class all judged right, an error rate up to 3 / n remains possible at
# 95 % (the rule of three); and percentiles of resamples are too narrow for few clusters.
MIN_PATIENTS = 30

_AGGREGATED = {
    "mean": "each judged by the mean of its pictures",
    "vote": "each judged by the vote of its pictures",
}
NO_DIAGNOSIS = "Scores describe these pictures and this procedure. They are no diagnosis."
# Of a mean of absolute gaps: it is above 0 on any sample, however right probabilities are.
_CHANCE = (
    "A calibration_error whose interval begins at 0 is no larger than chance may make it where all "
    "probabilities are right."
)
_SHOWN_AS_0 = 0.0005
_NAME_WIDTH = 20
_CELL_WIDTH = 24


def unknown_positive(positive, classes):
    """Make the error that no label is called like the positive one.

    Parameters
    ----------
    positive : object
        What was got.

    classes : ndarray of shape (n_classes,)
        The labels.

    Returns
    -------
    error : ValueError
        To be raised.
    """
    labels = classes.tolist()
    hint = did_you_mean(positive, map(str, labels))
    return ValueError(f"positive={positive!r}: wanted one of the labels {labels}.{hint}")


def small_sample(y_true, groups, classes, patients_known):
    """Say that there are too few patients, if so.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Labels.

    groups : ndarray of shape (n_samples,)
        Patient of each picture.

    classes : ndarray of shape (n_classes,)
        The labels, sorted.

    patients_known : bool
        Whether ``groups`` are patients.

    Returns
    -------
    caution : str or None
        The sentence.
    """
    patients = {label: len(np.unique(groups[y_true == label])) for label in classes.tolist()}
    label = min(patients, key=patients.get)
    n_patients = patients[label]
    if n_patients >= MIN_PATIENTS:
        return None
    whose = "patient(s)" if patients_known else "picture(s) of unknown patients"
    # The exact bound where the rule of three is too coarse for such small numbers.
    error = 1 - 0.05 ** (1 / n_patients) if n_patients else 1.0
    return (
        f"The class {label!r} has only {n_patients} {whose}, fewer than {MIN_PATIENTS}: intervals "
        "are narrower than they should be, and even without any error among "
        f"{n_patients} the error rate of that class may be up to {error:.0%}. Judge the model on "
        "more patients before you rely on its scores."
    )


def make_cautions(evaluation, to_shortcut, to_grain_control):
    """Find what must be said beside the scores.

    Parameters
    ----------
    evaluation : Evaluation
        The predictions.

    to_shortcut, to_grain_control : dict of str to BootstrapInterval, or None
        Paired differences of all scores: the model's minus the control's.

    Returns
    -------
    cautions : list of str
        Sentences.
    """
    cautions = [
        small_sample(
            evaluation.y_true, evaluation.groups, evaluation.classes, evaluation.patients_known
        )
    ]
    if to_shortcut is not None:
        cautions.append(_beside_the_shortcut(to_shortcut, _judged(evaluation)))
    if to_grain_control is not None:
        cautions.append(_beside_the_grain_control(to_grain_control, _judged(evaluation)))
    return [caution for caution in cautions if caution is not None]


def make_text(evaluation):
    """Write an evaluation as a table, with its cautions below.

    Parameters
    ----------
    evaluation : Evaluation
        The predictions, with their controls.

    Returns
    -------
    text : str
        Several lines.
    """
    parts, remark = {"": evaluation}, []
    has_several = len(np.unique(evaluation.groups)) < len(evaluation.groups)
    if has_several and evaluation.patients_known:
        parts = {"by picture": evaluation}
        try:
            parts["by patient, mean of its pictures"] = evaluation.by_patient("mean")
            parts["by patient, vote of its pictures"] = evaluation.by_patient("vote")
        except ValueError as error:
            remark = [f"There are no scores by patient. {error}"]
    head = "".join(f"{name:<{_CELL_WIDTH}}" for name in _columns(evaluation))
    lines = [headline(evaluation), (" " * _NAME_WIDTH + head).rstrip()]
    for title, part in parts.items():
        lines += [title] if title else []
        lines += _rows(part)
    # A vote is for its class; it ranks worse than the mean, and need not be told again.
    judged = [part for part in parts.values() if part.aggregation != "vote"]
    cautions = dict.fromkeys(caution for part in judged for caution in part.cautions)
    if any(_calibration_may_be_chance(part) for part in parts.values()):
        remark.append(_CHANCE)
    return "\n".join([*lines, *remark, *cautions, NO_DIAGNOSIS])


def _calibration_may_be_chance(evaluation):
    interval = evaluation.scores.get("calibration_error")
    return interval is not None and interval.low < _SHOWN_AS_0


def headline(evaluation):
    """Say how many pictures and patients there are, and what scores and intervals are of.

    Parameters
    ----------
    evaluation : Evaluation
        The predictions.

    Returns
    -------
    text : str
        One line.
    """
    n_patients = len(np.unique(evaluation.groups))
    if evaluation.aggregation is not None:
        whose = f"{n_patients} patients, {_AGGREGATED[evaluation.aggregation]}"
    else:
        whose = f"{len(evaluation.y_true)} pictures, {n_patients} patients"
    whose += ", 95 % intervals by patient"
    if not evaluation.patients_known:
        whose = (
            f"{len(evaluation.y_true)} pictures, patients are not known: each picture counts as "
            "its own, and scores and 95 % intervals are too good if one patient has several"
        )
    if evaluation.n_repeats > 1:
        whose += f"; means over {evaluation.n_repeats} repeats"
    if len(evaluation.classes) > 2:
        return f"{whose}; means over {len(evaluation.classes)} classes"
    return f"{whose}; about {str(evaluation.positive)!r}"


def _columns(evaluation):
    columns = {"the model": evaluation}
    if evaluation.shortcut is not None:
        columns["file alone, no pixel"] = evaluation.shortcut
    if evaluation.grain_control is not None:
        columns["without fine grain"] = evaluation.grain_control
    return columns


def _rows(evaluation):
    columns = [column.scores for column in _columns(evaluation).values()]
    rows = []
    for name in evaluation.scores:
        cells = "".join(f"{cell(column[name]):<{_CELL_WIDTH}}" for column in columns)
        rows.append(f"  {name:<{_NAME_WIDTH - 2}}{cells}".rstrip())
    return rows


def cell(interval):
    """Write a score with its interval.

    Parameters
    ----------
    interval : BootstrapInterval
        A named tuple ``(estimate, low, high)``.

    Returns
    -------
    text : str
        Such as "0.857 [0.821, 0.890]".
    """
    return f"{interval.estimate:z.3f} [{interval.low:z.3f}, {interval.high:z.3f}]"


def _judged(evaluation):
    """What the model judges and ranks."""
    if evaluation.aggregation is None:
        return "pictures"
    return f"patients ({evaluation.aggregation} of their pictures)"


def _beside_the_shortcut(difference, judged):
    area = difference["roc_auc"]
    if area.low > 0:
        return None
    if area.estimate <= 0:
        finding = (
            f"The model ranks {judged} no better than a forest that sees only how files are stored"
        )
    else:
        finding = (
            f"It has not been shown that the model ranks {judged} better than a forest that sees "
            f"only how files are stored (difference of roc_auc {cell(area)})"
        )
    return f"{finding}; it may have learned where pictures come from rather than what they show."


def _beside_the_grain_control(difference, judged):
    lost = [
        f"{name} by {cell(difference[name])}"
        for name in ("roc_auc", "accuracy")
        if difference[name].low > 0
    ]
    if not lost:
        return None
    return (
        "On the same pictures in grey, at one size and one compression the model judges "
        f"{judged} worse in {' and in '.join(lost)}: that part of its score rests on fine grain, "
        "which differs from source to source and need not be there in other pictures."
    )
