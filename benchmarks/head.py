"""An epoch of training a head, against Keras and scikit-learn."""

import time

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from fusionlearn import FineTuneClassifier

from ._harness import Report, quotients

# Rows, features, rows of a batch: the recipe's training part, and a small set with one network.
_SHAPES = {"1,470 × 13,248, batch 2": (1470, 13_248, 2), "300 × 1,024, batch 32": (300, 1024, 32)}
_DROPOUT = 0.5
_LEARNING_RATE = 1e-5


def run(quick):
    """Measure training.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: small shapes, one epoch, two rounds.

    Returns
    -------
    report : Report
        Seconds per epoch, and the least that moving the bytes takes.
    """
    report = Report("head", quick)
    section = report.section(
        "An epoch",
        "A whole call of fit for several epochs, divided by their number: dropout, one sigmoid "
        "unit, Adam, float32. Building and compiling are left out, copying the data is not. "
        "SGDClassifier and MLPClassifier have no dropout and stand here for scale; "
        "SGDClassifier steps after every row.",
        "epoch",
        show="time",
        chart="relative",
    )
    rounds = 2 if quick else 5
    shapes = {"120 × 512, batch 2": (120, 512, 2)} if quick else _SHAPES
    for number, (label, shape) in enumerate(shapes.items()):
        epochs = 2 if quick else (10 if number == 0 else 50)
        taken = section.measure(label, _contestants(*shape, epochs), amount=epochs, rounds=rounds)
        if number == 0:
            against = quotients(taken["Keras fit"], taken["fusionlearn"])
            report.at_least(f"{label}: speed of an epoch, Keras' fit being 1", against, 8)
            _limit(section, *shape, [seconds / epochs for seconds in taken["fusionlearn"]])
    return report


def _contestants(n_rows, n_features, batch_size, epochs):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    y = rng.integers(0, 2, n_rows)
    ours = FineTuneClassifier(
        dropout=_DROPOUT,
        learning_rate=_LEARNING_RATE,
        batch_size=batch_size,
        epochs=epochs,
        validation=None,
        early_stopping=False,
        random_state=0,
    )
    sgd = SGDClassifier(loss="log_loss", random_state=0)
    mlp = MLPClassifier(
        (), batch_size=batch_size, learning_rate_init=_LEARNING_RATE, random_state=0
    )

    def partial_fits(classifier):
        for _ in range(epochs):
            classifier.partial_fit(X, y, classes=[0, 1])

    contestants = {
        "Keras fit": _keras_fit(X, y, batch_size, epochs, steps_per_execution=1),
        "Keras fit, 32 steps per execution": _keras_fit(
            X, y, batch_size, epochs, steps_per_execution=32
        ),
        "SGDClassifier": lambda: partial_fits(sgd),
        "MLPClassifier": lambda: partial_fits(mlp),
        "fusionlearn": lambda: ours.fit(X, y),
    }
    contestants["fusionlearn"]()  # compiles, as _keras_fit does for Keras
    return contestants


def _keras_fit(X, y, batch_size, epochs, steps_per_execution):
    import keras

    model = keras.Sequential(
        [
            keras.layers.Input((X.shape[1],)),
            keras.layers.Dropout(_DROPOUT),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(_LEARNING_RATE),
        loss="binary_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    model.fit(X, y, batch_size=batch_size, epochs=1, verbose=0)
    return lambda: model.fit(X, y, batch_size=batch_size, epochs=epochs, verbose=0)


def _limit(section, n_rows, n_features, batch_size, seconds):
    """What an epoch takes at least, were computing for nothing and only bytes to be moved.

    Features stream from memory once. In each step weights and Adam's two moments are read
    and written; they are small and stay in the processor's cache.
    """
    features = 4 * n_rows * n_features
    steps = -(-n_rows // batch_size)
    state = steps * 6 * 4 * n_features
    memory = _bandwidth(2**26)
    cache = _bandwidth(n_features)
    limit = features / memory + state / cache
    section.fact("Memory, read and written by one core", memory / 1e9, "GB/s")
    section.fact("Cache, read and written by one core", cache / 1e9, "GB/s")
    section.fact("Bytes of an epoch from memory", features / 1e6, "MB")
    section.fact("Bytes of an epoch from and to the cache", state / 1e6, "MB")
    section.fact("Least time of an epoch by these bytes", 1000 * limit, "ms")
    section.fact(
        "fusionlearn's epoch, that least time being 1", float(np.median(seconds)) / limit, "×"
    )


def _bandwidth(length):
    """Bytes per second of ``c = a + b`` on vectors of that many floats; the best of many."""
    a, b, c = (np.ones(length, np.float32) for _ in range(3))
    repeats = max(1, 2**24 // length)
    best = np.inf
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(repeats):
            np.add(a, b, out=c)
        best = min(best, time.perf_counter() - start)
    return 3 * 4 * length * repeats / best
