"""A trained head as a Keras model."""

from .._compat import import_keras, isolated_keras_build
from ..backbones import build_tuned_model


def build_keras_head(coefs, intercepts, dropout, multilabel):
    """Build a Keras model that predicts as the arrays do.

    Parameters
    ----------
    coefs : list of ndarray of shape (n_inputs, n_units)
        Weights of each layer.

    intercepts : list of ndarray of shape (n_units,)
        Biases of each layer.

    dropout : float
        Rate of the dropout, for further training.

    multilabel : bool
        Whether outputs are labels, each by itself.

    Returns
    -------
    model : keras.Model
        From features to probabilities, one column for each class or label.
    """
    keras = import_keras()
    last = len(coefs) - 1
    is_binary = len(intercepts[last]) == 1
    final = "sigmoid" if is_binary or multilabel else "softmax"
    with isolated_keras_build(0):
        inputs = outputs = keras.Input((len(coefs[0]),), name="features")
        if last == 0:
            outputs = keras.layers.Dropout(dropout, seed=0)(outputs)
        for number, weights in enumerate(zip(coefs, intercepts, strict=True)):
            activation = "relu" if number < last else final
            layer = keras.layers.Dense(len(weights[1]), activation, kernel_initializer="zeros")
            outputs = layer(outputs)
            layer.set_weights(weights)
            if number < last:
                outputs = keras.layers.Dropout(dropout, seed=0)(outputs)
        if is_binary:
            outputs = keras.layers.Concatenate()([1 - outputs, outputs])
        return keras.Model(inputs, outputs, name="head")


def build_keras_classifier(members, tuned, head):
    """Build a Keras model of networks with trained layers and their head.

    Parameters
    ----------
    members : list of Member
        The networks.

    tuned : dict of str to list of ndarray
        Weights of the trained layers of each network.

    head : keras.Model
        As :func:`build_keras_head` returns it.

    Returns
    -------
    model : keras.Model
        From preprocessed pixels, one input for each network, to probabilities.
    """
    keras = import_keras()
    networks = [
        build_tuned_model(member.network, tuned.get(member.name, []), f"network_{number}")
        for number, member in enumerate(members)
    ]
    with isolated_keras_build(0):
        inputs = [
            keras.Input(network.input_shape[1:], name=f"pixels_{number}")
            for number, network in enumerate(networks)
        ]
        features = []
        for pixels, network, member in zip(inputs, networks, members, strict=True):
            block = network(pixels)
            features.append(block if member.scale == 1 else block * member.scale)
        X = keras.layers.Concatenate()(features) if len(features) > 1 else features[0]
        return keras.Model(inputs, head(X), name="classifier")
