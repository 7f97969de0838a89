"""Clones, copies, pickles and pictures of the estimators themselves."""

import copy
import io
import pickle
import pickletools

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from composition_parts import phantoms, pixels, scaled_networks, small_networks, small_recipe
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from fusionlearn import AugmentedClassifier, FineTuneClassifier, ImageAugmenter

DATA = phantoms()
both_fusions = pytest.mark.parametrize("fusion", ["concat", "vote"])


def recipe(fusion):
    return small_recipe(fusion, networks=scaled_networks)


def heads_of(model):
    """The trained heads inside a fitted recipe."""
    if isinstance(model.estimator_, Pipeline):
        return [model.estimator_["classifier"]]
    return [member["classifier"] for member in model.estimator_.estimators_]


def by_pickle(model):
    return pickle.loads(pickle.dumps(model))


def by_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


COPIES = [by_pickle, by_joblib, copy.deepcopy, copy.copy]


@both_fusions
@pytest.mark.parametrize("duplicate", [*COPIES, clone])
def test_an_unfitted_copy_trains_to_the_same_probabilities(fusion, duplicate):
    original = recipe(fusion)
    twin = duplicate(original)
    assert twin is not original
    assert joblib.hash(twin) == joblib.hash(original)
    expected = original.fit(DATA.data, DATA.target).predict_proba(DATA.data)
    found = twin.fit(DATA.data, DATA.target).predict_proba(DATA.data)
    np.testing.assert_array_equal(found, expected)


@both_fusions
@pytest.mark.parametrize("duplicate", COPIES)
def test_a_fitted_copy_predicts_the_same(fusion, duplicate):
    original = recipe(fusion).fit(DATA.data, DATA.target)
    twin = duplicate(original)
    np.testing.assert_array_equal(twin.predict_proba(DATA.data), original.predict_proba(DATA.data))
    np.testing.assert_array_equal(twin.predict(DATA.data), original.predict(DATA.data))


@both_fusions
def test_a_fitted_estimator_is_parameters_and_arrays(fusion):
    """Neither predicting nor looking at the Keras model leaves a network in the pickle."""
    model = recipe(fusion).fit(DATA.data, DATA.target)
    model.predict(DATA.data)
    hashed = joblib.hash(model)
    assert heads_of(model)[0].model_.count_params() > 0
    model.predict_proba(DATA.data)
    repr(model)
    assert joblib.hash(model) == hashed
    pickled = pickle.dumps(model)
    arrays = [array for head in heads_of(model) for array in (*head.coefs_, *head.intercepts_)]
    assert len(pickled) < sum(array.nbytes for array in arrays) + 20_000
    modules = {
        argument
        for code, argument, _ in pickletools.genops(pickled)
        if isinstance(argument, str) and "UNICODE" in code.name
    }
    assert not [name for name in modules if name.startswith(("keras", "tensorflow"))]


@both_fusions
def test_fitting_twice_is_fitting_once(fusion):
    model = recipe(fusion)
    first = model.fit(DATA.data, DATA.target).predict_proba(DATA.data)
    model.fit(DATA.data[::-1], DATA.target[::-1])
    assert joblib.hash(model.fit(DATA.data, DATA.target)) == joblib.hash(
        clone(model).fit(DATA.data, DATA.target)
    )
    np.testing.assert_array_equal(model.predict_proba(DATA.data), first)


def parameters(estimator):
    """Every parameter, however deep: the object itself and what it holds."""
    return {
        name: (id(value), joblib.hash(value))
        for name, value in estimator.get_params(deep=True).items()
    }


def unchanged_after(estimator, *calls):
    before = parameters(estimator)
    for call in calls:
        call()
        assert parameters(estimator) == before


@both_fusions
def test_parameters_are_left_alone(fusion):
    """Also the dictionaries inside parameters, and estimators given as parameters."""
    model = recipe(fusion)
    names = [name for name in model.get_params() if name.endswith("classifier__class_weight")]
    model.set_params(**{name: {"healthy": 2.0, "ground-glass": 1.0} for name in names})
    model.set_params(test_copies=1)
    unchanged_after(
        model,
        lambda: model.fit(DATA.data, DATA.target),
        lambda: model.predict(DATA.data),
        lambda: model.predict_proba(DATA.data),
        lambda: repr(model),
        lambda: model._repr_html_(),
        lambda: clone(model).fit(DATA.data, DATA.target),
        lambda: pickle.dumps(model),
    )


def forms():
    grey = pixels(DATA.data)
    rgb = np.repeat(grey[..., np.newaxis], 3, axis=3)
    floats = np.asfortranarray(grey.astype(np.float32))
    column = DATA.data[:, np.newaxis].copy()
    yield from (grey, rgb, rgb[:, ::-1, ::-1], floats, DATA.data.copy(), column)


@both_fusions
@pytest.mark.parametrize("number", range(6))
def test_data_are_left_alone_and_need_not_be_writeable(fusion, number):
    X = list(forms())[number]
    y, weight = DATA.target.copy(), np.linspace(0.5, 1, 48)
    for array in (X, y, weight):
        array.setflags(write=False)
    before = [joblib.hash(array) for array in (X, y, weight)]
    items = [id(item) for item in X.ravel()] if X.dtype == object else None
    model = recipe(fusion).fit(X, y, sample_weight=weight)
    model.predict(X)
    model.set_params(test_copies=1).predict_proba(X)
    if fusion == "concat":
        model.estimator_["features"].transform(X)
    assert [joblib.hash(array) for array in (X, y, weight)] == before
    assert items is None or items == [id(item) for item in X.ravel()]


def test_lists_and_frames_are_left_alone():
    frame = pd.DataFrame({"picture": DATA.data})
    pictures = list(DATA.data)
    y = DATA.target.tolist()
    before = joblib.hash((frame, pictures, y))
    for X in (frame, frame["picture"], pictures):
        small_recipe().fit(X, y).predict(X)
    assert joblib.hash((frame, pictures, y)) == before


@pytest.mark.parametrize("networks", [small_networks, scaled_networks])
def test_features_as_a_data_frame(networks):
    """The index is that of the frame, the columns are named, and the head knows them."""
    table = pd.DataFrame({"picture": DATA.data}, index=np.arange(48) + 100)
    model = small_recipe(networks=networks, n_copies=0, epochs=1)
    plain = model.estimator["features"].fit_transform(table)
    model.estimator.set_output(transform="pandas")
    features = model.estimator["features"].fit_transform(table)
    assert isinstance(features, pd.DataFrame)
    assert features.columns[0] == "MobileNet__mobilenet_0"
    assert features.index.equals(table.index)
    np.testing.assert_array_equal(features.to_numpy(), plain)
    model.fit(table, DATA.target)
    names = model.estimator_["classifier"].feature_names_in_
    np.testing.assert_array_equal(names, features.columns)
    assert model.predict(table).shape == (48,)


@both_fusions
def test_data_frames_everywhere(fusion):
    """sklearn.set_config(transform_output="pandas") changes no probability."""
    expected = recipe(fusion).fit(DATA.data, DATA.target).predict_proba(DATA.data)
    with sklearn.config_context(transform_output="pandas"):
        model = recipe(fusion).fit(DATA.data, DATA.target)
        np.testing.assert_array_equal(model.predict_proba(DATA.data), expected)


@both_fusions
@pytest.mark.parametrize("fitted", [False, True])
def test_the_html_shows_every_member(fusion, fitted):
    model = recipe(fusion)
    if fitted:
        model.fit(DATA.data, DATA.target)
    html = model._repr_html_()
    for word in ("AugmentedClassifier", "MobileNetV2", "FineTuneClassifier", "StandardScaler"):
        assert word in html


def test_parameters_of_every_member_can_be_set():
    model = small_recipe("vote")
    model.set_params(
        estimator__MobileNet__features__pooling="max",
        estimator__MobileNet__classifier__dropout=0.7,
        estimator__MobileNetV2="drop",
        augmenter__n_copies=1,
    )
    model.fit(DATA.data, DATA.target)
    assert model.estimator_.named_estimators_["MobileNetV2"] == "drop"
    assert model.estimator_.named_estimators_["MobileNet"]["features"].pooling == "max"
    assert clone(model).get_params()["estimator__MobileNet__classifier__dropout"] == 0.7


def test_a_clone_shares_no_parameter_that_could_be_changed():
    """What a dictionary in a clone is set to is not seen in the original."""
    model = AugmentedClassifier(FineTuneClassifier(small_networks()[0][1]), ImageAugmenter())
    twin = clone(model)
    twin.estimator.extractor.application_params["alpha"] = 1.0
    assert model.estimator.extractor.application_params == {"alpha": 0.25}
