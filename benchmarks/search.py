"""A cross-validated search of heads, against a plain Pipeline and one with a memory."""

import tempfile
import time
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold
from sklearn.pipeline import Pipeline

from fusionlearn import BackboneFeatureExtractor, FeatureStore, FineTuneClassifier

from ._harness import Report, quotients
from ._pictures import slices, write_files

_GRID = {"dropout": [0.0, 0.3, 0.5, 0.7], "learning_rate": [1e-4, 1e-3, 1e-2]}
_FOLDS = 5


class Forgetful(BackboneFeatureExtractor):
    """The same engine without a store that lasts: what any transformer of pictures does."""

    computed = 0

    def transform(self, X):
        """Compute every row anew."""
        store = FeatureStore()
        features = BackboneFeatureExtractor(**{**self.get_params(), "store": store}).transform(X)
        Forgetful.computed += store.stats()["computed"]
        return features


def run(quick):
    """Measure searches.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: few pictures, one epoch, one round.

    Returns
    -------
    report : Report
        Rows computed and seconds; overhead; what a second process gains.
    """
    report = Report("search", quick)
    n_pictures, side = (40, 32) if quick else (240, 160)
    y = np.arange(n_pictures) % 2
    with tempfile.TemporaryDirectory() as folder:
        X = np.array(write_files(slices(n_pictures, 256), folder, ".png"))
        task = _Task(X, y, side, folder)
        task.head.set_params(epochs=2 if quick else 100)
        _compare(report, task, rounds=1 if quick else 3)
        if not quick:
            _lengthen(task)
        _two_processes(report, task, rounds=1 if quick else 3)
    return report


class _Task:
    """Pictures, labels, networks and a head, as all contestants take them."""

    def __init__(self, X, y, side, folder):
        self.X, self.y, self.folder = X, y, folder
        self.network = {
            "application": "MobileNetV2",
            "weights": None,
            "input_size": side,
        }
        self.head = FineTuneClassifier(
            batch_size=8, validation=None, early_stopping=False, random_state=0
        )
        self.folds = StratifiedKFold(_FOLDS)
        self._n_files = 0

    def new_path(self):
        """A path inside the folder that nothing has used."""
        self._n_files += 1
        return str(Path(self.folder) / f"new-{self._n_files}")

    def search(self, extractor, *, memory=None, n_jobs=None):
        """Search, in scikit-learn's own way."""
        model = Pipeline([("features", extractor), ("head", self.head)], memory=memory)
        grid = {f"head__{name}": values for name, values in _GRID.items()}
        return GridSearchCV(model, grid, cv=self.folds, n_jobs=n_jobs).fit(self.X, self.y)

    def by_hand(self):
        """One extraction, and every fit of a head that the search makes; nothing is scored."""
        features = BackboneFeatureExtractor(**self.network, store=FeatureStore()).transform(self.X)
        for params in ParameterGrid(_GRID):
            for rows, _ in self.folds.split(features, self.y):
                clone(self.head).set_params(**params).fit(features[rows], self.y[rows])
        clone(self.head).fit(features, self.y)


def _compare(report, task, rounds):
    section = report.section(
        "Twelve heads, five folds",
        f"GridSearchCV over a Pipeline of MobileNetV2 and a head, {len(task.X)} PNG files. Plain: "
        "an extractor that keeps nothing. memory=: the same with joblib's cache in a new folder "
        "each round. fusionlearn: an empty store each round. By hand: one extraction and the "
        "fits of the heads, without a search and without scores.",
        "run",
        show="time",
    )
    rows = {}

    def plain():
        Forgetful.computed = 0
        task.search(Forgetful(**task.network))
        rows["Pipeline"] = Forgetful.computed

    def with_memory():
        Forgetful.computed = 0
        task.search(Forgetful(**task.network), memory=task.new_path())
        rows["Pipeline(memory=)"] = Forgetful.computed

    def ours():
        store = FeatureStore()
        task.search(BackboneFeatureExtractor(**task.network, store=store))
        rows["fusionlearn"] = store.stats()["computed"]

    task.by_hand()  # builds the network and compiles the heads
    taken = section.measure(
        f"{len(ParameterGrid(_GRID))} × {_FOLDS} fits",
        {
            "Pipeline": plain,
            "Pipeline(memory=)": with_memory,
            "by hand": task.by_hand,
            "fusionlearn": ours,
        },
        amount=1,
        rounds=rounds,
    )
    for name, count in rows.items():
        section.fact(f"{name}: rows computed", count)
    against = quotients(taken["fusionlearn"], taken["by hand"])
    report.at_most("Search: time, one extraction and the fits being 1", against, 1.15)


def _lengthen(task):
    """Set the number of epochs so that a search by one process takes more than a minute."""
    features = np.random.default_rng(0).standard_normal((len(task.X), 1280), dtype=np.float32)
    task.head.set_params(epochs=50)
    task.head.fit(features, task.y)
    start = time.perf_counter()
    task.head.fit(features, task.y)
    each = (time.perf_counter() - start) / 50
    fits = _FOLDS * len(ParameterGrid(_GRID)) + 1
    task.head.set_params(epochs=int(75 / (each * fits)) + 1)


def _two_processes(report, task, rounds):
    section = report.section(
        "Two processes",
        f"The same search with {task.head.epochs} epochs, an empty SQLite store each round. "
        "The start of the processes is part of the time.",
        "run",
        show="time",
    )

    def search(n_jobs):
        # Processes of the round before would have loaded everything already.
        get_reusable_executor().shutdown(wait=True)
        extractor = BackboneFeatureExtractor(**task.network, store=task.new_path())
        task.search(extractor, n_jobs=n_jobs)

    taken = section.measure(
        "long search",
        {"n_jobs=1": lambda: search(1), "n_jobs=2": lambda: search(2)},
        amount=1,
        rounds=rounds,
    )
    report.at_least(
        "Long search: speed with n_jobs=2, n_jobs=1 being 1",
        quotients(taken["n_jobs=1"], taken["n_jobs=2"]),
        1.6,
    )
