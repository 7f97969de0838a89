"""Laws of the vote, on random probabilities that nearly or exactly tie."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from fusionlearn.fusion._majority_vote import MajorityVoteFusion

pytestmark = pytest.mark.filterwarnings("error")
TIE = Fraction(1, 10**9)


class Given(ClassifierMixin, BaseEstimator):
    """Sample number i has row i of a table as its probabilities."""

    def __init__(self, table):
        self.table = table

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.asarray(self.table)[np.asarray(X)[:, 0].astype(int)]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def fused(tables, weights=None, classes=None):
    """A fitted fusion of given probabilities (n_members, n_samples, n_classes), and X."""
    n_classes = tables.shape[2]
    classes = np.arange(n_classes) if classes is None else np.asarray(classes)
    members = [(f"member{number}", Given(table)) for number, table in enumerate(tables)]
    fusion = MajorityVoteFusion(members, weights=weights)
    fusion.fit(np.zeros((n_classes, 1)), classes)
    return fusion, np.arange(tables.shape[1])[:, np.newaxis]


@st.composite
def probabilities(draw, min_members=1):
    """Tensors whose entries are equal, one unit in the last place apart, zero, or far apart."""
    n_members = draw(st.integers(min_members, 6))
    shape = (n_members, draw(st.integers(1, 6)), draw(st.integers(2, 4)))
    tensor = draw(arrays(np.float64, shape, elements=st.integers(0, 6).map(float)))
    tensor[:, :, 0] += tensor.sum(axis=2) == 0
    tensor /= tensor.sum(axis=2, keepdims=True)
    nudges = draw(arrays(np.int8, shape, elements=st.integers(-1, 1)))
    nudged = np.nextafter(tensor, np.where(nudges > 0, 2.0, -1.0))
    return np.where((nudges != 0) & (tensor > 0), nudged, tensor)


def weights_for(tables):
    simple = st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 0.5, 0.7, 1.0, 2.0, 3.0])
    return (
        st.lists(simple | st.floats(1e-3, 1e3), min_size=len(tables), max_size=len(tables))
        | st.none()
    )


with_weights = probabilities().flatmap(lambda t: st.tuples(st.just(t), weights_for(t)))


def oracle(tables, weights):
    """Winners and their probabilities in exact arithmetic, and where nothing is tied."""
    n_members, n_samples, n_classes = tables.shape
    weights = [Fraction(w) for w in ([1] * n_members if weights is None else weights)]
    weights = [weight / sum(weights) for weight in weights]
    winners, means, agreement, clear = [], [], [], []
    for sample in range(n_samples):
        rows = [[Fraction(p) for p in tables[m, sample]] for m in range(n_members)]
        votes = [row.index(max(row)) for row in rows]
        totals = [
            sum(w for w, vote in zip(weights, votes, strict=True) if vote == c)
            for c in range(n_classes)
        ]
        sums = [
            sum(w * row[c] for w, row in zip(weights, rows, strict=True)) for c in range(n_classes)
        ]
        leaders = [c for c in range(n_classes) if totals[c] >= max(totals) - TIE]
        best = max(sums[c] for c in leaders)
        tied = [c for c in leaders if sums[c] >= best - TIE]
        gaps = [max(totals) - t for t in totals] + [abs(best - s) for s in sums]
        assume(not any(abs(gap - TIE) < TIE / 100 for gap in gaps))
        winner = tied[0]
        supporters = [m for m in range(n_members) if votes[m] == winner]
        weight = sum(weights[m] for m in supporters)
        winners.append(winner)
        means.append(
            [
                float(sum(weights[m] * rows[m][c] for m in supporters) / weight)
                for c in range(n_classes)
            ]
        )
        agreement.append(float(totals[winner]))
        no_member_tied = all(row.count(max(row)) == 1 for row in rows)
        clear.append(no_member_tied and len(tied) == 1)
    return np.array(winners), np.array(means), np.array(agreement), np.array(clear)


@settings(deadline=None)
@given(with_weights)
def test_matches_exact_arithmetic(case):
    """Winner, hit probability and agreement are those of fractions, counted by hand."""
    tables, weights = case
    fusion, X = fused(tables, weights)
    winners, means, agreement, _ = oracle(tables, weights)
    np.testing.assert_array_equal(fusion.predict(X), winners)
    np.testing.assert_allclose(fusion.predict_proba(X), means, rtol=1e-13, atol=0)
    np.testing.assert_allclose(fusion.agreement(X), agreement, rtol=1e-13)


@settings(deadline=None)
@given(with_weights)
def test_argmax_of_probabilities_is_the_prediction(case):
    """Bit for bit, and the rows stay probabilities."""
    tables, weights = case
    fusion, X = fused(tables, weights)
    proba = fusion.predict_proba(X)
    np.testing.assert_array_equal(fusion.classes_[proba.argmax(axis=1)], fusion.predict(X))
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2**20), st.integers(2, 9))
def test_argmax_law_where_a_plain_mean_breaks_it(seed, n_members):
    """All members prefer the later class by a unit in the last place or nothing like it."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(0.3, 0.45, (n_members, 20))
    tables = np.stack([first, np.nextafter(first, 1), 1 - 2 * first], axis=2)
    tables[:, :, 2] = np.minimum(tables[:, :, 2], first / 2)
    fusion, X = fused(tables, rng.uniform(0.1, 1, n_members))
    np.testing.assert_array_equal(fusion.predict(X), 1)
    np.testing.assert_array_equal(fusion.predict_proba(X).argmax(axis=1), 1)


@settings(deadline=None)
@given(with_weights, st.randoms(use_true_random=False))
def test_order_of_members_changes_no_bit(case, random):
    tables, weights = case
    order = list(range(len(tables)))
    random.shuffle(order)
    fusion, X = fused(tables, weights)
    shuffled, _ = fused(tables[order], None if weights is None else [weights[i] for i in order])
    for method in ("predict", "predict_proba", "agreement"):
        np.testing.assert_array_equal(getattr(fusion, method)(X), getattr(shuffled, method)(X))
    np.testing.assert_array_equal(fusion.votes(X)[:, order], shuffled.votes(X))


@settings(deadline=None)
@given(with_weights)
def test_a_row_alone_is_as_in_company(case):
    """Sums must not depend on how many rows are added at once."""
    tables, weights = case
    fusion, X = fused(tables, weights)
    together = fusion.predict_proba(X)
    alone = np.concatenate([fusion.predict_proba(X[[row]]) for row in range(len(X))])
    np.testing.assert_array_equal(together, alone)


@settings(deadline=None)
@given(with_weights, st.randoms(use_true_random=False))
def test_relabelling_is_equivariant(case, random):
    """Where nothing is tied, no class is favoured by its place."""
    tables, weights = case
    order = list(range(tables.shape[2]))
    random.shuffle(order)
    fusion, X = fused(tables, weights)
    relabelled, _ = fused(tables[:, :, order], weights)
    clear = oracle(tables, weights)[3]
    back = np.array(order)[relabelled.predict(X)]
    np.testing.assert_array_equal(back[clear], fusion.predict(X)[clear])
    np.testing.assert_allclose(
        relabelled.predict_proba(X)[clear], fusion.predict_proba(X)[clear][:, order], rtol=1e-14
    )


@settings(deadline=None)
@given(with_weights, st.floats(1e-3, 1e3))
def test_scale_of_weights_changes_no_winner(case, scale):
    tables, weights = case
    weights = [1.0] * len(tables) if weights is None else weights
    oracle(tables, weights)  # leaves out what lies on the very edge of a tie
    fusion, X = fused(tables, weights)
    scaled, _ = fused(tables, [weight * scale for weight in weights])
    np.testing.assert_array_equal(fusion.predict(X), scaled.predict(X))
    np.testing.assert_allclose(fusion.predict_proba(X), scaled.predict_proba(X), rtol=1e-13)


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300, 1.7e308])
def test_weights_of_any_size(scale):
    """Sums of huge weights do not overflow, tiny ones do not vanish."""
    tables = np.array([[[0.9, 0.1]], [[0.2, 0.8]], [[0.4, 0.6]]])
    fusion, X = fused(tables, [scale] * 3)
    assert fusion.predict(X) == [1]
    assert fusion.agreement(X) == pytest.approx(2 / 3)


@settings(deadline=None)
@given(with_weights)
def test_agreement_is_a_share_of_the_weight(case):
    tables, weights = case
    fusion, X = fused(tables, weights)
    agreement = fusion.agreement(X)
    assert (agreement > 0).all()
    assert (agreement <= 1).all()
    unanimous = (fusion.votes(X) == fusion.predict(X)[:, np.newaxis]).all(axis=1)
    np.testing.assert_allclose(agreement[unanimous], 1, rtol=1e-15)


@settings(deadline=None)
@given(probabilities(), st.integers(1, 7), st.data())
def test_equal_members_give_their_own_answer(tables, n_members, data):
    """To the bit, whatever their weights."""
    equal = np.repeat(tables[:1], n_members, axis=0)
    fusion, X = fused(equal, data.draw(weights_for(equal)))
    np.testing.assert_array_equal(fusion.predict_proba(X), tables[0])
    np.testing.assert_array_equal(fusion.predict(X), tables[0].argmax(axis=1))


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("weights", [None, [1.0, 2.5, 1.25]])
def test_agrees_with_scikit_learn_where_there_is_no_tie(n_classes, weights):
    """Oracle: VotingClassifier counts the same votes."""
    X, y = make_classification(
        400, n_informative=6, n_classes=n_classes, flip_y=0.3, random_state=n_classes
    )
    members = [
        ("lr", LogisticRegression()),
        ("nb", GaussianNB()),
        ("tree", DecisionTreeClassifier(max_depth=4, random_state=0)),
    ]
    fusion = MajorityVoteFusion(members, weights=weights).fit(X[::2], y[::2])
    reference = VotingClassifier(members, voting="hard", weights=weights).fit(X[::2], y[::2])
    votes = fusion.votes(X)[:, :, np.newaxis] == fusion.classes_
    totals = np.sort(np.average(votes, axis=1, weights=weights), axis=1)
    clear = totals[:, -1] - totals[:, -2] > 1e-6
    assert clear.sum() > 100
    np.testing.assert_array_equal(fusion.predict(X)[clear], reference.predict(X)[clear])
