"""Labels that are missing or cannot be sorted are refused by everybody, with a place to look at."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    FineTuneClassifier,
    MajorityVoteFusion,
)
from fusionlearn._labels import check_labels
from fusionlearn.model_selection import evaluate

_PICTURES = np.random.default_rng(0).integers(0, 256, (8, 16, 16), dtype=np.uint8)


def _extractor():
    return BackboneFeatureExtractor("MobileNet", weights=None, input_size=32)


def _estimators():
    features = make_pipeline(_extractor(), LogisticRegression())
    return {
        "fine-tuning": FineTuneClassifier(_extractor()),
        "vote": MajorityVoteFusion([("one", features)]),
        "augmented": AugmentedClassifier(features),
    }


@pytest.mark.parametrize("label", [None, np.nan, pd.NA], ids=["None", "NaN", "NA"])
@pytest.mark.parametrize("name", sorted(_estimators()))
def test_a_missing_label_is_named_by_its_index(name, label):
    y = np.array(["a", "b", label, "a", "b", "a", "b", "a"], dtype=object)
    with pytest.raises(ValueError, match="1 of 8 samples have no label, the first at index 2"):
        _estimators()[name].fit(_PICTURES, y)


def test_a_missing_label_is_refused_before_an_evaluation():
    y = np.array([0.0, 1, 0, 1, np.nan, 1, 0, 1])
    with pytest.raises(ValueError, match="the first at index 4"):
        evaluate(make_pipeline(_extractor(), LogisticRegression()), _PICTURES, y)


def test_a_missing_label_is_refused_beside_features():
    with pytest.raises(ValueError, match="y contains NaN"):
        FineTuneClassifier().fit(np.eye(4), np.array(["a", None, "b", "a"], dtype=object))


def test_text_and_numbers_cannot_be_sorted():
    with pytest.raises(ValueError, match=r"types int and str.*Make all of them text"):
        check_labels(np.array(["a", 1, "b"], dtype=object))


def test_numbers_of_a_regression_are_no_labels():
    with pytest.raises(ValueError, match="Unknown label type"):
        check_labels([0.5, 1.25, 3.75])


@pytest.mark.parametrize("y", [["a", "b"], [1, 0], [True, False], np.array(["a", "b"], object)])
def test_labels_pass_unchanged(y):
    assert check_labels(y).tolist() == list(y)
