"""The scaler between none and unit variance."""

import warnings

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from fusionlearn.features import ParetoScaler


@pytest.fixture
def X():
    return np.random.default_rng(0).normal([1, 2, 3], [0.1, 1, 25], (50, 3))


def test_a_feature_keeps_the_square_root_of_its_spread(X):
    scaled = ParetoScaler().fit_transform(X)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), np.sqrt(X.std(axis=0)))


def test_parts_give_what_the_whole_gives(X):
    scaler = ParetoScaler().partial_fit(X[:20]).partial_fit(X[20:])
    np.testing.assert_allclose(scaler.transform(X), ParetoScaler().fit_transform(X))


def test_a_constant_feature_stays_finite_and_the_way_back_leads_back(X):
    X[:, 1] = 7
    scaler = ParetoScaler().fit(X)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X)
    assert scaler.scale_[1] == 1


@pytest.mark.draws_globally
def test_is_an_estimator():
    """All of scikit-learn's checks pass, and they really ran."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one check needs SCIPY_ARRAY_API
        results = check_estimator(ParetoScaler(), on_fail=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
    assert sum(r["status"] == "passed" for r in results) >= 40
