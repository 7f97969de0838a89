"""From the words behind the program's name to a command that runs, and its exit status."""

import contextlib
import io
import os
import sys
import traceback
import warnings
from types import SimpleNamespace

from .._hints import did_you_mean
from ..exceptions import BackboneWeightsError, FusionlearnError, FusionlearnWarning
from ._commands import COMMANDS
from ._config_file import read_config, write_config
from ._console import Console
from ._options import GROUPS, UsageError
from ._outputs import check_new, check_out
from ._parser import make_parser, parse

_OK, _FAILED, _NOT_UNDERSTOOD, _INTERRUPTED = 0, 1, 2, 130


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, default=None
        What stands behind the program's name; None takes it from ``sys.argv``.

    Returns
    -------
    status : int
        0 if all went well, 1 if the command could not do its work or not for all pictures,
        2 if the arguments were not understood, 130 if it was interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else [str(word) for word in arguments]
    parser, parsers = make_parser(COMMANDS)
    if not arguments:
        parser.print_help()
        return _NOT_UNDERSTOOD
    name = "fusionlearn"
    try:
        command, words = _find(parser, parsers, arguments)
        name = f"fusionlearn {command.name}"
        options = _options(command, parse(command, parsers[command.name], words))
    except SystemExit as stop:  # argparse's way of ending after --help and --version
        return stop.code
    except (UsageError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return _NOT_UNDERSTOOD
    console = Console(json=options.json, quiet=options.quiet, verbose=options.verbose)
    try:
        if options.write_config is not None:
            check_out(options.write_config, _inputs(command, options))
            check_new([options.write_config], options.force)
            write_config(options.write_config, command, vars(options))
            console.note(f"Written: {options.write_config}")
            return _OK
        _check_required(command, options)
        with _plain_warnings(console), _own_output(console):
            command.run(options, console)
        console.out.flush()
    except BrokenPipeError:
        # As after "| head": nobody reads on, and Python would complain about it at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except (FusionlearnError, ImportError, OSError, ValueError) as error:
        console.detail(traceback.format_exc().rstrip())
        print(f"{name}: {error}", file=console.err)
        if isinstance(error, BackboneWeightsError) and getattr(options, "weights", "") is None:
            print("Here: --weights FOLDER, with weights files in it.", file=console.err)
        return _NOT_UNDERSTOOD if isinstance(error, UsageError) else _FAILED
    except KeyboardInterrupt:
        # Where it came out of exec or eval of a text, as dataclasses and named tuples are made
        # by, CPython believes that nobody caught it, and ends the process by the signal in the
        # place of the status. It forgets that with the next text.
        eval("None")
        print(
            "\nInterrupted. Features that were finished are kept if there is a store.",
            file=console.err,
        )
        return _INTERRUPTED
    return _OK


def _find(parser, parsers, arguments):
    """The command that the first words name, and what follows."""
    first, *rest = arguments
    if first.startswith("-"):
        if first not in ("-h", "--help", "--version"):
            raise UsageError(f"got {first!r} first; wanted COMMAND, and its options behind it.")
        parser.parse_args([first])
    names = [command.name.split()[0] for command in COMMANDS]
    if first not in names:
        hint = did_you_mean(first, names)
        raise UsageError(
            f"there is no command {first!r}.{hint} There are: {', '.join(dict.fromkeys(names))}."
        )
    if first in GROUPS:
        actions = [each.name.split()[1] for each in COMMANDS if each.name.split()[0] == first]
        if rest[:1] in (["-h"], ["--help"]):
            parsers[first].parse_args(rest[:1])
        if not rest or rest[0] not in actions:
            got = f"there is no {first} {rest[0]!r}." if rest else f"{first} what?"
            hint = did_you_mean(rest[0], actions) if rest else ""
            raise UsageError(f"{got}{hint} There are: {', '.join(actions)}.")
        first, rest = f"{first} {rest[0]}", rest[1:]
    return next(command for command in COMMANDS if command.name == first), rest


def _options(command, given):
    """Values of all options: those on the line win over a file's, and those over defaults."""
    read = read_config(given["config"], command) if "config" in given else {}
    values = {**command.defaults, **read, **given}
    for key, value in given.items():
        if isinstance(value, dict):
            values[key] = {**read.get(key, {}), **value}
    return SimpleNamespace(**values, given=frozenset(given))


def _inputs(command, options):
    """Paths that a command would read."""
    found = []
    for option in command.options:
        value = getattr(options, option.key)
        if option.kind.place is not None and option.key not in ("out", "by_patient"):
            found += value if isinstance(value, list) else [value]
    return found


def _check_required(command, options):
    missing = [
        option.spoken
        for option in command.options
        if option.required and getattr(options, option.key) in (None, [])
    ]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise UsageError(
            f"{' and '.join(missing)} {verb} missing; see fusionlearn {command.name} --help."
        )


@contextlib.contextmanager
def _own_output(console):
    """Keep what libraries print, such as Keras about downloads, off standard output."""
    with contextlib.redirect_stdout(io.StringIO() if console.quiet else console.err):
        yield


@contextlib.contextmanager
def _plain_warnings(console):
    """Show the library's own warnings once, without the line of code that issued them."""
    shown = set()
    with warnings.catch_warnings():
        showwarning = warnings.showwarning

        def show(message, category, *where, **more):
            if issubclass(category, FusionlearnWarning):
                if str(message) not in shown:
                    console.warn(message)
                shown.add(str(message))
            else:
                showwarning(message, category, *where, **more)

        warnings.showwarning = show
        yield
