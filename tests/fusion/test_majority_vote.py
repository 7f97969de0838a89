"""MajorityVoteFusion: scikit-learn's contract, the rule, clear errors."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from vote_members import (
    BINARY,
    ONE,
    SEPALS,
    Given,
    PictureMember,
    Says,
    X,
    Y,
    fuse,
    three,
)

from fusionlearn.exceptions import VoteWarning
from fusionlearn.fusion._majority_vote import MajorityVoteFusion
from fusionlearn.images import check_images


def pictures():
    """Twelve pictures of six patients; every other picture is bright."""
    rng = np.random.default_rng(0)
    arrays = rng.integers(0, 100, (12, 4, 4), dtype=np.uint8)
    arrays[1::2] += 100
    labels = np.array(["dark", "light"] * 6)
    return check_images(arrays, groups=np.repeat(list("abcdef"), 2)), labels


# scikit-learn's contract


def checks():
    with warnings.catch_warnings():
        # Members warn about what the checks feed them, and one check needs SCIPY_ARRAY_API.
        warnings.simplefilter("ignore")
        return check_estimator(MajorityVoteFusion(three()), on_fail=None)


@pytest.mark.draws_globally
def test_estimator_checks():
    """All of scikit-learn's checks pass unadapted, and they really ran."""
    results = checks()
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert failed == []
    assert sum(result["status"] == "passed" for result in results) >= 40


def test_parameters_are_left_alone():
    """fit writes neither to the list nor to the estimators in it."""
    members = three()
    weights = np.array([1.0, 2.0, 3.0])
    weights.flags.writeable = False
    fusion = MajorityVoteFusion(members, weights=weights).fit(X, Y)
    assert fusion.estimators is members
    assert fusion.weights is weights
    assert not any(hasattr(member, "classes_") for _, member in members)
    assert list(fusion.named_estimators_) == ["lr", "nb", "tree"]
    assert fusion.named_estimators_["nb"] is fusion.estimators_[1]


def test_read_only_data():
    data, labels = X.copy(), Y.copy()
    data.flags.writeable = labels.flags.writeable = False
    MajorityVoteFusion(three()).fit(data, labels).predict_proba(data)


def test_nested_parameters_and_drop():
    fusion = MajorityVoteFusion(three())
    fusion.set_params(lr__C=0.5, tree="drop")
    assert fusion.get_params()["lr__C"] == 0.5
    assert clone(fusion).get_params()["tree"] == "drop"
    fusion.fit(X, Y)
    assert [type(member) for member in fusion.estimators_] == [LogisticRegression, GaussianNB]
    assert fusion.named_estimators_["tree"] == "drop"
    assert fusion.votes(X).shape == (150, 2)


def test_grid_over_members_and_their_parameters():
    search = GridSearchCV(
        MajorityVoteFusion(three()),
        {"nb": ["drop", GaussianNB()], "tree__max_depth": [1, 3]},
        cv=3,
        error_score="raise",
    ).fit(X, Y)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_score_ > 0.9


def test_refit_forgets_the_previous_fit():
    fusion = MajorityVoteFusion(three()).fit(X, Y)
    fusion.set_params(lr="drop").fit(X[BINARY, :2], Y[BINARY])
    assert fusion.n_features_in_ == 2
    assert len(fusion.estimators_) == len(fusion.weights_) == 2
    np.testing.assert_array_equal(fusion.classes_, [0, 1])


def test_unfitted():
    fusion = MajorityVoteFusion(three())
    for method in ("predict", "predict_proba", "votes", "agreement"):
        with pytest.raises(NotFittedError):
            getattr(fusion, method)(X)
    assert not hasattr(fusion, "n_features_in_")


def test_feature_names():
    frame = pd.DataFrame(X, columns=list("abcd"))
    fusion = MajorityVoteFusion(three()).fit(frame, Y)
    assert list(fusion.feature_names_in_) == list("abcd")
    assert not hasattr(MajorityVoteFusion(three()).fit(X, Y), "feature_names_in_")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))])
def test_copies_answer_alike(copied):
    fusion = MajorityVoteFusion(three()).fit(X, Y)
    np.testing.assert_array_equal(copied(fusion).predict_proba(X), fusion.predict_proba(X))


@pytest.mark.parametrize(
    "labels", [["a", "b", "c"], [-1, 5, 7], [1.0, 2.0, 4.0]], ids=["str", "int", "float"]
)
def test_labels_of_any_type(labels):
    labels = np.array(labels)
    fusion = MajorityVoteFusion(three()).fit(X, labels[Y])
    np.testing.assert_array_equal(
        fusion.predict(X), labels[MajorityVoteFusion(three()).fit(X, Y).predict(X)]
    )
    assert fusion.votes(X).dtype == labels.dtype


def test_boolean_and_object_labels():
    """And members are given the labels themselves."""
    truth = BINARY
    assert MajorityVoteFusion(three()).fit(X, truth).predict(X).dtype == bool
    names = np.array(["no", "yes"], dtype=object)[truth.astype(int)]
    fusion = MajorityVoteFusion(three()).fit(X, names)
    assert set(fusion.estimators_[0].classes_) == {"no", "yes"}


def test_two_processes_give_the_same():
    serial = MajorityVoteFusion(three()).fit(X, Y).predict_proba(X)
    parallel = MajorityVoteFusion(three(), n_jobs=2).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(serial, parallel)


def test_html():
    html = MajorityVoteFusion([*three(), ("gone", "drop")])._repr_html_()
    assert "GaussianNB" in html
    assert "sk-parallel" in html


def test_tags_are_the_members():
    assert not get_tags(MajorityVoteFusion(three())).input_tags.sparse
    only_sparse = [("lr", LogisticRegression(max_iter=1000)), ("gone", "drop")]
    assert get_tags(MajorityVoteFusion(only_sparse)).input_tags.sparse
    pictures_only = MajorityVoteFusion([("a", PictureMember()), ("b", PictureMember())])
    assert not get_tags(pictures_only).input_tags.two_d_array
    assert get_tags(MajorityVoteFusion(three())).input_tags.two_d_array


# the rule


def test_hit_probability_by_hand():
    """The mean of those two who voted for the winner; the third has no say in it."""
    fusion = fuse(Given([0.1, 0.9]), Given([0.4, 0.6]), Given([0.99, 0.01]), weights=[1, 3, 2])
    assert fusion.predict(ONE) == [1]
    np.testing.assert_allclose(fusion.predict_proba(ONE), [[1.3 / 4, 2.7 / 4]], rtol=1e-15)
    np.testing.assert_allclose(fusion.agreement(ONE), [4 / 6])
    np.testing.assert_array_equal(fusion.votes(ONE), [[1, 1, 0]])
    np.testing.assert_allclose(fusion.weights_, [1 / 6, 3 / 6, 2 / 6])


def test_tie_goes_to_the_larger_summed_probability():
    assert fuse(Given([0.6, 0.4]), Given([0.1, 0.9])).predict(ONE) == [1]
    assert fuse(Given([0.9, 0.1]), Given([0.4, 0.6])).predict(ONE) == [0]


def test_tie_counts_all_members_probabilities():
    """Also those of members that voted for a third class."""
    members = Given([0.6, 0.4, 0.0]), Given([0.4, 0.6, 0.0]), Given([0.0, 0.45, 0.55])
    assert fuse(*members[:2], classes=(0, 1, 2)).predict(ONE) == [0]
    assert fuse(*members, weights=[1, 1, 0.5], classes=(0, 1, 2)).predict(ONE) == [1]


def test_tie_probabilities_are_weighted():
    """0.5 x 4 against 0.2 + 0.2: weights count for probabilities too."""
    members = Given([0.5, 0.0, 0.5]), Given([0.2, 0.8, 0.0]), Given([0.0, 0.9, 0.1])
    fusion = fuse(*members, classes=(0, 1, 2), weights=[2, 1, 1])
    assert fusion.predict(ONE) == [1]
    assert fuse(Given([0.9, 0.0]), Given([0.3, 0.6]), Given([0.3, 0.6]), weights=[2, 1, 1]).predict(
        ONE
    ) == [0]


def test_full_tie_goes_to_the_earlier_class():
    fusion = fuse(Given([0.3, 0.7]), Given([0.7, 0.3]), classes=("a", "b"))
    assert fusion.predict(ONE) == ["a"]
    np.testing.assert_array_equal(fusion.predict_proba(ONE), [[0.7, 0.3]])
    np.testing.assert_array_equal(fusion.agreement(ONE), [0.5])


@pytest.mark.parametrize(
    "weights", [[0.1, 0.2, 0.3], [0.1, 0.3, 0.4], [0.2, 0.7, 0.9], [0.3, 1.0, 1.3]]
)
@pytest.mark.parametrize("pair_is_sure", [False, True])
def test_rounding_of_weights_decides_nothing(weights, pair_is_sure):
    """0.1 + 0.2 is 0.3 here: the tie goes to the side that is surer, whichever that is."""
    zero, one = ([1.0, 0.0], [0.4, 0.6]) if pair_is_sure else ([0.6, 0.4], [0.0, 1.0])
    fusion = fuse(Given(zero), Given(zero), Given(one), weights=weights)
    assert fusion.predict(ONE) == [0 if pair_is_sure else 1]
    swapped = fuse(Given(zero[::-1]), Given(zero[::-1]), Given(one[::-1]), weights=weights)
    assert swapped.predict(ONE) == [1 if pair_is_sure else 0]


def test_rounding_of_probabilities_decides_nothing():
    """Sums that differ by a unit in the last place are equal; the earlier class wins."""
    fusion = fuse(Given([0.3, np.nextafter(0.6, 1)]), Given([0.6, 0.3]))
    assert fusion.predict(ONE) == [0]
    fusion = fuse(Given([0.3, 0.6 + 1e-6]), Given([0.6, 0.3]))
    assert fusion.predict(ONE) == [1]


def test_a_prediction_counts_as_certain():
    fusion = fuse(Says("b"), Says("b"), Given([0.9, 0.1]), classes=("a", "b"))
    np.testing.assert_array_equal(fusion.predict_proba(ONE), [[0.0, 1.0]])
    fusion = fuse(Says("b"), Given([0.9, 0.1]), classes=("a", "b"))
    assert fusion.predict(ONE) == ["b"]


@pytest.mark.draws_globally
def test_members_without_probabilities():
    members = [("svc", LinearSVC()), ("perceptron", Perceptron()), ("nb", GaussianNB())]
    fusion = MajorityVoteFusion(members).fit(X, Y)
    assert fusion.score(X, Y) > 0.9
    np.testing.assert_array_equal(fusion.votes(X)[:, 0], fusion.estimators_[0].predict(X))


def test_a_member_of_weight_zero_has_no_vote():
    """It is fitted and can be looked at, but not even its NaN reaches the result."""
    fusion = fuse(Given([0.2, 0.8]), Given([0.9, 0.1]), weights=[1, 0])
    np.testing.assert_array_equal(fusion.predict_proba(ONE), [[0.2, 0.8]])
    np.testing.assert_array_equal(fusion.votes(ONE), [[1, 0]])
    assert fusion.agreement(ONE) == [1]
    assert fuse(Given([0.2, 0.8]), Given([np.nan, 0.1]), weights=[1, 0]).predict(ONE) == [1]


def test_weights_stand_for_dropped_members_too():
    fusion = fuse(Given([0.9, 0.1]), "drop", Given([0.1, 0.9]), weights=[1, 7, 3])
    np.testing.assert_allclose(fusion.weights_, [0.25, 0.75])
    assert fusion.predict(ONE) == [1]


# errors that teach


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "list is empty"),
        ([("a", "drop"), ("b", "drop")], "all of them are 'drop'"),
        ([("a", GaussianNB()), ("a", GaussianNB())], "not unique"),
        ([("a__b", GaussianNB())], "must not contain __"),
        ([("weights", GaussianNB())], "conflict with constructor arguments"),
        ([("a", LinearRegression())], "Member 'a' is LinearRegression.*classifier"),
        ([("a", GaussianNB)], "Member 'a' is .*instance of a classifier"),
        ([("a", "dorp")], "Member 'a' is 'dorp'.*'drop'"),
        ([GaussianNB()], "tuple"),
        ([(GaussianNB(), "a")], "tuple"),
    ],
)
def test_bad_estimators(members, message):
    with pytest.raises(ValueError, match=message):
        MajorityVoteFusion(members).fit(X, Y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"shape \(2,\) for 3 estimators.*'drop'"),
        ([[1, 2, 3]], r"shape \(1, 3\)"),
        ([1, -1, 1], "from 0 upwards"),
        ([1, np.nan, 1], "finite"),
        ([1, np.inf, 1], "finite"),
        ([0, 0, 0], "gives no vote to"),
        ("heavy", "weights"),
    ],
)
def test_bad_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        MajorityVoteFusion(three(), weights=weights).fit(X, Y)


def test_weight_for_dropped_members_only():
    fusion = MajorityVoteFusion([*three(), ("gone", "drop")], weights=[0, 0, 0, 1])
    with pytest.raises(ValueError, match="gives no vote"):
        fusion.fit(X, Y)


def test_not_finite_probabilities_name_the_member():
    fusion = fuse(Given([0.5, 0.5]), Given([np.nan, 0.5]))
    with pytest.raises(ValueError, match=r"member 'm1'.*sample 0.*drop it"):
        fusion.predict(ONE)


def test_wrong_number_of_columns_names_the_member():
    with pytest.raises(ValueError, match=r"'m0' has shape \(1, 3\).*2 classes"):
        fuse(Given([0.2, 0.3, 0.5])).predict(ONE)


def test_lengths_are_compared_even_if_nothing_is_fitted():
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MajorityVoteFusion([("frozen", frozen)]).fit(X, Y[:-1])


def test_probabilities_without_classes():
    class Nameless(Given):
        def fit(self, X, y):
            self.fitted_ = True
            return self

    with pytest.raises(ValueError, match="'m0' has predict_proba but no classes_"):
        fuse(Nameless([0.5, 0.5]))


# members fitted before, and members that know fewer classes


def test_fitted_members_vote_as_they_are():
    """A vote of classifiers that were trained elsewhere, and nothing is set on them."""
    trained = [LogisticRegression(max_iter=1000).fit(X[::3], Y[::3]), GaussianNB().fit(X, Y)]
    before = copy.deepcopy([vars(member) for member in trained])
    frozen = [(f"m{i}", FrozenEstimator(member)) for i, member in enumerate(trained)]
    fusion = MajorityVoteFusion(frozen, n_jobs=1).fit(X[:6], Y[[0, 50, 100] * 2])
    np.testing.assert_array_equal(fusion.votes(X)[:, 0], trained[0].predict(X))
    assert fusion.n_features_in_ == 4
    for member, old in zip(trained, before, strict=True):
        assert vars(member).keys() == old.keys()


def test_unfitted_frozen_member():
    with pytest.raises(NotFittedError):
        MajorityVoteFusion([("a", FrozenEstimator(GaussianNB()))]).fit(X, Y)


def test_frozen_member_with_an_unknown_class():
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    with pytest.raises(ValueError, match=r"'old' knows the class 2.*\[0, 1\]"):
        MajorityVoteFusion([("old", frozen)]).fit(X[BINARY], Y[BINARY])


def test_predicted_label_that_is_unknown():
    with pytest.raises(ValueError, match="'m0' knows the class 'c'"):
        fuse(Says("c"), classes=("a", "b")).predict(ONE)


def test_member_with_fewer_classes():
    """A class that it does not know has probability 0."""
    fusion = fuse(Given([0.2, 0.8], classes=["a", "c"]), classes=("a", "b", "c"))
    np.testing.assert_array_equal(fusion.predict_proba(ONE), [[0.2, 0.0, 0.8]])
    assert fusion.predict(ONE) == ["c"]


def test_member_with_classes_in_another_order():
    fusion = fuse(Given([0.2, 0.8], classes=["b", "a"]), classes=("a", "b"))
    np.testing.assert_array_equal(fusion.predict_proba(ONE), [[0.8, 0.2]])
    assert fusion.predict(ONE) == ["a"]


# thresholds

THRESHOLD = FixedThresholdClassifier(GaussianNB(), threshold=0.9)


@pytest.mark.parametrize(
    "member",
    [
        THRESHOLD,
        TunedThresholdClassifierCV(GaussianNB(), cv=2),
        make_pipeline(StandardScaler(), THRESHOLD),
        FrozenEstimator(clone(THRESHOLD).fit(SEPALS, BINARY)),
        make_pipeline(StandardScaler(), FrozenEstimator(clone(THRESHOLD).fit(SEPALS, BINARY))),
        GridSearchCV(THRESHOLD, {"threshold": [0.9]}, cv=2),
    ],
    ids=["fixed", "tuned", "pipeline", "frozen", "frozen in a pipeline", "search"],
)
def test_threshold_is_announced(member):
    """The vote is the argmax, and the warning points at the caller."""
    fusion = MajorityVoteFusion([("plain", GaussianNB()), ("strict", member)])
    with pytest.warns(VoteWarning, match=r"\['strict'\].*largest probability") as caught:
        fusion.fit(SEPALS, BINARY)
    assert caught[0].filename == __file__
    strict = fusion.named_estimators_["strict"]
    np.testing.assert_array_equal(
        fusion.votes(SEPALS)[:, 1], fusion.classes_[strict.predict_proba(SEPALS).argmax(axis=1)]
    )


@pytest.mark.draws_globally
def test_threshold_of_a_member_without_probabilities_counts():
    """Its vote is its prediction, so there is nothing to warn of."""
    member = FixedThresholdClassifier(LinearSVC(), threshold=0.5)
    fusion = MajorityVoteFusion([("svc", member)]).fit(SEPALS, BINARY)
    np.testing.assert_array_equal(fusion.predict(SEPALS), fusion.estimators_[0].predict(SEPALS))


def test_threshold_around_the_fusion():
    """What the warning recommends works."""
    fusion = MajorityVoteFusion(three())
    tuned = TunedThresholdClassifierCV(fusion, cv=5).fit(SEPALS, BINARY)
    assert tuned.score(SEPALS, BINARY) > 0.75
