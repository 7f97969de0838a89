"""The command ``fusionlearn predict``: what a saved model says about pictures."""

import contextlib
import csv
from pathlib import Path

import fusionlearn

from .._bars import progress_bar
from ._data import GROUP_PATTERN
from ._estimators import STORE
from ._options import FILE, Command, Option, UsageError
from ._outputs import check_new, check_out
from ._patients import find_patients, read_patients, tell_patients
from ._pictures import (
    MODEL,
    MODEL_WEIGHTS,
    PICTURES,
    TRUST,
    BadPictures,
    find_pictures,
    load_model,
)

# Pictures between two writes: what an interruption costs at most, beside stored features.
_BLOCK = 256


def _predict(options, console):
    paths, others = find_pictures(options.pictures)
    if options.by_patient is not None and options.group_pattern is None:
        patients = read_patients(paths, console)
    else:
        patients = find_patients(paths, options.group_pattern)
    model = load_model(options)
    if options.by_patient is not None and not hasattr(model, "predict_proba"):
        raise ValueError(f"--by-patient: {options.model!r} gives no probabilities to average.")
    tables = _tables(options)
    bad_table = None if options.out is None else tables[1]
    inputs = [options.model, options.weights, options.store, options.config, *paths, *others]
    for table in tables:
        check_out(table, inputs)
    check_new(tables, options.force)
    with contextlib.ExitStack() as stack:
        out, open_bad = _open(stack, tables, options, console)
        bad = BadPictures(open_bad)
        for path in others:
            bad.add(path, "a file without the extension of a picture")
        keep = console.json or options.by_patient is not None
        n_rows, rows = _write(model, paths, patients, out, bad, console, keep)
        by_patient = tell_patients(rows, model.classes_) if options.by_patient else []
        if options.by_patient is not None:
            _write_table(stack.enter_context(_create(options.by_patient)), by_patient)
    if options.out is not None:
        pictures = "picture" if n_rows == 1 else "pictures"
        written = [str(table) for table in tables if bad.rows or table != bad_table]
        console.note(f"{n_rows} {pictures} predicted. Written: {', '.join(written)}.")
    console.give(
        {
            "model": options.model,
            "classes": [str(label) for label in model.classes_],
            "predictions": [_document(row, model.classes_) for row in rows],
            "patients": by_patient,
            "bad": bad.rows,
        }
    )
    where = "" if bad_table is None else f"; they are listed in {bad_table}"
    bad.raise_if_any(len(paths) + len(others), where)


def _tables(options):
    tables = []
    if options.out is not None:
        out = Path(options.out)
        tables += [out, out.with_name(f"{out.stem}.bad{out.suffix}")]
    if options.by_patient is not None:
        if options.out is not None and Path(options.by_patient) in tables:
            raise UsageError("--by-patient and --out name one file; wanted two.")
        tables.append(Path(options.by_patient))
    return tables


def _open(stack, tables, options, console):
    """The file of rows, None for what the document alone tells, and what opens that of bad ones.

    That of an earlier run goes at once, so that it is not taken for this run's.
    """
    if options.out is not None:
        table, bad_table = tables[:2]
        out = stack.enter_context(_create(table))
        if bad_table.is_file():
            bad_table.unlink()
        return out, lambda: stack.enter_context(_create(bad_table))
    # As in a file, names that are no text are written as the bytes that they are.
    for stream in (console.out, console.err):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="surrogateescape")
    return None if console.json else console.out, lambda: console.err


def _create(path):
    # Names of files may be no text; they are written as the bytes that they are.
    return open(path, "w", newline="", encoding="utf-8", errors="surrogateescape")


def _write(model, paths, patients, out, bad, console, keep):
    """Predict all pictures block by block, and write their rows; many are not kept unasked."""
    vote, classes = _find_vote(model), [str(label) for label in model.classes_]
    columns = ["file", *(["patient"] if patients else []), "prediction"]
    columns += [f"p({label})" for label in classes] if hasattr(model, "predict_proba") else []
    if vote is not None:
        columns += [*(f"vote({name})" for name in _voters(vote)), "agreement"]
    table = None if out is None else csv.writer(out)
    if table is not None:
        table.writerow(columns)
    n_rows, rows = 0, []
    with progress_bar("predicted", len(paths), unit="pictures", verbose=console.progress) as bar:
        for start in range(0, len(paths), _BLOCK):
            block = paths[start : start + _BLOCK]
            found = bad.use_good(block, lambda good: _rows(model, vote, good))
            for row in found:
                row["patient"] = patients.get(row["file"])
                if table is not None:
                    table.writerow(_cells(row, columns))
            if out is not None:
                out.flush()
            n_rows += len(found)
            rows += found if keep else []
            bar.update(len(block))
    return n_rows, rows


def _rows(model, vote, paths):
    references = fusionlearn.check_images(paths)
    predictions = model.predict(references)
    has_proba = hasattr(model, "predict_proba")
    probas = model.predict_proba(references) if has_proba else [()] * len(paths)
    votes = [()] * len(paths) if vote is None else vote.votes(references)
    agreements = [None] * len(paths) if vote is None else vote.agreement(references)
    return [
        {
            "file": path,
            "prediction": str(prediction),
            "proba": [float(value) for value in proba],
            "votes": dict(zip(_voters(vote), map(str, voted), strict=True)) if vote else {},
            "agreement": None if agreement is None else float(agreement),
        }
        for path, prediction, proba, voted, agreement in zip(
            paths, predictions, probas, votes, agreements, strict=True
        )
    ]


def _cells(row, columns):
    cells = {
        "file": row["file"],
        "patient": row["patient"],
        "prediction": row["prediction"],
        "agreement": None if row["agreement"] is None else f"{row['agreement']:.6g}",
        **{f"vote({name})": voted for name, voted in row["votes"].items()},
    }
    proba = iter(f"{value:.6g}" for value in row["proba"])
    return [next(proba) if name.startswith("p(") else cells[name] for name in columns]


def _document(row, classes):
    names = [str(label) for label in classes]
    probabilities = dict(zip(names, row["proba"], strict=True)) if row["proba"] else {}
    return {
        "file": row["file"],
        "patient": row["patient"],
        "prediction": row["prediction"],
        "probabilities": probabilities,
        "votes": row["votes"],
        "agreement": row["agreement"],
    }


def _write_table(file, rows):
    table = csv.writer(file)
    flat = [
        {
            "patient": row["patient"],
            "pictures": row["pictures"],
            "prediction": row["prediction"],
            **{f"p({name})": f"{value:.6g}" for name, value in row["probabilities"].items()},
            "vote": row["vote"],
            "agreement": f"{row['agreement']:.6g}",
        }
        for row in rows
    ]
    if flat:
        table.writerow(flat[0])
        table.writerows(row.values() for row in flat)


def _find_vote(model):
    """The vote whose winner the model predicts; None where something else decides."""
    if isinstance(model, fusionlearn.AugmentedClassifier) and model.test_copies == 0:
        model = model.estimator_
    return model if isinstance(model, fusionlearn.MajorityVoteFusion) else None


def _voters(vote):
    return [name for name, member in vote.named_estimators_.items() if not isinstance(member, str)]


PREDICT = Command(
    name="predict",
    summary="predict pictures with a saved model",
    description=(
        "Writes a table with the predicted class and the probability of each class for each "
        "picture; of a model that votes also the vote of each network, and the share of them that "
        "agrees. If there are pictures that cannot be used, they are listed in a second table, and "
        "the exit status is 1. A prediction is not a diagnosis."
    ),
    options=(
        MODEL,
        PICTURES,
        Option(
            "out",
            "the table, as CSV (default: standard output); pictures that cannot be used, if any, "
            "are listed beside it, with .bad before the suffix (default: standard error); with "
            "--force such a list of an earlier run is removed",
            FILE,
            "FILE",
        ),
        Option(
            "by-patient",
            "a further table with a row for each patient: the mean of the probabilities of the "
            "patient's pictures, and their vote; patients are those of --group-pattern, or, of "
            "DICOM files, hashes of their own ids",
            FILE,
            "FILE",
        ),
        GROUP_PATTERN,
        MODEL_WEIGHTS,
        STORE,
        TRUST,
    ),
    run=_predict,
    examples=(
        "predict model.fusion scans/ --out predictions.csv",
        "predict model.fusion scans/ --group-pattern '(patient[0-9]+)' --by-patient patients.csv",
        "predict model.fusion one.png --json",
    ),
)
