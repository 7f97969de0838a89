"""Weights and patients on their way, with metadata routing on and off."""

import numpy as np
import pytest
import sklearn
from composition_parts import by_patient, phantoms, pixels, scaled_networks, small_recipe
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import Pipeline

from fusionlearn import ConcatFusion, FineTuneClassifier, check_images
from fusionlearn.exceptions import GroupConflictError

DATA = phantoms()
STRANGERS = check_images(pixels(DATA.data))
both_fusions = pytest.mark.parametrize("fusion", ["concat", "vote"])
on_and_off = pytest.mark.parametrize("routing", [False, True])
WEIGHTS = np.linspace(0.2, 3, 48)


def recipe(fusion):
    return small_recipe(fusion, networks=scaled_networks)


@pytest.fixture(autouse=True)
def routing_as_asked(request):
    """Switch routing as the test's parameter says."""
    routing = request.node.callspec.params.get("routing", False)
    with sklearn.config_context(enable_metadata_routing=routing):
        yield


def fitted(model, X, **metadata):
    return model.fit(X, DATA.target, **metadata).predict_proba(X)


@both_fusions
def test_routing_changes_no_probability(fusion):
    """Neither with groups and weights nor without."""
    for metadata in ({}, {"groups": DATA.groups}, {"sample_weight": WEIGHTS}):
        results = []
        for routing in (False, True):
            with sklearn.config_context(enable_metadata_routing=routing):
                results.append(fitted(recipe(fusion), DATA.data, **metadata))
        np.testing.assert_array_equal(*results)


@both_fusions
@on_and_off
def test_groups_that_are_passed_are_those_that_pictures_know(fusion, routing):
    known = fitted(recipe(fusion), DATA.data)
    passed = fitted(recipe(fusion), STRANGERS, groups=DATA.groups)
    unknown = fitted(recipe(fusion), STRANGERS)
    np.testing.assert_array_equal(passed, known)
    assert (unknown != known).any()


@both_fusions
@on_and_off
def test_weights_reach_the_heads(fusion, routing):
    plain = fitted(recipe(fusion), DATA.data)
    weighted = fitted(recipe(fusion), DATA.data, sample_weight=WEIGHTS)
    ones = fitted(recipe(fusion), DATA.data, sample_weight=np.ones(48))
    assert (weighted != plain).any()
    np.testing.assert_allclose(ones, plain, rtol=1e-5)


@both_fusions
@on_and_off
def test_groups_that_contradict_the_pictures_raise(fusion, routing):
    with pytest.raises(GroupConflictError, match="already belongs to"):
        recipe(fusion).fit(DATA.data, DATA.target, groups=DATA.groups[::-1])


@both_fusions
def test_a_search_routes_groups_to_splitter_and_classifier(fusion):
    """Routed groups are as good as those that the pictures carry."""
    dropout = {
        "concat": "estimator__classifier__dropout",
        "vote": "estimator__MobileNet__classifier__dropout",
    }
    grid = {dropout[fusion]: [0.0, 0.5]}
    known = GridSearchCV(recipe(fusion), grid, cv=by_patient()).fit(DATA.data, DATA.target)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = GridSearchCV(recipe(fusion), grid, cv=by_patient())
        routed.fit(STRANGERS, DATA.target, groups=DATA.groups)
    for name in ("split0_test_score", "split1_test_score", "split2_test_score"):
        np.testing.assert_array_equal(known.cv_results_[name], routed.cv_results_[name])


@both_fusions
def test_cross_validation_routes_groups_and_weights(fusion):
    with sklearn.config_context(enable_metadata_routing=True):
        model = recipe(fusion).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=False)
        params = {"groups": DATA.groups, "sample_weight": WEIGHTS}
        scores = cross_validate(
            model, STRANGERS, DATA.target, cv=by_patient(), params=params, error_score="raise"
        )
        by_hand = []
        for train, test in by_patient().split(DATA.data, DATA.target):
            twin = clone(model)
            twin.fit(DATA.data[train], DATA.target[train], sample_weight=WEIGHTS[train])
            by_hand.append(twin.score(DATA.data[test], DATA.target[test]))
    np.testing.assert_array_equal(scores["test_score"], by_hand)


@on_and_off
def test_a_head_that_ends_a_pipeline_is_told_the_patients(routing):
    """By the step's name without routing, by their own name with it."""
    head = FineTuneClassifier(epochs=3, learning_rate=0.05, validation_fraction=0.3, random_state=0)
    model = Pipeline([("features", ConcatFusion(scaled_networks())), ("classifier", head)])
    name = "groups" if routing else "classifier__groups"
    told = fitted(model, DATA.data, **{name: DATA.groups})
    inside = FineTuneClassifier(ConcatFusion(scaled_networks())).set_params(
        epochs=3, learning_rate=0.05, validation_fraction=0.3, random_state=0
    )
    np.testing.assert_array_equal(told, fitted(inside, DATA.data))
    assert (fitted(model, DATA.data) != told).any()


@on_and_off
def test_pictures_of_a_search_need_nothing(routing):
    predicted = cross_val_predict(recipe("concat"), DATA.data, DATA.target, cv=by_patient())
    assert set(predicted) <= set(DATA.target)
