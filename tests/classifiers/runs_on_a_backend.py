"""Run as a program, with KERAS_BACKEND set: extraction and training, as numbers."""

import json
import sys

import numpy as np
import tiny_network
from composition_parts import phantoms
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FineTuneClassifier,
    MajorityVoteFusion,
    register_backbone,
)


def build():
    """The tiny network with weights that no backend's own generator has drawn."""
    model = tiny_network.build()
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.3, array.shape) for array in model.get_weights()])
    return model


def main(out):
    """Write what was computed."""
    data = phantoms(24, 12)
    settings = {"epochs": 4, "batch_size": 8, "learning_rate": 0.05, "random_state": 0}
    network = BackboneFeatureExtractor(register_backbone("fixed", build, input_size=16))
    wide = network.__class__(network.application, pooling="avg_std")
    features = wide.transform(data.data)
    computed = {"features": features}
    for name, labels, params in [
        ("two classes", data.target, {"optimizer": "adam"}),
        ("hidden layers", data.target, {"optimizer": "nadam", "hidden_units": (5, 4)}),
        ("three classes", np.arange(24) % 3, {"optimizer": "rmsprop", "dropout": 0.3}),
    ]:
        head = FineTuneClassifier(**settings, **params).fit(features, labels)
        computed[name] = head.predict_proba(features)
        computed[f"{name}, history"] = [head.history_[key] for key in sorted(head.history_)]
    fusion = ConcatFusion([("a", network), ("b", wide)])
    tuned = FineTuneClassifier(
        fusion,
        unfreeze={"a": 1},
        dropout=0,
        fine_tune_epochs=3,
        fine_tune_learning_rate=0.01,
        early_stopping=False,
        weight_averaging=0.5,
        **settings,
    ).fit(data.data, data.target)
    computed["fine-tuned"] = tuned.predict_proba(data.data)
    computed["fine-tuned weights"] = tuned.fine_tuned_["a"][0]
    members = [
        ("one", make_pipeline(network, FineTuneClassifier(**settings))),
        ("two", make_pipeline(wide, FineTuneClassifier(**settings))),
    ]
    vote = MajorityVoteFusion(members).fit(data.data, data.target)
    computed["vote"] = vote.predict_proba(data.data)
    with open(out, "w") as file:
        json.dump({name: np.asarray(value).tolist() for name, value in computed.items()}, file)


if __name__ == "__main__":
    main(sys.argv[1])
