"""by_group: one answer for each patient, whatever the order of pictures and rounding."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusionlearn import check_images
from fusionlearn.metrics import GroupPredictions, by_group

AGGREGATIONS = pytest.mark.parametrize("aggregation", ["mean", "vote"])


@st.composite
def predictions(draw):
    """Labels, probabilities that tie or nearly tie, and patients with one label each."""
    n_samples, n_classes = draw(st.integers(1, 12)), draw(st.integers(2, 4))
    proba = draw(arrays(np.float64, (n_samples, n_classes), elements=st.integers(0, 6).map(float)))
    proba[:, 0] += proba.sum(axis=1) == 0
    proba /= proba.sum(axis=1, keepdims=True)
    nudges = draw(arrays(np.int8, proba.shape, elements=st.integers(-1, 1)))
    nudged = np.nextafter(proba, np.where(nudges > 0, 2.0, -1.0))
    proba = np.where((nudges != 0) & (proba > 0), nudged, proba)
    groups = draw(arrays(np.int64, n_samples, elements=st.integers(0, 4)))
    return groups % n_classes, proba, groups


def test_result_is_a_named_tuple():
    result = by_group([1, 0, 1], [[0.5, 0.5], [0.9, 0.1], [0.3, 0.7]], ["b", "a", "b"])
    assert isinstance(result, GroupPredictions)
    np.testing.assert_array_equal(result.groups, ["a", "b"])
    np.testing.assert_array_equal(result.y_true, [0, 1])
    np.testing.assert_allclose(result.y_proba, [[0.9, 0.1], [0.4, 0.6]])


@settings(deadline=None)
@given(predictions())
def test_mean_is_that_of_exact_arithmetic(case):
    y_true, proba, groups = case
    result = by_group(y_true, proba, groups)
    for group, row in zip(result.groups, result.y_proba, strict=True):
        exact = [
            float(sum(map(Fraction, column)) / len(column)) for column in proba[groups == group].T
        ]
        np.testing.assert_allclose(row, exact, rtol=1e-15)


@settings(deadline=None)
@given(predictions())
def test_vote_is_the_hit_probability_of_the_majority(case):
    """Oracle: counted with fractions, ties to the larger sum, then to the earlier class."""
    y_true, proba, groups = case
    result = by_group(y_true, proba, groups, aggregation="vote")
    tie = Fraction(1, 10**9)
    for group, row in zip(result.groups, result.y_proba, strict=True):
        rows = [[Fraction(p) for p in picture] for picture in proba[groups == group]]
        votes = [picture.index(max(picture)) for picture in rows]
        n_classes, size = len(row), len(rows)
        most = max(votes.count(c) for c in range(n_classes))
        sums = {
            c: sum(p[c] for p in rows) / size for c in range(n_classes) if votes.count(c) == most
        }
        winner = min(c for c in sums if sums[c] >= max(sums.values()) - tie)
        supporters = [p for p, vote in zip(rows, votes, strict=True) if vote == winner]
        exact = [float(sum(p[c] for p in supporters) / len(supporters)) for c in range(n_classes)]
        assert row.argmax() == winner
        np.testing.assert_allclose(row, exact, rtol=1e-13, atol=0)


@AGGREGATIONS
@settings(deadline=None)
@given(case=predictions(), random=st.randoms(use_true_random=False))
def test_order_of_pictures_changes_no_bit(aggregation, case, random):
    order = list(range(len(case[0])))
    random.shuffle(order)
    result = by_group(*case, aggregation=aggregation)
    shuffled = by_group(*(part[order] for part in case), aggregation=aggregation)
    for own, other in zip(result, shuffled, strict=True):
        np.testing.assert_array_equal(own, other)


@AGGREGATIONS
@settings(deadline=None)
@given(case=predictions())
def test_a_patient_alone_is_as_in_company(aggregation, case):
    result = by_group(*case, aggregation=aggregation)
    for number, group in enumerate(result.groups):
        rows = case[2] == group
        alone = by_group(*(part[rows] for part in case), aggregation=aggregation)
        np.testing.assert_array_equal(alone.y_proba[0], result.y_proba[number])
        assert alone.y_true[0] == result.y_true[number]


@AGGREGATIONS
@settings(deadline=None)
@given(case=predictions(), times=st.integers(1, 7))
def test_copies_of_a_picture_give_its_own_probabilities(aggregation, case, times):
    """To the bit."""
    y_true, proba, _ = case
    numbers = np.repeat(np.arange(len(proba)), times)
    result = by_group(y_true[numbers], proba[numbers], numbers, aggregation=aggregation)
    np.testing.assert_array_equal(result.y_proba, proba)


def test_mean_and_vote_can_differ():
    """Two faint votes beat one strong one; the mean is for the strong one."""
    proba = [[0.05, 0.95], [0.6, 0.4], [0.6, 0.4]]
    mean, vote = (
        by_group([1, 1, 1], proba, [7, 7, 7], aggregation=aggregation).y_proba[0]
        for aggregation in ("mean", "vote")
    )
    assert mean.argmax() == 1
    np.testing.assert_allclose(vote, [0.6, 0.4])


@AGGREGATIONS
def test_data_are_left_alone_and_taken_in_any_form(aggregation):
    y_true = np.array(["ill", "well", "ill"])
    proba = np.array([[0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    groups = np.array([3, 1, 3])
    for array in (y_true, proba, groups):
        array.flags.writeable = False
    expected = by_group(y_true, proba, groups, aggregation=aggregation)
    index = [9, 4, 2]
    frames = pd.Series(y_true, index), pd.DataFrame(proba, index), pd.Series(groups, index)
    for result in (
        by_group(y_true.tolist(), proba.tolist(), groups.tolist(), aggregation=aggregation),
        by_group(*frames, aggregation=aggregation),
    ):
        for own, other in zip(result, expected, strict=True):
            np.testing.assert_array_equal(own, other)
    np.testing.assert_array_equal(expected.y_true, ["well", "ill"])


PROBA = [[0.5, 0.5], [0.9, 0.1], [0.3, 0.7]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1, 0], PROBA, [8, 8, 9]), r"Patient 8 has pictures with the labels \[0, 1\].*one"),
        (([0, 0, 1], [0.1, 0.2, 0.3], [1, 1, 2]), r"shape \(3,\).*column_stack"),
        (([0, 0, 1], [[0.1], [0.2], [0.3]], [1, 1, 2]), r"shape \(3, 1\)"),
        (([0, 0, 1], [*PROBA[:2], [np.nan, 1]], [1, 1, 2]), "for sample 2; wanted finite"),
        (([0, 0, 1], PROBA, [1, 1, np.nan]), r"groups\[2\] is.*nan.*wanted a patient"),
        (([0, 0, 1], PROBA, [1, None, 2]), r"groups\[1\] is None"),
        (([0, 0], PROBA, [1, 1, 2]), "inconsistent numbers of samples"),
        (([0, 0, 1], -np.array(PROBA), [1, 1, 2]), "wanted probabilities from 0 to 1"),
        (([0, 0, 1], 100 * np.array(PROBA), [1, 1, 2]), r"not decision_function, nor percent"),
        (([0, 0, 1], ["a", "a", "b"], [1, 1, 2]), "and not labels"),
        (([0, None, 1], PROBA, [1, 1, 2]), "the first at index 1"),
        (([0, 0, 1], PROBA, check_images(np.zeros((3, 8, 8), np.uint8))), r"pass get_groups\(X\)"),
    ],
)
def test_bad_data(arguments, message):
    with pytest.raises(ValueError, match=message):
        by_group(*arguments)


def test_unknown_aggregation():
    with pytest.raises(ValueError, match="'aggregation'"):
        by_group([0, 0, 1], PROBA, [1, 1, 2], aggregation="max")
