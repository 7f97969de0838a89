"""Labels of every kind, and the law that binds predict to predict_proba."""

import numpy as np
import pytest
from composition_parts import phantoms, scaled_networks, small_recipe

from fusionlearn import (
    AugmentedClassifier,
    ConcatFusion,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
)

LABELS = {
    "str": lambda codes: np.array(["a patient", "ill", "other"])[codes],
    "object": lambda codes: np.array(["x", "y", "z"], dtype=object)[codes],
    "int": lambda codes: np.array([-7, 3, 1000])[codes],
    "bool": lambda codes: codes.astype(bool),
    "list": lambda codes: np.array(["x", "y", "z"])[codes].tolist(),
}


def head(extractor=None):
    return FineTuneClassifier(
        extractor, epochs=5, learning_rate=0.05, validation_fraction=0.3, random_state=0
    )


CLASSIFIERS = {
    "concat": lambda: small_recipe("concat", networks=scaled_networks, epochs=5),
    "vote": lambda: small_recipe("vote", networks=scaled_networks, epochs=5),
    "head with extractor": lambda: head(ConcatFusion(scaled_networks())),
    "test copies": lambda: AugmentedClassifier(
        head(ConcatFusion(scaled_networks())), ImageAugmenter(2), test_copies=2
    ),
    "vote of heads": lambda: MajorityVoteFusion(
        [(name, head(extractor)) for name, extractor in scaled_networks()], weights=[1, 1]
    ),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_come_back_as_they_were_given(name, n_classes, kind):
    """The most probable class is what is predicted, bit for bit, with the labels' own type."""
    data = phantoms(n_classes=n_classes)
    codes = np.unique(data.target, return_inverse=True)[1]
    y = LABELS[kind](codes)
    if kind == "bool" and n_classes == 3:
        y = y.astype(str)
    model = CLASSIFIERS[name]().fit(data.data, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    assert model.classes_.dtype == np.unique(y).dtype
    predicted, proba = model.predict(data.data), model.predict_proba(data.data)
    assert predicted.dtype == model.classes_.dtype
    assert len(set(predicted.tolist())) > 1
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=1)], predicted)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_names_of_classes_change_nothing(name):
    """The same pictures with labels in the same order have the same probabilities."""
    data = phantoms()
    codes = np.unique(data.target, return_inverse=True)[1]
    proba = [
        CLASSIFIERS[name]().fit(data.data, LABELS[kind](codes)).predict_proba(data.data)
        for kind in LABELS
    ]
    for other in proba[1:]:
        np.testing.assert_array_equal(other, proba[0])
