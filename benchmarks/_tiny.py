"""Networks that cost next to nothing, so that everything around them can be measured."""

from functools import partial

from fusionlearn import register_backbone


def build(side, n_features):
    """Build a network of one convolution.

    Parameters
    ----------
    side, n_features : int
        Width and height of its pictures, and its number of features.

    Returns
    -------
    model : keras.Model
        The network.
    """
    import keras

    return keras.Sequential(
        [
            keras.layers.Input((side, side, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(n_features, 3, strides=side // 2, activation="relu"),
        ]
    )


def register(side, n_features):
    """Register such a network and give its entry in the table."""
    return register_backbone(f"tiny{n_features}", partial(build, side, n_features), input_size=side)
