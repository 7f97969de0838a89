"""Estimators of scikit-learn and ours say the same in a graph."""

import keras
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC

from fusionlearn import FineTuneClassifier, MajorityVoteFusion
from fusionlearn._compat import isolated_keras_build
from fusionlearn.exceptions import ExportError
from fusionlearn.exporting import _graph  # noqa: F401 - registers what can be translated
from fusionlearn.exporting._translator import Translator
from fusionlearn.features import ParetoScaler

N_FEATURES = 8
# Some estimators draw from NumPy's own generator.
pytestmark = pytest.mark.draws_globally


def make_data(n_classes):
    X, y = make_classification(
        120,
        N_FEATURES,
        n_informative=6,
        n_redundant=0,
        n_classes=n_classes,
        flip_y=0.2,
        random_state=n_classes,
    )
    return (X * 3 + 1).astype(np.float32), np.array(["a", "b", "c"])[y]


def compute(method, estimator, X):
    with isolated_keras_build(0):
        features = keras.Input((N_FEATURES,))
        # A graph of some Keras versions needs an operation where a transformer does nothing.
        output = getattr(Translator(), method)(estimator, keras.layers.Identity()(features))
        return np.asarray(keras.Model(features, output)(X))


def logistic():
    return LogisticRegression(C=0.5)


CLASSIFIERS = {
    "logistic": logistic(),
    "logistic cv": LogisticRegressionCV(
        Cs=2, cv=2, scoring="neg_log_loss", use_legacy_attributes=False, l1_ratios=(0,)
    ),
    "lda": LinearDiscriminantAnalysis(),
    # Unscaled, its scores are in the hundreds, and float32 has no digits left for them.
    "sgd": make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)),
    "mlp": MLPClassifier((5, 4), activation="tanh", max_iter=30, tol=1.0, random_state=0),
    "fine-tune": FineTuneClassifier(hidden_units=(6,), epochs=3, random_state=0),
    "grid": GridSearchCV(logistic(), {"C": [0.1, 1.0]}, cv=2),
    "threshold": FixedThresholdClassifier(logistic(), threshold=0.3),
    "sigmoid of an SVM": CalibratedClassifierCV(LinearSVC(), cv=3),
    "sigmoid of ridge": CalibratedClassifierCV(RidgeClassifier(), cv=3, ensemble=False),
    "isotonic": CalibratedClassifierCV(logistic(), method="isotonic", cv=3),
    "temperature": CalibratedClassifierCV(logistic(), method="temperature", cv=3),
    "temperature of a network": CalibratedClassifierCV(
        MLPClassifier((4,), max_iter=30, tol=1.0, random_state=0), method="temperature", cv=2
    ),
    "vote": MajorityVoteFusion(
        [
            ("logistic", logistic()),
            ("lda", make_pipeline(StandardScaler(), LinearDiscriminantAnalysis())),
            # Unscaled, its scores are so large that two probabilities are 1 in float32.
            (
                "sgd",
                make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=1)),
            ),
            ("svm", LinearSVC()),
        ],
        weights=[1, 2, 1.5, 1],
    ),
    "soft vote": VotingClassifier(
        [("logistic", logistic()), ("lda", LinearDiscriminantAnalysis()), ("none", "drop")],
        voting="soft",
        weights=[1, 3, 1],
    ),
    "stack": StackingClassifier([("logistic", logistic()), ("ridge", RidgeClassifier())], cv=2),
}


# A threshold is for two classes.
CASES = [(name, n) for name in CLASSIFIERS for n in (2, 3) if (name, n) != ("threshold", 3)]


@pytest.mark.parametrize(("name", "n_classes"), CASES)
def test_classifiers(name, n_classes):
    X, y = make_data(n_classes)
    classifier = CLASSIFIERS[name].fit(X, y)
    got = compute("probabilities", classifier, X)
    # In float32, scikit-learn's own rounding would be what is measured.
    wanted = classifier.predict_proba(X.astype(np.float64))
    np.testing.assert_allclose(got, wanted, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_from_all_classes_every_class_is_the_same(dtype):
    """Where all sigmoids are 0, which in float32 they are much earlier.

    So says scikit-learn from 1.9 on; 1.8 divides 0 by 0 there.
    """
    X, y = make_data(3)
    classifier = SGDClassifier(loss="log_loss", random_state=0).fit(X.astype(dtype), y)
    classifier.coef_ = np.zeros_like(classifier.coef_, dtype=dtype)
    classifier.intercept_ = np.array([-120, -125, -130], dtype=dtype)
    wanted = 1 / 3 if dtype == np.float32 else classifier.predict_proba(X[:1])
    np.testing.assert_allclose(compute("probabilities", classifier, X[:1]), wanted, atol=2e-6)


def test_svc_for_two_classes():
    X, y = make_data(2)
    classifier = CalibratedClassifierCV(SVC(kernel="linear"), cv=2).fit(X, y)
    got = compute("probabilities", classifier, X)
    np.testing.assert_allclose(got, classifier.predict_proba(X), atol=2e-6)


TRANSFORMERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    ParetoScaler(),
    MinMaxScaler((-1, 2), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    Normalizer(),
    Normalizer("l1"),
    Normalizer("max"),
    PCA(3, whiten=True),
    TruncatedSVD(3, random_state=0),
    SelectKBest(k=3),
    VarianceThreshold(),
    FunctionTransformer(),
    FeatureUnion(
        [("all", "passthrough"), ("two", PCA(2)), ("gone", "drop")],
        transformer_weights={"two": 0.25},
    ),
    make_pipeline(RobustScaler(), "passthrough", PCA(2)),
]


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda one: str(one)[:40])
def test_transformers(transformer):
    X, y = make_data(2)
    wanted = transformer.fit(X, y).transform(X)
    np.testing.assert_allclose(compute("transform", transformer, X), wanted, atol=2e-5)


def test_frozen():
    X, y = make_data(2)
    frozen = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), logistic()).fit(X, y)
    np.testing.assert_allclose(
        compute("probabilities", frozen, X), frozen.predict_proba(X), atol=2e-6
    )


def test_members_of_a_vote_may_know_fewer_classes():
    X, y = make_data(3)
    known = FrozenEstimator(logistic().fit(X[y != "b"], y[y != "b"]))
    vote = MajorityVoteFusion([("two", known), ("three", logistic())]).fit(X, y)
    np.testing.assert_allclose(compute("probabilities", vote, X), vote.predict_proba(X), atol=2e-6)


def test_ties_of_a_vote_go_where_they_go_in_python():
    # Two against two, and equal sums: the earlier class wins.
    X, y = make_data(2)
    members = [
        (name, FrozenEstimator(_constant(value, X, y)))
        for name, value in zip("abcd", (3, 3, -3, -3), strict=True)
    ]
    vote = MajorityVoteFusion(members).fit(X, y)
    got = compute("probabilities", vote, X[:5])
    wanted = vote.predict_proba(X[:5].astype(np.float64))
    assert (wanted[:, 0] > 0.5).all()
    np.testing.assert_allclose(got, wanted, atol=2e-6)


def _constant(value, X, y):
    classifier = logistic().fit(X, y)
    classifier.coef_ = np.zeros_like(classifier.coef_)
    classifier.intercept_ = np.full_like(classifier.intercept_, value)
    return classifier


class Derived(LogisticRegression):
    """May do anything."""


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (
            RandomForestClassifier(5),
            "RandomForestClassifier: this class cannot.*LogisticReg",
        ),
        (make_pipeline(StandardScaler(), Derived()), r"'derived' \(Derived\): this class cannot"),
        (make_pipeline(FunctionTransformer(np.abs), logistic()), "func=.* is a function of Python"),
        (SGDClassifier(loss="modified_huber"), "loss='modified_huber'.*log_loss"),
        (CalibratedClassifierCV(SVC(kernel="rbf"), cv=2), "kernel='rbf'.*LinearSVC"),
        (VotingClassifier([("svm", LinearSVC())], voting="soft"), "'svm'.*CalibratedClassifierCV"),
        (StackingClassifier([("a", logistic())], passthrough=True), "passthrough=True"),
        (
            StackingClassifier([("a", logistic())], stack_method="predict"),
            "stack_method='predict' of 'a'",
        ),
    ],
)
def test_others_are_refused_by_name(classifier, message):
    X, y = make_data(2)
    if isinstance(classifier, VotingClassifier):
        classifier.estimators_ = [LinearSVC().fit(X, y)]
        classifier.named_estimators_ = {"svm": classifier.estimators_[0]}
    else:
        classifier.fit(X, y)
    with pytest.raises(ExportError, match=message):
        compute("probabilities", classifier, X)
