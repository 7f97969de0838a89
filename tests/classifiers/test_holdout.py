"""The inner validation part: classes on both sides, patients on one."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, PredefinedSplit

from fusionlearn.classifiers._holdout import choose_groups, split_validation
from fusionlearn.exceptions import ValidationSplitWarning


def split(y, groups=None, validation="stratified", fraction=0.1, seed=0, weight=None):
    y = np.asarray(y)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight)
    groups = None if groups is None else np.asarray(groups)
    rng = np.random.default_rng(seed)
    return split_validation(validation, fraction, np.zeros((len(y), 2)), y, weight, groups, rng)


@st.composite
def grouped_labels(draw):
    n_classes = draw(st.integers(2, 4))
    n_samples = draw(st.integers(2 * n_classes, 80))
    n_groups = draw(st.integers(2, 40))
    y = draw(st.lists(st.integers(0, n_classes - 1), min_size=n_samples, max_size=n_samples))
    groups = draw(st.lists(st.integers(0, n_groups), min_size=n_samples, max_size=n_samples))
    assume(len(np.unique(y)) == n_classes)
    return np.array(y), np.array(groups)


@settings(max_examples=200, deadline=None)
@given(grouped_labels(), st.floats(0.05, 0.6), st.integers(0, 2**31))
def test_groups_never_straddle_and_classes_are_on_both_sides(data, fraction, seed):
    """The law of "stratified" with groups, or a warning and no validation."""
    y, groups = data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        training, validation = split(y, groups, fraction=fraction, seed=seed)
    if validation is None:
        assert [warning.category for warning in caught] == [ValidationSplitWarning]
        np.testing.assert_array_equal(training, np.arange(len(y)))
        if len(np.unique(y)) == 2:  # with two classes, two groups of each are enough
            assert min(len(np.unique(groups[y == label])) for label in (0, 1)) < 2
        return
    assert not caught
    np.testing.assert_array_equal(np.sort(np.r_[training, validation]), np.arange(len(y)))
    assert not set(groups[training]) & set(groups[validation])
    assert set(y[training]) == set(y[validation]) == set(y)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(2, 40), min_size=2, max_size=5),
    st.floats(0.01, 0.9),
    st.integers(0, 2**31),
)
def test_without_groups_each_class_has_its_share(class_sizes, fraction, seed):
    """Rounded to whole samples, at least one and not all."""
    y = np.repeat(np.arange(len(class_sizes)), class_sizes)
    training, validation = split(y, fraction=fraction, seed=seed)
    np.testing.assert_array_equal(np.sort(np.r_[training, validation]), np.arange(len(y)))
    for label, size in enumerate(class_sizes):
        n_validation = (y[validation] == label).sum()
        assert 1 <= n_validation <= size - 1
        assert abs(n_validation - fraction * size) <= 1


@pytest.mark.parametrize("n_groups", [8, 60])
def test_shares_are_near_the_fraction(n_groups):
    """Groups of different sizes and mixtures of classes."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 12, n_groups))
    y = rng.integers(0, 3, len(groups))
    _, validation = split(y, groups, fraction=0.25)
    shares = np.bincount(y[validation]) / np.bincount(y)
    np.testing.assert_allclose(shares, 0.25, atol=0.12 if n_groups == 8 else 0.01)


@pytest.mark.parametrize("seed", range(5))
def test_few_groups_are_chosen_as_well_as_possible(seed):
    """Against every choice there is."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, (9, 3)) + np.eye(9, 3, dtype=int) * 2
    totals = counts.sum(axis=0)

    def cost(part):
        if (part == 0).any() or (part == totals).any():
            return np.inf
        return ((part / totals - 0.3) ** 2).sum()

    best = min(
        cost(counts[[bool(choice >> bit & 1) for bit in range(9)]].sum(axis=0))
        for choice in range(2**9)
    )
    chosen = choose_groups(counts, 0.3, rng)
    assert cost(counts[chosen].sum(axis=0)) == pytest.approx(best, abs=1e-12)


def test_descent_finds_what_enumeration_finds():
    """A knife-edge: three classes, each in two of many groups, all of which overlap."""
    counts = np.ones((20, 3), dtype=int)
    counts[2:] = [1, 0, 0]
    chosen = choose_groups(counts, 0.1, np.random.default_rng(0))
    assert chosen[:2].sum() == 1


@pytest.mark.parametrize("n_more", [0, 20])
def test_an_impossible_choice_is_recognised(n_more):
    """Three classes in three groups, pairwise: one side always lacks one."""
    counts = np.zeros((3 + n_more, 4), dtype=int)
    counts[:3, :3] = [[1, 0, 1], [1, 1, 0], [0, 1, 1]]
    counts[:, 3] = 1
    assert choose_groups(counts, 0.3, np.random.default_rng(0)) is None
    y = np.concatenate([np.repeat(np.arange(4), row) for row in counts])
    groups = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    with pytest.warns(ValidationSplitWarning, match="no choice of groups"):
        assert split(y, groups)[1] is None


def test_the_seed_decides():
    """The same seed gives the same part, another seed another one."""
    y, groups = np.arange(200) % 2, np.arange(200) // 4
    parts = [split(y, groups, seed=seed)[1].tolist() for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


@pytest.mark.parametrize(
    ("y", "groups", "reason"),
    [
        ([0, 1, 1, 1], None, "a class has a single sample"),
        ([0, 0, 1, 1], ["a", "a", "b", "c"], "a class occurs in a single group"),
    ],
)
def test_an_impossible_part_is_announced(y, groups, reason):
    """Training goes on with everything, and says why."""
    with pytest.warns(ValidationSplitWarning, match=reason):
        training, validation = split(y, groups)
    assert training.tolist() == [0, 1, 2, 3]
    assert validation is None


def test_none_is_silent():
    training, validation = split([0, 1, 1], validation=None)
    assert training.tolist() == [0, 1, 2]
    assert validation is None


@pytest.mark.parametrize("fraction", [0.1, 0.4, 1 / 3])
def test_the_tail_is_that_of_keras(fraction):
    """The literal recipe: ``validation_split``."""
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    y = np.arange(31) % 2
    training, validation = split(y, validation="tail", fraction=fraction)
    (expected,), (expected_tail,) = train_validation_split((np.arange(31),), fraction)
    np.testing.assert_array_equal(training, expected)
    np.testing.assert_array_equal(validation, expected_tail)


def test_a_tail_without_a_class_is_used_and_announced():
    with pytest.warns(ValidationSplitWarning, match="validation part lacks 1 of 2 classes"):
        _, validation = split([0] * 6 + [1] * 6, validation="tail", fraction=0.25)
    assert validation.tolist() == [9, 10, 11]


def test_a_tail_that_shares_a_patient_is_announced():
    with pytest.warns(ValidationSplitWarning, match="one group"):
        split([0, 1] * 6, np.arange(12) // 5, validation="tail", fraction=0.25)


def test_an_empty_tail_is_announced():
    with pytest.warns(ValidationSplitWarning, match="empty"):
        assert split([0, 1], validation="tail", fraction=0.99)[1] is None


def test_a_splitter_gives_its_first_split():
    y = np.arange(12) % 2
    training, validation = split(y, validation=KFold(3))
    assert validation.tolist() == [0, 1, 2, 3]
    assert training.tolist() == list(range(4, 12))


def test_a_splitter_gets_groups_if_it_uses_them():
    """KFold would warn about them, GroupKFold fail without."""
    y, groups = np.arange(12) % 2, np.arange(12) // 4
    _, validation = split(y, groups, validation=GroupKFold(3))
    assert len(set(groups[validation])) == 1
    for blind in (KFold(4), PredefinedSplit([0, 0] + [-1] * 10)):
        with pytest.warns(ValidationSplitWarning, match=r"samples of one group \(patient\)"):
            split(y, groups, validation=blind)


def test_a_splitter_of_ones_own_gets_groups():
    class Mine:
        def split(self, X, y, groups):
            yield np.flatnonzero(groups > 0), np.flatnonzero(groups == 0)

    _, validation = split(np.arange(12) % 2, np.arange(12) // 4, validation=Mine())
    assert validation.tolist() == [0, 1, 2, 3]


def test_a_split_without_a_class_is_announced():
    with pytest.warns(ValidationSplitWarning, match="validation part lacks 1 of 2"):
        split([0, 1, 0, 1], validation=LeaveOneOut())


def test_a_splitter_may_give_masks():
    class Masks:
        def split(self, X, y):
            yield np.arange(len(y)) > 3, np.arange(len(y)) <= 3

    training, validation = split(np.arange(12) % 2, validation=Masks())
    assert training.tolist() == list(range(4, 12))
    assert validation.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("n_training", [0, 8])
def test_an_empty_part_of_a_splitter_is_refused(n_training):
    class Empty:
        def split(self, X, y):
            yield np.split(np.arange(len(y)), [n_training])

    with pytest.raises(ValueError, match="both parts need samples"):
        split(np.arange(8) % 2, validation=Empty())


def test_a_validation_part_without_weight_is_announced():
    """Its loss would be 0 in every epoch, and training stop at once."""
    with pytest.warns(ValidationSplitWarning, match="weight 0"):
        training, validation = split(
            [0, 1] * 4, validation="tail", fraction=0.25, weight=[1] * 6 + [0] * 2
        )
    assert len(training) == 8
    assert validation is None
