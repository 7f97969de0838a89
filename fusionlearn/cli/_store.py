"""The command ``fusionlearn store``: look at a file of features, and keep it small."""

import json
import os
import re
import warnings
from argparse import ArgumentTypeError
from contextlib import contextmanager

from .._files import check_exists
from ..exceptions import FeatureStoreWarning
from ..features import FeatureStore, is_store

_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}


def add_store(commands):
    """Add the command and its actions to a parser.

    Parameters
    ----------
    commands : argparse action
        What ``add_subparsers`` gave.
    """
    store = commands.add_parser(
        "store",
        help="check, count, prune or clear a file of features",
        description="Looks at a file in which features are kept, or makes it smaller.",
    )
    actions = store.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (run, text) in _ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        action.add_argument("file", help="the file, such as features.db")
        if name == "prune":
            action.add_argument(
                "--max-bytes",
                required=True,
                type=_bytes,
                metavar="SIZE",
                help="what the rows may take, such as 500M or 2G",
            )
        elif name == "clear":
            action.add_argument("--yes", action="store_true", help="really forget all rows")
        else:
            action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run=run)


def _open(path):
    check_exists(path)
    if not os.path.isfile(path):
        raise ValueError(f"{path!r} is no file; wanted a file that a FeatureStore has written.")
    # Another program's file must not be given our tables.
    if not is_store(path):
        raise ValueError(f"{path!r} was not written by a FeatureStore.")
    return FeatureStore(path)


@contextmanager
def _strictly():
    """Make an error of what a transform may pass over: an action that was not done."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*could not be", FeatureStoreWarning)
        try:
            yield
        except FeatureStoreWarning as warning:
            raise ValueError(str(warning)) from None


def _check(options):
    counts = _open(options.file).check()
    if options.json:
        print(json.dumps(counts))
    else:
        print(f"{counts['rows']:,} rows, {counts['damaged_rows']:,} of them damaged")
        print(f"{counts['files']:,} noted files, {counts['damaged_files']:,} of them damaged")
        print("\n".join(counts["problems"]) or "The file itself is whole.")
    if counts["damaged_rows"] or counts["damaged_files"] or counts["problems"]:
        raise ValueError("the file is damaged; what is damaged is computed again where it is used")


def _stats(options):
    with _strictly():
        stats = _open(options.file).stats()
    stats = {"rows": stats["rows"], "bytes": stats["bytes"], "computed": stats["computed"]}
    stats["bytes_on_disk"] = os.path.getsize(options.file)
    if options.json:
        print(json.dumps(stats))
    else:
        print(f"{stats['rows']:,} rows of {stats['bytes'] / 1e6:,.3g} MB")
        print(f"{stats['computed']:,} rows were computed since the file was made or cleared")
        print(f"{stats['bytes_on_disk'] / 1e6:,.3g} MB on disk")


def _prune(options):
    with _strictly():
        store = _open(options.file)
        before = store.stats()
        store.prune(options.max_bytes)
        after = store.stats()
    print(f"{before['rows'] - after['rows']:,} rows dropped, {after['rows']:,} kept")


def _clear(options):
    with _strictly():
        store = _open(options.file)
        rows = store.stats()["rows"]
        if not options.yes:
            raise ValueError(
                f"{options.file!r} has {rows:,} rows; pass --yes to forget all of them"
            )
        store.clear()
    print(f"{rows:,} rows forgotten")


def _bytes(text):
    match = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)\s*([kMGT]?)B?", text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no size; wanted one such as 500M or 2G")
    return int(float(match[1]) * _UNITS[match[2]])


_ACTIONS = {
    "check": (_check, "read everything, and say what is damaged"),
    "stats": (_stats, "count rows and bytes"),
    "prune": (_prune, "drop the rows that were not used for the longest time"),
    "clear": (_clear, "forget all rows"),
}
