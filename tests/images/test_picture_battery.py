"""What scikit-learn asks of every estimator, of those whose input or output is no matrix."""

import pytest
from sklearn.utils import estimator_checks, get_tags

from fusionlearn import ImageAugmenter, ImagePreprocessor

_ESTIMATORS = pytest.mark.parametrize("estimator", [ImageAugmenter, ImagePreprocessor])


@_ESTIMATORS
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_mixin_order,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_that_need_no_matrix(check, estimator):
    """Others feed matrices; these hold for every estimator."""
    check(estimator.__name__, estimator())


@_ESTIMATORS
def test_the_tags_say_that_pictures_are_no_matrix(estimator):
    tags = get_tags(estimator())
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert tags.input_tags.string


def test_a_preprocessor_needs_no_fit():
    assert not get_tags(ImagePreprocessor()).requires_fit
