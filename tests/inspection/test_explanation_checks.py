"""Sanity checks of the literature: maps depend on the model, and show what decides."""

import copy

import numpy as np
import pytest
from explained import fitted, marked_phantoms
from scipy.stats import spearmanr

from fusionlearn.inspection import DeletionInsertion, deletion_insertion, explain
from fusionlearn.inspection._deletion_insertion import _order
from fusionlearn.metrics import bootstrap_interval

METHODS = ["gradcam", "occlusion"]


@pytest.fixture(scope="module")
def marked():
    """Eight marked pictures, and where the mark is."""
    pictures, labels, places = marked_phantoms()
    chosen = np.flatnonzero(labels == "marked")[:8]
    return pictures[chosen], places[chosen]


@pytest.fixture(scope="module")
def explanations(marked):
    """Evidence for the mark, by method."""
    return {
        method: explain(fitted(), marked[0], method=method, target="marked") for method in METHODS
    }


def likeness(some, others):
    """Mean rank correlation of maps."""
    pairs = zip(some, others, strict=True)
    return np.mean([spearmanr(a.heat_map.ravel(), b.heat_map.ravel())[0] for a, b in pairs])


@pytest.mark.parametrize("method", METHODS)
def test_the_mark_is_found(marked, explanations, method):
    """Evidence is at least twice as dense where the mark is; an even map scores 1."""
    density = [
        one.heat_map[place].mean() / one.heat_map.mean()
        for one, place in zip(explanations[method], marked[1], strict=True)
    ]
    assert np.mean(density) > 2


@pytest.mark.parametrize("method", METHODS)
def test_the_classifier_confirms_the_maps(explanations, method):
    """Deletion falls and insertion rises earlier than in a random order (Petsiuk 2018)."""
    curves = deletion_insertion(fitted(), explanations[method], n_steps=8, n_random=2)
    gains = {
        "deletion": curves.random_deletion_area - curves.deletion_area,
        "insertion": curves.insertion_area - curves.random_insertion_area,
    }
    for gain in gains.values():
        interval = bootstrap_interval(
            lambda zeros, gain: np.mean(gain), np.zeros(len(gain)), gain, random_state=0
        )
        assert interval.low > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_same_model_gives_the_same_map(marked, explanations, method):
    """To the bit."""
    again = explain(fitted(), marked[0][:4], method=method, target="marked")
    for one, other in zip(explanations[method][:4], again, strict=True):
        np.testing.assert_array_equal(one.heat_map, other.heat_map)


def test_other_weights_give_other_maps(marked, explanations):
    """Networks with other random weights, and a head fitted on them (Adebayo 2018)."""
    others = explain(fitted(seed=1), marked[0], target="marked")
    assert likeness(explanations["gradcam"], others) < 0.6


@pytest.mark.parametrize("method", METHODS)
def test_a_shuffled_head_gives_other_maps(marked, explanations, method):
    """The last layer alone, randomised: a map that ignored it would stay (Adebayo 2018)."""
    shuffled = copy.deepcopy(fitted())
    head = shuffled[-1]
    head.coef_ = np.random.default_rng(0).permutation(head.coef_, axis=1)
    others = explain(shuffled, marked[0], method=method, target="marked")
    assert likeness(explanations[method], others) < 0.4


def test_shuffled_maps_do_not_beat_random(marked, explanations):
    """The curves can say no: maps of other pictures, turned over, are no better than chance."""
    from dataclasses import replace

    wrong = [
        replace(one, heat_map=other.heat_map.max() - one.heat_map)
        for one, other in zip(explanations["gradcam"], explanations["gradcam"], strict=True)
    ]
    curves = deletion_insertion(fitted(), wrong, n_steps=8, n_random=2)
    assert curves.deletion_area.mean() > curves.random_deletion_area.mean()
    assert curves.insertion_area.mean() < curves.random_insertion_area.mean()


def test_curves_start_and_end_where_they_must(marked, explanations):
    """Nothing changed is the picture; everything changed is the same for every order."""
    curves = deletion_insertion(fitted(), explanations["gradcam"][:3], n_steps=4, n_random=1)
    proba = fitted().predict_proba(marked[0][:3])[:, 0]
    assert fitted().classes_[0] == "marked"
    for values in (curves.deletion, curves.random_deletion):
        np.testing.assert_allclose(values[:, 0], proba, rtol=1e-4)
        np.testing.assert_allclose(values[:, -1], curves.insertion[:, 0], rtol=1e-4)
    for values in (curves.insertion, curves.random_insertion):
        np.testing.assert_allclose(values[:, -1], proba, rtol=1e-4)
    assert curves.fractions.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_weak_evidence_is_ordered_too():
    """A map of tiny values has the order of a map of large ones; equal ones are shuffled."""
    values = np.random.default_rng(0).permutation(64).reshape(8, 8)
    for scale in (1, 1e-20):
        ranks = _order(np.float32(scale) * values.astype(np.float32), np.random.default_rng(0))
        np.testing.assert_array_equal(ranks, 63 - values)
    ranks = _order(np.zeros((8, 8)), np.random.default_rng(0)).ravel()
    assert sorted(ranks) == list(range(64))
    assert abs(np.corrcoef(ranks, np.arange(64))[0, 1]) < 0.5


def test_areas_are_those_under_the_curves():
    """A line from 1 to 0 has an area of a half."""
    line, flat = np.array([[1.0, 0.5, 0.0]]), np.full((1, 3), 0.2)
    curves = DeletionInsertion(np.array([0, 0.5, 1]), line, flat, flat, line)
    assert curves.deletion_area == curves.random_insertion_area == pytest.approx([0.5])
    assert curves.insertion_area == curves.random_deletion_area == pytest.approx([0.2])


def test_curves_of_nothing_are_refused(explanations):
    """No explanation, or one of another classifier."""
    from dataclasses import replace

    with pytest.raises(ValueError, match="explanations is empty"):
        deletion_insertion(fitted(), [])
    other = replace(explanations["gradcam"][0], target="else")
    with pytest.raises(ValueError, match=r"'else'.*explanations of this estimator"):
        deletion_insertion(fitted(), [other])
