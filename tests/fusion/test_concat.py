"""ConcatFusion: the columns of several transformers, one beside the other."""

import os

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from fusionlearn import (
    BACKBONES,
    BackboneFeatureExtractor,
    ConcatFusion,
    check_images,
    register_backbone,
)
from fusionlearn.exceptions import ImageError


class Widen(TransformerMixin, BaseEstimator):
    """Constant columns, as many as asked for; remembers the metadata of its fit."""

    def __init__(self, width=1, value=1.0):
        self.width = width
        self.value = value

    def fit(self, X, y=None, sample_weight=None):
        self.weight_ = sample_weight
        return self

    def transform(self, X):
        return np.full((len(X), self.width), self.value)

    def get_feature_names_out(self, input_features=None):
        return np.array([f"column{number}" for number in range(self.width)], dtype=object)


class ProcessNumber(Widen):
    """A column with the number of the process in which it was fitted."""

    def fit(self, X, y=None):
        self.pid_ = os.getpid()
        return self

    def transform(self, X):
        return np.full((len(X), 1), self.pid_)


def mean_colour():
    """A network that leaves pixels as they are, so that their mean is what it extracts."""
    import keras

    return keras.Sequential([keras.layers.Input((8, 8, 3)), keras.layers.Identity()])


def network(**params):
    settings = {"weights": None, "application_params": {"alpha": 0.25}, "input_size": 32}
    return BackboneFeatureExtractor("MobileNet", **{**settings, **params})


def features(rng, n=20):
    return rng.normal(size=(n, 3))


@pytest.fixture
def X(rng):
    return features(rng)


def members():
    return [
        ("scale", StandardScaler()),
        ("pca", PCA(2, random_state=0)),
        ("bins", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")),
        ("pipe", make_pipeline(MinMaxScaler(), PCA(1, random_state=0))),
    ]


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(
    "change", [{}, {"pca": "drop"}, {"scale": "passthrough"}, {"bins__encode": "onehot-dense"}]
)
@pytest.mark.parametrize("weights", [None, {"scale": 10, "pipe": -0.5}])
def test_agrees_with_feature_union(X, change, weights, n_jobs):
    """Values, names, dropped members, factors, sparse blocks, processes."""
    settings = {"transformer_weights": weights, "n_jobs": n_jobs}
    fusion = ConcatFusion(members(), **settings).set_params(**change)
    union = FeatureUnion(members(), **settings).set_params(**change)
    expected = union.fit_transform(X)
    expected = expected.toarray() if sparse.issparse(expected) else expected
    np.testing.assert_array_equal(fusion.fit_transform(X), expected)
    np.testing.assert_allclose(fusion.transform(X), expected, atol=1e-12)
    np.testing.assert_array_equal(clone(fusion).fit(X).transform(X), fusion.transform(X))
    np.testing.assert_array_equal(fusion.get_feature_names_out(), union.get_feature_names_out())
    assert fusion.n_features_in_ == 3


@settings(max_examples=50, deadline=None)
@given(
    widths=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    weights=st.dictionaries(st.integers(0, 5), st.floats(-10, 10), max_size=3),
    n_samples=st.integers(1, 4),
)
def test_the_width_is_the_sum_of_widths(widths, weights, n_samples):
    """In the order of the transformers, each times its factor."""
    names = [f"t{number}" for number in range(len(widths))]
    fusion = ConcatFusion(
        [(name, Widen(widths[number], number)) for number, name in enumerate(names)],
        transformer_weights={
            f"t{number}": weights[number] for number in weights if number < len(names)
        },
    )
    X = np.zeros((n_samples, 1))
    found = fusion.fit_transform(X)
    assert found.shape == (n_samples, sum(widths))
    expected = np.repeat([number * weights.get(number, 1) for number in range(len(widths))], widths)
    np.testing.assert_array_equal(found, np.tile(expected, (n_samples, 1)))
    assert len(fusion.get_feature_names_out()) == sum(widths)


def test_the_parameter_keeps_its_own_objects(X):
    """FeatureUnion puts the fitted ones into it."""
    given_members = [*members(), ("out", "drop"), ("as it is", "passthrough")]
    before = list(given_members)
    fusion = ConcatFusion(given_members).fit(X)
    fusion.transform(X)
    fusion.fit_transform(X)
    assert fusion.transformers is given_members
    assert all(now is then for now, then in zip(fusion.transformers, before, strict=True))
    assert not hasattr(given_members[0][1], "mean_")
    fitted = dict(fusion.transformers_)
    assert list(fitted) == ["scale", "pca", "bins", "pipe", "as it is"]
    assert fitted["scale"] is not given_members[0][1]
    np.testing.assert_allclose(fitted["scale"].mean_, X.mean(axis=0))
    assert fusion.named_transformers_["out"] == "drop"
    assert fusion.named_transformers_["scale"] is fitted["scale"]


def test_a_change_after_fit_waits_for_the_next_fit(X):
    fusion = ConcatFusion(members()).fit(X)
    width = fusion.transform(X).shape[1]
    fusion.set_params(pca="drop")
    assert fusion.transform(X).shape[1] == width
    assert fusion.fit(X).transform(X).shape[1] == width - 2


def test_parameters_of_members_by_name(X):
    fusion = ConcatFusion(members()).set_params(pca__n_components=1, scale=MinMaxScaler())
    assert fusion.get_params()["pca__n_components"] == 1
    assert isinstance(fusion.fit(X).named_transformers_["scale"], MinMaxScaler)
    assert fusion.named_transformers_["pca"].n_components_ == 1


def test_a_frozen_transformer_stays_as_it_was_fitted(X):
    frozen = StandardScaler().fit(X + 5)
    found = ConcatFusion([("frozen", FrozenEstimator(frozen))]).fit_transform(X)
    np.testing.assert_array_equal(found, frozen.transform(X))


BAD = {
    "no members": ([], "transformers: the list is empty; wanted at least one transformer"),
    "all dropped": ([("a", "drop")], "all of them are 'drop'"),
    "no tuples": ([StandardScaler()], r"wanted a tuple \(name, transformer\)"),
    "no name": ([(1, StandardScaler())], r"wanted a tuple \(name, transformer\)"),
    "a name twice": ([("a", PCA()), ("a", PCA())], "not unique"),
    "a name with __": ([("a__b", PCA())], "__"),
    "a name of a parameter": ([("n_jobs", PCA())], "conflict"),
    "a class": ([("a", StandardScaler)], "Transformer 'a' is .*; wanted an instance"),
    "another word": ([("a", "keep")], "Transformer 'a' is 'keep'; wanted .* 'passthrough'"),
    "no transformer": ([("a", object())], "Transformer 'a'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_members_are_named(name, X):
    transformers, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        ConcatFusion(transformers).fit(X)


def test_factors_of_nobody_are_named(X):
    fusion = ConcatFusion(members(), transformer_weights={"sclae": 2})
    with pytest.raises(ValueError, match=r"transformer_weights has \['sclae'\], but .*'scale'"):
        fusion.fit(X)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda X: np.ones(len(X)), r"'odd' gave float64 of shape \(4,\)"),
        (lambda X: np.ones((len(X), 2, 2)), r"'odd' gave float64 of shape \(4, 2, 2\)"),
        (lambda X: np.full((len(X), 1), "a"), "'odd' gave <U1 of shape"),
        (lambda X: np.ones((len(X) - 1, 1)), r"rows: \{'before': 4, 'odd': 3, 'nn': 4\}"),
    ],
)
def test_what_cannot_stand_beside_the_others_is_named(function, message, pictures):
    """Each block under its own name, also where extractors run first."""
    fusion = ConcatFusion(
        [("before", Widen()), ("odd", FunctionTransformer(function)), ("nn", network())]
    )
    with pytest.raises(ValueError, match=message):
        fusion.fit_transform(pictures[:4])
    fusion.fit(pictures[:4])
    with pytest.raises(ValueError, match=message):
        fusion.transform(pictures[:4])


def test_an_unfitted_fusion_says_so(X):
    for method in ("transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError):
            getattr(ConcatFusion(members()), method)(X)
    with pytest.raises(NotFittedError):
        _ = ConcatFusion(members()).n_features_in_


def test_features_are_no_pictures_and_say_so(X, pictures):
    with pytest.raises(ImageError, match="looks like features"):
        ConcatFusion([("nn", network())]).fit_transform(X)
    with pytest.raises(ValueError, match="'raw' is 'passthrough', but X is pictures"):
        ConcatFusion([("nn", network()), ("raw", "passthrough")]).fit(pictures)


def test_a_fusion_of_extractors_is_the_extractors(pictures):
    """Values, names, type of numbers; factors leave float32."""
    small, larger = network(), network(input_size=(40, 36), layers=0.2)
    fusion = ConcatFusion(
        [("small", small), ("mean", Widen()), ("larger", larger)],
        transformer_weights={"larger": 2},
    )
    alone = ConcatFusion([("small", small), ("larger", larger)]).fit_transform(pictures)
    assert alone.dtype == np.float32
    first, last = small.transform(pictures), larger.transform(pictures)
    np.testing.assert_array_equal(alone, np.hstack([first, last]))
    found = fusion.fit_transform(pictures)
    np.testing.assert_array_equal(found, np.hstack([first, np.ones((6, 1)), 2 * last]))
    np.testing.assert_array_equal(fusion.transform(pictures), found)
    names = fusion.get_feature_names_out()
    assert names[0] == "small__mobilenet_0"
    assert names[256] == "mean__column0"
    assert len(names) == found.shape[1]


def test_a_fusion_in_a_fusion(pictures):
    inner = ConcatFusion([("nn", network()), ("one", Widen())])
    found = ConcatFusion([("inner", inner), ("two", Widen(2))]).fit_transform(pictures)
    assert found.shape == (6, 256 + 1 + 2)


@pytest.fixture
def table(pictures):
    return pd.DataFrame(
        {
            "age": [30.0, 40, 50, 60, 70, 80],
            "picture": check_images(pictures),
            "sex": list("fmffmm"),
        },
        index=[3, 1, 4, 10, 5, 9],
    )


def tabular():
    return ColumnTransformer(
        [("age", StandardScaler(), ["age"]), ("sex", OneHotEncoder(), ["sex"])]
    )


def test_pictures_beside_tables_in_a_data_frame(table, pictures):
    """A ColumnTransformer gives each its columns, inside the fusion or around it."""
    expected = np.hstack([network().transform(pictures), tabular().fit_transform(table)])
    inside = ConcatFusion(
        [("nn", ColumnTransformer([("nn", network(), ["picture"])])), ("table", tabular())]
    )
    around = ColumnTransformer(
        [("nn", ConcatFusion([("nn", network())]), "picture"), *tabular().transformers]
    )
    for model in (inside, around):
        np.testing.assert_array_equal(model.fit_transform(table), expected)
        np.testing.assert_array_equal(model.transform(table), expected)


def test_an_extractor_asks_for_its_column(table):
    """An extractor without a ColumnTransformer cannot know which column it is."""
    fusion = ConcatFusion([("nn", network()), ("table", tabular())])
    with pytest.raises(ImageError, match="ColumnTransformer"):
        fusion.fit_transform(table)


def test_a_frame_of_pictures_alone_needs_no_column(table, pictures):
    fusion = ConcatFusion([("nn", network()), ("one", Widen())])
    found = fusion.fit_transform(table[["picture"]])
    np.testing.assert_array_equal(found, fusion.fit_transform(pictures))


@pytest.mark.parametrize("as_config", [False, True])
def test_data_frames_come_out_where_they_are_asked_for(table, as_config):
    fusion = ConcatFusion([("age", StandardScaler()), ("raw", "passthrough")])
    config = {"transform_output": "pandas"} if as_config else {}
    if not as_config:
        fusion.set_output(transform="pandas")
    with sklearn.config_context(**config):
        frames = fusion.fit_transform(table[["age"]]), fusion.transform(table[["age"]])
    for frame in frames:
        assert frame.columns.tolist() == ["age__age", "raw__age"]
        assert frame.index.equals(table.index)
        np.testing.assert_array_equal(frame["raw__age"], table["age"])


def test_names_of_columns_are_remembered_and_held_to(table):
    fusion = ConcatFusion([("age", StandardScaler())]).fit(table[["age"]])
    assert fusion.feature_names_in_.tolist() == ["age"]
    with pytest.raises(ValueError, match="feature names"):
        fusion.transform(table[["age"]].rename(columns={"age": "years"}))


def test_pictures_have_neither_names_nor_numbers_of_features(pictures):
    fusion = ConcatFusion([("nn", network())]).fit(pictures)
    assert not hasattr(fusion, "n_features_in_")
    assert not hasattr(fusion, "feature_names_in_")


def test_metadata_need_routing(X):
    with pytest.raises(TypeError, match=r"unexpected argument\(s\) \['sample_weight'\]"):
        ConcatFusion([("a", Widen())]).fit(X, sample_weight=np.ones(20))


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_metadata_reach_who_asks_for_them(X, method):
    """And nobody else; "drop" and "passthrough" ask for nothing."""
    weight = np.arange(20.0)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = Widen().set_fit_request(sample_weight=True)
        declining = Widen().set_fit_request(sample_weight=False)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        steps = [("yes", asking), ("no", declining), ("scaler", scaler)]
        fusion = ConcatFusion([*steps, ("raw", "passthrough"), ("out", "drop")])
        getattr(fusion, method)(X, sample_weight=weight)
        pipeline = Pipeline([("fusion", clone(fusion))]).fit(X, sample_weight=weight)
    for fitted in (fusion, pipeline["fusion"]):
        np.testing.assert_array_equal(fitted.named_transformers_["yes"].weight_, weight)
        assert fitted.named_transformers_["no"].weight_ is None
        mean = np.average(X, axis=0, weights=weight)
        np.testing.assert_allclose(fitted.named_transformers_["scaler"].mean_, mean)


def test_metadata_that_nobody_decided_on_raise(X):
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="sample_weight"),
    ):
        ConcatFusion([("a", Widen())]).fit(X, sample_weight=np.ones(20))


def test_the_html_names_all_members():
    html = ConcatFusion([*members(), ("out", "drop")])._repr_html_()
    assert all(word in html for word in ("StandardScaler", "KBinsDiscretizer", "drop"))


def test_processes_are_for_others_than_extractors(pictures, monkeypatch):
    """An extractor is fitted here, where its network is known; results come back in order."""
    monkeypatch.setattr(BACKBONES, "_entries", dict(BACKBONES._entries))
    register_backbone("mean colour", mean_colour, input_size=8)
    fusion = ConcatFusion(
        [("a", ProcessNumber()), ("nn", BackboneFeatureExtractor("mean colour")), ("b", Widen(2))],
        n_jobs=2,
    )
    for found in (fusion.fit(pictures).transform(pictures), fusion.fit_transform(pictures)):
        assert os.getpid() not in found[:, 0]
        np.testing.assert_allclose(found[:, 1:4], pictures.mean(axis=(1, 2)), atol=5)
        np.testing.assert_array_equal(found[:, 4:], np.ones((6, 2)))
    assert list(dict(fusion.transformers_)) == ["a", "nn", "b"]
