"""Keras' optimizers by name."""

import math
from inspect import Parameter, signature

import numpy as np

from .._compat import import_keras
from .._hints import did_you_mean


def optimizer_names():
    """List the optimizers that Keras has.

    Returns
    -------
    names : dict
        The classes by their names in lower case.
    """
    return {
        name.lower(): candidate
        for name, candidate in vars(import_keras().optimizers).items()
        if isinstance(candidate, type) and _has_default_learning_rate(candidate)
    }


def _has_default_learning_rate(optimizer_class):
    # The base class and those that wrap other optimizers have none.
    parameter = signature(optimizer_class).parameters.get("learning_rate")
    return parameter is not None and parameter.default is not Parameter.empty


def find_optimizer(name):
    """Find an optimizer.

    Parameters
    ----------
    name : str
        Its name, in upper or lower case.

    Returns
    -------
    optimizer_class : type
        A subclass of ``keras.optimizers.Optimizer``.

    Raises
    ------
    ValueError
        If Keras has no optimizer of that name.
    """
    names = optimizer_names()
    if name.lower() in names:
        return names[name.lower()]
    hint = did_you_mean(name, names)
    raise ValueError(f"optimizer={name!r}: wanted one of {', '.join(sorted(names))}.{hint}")


def rates_of(schedule, learning_rate, n_steps):
    """Compute the learning rate of each step.

    Parameters
    ----------
    schedule : {"constant", "cosine"}
        "cosine" goes down from the learning rate towards 0 along half a wave [1]_.

    learning_rate : float
        The first one.

    n_steps : int
        Number of steps.

    Returns
    -------
    rates : list of float
        One for each step.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017.
    """
    if schedule == "constant":
        return [learning_rate] * n_steps
    return [learning_rate * (1 + math.cos(math.pi * i / n_steps)) / 2 for i in range(n_steps)]


def copy_values(variables):
    """Copy what variables hold.

    Parameters
    ----------
    variables : iterable of keras.Variable
        Variables, whatever Keras runs on.

    Returns
    -------
    values : list of ndarray
        Arrays that stay as they are when the variables change.
    """
    return [_copy(variable.value) for variable in variables]


def _copy(tensor):
    # Each in its own way: asked by np.array, some warn that they do not know "copy".
    if hasattr(tensor, "detach"):  # PyTorch
        tensor = tensor.detach().cpu()
    return np.array(tensor.numpy() if hasattr(tensor, "numpy") else tensor)


class InitialState:
    """What the variables of an optimizer are at the start of a training.

    Most start as constants, some (ScheduleFreeAdamW's) as copies of weights. Weights
    filled with numbers that no optimizer starts from tell them apart.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        It is built for the variables.

    variables : list of keras.Variable
        What it will train; their values are lost.
    """

    def __init__(self, optimizer, variables):
        markers = {1000.0 + number: v for number, v in enumerate(variables)}
        for marker, variable in markers.items():
            variable.assign(np.full(variable.shape, marker, dtype=np.float32))
        optimizer.build(variables)
        # Nadam keeps a variable that it does not list.
        keras = import_keras()
        unlisted = [v for v in vars(optimizer).values() if isinstance(v, keras.Variable)]
        states = {id(v): v for v in [*optimizer.variables, *unlisted]}.values()
        self._constants, self._copies = [], []
        for state in states:
            (value,) = copy_values([state])
            source = markers.get(float(value.flat[0])) if value.size else None
            if source is None:
                self._constants.append((state, value))
            else:
                self._copies.append((state, source))

    def restore_constants(self):
        """Restore what does not depend on weights, the learning rate among it."""
        for state, value in self._constants:
            state.assign(value)

    def restore_copies(self):
        """Restore what starts as a copy of weights, which have been set before."""
        for state, weights in self._copies:
            state.assign(weights)
