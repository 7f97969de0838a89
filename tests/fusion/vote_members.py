"""Members for tests of votes: they say what they are told, or remember what they saw."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from fusionlearn.fusion._majority_vote import MajorityVoteFusion
from fusionlearn.images import check_images

X, Y = load_iris(return_X_y=True)
BINARY = Y < 2
SEPALS = X[:, :2]


def three():
    return [
        ("lr", LogisticRegression(max_iter=1000)),
        ("nb", GaussianNB()),
        ("tree", DecisionTreeClassifier(random_state=0)),
    ]


class Given(ClassifierMixin, BaseEstimator):
    """Gives the same probabilities for every sample."""

    def __init__(self, proba, classes=None):
        self.proba = proba
        self.classes = classes

    def fit(self, X, y):
        self.classes_ = np.unique(y) if self.classes is None else np.asarray(self.classes)
        return self

    def predict_proba(self, X):
        return np.tile(np.asarray(self.proba, dtype=float), (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Says(ClassifierMixin, BaseEstimator):
    """Predicts one label and has no probabilities."""

    def __init__(self, label):
        self.label = label

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.full(len(X), self.label)


class Recorder(ClassifierMixin, BaseEstimator):
    """Asks for groups as FineTuneClassifier does, and keeps what it was given."""

    __metadata_request__fit = {"groups": True}

    def fit(self, X, y, sample_weight=None, groups=None):
        self.classes_ = np.unique(y)
        self.X_, self.sample_weight_, self.groups_ = X, sample_weight, groups
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class PictureMember(Recorder):
    """Says that it takes pictures only."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class Brightness(TransformerMixin, BaseEstimator):
    """Mean and spread of each picture, in place of a network."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        pixels = [reference.decode() for reference in check_images(X)]
        return np.array([[p.mean(), p.std()] for p in pixels])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def fuse(*members, classes=(0, 1), **parameters):
    """A fitted fusion of members, whose names are their numbers."""
    named = [(f"m{number}", member) for number, member in enumerate(members)]
    return MajorityVoteFusion(named, **parameters).fit(np.zeros((len(classes), 1)), classes)


ONE = np.zeros((1, 1))
