"""Phantoms: deterministic, alike within a patient, and neither trivial nor hopeless."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import euclidean_distances
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import get_groups
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.datasets._phantom_patient import PATTERNS, draw_patient
from fusionlearn.datasets._phantom_slice import render_slice


def grey(dataset):
    return np.stack([picture.decode()[:, :, 0] for picture in dataset.data])


@pytest.fixture(scope="module")
def phantoms():
    return make_ct_phantoms(n_samples=240, image_size=64)


def test_bunch(phantoms):
    assert phantoms.data.shape == (240,)
    assert phantoms.data.dtype == object
    assert phantoms.groups[0] == "phantom-000"
    assert len(set(phantoms.groups)) == 60
    np.testing.assert_array_equal(get_groups(phantoms.data), phantoms.groups)
    assert phantoms.target_names.tolist() == ["ground-glass", "healthy"]
    assert phantoms.pos_label == "ground-glass"
    assert phantoms.split is None
    assert phantoms.filenames is None
    assert phantoms.unlabelled is None
    assert "240 pictures of 60 patients" in phantoms.DESCR
    pixels = phantoms.data[0].decode()
    assert pixels.shape == (64, 64, 3)
    assert np.all(pixels == pixels[:, :, :1])


def test_the_class_is_the_patients(phantoms):
    for group in set(phantoms.groups):
        assert len(set(phantoms.target[phantoms.groups == group])) == 1
    assert np.mean(phantoms.target == "healthy") == 0.5


def test_same_seed_same_pictures():
    first = make_ct_phantoms(12, image_size=32, random_state=3)
    again = make_ct_phantoms(12, image_size=32, random_state=3)
    other = make_ct_phantoms(12, image_size=32, random_state=4)
    np.testing.assert_array_equal(grey(first), grey(again))
    assert not np.array_equal(grey(first), grey(other))


def test_more_patients_leave_the_first_ones_as_they_are():
    few = make_ct_phantoms(4, n_patients=2, image_size=32)
    many = make_ct_phantoms(8, n_patients=4, image_size=32)
    np.testing.assert_array_equal(grey(few), grey(many)[:4])


def test_no_two_pictures_are_the_same(phantoms):
    assert len({picture.digest for picture in phantoms.data}) == 240


def test_pictures_use_the_grey_scale(phantoms):
    """A slice has dark lungs and bright bones, and is not clipped away."""
    images = grey(phantoms)
    assert np.all(images.min(axis=(1, 2)) < 40)
    assert np.all(images.max(axis=(1, 2)) == 255)
    middle = images[:, 16:48, 8:56].reshape(len(images), -1)
    assert np.all(np.mean(middle < 110, axis=1) > 0.25)
    assert np.all(np.mean(middle > 170, axis=1) > 0.1)


def test_slices_of_one_patient_resemble_each_other(phantoms):
    images = grey(phantoms).reshape(240, -1).astype(float)
    distance = euclidean_distances(images)
    same = phantoms.groups[:, np.newaxis] == phantoms.groups[np.newaxis, :]
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    assert np.mean(same[np.arange(240), nearest]) > 0.9


def test_difficulty_and_leak(phantoms):
    """Grey levels tell much and not all; splits that tear patients apart score too well."""
    images = grey(phantoms)
    lungs = images[:, 15:50, 7:57]
    levels = np.array([np.histogram(image, 24, (0, 255))[0] for image in lungs])
    coarse = np.array([gaussian_filter(image.astype(float), 2)[::4, ::4] for image in images])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    y, groups = phantoms.target, phantoms.groups
    apart = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    torn = StratifiedKFold(5, shuffle=True, random_state=0)
    honest = cross_val_score(model, levels, y, groups=groups, cv=apart).mean()
    assert 0.7 < honest < 0.95
    coarse = coarse.reshape(240, -1)
    honest = cross_val_score(model, coarse, y, groups=groups, cv=apart).mean()
    leaking = cross_val_score(model, coarse, y, cv=torn).mean()
    assert leaking > honest + 0.08


def test_four_classes():
    dataset = make_ct_phantoms(16, n_classes=4, n_patients=8, image_size=48)
    assert dataset.target_names.tolist() == [
        "consolidation",
        "effusion",
        "ground-glass",
        "healthy",
    ]
    assert dataset.pos_label is None
    assert np.bincount(np.unique(dataset.target, return_inverse=True)[1]).tolist() == [4] * 4


@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_patterns_add_density_to_the_lungs_of_the_same_patient(pattern):
    """What a class means is in the lungs, and nothing else tells it."""
    added = []
    for seed in range(10):
        slices = {}
        for name in ("healthy", pattern):
            patient = draw_patient(np.random.default_rng(seed), name)
            z = patient.traits["z"]
            slices[name] = render_slice(np.random.default_rng(0), patient, z, 64)
        lungs = slices["healthy"] < -700
        lungs[:8] = lungs[-18:] = lungs[:, :8] = lungs[:, -8:] = False
        difference = slices[pattern] - slices["healthy"]
        added.append(difference[lungs].mean())
        assert abs(np.median(difference[~lungs])) < 5
    assert np.median(added) > 15


@pytest.mark.parametrize("size", [32, 33, 100])
def test_any_size(size):
    assert grey(make_ct_phantoms(2, image_size=size)).shape == (2, size, size)


def test_size_changes_resolution_not_anatomy():
    small, large = (grey(make_ct_phantoms(2, image_size=size))[0] for size in (32, 128))
    pooled = large.reshape(32, 4, 32, 4).mean(axis=(1, 3))
    assert np.corrcoef(pooled.ravel(), small.ravel())[0, 1] > 0.95


def test_random_state_is_taken_as_by_scikit_learn():
    state = np.random.RandomState(0)
    first, second = (grey(make_ct_phantoms(2, image_size=32, random_state=state)) for _ in "ab")
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_samples": 1},
        {"n_samples": 3, "n_patients": 4},
        {"n_samples": 8, "n_patients": 3, "n_classes": 4},
        {"n_samples": 3, "n_classes": 4},
        {"n_classes": 5},
        {"image_size": 31},
        {"image_size": 64.0},
        {"random_state": "x"},
    ],
)
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match="|".join([*parameters, "wanted"])):
        make_ct_phantoms(**parameters)
