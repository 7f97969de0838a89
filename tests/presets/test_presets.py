"""Recipes: plain estimators, with the numbers of their papers."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import fusionlearn
from fusionlearn import (
    BACKBONES,
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
)
from fusionlearn.presets import (
    _registry,
    covid_ct,
    covid_ct_strong,
    find_presets,
    get_preset,
    list_presets,
)

RECIPE = covid_ct.RECIPE


def head_of(classifier):
    """The FineTuneClassifier, or all of them."""
    if isinstance(classifier.estimator, Pipeline):
        return [classifier.estimator[-1]]
    return [pipeline[-1] for _, pipeline in classifier.estimator.estimators]


def tiny_extractors(n=2):
    return [
        (
            f"network{seed}",
            BackboneFeatureExtractor(
                "MobileNet",
                weights=None,
                application_params={"alpha": 0.25},
                input_size=32,
                random_state=seed,
            ),
        )
        for seed in range(n)
    ]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (20, 32, 32), dtype=np.uint8)
    y = np.array(["pne", "nor"] * 10)
    X[y == "pne", 8:24, 8:24] += 120
    return fusionlearn.check_images(X), y


# the paper's facts


def test_recipe_is_the_paper():
    assert RECIPE["backbones"] == (
        "InceptionV3",
        "DenseNet121",
        "ResNet50",
        "Xception",
        "VGG19",
        "NASNetLarge",
        "InceptionResNetV2",
    )
    facts = ("learning_rate", "batch_size", "epochs", "validation_split", "optimizer", "pooling")
    assert [RECIPE[fact] for fact in facts] == [1e-5, 2, 100, 0.4, "adam", "avg"]
    assert (RECIPE["n_samples"], RECIPE["n_training_samples"]) == (6_000, 2_450)
    assert RECIPE["optimizer"] in RECIPE["optimizers_tried"]


def test_number_of_features_is_what_the_table_says():
    assert RECIPE["n_features"] == 13_248
    assert sum(BACKBONES[name].n_features for name in RECIPE["backbones"]) == 13_248


def test_recipe_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        RECIPE["epochs"] = 1


@pytest.mark.parametrize("fusion", RECIPE["fusions"])
def test_defaults_are_the_papers_numbers(fusion):
    classifier = covid_ct(fusion=fusion)
    for head in head_of(classifier):
        assert isinstance(head, FineTuneClassifier)
        params = head.get_params()
        for name in ("learning_rate", "batch_size", "epochs", "optimizer"):
            assert params[name] == RECIPE[name]
        assert params["validation_fraction"] == RECIPE["validation_split"]
        assert params["validation"] == "stratified"
        assert params["early_stopping"] is False
        assert params["hidden_units"] == ()
        assert params["dropout"] > 0
    augmenter = classifier.augmenter
    assert augmenter.n_copies == RECIPE["generators"]
    assert min(augmenter.shear, augmenter.rotation, augmenter.shift) > 0
    others = (augmenter.zoom, augmenter.horizontal_flip, augmenter.brightness, augmenter.contrast)
    assert not any(others)


def test_concat_has_seven_networks_under_one_head():
    fusion = covid_ct().estimator.named_steps["features"]
    assert isinstance(fusion, ConcatFusion)
    assert tuple(name for name, _ in fusion.transformers) == RECIPE["backbones"]
    assert {extractor.weights for _, extractor in fusion.transformers} == {"imagenet"}
    assert {extractor.pooling for _, extractor in fusion.transformers} == {"avg"}


def test_vote_has_a_head_for_each_network():
    fusion = covid_ct(fusion="vote").estimator
    assert isinstance(fusion, MajorityVoteFusion)
    assert tuple(name for name, _ in fusion.estimators) == RECIPE["backbones"]
    heads = head_of(covid_ct(fusion="vote"))
    assert len({id(head) for head in heads}) == 7


def test_documented_defaults_are_the_defaults():
    text = inspect.getdoc(covid_ct)
    for name, parameter in inspect.signature(covid_ct).parameters.items():
        assert parameter.kind is parameter.KEYWORD_ONLY
        default = parameter.default
        if name == "backbones":
            assert default == RECIPE["backbones"]
            continue
        shown = f'"{default}"' if isinstance(default, str) else {1e-5: "1e-5"}.get(default, default)
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} : ")]
        assert line.endswith(f"default={shown}")


# what comes out


@pytest.mark.parametrize("fusion", ["concat", "vote"])
def test_estimator_is_unfitted_and_clonable(fusion):
    classifier = covid_ct(fusion=fusion, backbones=["VGG16", "VGG19"], weights=None)
    assert isinstance(classifier, AugmentedClassifier)
    with pytest.raises(NotFittedError):
        check_is_fitted(classifier)
    assert repr(clone(classifier).get_params()) == repr(classifier.get_params())
    assert repr(pickle.loads(pickle.dumps(classifier))) == repr(classifier)


def test_nothing_is_shared_between_two_calls():
    first, second = covid_ct(), covid_ct()
    first.set_params(estimator__classifier__dropout=0.1, augmenter__n_copies=9)
    assert second.get_params()["estimator__classifier__dropout"] == 0.5
    assert second.augmenter.n_copies == 2


def test_parameters_arrive():
    classifier = covid_ct(
        backbones=["VGG16"],
        weights={"VGG16": None},
        n_copies=5,
        dropout=0.2,
        optimizer="rmsprop",
        learning_rate=0.1,
        batch_size=8,
        epochs=3,
        validation=None,
        validation_fraction=0.3,
        early_stopping=True,
        input_size=64,
        store="features.db",
        random_state=4,
        verbose=1,
    )
    params = classifier.get_params()
    for name, value in {
        "augmenter__n_copies": 5,
        "augmenter__random_state": 4,
        "estimator__classifier__dropout": 0.2,
        "estimator__classifier__optimizer": "rmsprop",
        "estimator__classifier__learning_rate": 0.1,
        "estimator__classifier__batch_size": 8,
        "estimator__classifier__epochs": 3,
        "estimator__classifier__validation": None,
        "estimator__classifier__validation_fraction": 0.3,
        "estimator__classifier__early_stopping": True,
        "estimator__classifier__random_state": 4,
        "estimator__classifier__verbose": 1,
        "estimator__features__VGG16__weights": None,
        "estimator__features__VGG16__input_size": 64,
        "estimator__features__VGG16__store": "features.db",
        "estimator__features__VGG16__random_state": 4,
        "estimator__features__VGG16__verbose": 1,
    }.items():
        assert params[name] == value, name


def test_extractors_and_augmenter_of_ones_own():
    pairs, augmenter = tiny_extractors(), ImageAugmenter(1, zoom=0.5)
    classifier = covid_ct(extractors=pairs, augmenter=augmenter, n_copies=7)
    assert classifier.augmenter is augmenter
    assert classifier.estimator[0].transformers == pairs


@pytest.mark.parametrize("fusion", ["concat", "vote"])
def test_literal_run(fusion, data):
    """Batches of two, a rate of 1e-5 and the tail: only the epochs are fewer."""
    X, y = data
    classifier = covid_ct(
        fusion=fusion, extractors=tiny_extractors(), validation="tail", epochs=2
    ).fit(X, y)
    proba = classifier.predict_proba(X)
    assert proba.shape == (20, 2)
    np.testing.assert_array_equal(classifier.classes_[proba.argmax(axis=1)], classifier.predict(X))
    members = (
        [classifier.estimator_[-1]]
        if fusion == "concat"
        else [member[-1] for member in classifier.estimator_.estimators_]
    )
    assert len(members) == (1 if fusion == "concat" else 2)
    for head in members:
        assert head.n_iter_ == 2
        assert {len(values) for values in head.history_.values()} == {2}
        assert any(name.startswith("val") for name in head.history_)


def test_it_learns_at_a_usual_rate(data):
    X, y = data
    # Features of an untrained network hardly differ from picture to picture.
    extractors = [
        (name, make_pipeline(extractor, StandardScaler())) for name, extractor in tiny_extractors(1)
    ]
    classifier = covid_ct(
        extractors=extractors, learning_rate=0.01, batch_size=8, epochs=60, n_copies=1
    )
    assert classifier.fit(X, y).score(X, y) >= 0.75


def test_it_repeats_itself(data):
    X, y = data
    first, second = (
        covid_ct(extractors=tiny_extractors(1), learning_rate=0.01, epochs=2, n_copies=1)
        .fit(X, y)
        .predict_proba(X)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


# misuse


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fusion": "mean"}, r"'fusion'.*'concat'"),
        ({"backbones": "ResNet500"}, "no network 'ResNet500'. Did you mean 'ResNet50'.*VGG16"),
        ({"backbones": ["VGG16", 3]}, "no network 3"),
        ({"backbones": 3}, "'backbones'"),
        ({"backbones": []}, "backbones is empty"),
        ({"backbones": ["VGG19", "VGG19"]}, "twice"),
        ({"weights": {"VGG19": None}}, "weights has entries for VGG19"),
        ({"extractors": "VGG19"}, "'extractors'"),
        ({"extractors": []}, "extractors is empty"),
        ({"extractors": ["VGG19"]}, "holds 'VGG19'; wanted pairs .*networks go to backbones"),
        ({"extractors": [("VGG19", 3)], "fusion": "vote"}, "wanted pairs"),
        ({"augmenter": 3}, "'augmenter'"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        covid_ct(**parameters)


@pytest.mark.parametrize("preset", [covid_ct, covid_ct_strong])
def test_one_name_is_a_list_of_one(preset):
    assert repr(preset(backbones="VGG16")) == repr(preset(backbones=["VGG16"]))


def test_parameters_of_the_parts_are_checked_by_fit(data):
    """The preset checks nothing twice, and switches off none of the checks of its parts."""
    for parameters in ({"learning_rate": -1}, {"dropout": 2.0}, {"n_copies": -1}):
        classifier = covid_ct(extractors=tiny_extractors(1), **parameters)
        with pytest.raises(ValueError, match=next(iter(parameters))):
            classifier.fit(*data)


def test_unknown_parameter():
    with pytest.raises(TypeError, match="learning_rat"):
        covid_ct(learning_rat=1)


# the list


def test_list_and_attribute_access():
    assert list_presets() == ["covid_ct", "covid_ct_strong"]
    assert get_preset("covid_ct") is covid_ct is fusionlearn.presets.covid_ct
    assert {"covid_ct", "get_preset", "list_presets"} <= set(dir(fusionlearn.presets))
    with pytest.raises(AttributeError, match="no attribute 'covid'"):
        fusionlearn.presets.covid  # noqa: B018


def test_misspelt_name_gets_a_suggestion():
    with pytest.raises(ValueError, match="Did you mean 'covid_ct'"):
        get_preset("covid-ct")
    with pytest.raises(ValueError, match=r"is unknown\. There are: covid_ct"):
        get_preset("xyz")


SOURCE = '''
from fusionlearn.presets._registry import preset

@preset
def {name}(*, fusion="concat"):
    """A recipe."""
    return fusion
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty package; what is registered from it is forgotten afterwards."""
    folder = tmp_path / f"recipes_of_{tmp_path.name}"  # modules are imported once
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(_registry, "_PRESETS", dict(_registry._PRESETS))
    return folder


def test_new_recipe_is_found_by_being_a_module(package):
    (package / "_other.py").write_text(SOURCE.format(name="other"))
    find_presets([str(package)], package.name)
    assert list_presets() == ["covid_ct", "covid_ct_strong", "other"]
    assert get_preset("other")() == "concat"
    find_presets([str(package)], package.name)  # again: nothing changes
    assert list_presets() == ["covid_ct", "covid_ct_strong", "other"]


def test_recipe_does_not_replace_another(package):
    (package / "_imitation.py").write_text(SOURCE.format(name="covid_ct"))
    with pytest.raises(ValueError, match=r"in fusionlearn\.presets\._covid_ct already"):
        find_presets([str(package)], package.name)
    assert get_preset("covid_ct") is covid_ct


def test_every_recipe_is_callable_without_arguments_and_documented():
    for name in list_presets():
        recipe = get_preset(name)
        assert hasattr(recipe(), "fit")
        assert "Returns" in inspect.getdoc(recipe)
