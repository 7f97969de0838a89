"""Ranking, probabilities and training as curves."""

from contextlib import suppress

from sklearn.exceptions import NotFittedError

from ...fusion import MajorityVoteFusion
from ...fusion._base import is_dropped
from ...inspection import HistoryDisplay, ReliabilityDisplay
from ...inspection._inside import path_to
from .._blocks import Section, Text
from .._privacy import shorten
from .._roc import draw_roc
from .._svg import draw
from .._words import SCORES, count, interval, unit_apart

# Of a vote, that many trainings are drawn.
_MOST_MEMBERS = 8


def curves_section(material):
    """Draw the ROC curve, the reliability of probabilities, and the training.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    blocks = [_roc(material), _reliability(material), *_training(material)]
    return Section(
        "curves",
        "Curves",
        "How the model ranks, whether its probabilities come true, and how its training went.",
        tuple(blocks),
        "A threshold that is chosen on a curve must be judged on other pictures. Probabilities "
        "hold for the shares of classes in these data; where the disease is rarer they are too "
        "high. The training is that of one model out of all that were judged.",
    )


def _roc(material):
    judged = material.judged
    if len(judged.classes) > 2:
        return Text("With more than two classes there is no single ROC curve to draw.")
    with_area = {
        "the model": judged,
        "file alone, no pixel": judged.shortcut,
    }
    areas = {name: interval(part.scores["roc_auc"]) for name, part in with_area.items()}
    alt = (
        "ROC curves: sensitivity against false alarms. "
        + "; ".join(f"{name}: area {area}" for name, area in areas.items())
        + "."
    )
    figure = draw_roc(with_area, areas)
    caption = (
        f"ROC curves by {material.unit[:-1]}, for the class {material.positive}; the band holds "
        f"95 % of resamples of the {unit_apart(material.known)}s at each rate of false alarms."
    )
    return draw(figure, "roc", alt, caption)


def _reliability(material):
    judged = material.judged
    display = ReliabilityDisplay.from_evaluation(judged)
    error = interval(judged.scores["calibration_error"])
    alt = (
        "Points: predicted probability against the frequency with which it came true, with "
        f"intervals, beside the diagonal. {SCORES['calibration_error']}: {error}."
    )
    caption = (
        f"Reliability by {material.unit[:-1]}. On the diagonal a probability means what it says."
    )
    return draw(display.figure_, "reliability", alt, caption)


def _training(material):
    trained = {"": material.model}
    with suppress(NotFittedError, TypeError):
        vote = path_to(material.model, lambda one: isinstance(one, MajorityVoteFusion), wanted="")
        members = vote[-1].named_estimators_.items()
        trained = {name: one for name, one in members if not is_dropped(one)}
    drawings = []
    for number, (name, estimator) in enumerate(list(trained.items())[:_MOST_MEMBERS]):
        with suppress(NotFittedError, TypeError):
            for metric in ("accuracy", "loss") if len(trained) == 1 else ("loss",):
                display = HistoryDisplay.from_estimator(estimator, metric=metric)
                drawings.append(_history(display, metric, shorten(name), number))
    if drawings:
        return drawings
    return [Text("There are no curves of a training: no FineTuneClassifier decides at the end.")]


def _history(display, metric, member, number):
    values = display.history[metric]
    whose = f"the member {member}" if member else "one model"
    alt = (
        f"{metric.capitalize()} of {whose} in training and validation over "
        f"{count(len(values), 'epoch')}, from {values[0]:.3f} to {values[-1]:.3f} in training."
    )
    caption = (
        f"{metric.capitalize()} of {whose}, fitted on all folds but one. Its validation part "
        "comes from the training pictures: these are no scores."
    )
    return draw(display.figure_, f"history-{metric}-{number}", alt, caption)
