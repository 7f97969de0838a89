"""The commands ``fusionlearn store``: look at a file of features, and keep it small."""

import os
import warnings
from contextlib import contextmanager

import fusionlearn

from .._files import check_exists
from ..exceptions import FeatureStoreWarning
from ._options import FILE, FLAG, SIZE, Command, Option


def _open(path):
    check_exists(path)
    if not os.path.isfile(path):
        raise ValueError(f"{path!r} is no file; wanted a file that a FeatureStore has written.")
    # Another program's file must not be given our tables.
    if not fusionlearn.features.is_store(path):
        raise ValueError(f"{path!r} was not written by a FeatureStore.")
    return fusionlearn.FeatureStore(path)


@contextmanager
def _strictly():
    """Make an error of what a transform may pass over: an action that was not done."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*could not be", FeatureStoreWarning)
        try:
            yield
        except FeatureStoreWarning as warning:
            raise ValueError(str(warning)) from None


def _check(options, console):
    counts = _open(options.file).check()
    console.say(
        f"{counts['rows']:,} rows, {counts['damaged_rows']:,} of them damaged\n"
        f"{counts['files']:,} noted files, {counts['damaged_files']:,} of them damaged\n"
        + ("\n".join(counts["problems"]) or "The file itself is whole.")
    )
    console.give(counts)
    if counts["damaged_rows"] or counts["damaged_files"] or counts["problems"]:
        raise ValueError("the file is damaged; what is damaged is computed again where it is used")


def _stats(options, console):
    with _strictly():
        stats = _open(options.file).stats()
    stats = {"rows": stats["rows"], "bytes": stats["bytes"], "computed": stats["computed"]}
    stats["bytes_on_disk"] = os.path.getsize(options.file)
    console.say(
        f"{stats['rows']:,} rows of {stats['bytes'] / 1e6:,.3g} MB\n"
        f"{stats['computed']:,} rows were computed since the file was made or cleared\n"
        f"{stats['bytes_on_disk'] / 1e6:,.3g} MB on disk"
    )
    console.give(stats)


def _prune(options, console):
    with _strictly():
        store = _open(options.file)
        before = store.stats()
        store.prune(options.max_bytes)
        after = store.stats()
    dropped = before["rows"] - after["rows"]
    console.say(f"{dropped:,} rows dropped, {after['rows']:,} kept")
    console.give({"dropped": dropped, "rows": after["rows"]})


def _clear(options, console):
    with _strictly():
        store = _open(options.file)
        rows = store.stats()["rows"]
        if not options.yes:
            raise ValueError(
                f"{options.file!r} has {rows:,} rows; pass --yes to forget all of them"
            )
        store.clear()
    console.say(f"{rows:,} rows forgotten")
    console.give({"dropped": rows, "rows": 0})


def _action(name, run, summary, *options, example):
    file = Option(
        "file", "the file, such as features.db", FILE, "FILE", positional=True, required=True
    )
    return Command(f"store {name}", summary, run, (file, *options), examples=(example,))


STORE_COMMANDS = (
    _action(
        "check",
        _check,
        "read everything, and say what is damaged",
        example="store check features.db",
    ),
    _action("stats", _stats, "count rows and bytes", example="store stats features.db --json"),
    _action(
        "prune",
        _prune,
        "drop the rows that were not used for the longest time",
        Option(
            "max-bytes", "what the rows may take, such as 500M or 2G", SIZE, "SIZE", required=True
        ),
        example="store prune features.db --max-bytes 2G",
    ),
    _action(
        "clear",
        _clear,
        "forget all rows",
        Option("yes", "really forget all rows", FLAG, in_file=False),
        example="store clear features.db --yes",
    ),
)
