"""Who voted for what."""

from sklearn.exceptions import NotFittedError

from ...inspection import VoteDisplay
from .._blocks import LeftOut, Section
from .._svg import draw
from .._words import count

# Columns of one figure.
_MOST_PICTURES = 300


def votes_section(material):
    """Draw the votes on pictures that the model has not seen.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section or LeftOut
        The section.
    """
    shown = material.test[:_MOST_PICTURES]
    references, y = material.references[shown], material.y[shown]
    try:
        votes = VoteDisplay.from_estimator(material.model, references, y)
    except (NotFittedError, TypeError):  # inside a forest stands a tree that nobody fitted
        return LeftOut("Votes", "The model holds no vote whose members could be counted.")
    drawings = [
        draw(
            votes.figure_,
            "votes",
            _alt(votes, "Rows of votes, a column for each picture"),
            "Votes of each member, pictures sorted by class and by how many members are wrong.",
        )
    ]
    votes.plot("agreement")
    drawings.append(
        draw(
            votes.figure_,
            "agreement",
            _alt(votes, "Accuracy by how many members agree"),
            "How often the majority is right where so much of the weight agrees.",
        )
    )
    return Section(
        "votes",
        "Votes",
        f"What each member says of {count(len(shown), 'picture')} of patients whom no member has "
        "seen: one fold, with one model.",
        tuple(drawings),
        "Members that were trained on the same pictures share their mistakes. Agreement is a sign "
        "of being right only as far as accuracy rises with it.",
    )


def _alt(votes, what):
    members = ", ".join(str(name) for name in votes.member_names)
    return f"{what}. Members: {members}."
