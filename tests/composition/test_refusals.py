"""What is refused, or taken although it looks odd: each was once an error of somebody else's."""

import warnings

import numpy as np
import pandas as pd
import pytest
from composition_parts import phantoms, small_networks
from sklearn.datasets import make_blobs
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.parallel import Parallel

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
)
from fusionlearn.exceptions import SmallSampleWarning
from fusionlearn.metrics import bootstrap_interval, by_group
from fusionlearn.model_selection import StratifiedImageGroupKFold, evaluate
from fusionlearn.presets import covid_ct, covid_ct_strong

DATA = phantoms(24, 24)
X, Y = make_blobs(40, centers=[[-2, 0], [2, 0]], random_state=0)
few_patients = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")


def head(**params):
    return FineTuneClassifier(**{"epochs": 2, "random_state": 0, **params})


def learned(**params):
    """Weights after a fit on features, or with ``extractor`` on pictures end to end."""
    if "unfreeze" not in params:
        return head(**params).fit(X, Y).coefs_[-1]
    return head(fine_tune_epochs=1, **params).fit(DATA.data, DATA.target).coefs_[-1]


@pytest.fixture
def network(tiny):
    return BackboneFeatureExtractor(tiny, store=FeatureStore())


@pytest.mark.parametrize(
    "params",
    [
        {"hidden_units": (2**64,)},
        {"learning_rate": 10**400},
        {"learning_rate": 1e39},
        {"learning_rate": 1e-320},
        {"weight_decay": 1e39},
        {"clipnorm": 1e-100},
        {"class_weight": {0: 1, 1: None}},
        {"class_weight": {0: 1, 1: np.inf}},
        {"class_weight": {0: 1, 1: [2]}},
        {"class_weight": {0: 1, 1: 10**400}},
        {"extractor": StandardScaler},
        {"validation": KFold},
        {"validation": b"stratified"},
    ],
    ids=str,
)
def test_a_head_names_the_parameter(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        learned(**params)


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ({"dropout": np.float16(0.5)}, {"dropout": 0.5}),
        ({"learning_rate": np.float16(0.5)}, {"learning_rate": 0.5}),
        ({"class_weight": {0: np.float16(1), 1: np.int8(3)}}, {"class_weight": {0: 1, 1: 3}}),
        ({"batch_size": np.uint64(2**64 - 1)}, {"batch_size": 2**40}),
        ({"batch_size": np.uint8(7)}, {"batch_size": 7}),
    ],
    ids=str,
)
def test_numbers_of_numpy_and_huge_ones_are_numbers(odd, plain):
    np.testing.assert_array_equal(learned(**odd), learned(**plain))


@pytest.mark.parametrize(
    "params",
    [
        {"batch_size": np.uint64(2**64 - 1)},
        {"clipnorm": np.float64(1.5)},
        {"clipnorm": 1e30},
        {"weight_decay": np.float16(0.5)},
        {"weight_decay": 2**70},
        {"dropout": np.nextafter(1, 0)},
    ],
    ids=str,
)
def test_training_end_to_end_takes_such_numbers(params, network):
    """They are what Keras and TensorFlow were given as they came, and stumbled over."""
    try:
        assert np.isfinite(learned(extractor=network, unfreeze=1, **params)).all()
    except ValueError as error:
        assert "range of floating point numbers" in str(error)  # noqa: PT017  of the rates


def test_weights_of_samples_that_are_no_numbers_are_named():
    for weight in ({"a": 1}, [pd.NA] * 40, ["much"] * 40, iter([1] * 40)):
        with pytest.raises(ValueError, match="sample_weight"):
            head().fit(X, Y, sample_weight=weight)
    with pytest.raises(ValueError, match=r"sample_weight times class_weight is up to 2e\+300"):
        head(class_weight={0: 2, 1: 2}).fit(X, Y, sample_weight=np.full(40, 1e300))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([pd.NA] + ["a"] * 39, r"groups\[0\] is <NA>; wanted a patient"),
        ([None] + ["a"] * 39, r"groups\[0\] is None; wanted a patient"),
        (np.array(["a", *range(39)], dtype=object), "groups mixes patients of the types int and"),
        (np.zeros((40, 2)), "1d array"),
    ],
    ids=["NA", "None", "mixed", "a table"],
)
def test_groups_that_cannot_be_told_apart(groups, message):
    """By whoever takes the patients of something that does not know them."""
    with pytest.raises(ValueError, match=message):
        head().fit(X, Y, groups=groups)
    with pytest.raises(ValueError, match=message):
        by_group(Y, np.eye(2)[Y], groups)
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(accuracy_score, Y, Y, groups=groups, n_resamples=5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([None, *DATA.target[1:]], "first at index 0"),
        ([pd.NA, *DATA.target[1:]], "first at index 0"),
        (np.array([np.nan, *[0.0, 1.0] * 12])[:24], "first at index 0"),
        (np.array([np.inf, *[0.0, 1.0] * 12])[:24], "infinity"),
    ],
    ids=["None", "NA", "NaN", "infinity"],
)
def test_a_splitter_says_which_label_is_missing(labels, message):
    with pytest.raises(ValueError, match=message):
        next(StratifiedImageGroupKFold(2).split(DATA.data, labels))


@pytest.mark.parametrize("seed", [-1, 1j, "x", 2**32])
def test_a_splitter_names_its_seed(seed):
    splitter = StratifiedImageGroupKFold(2, shuffle=True, random_state=seed)
    with pytest.raises(ValueError, match="random_state="):
        next(splitter.split(DATA.data, DATA.target))


@pytest.mark.parametrize("weight", [[], {}, "much", None, np.nan, np.inf, 10**400, 1j], ids=str)
def test_factors_of_a_fusion_are_finite_numbers(weight):
    with pytest.raises(ValueError, match="transformer_weights has"):
        ConcatFusion([("a", StandardScaler())], transformer_weights={"a": weight}).fit(X)


def test_factors_beyond_the_range_and_of_short_types():
    fusion = ConcatFusion([("a", StandardScaler())], transformer_weights={"a": 1e308})
    with pytest.raises(ValueError, match=r"transformer_weights: 1e\+308 times .* of 'a' is beyond"):
        fusion.fit_transform(1e3 * X)
    half = ConcatFusion([("a", StandardScaler())], transformer_weights={"a": np.float16(0.5)})
    np.testing.assert_array_equal(half.fit_transform(X), StandardScaler().fit_transform(X) * 0.5)
    with pytest.raises(ValueError, match=r"transformer_weights has \[None, 'b'\]"):
        half.set_params(transformer_weights={None: 1, "b": 2}).fit(X)


@pytest.mark.parametrize("name", ["a", "a__b", "n_jobs"])
def test_names_of_members_that_cannot_be(name):
    """Twice the same, with a double underscore, or that of a parameter."""
    for kind, parameter, member in (
        (ConcatFusion, "transformers", StandardScaler()),
        (MajorityVoteFusion, "estimators", GaussianNB()),
    ):
        with pytest.raises(ValueError, match=f"^{parameter}: "):
            kind([("a", member), (name, member)]).fit(X, Y)


@pytest.mark.parametrize("weights", [["a", 1], [[1], 2], {"a": 1}, [10**400, 1], [None, 1j]])
def test_weights_of_a_vote_are_numbers(weights):
    fusion = MajorityVoteFusion([("a", GaussianNB()), ("b", GaussianNB())], weights=weights)
    with pytest.raises((ValueError, TypeError), match="weights"):
        fusion.fit(X, Y)


def test_who_takes_no_pictures_is_named():
    """NumPy's words alone say that a float was wanted, not from whom."""
    (_, network), _ = small_networks(FeatureStore())
    wrong = StandardScaler()
    for estimator, name in (
        (AugmentedClassifier(GaussianNB(), ImageAugmenter(1)), "estimator is a GaussianNB"),
        (ConcatFusion([("n", network), ("a", wrong)]), "Transformer 'a' is a StandardScaler"),
        (MajorityVoteFusion([("a", GaussianNB())]), "Member 'a' of estimators is a GaussianNB"),
        (head(extractor=wrong), "extractor is a StandardScaler"),
        (
            AugmentedClassifier(make_pipeline(ConcatFusion([("a", wrong)]), GaussianNB())),
            "^Transformer 'a' is a StandardScaler",
        ),
    ):
        with pytest.raises(TypeError, match=name + ", which takes no pictures"):
            estimator.fit(DATA.data, DATA.target)


def test_parts_of_an_augmented_classifier(network):
    class Copies(ImageAugmenter):
        make_copies = property()

    for params, message in (
        ({"estimator": GaussianNB}, "'estimator'"),
        ({"estimator": StandardScaler()}, "estimator is StandardScaler"),
        ({"estimator": GaussianNB(), "augmenter": ImageAugmenter}, "'augmenter'"),
        ({"estimator": GaussianNB(), "augmenter": Copies(), "test_copies": 1}, "no make_copies"),
    ):
        with pytest.raises(ValueError, match=message):
            AugmentedClassifier(**params).fit(DATA.data, DATA.target)
    copies = ImageAugmenter(n_copies=True).make_copies(DATA.data[:2])
    assert copies.shape == (2, 1)
    assert ImageAugmenter().make_copies(DATA.data[:2], n_copies=np.False_.item()).shape == (2, 0)


@pytest.mark.parametrize("engine", ["keras", "openvino"])
def test_batch_sizes_of_numpy_and_huge_ones(tiny, engine):
    """OpenVINO makes room for a whole batch, whatever there is to be put into it."""
    pytest.importorskip(engine)
    settings = {"engine": engine, "store": None}
    expected = BackboneFeatureExtractor(tiny, **settings).transform(DATA.data)
    for batch_size in (np.int64(3), np.uint64(2**64 - 1), 2**70):
        extractor = BackboneFeatureExtractor(
            tiny, **{**settings, "batch_size": batch_size, "store": FeatureStore()}
        )
        np.testing.assert_allclose(extractor.transform(DATA.data), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("store", ["a\0b", "\ud800"])
def test_a_store_whose_path_is_none(tiny, store):
    with pytest.raises(ValueError, match=r"store=.* cannot be the path of a file"):
        BackboneFeatureExtractor(tiny, store=store).transform(DATA.data)


def test_no_more_processes_than_tasks(monkeypatch):
    """Joblib would start a thousand, each of which loads what is needed."""
    started = []

    def parallel(n_jobs=None):
        started.append(n_jobs)
        return Parallel(n_jobs=1)

    for module in ("fusion._concat", "fusion._majority_vote", "model_selection._evaluate"):
        monkeypatch.setattr(f"fusionlearn.{module}.Parallel", parallel)
    scalers = [("a", StandardScaler()), ("b", StandardScaler())]
    heads = [("a", GaussianNB()), ("b", GaussianNB())]
    for n_jobs in (1000, 2**70, np.int8(5), True, -1, None):
        ConcatFusion(scalers, n_jobs=n_jobs).fit(X)
        MajorityVoteFusion(heads, n_jobs=n_jobs).fit(X, Y)
    assert started == [2] * 6 + [1, 1, -1, -1, None, None]
    for fusion in (ConcatFusion(scalers, n_jobs=0), MajorityVoteFusion(heads, n_jobs=0)):
        with pytest.raises(ValueError, match="n_jobs=0: wanted a number of processes"):
            fusion.fit(X, Y)


def quick_model(tiny):
    return make_pipeline(BackboneFeatureExtractor(tiny), GaussianNB())


@few_patients
def test_evaluate_tells_groups_to_splitters_that_use_them(tiny):
    """scikit-learn warns of groups that a splitter ignores; nobody had passed any."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", SmallSampleWarning)
        found = evaluate(
            quick_model(tiny),
            DATA.data,
            DATA.target,
            cv=KFold(3, shuffle=True, random_state=0),
            shortcut=False,
        )
    assert found.y_proba.shape == (24, 2)


@few_patients
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"cv": KFold}, "cv"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"estimator": GaussianNB}, "estimator"),
        ({"groups": [pd.NA] * 24}, r"groups\[0\] is <NA>"),
        ({"groups": ["a", *range(23)]}, "groups mixes strings and numbers"),
    ],
)
def test_evaluate_names_what_is_wrong(tiny, params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        evaluate(
            **{"estimator": quick_model(tiny), "X": DATA.data, "y": DATA.target, "cv": 2, **params}
        )


@pytest.mark.parametrize("preset", [covid_ct, covid_ct_strong])
def test_a_preset_without_networks_is_refused_at_once(preset):
    with pytest.raises(ValueError, match="extractors is empty"):
        preset(extractors=[])
