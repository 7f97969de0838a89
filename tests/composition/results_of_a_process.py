"""What one seed gives, as hashes: to be computed by several processes and compared."""

import json
import sys

import joblib
import numpy as np
import tiny_network
from composition_parts import phantoms, scaled_networks, small_networks, small_recipe
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
    register_backbone,
)
from fusionlearn.metrics import bootstrap_interval
from fusionlearn.model_selection import StratifiedImageGroupKFold, evaluate
from fusionlearn.presets import covid_ct_strong

DATA = phantoms()
LAYERS = ["first", "second"]


def network(**params):
    """One that does not fade its input away, so that heads have something to learn from."""
    tiny = register_backbone("tiny", tiny_network.build, input_size=tiny_network.SIDE)
    return BackboneFeatureExtractor(tiny, **{"layers": LAYERS, "store": FeatureStore(), **params})


def features(**params):
    return network(**params).transform(DATA.data)


def copies():
    views = ImageAugmenter(2, brightness=0.2, random_state=3).make_copies(DATA.data[:6])
    return [(view.digest, view.decode()) for view in views.ravel()]


def head(**params):
    """Weights and history of a head, the validation part and the dropout among what is drawn."""
    model = FineTuneClassifier(network(**params), epochs=20, learning_rate=0.05, random_state=1)
    model.fit(DATA.data, DATA.target)
    return model.predict_proba(DATA.data), model.coefs_, model.intercepts_, model.history_


def tuned(**params):
    """The same end to end."""
    settings = {"unfreeze": 1, "epochs": 2, "fine_tune_epochs": 2, "random_state": 1}
    settings |= {"learning_rate": 0.05, "fine_tune_learning_rate": 0.01}
    extractor = network(layers=None, **params)
    model = FineTuneClassifier(extractor, **settings).fit(DATA.data, DATA.target)
    return model.predict_proba(DATA.data), model.coefs_, model.history_, model.fine_tuned_


def vote(n_jobs=None):
    head = FineTuneClassifier(epochs=2, random_state=2)
    members = [
        (name, Pipeline([("features", member), ("head", head)]))
        for name, member in scaled_networks(FeatureStore())
    ]
    fusion = MajorityVoteFusion(members, n_jobs=n_jobs).fit(DATA.data, DATA.target)
    return fusion.predict_proba(DATA.data)


def concatenation(n_jobs=None):
    fusion = ConcatFusion(scaled_networks(FeatureStore()), n_jobs=n_jobs)
    return fusion.fit_transform(DATA.data)


def folds():
    splitter = StratifiedImageGroupKFold(3, shuffle=True, random_state=4)
    return list(splitter.split(DATA.data, DATA.target))


def judged(n_jobs=None):
    """Probabilities and intervals, of the shortcut baseline too."""
    model = small_recipe(networks=scaled_networks)
    found = evaluate(model, DATA.data, DATA.target, cv=2, n_repeats=2, n_jobs=n_jobs)
    return found.y_proba, found.scores, found.shortcut.y_proba, found.shortcut.scores


def interval():
    def right(y, predicted):
        return (y == predicted).mean()

    predicted = np.roll(DATA.target, 1)
    return bootstrap_interval(right, DATA.target, predicted, groups=DATA.groups, n_resamples=50)


def searched(n_jobs=None):
    """Scores that rest on every digit."""
    grid = {"estimator__classifier__dropout": [0.2, 0.5]}
    model = small_recipe(networks=scaled_networks)
    search = GridSearchCV(model, grid, cv=folds(), scoring="neg_log_loss", n_jobs=n_jobs)
    return search.fit(DATA.data, DATA.target).cv_results_["mean_test_score"]


def recipe(fusion):
    model = small_recipe(fusion, networks=scaled_networks).set_params(test_copies=1)
    return model.fit(DATA.data, DATA.target).predict_proba(DATA.data)


def strong(**params):
    (extractor, _) = small_networks(FeatureStore(), layers=0.1, **params)
    model = covid_ct_strong(extractors=[extractor], variant="fast")
    return model.fit(DATA.data, DATA.target).predict_proba(DATA.data)


PARTS = {
    "features": features,
    "copies": copies,
    "head": head,
    "tuned": tuned,
    "vote": vote,
    "folds": folds,
    "interval": interval,
    "evaluate": judged,
    "covid_ct": lambda: (recipe("concat"), recipe("vote")),
    "covid_ct_strong": strong,
}


def results():
    """A hash of each part."""
    return {name: joblib.hash(part()) for name, part in PARTS.items()}


if __name__ == "__main__":
    json.dump(results(), sys.stdout)
