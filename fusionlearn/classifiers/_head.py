"""What shapes the compiled functions of a head."""

from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral

# Weights times rows from which on XLA compiles. Measured: it takes a quarter of a second
# longer to begin and then 0.1 to 0.3 times as long for an epoch, so at this size it has paid
# after about 50 epochs of one fit, and far below it never does.
_XLA_WORK = 2**17
# TensorFlow counts in int32.
_MOST_UNITS = 2**31 - 1


@dataclass(frozen=True)
class Head:
    """Everything that shapes the compiled functions of a head.

    Parameters
    ----------
    n_features : int
        Number of inputs.

    hidden_units : tuple of int
        Units of the hidden layers.

    n_outputs : int
        1 for two classes (a sigmoid), else the number of classes (a softmax); or of
        labels (a sigmoid for each).

    has_dropout : bool
        Whether there is dropout. Its rate is an input of the compiled functions.

    optimizer : str
        Name of the optimizer. Its learning rate is a variable.

    uses_xla : bool
        Whether XLA compiles the functions, instead of TensorFlow running their graphs.

    is_multilabel : bool, default=False
        Whether outputs are labels, each by itself, instead of classes.
    """

    n_features: int
    hidden_units: tuple
    n_outputs: int
    has_dropout: bool
    optimizer: str
    uses_xla: bool
    is_multilabel: bool = False


def is_worth_xla(n_rows, n_features, hidden_units, n_outputs):
    """Decide whether XLA should compile a head.

    Neither the number of epochs nor the batch size is asked, so that one of a grid's
    points differs from another by what it sets and by no rounding.

    Parameters
    ----------
    n_rows : int
        Rows to train on.

    n_features : int
        Number of inputs.

    hidden_units : tuple of int
        Units of the hidden layers.

    n_outputs : int
        Number of outputs.

    Returns
    -------
    worth : bool
        Whether it should.
    """
    widths = [n_features, *hidden_units, n_outputs]
    return n_rows * sum(a * b for a, b in pairwise(widths)) >= _XLA_WORK


def check_hidden_units(hidden_units):
    """Check the widths of hidden layers.

    Parameters
    ----------
    hidden_units : tuple
        As it was given.

    Raises
    ------
    ValueError
        If there is anything but positive integers in it.
    """
    for units in hidden_units:
        is_number = isinstance(units, Integral) and not isinstance(units, bool)
        if not is_number or not 1 <= units <= _MOST_UNITS:
            raise ValueError(
                f"hidden_units={hidden_units!r}: wanted positive integers, such as (64,) for one "
                "hidden layer of 64 units."
            )


def shape_head(features, y, classes, hidden_units, dropout, optimizer):
    """Find the shape of the head that a classifier trains.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features)
        What it is trained on.

    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Numbers of the classes.

    classes : ndarray of shape (n_classes,) or (n_labels, 2)
        The classes.

    hidden_units : tuple of int
        Units of the hidden layers.

    dropout : float
        Share of values that are set to zero.

    optimizer : str
        Name of the optimizer.

    Returns
    -------
    head : Head
        The shape.
    """
    n_rows, n_features = features.shape
    hidden_units = tuple(int(units) for units in hidden_units)
    is_multilabel = y.ndim == 2
    n_outputs = 1 if len(classes) == 2 and not is_multilabel else len(classes)
    return Head(
        n_features=n_features,
        hidden_units=hidden_units,
        n_outputs=n_outputs,
        has_dropout=dropout > 0,
        optimizer=optimizer.lower(),
        uses_xla=is_worth_xla(n_rows, n_features, hidden_units, n_outputs),
        is_multilabel=is_multilabel,
    )
