"""Small real networks, phantoms, and the recipe made of them."""

import functools

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import BackboneFeatureExtractor, check_images
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.model_selection import StratifiedImageGroupKFold
from fusionlearn.presets import covid_ct

NETWORKS = {"MobileNet": 0.25, "MobileNetV2": 0.35}
N_FEATURES = 256 + 1280


def small_networks(store=None, **params):
    """Two untrained networks, as a fusion takes them."""
    settings = {"weights": None, "input_size": 32, "store": store, **params}
    return [
        (name, BackboneFeatureExtractor(name, application_params={"alpha": alpha}, **settings))
        for name, alpha in NETWORKS.items()
    ]


def scaled_networks(store=None):
    """The same; untrained networks fade their input away, so that heads learn nothing."""
    return [
        (name, make_pipeline(extractor, StandardScaler()))
        for name, extractor in small_networks(store, layers=0.1)
    ]


def small_recipe(fusion="concat", *, store=None, networks=small_networks, **params):
    """The preset with networks and epochs for seconds."""
    settings = {"epochs": 3, "batch_size": 16, "learning_rate": 0.05, "dropout": 0.2, **params}
    return covid_ct(fusion=fusion, extractors=networks(store), **settings)


@functools.cache
def phantoms(n_samples=48, n_patients=24, n_classes=2, size=32):
    """Pictures with their patients and labels, which cannot be written to."""
    data = make_ct_phantoms(
        n_samples, n_patients=n_patients, n_classes=n_classes, image_size=size, random_state=0
    )
    for array in (data.data, data.target, data.groups):
        array.setflags(write=False)
    return data


def by_patient(n_splits=3):
    return StratifiedImageGroupKFold(n_splits)


def pixels(data):
    """Grey pictures as one array of shape (n, height, width)."""
    return np.stack([reference.decode()[..., 0] for reference in check_images(data)])
