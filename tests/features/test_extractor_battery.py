"""scikit-learn's own battery of checks, on matrices that pass as pictures."""

import numpy as np
import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.validation import _check_feature_names_in, validate_data

from fusionlearn import BACKBONES, BackboneFeatureExtractor, FeatureStore, check_images
from fusionlearn.backbones import Backbone


def build():
    """Hands the pixels on; pooled, every column of the matrix shows in the features."""
    import keras

    return keras.Sequential(
        [keras.layers.Input((None, None, 3)), keras.layers.Rescaling(1 / 128, -1)]
    )


class MatrixExtractor(BackboneFeatureExtractor):
    """Overrides the one hook: each row of a matrix (n, f) becomes a picture (1, f)."""

    def fit(self, X, y=None):
        validate_data(self, X, dtype=np.float64)
        return super().fit(X, y)

    def get_feature_names_out(self, input_features=None):
        # A matrix has feature names that can be wrong; pictures have none.
        if hasattr(self, "n_features_in_"):
            _check_feature_names_in(self, input_features)
        return super().get_feature_names_out()

    def _check_images(self, X):
        X = validate_data(self, X, dtype=np.float64, reset=False)
        pixels = np.clip(128 + 20 * X, 0, 255).astype(np.uint8)
        return check_images(pixels[:, np.newaxis, :, np.newaxis])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = False
        tags.input_tags.string = False
        return tags


# By name, so that the names of the tests hold no address in memory.
BACKBONES.register(Backbone("lines", 8, 1, None, "none", builder=build))
EXTRACTOR = MatrixExtractor("lines", store=FeatureStore(), pooling="avg_std")


@pytest.mark.draws_globally
@parametrize_with_checks([EXTRACTOR])
def test_scikit_learn_check(estimator, check):
    check(estimator)


def test_the_battery_is_not_empty():
    """Tags can silence it: then one check runs instead of dozens."""
    names = {check.func.__name__ for _, check in estimator_checks_generator(EXTRACTOR)}
    assert len(names) >= 40


def test_pictures_are_no_matrix():
    """The tags of the class itself, without an adapter."""
    tags = get_tags(BackboneFeatureExtractor())
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert tags.input_tags.string
    assert not tags.requires_fit
