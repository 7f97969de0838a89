"""What the model is made of."""

from ...inspection import FusionDiagramDisplay
from .._blocks import Section, Text
from .._extractors import named_extractors
from .._legend import network_legend
from .._svg import draw


def model_section(material):
    """Draw the estimator, and say what the names of its networks mean.

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
    alt = "Diagram of the estimator that is written out at the end of this page."
    blocks = [draw(display.figure_, "diagram", alt, caption)]
    if named_extractors(material.estimator):
        blocks += [
            Text("The networks, by the names that this page gives them:"),
            network_legend(material.estimator),
        ]
    return Section(
        "model",
        "Model",
        "What stands between a picture and a class. All parameters are written out at the end of "
        "this page.",
        tuple(blocks),
        "The same parts on other pictures, or with other seeds, are another model.",
    )
