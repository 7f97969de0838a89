"""What a command takes, declared once: for arguments, config files, help and completion."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .._hints import did_you_mean

_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}


class UsageError(ValueError):
    """A command was asked for in words that it does not understand."""


@dataclass(frozen=True)
class Kind:
    """What values of an option are.

    Parameters
    ----------
    wanted : str
        In words, for messages.

    types : tuple of type
        What TOML gives for such a value.

    read : callable
        Makes the value of what TOML gave, or of a text; raises ValueError for others, or
        UsageError with what is wrong in words.

    place : {"file", "folder"} or None, default=None
        What the value is the path of.

    names : callable or None, default=None
        Lists the values that there are.
    """

    wanted: str
    types: tuple
    read: Callable
    place: str | None = None
    names: Callable | None = None

    def parse(self, value, where):
        """Make an option's value.

        Parameters
        ----------
        value : object
            A text from the command line, or what stands in a config file.

        where : str
            The option, for messages.

        Returns
        -------
        value : object
            The value.

        Raises
        ------
        UsageError
            If it is none of this kind.
        """
        # In TOML true is a bool; for Python it is a number, too.
        if isinstance(value, self.types) and isinstance(value, bool) == (bool in self.types):
            try:
                return self.read(value)
            except UsageError as error:
                raise UsageError(f"{where}: {error}") from error
            except ValueError:
                pass
        hint = ""
        if self.names is not None:
            hint = did_you_mean(value, self.names()) or f" There are: {', '.join(self.names())}."
        raise UsageError(f"{where}: got {value!r}; wanted {self.wanted}.{hint}")


def whole(least):
    """Make the kind of whole numbers.

    Parameters
    ----------
    least : int
        The smallest.

    Returns
    -------
    kind : Kind
        Numbers from there upwards.
    """

    def read(value):
        number = int(value)
        if number < least:
            raise ValueError
        return number

    return Kind(f"a whole number from {least} upwards", (int, str), read)


def choice(names, wanted):
    """Make the kind of one name among some.

    Parameters
    ----------
    names : callable
        Lists the names, which may take long.

    wanted : str
        What they are.

    Returns
    -------
    kind : Kind
        Those names.
    """

    def read(value):
        if value not in names():
            raise ValueError
        return value

    return Kind(wanted, (str,), read, names=names)


def _read_bytes(value):
    match = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)\s*([kMGT]?)B?", str(value))
    if match is None:
        raise ValueError
    return int(float(match[1]) * _UNITS[match[2]])


TEXT = Kind("a text", (str,), str)
FLAG = Kind("true or false", (bool,), bool)
FILE = Kind("the path of a file", (str,), str, place="file")
FOLDER = Kind("the path of a folder", (str,), str, place="folder")
SIZE = Kind("a size such as 500M or 2G", (int, str), _read_bytes)


@dataclass(frozen=True)
class Option:
    """Something that a command takes.

    Parameters
    ----------
    name : str
        As in a config file, and behind two dashes on the command line.

    help : str
        One sentence, without its stop.

    kind : Kind, default=TEXT
        What its values are.

    metavar : str, default=""
        What stands for the value in the help.

    default : object, default=None
        Its value where nobody says any.

    positional : bool, default=False
        Whether it stands on the command line without its name.

    required : bool, default=False
        Whether the command cannot do without.

    many : bool, default=False
        Whether it takes a list of values.

    shared : bool, default=False
        Whether it stands at the top of a config file, for all commands that have it.

    in_file : bool, default=True
        Whether it may stand in a config file at all.
    """

    name: str
    help: str
    kind: Kind = TEXT
    metavar: str = ""
    default: object = None
    positional: bool = False
    required: bool = False
    many: bool = False
    shared: bool = False
    in_file: bool = True

    @property
    def key(self):
        """Its name in Python."""
        return self.name.replace("-", "_")

    @property
    def spoken(self):
        """Its name on the command line."""
        return self.metavar if self.positional else f"--{self.name}"

    def join(self, parsed):
        """Make one value of those that were given.

        Parameters
        ----------
        parsed : list of object
            What the kind made of each; not empty, unless there may be many.

        Returns
        -------
        value : object
            All settings in one dict, of which later ones win; a list where there may be
            many; else the value itself.
        """
        if dict in self.kind.types:
            return {name: value for each in parsed for name, value in each.items()}
        return parsed if self.many else parsed[0]


@dataclass(frozen=True)
class Command:
    """Something that the program does.

    Parameters
    ----------
    name : str
        One word, or two: that of a group and that of an action.

    summary : str
        What it does, in some words.

    run : callable
        Does it; is given the options' values as attributes, and a Console.

    options : tuple of Option
        What it takes, in the order of the help.

    description : str, default=""
        What it does, in some sentences.

    examples : tuple of str, default=()
        Lines that one could type.

    arrange : callable or None, default=None
        Puts what was given without names under the right ones.
    """

    name: str
    summary: str
    run: Callable
    options: tuple
    description: str = ""
    examples: tuple = ()
    arrange: Callable | None = None

    @property
    def defaults(self):
        """Values of all options where nobody says any, by their keys."""
        return {option.key: option.default for option in (*self.options, *GENERAL)}


CONFIG = Option(
    "config",
    "take what is not said here from this TOML file",
    FILE,
    "FILE.toml",
    in_file=False,
)
WRITE_CONFIG = Option(
    "write-config",
    "write a file for --config that says what this line says, and do nothing else",
    FILE,
    "FILE.toml",
    in_file=False,
)
JSON = Option("json", "print one JSON document; all words go to standard error", FLAG)
QUIET = Option("quiet", "no progress bars and no remarks: results, warnings and errors only", FLAG)
VERBOSE = Option("verbose", "more remarks, and where in the program an error arose", FLAG)
FORCE = Option("force", "replace files that are there already", FLAG, in_file=False)
# Every command takes these.
GENERAL = (CONFIG, WRITE_CONFIG, FORCE, JSON, QUIET, VERBOSE)
# What the commands do whose names have two words.
GROUPS = {"store": "check, count, prune or clear a file of features"}
