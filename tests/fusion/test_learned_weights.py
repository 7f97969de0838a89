"""Weights that a vote finds out of fold: by whom, on whom, and what they change."""

import warnings

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from vote_members import BINARY, ONE, Brightness, Given, Says, X, Y

from fusionlearn import AugmentedClassifier, ImageAugmenter, load, save
from fusionlearn.exceptions import GroupConflictError, VoteWarning
from fusionlearn.fusion._majority_vote import MajorityVoteFusion
from fusionlearn.fusion._vote_weights import (
    greedy_shares,
    learn_weights,
    log_odds_weights,
    select_with_replacement,
    vote_error,
)
from fusionlearn.images import check_images, get_groups
from fusionlearn.inspection import FusionDiagramDisplay, VoteDisplay
from fusionlearn.inspection._subsets import Members, fitted_voters
from fusionlearn.model_selection import StratifiedImageGroupKFold
from fusionlearn.model_selection._inner_folds import check_inner_folds

RULES = pytest.mark.parametrize("rule", ["oof", "greedy"])
PATIENTS = np.repeat(np.arange(20), 3)
LABELS = PATIENTS % 2
RARE = (LABELS == 0) | (PATIENTS == 1)
FEATURES = np.column_stack([np.arange(60.0), LABELS])  # a number of the row, and the truth


def three():
    stumps = [DecisionTreeClassifier(max_depth=depth, random_state=0) for depth in (1, 2)]
    return [("nb", GaussianNB()), ("stump", stumps[0]), ("tree", stumps[1])]


class Witness(ClassifierMixin, BaseEstimator):
    """Knows which rows it was fitted on, and tells of everybody whom it is asked about."""

    told = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen_ = set(np.asarray(X)[:, 0].astype(int))
        return self

    def predict_proba(self, X):
        Witness.told.append((self.seen_, set(np.asarray(X)[:, 0].astype(int))))
        truth = np.asarray(X)[:, 1].astype(int)
        return np.eye(2)[truth]

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


class Errs(Witness):
    """Is wrong about a share of the patients, in all of their rows."""

    def __init__(self, share=0.0):
        self.share = share

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)

    def predict_proba(self, X):
        right = super().predict_proba(X)
        wrong = np.asarray(X)[:, 0] // 6 % 10 < 10 * self.share  # as many of each class
        return np.where(wrong[:, np.newaxis], right[:, ::-1], right)


def vote(*shares, rule="oof", **params):
    members = [(f"m{number}", Errs(share)) for number, share in enumerate(shares)]
    return MajorityVoteFusion(members, weights=rule, **{"random_state": 0, **params})


# patients


def told_of(fusion, *args, **params):
    Witness.told = []
    fusion.fit(*args, **params)
    return Witness.told


@RULES
@pytest.mark.parametrize("routing", [False, True])
def test_a_member_is_asked_about_other_patients_than_it_was_fitted_on(rule, routing):
    """All rows of all patients are asked about once, and none of a patient that was seen."""
    members = [("a", Witness()), ("b", Witness())]
    fusion = MajorityVoteFusion(members, weights=rule, random_state=0)
    with sklearn.config_context(enable_metadata_routing=routing):
        told = told_of(fusion, FEATURES, LABELS, groups=PATIENTS)
    assert len(told) == 5 * 2
    for seen, asked in told:
        assert not {PATIENTS[row] for row in seen} & {PATIENTS[row] for row in asked}
        assert {LABELS[row] for row in asked} == {0, 1}
    assert sorted(row for _, asked in told for row in asked) == sorted([*range(60)] * 2)


def test_a_search_over_weights_tells_the_folds_the_patients():
    """Though the fusion that it was given needs none; its clones inherit what was asked for."""
    fusion = MajorityVoteFusion([("a", Witness()), ("b", Witness())], random_state=0)
    folds = StratifiedImageGroupKFold(2)
    search = GridSearchCV(fusion, {"weights": [None, "oof"]}, cv=folds, refit=False)
    with sklearn.config_context(enable_metadata_routing=True):
        told = told_of(search, FEATURES, LABELS, groups=PATIENTS)
    assert len(told) > 2 * 5 * 2
    for seen, asked in told:
        assert not {PATIENTS[row] for row in seen} & {PATIENTS[row] for row in asked}


def test_features_of_pictures_are_split_by_the_patients_of_the_pictures():
    """Through an AugmentedClassifier, whose copies belong to their picture's patient."""

    class Telling(Brightness):
        def transform(self, X):
            references = check_images(X)
            patients = np.array([int(group) for group in get_groups(references)])
            return np.column_stack([patients, patients % 2])

    rng = np.random.default_rng(0)
    X = check_images(rng.integers(0, 255, (24, 8, 8), dtype=np.uint8), np.arange(24) // 2)
    members = [("a", Witness()), ("b", LogisticRegression())]
    fusion = MajorityVoteFusion(members, weights="oof", cv=3, random_state=0)
    model = AugmentedClassifier(make_pipeline(Telling(), fusion), ImageAugmenter(1))
    told = told_of(model, X, np.arange(24) // 2 % 2)
    assert [seen & asked for seen, asked in told] == [set()] * 3
    assert set.union(*(asked for _, asked in told)) == {*range(12)}


def test_pictures_know_their_patients():
    rng = np.random.default_rng(0)
    X = check_images(rng.integers(0, 255, (8, 8, 8), dtype=np.uint8), np.arange(8) // 2)
    fusion = MajorityVoteFusion(
        [("a", make_pipeline(Brightness(), GaussianNB()))], weights="oof", cv=3
    )
    with pytest.raises(ValueError, match=r"weights='oof' needs cv=3 folds.*2 group.*at most 2"):
        fusion.fit(X, np.arange(8) // 2 % 2)
    with pytest.raises(GroupConflictError):
        fusion.fit(X, np.arange(8) // 2 % 2, groups=np.arange(8))


def test_scores_are_those_of_the_same_folds_in_scikit_learn():
    """Out of fold means that, member by member."""
    groups = np.arange(150) // 3
    fusion = MajorityVoteFusion(three(), weights="oof", cv=4, random_state=3)
    fusion.fit(X, Y, groups=groups)
    folds = StratifiedImageGroupKFold(4, shuffle=True, random_state=3)
    folds = list(folds.split(X, Y, groups))
    expected = [
        balanced_accuracy_score(Y, cross_val_predict(clone(member), X, Y, cv=folds))
        for _, member in three()
    ]
    np.testing.assert_array_equal(fusion.oof_scores_, expected)
    for (_, member), fitted in zip(three(), fusion.estimators_, strict=True):
        whole = clone(member).fit(X, Y)  # fitted on everything in the end
        np.testing.assert_array_equal(fitted.predict_proba(X), whole.predict_proba(X))


# weights


def test_log_odds_by_hand():
    """0 at chance and below, also with more than two classes; certainty is bounded."""
    np.testing.assert_allclose(
        log_odds_weights(np.array([0.5, 0.75, 0.9, 0.3]), 2, 100), [0, np.log(3), np.log(9), 0]
    )
    np.testing.assert_allclose(
        log_odds_weights(np.array([1 / 3, 0.5]), 3, 100), [0, np.log(2)], atol=1e-15
    )
    assert log_odds_weights(np.array([1.0]), 2, 50) == pytest.approx(np.log(99))
    assert log_odds_weights(np.array([0.0]), 3, 50) == 0


def test_the_better_member_has_more_weight_and_the_vote_changes():
    """One that errs on no patient against two that err on the same 40 %."""
    better = vote(0.0, 0.4, 0.4).fit(FEATURES, LABELS, groups=PATIENTS)
    equal = vote(0.0, 0.4, 0.4, rule=None).fit(FEATURES, LABELS)
    np.testing.assert_allclose(better.oof_scores_, [1.0, 0.6, 0.6])
    odds = np.array([np.log(39), np.log(1.5), np.log(1.5)])  # 20 patients
    np.testing.assert_allclose(better.weights_, odds / odds.sum())
    assert better.score(FEATURES, LABELS) == 1
    assert equal.score(FEATURES, LABELS) == pytest.approx(0.6)
    assert equal.oof_scores_ is None


def test_greedy_leaves_out_who_is_of_no_use():
    fusion = vote(0.0, 0.4, 0.4, rule="greedy").fit(FEATURES, LABELS, groups=PATIENTS)
    np.testing.assert_array_equal(fusion.weights_, [1, 0, 0])
    assert fusion.score(FEATURES, LABELS) == 1
    assert fusion.votes(FEATURES).shape == (60, 3)


@RULES
def test_members_that_are_alike_weigh_the_same(rule):
    """Nothing is gained by a choice among them."""
    fusion = vote(0.3, 0.3, 0.3, rule=rule).fit(FEATURES, LABELS, groups=PATIENTS)
    np.testing.assert_array_equal(fusion.weights_, np.full(3, 1 / 3))


@RULES
def test_a_single_member_has_all_the_weight(rule):
    fusion = vote(0.3, 0.0, rule=rule).set_params(m1="drop").fit(FEATURES, LABELS)
    np.testing.assert_array_equal(fusion.weights_, [1.0])
    np.testing.assert_allclose(fusion.oof_scores_, [0.7])


def test_nobody_better_than_chance_is_announced():
    """And the warning points at the caller."""
    with pytest.warns(VoteWarning, match=r"no member is better than chance.*0\.5") as caught:
        fusion = vote(0.5, 0.9).fit(FEATURES, LABELS, groups=PATIENTS)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(fusion.weights_, [0.5, 0.5])


def test_sample_weights_count_in_scores():
    """Who errs on samples without weight does not err."""
    errs = FEATURES[:, 0] // 6 % 10 < 3
    fusion = vote(0.3, 0.0).fit(FEATURES, LABELS, groups=PATIENTS, sample_weight=1.0 - errs)
    np.testing.assert_array_equal(fusion.oof_scores_, [1, 1])
    proba = np.stack([np.eye(2)[LABELS], np.eye(2)[np.where(errs, 1 - LABELS, LABELS)]])
    shares, scores = learn_weights(
        "greedy", proba, LABELS, 1.0 * errs, 20, np.random.RandomState(0)
    )
    np.testing.assert_array_equal(scores, [1, 0])
    np.testing.assert_array_equal(shares, [1, 0])


# greedy selection


def predictions(seed, n_members, n_classes=3, n_samples=12):
    rng = np.random.RandomState(seed)
    labels = np.arange(n_samples) % n_classes
    logits = rng.normal(size=(n_members, n_samples, n_classes)) * rng.choice([0.5, 2, 8])
    logits[:, np.arange(n_samples), labels] += rng.normal(size=(n_members, 1))
    proba = np.exp(logits - logits.max(axis=2, keepdims=True))
    proba /= proba.sum(axis=2, keepdims=True)
    if rng.rand() < 0.3:  # as members without predict_proba
        proba = np.eye(n_classes)[proba.argmax(axis=2)]
    return proba, labels, rng


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_greedy_is_never_worse_than_its_start(seed, n_members):
    """Nor than any member alone, nor, with bags, than equal weights: out of fold, that is."""
    proba, labels, rng = predictions(seed, n_members)
    counts = select_with_replacement(proba, labels, None)
    alone = [vote_error(one, proba, labels, None) for one in np.eye(n_members)]
    order = np.argsort(alone, kind="stable")
    starts = [np.isin(np.arange(n_members), order[: k + 1]) * 1.0 for k in range(n_members)]
    reached = vote_error(counts, proba, labels, None)
    for start in starts:
        assert reached <= vote_error(start, proba, labels, None) + 1e-9
    shares = greedy_shares(proba, labels, None, rng)
    equal = np.full(n_members, 1 / n_members)
    error = vote_error(shares, proba, labels, None)
    assert error <= vote_error(equal, proba, labels, None)
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)


def test_a_tie_goes_to_the_earlier_member():
    proba, labels, _ = predictions(0, 1)
    counts = select_with_replacement(np.concatenate([proba, proba]), labels, None)
    np.testing.assert_array_equal(counts, [1, 0])


def test_selection_is_with_replacement():
    """About three to one is best here, better than any set of the two."""
    labels = np.zeros(2, dtype=int)
    p = np.array([[0.9, 0.55], [0.55, 0.7]])
    counts = select_with_replacement(np.stack([p, 1 - p], axis=2), labels, None)
    assert counts[0] > counts[1] > 0


def test_the_error_is_the_brier_score():
    proba = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    assert vote_error(np.array([2.0]), proba, np.array([0, 0]), None) == pytest.approx(
        (2 * 0.1**2 + 2 * 0.8**2) / 2
    )


# as an estimator of scikit-learn


def five():
    more = [DecisionTreeClassifier(max_depth=depth, random_state=1) for depth in (3, 4)]
    return [*three(), ("three", more[0]), ("four", more[1])]


@RULES
def test_the_same_seed_finds_the_same(rule):
    """Another seed makes other folds, and finds other scores."""
    fusion = MajorityVoteFusion(five(), weights=rule, random_state=0)
    first = fusion.fit(X[:, :2], Y).weights_
    np.testing.assert_array_equal(fusion.fit(X[:, :2], Y).weights_, first)
    scores = [clone(fusion).set_params(random_state=s).fit(X[:, :2], Y).oof_scores_ for s in (0, 1)]
    assert (scores[0] != scores[1]).any()


def test_a_grid_over_weights():
    fusion = MajorityVoteFusion(three(), random_state=0)
    grid = {"weights": [None, "oof", "greedy", [1, 2, 3]], "nb": ["drop", GaussianNB()]}
    search = GridSearchCV(fusion, grid, cv=2, error_score="raise").fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_another_fit_forgets_what_was_learned():
    fusion = MajorityVoteFusion(three(), weights="oof", random_state=0).fit(X, Y)
    fusion.set_params(weights=[1, 1, 2]).fit(X, Y)
    np.testing.assert_array_equal(fusion.weights_, [0.25, 0.25, 0.5])
    assert fusion.oof_scores_ is None


def test_saved_and_loaded(tmp_path):
    members = [("nb", GaussianNB()), ("narrow", GaussianNB(var_smoothing=0.1))]
    fusion = MajorityVoteFusion(members, weights="greedy", random_state=0).fit(X, Y)
    save(fusion, tmp_path / "vote.fusion")
    loaded = load(tmp_path / "vote.fusion")
    assert loaded.weights == "greedy"
    np.testing.assert_array_equal(loaded.weights_, fusion.weights_)
    np.testing.assert_array_equal(loaded.predict_proba(X), fusion.predict_proba(X))


@pytest.mark.parametrize("fitted", [False, True])
def test_figures_and_pages_show_the_weights(fitted):
    """Before a fit the rule alone is known."""
    fusion = vote(0.0, 0.4, 0.4).set_params(m1="drop")
    if fitted:
        fusion.fit(FEATURES, LABELS, groups=PATIENTS)
        display = VoteDisplay.from_estimator(fusion, FEATURES, LABELS, groups=PATIENTS)
        np.testing.assert_array_equal(display.weights, fusion.weights_)
    drawn = FusionDiagramDisplay.from_estimator(fusion).ax_.texts
    texts = [text.get_text() for text in drawn]
    assert any("weights: oof" in text for text in texts)
    assert [t for t in texts if t.startswith("×")] == (["× 0.9", "× 0.1"] if fitted else [])
    assert "oof" in fusion._repr_html_()


def test_subsets_of_members_find_weights_of_their_own():
    """Frozen members of the whole cannot be asked out of fold, so they are fitted anew."""
    for rule, kept in ((None, True), ("oof", False)):
        fusion = vote(0.0, 0.3, rule=rule).fit(FEATURES, LABELS)
        assert (fitted_voters(fusion, Members(("m0", "m1"), ("",))) is not None) == kept


# errors that teach


@RULES
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((FEATURES, np.zeros(60)), r"single class 0\.0.*weights=None"),
        ((FEATURES[:6], LABELS[:6], PATIENTS[:6]), r"cv=5 folds.*occurs in 1 group.*weights=None"),
        ((FEATURES[RARE], LABELS[RARE], PATIENTS[RARE]), r"class 1 occurs in 1 group"),
    ],
    ids=["one class", "one patient for each class", "one patient of a class"],
)
def test_degenerate_data(rule, data, message):
    """Refused before anything is fitted."""
    Witness.told = []
    X, y, *groups = data
    fusion = vote(0.0, rule=rule)
    with pytest.raises(ValueError, match=message):
        fusion.fit(X, y, groups=groups[0] if groups else None)
    assert not hasattr(fusion, "classes_")
    assert Witness.told == []


FEW = np.where(LABELS == 0, PATIENTS % 12, PATIENTS % 10)  # 6 patients of one class, 5 of the other


@pytest.mark.parametrize(
    ("cv", "groups", "message"),
    [
        (50, FEW, r"cv=50 folds.*class 1 occurs in 5 group.*Set cv to at most 5, or add"),
        (5, PATIENTS[:5], "^groups has 5 entries for 60 samples; wanted the patient of each"),
        (5, [None] * 60, r"^groups\[0\] is None; wanted a patient for every"),
        (5, [*PATIENTS[:-1], np.nan], r"^groups\[59\] is nan; wanted a patient for every"),
    ],
    ids=["rarest class", "too short", "None", "NaN"],
)
def test_folds_by_patient_name_the_true_cause(cv, groups, message):
    """The rarest class at once, by the parameter of the vote; and no folds for other faults."""
    with pytest.raises(ValueError, match=message) as caught:
        vote(0.0, cv=cv).fit(FEATURES, LABELS, groups=groups)
    assert "n_splits" not in str(caught.value)


def test_a_fold_without_a_class_is_told_of_in_the_words_of_the_vote():
    """Patients with several classes, of whom enough have each, and yet no such folds."""
    rng = np.random.default_rng(7)
    groups, labels = rng.integers(0, 8, 40), rng.integers(0, 3, 40)
    with pytest.raises(ValueError, match=r"a fold lacks a class.*set cv lower") as caught:
        vote(0.0, cv=4).fit(FEATURES[:40], labels, groups=groups)
    assert "shuffle" not in str(caught.value)


@pytest.mark.parametrize(("wrap", "name"), [(lambda v: v, "cv"), (make_pipeline, "fusion__cv")])
def test_folds_are_counted_before_a_cross_validation_begins(wrap, name):
    """Not after minutes, in the training part that has too few patients."""
    model = wrap(vote(0.0, cv=11))
    with pytest.raises(ValueError, match=rf"10 patient.*the 11 folds .*{name}\)"):
        check_inner_folds(model, LABELS, PATIENTS)
    check_inner_folds(wrap(vote(0.0, cv=10)), LABELS, PATIENTS)
    check_inner_folds(wrap(vote(0.0, cv=11, rule=None)), LABELS, PATIENTS)


@pytest.mark.parametrize(
    "wrap",
    [
        FrozenEstimator,
        lambda m: make_pipeline(FrozenEstimator(m)),
        lambda m: CalibratedClassifierCV(FrozenEstimator(m)),
        lambda m: VotingClassifier([("inner", FrozenEstimator(m))], voting="soft"),
    ],
)
def test_a_frozen_member_is_refused(wrap):
    """It may have been fitted on the very patients that it would be asked about."""
    members = [("old", wrap(GaussianNB().fit(X, Y))), ("new", GaussianNB())]
    with pytest.raises(ValueError, match=r"'old' is frozen.*not fitted on"):
        MajorityVoteFusion(members, weights="oof").fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MajorityVoteFusion(members).fit(X, Y)


@pytest.mark.parametrize(
    "wrong", [{"weights": "off"}, {"cv": 1}, {"cv": 2.5}, {"cv": None}, {"random_state": "x"}]
)
def test_bad_parameters(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        MajorityVoteFusion(three(), **wrong).fit(X, Y)


def test_a_member_that_gives_nan_out_of_fold_is_named():
    members = [("a", Given([np.nan, 0.5])), ("b", Given([0.5, 0.5]))]
    with pytest.raises(ValueError, match="member 'a' is"):
        MajorityVoteFusion(members, weights="oof", random_state=0).fit(X[BINARY], Y[BINARY])


def test_certain_members_are_weighed_too():
    """Members without probabilities; a logarithm would be infinite for one error."""
    members = [("says", Says(0)), ("nb", GaussianNB()), ("given", Given([0.4, 0.6]))]
    fusion = MajorityVoteFusion(members, weights="greedy", random_state=0)
    fusion.fit(X[BINARY], Y[BINARY])
    assert fusion.weights_.argmax() == 1
    assert fusion.predict(ONE.repeat(4, axis=1)).shape == (1,)
