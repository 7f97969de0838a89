"""A network that is built in no time, and what stands in for plain Keras."""

import random
from contextlib import contextmanager

import keras

SIDE = 16
N_FEATURES = 5


def build():
    """A network for pictures of 16 x 16 pixels with five features."""
    return keras.Sequential(
        [
            keras.layers.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(4, 3, strides=2, activation="relu", name="first"),
            keras.layers.Conv2D(N_FEATURES, 3, name="second"),
        ]
    )


@contextmanager
def seeded(seed):
    """Keras draws the seeds of its initializers from Python's generator."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def mobilenet(seed=0, size=32, **params):
    """The smallest network of keras.applications, untrained, by plain Keras."""
    with seeded(seed):
        return keras.applications.MobileNet(
            weights=None, include_top=False, input_shape=(size, size, 3), alpha=0.25, **params
        )
