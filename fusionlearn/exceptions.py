"""Errors and warnings of fusionlearn.

Each one also is the scikit-learn or built-in exception that people already
catch in its place.
"""

__all__ = [
    "BackboneError",
    "BackboneWeightsError",
    "ClusterError",
    "DataWarning",
    "EngineWarning",
    "ExplanationWarning",
    "ExportError",
    "FeatureStoreWarning",
    "ForkedProcessError",
    "FusionlearnError",
    "FusionlearnWarning",
    "GroupConflictError",
    "ImageError",
    "ImageWarning",
    "LeakageError",
    "PersistenceError",
    "SmallSampleWarning",
    "UnknownBackboneError",
    "ValidationSplitWarning",
    "VoteWarning",
]


_LONGEST = 1000
_MOST_LISTED = 10


def printable(text):
    """Make text safe to show: a file may be called like a command to the terminal.

    Parameters
    ----------
    text : str
        A path, or what a parser says of a file.

    Returns
    -------
    text : str
        Escapes in the place of what cannot be printed, and of a very long text its ends.
    """
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class FusionlearnError(Exception):
    """Base class of every error that fusionlearn raises on purpose."""


class ImageError(FusionlearnError, ValueError):
    """A picture cannot be used.

    Parameters
    ----------
    got : str
        What was found.

    wanted : str
        What was expected in its place.

    remedy : str
        What to do about it.

    index : int or None, default=None
        The position of the picture in X, once it is known.

    path : str or None, default=None
        The path of the file, for a picture that is one.

    others : str, default=""
        A list of further pictures that cannot be used.
    """

    def __init__(self, got, wanted, remedy, index=None, path=None, others=""):
        super().__init__(got, wanted, remedy, index, path, others)
        self.got = got
        self.wanted = wanted
        self.remedy = remedy
        self.index = index
        self.path = path
        self.others = others

    def __str__(self):
        where = "X" if self.index is None else f"picture {self.index}"
        if self.path is not None:
            where += f" ({printable(self.path)})"
        message = f"{where}: got {self.got}; wanted {self.wanted}. {self.remedy}"
        return f"{message}\n{self.others}" if self.others else message

    def at(self, index):
        """Give the same error with the position of its picture.

        Parameters
        ----------
        index : int
            The position of the picture in X.

        Returns
        -------
        error : ImageError
            A new error that names the position.
        """
        return ImageError(self.got, self.wanted, self.remedy, index, self.path, self.others)


class GroupConflictError(FusionlearnError, ValueError):
    """The given ``groups`` contradict the groups that the pictures carry."""


class LeakageError(FusionlearnError, ValueError):
    """Scores of a data set would be too good."""


class PersistenceError(FusionlearnError, ValueError):
    """A model cannot be written to a file, or a file is no model that can be loaded."""


class ExportError(FusionlearnError, ValueError):
    """A model cannot leave Python in that format, or would not be the same there."""


class BackboneError(FusionlearnError, ValueError):
    """A network is unknown, or was asked for something that it cannot do."""


class UnknownBackboneError(BackboneError, KeyError):
    """No network has that name."""

    __str__ = Exception.__str__  # KeyError's puts the message into quotes


class BackboneWeightsError(BackboneError, OSError):
    """The weights of a network could not be had or do not fit it."""


class ForkedProcessError(FusionlearnError, RuntimeError):
    """A process was forked from one whose networks had run, and cannot run any."""


class ClusterError(FusionlearnError, RuntimeError):
    """Workers of a cluster cannot do what they are asked to do."""


class FusionlearnWarning(UserWarning):
    """Base class of every warning that fusionlearn issues."""


class ImageWarning(FusionlearnWarning):
    """A picture was used although something about it looks wrong."""


class DataWarning(FusionlearnWarning):
    """A data set was read although something about it looks wrong."""


class FeatureStoreWarning(FusionlearnWarning):
    """The feature store lost something; the features were computed instead."""


class EngineWarning(FusionlearnWarning):
    """A network runs in another way than it could, or a converted one was lost."""


class ValidationSplitWarning(FusionlearnWarning):
    """No honest validation part could be split off the training data."""


class SmallSampleWarning(FusionlearnWarning):
    """There are too few patients for what scores and intervals claim."""


class ExplanationWarning(FusionlearnWarning):
    """Explanations are empty or drown in rounding, for a reason that the message names.

    Parameters
    ----------
    text : str
        The message. ``{pictures}`` in it stands for the positions.

    pictures : sequence of int, default=()
        Positions of the pictures in X.
    """

    def __init__(self, text, pictures=()):
        super().__init__(text, pictures)
        self.text = text
        self.pictures = tuple(pictures)

    def __str__(self):
        shown = ", ".join(map(str, self.pictures[:_MOST_LISTED]))
        more = len(self.pictures) - _MOST_LISTED
        return self.text.replace("{pictures}", f"{shown} and {more} more" if more > 0 else shown)

    def among(self, positions):
        """Give the same warning with positions among more pictures than were explained.

        Parameters
        ----------
        positions : sequence of int
            The position of each picture that was explained.

        Returns
        -------
        warning : ExplanationWarning
            A new warning that names those.
        """
        return ExplanationWarning(self.text, [int(positions[index]) for index in self.pictures])


class VoteWarning(FusionlearnWarning):
    """Votes count in another way than was asked for, or than a member's ``predict`` would say."""
