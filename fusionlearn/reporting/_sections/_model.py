"""What the model is made of."""

from ...inspection import FusionDiagramDisplay
from .._blocks import Code, Section
from .._listing import estimator_text
from .._svg import draw


def model_section(material):
    """Draw and write the estimator.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    display = FusionDiagramDisplay.from_estimator(material.model)
    caption = "The way of a picture: networks are blue, their fusion orange, classifiers green."
    alt = "Diagram of the estimator that is written out below."
    diagram = draw(display.figure_, "diagram", alt, caption)
    return Section(
        "model",
        "Model",
        "What stands between a picture and a class. Parameters that are not named have their "
        "defaults; of files only the names are given.",
        (diagram, Code("The estimator", estimator_text(material.estimator))),
        "The same parts on other pictures, or with other seeds, are another model.",
    )
