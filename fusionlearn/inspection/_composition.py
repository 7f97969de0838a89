"""Reading off an estimator what it is made of, without loading or running anything."""

from numbers import Integral, Real

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import get_tags

from .._compat import BaseSearchCV
from .._labels import is_multilabel
from ..backbones import BACKBONES
from ..classifiers import AugmentedClassifier, FineTuneClassifier
from ..features import BackboneFeatureExtractor
from ..fusion import ConcatFusion, MajorityVoteFusion
from ..images import ImageAugmenter, ImagePreprocessor
from ._blocks import Box, Frame, Parallel, Series

_FUSIONS = (ConcatFusion, FeatureUnion, ColumnTransformer)
_VOTES = (MajorityVoteFusion, VotingClassifier, StackingClassifier)


def read_composition(estimator):
    """Make the blocks of a diagram, from what goes in to what comes out.

    Parameters
    ----------
    estimator : estimator object
        A classifier or a transformer, fitted or not.

    Returns
    -------
    series : Series
        Input, parts and output.

    Raises
    ------
    TypeError
        If it is no estimator.
    """
    if not hasattr(estimator, "fit") or isinstance(estimator, type):
        raise TypeError(
            f"estimator is {estimator!r}; wanted an estimator, such as a Pipeline or a "
            "ConcatFusion. Of a list of extractors make ConcatFusion(extractors)."
        )
    whole = _read(estimator)
    blocks = [Box(_input_of(estimator, whole), role="data"), whole, _output_of(estimator)]
    return Series([inner for block in blocks for inner in _parts(block)])


def _parts(block):
    return block.blocks if isinstance(block, Series) else [block]


def _read(part, name=None):
    if isinstance(part, str) or part is None:
        if part == "drop":
            return Box(name, ["dropped"], "dropped")
        return Box(name or "passthrough", ["handed on as it is"])
    if isinstance(part, BackboneFeatureExtractor):
        return _network(part, name)
    if isinstance(part, Pipeline):
        return _pipeline(part)
    if isinstance(part, _FUSIONS):
        return _concatenation(part)
    if isinstance(part, _VOTES):
        return _vote(part)
    if isinstance(part, FineTuneClassifier):
        return _fine_tune(part, name)
    inner = _inner(part)
    if inner is not None:
        return Frame(_frame_title(part), _read(inner))
    return Box(*_plain(part, name), role="classifier" if is_classifier(part) else "step")


def _network(extractor, name):
    application = getattr(extractor.application, "name", extractor.application)
    backbone = extractor.application
    if isinstance(backbone, str):
        # Asking the table for a name that it does not know would load Keras.
        backbone = BACKBONES[backbone] if backbone in set(BACKBONES) else None
    size = extractor.input_size or getattr(backbone, "input_size", None)
    lines = [] if name in (None, application) else [application]
    if size is not None:
        height, width = (size, size) if isinstance(size, Integral) else size
        lines.append(f"{height} × {width} pixels")
    lines.append(f"{extractor.pooling} pooling".replace("_", ", "))
    if extractor.layers is not None:
        number = len(extractor.layers) if isinstance(extractor.layers, list | tuple) else 1
        lines.append(f"{number} inner layer{'s' if number > 1 else ''}")
    if extractor.weights is None:
        lines.append("untrained")
    n_features = getattr(extractor, "n_features_out_", None)
    is_plain = extractor.layers is None and not extractor.application_params
    if n_features is None and is_plain and backbone is not None:
        n_features = backbone.n_features
        if n_features is not None and extractor.pooling == "avg_std":
            n_features *= 2
    return Box(name or application, lines, "network", n_features)


def _pipeline(pipeline):
    blocks = []
    for _, step in pipeline.steps:
        if step is None or (isinstance(step, str) and step == "passthrough"):
            continue
        block = _read(step)
        if isinstance(step, OneToOneFeatureMixin) and blocks:
            block.n_features = blocks[-1].n_features
        blocks += _parts(block)
    return Series(blocks) if blocks else Box("passthrough", ["handed on as it is"])


def _concatenation(fusion):
    weights = getattr(fusion, "transformer_weights", None) or {}
    blocks, notes = [], []
    for name, part, *columns in _transformers(fusion):
        block = _branch(part, name)
        if columns and not _is_dropped(block):
            block = Series([Box(_columns_text(columns[0]), role="data"), *_parts(block)])
        blocks.append(block)
        notes.append(f"× {weights[name]:g}" if name in weights else "")
    kept = [block for block in blocks if not _is_dropped(block)]
    counts = [block.n_features for block in kept]
    total = None if None in counts else sum(counts)
    return Series([Parallel(blocks, notes), Box("concatenate", [], "fusion", total)])


def _transformers(fusion):
    if isinstance(fusion, FeatureUnion):
        return fusion.transformer_list
    fitted = {name: part for name, part, *_ in getattr(fusion, "transformers_", [])}
    parts = [
        (name, _fitted(fitted, name, part), *more) for name, part, *more in fusion.transformers
    ]
    remainder = getattr(fusion, "remainder", "drop")
    if not (isinstance(remainder, str) and remainder == "drop"):
        parts.append(("remainder", _fitted(fitted, "remainder", remainder), "all others"))
    return parts


def _fitted(fitted, name, part):
    """The fitted part; what is dropped or passed on stays the word that says so."""
    return part if isinstance(part, str) else fitted.get(name, part)


def _columns_text(columns):
    if isinstance(columns, str):
        return columns
    if isinstance(columns, slice) or callable(columns):
        return "some columns"
    columns = [str(column) for column in columns] if hasattr(columns, "__iter__") else [columns]
    return f"{len(columns)} columns" if len(columns) > 2 else ", ".join(map(str, columns))


def _vote(fusion):
    fitted = getattr(fusion, "named_estimators_", {})
    parts = [(name, _fitted(fitted, name, part)) for name, part in fusion.estimators]
    blocks = [_branch(part, name) for name, part in parts]
    weights = getattr(fusion, "weights", None)
    rule = weights if isinstance(weights, str) else None
    if rule is not None:
        weights = _learned_weights(fusion)
    if weights is not None and len(weights) != len(blocks):
        raise ValueError(
            f"{type(fusion).__name__} has {len(weights)} weights for {len(blocks)} members; wanted "
            "one for each, as fit does."
        )
    notes = [""] * len(blocks) if weights is None else [f"× {weight:g}" for weight in weights]
    notes = ["" if _is_dropped(block) else note for block, note in zip(blocks, notes, strict=True)]
    series = [Parallel(blocks, notes)]
    if isinstance(fusion, StackingClassifier):
        lines = ["and X"] if fusion.passthrough else []
        series.append(Box("predictions of members", lines, "fusion"))
        final = getattr(fusion, "final_estimator_", fusion.final_estimator)
        block = Box("LogisticRegression", [], "classifier") if final is None else _read(final)
        series += _parts(block)
    elif getattr(fusion, "voting", "hard") == "soft":
        series.append(Box("mean of probabilities", [], "fusion"))
    else:
        lines = ["hit probability"] if isinstance(fusion, MajorityVoteFusion) else []
        lines += [f"weights: {rule}"] if rule is not None else []
        series.append(Box("majority vote", lines, "fusion"))
    return Series(series)


def _learned_weights(fusion):
    """Weights that a fit found, one for each member; None before."""
    if getattr(fusion, "oof_scores_", None) is None:
        return None
    shares = iter(fusion.weights_)
    voters = fusion.named_estimators_
    found = {
        name: 0 if isinstance(part, str) else round(next(shares), 3)
        for name, part in voters.items()
    }
    return [found.get(name, 0) for name, _ in fusion.estimators]


def _branch(part, name):
    block = _read(part, name)
    if isinstance(block, Box) or name in [box.title for box in _boxes(block)]:
        return block
    return Frame(name, block)


def _fine_tune(classifier, name):
    lines = [] if name in (None, "FineTuneClassifier") else ["FineTuneClassifier"]
    if len(classifier.hidden_units):
        lines.append("hidden " + ", ".join(str(units) for units in classifier.hidden_units))
    if classifier.dropout:
        lines.append(f"dropout {classifier.dropout:g}")
    if classifier.extractor is not None and classifier.unfreeze != 0:
        lines.append(f"fine-tunes {_layers_text(classifier.unfreeze)}")
    box = Box(name or "FineTuneClassifier", lines, "classifier")
    if classifier.extractor is None:
        return box
    extractor = getattr(classifier, "extractor_", classifier.extractor)
    return Series([*_parts(_read(extractor)), box])


def _layers_text(unfreeze):
    if isinstance(unfreeze, Integral):
        return f"the last {unfreeze} layers"
    if isinstance(unfreeze, Real):
        return f"the last {unfreeze:.0%}"
    if isinstance(unfreeze, dict):
        return "some networks"
    return "all layers" if unfreeze == "all" else f"from {unfreeze}"


def _inner(part):
    """The estimator inside a meta-estimator, the fitted one if there is one."""
    if isinstance(part, BaseSearchCV):
        return getattr(part, "best_estimator_", part.estimator)
    if not (isinstance(part, FrozenEstimator) or is_classifier(part)):
        return None
    inner = getattr(part, "estimator_", getattr(part, "estimator", None))
    return inner if isinstance(inner, BaseEstimator) else None


def _frame_title(part):
    kind = type(part).__name__
    if isinstance(part, AugmentedClassifier):
        augmenter = getattr(part, "augmenter_", part.augmenter)
        augmenter = ImageAugmenter() if augmenter is None else augmenter
        n_copies = getattr(augmenter, "n_copies", None)
        what = type(augmenter).__name__ if n_copies is None else f"n_copies={n_copies}"
        title = f"{kind}: {what}"
        return f"{title}, test_copies={part.test_copies}" if part.test_copies else title
    if isinstance(part, BaseSearchCV):
        tried = getattr(part, "cv_results_", None)
        return kind if tried is None else f"{kind}: best of {len(tried['params'])}"
    for name in ("method", "n_estimators"):
        if hasattr(part, name):
            return f"{kind}: {name}={getattr(part, name)}"
    return kind


def _plain(part, name):
    kind = type(part).__name__
    func = getattr(getattr(part, "func", None), "__name__", None)
    lines = [] if func is None else [func]
    if isinstance(part, ImagePreprocessor):
        lines += [text for text in (part.color, part.contrast, part.crop and "crop") if text]
    return (kind, lines) if name in (None, kind) else (name, [kind, *lines])


def _boxes(block):
    """All boxes, however deep."""
    if isinstance(block, Box):
        return [block]
    blocks = [block.block] if isinstance(block, Frame) else block.blocks
    return [box for inner in blocks for box in _boxes(inner)]


def _is_dropped(block):
    return isinstance(block, Box) and block.role == "dropped"


def _input_of(estimator, whole):
    roles = {box.role for box in _boxes(whole)}
    if "data" in roles:
        return "data frame"
    if "network" in roles or not get_tags(estimator).input_tags.two_d_array:
        return "pictures"
    return "X"


def _output_of(estimator):
    if not is_classifier(estimator):
        return Box("features", role="data")
    has_proba = _gives_probabilities(estimator)
    classes = [str(label) for label in getattr(estimator, "classes_", [])]
    if is_multilabel(estimator):
        return Box("probabilities" if has_proba else "labels", [f"{len(classes)} labels"], "data")
    lines = [" · ".join(classes)] if classes and len(" · ".join(classes)) <= 26 else []
    if classes and not lines:
        lines = [f"{len(classes)} classes"]
    return Box("probabilities" if has_proba else "class", lines, "data")


def _gives_probabilities(estimator):
    if isinstance(estimator, Pipeline):
        return _gives_probabilities(estimator.steps[-1][1])
    # A stack has them by its default, but does not say so before it is fitted.
    if isinstance(estimator, StackingClassifier) and estimator.final_estimator is None:
        return True
    return hasattr(estimator, "predict_proba")
