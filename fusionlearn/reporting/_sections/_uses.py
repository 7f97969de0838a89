"""What the page must not be used for."""

from .._blocks import Listing, Section


def uses_section(material):
    """Say what follows from none of this.

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
        "uses",
        "What this must not be used for",
        "These figures describe a procedure on these pictures, for research.",
        (
            Listing(
                (
                    "Not for decisions about patients: not to find, exclude, grade or follow a "
                    "disease, and not to choose or withhold a treatment. Nothing here is a medical "
                    "device or has been approved as one.",
                    "Not as a probability of disease. A predicted probability is what a model "
                    "makes of a picture under the shares of classes in its training data.",
                    "Not as a promise for other data. A systematic review of published models for "
                    "COVID-19 found none of them fit for clinical use, for flaws of method and "
                    "biases in the data (Roberts et al. 2021, below).",
                    "Not to compare models that were judged on other splits, other pictures or "
                    "another unit (picture or patient).",
                    "Not to be passed on without a thought: it may show pictures of people.",
                )
            ),
        ),
        "Before a model is used on people it has to be judged on pictures from elsewhere, by "
        "people who did not build it, for a use that was written down before.",
    )
