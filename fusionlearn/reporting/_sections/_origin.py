"""What made the page, and whose work stands behind it."""

import os
import platform

from ..._versions import library_versions
from .._blocks import Facts, Listing, Section
from .._citations import citations


def origin_section(material):
    """Give versions, and papers to cite.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    versions = library_versions()
    facts = (
        *((name, version) for name, version in versions.items()),
        ("system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"),
    )
    return Section(
        "origin",
        "Versions, and how to cite",
        "What made this page, and the work that stands behind it.",
        (Facts(facts), Listing(citations(material.estimator, versions["fusionlearn"]))),
        "The same versions, pictures, seeds and number of processors give the same figures, but "
        "for times.",
    )
