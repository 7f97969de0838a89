"""The training loop: epochs, early stopping, the best epoch's arrays."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from .._config import get_config
from ._dropout import draw_keys
from ._trainer_pool import POOL


@dataclass(frozen=True)
class Schedule:
    """How a head is trained.

    Parameters
    ----------
    learning_rate : float
        Learning rate of the optimizer.

    dropout : float
        Share of inputs that are set to zero.

    batch_size : int
        Rows of a batch.

    epochs : int
        Largest number of epochs.

    patience : int or None
        Epochs without a better validation loss after which training stops and the
        best epoch's arrays are taken. None: all epochs, and the last one's arrays.
    """

    learning_rate: float
    dropout: float
    batch_size: int
    epochs: int
    patience: int | None


@dataclass(frozen=True)
class Trained:
    """What training left.

    Parameters
    ----------
    coefs : list of ndarray
        Weights of each layer.

    intercepts : list of ndarray
        Biases of each layer.

    history : dict of list of float
        A value for each epoch.

    best_epoch : int
        Index of the best epoch in the history.
    """

    coefs: list
    intercepts: list
    history: dict
    best_epoch: int


def train(head, schedule, X, y, weight, parts, seeds, observer):
    """Train a head.

    Parameters
    ----------
    head : Head
        Its shape.

    schedule : Schedule
        How it is trained.

    X : ndarray of shape (n_samples, n_features), float32 or float64
        Features. More than the setting ``head_memory`` are read block by block.

    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Number of the class of each sample, or of each of its labels.

    weight : ndarray of the shape of y
        Weights.

    parts : tuple of (ndarray, ndarray or None)
        Rows to train on, and rows to validate on.

    seeds : tuple of numpy.random.SeedSequence
        For the weights, and for the order of rows and the dropout.

    observer : object
        ``begin()`` is called before each epoch; ``end(values, attributes)`` after it, with
        the epoch's values and a function that gives fitted attributes. If ``end`` returns
        True, training stops.

    Returns
    -------
    trained : Trained
        The result.

    Raises
    ------
    ValueError
        If the loss leaves the range of floating point numbers.
    """
    training_rows, validation_rows = parts
    weights_rng, epochs_rng = (np.random.default_rng(seed) for seed in seeds)
    history = {"loss": [], "accuracy": []}
    if validation_rows is not None:
        history |= {"val_loss": [], "val_accuracy": []}
    watched = history["loss" if validation_rows is None else "val_loss"]
    stops_early = schedule.patience is not None and validation_rows is not None
    best_epoch, arrays = 0, None
    with POOL.lend(head) as trainer:

        def attributes():
            return dict(zip(("coefs_", "intercepts_"), trainer.arrays(), strict=True))

        trainer.reset(weights_rng, schedule.learning_rate)
        rows = trainer.hold(X, y, weight, get_config()["head_memory"])
        for epoch in range(schedule.epochs):
            observer.begin()
            values = trainer.train_epoch(
                rows,
                epochs_rng.permutation(training_rows),
                schedule.batch_size,
                schedule.dropout,
                draw_keys(epochs_rng),
            )
            if validation_rows is not None:
                values += trainer.evaluate(rows, validation_rows)
            values = dict(zip(history, values, strict=True))
            check_finite(values, epoch, "learning_rate")
            for name, value in values.items():
                history[name].append(value)
            if watched[epoch] < watched[best_epoch] or epoch == 0:
                best_epoch = epoch
                if stops_early:
                    arrays = trainer.arrays()
            wants_stop = observer.end(values, attributes)
            if wants_stop or (stops_early and epoch - best_epoch >= schedule.patience):
                break
        coefs, intercepts = trainer.arrays() if arrays is None else arrays
    return Trained(coefs, intercepts, history, best_epoch)


def check_finite(values, epoch, name_of_rate):
    """Raise if a loss left the range of floating point numbers.

    Parameters
    ----------
    values : dict of float
        Losses and accuracies.

    epoch : int
        Index of the epoch.

    name_of_rate : str
        The parameter that should be smaller.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    for name, value in values.items():
        if not isfinite(value):
            raise ValueError(
                f"{name} became {value} in epoch {epoch}: the weights left the range of "
                "floating point numbers. Scale the features (StandardScaler), or set a "
                f"smaller {name_of_rate}."
            )
