"""From the words on the command line to values, and to help."""

import argparse
import textwrap

from .. import __version__
from .._hints import did_you_mean
from ._options import FLAG, GENERAL, GROUPS, UsageError

_EPILOG = """examples:
  fusionlearn demo                       on synthetic pictures that are made on the spot
  fusionlearn evaluate scans/            cross-validate a preset, beside what files alone score
  fusionlearn train scans/ --out model.fusion
  fusionlearn predict model.fusion new/ --out predictions.csv
  fusionlearn COMMAND --help             all options of a command

{status}

Nothing that is printed or drawn is a diagnosis.
"""
STATUS = """exit status:
  0    all was done
  1    it could not be done, or not for all pictures
  2    the words were not understood
  130  it was interrupted"""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options):
        # A shortened option would mean another one as soon as there is one more.
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )

    def error(self, message):
        raise UsageError(f"{message}.")


def make_parser(commands, complete=None):
    """Make the parser of all commands.

    Parameters
    ----------
    commands : iterable of Command
        The commands.

    complete : dict or None, default=None
        By kind of place ("file", "folder") what completes it in a shell; values that are
        known by name are listed then, too.

    Returns
    -------
    parser : argparse.ArgumentParser
        The parser of the program's name.

    parsers : dict of str to argparse.ArgumentParser
        The parser of each command, by its name.
    """
    parser = _Parser(
        prog="fusionlearn",
        description="Ensembles of pretrained image networks.",
        epilog=_EPILOG.format(status=STATUS),
    )
    parser.add_argument("--version", action="version", version=f"fusionlearn {__version__}")
    children = parser.add_subparsers(dest="command", metavar="COMMAND")
    groups, parsers = {}, {}
    for command in commands:
        group, _, action = command.name.rpartition(" ")
        if group and group not in groups:
            summary = GROUPS[group]
            made = children.add_parser(group, help=summary, description=f"{_sentence(summary)}")
            groups[group] = made.add_subparsers(dest="action", metavar="ACTION")
            parsers[group] = made
        made = (groups[group] if group else children).add_parser(
            action,
            help=command.summary,
            usage=_usage(command),
            description=textwrap.fill(command.description or _sentence(command.summary), 79),
            epilog=_examples(command),
        )
        for option in (*command.options, *GENERAL):
            action = _add(made, option)
            if complete is not None and option.kind.place is not None:
                action.complete = complete[option.kind.place]
            if complete is not None and option.kind.names is not None:
                action.choices = option.kind.names()
        parsers[command.name] = made
    return parser, parsers


def parse(command, parser, words):
    """Read what stands behind a command.

    Parameters
    ----------
    command : Command
        The command.

    parser : argparse.ArgumentParser
        Its parser.

    words : list of str
        What stands behind it.

    Returns
    -------
    values : dict of str to object
        The values that were given, by the keys of options.

    Raises
    ------
    UsageError
        If something was not understood.

    SystemExit
        After ``--help``.
    """
    found, unknown = parser.parse_known_intermixed_args(words)
    options = {option.key: option for option in (*command.options, *GENERAL)}
    if unknown:
        raise UsageError(_tell_unknown(command, unknown, options.values()))
    given = {key: value for key, value in vars(found).items() if value not in (None, [])}
    if command.arrange is not None:
        given = command.arrange(given)
    values = {}
    for key, value in given.items():
        option = options[key]
        words = value if isinstance(value, list) else [value]
        values[key] = option.join([option.kind.parse(word, option.spoken) for word in words])
    return values


def _tell_unknown(command, unknown, options):
    # What follows an unknown option may be its value.
    word = next((word for word in unknown if word.startswith("-") and word != "-"), unknown[0])
    if not word.startswith("-"):
        return f"nothing is known to do with {word!r}; see fusionlearn {command.name} --help."
    name = word.split("=")[0]
    spoken = [option.spoken for option in options if not option.positional]
    hint = did_you_mean(name, spoken) or f" See fusionlearn {command.name} --help."
    return f"there is no option {name}.{hint}"


def _add(parser, option):
    """Add an option to a parser; whether it is missing is seen when a file was read, too."""
    text = option.help
    if option.default is not None and not isinstance(option.default, bool):
        text += f" (default: {option.default})"
    text = text.replace("%", "%%")
    metavar = option.metavar or None
    if option.positional:
        nargs = "*" if option.many else "?"
        return parser.add_argument(option.key, nargs=nargs, metavar=metavar, help=text)
    settings = {"dest": option.key, "help": text, "default": argparse.SUPPRESS}
    if option.kind is FLAG and option.in_file:
        # So that the line has the last word over a file in both directions.
        return parser.add_argument(
            f"--{option.name}", action=argparse.BooleanOptionalAction, **settings
        )
    if option.kind is FLAG:
        return parser.add_argument(f"--{option.name}", action="store_true", **settings)
    action = "append" if option.many else "store"
    return parser.add_argument(
        f"--{option.name}", action=action, metavar=metavar or "TEXT", **settings
    )


def _usage(command):
    words = [option for option in command.options if option.positional]
    shown = [option.metavar + (" ..." if option.many else "") for option in words]
    shown = [
        name if option.required else f"[{name}]" for name, option in zip(shown, words, strict=True)
    ]
    return " ".join(["fusionlearn", command.name, "[OPTION ...]", *shown])


def _examples(command):
    lines = "\n".join(f"  fusionlearn {example}" for example in command.examples)
    return f"examples:\n{lines}\n\n{STATUS}" if lines else STATUS


def _sentence(summary):
    return f"{summary[0].upper()}{summary[1:]}."
