"""How classifiers become parts of a graph."""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC

from .._compat import import_keras
from .._labels import is_multilabel
from ..backbones import build_pixel_model
from ..classifiers import FineTuneClassifier
from ..classifiers._joint_training import find_members
from ._layers import affine, linear, one_against_rest, proba_of
from ._translator import translates

_LINEAR = (
    LinearDiscriminantAnalysis,
    LinearSVC,
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
_ACTIVATIONS = {"identity": None, "logistic": "sigmoid", "relu": "relu", "tanh": "tanh"}


@translates(*_LINEAR, method="decision_function", of_features=True)
def _linear_decision(translator, classifier, features):
    return linear(features, np.atleast_2d(classifier.coef_).T, classifier.intercept_)


@translates(SVC, method="decision_function", of_features=True)
def _svc_decision(translator, classifier, features):
    if classifier.kernel != "linear" or len(classifier.classes_) > 2:
        translator.refuse(
            f"kernel={classifier.kernel!r} with {len(classifier.classes_)} classes",
            "Of SVC only kernel='linear' with two classes can be exported; take LinearSVC.",
        )
    return linear(features, np.asarray(classifier.coef_).T, classifier.intercept_)


@translates(
    LinearDiscriminantAnalysis,
    LogisticRegression,
    LogisticRegressionCV,
    method="predict_proba",
    of_features=True,
)
def _softmax(translator, classifier, features):
    return proba_of(translator.decision(classifier, features))


@translates(SGDClassifier, method="predict_proba", of_features=True)
def _sgd(translator, classifier, features):
    if classifier.loss != "log_loss":
        translator.refuse(
            f"loss={classifier.loss!r} gives no probabilities that can be exported",
            "Set loss='log_loss', or put it into a CalibratedClassifierCV.",
        )
    dtype = np.result_type(np.float32, classifier.coef_).name  # features are float32
    return one_against_rest(translator.decision(classifier, features), dtype)


@translates(MLPClassifier, method="predict_proba", of_features=True)
def _mlp(translator, classifier, features):
    if classifier.out_activation_ == "logistic" and classifier.n_outputs_ > 1:
        translator.refuse(
            f"it was fitted on {classifier.n_outputs_} labels for each sample",
            "Take FineTuneClassifier, or export a classifier for each label.",
        )
    layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    for coef, intercept in layers[:-1]:
        features = linear(features, coef, intercept, _ACTIVATIONS[classifier.activation])
    return proba_of(linear(features, *layers[-1]))


@translates(FineTuneClassifier, method="decision_function")
def _fine_tune_decision(translator, classifier, value):
    if classifier.fine_tuned_:
        features = _tuned_features(translator, classifier, value)
    elif classifier.extractor is not None:
        features = translator.transform(classifier.extractor_, value, "extractor")
    else:
        features = translator.features(value)
    layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    for coef, intercept in layers[:-1]:
        features = linear(features, coef, intercept, "relu")
    return linear(features, *layers[-1])


def _tuned_features(translator, classifier, pictures):
    blocks = []
    for member in find_members(classifier.extractor_, classifier.trained_layers_):
        arrays = classifier.fine_tuned_.get(member.name, [])
        model = translator.network(
            (id(classifier), member.name), build_pixel_model, member.network, arrays
        )
        features = model(pictures.at(member.network.input_size))
        blocks.append(features if member.scale == 1.0 else affine(features, member.scale, None))
    return import_keras().ops.concatenate(blocks, axis=1) if len(blocks) > 1 else blocks[0]


@translates(FineTuneClassifier, method="predict_proba")
def _fine_tune(translator, classifier, value):
    scores = translator.decision(classifier, value)
    return import_keras().ops.sigmoid(scores) if is_multilabel(classifier) else proba_of(scores)
