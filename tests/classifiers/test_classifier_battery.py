"""scikit-learn's own battery of checks."""

import inspect

import pytest
from classifier_stubs import MatrixAugmentedClassifier, MatrixFineTuneClassifier, PixelExtractor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from fusionlearn import AugmentedClassifier, FineTuneClassifier, ImageAugmenter

# Copies equal to their picture: other ones would move features to other columns.
STILL = ImageAugmenter(n_copies=1, rotation=0, shear=0, shift=0, zoom=0, horizontal_flip=False)

HEAD = FineTuneClassifier()
HEAD_ON_PICTURES = MatrixFineTuneClassifier(PixelExtractor())
AUGMENTED = MatrixAugmentedClassifier(
    Pipeline([("features", PixelExtractor()), ("classifier", LogisticRegression())]), STILL
)
AUGMENTED_AT_TEST_TIME = MatrixAugmentedClassifier(
    Pipeline([("features", PixelExtractor()), ("classifier", LogisticRegression())]),
    STILL,
    test_copies=1,
)
ALL = [HEAD, HEAD_ON_PICTURES, AUGMENTED, AUGMENTED_AT_TEST_TIME]

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "mini-batches of repeated rows are others than those of weighted rows, as in "
        "MLPClassifier; see test_weights_are_repetitions_in_full_batches"
    )
}

# 50 samples are 200 steps: with the default rate, weights of 1000 and 0.0001 cannot
# show yet. scikit-learn keeps such settings for its own estimators in a private table.
SETTINGS = {"check_class_weight_classifiers": {"learning_rate": 0.05, "early_stopping": False}}


def expected_failures(estimator):
    return {} if isinstance(estimator, AugmentedClassifier) else EXPECTED_FAILURES


# From scikit-learn 1.8 on; before, a check that passes after all is not told.
HAS_STRICT = "xfail_strict" in inspect.signature(parametrize_with_checks).parameters
STRICT = {"xfail_strict": True} if HAS_STRICT else {}


@pytest.mark.draws_globally
@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.ValidationSplitWarning")
# scikit-learn's own data has equal rows with different labels.
@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.DataWarning")
@parametrize_with_checks(ALL, expected_failed_checks=expected_failures, **STRICT)
def test_scikit_learn_check(estimator, check):
    check(estimator.set_params(**SETTINGS.get(check.func.__name__, {})))


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_the_battery_is_not_empty(estimator):
    """Tags can silence it: then one check runs instead of dozens."""
    names = {check.func.__name__ for _, check in estimator_checks_generator(estimator)}
    assert len(names) >= 40
    assert names >= set(expected_failures(estimator))


def test_pictures_are_no_matrix():
    """The tags of the classes themselves, without an adapter."""
    assert get_tags(FineTuneClassifier()).input_tags.two_d_array
    assert not get_tags(FineTuneClassifier(PixelExtractor())).input_tags.two_d_array
    assert not get_tags(AugmentedClassifier(LogisticRegression())).input_tags.two_d_array
