"""Threads that share an estimator get what one alone gets."""

from concurrent.futures import ThreadPoolExecutor

import composition_parts as parts
import numpy as np
import pytest
from sklearn.base import clone

from fusionlearn import BackboneFeatureExtractor, FeatureStore, FineTuneClassifier


def end_to_end():
    settings = {"application_params": {"alpha": 0.25}, "weights": None, "input_size": 32}
    extractor = BackboneFeatureExtractor("MobileNet", store=FeatureStore(), **settings)
    return FineTuneClassifier(extractor, unfreeze=0.2, epochs=2, batch_size=16, random_state=0)


MODELS = {
    "concat": lambda: parts.small_recipe(epochs=2, store=FeatureStore()),
    "vote": lambda: parts.small_recipe("vote", epochs=2, store=FeatureStore()),
    "end to end": end_to_end,
}


@pytest.mark.parametrize("name", MODELS)
def test_predictions_of_one_estimator(name):
    """Eight threads predict different pictures that no store has, and some the same."""
    ct = parts.phantoms()
    model = MODELS[name]().fit(ct.data, ct.target)
    blocks = [parts.phantoms(16, 16, size=33 + number % 6).data for number in range(12)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(model.predict_proba, blocks))
    alone = clone(model).fit(ct.data, ct.target)
    for block, proba in zip(blocks, together, strict=True):
        np.testing.assert_array_equal(proba, alone.predict_proba(block))


def test_fits_side_by_side():
    """Each thread fits a clone; none sees the weights of another."""
    ct = parts.phantoms()
    models = [parts.small_recipe(epochs=2, random_state=seed) for seed in range(4)]
    alone = [clone(model).fit(ct.data, ct.target).predict_proba(ct.data) for model in models]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda model: model.fit(ct.data, ct.target), models))
    for model, want in zip(together, alone, strict=True):
        np.testing.assert_array_equal(model.predict_proba(ct.data), want)
