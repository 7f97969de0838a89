"""Pictures with a mark at a known place, and classifiers of them."""

import functools

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import BackboneFeatureExtractor, ConcatFusion
from fusionlearn.datasets import make_ct_phantoms

SIDE = 64
MARK = 16
ALPHAS = {"narrow": 0.25, "wide": 0.5}


@functools.cache
def marked_phantoms(n_samples=32):
    """Phantoms, every other one with a chequered mark; the labels and where the mark is."""
    phantoms = make_ct_phantoms(n_samples, image_size=SIDE).data
    rng = np.random.default_rng(0)
    chequers = np.where(np.indices((MARK, MARK)).sum(axis=0) // 2 % 2, 230, 20)
    pictures, places = [], []
    for index, phantom in enumerate(phantoms):
        pixels = phantom.decode()[..., 0].copy()
        top, left = rng.integers(0, SIDE - MARK, 2)
        mark = np.zeros(pixels.shape, dtype=bool)
        if index % 2:
            mark[top : top + MARK, left : left + MARK] = True
            pixels[mark] = chequers.ravel()
        pictures.append(pixels)
        places.append(mark)
    labels = np.where(np.arange(n_samples) % 2, "marked", "plain")
    return np.stack(pictures), labels, np.stack(places)


def networks(seed=0, **params):
    """Two untrained networks, cut early: what is deeper fades its input away."""
    settings = {"weights": None, "input_size": SIDE, "layers": 0.15, "engine": "keras", **params}
    return [
        (
            name,
            BackboneFeatureExtractor(
                "MobileNet", application_params={"alpha": alpha}, random_state=seed, **settings
            ),
        )
        for name, alpha in ALPHAS.items()
    ]


def linear_classifier(seed=0, **params):
    """Both networks and a logistic regression."""
    return make_pipeline(
        ConcatFusion(networks(seed, **params)), StandardScaler(), LogisticRegression(C=0.1)
    )


@functools.cache
def fitted(seed=0):
    """The same, fitted; nobody may change it."""
    pictures, labels, _ = marked_phantoms()
    return linear_classifier(seed).fit(pictures, labels)
