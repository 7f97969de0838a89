"""What shapes the compiled functions of a head."""

from dataclasses import dataclass
from itertools import pairwise

# Weights times rows from which on XLA compiles. Measured: it takes a quarter of a second
# longer to begin and then 0.1 to 0.3 times as long for an epoch, so at this size it has paid
# after about 50 epochs of one fit, and far below it never does.
_XLA_WORK = 2**17


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
        1 for two classes (a sigmoid), else the number of classes (a softmax).

    has_dropout : bool
        Whether there is dropout. Its rate is an input of the compiled functions.

    optimizer : str
        Name of the optimizer. Its learning rate is a variable.

    uses_xla : bool
        Whether XLA compiles the functions, instead of TensorFlow running their graphs.
    """

    n_features: int
    hidden_units: tuple
    n_outputs: int
    has_dropout: bool
    optimizer: str
    uses_xla: bool


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
