"""Training the last third of MobileNetV2, against Keras running all layers in every epoch."""

import random
from functools import partial

import numpy as np

from fusionlearn import (
    BackboneFeatureExtractor,
    FeatureStore,
    FineTuneClassifier,
    register_backbone,
)

from ._harness import Report, quotients
from ._pictures import slices

_NAME = "MobileNetV2-settled"
_RATE = 1e-4
# One batch is an epoch, so that both see the same order.
_N_PICTURES = 32
_SHARE = 1 / 3


def run(quick):
    """Measure fine-tuning.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: small pictures, two epochs, two rounds.

    Returns
    -------
    report : Report
        Seconds per epoch, and how far the losses are from Keras'.
    """
    report = Report("finetune", quick)
    side, epochs, rounds = (64, 2, 2) if quick else (224, 20, 5)
    section = report.section(
        "The last third of MobileNetV2",
        f"{_N_PICTURES} pictures of {side} × {side} pixels, {epochs} epochs of one batch each, "
        "Adam, BatchNormalization frozen in both. Keras: model.fit with the other layers not "
        "trainable, on preprocessed pixels. fusionlearn: a whole call of fit with an empty "
        "store, so that reading, the features for the head, one epoch of the head and what enters "
        "the trained layers are within. Building and compiling are left out.",
        "epoch",
        show="time",
        chart="relative",
    )
    register_backbone(_NAME, partial(_settled, side), input_size=side, preprocessing="tf")
    pictures = slices(_N_PICTURES, side)
    y = np.arange(_N_PICTURES) % 2
    ours = _ours(epochs).fit(pictures, y)
    theirs, start = _keras(side, ours.trained_layers_[_NAME])
    head = FineTuneClassifier(**_HEAD, extractor=_extractor()).fit(pictures, y)
    pixels = pictures / np.float32(127.5) - 1

    def keras_fit():
        start(head.coefs_[0], head.intercepts_[0])
        fitted = theirs.fit(pixels, y, _N_PICTURES, epochs, shuffle=False, verbose=0)
        return fitted.history["loss"]

    losses = np.array(keras_fit())
    difference = np.abs(np.array(ours.history_["loss"][1:]) / losses - 1).max()
    section.fact("largest relative difference of a loss to Keras'", float(difference))
    section.fact("loss of the first and the last epoch", f"{losses[0]:.4f}, {losses[-1]:.4f}")
    taken = section.measure(
        "MobileNetV2",
        {"Keras fit": keras_fit, "fusionlearn": lambda: _ours(epochs).fit(pictures, y)},
        amount=epochs,
        rounds=rounds,
    )
    against = quotients(taken["Keras fit"], taken["fusionlearn"])
    report.at_least("Speed, Keras' fit being 1", against, 3)
    report.at_most("Largest relative difference of a loss", [float(difference)], 1e-2, "")
    return report


_HEAD = {"epochs": 1, "validation": None, "dropout": 0.0, "random_state": 0}


def _extractor():
    return BackboneFeatureExtractor(_NAME, store=FeatureStore())


def _ours(epochs):
    return FineTuneClassifier(
        _extractor(),
        unfreeze=_SHARE,
        fine_tune_epochs=epochs,
        fine_tune_learning_rate=_RATE,
        batch_size=_N_PICTURES,
        **_HEAD,
    )


def _settled(side):
    """MobileNetV2 whose frozen statistics are those of noise: else untrained layers fade out."""
    import keras

    model = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(side, side, 3)
    )
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in norms:
        layer.momentum = 0.0
    noise = np.random.default_rng(0).random((8, side, side, 3), dtype=np.float32) * 2 - 1
    model(noise, training=True)
    for layer in norms:
        layer.momentum = 0.999
    return model


def _keras(side, n_trained):
    """Keras' model with its last layers trainable, and what brings it back to the start."""
    import keras

    random.seed(0)  # whence Keras draws the seeds of its initializers
    base = _settled(side)
    for layer in base.layers[:-n_trained]:
        layer.trainable = False
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    dense = keras.layers.Dense(1, "sigmoid")
    features = keras.layers.GlobalAveragePooling2D()(base.outputs[0])
    model = keras.Model(base.inputs, dense(features))
    model.compile(keras.optimizers.Adam(_RATE), "binary_crossentropy")
    model.optimizer.build(model.trainable_variables)
    untrained = [np.asarray(variable) for variable in base.weights]
    state = [(v, np.asarray(v)) for v in model.optimizer.variables]

    def start(coef, intercept):
        for variable, value in [*zip(base.weights, untrained, strict=True), *state]:
            variable.assign(value)
        dense.set_weights([coef, intercept])

    return model, start
