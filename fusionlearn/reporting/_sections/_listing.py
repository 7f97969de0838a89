"""The model as a program has it."""

from .._blocks import Code, Section
from .._listing import estimator_text


def listing_section(material):
    """Write the estimator out, for whoever builds it again.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    return Section(
        "listing",
        "The model, written out",
        "Parameters that are not named have their defaults; of files only the names are given.",
        (Code("The estimator", estimator_text(material.estimator)),),
        "It gives the same figures with the versions above and the same files of weights only.",
    )
