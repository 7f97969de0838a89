"""A trained head as a Keras model."""

from .._compat import import_keras, isolated_keras_build


def build_keras_head(coefs, intercepts, dropout):
    """Build a Keras model that predicts as the arrays do.

    Parameters
    ----------
    coefs : list of ndarray of shape (n_inputs, n_units)
        Weights of each layer.

    intercepts : list of ndarray of shape (n_units,)
        Biases of each layer.

    dropout : float
        Rate of the dropout, for further training.

    Returns
    -------
    model : keras.Model
        From features to probabilities, one column for each class.
    """
    keras = import_keras()
    last = len(coefs) - 1
    is_binary = len(intercepts[last]) == 1
    with isolated_keras_build(0):
        inputs = outputs = keras.Input((len(coefs[0]),), name="features")
        if last == 0:
            outputs = keras.layers.Dropout(dropout, seed=0)(outputs)
        for number, weights in enumerate(zip(coefs, intercepts, strict=True)):
            activation = "relu" if number < last else "sigmoid" if is_binary else "softmax"
            layer = keras.layers.Dense(len(weights[1]), activation, kernel_initializer="zeros")
            outputs = layer(outputs)
            layer.set_weights(weights)
            if number < last:
                outputs = keras.layers.Dropout(dropout, seed=0)(outputs)
        if is_binary:
            outputs = keras.layers.Concatenate()([1 - outputs, outputs])
        return keras.Model(inputs, outputs, name="head")
