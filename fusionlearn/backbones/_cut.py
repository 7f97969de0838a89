"""Networks cut in two: what stays as it is, and the last layers, which are trained."""

from numbers import Integral

from .._compat import import_keras
from .._hints import did_you_mean
from ..exceptions import BackboneError


def count_trained_layers(model, unfreeze, name):
    """Turn a choice of layers into their number.

    Parameters
    ----------
    model : keras.Model
        From preprocessed pixels to feature maps.

    unfreeze : int, float or str
        How many of the last layers are trained, which share of all layers, the name of
        the first of them, or "all". Input layers do not count.

    name : str
        Name of the network, for messages.

    Returns
    -------
    n_trained : int
        Number of layers at the end of the model that are trained.

    Raises
    ------
    BackboneError
        If there is no such layer, there are not so many, or none of them has weights
        that could be trained.
    """
    layers = _layers(model)
    if isinstance(unfreeze, str):
        n_trained = len(layers) - _position(layers, unfreeze, name)
    elif isinstance(unfreeze, Integral):
        n_trained = int(unfreeze)
    else:
        n_trained = max(1, round(unfreeze * len(layers)))
    if n_trained > len(layers):
        raise BackboneError(
            f"unfreeze={unfreeze!r}: {name} has {len(layers)} layers up to its features. "
            'Pass a smaller number, or "all".'
        )
    if n_trained and not trainable_variables(layers[len(layers) - n_trained :]):
        last = (
            next(
                number
                for number in range(1, len(layers) + 1)
                if trainable_variables(layers[-number:])
            )
            if trainable_variables(layers)
            else None
        )
        hint = "Leave unfreeze=0." if last is None else f"Pass at least {last}."
        raise BackboneError(
            f"unfreeze={unfreeze!r}: the last {n_trained} layers of {name} have no weights to "
            f"train (BatchNormalization layers stay as they are). {hint}"
        )
    return n_trained


def split_model(model, n_trained):
    """Cut a model before its last layers, wherever branches run across the cut.

    Parameters
    ----------
    model : keras.Model
        A model with one input.

    n_trained : int
        Number of layers behind the cut.

    Returns
    -------
    frozen : keras.Model
        From the input to the tensors that go across the cut.

    trained : keras.Model
        From those tensors to the outputs. It shares its layers with ``model``.
    """
    keras = import_keras()
    layers = _layers(model)
    behind = {id(layer) for layer in layers[len(layers) - n_trained :]}
    # Operations such as x + y stand between layers and are none: what needs something from
    # behind the cut is behind it too.
    late, needed = set(), {}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            inputs = node.input_tensors
            if id(node.operation) in behind or any(id(_maker(t)) in late for t in inputs):
                late.add(id(node))
                needed |= {id(tensor): tensor for tensor in inputs}
    needed |= {id(tensor): tensor for tensor in model.outputs}
    across = [tensor for tensor in needed.values() if id(_maker(tensor)) not in late]
    # A map that is asked for before the cut goes across it as it is, and Keras wants an
    # operation between an input and an output.
    crossing = {id(tensor) for tensor in across}
    outputs = [
        keras.layers.Identity()(tensor) if id(tensor) in crossing else tensor
        for tensor in model.outputs
    ]
    return keras.Model(model.inputs, across), keras.Model(across, outputs)


def _maker(tensor):
    """Node of the graph that gives a tensor."""
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def trainable_variables(layers):
    """List what training changes: the weights of all layers but BatchNormalization.

    Parameters
    ----------
    layers : list of keras.Layer
        Layers, or models as layers.

    Returns
    -------
    variables : list of keras.Variable
        Each once.
    """
    keras = import_keras()
    found = {}
    for layer in layers:
        for part in layer._flatten_layers():
            if not isinstance(part, keras.layers.BatchNormalization):
                own = [*part._trainable_variables] if not isinstance(part, keras.Model) else []
                found |= {id(variable): variable for variable in own}
    return list(found.values())


def _layers(model):
    keras = import_keras()
    return [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def _position(layers, name, network):
    if name == "all":
        return 0
    names = [layer.name for layer in layers]
    if name not in names:
        hint = did_you_mean(name, [*names, "all"], n=3)
        raise BackboneError(
            f"unfreeze: {network} has no layer {name!r} up to its features.{hint} Wanted a number "
            'of layers, a share of them, the name of the first, or "all".'
        )
    return names.index(name)
