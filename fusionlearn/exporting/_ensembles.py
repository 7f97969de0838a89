"""How estimators that hold other classifiers become parts of a graph."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import Pipeline

from .._compat import import_keras
from .._labels import is_multilabel
from ..classifiers import AugmentedClassifier
from ..fusion import MajorityVoteFusion
from ..fusion._members import class_columns
from ._calibration import calibrated
from ._layers import both_classes, first_of_largest
from ._transformers import through_steps
from ._translator import translates

# Votes that differ by less are equal: well above rounding in float32.
_TIE = 1e-6
# Parameters of an ImageAugmenter that resample or change levels.
_CHANGES = ("rotation", "shear", "shift", "zoom", "brightness", "contrast")


def _on_last_step(method):
    def rule(translator, pipeline, value):
        value = through_steps(translator, pipeline.steps[:-1], value)
        name, last = pipeline.steps[-1]
        return getattr(translator, method)(last, value, name)

    return rule


def _on_inner(method, attribute):
    def rule(translator, outer, value):
        return getattr(translator, method)(getattr(outer, attribute), value)

    return rule


for _method, _name in (("probabilities", "predict_proba"), ("decision", "decision_function")):
    translates(Pipeline, method=_name)(_on_last_step(_method))
    translates(FrozenEstimator, method=_name)(_on_inner(_method, "estimator"))
    translates(GridSearchCV, RandomizedSearchCV, method=_name)(
        _on_inner(_method, "best_estimator_")
    )
    translates(FixedThresholdClassifier, TunedThresholdClassifierCV, method=_name)(
        _on_inner(_method, "estimator_")
    )


@translates(AugmentedClassifier, method="predict_proba")
def _augmented_proba(translator, classifier, pictures):
    return _over_views(translator, classifier, pictures, translator.probabilities)


@translates(AugmentedClassifier, method="decision_function")
def _augmented_decision(translator, classifier, pictures):
    return _over_views(translator, classifier, pictures, translator.decision)


def _over_views(translator, classifier, pictures, method):
    values = method(classifier.estimator_, pictures, "estimator")
    n_copies = int(classifier.test_copies)
    if n_copies == 0:
        return values
    augmenter = classifier.augmenter_
    is_mirror = augmenter.horizontal_flip == "always"
    if not is_mirror or any(getattr(augmenter, name) for name in _CHANGES):
        translator.refuse(
            f"test_copies={n_copies}: copies at random are drawn by each picture's own digest, "
            "which graphs cannot say",
            "Set test_copies=0, or an augmenter that only mirrors (horizontal_flip='always', all "
            "else 0).",
        )
    mirrored = method(classifier.estimator_, pictures.mirrored(), "estimator")
    return (values + mirrored * float(n_copies)) / (n_copies + 1.0)


@translates(MajorityVoteFusion, method="predict_proba")
def _majority_vote(translator, fusion, value):
    ops = import_keras().ops
    members = dict(zip(_names(fusion), fusion.estimators_, strict=True))
    shares = [float(share) for share in fusion.weights_ if share > 0]
    voters = [
        _member(translator, name, member, value, fusion.classes_)
        for (name, member), share in zip(members.items(), fusion.weights_, strict=True)
        if share > 0
    ]
    # Sums of tables, one for each member: stacked into three dimensions, OpenVINO gives
    # numbers of other rows as soon as a batch has more than one.
    votes = [first_of_largest(proba) for proba in voters]
    totals, sums = _weighted_sum(votes, shares), _weighted_sum(voters, shares)
    leads = totals >= ops.max(totals, axis=1, keepdims=True) - _TIE
    winner = first_of_largest(ops.where(leads, sums, -1.0), _TIE)
    supports = [
        ops.sum(vote * winner, axis=1, keepdims=True) * share
        for vote, share in zip(votes, shares, strict=True)
    ]
    return _weighted_sum(voters, supports) / sum(supports)


def _weighted_sum(tables, weights):
    return sum(table * weight for table, weight in zip(tables, weights, strict=True))


def _names(fusion):
    return [name for name, member in fusion.named_estimators_.items() if not _is_dropped(member)]


def _is_dropped(member):
    return isinstance(member, str) and member == "drop"


def _member(translator, name, member, value, classes):
    """Probabilities of a member in the order of the fusion's classes."""
    columns = class_columns(name, member, classes)
    if hasattr(member, "predict_proba"):
        proba = translator.probabilities(member, value, name)
    else:
        scores = translator.decision(member, value, name)
        if scores.shape[1] == 1:
            proba = both_classes(import_keras().ops.cast(scores > 0.0, "float32"))
        else:
            proba = first_of_largest(scores)
    return spread(proba, columns, len(classes))


def spread(proba, columns, n_classes):
    """Put columns where their classes are, and 0 for classes that are not there."""
    ops = import_keras().ops
    if list(columns) == list(range(n_classes)):
        return proba
    places = np.zeros((len(columns), n_classes), np.float32)
    places[np.arange(len(columns)), columns] = 1.0
    return ops.matmul(proba, places)


@translates(VotingClassifier, method="predict_proba")
def _voting(translator, fusion, value):
    weights = [
        weight
        for (_, member), weight in zip(
            fusion.estimators, fusion.weights or [1] * len(fusion.estimators), strict=True
        )
        if not _is_dropped(member)
    ]
    total = float(sum(weights))
    members = zip(_names(fusion), fusion.estimators_, weights, strict=True)
    return sum(
        translator.probabilities(member, value, name) * (weight / total)
        for name, member, weight in members
    )


@translates(StackingClassifier, method="predict_proba")
def _stacking(translator, stacking, value):
    if is_multilabel(stacking):
        n_labels = len(stacking.classes_)
        translator.refuse(f"it was fitted on {n_labels} labels", "Export a stack for each label.")
    if stacking.passthrough:
        translator.refuse("passthrough=True", "Set passthrough=False.")
    blocks = []
    members = zip(_names(stacking), stacking.estimators_, stacking.stack_method_, strict=True)
    for name, member, method in members:
        if method == "predict":
            translator.refuse(
                f"stack_method='predict' of {name!r}", "Set stack_method='predict_proba'."
            )
        if method == "decision_function":
            blocks.append(translator.decision(member, value, name))
            continue
        proba = translator.probabilities(member, value, name)
        blocks.append(proba[:, 1:] if len(stacking.classes_) == 2 else proba)
    features = import_keras().ops.concatenate(blocks, axis=1) if len(blocks) > 1 else blocks[0]
    return translator.probabilities(stacking.final_estimator_, features, "final_estimator")


@translates(CalibratedClassifierCV, method="predict_proba")
def _calibrated(translator, classifier, value):
    parts = [calibrated(translator, part, value) for part in classifier.calibrated_classifiers_]
    return sum(parts) / float(len(parts)) if len(parts) > 1 else parts[0]
