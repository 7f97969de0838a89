"""The sections of a page, each made from the same material."""

from ._audit import audit_section
from ._cost import cost_section
from ._curves import curves_section
from ._data import data_section
from ._errors import errors_section
from ._explanations import explanations_section
from ._listing import listing_section
from ._model import model_section
from ._networks import networks_section
from ._origin import origin_section
from ._scores import scores_section
from ._uses import uses_section
from ._votes import votes_section

# In the order of the page.
SECTIONS = (
    data_section,
    audit_section,
    model_section,
    scores_section,
    curves_section,
    errors_section,
    votes_section,
    explanations_section,
    networks_section,
    cost_section,
    uses_section,
    origin_section,
    listing_section,
)

__all__ = ["SECTIONS"]
