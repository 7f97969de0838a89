"""Commands and their arguments."""

import argparse
import os
import sys
import warnings

from .. import __version__
from .._hints import did_you_mean
from ..exceptions import FusionlearnError, FusionlearnWarning
from ._predict import add_predict
from ._store import add_store

_EPILOG = """examples:
  fusionlearn demo                       on synthetic pictures that are made on the spot
  fusionlearn demo --data scans/         on your own: one folder per class
  fusionlearn demo --data scans/ --weights keras-weights/
                                         with weights files that you have
  fusionlearn demo --help                all options
  fusionlearn predict model.fusion scans/ --out predictions.csv
                                         with a model that fusionlearn.save wrote
  fusionlearn inspect model.fusion       what is in it, without loading
  fusionlearn store check features.db    whether a file of features is whole
  fusionlearn store prune features.db --max-bytes 2G

Nothing that is printed or drawn is a diagnosis.
"""


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, default=None
        What stands behind the program's name; None takes it from ``sys.argv``.

    Returns
    -------
    status : int
        0 if all went well, 1 if the command could not do its work, 2 if none was named,
        130 if it was interrupted.

    Raises
    ------
    SystemExit
        With 2 for arguments that are not understood, with 0 after ``--help`` and
        ``--version``.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser, commands = _parser()
    if not arguments:
        parser.print_help()
        return 2
    if not arguments[0].startswith("-") and arguments[0] not in commands:
        hint = did_you_mean(arguments[0], commands)
        parser.error(
            f"there is no command {arguments[0]!r}.{hint} There are: {', '.join(commands)}."
        )
    options = parser.parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _plainly(warnings.showwarning)
            options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # As after "| head": nobody reads on, and Python would complain about it at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (FusionlearnError, ImportError, OSError, ValueError) as error:
        print(f"fusionlearn {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted. Features that were finished are kept if there is a store.",
            file=sys.stderr,
        )
        return 130
    return 0


def _plainly(showwarning):
    """Show the library's own warnings once, without the line of code that issued them."""
    shown = set()

    def show(message, category, *where, **more):
        if issubclass(category, FusionlearnWarning):
            if str(message) not in shown:
                print(f"warning: {message}", file=sys.stderr)
            shown.add(str(message))
        else:
            showwarning(message, category, *where, **more)

    return show


def _parser():
    parser = argparse.ArgumentParser(
        prog="fusionlearn",
        description="Ensembles of pretrained image networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fusionlearn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    _add_demo(commands)
    add_predict(commands)
    add_store(commands)
    return parser, list(commands.choices)


def _add_demo(commands):
    demo = commands.add_parser(
        "demo",
        help="cross-validate single networks, concat and vote, and draw the recipe's figures",
        description=(
            "Cross-validates three networks, each alone, concatenated and voting, beside what "
            "the files alone would score, and writes the recipe's figures as PNG files."
        ),
    )
    demo.add_argument(
        "--data",
        metavar="FOLDER",
        help="one folder per class, COVID-CT, or a CSV file with the columns file, label and, if "
        "known, patient (default: synthetic pictures)",
    )
    demo.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="regular expression with one group that finds the patient in each picture's path, "
        "such as '(patient[0-9]+)'; pictures of one patient are kept on one side of a split",
    )
    demo.add_argument(
        "--weights",
        metavar="FOLDER",
        help="folder with Keras weights files, all of which are used (default: ImageNet weights "
        "of three small networks, which Keras downloads)",
    )
    demo.add_argument(
        "--out",
        metavar="FOLDER",
        default="fusionlearn-demo",
        help="where figures and features go (default: ./fusionlearn-demo)",
    )
    demo.add_argument("--quiet", action="store_true", help="no progress bars")
    demo.set_defaults(run=_run_demo)


def _run_demo(options):
    from ._demo import run_demo

    run_demo(
        data=options.data,
        group_pattern=options.group_pattern,
        weights=options.weights,
        out=options.out,
        progress=not options.quiet,
    )
