"""What a page is made of; the template knows how each kind of block is shown."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Section:
    """A part of the page that answers one question.

    Parameters
    ----------
    name : str
        Identifier in links.

    title : str
        Heading.

    opening : str
        What one sees, in a sentence.

    blocks : tuple
        What is shown.

    limits : str
        What it does not show.
    """

    name: str
    title: str
    opening: str
    blocks: tuple
    limits: str


@dataclass(frozen=True)
class LeftOut:
    """A section that does not apply.

    Parameters
    ----------
    title : str
        Its heading, had it been there.

    why : str
        The reason, in a sentence.
    """

    title: str
    why: str


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Parameters
    ----------
    text : str
        Plain text.
    """

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Listing:
    """A list of sentences.

    Parameters
    ----------
    items : tuple of str
        The sentences.
    """

    kind: ClassVar[str] = "listing"
    items: tuple


@dataclass(frozen=True)
class Facts:
    """Names and what they are.

    Parameters
    ----------
    items : tuple of (str, str)
        Pairs of a name and its value.
    """

    kind: ClassVar[str] = "facts"
    items: tuple


@dataclass(frozen=True)
class Code:
    """Text as a program has it.

    Parameters
    ----------
    label : str
        What it is.

    text : str
        Several lines.
    """

    kind: ClassVar[str] = "code"
    label: str
    text: str


@dataclass(frozen=True)
class Table:
    """Rows under a caption.

    Parameters
    ----------
    caption : str
        What the table holds.

    head : tuple of str
        Names of the columns.

    rows : tuple of tuple of str
        Cells; the first one of a row names it.

    numeric : bool, default=True
        Whether cells other than the first are numbers.
    """

    kind: ClassVar[str] = "table"
    caption: str
    head: tuple
    rows: tuple
    numeric: bool = True


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Parameters
    ----------
    svg : markupsafe.Markup
        The picture, as :func:`draw` makes it.

    caption : str
        What stands below.

    width : int
        Pixels that it takes where there is room.
    """

    kind: ClassVar[str] = "drawing"
    svg: object
    caption: str
    width: int

    @property
    def is_narrow(self):
        """Whether two of them stand beside each other."""
        return self.width <= 500


@dataclass(frozen=True)
class Picture:
    """A picture of the data set.

    Parameters
    ----------
    uri : str or None
        Its data, or None where it is not shown.

    alt : str
        What it is, for those who cannot see it.

    title : str
        What stands first below it.

    lines : tuple of str, default=()
        What stands below that.
    """

    uri: str | None
    alt: str
    title: str
    lines: tuple = ()


@dataclass(frozen=True)
class Gallery:
    """Pictures beside each other.

    Parameters
    ----------
    pictures : tuple of Picture
        The pictures.
    """

    kind: ClassVar[str] = "gallery"
    pictures: tuple
