"""Commands and their arguments."""

import argparse
import sys

from .. import __version__
from ..exceptions import FusionlearnError

_EPILOG = """examples:
  fusionlearn demo                       on synthetic pictures that are made on the spot
  fusionlearn demo --data scans/         on your own: one folder per class
  fusionlearn demo --data scans/ --weights keras-weights/
                                         with weights files that you have

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
        0 if all went well, 1 if the command could not do its work, 2 for arguments that
        are not understood, 130 if it was interrupted.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 2
    try:
        options.run(options)
    except (FusionlearnError, ImportError, OSError, ValueError) as error:
        print(f"fusionlearn {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Finished features are kept in the output folder.", file=sys.stderr)
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="fusionlearn",
        description="Ensembles of pretrained image networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fusionlearn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_demo(commands)
    return parser


def _add_demo(commands):
    demo = commands.add_parser(
        "demo",
        help="cross-validate single networks, concat and vote, and draw the recipe's figures",
        description=(
            "Cross-validates three networks, each alone, concatenated and voting, beside what "
            "the files alone would score, and writes the recipe's figures as PNG files."
        ),
    )
    demo.add_argument("--data", metavar="FOLDER", help="one folder per class (default: phantoms)")
    demo.add_argument(
        "--weights", metavar="FOLDER", help="folder with Keras weights files (default: ImageNet's)"
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
        data=options.data, weights=options.weights, out=options.out, progress=not options.quiet
    )
