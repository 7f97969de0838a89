"""Groups and weights reach whoever uses them, whatever stands around."""

import numpy as np
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn._metadata import fit_with_metadata
from fusionlearn.exceptions import ValidationSplitWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 3))
Y = np.arange(24) % 2
GROUPS = np.arange(24) // 3
WEIGHTS = RNG.uniform(0.5, 2, 24)


class Recorder(ClassifierMixin, BaseEstimator):
    """Asks for groups as FineTuneClassifier does, and keeps what it was given."""

    __metadata_request__fit = {"groups": True}

    def __init__(self, knob=0):
        self.knob = knob

    def fit(self, X, y, sample_weight=None, groups=None):
        self.classes_ = np.unique(y)
        self.sample_weight_, self.groups_, self.n_rows_ = sample_weight, groups, len(X)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class ProbableRecorder(Recorder):
    """With probabilities."""

    def predict_proba(self, X):
        positive = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - positive, positive])


class PictureRecorder(Recorder):
    """Like FineTuneClassifier with an extractor: knows its groups from X."""

    _reads_groups_from_pictures = True


def pipeline(last, kind=Pipeline):
    return kind([("scale", StandardScaler()), ("last", last)])


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    ("make", "recorder"),
    [
        (lambda: Recorder(), lambda e: e),
        (lambda: pipeline(Recorder()), lambda e: e[-1]),
        (lambda: pipeline(pipeline(Recorder())), lambda e: e[-1][-1]),
        (lambda: pipeline(Recorder(), ImbalancedPipeline), lambda e: e[-1]),
    ],
    ids=["bare", "pipeline", "nested pipelines", "imbalanced-learn's pipeline"],
)
def test_groups_and_weights_arrive(make, recorder, weights, routing):
    """Also where a StandardScaler would make routing of weights fail."""
    estimator = make()
    with sklearn.config_context(enable_metadata_routing=routing):
        assert fit_with_metadata(estimator, X, Y, sample_weight=weights, groups=GROUPS) is estimator
    np.testing.assert_array_equal(recorder(estimator).groups_, GROUPS)
    assert (recorder(estimator).sample_weight_ is None) == (weights is None)
    if weights is not None:
        np.testing.assert_array_equal(recorder(estimator).sample_weight_, weights)


def test_routing_is_as_before():
    """Switching it on for one fit leaves the user's setting alone, also after an error."""

    class Failing(Recorder):
        def fit(self, X, y, sample_weight=None, groups=None):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fit_with_metadata(Failing(), X, Y, groups=GROUPS)
    assert sklearn.get_config()["enable_metadata_routing"] is False


@pytest.mark.draws_globally
@pytest.mark.parametrize("routing", [False, True])
def test_groups_are_left_out_where_nobody_asks(routing):
    """LogisticRegression.fit would fail on groups."""
    with sklearn.config_context(enable_metadata_routing=routing):
        model = fit_with_metadata(LogisticRegression(), X, Y, groups=GROUPS)
        fit_with_metadata(AdaBoostClassifier(n_estimators=2), X, Y, groups=GROUPS)
    assert model.classes_.tolist() == [0, 1]


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_a_search_inside_splits_by_group(weights):
    """The splitter and the estimator in every fold get their rows of the groups."""
    search = GridSearchCV(pipeline(Recorder()), {"last__knob": [0, 1]}, cv=GroupKFold(4))
    fit_with_metadata(search, X, Y, sample_weight=weights, groups=GROUPS)
    np.testing.assert_array_equal(search.best_estimator_[-1].groups_, GROUPS)
    if weights is not None:
        np.testing.assert_array_equal(search.best_estimator_[-1].sample_weight_, weights)
    with pytest.raises(ValueError, match="groups"):
        search.fit(X, Y)  # so it was the call above that handed them on


def test_a_search_over_a_bare_consumer_with_weights_is_refused():
    """GridSearchCV keeps groups to itself there; silence would break the validation."""
    search = GridSearchCV(Recorder(), {"knob": [0]}, cv=2)
    with pytest.raises(ValueError, match="cannot both reach Recorder through GridSearchCV"):
        fit_with_metadata(search, X, Y, sample_weight=WEIGHTS, groups=GROUPS)


def test_weights_requested_by_the_user_are_routed():
    """Who switched routing on and set requests is obeyed."""
    with sklearn.config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("scale", StandardScaler().set_fit_request(sample_weight=True)),
                ("last", Recorder().set_fit_request(sample_weight=True)),
            ]
        )
        fit_with_metadata(model, X, Y, sample_weight=WEIGHTS, groups=GROUPS)
    expected = StandardScaler().fit(X, sample_weight=WEIGHTS).mean_
    np.testing.assert_array_equal(model[0].mean_, expected)
    np.testing.assert_array_equal(model[-1].sample_weight_, WEIGHTS)
    np.testing.assert_array_equal(model[-1].groups_, GROUPS)


def test_weights_go_through_keyword_arguments():
    """VotingClassifier takes weights, though its fit does not name them."""
    voting = VotingClassifier([("a", LogisticRegression()), ("b", LogisticRegression(C=2))])
    fit_with_metadata(voting, X, Y, sample_weight=WEIGHTS)
    expected = LogisticRegression().fit(X, Y, sample_weight=WEIGHTS).coef_
    np.testing.assert_array_equal(voting.estimators_[0].coef_, expected)


def test_calibration_hands_groups_to_every_fold():
    model = CalibratedClassifierCV(pipeline(ProbableRecorder()), cv=2, ensemble=True)
    fit_with_metadata(model, X, Y, groups=GROUPS)
    seen = [calibrated.estimator[-1].groups_ for calibrated in model.calibrated_classifiers_]
    assert sorted(np.concatenate(seen)) == sorted(GROUPS)


@pytest.mark.parametrize("kind", [Pipeline, None])
def test_an_estimator_without_weights_is_named(kind):
    """Weights are never dropped silently."""
    estimator = KNeighborsClassifier() if kind is None else pipeline(KNeighborsClassifier())
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample weights"):
        fit_with_metadata(estimator, X, Y, sample_weight=WEIGHTS)


def test_a_pipeline_that_ends_in_nothing_takes_no_weights():
    with pytest.raises(ValueError, match="'last' is 'passthrough'"):
        fit_with_metadata(pipeline("passthrough"), X, Y, sample_weight=WEIGHTS)


def test_a_resampler_takes_no_weights():
    """imbalanced-learn's Pipeline changes rows but not their weights."""
    model = ImbalancedPipeline([("more", RandomOverSampler()), ("last", LogisticRegression())])
    with pytest.raises(ValueError, match="RandomOverSampler"):
        fit_with_metadata(model, X, Y, sample_weight=WEIGHTS)


def test_groups_after_a_resampler_are_announced_as_lost():
    """They would have another length than the rows."""
    steps = [("more", RandomOverSampler(random_state=0)), ("last", Recorder())]
    y = np.r_[np.zeros(18, int), np.ones(6, int)]
    with pytest.warns(ValidationSplitWarning, match="RandomOverSampler changes the rows"):
        model = fit_with_metadata(ImbalancedPipeline(steps), X, y, groups=GROUPS)
    assert model[-1].n_rows_ == 36
    assert model[-1].groups_ is None


def test_a_step_that_reads_groups_from_pictures_needs_none_after_a_resampler():
    steps = [("more", RandomOverSampler(random_state=0)), ("last", PictureRecorder())]
    model = fit_with_metadata(ImbalancedPipeline(steps), X, Y, groups=GROUPS)
    assert model[-1].groups_ is None


def test_a_stack_of_pipelines_is_refused():
    """StackingClassifier would hand groups to its final estimator, which fails on them."""
    stack = StackingClassifier([("a", pipeline(Recorder()))], LogisticRegression(), cv=2)
    with pytest.raises(ValueError, match="final estimator"):
        fit_with_metadata(stack, X, Y, groups=GROUPS)


def test_a_stack_whose_members_see_pictures_needs_no_groups():
    stack = StackingClassifier([("a", PictureRecorder())], LogisticRegression(), cv=2)
    fit_with_metadata(stack, X, Y, groups=GROUPS)
    assert stack.estimators_[0].groups_ is None


def test_a_stack_with_a_final_estimator_that_takes_groups_gets_them():
    stack = StackingClassifier([("a", pipeline(Recorder()))], Recorder(), cv=2)
    fit_with_metadata(stack, X, Y, groups=GROUPS)
    np.testing.assert_array_equal(stack.estimators_[0][-1].groups_, GROUPS)
    np.testing.assert_array_equal(stack.final_estimator_.groups_, GROUPS)
