"""The commands ``fusionlearn predict`` and ``fusionlearn inspect``: what a saved model says."""

import contextlib
import csv
import dataclasses
import json
import os
import sys
from pathlib import Path

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._files import check_exists
from ..datasets._files import gather_files
from ..exceptions import ImageError
from ..images import check_images, find_bad_images
from ..persistence import inspect, load

# Pictures between two writes: what an interruption costs at most, beside stored features.
_BLOCK = 256


def add_predict(commands):
    """Add both commands to a parser.

    Parameters
    ----------
    commands : argparse action
        What ``add_subparsers`` gave.
    """
    predict = commands.add_parser(
        "predict",
        help="predict pictures with a saved model",
        description=(
            "Writes a table with the predicted class and the probability of each class for "
            "each picture. Pictures that cannot be used are listed in a second table, and the "
            "exit status is 1 if there are any. A prediction is not a diagnosis."
        ),
    )
    _add_model(predict)
    predict.add_argument("pictures", nargs="+", help="files, or folders to search for pictures")
    predict.add_argument(
        "--out",
        metavar="FILE",
        help="the table, as CSV (default: standard output); the second table stands beside it, "
        "with .bad before the suffix (default: standard error)",
    )
    predict.add_argument("--weights", metavar="PATH", help="weights file, or a folder with some")
    predict.add_argument("--store", metavar="FILE", help="keep features there (default: nowhere)")
    predict.add_argument(
        "--trust",
        metavar="TYPE",
        action="append",
        default=[],
        help="full name of a further type that the model may hold; can be repeated",
    )
    predict.add_argument("--quiet", action="store_true", help="no progress bar")
    predict.set_defaults(run=_predict)
    look = commands.add_parser(
        "inspect",
        help="say what is in a saved model, without loading it",
        description="Shows classes, networks, versions and types of a saved model.",
    )
    _add_model(look)
    look.add_argument("--json", action="store_true", help="print JSON")
    look.set_defaults(run=_inspect)


def _add_model(command):
    command.add_argument("model", metavar="MODEL", help="the file that fusionlearn.save wrote")


def _inspect(options):
    check_exists(options.model)
    content = inspect(options.model)
    print(json.dumps(dataclasses.asdict(content)) if options.json else content)


def _predict(options):
    check_exists(options.model)
    model = load(options.model, trusted=options.trust, weights=options.weights, store=options.store)
    if not hasattr(model, "predict"):
        raise ValueError(
            f"{options.model!r} holds a {type(model).__name__}, which predicts nothing."
        )
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ValueError(f"{options.model!r} was saved before it was fitted.") from None
    paths, others = _find(options.pictures)
    if not paths and not others:
        raise ValueError(f"no pictures in {', '.join(options.pictures)}.")
    with contextlib.ExitStack() as stack:
        out, bad_out, where = sys.stdout, sys.stderr, ""
        if options.out is None:
            # As in a file, names that are no text are written as the bytes that they are.
            for stream in (out, bad_out):
                if hasattr(stream, "reconfigure"):
                    stream.reconfigure(errors="surrogateescape")
        else:
            bad_path = Path(options.out)
            bad_path = bad_path.with_name(f"{bad_path.stem}.bad{bad_path.suffix}")
            named = [name for name in (options.model, options.weights, options.store) if name]
            for table in (options.out, bad_path):
                _check_table(table, [*named, *paths, *others])
            out = stack.enter_context(_create(options.out))
            bad_out = stack.enter_context(_create(bad_path))
            where = f"; they are listed in {bad_path}"
        bad = _Bad(bad_out)
        for path in others:
            bad.add(path, "a file without the extension of a picture")
        _write(model, paths, csv.writer(out), bad, options.quiet, out.flush)
    if bad.count:
        n_files = len(paths) + len(others)
        raise ValueError(f"{bad.count} of {n_files} files could not be used{where}.")


class _Bad:
    """The table of files that could not be used, begun with the first one."""

    def __init__(self, file):
        self._table = csv.writer(file)
        self.count = 0

    def add(self, path, reason):
        if self.count == 0:
            self._table.writerow(["file", "reason"])
        self._table.writerow([path, reason])
        self.count += 1


def _check_table(path, inputs):
    """Refuse to write over what is read."""
    if os.path.exists(path) and any(
        os.path.exists(name) and os.path.samefile(path, name) for name in inputs
    ):
        raise ValueError(f"{os.fspath(path)!r} is read, so that no table can be written there.")


def _create(path):
    # Names of files may be no text; they are written as the bytes that they are.
    return open(path, "w", newline="", encoding="utf-8", errors="surrogateescape")


def _find(given):
    """Pictures, and files that seem to be none, in the order of the arguments."""
    pictures, others = [], []
    for path in given:
        if not os.path.isdir(path):
            pictures.append(path)
            continue
        found, strange = gather_files(path)
        pictures += found
        others += strange
    return pictures, others


def _write(model, paths, table, bad, quiet, flush):
    from tqdm import tqdm

    has_proba = hasattr(model, "predict_proba")
    columns = [f"p({label})" for label in model.classes_] if has_proba else []
    table.writerow(["file", "prediction", *columns])
    with tqdm(total=len(paths), unit="pictures", disable=True if quiet else None) as progress:
        for start in range(0, len(paths), _BLOCK):
            block = paths[start : start + _BLOCK]
            for path, label, proba in _predict_block(model, block, has_proba, bad):
                table.writerow([path, label, *(f"{value:.6g}" for value in proba)])
            flush()
            progress.update(len(block))


def _predict_block(model, paths, has_proba, bad):
    """Rows of the good pictures; what fails is taken out until the rest is predicted."""
    while paths:
        try:
            return _rows(model, paths, has_proba)
        except ImageError as error:
            # One that can be decoded by itself may change, or be too small for a network.
            errors = find_bad_images(paths) or ([error] if error.index is not None else [])
            if not errors:
                raise
        # By path: one that is named twice is looked at once.
        reasons = {paths[each.index]: f"{each.got}; wanted {each.wanted}" for each in errors}
        for path in paths:
            if path in reasons:
                bad.add(path, reasons[path])
        paths = [path for path in paths if path not in reasons]
    return []


def _rows(model, paths, has_proba):
    references = check_images(paths)
    probas = model.predict_proba(references) if has_proba else [()] * len(paths)
    return list(zip(paths, model.predict(references), probas, strict=True))
