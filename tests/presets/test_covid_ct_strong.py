"""The strong preset: what it is made of, and that it behaves as an estimator."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_is_fitted

import fusionlearn
from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    ImageAugmenter,
    ImagePreprocessor,
)
from fusionlearn.model_selection import StratifiedImageGroupKFold
from fusionlearn.presets import _covid_ct_strong, covid_ct_strong, get_preset, list_presets


def features_of(classifier):
    return classifier.estimator.estimator.named_steps["features"].transformers


def networks_of(classifier):
    """All extractors, by input and network."""
    return {
        f"{name}/{network}": extractor
        for name, member in features_of(classifier)
        for network, extractor in member.named_steps["networks"].transformers
    }


def small(classifier, side=16):
    """The same composition on inputs so small that a test can afford it."""
    sides = {
        f"estimator__estimator__features__{name}__networks__{network}__input_size": side
        for name, member in features_of(classifier)
        for network, _ in member.named_steps["networks"].transformers
    }
    return classifier.set_params(**sides)


@pytest.fixture
def strong(tiny):
    """The preset on a registered network that costs nothing."""

    def make(**parameters):
        extractor = BackboneFeatureExtractor(tiny, layers=["first", "second"], store=FeatureStore())
        return small(covid_ct_strong(extractors=[("tiny", extractor)], **parameters))

    return make


@pytest.fixture(scope="module")
def data():
    """Twenty patients with two pictures each; one class has a bright square."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (40, 32, 32), dtype=np.uint8)
    y = np.repeat(["covid", "non-covid"] * 10, 2)
    X[y == "covid", 8:24, 8:24] += 120
    return fusionlearn.check_images(X, groups=np.repeat(np.arange(20), 2)), y


def test_it_is_listed():
    assert "covid_ct_strong" in list_presets()
    assert get_preset("covid_ct_strong") is covid_ct_strong


@pytest.mark.parametrize(
    ("variant", "inputs"),
    [
        ("full", [("grey_448", None, 448), ("clahe_448", "clahe", 448)]),
        ("fast", [("grey_448", None, 448)]),
    ],
)
def test_the_inputs_are_what_the_docstring_says(variant, inputs):
    """Grey everywhere: a tint tells where a picture comes from."""
    classifier = covid_ct_strong(variant=variant, backbones=["MobileNet", "VGG16"], weights=None)
    assert [name for name, _ in features_of(classifier)] == [name for name, _, _ in inputs]
    for (_, member), (_, contrast, side) in zip(features_of(classifier), inputs, strict=True):
        form, fusion = (step for _, step in member.steps)
        assert form.get_params() == ImagePreprocessor(color="grey", contrast=contrast).get_params()
        assert isinstance(fusion, ConcatFusion)
        assert [name for name, _ in fusion.transformers] == ["MobileNet", "VGG16"]
        for _, extractor in fusion.transformers:
            assert (extractor.pooling, extractor.input_size) == ("avg_std", side)
            assert extractor.weights is None


def test_every_picture_is_seen_with_its_mirror_image():
    """In training and prediction, and never resampled: that costs accuracy on small sets."""
    classifier = covid_ct_strong(weights=None)
    picture = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    ((mirrored,),) = classifier.augmenter.make_copies([picture])
    np.testing.assert_array_equal(mirrored.decode(), picture[:, ::-1])
    assert classifier.augmenter.keep_original
    assert classifier.test_copies == classifier.augmenter.n_copies == 1


@pytest.mark.draws_globally  # Keras used plainly does
@pytest.mark.parametrize("application", sorted(_covid_ct_strong._LAYERS))
def test_the_layers_are_in_their_network(application):
    """And come after an activation, in the network's order."""
    import keras

    build = getattr(keras.applications, application)
    model = build(weights=None, include_top=False, input_shape=(64, 64, 3))
    names = [layer.name for layer in model.layers]
    chosen = _covid_ct_strong._LAYERS[application]
    places = [names.index(name) for name in chosen]
    assert places == sorted(places)
    for name in chosen:
        layer = model.get_layer(name)
        assert type(layer).__name__ in ("ReLU", "Activation"), name


def test_other_networks_have_depths_and_named_layers_are_kept():
    extractor = BackboneFeatureExtractor("MobileNet", weights=None, layers=["conv_pw_3_relu"])
    classifier = covid_ct_strong(extractors=[("one", extractor)], variant="fast")
    (kept,) = networks_of(classifier).values()
    assert kept.layers == ["conv_pw_3_relu"]
    (other,) = networks_of(
        covid_ct_strong(backbones=["VGG16"], weights=None, variant="fast")
    ).values()
    assert all(0 < depth < 1 for depth in other.layers)


def test_a_store_reaches_extractors_that_are_given(tmp_path):
    """It would be a night's work lost if it were kept to extractors that the preset makes."""
    extractor = BackboneFeatureExtractor("MobileNet", weights=None, verbose=1)
    path = str(tmp_path / "features.db")
    given = covid_ct_strong(extractors=[("one", extractor)], store=path)
    assert {network.store for network in networks_of(given).values()} == {path}
    assert {network.verbose for network in networks_of(given).values()} == {1}


def test_extractors_have_names():
    extractor = BackboneFeatureExtractor("MobileNet", weights=None)
    with pytest.raises(ValueError, match=r"extractors holds .*wanted pairs"):
        covid_ct_strong(extractors=[extractor])


def test_one_class_is_refused_before_the_work(strong, data):
    X, _ = data
    with pytest.raises(ValueError, match="y has 1 class only, 'covid'"):
        strong(variant="fast").fit(X, ["covid"] * len(X))


def test_the_callers_extractors_are_left_alone():
    extractor = BackboneFeatureExtractor("MobileNet", weights=None)
    before = extractor.get_params()
    classifier = covid_ct_strong(extractors=[("one", extractor)])
    assert extractor.get_params() == before
    assert all(network is not extractor for network in networks_of(classifier).values())


def test_it_is_an_unfitted_estimator_of_public_parts():
    classifier = covid_ct_strong(weights=None)
    assert isinstance(classifier, AugmentedClassifier)
    assert isinstance(classifier.estimator.estimator, Pipeline)
    assert isinstance(classifier.augmenter, ImageAugmenter)
    with pytest.raises(NotFittedError):
        check_is_fitted(classifier)
    assert repr(clone(classifier).get_params()) == repr(classifier.get_params())
    assert repr(pickle.loads(pickle.dumps(classifier))) == repr(classifier)
    for part in classifier.get_params().values():
        if hasattr(part, "get_params"):
            assert not type(part).__name__.startswith("_")


@pytest.mark.parametrize("variant", ["full", "fast"])
def test_it_learns_and_cross_validates(strong, data, variant):
    """Probabilities of pictures whose patients were never seen, by a clone each time."""
    X, y = data
    model = strong(variant=variant)
    proba = cross_val_predict(model, X, y, cv=StratifiedImageGroupKFold(2), method="predict_proba")
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (np.array(["covid", "non-covid"])[proba.argmax(axis=1)] == y).mean() > 0.9
    assert not hasattr(model, "estimator_")


def test_the_calibration_keeps_patients_apart(strong, data):
    """Also where they come as groups, and copies stand beside their pictures."""
    X, y = data
    unnamed = [reference.with_group(None) for reference in X]
    groups = np.repeat(np.arange(20), 2)
    named = strong(variant="fast").fit(X, y)
    given = strong(variant="fast").fit(unnamed, y, groups=groups)
    np.testing.assert_allclose(given.predict_proba(unnamed), named.predict_proba(X))
    alone = strong(variant="fast").fit(unnamed, y)
    assert not np.allclose(alone.predict_proba(unnamed), named.predict_proba(X))


def test_the_seed_makes_it_reproducible(strong, data):
    X, y = data
    first, second, other = (
        strong(variant="fast", random_state=seed).fit(X, y).predict_proba(X) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_fitted_one_can_be_pickled(strong, data):
    X, y = data
    model = strong(variant="fast").fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_too_few_patients_say_so(strong, data):
    """And the parameter that the docstring names helps."""
    X, y = data
    model = strong(variant="fast")
    with pytest.raises(ValueError, match="n_splits"):
        model.fit(X[:8], y[:8])
    model.set_params(estimator__cv=StratifiedImageGroupKFold(2)).fit(X[:8], y[:8])
    assert model.predict(X).shape == (40,)


@pytest.mark.parametrize(
    "parameters",
    [
        {"variant": "strong"},
        {"random_state": None},
        {"calibration_folds": 1},
        {"window": 40},
    ],
    ids=str,
)
def test_parameters_are_validated(parameters):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        covid_ct_strong(weights=None, **parameters)


def test_windows_and_folds_reach_their_parts():
    """Words of a command line cannot make a splitter or a transformer."""
    model = covid_ct_strong(weights=None, window="lung", calibration_folds=3)
    assert model.estimator.cv.n_splits == 3
    inputs = dict(model.estimator.estimator["features"].transformers)
    assert {view["form"].window for view in inputs.values()} == {"lung"}


@pytest.mark.parametrize("entry", [("scaler", ImagePreprocessor()), "MobileNet"], ids=str)
def test_extractors_of_another_kind_are_refused(entry):
    with pytest.raises(ValueError, match="wanted pairs"):
        covid_ct_strong(extractors=[entry])


def test_documented_defaults_are_the_defaults():
    text = inspect.getdoc(covid_ct_strong)
    for name, parameter in inspect.signature(covid_ct_strong).parameters.items():
        assert parameter.kind is parameter.KEYWORD_ONLY
        default = parameter.default
        shown = str(default).replace("'", '"') if isinstance(default, tuple) else default
        shown = f'"{default}"' if isinstance(default, str) else shown
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} : ")]
        assert line.endswith(f"default={shown}")
