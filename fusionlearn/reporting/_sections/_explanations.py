"""Where in pictures decisions come from."""

import warnings

import numpy as np

from ...exceptions import ExplanationWarning
from ...inspection import ExplanationDisplay, explain
from .._blocks import LeftOut, Listing, Section, Text
from .._privacy import shorten
from .._svg import draw

_TITLE = "Explanations"


def explanations_section(material):
    """Lay over some pictures the evidence in them.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section or LeftOut
        The section.
    """
    n_explained = material.options["explanations"]
    if not n_explained or not material.options["show_pictures"]:
        return LeftOut(_TITLE, "No pictures with explanations were asked for.")
    chosen = _choose(material, n_explained)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExplanationWarning)
        try:
            found = explain(material.model, material.references[chosen])
        except ValueError as error:  # of a model without maps; all else was tried before
            return LeftOut(_TITLE, f"There is no Grad-CAM of this model. {error}")
    remarks = []
    for warning in caught:
        if issubclass(warning.category, ExplanationWarning):
            remarks.append(Text(str(warning.message.among(chosen))))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    display = ExplanationDisplay(found).plot()
    sentences = tuple(
        _sentence(material, index, explanation)
        for index, explanation in zip(chosen.tolist(), found, strict=True)
    )
    drawing = draw(
        display.figure_,
        "explanations",
        "Heat maps over pictures, in the order of the list below.",
        "Evidence for the class that is predicted (Grad-CAM), of all networks together and of "
        "each; all maps have one scale, and contours stand at a quarter and at half of its end.",
    )
    return Section(
        "explanations",
        _TITLE,
        "Where the evidence lies for what one model says of pictures that it has not seen: those "
        "of which it was surest, right and wrong.",
        (drawing, Listing(sentences), *remarks),
        "A map says what moves this model, which may be a shortcut. Evidence in the lung does not "
        "show that the model has understood the disease, and evidence elsewhere is a reason to "
        "look again. The pictures were chosen by a rule, but they are few.",
    )


def _choose(material, number):
    """Of each class the picture of which the model is surest, right ones and then wrong ones."""
    test, classes = material.test, material.evaluation.classes
    proba = material.model.predict_proba(material.references[test])
    predicted, sure = classes[proba.argmax(axis=1)], proba.max(axis=1)
    chosen = []
    for is_right in (True, False):
        for label in classes:
            true = material.y[test]
            candidates = np.flatnonzero((true == label) & ((predicted == true) == is_right))
            if len(candidates):
                chosen.append(candidates[np.argmax(sure[candidates])])
    return test[np.array(chosen[:number], dtype=int)]


def _sentence(material, index, explanation):
    shares = ", ".join(f"{shorten(name)} {share:.0%}" for name, share in explanation.shares.items())
    of_networks = f" Evidence by network: {shares}." if len(explanation.shares) > 1 else ""
    return (
        f"P{', '.join(material.names[index])[1:]}: is {shorten(material.y[index])}, predicted "
        f"{shorten(explanation.prediction)} with probability {explanation.probability:.2f}."
        f"{of_networks}"
    )
