"""How transformers become parts of a graph."""

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

from .._compat import import_keras
from ..backbones import build_pixel_model
from ..features import BackboneFeatureExtractor, ParetoScaler
from ..fusion import ConcatFusion
from ..images import ImagePreprocessor
from ._layers import affine, linear, picked
from ._translator import translates


@translates(BackboneFeatureExtractor, method="transform")
def _extractor(translator, extractor, pictures):
    network = extractor.job().network
    if network.precision != "float32":
        translator.refuse(
            f"precision={network.precision!r} would be lost",
            "Set precision='float32' and fit again, so that what is exported is what was fitted.",
        )
    model = translator.network(network.identity, build_pixel_model, network)
    return pictures.once(network.identity, lambda: model(pictures.at(network.input_size)))


@translates(ImagePreprocessor, method="transform")
def _preprocessor(translator, preprocessor, pictures):
    for name in ("contrast", "crop"):
        value = getattr(preprocessor, name)
        if value is not None:
            translator.refuse(
                f"{name}={value!r} looks at each picture as a whole, which graphs cannot say",
                f"Set {name}=None and fit again (covid_ct_strong(variant='fast') has none), or "
                "do it before pictures enter the graph.",
            )
    return pictures.grey() if preprocessor.color == "grey" else pictures


@translates(ConcatFusion, method="transform")
def _concat_fusion(translator, fusion, value):
    return _beside(translator, fusion.transformers_, fusion.transformer_weights, value)


@translates(FeatureUnion, method="transform")
def _feature_union(translator, union, value):
    kept = [(name, part) for name, part in union.transformer_list if not _is(part, "drop")]
    return _beside(translator, kept, union.transformer_weights, value)


def _beside(translator, named, weights, value):
    columns = []
    for name, part in named:
        block = value if _is(part, "passthrough") else translator.transform(part, value, name)
        factor = (weights or {}).get(name, 1.0)
        columns.append(block if factor == 1.0 else block * float(factor))
    return import_keras().ops.concatenate(columns, axis=1) if len(columns) > 1 else columns[0]


@translates(Pipeline, method="transform")
def _pipeline(translator, pipeline, value):
    return through_steps(translator, pipeline.steps, value)


def through_steps(translator, steps, value):
    """Lead something through the transformers of a Pipeline."""
    for name, step in steps:
        if step is not None and not _is(step, "passthrough"):
            value = translator.transform(step, value, name)
    return value


@translates(FrozenEstimator, method="transform")
def _frozen(translator, frozen, value):
    return translator.transform(frozen.estimator, value)


@translates(FunctionTransformer, method="transform")
def _function(translator, transformer, value):
    if transformer.func is not None:
        translator.refuse(
            f"func={transformer.func!r} is a function of Python",
            "Leave it out, or do it before pictures enter the graph.",
        )
    return value


@translates(StandardScaler, ParetoScaler, method="transform", of_features=True)
def _standard_scaler(translator, scaler, features):
    scale = 1.0 if scaler.scale_ is None else 1.0 / scaler.scale_
    offset = -scaler.mean_ * scale if scaler.with_mean else None
    return affine(features, scale, offset)


@translates(MaxAbsScaler, method="transform", of_features=True)
def _max_abs_scaler(translator, scaler, features):
    scaled = affine(features, 1.0 / scaler.scale_, None)
    return _clipped(scaled, (-1.0, 1.0)) if getattr(scaler, "clip", False) else scaled


@translates(MinMaxScaler, method="transform", of_features=True)
def _min_max_scaler(translator, scaler, features):
    scaled = affine(features, scaler.scale_, scaler.min_)
    return _clipped(scaled, scaler.feature_range) if scaler.clip else scaled


@translates(RobustScaler, method="transform", of_features=True)
def _robust_scaler(translator, scaler, features):
    scale = 1.0 / scaler.scale_ if scaler.with_scaling else 1.0
    offset = -scaler.center_ * scale if scaler.with_centering else None
    return affine(features, scale, offset)


def _clipped(features, limits):
    return import_keras().ops.clip(features, float(limits[0]), float(limits[1]))


@translates(Normalizer, method="transform", of_features=True)
def _normalizer(translator, normalizer, features):
    ops = import_keras().ops
    if normalizer.norm == "l2":
        # Squares of large features do not fit float32: the largest is taken out first.
        largest = ops.max(ops.abs(features), axis=1, keepdims=True)
        part = features / ops.maximum(largest, 1e-30)
        norms = ops.sqrt(ops.sum(part * part, axis=1, keepdims=True))
        return part / ops.where(norms > 0.0, norms, 1.0)
    reduce = ops.sum if normalizer.norm == "l1" else ops.max
    norms = reduce(ops.abs(features), axis=1, keepdims=True)
    return features / ops.where(norms > 0.0, norms, 1.0)


@translates(PCA, method="transform", of_features=True)
def _pca(translator, pca, features):
    coef = pca.components_.T
    if pca.whiten:
        smallest = np.finfo(pca.explained_variance_.dtype).eps
        coef = coef / np.maximum(np.sqrt(pca.explained_variance_), smallest)
    return linear(features, coef, -pca.mean_ @ coef)


@translates(TruncatedSVD, method="transform", of_features=True)
def _truncated_svd(translator, svd, features):
    return linear(features, svd.components_.T, 0.0)


@translates(
    GenericUnivariateSelect,
    RFE,
    RFECV,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    method="transform",
    of_features=True,
)
def _selector(translator, selector, features):
    return picked(features, selector.get_support(indices=True))


def _is(part, word):
    return isinstance(part, str) and part == word
