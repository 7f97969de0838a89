"""Every public estimator, small enough to be fitted thousands of times, and how it is judged."""

import functools
import importlib
import inspect
import re
import warnings
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
import tiny_network
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import DataConversionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils._param_validation import Interval

import fusionlearn
from fusionlearn import (
    BackboneFeatureExtractor,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    register_backbone,
)
from fusionlearn.exceptions import FusionlearnError, FusionlearnWarning, ImageError

N = 8
_RNG = np.random.default_rng(0)
PICTURES = _RNG.integers(0, 256, (N, 12, 12, 3), dtype=np.uint8)
FEATURES = _RNG.normal(size=(N, 4)).round(3)
TARGET = np.array(["ill", "well"] * (N // 2))
# More of these is more work, not another case. That they are taken is tried elsewhere.
COSTLY = {
    "n_splits": 100,
    "n_copies": 4,
    "test_copies": 4,
    "epochs": 4,
    "fine_tune_epochs": 3,
    "hidden_units": 100,
    "input_size": 64,
}
_OF_SPLITTERS = {
    "n_splits": [Interval(Integral, 2, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
}
# Words of a message that stand for a parameter.
_ALSO_CALLED = {
    "n_splits": "number of folds",
    "transformers": "Transformer '",
}
_DOCUMENTED = (FusionlearnError, ValueError, TypeError)
# Lines of its log, and what it says before it has one; bars of progress are ours.
FROM_TENSORFLOW = re.compile(r"^([IWEF]\d{4} |WARNING: All log|To enable)|tensorflow", re.M)
_FOREIGN = re.compile(r"tensorflow|keras|absl")


@dataclass
class Subject:
    """An estimator, parameters with which it works, and what it is fitted on."""

    kind: type
    good: dict
    X: np.ndarray
    constraints: dict = field(init=False)

    def __post_init__(self):
        self.constraints = getattr(self.kind, "_parameter_constraints", _OF_SPLITTERS)

    def make(self, **changes):
        return self.kind(**{**self.good, **changes})


@functools.cache
def subjects():
    """Subjects by name: every public estimator, some of them in two uses."""
    tiny = register_backbone("tiny", tiny_network.build, input_size=tiny_network.SIDE)
    network = BackboneFeatureExtractor(tiny, store=FeatureStore())
    quick = {"epochs": 2, "random_state": 0, "validation_fraction": 0.25, "batch_size": 4}
    tree = DecisionTreeClassifier(max_depth=2)
    heads = [(name, FineTuneClassifier(epochs=1, validation=None)) for name in "ab"]
    on_features = {
        "ConcatFusion": {
            "transformers": [("a", Binarizer()), ("b", Binarizer(threshold=1.0))],
            "transformer_weights": {"a": 2.0},
        },
        "MajorityVoteFusion": {"estimators": heads, "weights": [1, 2]},
        "FineTuneClassifier": {
            "hidden_units": (3,),
            "class_weight": {"ill": 1.0, "well": 2.0},
            **quick,
        },
        "ParetoScaler": {},
    }
    on_pictures = {
        "BackboneFeatureExtractor": {
            "application": tiny,
            "store": FeatureStore(max_bytes=1),  # so that rows are computed
            "layers": ["first"],
        },
        "ConcatFusion of networks": {
            "transformers": [("a", network), ("b", clone(network).set_params(pooling="max"))]
        },
        "FineTuneClassifier end to end": {
            "extractor": network,
            "unfreeze": {"tiny": 1},
            "fine_tune_epochs": 1,
            **quick,
        },
        "AugmentedClassifier": {
            "estimator": make_pipeline(network, tree),
            "augmenter": ImageAugmenter(1),
            "test_copies": 1,
        },
        "StratifiedImageGroupKFold": {"n_splits": 2},
    }
    made = {}
    for kind in public_estimators():
        names = [name for name in (*on_features, *on_pictures) if name.split()[0] == kind.__name__]
        for name in names or [kind.__name__]:  # a new one is tried by its defaults, on pictures
            X = FEATURES if name in on_features else PICTURES
            made[name] = Subject(kind, on_features.get(name, on_pictures.get(name, {})), X)
    return dict(sorted(made.items()))


def public_estimators():
    """Classes that users make estimators or splitters of, wherever they are found."""
    rooms = [importlib.import_module(f"fusionlearn.{room}") for room in fusionlearn._ROOMS]
    found = set()
    for room in [fusionlearn, *rooms]:
        for name in room.__all__:
            thing = getattr(room, name)
            is_class = inspect.isclass(thing)
            if is_class and (issubclass(thing, BaseEstimator) or hasattr(thing, "split")):
                found.add(thing)
    return found


def wake_tensorflow(capfd):
    """Let it look for graphics cards, and miss them, before anybody listens.

    The library hides that where it is the one that loads Keras; the tests load it themselves.
    """
    import tensorflow as tf

    tf.config.list_physical_devices()
    capfd.readouterr()


def fit(estimator, X, y, **metadata):
    """Do once what its user does first."""
    if hasattr(estimator, "split"):
        return list(estimator.split(X, y, **metadata))
    if hasattr(estimator, "fit_resample"):
        return estimator.fit(X).fit_resample(X, y)
    return estimator.fit(X, y, **metadata)


def apply(estimator, X):
    """Do whatever the fitted estimator can do with X."""
    for name in ("transform", "make_copies", "predict", "votes"):
        if hasattr(estimator, name):
            getattr(estimator, name)(X)
    for name in ("predict_proba", "decision_function", "agreement"):
        if hasattr(estimator, name):
            assert np.isfinite(getattr(estimator, name)(X)).all(), name


def verdict(action):
    """Say what is wrong with how an action ended, or None; and the error that it raised."""
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            action()
        except Exception as raised:  # noqa: BLE001  any is looked at
            error = raised
    for warning in caught:
        is_ours = issubclass(warning.category, (FusionlearnWarning, DataConversionWarning))
        # About names of columns, or many classes: in time and in words.
        is_plain = warning.category is UserWarning and "/sklearn/" in warning.filename
        if not is_ours and not is_plain:
            text = f"{warning.category.__name__} from {warning.filename}: {warning.message}"
            return f"warned of {text}", error
    if error is None:
        return None, None
    foreign = _FOREIGN.match(type(error).__module__)
    if foreign or not isinstance(error, _DOCUMENTED) or not str(error).strip():
        return f"raised {type(error).__name__}: {error}", error
    return None, error


def names_one_of(parameters, error):
    """Whether a message says which parameter is to blame, or that training diverges by it."""
    message = str(error)
    if "extractor" in parameters and isinstance(error, ImageError):
        return True  # with an extractor, X is to be pictures
    names = [*parameters, *(_ALSO_CALLED[name] for name in parameters if name in _ALSO_CALLED)]
    return any(name in message for name in names) or "range of floating point" in message


def state(estimator):
    """Parameters as they stand: the objects themselves, and what they say of themselves."""
    if hasattr(estimator, "get_params"):
        values = estimator.get_params(deep=False)
    else:
        values = vars(estimator)
    return {name: (id(value), repr(value)) for name, value in values.items()}
