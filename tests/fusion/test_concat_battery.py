"""scikit-learn's own checks on ConcatFusion, unadapted."""

import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from fusionlearn import ConcatFusion


@pytest.mark.draws_globally
def test_check_estimator_runs_and_passes():
    fusion = ConcatFusion([("scale", StandardScaler()), ("range", MinMaxScaler())])
    results = check_estimator(fusion, on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}
    assert sum(result["status"] == "passed" for result in results) >= 40
