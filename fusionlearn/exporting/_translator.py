"""From fitted estimators to operations of a graph."""

from contextlib import contextmanager

from .._compat import import_keras
from .._labels import is_multilabel
from ..exceptions import ExportError
from ._pictures import Pictures

_RULES = {}


def translates(*kinds, method, of_features=False):
    """Register how a method of some classes becomes part of a graph.

    The function is called with the translator, the estimator and what comes in: a
    tensor of features, or, unless ``of_features`` says that these are wanted,
    :class:`Pictures`.
    """

    def register(function):
        def rule(translator, estimator, value):
            value = translator.features(value) if of_features else value
            return function(translator, estimator, value)

        for kind in kinds:
            _RULES[kind, method] = rule
        return function

    return register


def supported(method):
    """Names of the classes that can be translated.

    Parameters
    ----------
    method : str
        The method that is wanted.

    Returns
    -------
    names : list of str
        Sorted.
    """
    return sorted({kind.__name__ for kind, name in _RULES if name == method})


class Translator:
    """Walks through a composition of estimators and says the same in operations of Keras.

    Only the classes themselves are translated: one that is derived from them may do
    something else.
    """

    def __init__(self):
        self._networks = {}
        self._path = []

    def transform(self, estimator, value, name=None):
        """Features, or pictures, as ``transform`` gives them."""
        return self._translate("transform", estimator, value, name)

    def probabilities(self, estimator, value, name=None):
        """Probabilities of shape (n, n_classes), as ``predict_proba`` gives them."""
        return self._translate("predict_proba", estimator, value, name)

    def decision(self, estimator, value, name=None):
        """Confidences of shape (n, 1) for two classes, else (n, n_classes)."""
        return self._translate("decision_function", estimator, value, name)

    def network(self, key, build, *args):
        """A Keras model that is there once, however many estimators use it."""
        if key not in self._networks:
            model = build(*args)
            # Names of layers have to differ, and Keras begins to count anew at each build.
            renamed = import_keras().Model(
                model.input, model.output, name=f"network_{len(self._networks)}"
            )
            renamed.trainable = False
            self._networks[key] = renamed
        return self._networks[key]

    def features(self, value):
        """Give what comes in, which has to be features."""
        if isinstance(value, Pictures):
            self.refuse(
                "it was fitted on features, and a graph begins with pictures",
                "Export it together with what makes the features: make_pipeline(extractor, "
                "classifier), of the two as they were fitted.",
            )
        return value

    def refuse(self, what, remedy):
        """Raise the error that names the place."""
        place = " > ".join(self._path)
        raise ExportError(f"{place}: {what}. {remedy}")

    def _translate(self, method, estimator, value, name):
        with self._inside(estimator, name):
            rule = _RULES.get((type(estimator), method))
            if rule is None:
                self.refuse(*self._why_not(estimator, method))
            return rule(self, estimator, value)

    @contextmanager
    def _inside(self, estimator, name):
        kind = type(estimator).__name__
        self._path.append(kind if name is None else f"{name!r} ({kind})")
        yield
        self._path.pop()  # after an error the path is wanted as it is

    def _why_not(self, estimator, method):
        if is_multilabel(estimator) and hasattr(estimator, "estimators_"):
            return (
                f"it was fitted on {len(estimator.classes_)} labels for each sample",
                "Export each of its estimators_, one file for each label.",
            )
        known = any(kind is type(estimator) for kind, _ in _RULES)
        if known and method == "predict_proba":
            return (
                "it gives no probabilities that can be exported",
                "Put it into a CalibratedClassifierCV, which makes probabilities of its scores.",
            )
        if known:
            return f"its {method} cannot be exported", "Put another estimator in its place."
        return (
            "this class cannot be exported",
            f"What can be: {', '.join(supported(method))}. A class derived from one of these "
            "counts as another one.",
        )
