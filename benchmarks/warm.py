"""Reading stored features, against the sqlite3 module alone."""

import sqlite3
import tempfile
from pathlib import Path

import numpy as np

from fusionlearn import BackboneFeatureExtractor

from ._harness import Report, quotients
from ._pictures import write_small_files
from ._tiny import register

_SIDE = 16
_N_FEATURES = 2048


def run(quick):
    """Measure reading.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: 200 rows, two rounds.

    Returns
    -------
    report : Report
        Megabytes per second.
    """
    report = Report("warm", quick)
    n_rows, rounds = (200, 2) if quick else (10_000, 9)
    section = report.section(
        f"{n_rows:,} rows of {_N_FEATURES:,} features",
        "fusionlearn: transform of a list of PNG files whose features are in a SQLite store: "
        "files are recognised, rows found, checked and gathered. sqlite3: the same file, all rows "
        "and their keys fetched by one query into a list, which nobody checks or sorts; and a "
        "table with nothing but a number and the same bytes, into an array.",
        "MB",
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = write_small_files(n_rows, _SIDE, folder)
        extractor = BackboneFeatureExtractor(
            register(_SIDE, _N_FEATURES), store=str(Path(folder) / "features.db")
        )
        features = extractor.transform(paths)
        plain = _plain_table(Path(folder) / "plain.db", features)
        store = sqlite3.connect(Path(folder) / "features.db")
        _check_same(extractor.transform(paths), _into_array(plain, n_rows), features)
        taken = section.measure(
            "warm",
            {
                "sqlite3": lambda: _read(store),
                "sqlite3, plain table into an array": lambda: _into_array(plain, n_rows),
                "fusionlearn": lambda: extractor.transform(paths),
            },
            amount=features.nbytes / 1e6,
            rounds=rounds,
        )
        plain.close()
        store.close()
    rates = [features.nbytes / 1e6 / seconds for seconds in taken["fusionlearn"]]
    report.at_least("Warm transform", rates, 500, "MB/s")
    against = quotients(taken["fusionlearn"], taken["sqlite3"])
    report.at_most("Warm transform: time, sqlite3 reading the same bytes being 1", against, 1.5)
    return report


def _plain_table(path, features):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE features (number INTEGER PRIMARY KEY, row BLOB)")
    rows = ((number, row.tobytes()) for number, row in enumerate(features))
    connection.executemany("INSERT INTO features VALUES (?, ?)", rows)
    connection.commit()
    return connection


def _read(connection):
    return connection.execute("SELECT picture, vector FROM feature").fetchall()


def _into_array(connection, n_rows):
    features = np.empty((n_rows, _N_FEATURES), np.float32)
    for number, (row,) in enumerate(connection.execute("SELECT row FROM features")):
        features[number] = np.frombuffer(row, np.float32)
    return features


def _check_same(*arrays):
    for array in arrays[1:]:
        if not np.array_equal(array, arrays[0]):
            raise RuntimeError("the contestants did not read the same features")
