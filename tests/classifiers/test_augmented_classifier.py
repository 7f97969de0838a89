"""AugmentedClassifier: what is augmented, what goes with the copies, how views are averaged."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import sklearn
import skops.io
from classifier_stubs import PixelExtractor, as_pictures
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, StratifiedGroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from fusionlearn import (
    AugmentedClassifier,
    FineTuneClassifier,
    ImageAugmenter,
    check_images,
    get_groups,
)
from fusionlearn.exceptions import (
    GroupConflictError,
    ImageError,
    ValidationSplitWarning,
    VoteWarning,
)
from fusionlearn.model_selection import StratifiedImageGroupKFold

RNG = np.random.default_rng(0)
Y = np.arange(24) % 2
PICTURES = as_pictures(RNG.normal(size=(24, 5)) + Y[:, np.newaxis])
Y3 = np.arange(24) % 3
GROUPS = np.arange(24) // 3
# Copies that differ from their picture, by light alone.
LIGHT = ImageAugmenter(
    n_copies=2, rotation=0, shear=0, shift=0, zoom=0, horizontal_flip=False, brightness=0.3
)


def pipeline(last):
    return Pipeline([("features", PixelExtractor()), ("classifier", last)])


def features(references):
    return PixelExtractor().transform(references)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted with."""

    __metadata_request__fit = {"groups": True}

    def fit(self, X, y, sample_weight=None, groups=None):
        self.classes_ = np.unique(y)
        self.X_, self.y_, self.sample_weight_, self.groups_ = X, y, sample_weight, groups
        return self

    def predict(self, X):
        self.predicted_ = X
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize("augmenter", [LIGHT, None])
def test_fit_sees_pictures_and_copies_and_predict_pictures(augmenter):
    inner = Recorder()
    model = AugmentedClassifier(inner, augmenter).fit(PICTURES, Y)
    n_copies = 2 if augmenter is LIGHT else ImageAugmenter().n_copies
    assert len(model.estimator_.X_) == 24 * (1 + n_copies)
    views = [reference.is_view for reference in model.estimator_.X_]
    assert views == ([False] + [True] * n_copies) * 24
    np.testing.assert_array_equal(model.estimator_.y_, np.repeat(Y, 1 + n_copies))
    assert not hasattr(inner, "X_")
    model.predict(PICTURES)
    assert not any(reference.is_view for reference in model.estimator_.predicted_)
    assert len(model.estimator_.predicted_) == 24


def test_a_copy_belongs_to_its_picture_without_known_patients():
    model = AugmentedClassifier(Recorder(), LIGHT).fit(PICTURES, Y)
    groups = model.estimator_.groups_.reshape(24, 3)
    assert (groups == groups[:, :1]).all()
    assert len(np.unique(groups)) == 24


@pytest.mark.parametrize("given", ["in the references", "in fit", "both"])
def test_weights_and_groups_go_with_the_copies(given):
    weights = RNG.uniform(1, 2, 24)
    pictures = PICTURES if given == "in fit" else check_images(PICTURES, GROUPS)
    groups = None if given == "in the references" else GROUPS
    model = AugmentedClassifier(pipeline(Recorder()), LIGHT)
    model.fit(pictures, Y, sample_weight=weights, groups=groups)
    np.testing.assert_array_equal(model.estimator_[-1].groups_, np.repeat(GROUPS, 3))
    np.testing.assert_array_equal(model.estimator_[-1].sample_weight_, np.repeat(weights, 3))


def test_weights_count():
    """Equal to fitting the inner classifier on what it sees, by hand."""
    weights = RNG.uniform(0.1, 3, 24)
    model = AugmentedClassifier(pipeline(LogisticRegression()), LIGHT)
    model.fit(PICTURES, Y, sample_weight=weights)
    references, y = LIGHT.fit_resample(PICTURES, Y)
    by_hand = LogisticRegression().fit(features(references), y, np.repeat(weights, 3))
    np.testing.assert_array_equal(model.estimator_[-1].coef_, by_hand.coef_)


def test_weights_that_cannot_be_used_are_refused():
    model = AugmentedClassifier(pipeline(KNeighborsClassifier()), LIGHT)
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample weights"):
        model.fit(PICTURES, Y, sample_weight=np.ones(24))


def test_groups_that_contradict_the_pictures_are_refused():
    model = AugmentedClassifier(pipeline(LogisticRegression()), LIGHT)
    with pytest.raises(GroupConflictError):
        model.fit(check_images(PICTURES, GROUPS), Y, groups=GROUPS[::-1])


def test_groups_and_weights_are_routed_to_it():
    """By a search, when the user has switched routing on."""
    with sklearn.config_context(enable_metadata_routing=True):
        model = AugmentedClassifier(pipeline(Recorder()), LIGHT)
        search = GridSearchCV(
            model.set_fit_request(sample_weight=True),
            {"augmenter__n_copies": [2, 1]},
            cv=StratifiedGroupKFold(2),
            scoring=_fewer_copies_are_better,
        )
        search.fit(PICTURES, Y, groups=GROUPS, sample_weight=np.arange(24.0))
    inner = search.best_estimator_.estimator_[-1]
    np.testing.assert_array_equal(inner.groups_[::2], GROUPS)
    np.testing.assert_array_equal(inner.sample_weight_[::2], np.arange(24))


def _fewer_copies_are_better(estimator, X, y):
    return -estimator.augmenter.n_copies


@pytest.mark.parametrize("n_views", [1, 3])
@pytest.mark.parametrize("y", [Y, Y3], ids=["binary", "multi-class"])
def test_probabilities_are_the_mean_over_views(n_views, y):
    model = AugmentedClassifier(pipeline(LogisticRegression()), LIGHT, test_copies=n_views)
    model.fit(PICTURES, y)
    references = check_images(PICTURES)
    views = [references, *LIGHT.make_copies(references, n_views).T]
    for method in ("predict_proba", "decision_function"):
        inner = getattr(model.estimator_, method)
        expected = sum(inner(view) for view in views) / len(views)
        np.testing.assert_allclose(getattr(model, method)(PICTURES), expected, rtol=1e-10)
    assert (model.predict_proba(PICTURES) != model.estimator_.predict_proba(references)).any()


@pytest.mark.parametrize("test_copies", [0, 2])
@pytest.mark.parametrize("y", [Y, Y3, np.array(["b", "a", "c"])[Y3]])
def test_predict_follows_predict_proba(test_copies, y):
    """Bit for bit."""
    model = AugmentedClassifier(pipeline(LogisticRegression()), LIGHT, test_copies=test_copies)
    proba = model.fit(PICTURES, y).predict_proba(PICTURES)
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(PICTURES))
    np.testing.assert_array_equal(model.predict_log_proba(PICTURES), np.log(proba))


def test_certain_probabilities_have_logarithms():
    certain = DummyClassifier(strategy="constant", constant=1)
    model = AugmentedClassifier(certain, LIGHT).fit(PICTURES, Y)
    assert model.predict_log_proba(PICTURES).min() == -np.inf


def test_views_are_predicted_in_blocks(monkeypatch):
    model = AugmentedClassifier(pipeline(LogisticRegression()), LIGHT, test_copies=2)
    model.fit(PICTURES, Y)
    expected = model.predict_proba(PICTURES)
    monkeypatch.setattr("fusionlearn.classifiers._augmented._BLOCK", 7)
    np.testing.assert_allclose(model.predict_proba(PICTURES), expected, rtol=1e-12)


@pytest.mark.parametrize("y", [Y, Y3], ids=["binary", "multi-class"])
def test_without_probabilities_the_mean_decision_counts(y):
    """And without views the classifier's own prediction."""
    for test_copies in (0, 2):
        model = AugmentedClassifier(pipeline(RidgeClassifier()), LIGHT, test_copies=test_copies)
        model.fit(PICTURES, y)
        decision = model.decision_function(PICTURES)
        winners = decision > 0 if decision.ndim == 1 else decision.argmax(axis=1)
        np.testing.assert_array_equal(model.predict(PICTURES), model.classes_[winners * 1])


@pytest.mark.draws_globally
@pytest.mark.parametrize(
    ("inner", "y"),
    [
        (Perceptron(), Y),
        (SVC(decision_function_shape="ovo"), np.arange(24) % 4),
    ],
)
def test_a_single_view_predicts_as_the_classifier(inner, y):
    references = check_images(PICTURES)
    model = AugmentedClassifier(pipeline(inner), LIGHT).fit(PICTURES, y)
    np.testing.assert_array_equal(model.predict(PICTURES), model.estimator_.predict(references))


@pytest.mark.draws_globally
@pytest.mark.parametrize(
    ("inner", "y"),
    [(NearestCentroid(), Y3), (SVC(decision_function_shape="ovo"), np.arange(24) % 4)],
)
def test_otherwise_the_majority_of_views_counts(inner, y):
    """Also where a decision function has a column for each pair of classes."""
    if isinstance(inner, NearestCentroid):
        inner = Pipeline([("last", _Labels(NearestCentroid()))])
    model = AugmentedClassifier(pipeline(inner), LIGHT, test_copies=2).fit(PICTURES, y)
    references = check_images(PICTURES)
    views = [references, *LIGHT.make_copies(references, 2).T]
    votes = np.array([model.estimator_.predict(view) for view in views])
    expected = [max(sorted(set(column)), key=list(column).count) for column in votes.T]
    np.testing.assert_array_equal(model.predict(PICTURES), expected)


class _Labels(ClassifierMixin, BaseEstimator):
    """Hides all but ``predict``."""

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X):
        return self.estimator_.predict(X)


@pytest.mark.parametrize("wrap", [lambda e: e, pipeline], ids=["bare", "pipeline"])
def test_a_threshold_inside_is_announced(wrap):
    """predict follows predict_proba, so it would be lost in silence."""
    inner = FixedThresholdClassifier(DummyClassifier(strategy="prior"), threshold=0.01)
    model = AugmentedClassifier(wrap(inner), LIGHT)
    with pytest.warns(VoteWarning, match="Tune it outside") as caught:
        model.fit(PICTURES, Y)
    assert caught[0].filename == __file__
    proba = model.predict_proba(PICTURES)
    np.testing.assert_array_equal(model.predict(PICTURES), model.classes_[proba.argmax(axis=1)])


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_it_offers_what_the_classifier_offers(method):
    """hasattr tells the truth, before and after fit."""
    without, with_all = pipeline(_Labels(NearestCentroid())), pipeline(LogisticRegression())
    for model in (AugmentedClassifier(without), AugmentedClassifier(without).fit(PICTURES, Y)):
        assert not hasattr(model, method)
    for model in (AugmentedClassifier(with_all), AugmentedClassifier(with_all).fit(PICTURES, Y)):
        assert hasattr(model, method)


def test_classes_are_found_where_the_classifier_has_none():
    class Nameless(_Labels):
        def fit(self, X, y):
            super().fit(X, y)
            del self.classes_
            return self

    model = AugmentedClassifier(pipeline(Nameless(NearestCentroid())), LIGHT, test_copies=1)
    model.fit(PICTURES, np.array(["x", "y"])[Y])
    assert model.classes_.tolist() == ["x", "y"]
    assert set(model.predict(PICTURES)) <= {"x", "y"}


def test_arguments_and_parameters_stay_as_they_are():
    inner, augmenter = pipeline(LogisticRegression()), clone(LIGHT)
    pictures, weights = PICTURES.copy(), np.ones(24)
    pictures.flags.writeable = weights.flags.writeable = False
    before = joblib.hash([pictures, weights, inner, augmenter])
    model = AugmentedClassifier(inner, augmenter, test_copies=1)
    model.fit(pictures, Y, sample_weight=weights).predict(pictures)
    assert joblib.hash([pictures, weights, inner, augmenter]) == before
    assert model.augmenter is augmenter is not model.augmenter_


def test_copies_of_the_classifier_predict_the_same():
    """Pickle and skops, also with FineTuneClassifier inside."""
    head = FineTuneClassifier(epochs=3, random_state=0)
    model = AugmentedClassifier(head.set_params(extractor=PixelExtractor()), LIGHT)
    proba = model.fit(PICTURES, Y).predict_proba(PICTURES)
    dumped = skops.io.dumps(model)
    trusted = skops.io.get_untrusted_types(data=dumped)
    for copied in (
        pickle.loads(pickle.dumps(model)),
        skops.io.loads(dumped, trusted=trusted),
        clone(model).fit(PICTURES, Y),
    ):
        np.testing.assert_array_equal(copied.predict_proba(PICTURES), proba)


def test_targets_are_checked():
    model = AugmentedClassifier(pipeline(LogisticRegression()), LIGHT)
    with pytest.raises(ValueError, match="requires y"):
        model.fit(PICTURES, None)
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(PICTURES, Y[1:])
    with pytest.raises(ValueError, match="Unknown label type"):
        model.fit(PICTURES, np.linspace(0, 1, 24))
    with pytest.raises(ImageError, match="features, not pictures"):
        model.fit(np.zeros((24, 3)), Y)


def test_older_scikit_learns_have_no_callbacks():
    """There the stand-ins in _compat take their place."""
    script = (
        "import sys, sklearn.pipeline, sklearn.model_selection, sklearn.linear_model\n"
        "sys.modules['sklearn.callback'] = None\n"
        "import numpy as np\n"
        "from sklearn.dummy import DummyClassifier\n"
        "from fusionlearn import AugmentedClassifier\n"
        "from fusionlearn._compat import CallbackSupportMixin\n"
        "assert not hasattr(CallbackSupportMixin, 'set_callbacks')\n"
        "model = AugmentedClassifier(DummyClassifier())\n"
        "model.fit(np.zeros((2, 4, 4), np.uint8), [0, 1])\n"
        "task = model._init_callback_context().subcontext(task_name='epoch')\n"
        "assert not task.call_on_fit_task_end(estimator=model)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.skipif(
    not hasattr(AugmentedClassifier, "set_callbacks"), reason="scikit-learn has no callbacks"
)
def test_callbacks_reach_the_epochs_inside():
    """One tree of tasks from the augmentation down to the epochs."""

    class Names:
        max_propagation_depth = None

        def __init__(self):
            self.names = []

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            self.names.append(f"{context.estimator_name} {context.task_name}")

        def on_fit_task_end(self, estimator, context):
            pass

    head = FineTuneClassifier(PixelExtractor(), epochs=2, random_state=0)
    names = Names()
    AugmentedClassifier(head, LIGHT).set_callbacks(names).fit(PICTURES, Y)
    assert names.names == [
        "AugmentedClassifier fit",
        "FineTuneClassifier fit",
        "FineTuneClassifier fit-extractor",
        "FineTuneClassifier epoch",
        "FineTuneClassifier epoch",
    ]


def test_groups_of_copies_are_those_of_their_patients():
    """What get_groups says of what fit saw."""
    model = AugmentedClassifier(Recorder(), LIGHT).fit(check_images(PICTURES, GROUPS), Y)
    np.testing.assert_array_equal(get_groups(model.estimator_.X_), np.repeat(GROUPS, 3))


def test_an_html_picture_of_it_is_drawn():
    steps = [("f", FunctionTransformer(features)), ("c", LogisticRegression())]
    assert "AugmentedClassifier" in AugmentedClassifier(Pipeline(steps), LIGHT)._repr_html_()


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
def test_predictions_are_of_the_same_views_whatever_the_seed(seed):
    """predict and predict_proba are two calls, and must not draw views of their own."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (40, 12, 12), dtype=np.uint8)
    y = rng.integers(0, 2, 40)
    inner = Pipeline([("features", PixelExtractor()), ("classifier", GaussianNB())])
    model = AugmentedClassifier(inner, ImageAugmenter(1, random_state=seed), test_copies=2)
    model.fit(X, y)
    proba = model.predict_proba(X)
    assert np.array_equal(proba, model.predict_proba(X))
    assert np.array_equal(model.classes_[proba.argmax(axis=1)], model.predict(X))


def test_a_splitter_inside_that_knows_no_patients_is_announced():
    X, y = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8), [0, 1] * 6
    inner = Pipeline([("features", PixelExtractor()), ("classifier", GaussianNB())])
    search = GridSearchCV(inner, {"classifier__var_smoothing": [1e-9, 1e-3]}, cv=2)
    with pytest.warns(ValidationSplitWarning, match=r"cv=2 inside AugmentedClassifier.*around"):
        AugmentedClassifier(search, ImageAugmenter(1)).fit(X, y)
    safe = clone(search).set_params(cv=StratifiedImageGroupKFold(2))
    AugmentedClassifier(safe, ImageAugmenter(1)).fit(X, y)  # warnings are errors here
