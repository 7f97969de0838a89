"""Who voted for what."""

import numpy as np
from sklearn.exceptions import NotFittedError

from ...inspection import VoteDisplay
from .._blocks import LeftOut, Section
from .._svg import draw
from .._words import count, unseen

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
    shown = _sample(material)
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
    of_all, chosen = "", ""
    if len(shown) < len(material.test):
        of_all = f" out of {len(material.test):,}"
        chosen = ", from which the same share of each class was taken at even distances"
    return Section(
        "votes",
        "Votes",
        f"What each member says of {count(len(shown), 'picture')}{of_all} "
        f"{unseen(material.known, 'no member has seen')}: one fold{chosen}, with one model.",
        tuple(drawings),
        "Members that were trained on the same pictures share their mistakes. Agreement is a sign "
        "of being right only as far as accuracy rises with it.",
    )


def _sample(material):
    """As many pictures as fit into the figure, of each class its share: files come by class."""
    test = material.test
    if len(test) <= _MOST_PICTURES:
        return test
    by_class = np.argsort(material.y[test], kind="stable")
    steps = np.arange(_MOST_PICTURES) * len(test) // _MOST_PICTURES
    return test[np.sort(by_class[steps])]


def _alt(votes, what):
    members = ", ".join(str(name) for name in votes.member_names)
    return f"{what}. Members: {members}."
