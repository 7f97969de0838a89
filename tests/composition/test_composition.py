"""The recipe inside whatever scikit-learn and imbalanced-learn put around a classifier."""

import imblearn.pipeline
import numpy as np
import pandas as pd
import pytest
from composition_parts import (
    N_FEATURES,
    by_patient,
    phantoms,
    pixels,
    scaled_networks,
    small_networks,
    small_recipe,
)
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import (
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    check_images,
)

both_fusions = pytest.mark.parametrize("fusion", ["concat", "vote"])
DATA = phantoms()
DROPOUT = {
    "concat": "estimator__classifier__dropout",
    "vote": "estimator__MobileNet__classifier__dropout",
}


def head(**params):
    return FineTuneClassifier(epochs=3, learning_rate=0.01, random_state=0, **params)


def check_predictions(model, X):
    """Probabilities of all classes, and labels that agree with them."""
    proba = model.predict_proba(X)
    assert proba.shape == (len(X), 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert set(model.predict(X)) <= {"healthy", "ground-glass"}


@both_fusions
def test_in_cross_validate(fusion):
    scores = cross_validate(
        small_recipe(fusion),
        DATA.data,
        DATA.target,
        cv=by_patient(),
        scoring=["accuracy", "roc_auc", "neg_log_loss"],
        error_score="raise",
    )
    for name in ("test_accuracy", "test_roc_auc", "test_neg_log_loss"):
        assert np.isfinite(scores[name]).all()


@both_fusions
def test_in_a_search_in_two_processes_as_in_one(fusion):
    grid = {DROPOUT[fusion]: [0.1, 0.6]}
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(
            small_recipe(fusion), grid, cv=by_patient(), n_jobs=n_jobs, error_score="raise"
        )
        search.fit(DATA.data, DATA.target)
        check_predictions(search, DATA.data)
        scores.append(search.cv_results_["split0_test_score"])
    np.testing.assert_array_equal(*scores)


def test_in_a_stack():
    members = [(fusion, small_recipe(fusion)) for fusion in ("concat", "vote")]
    stack = StackingClassifier(members, LogisticRegression(), cv=by_patient())
    check_predictions(stack.fit(DATA.data, DATA.target), DATA.data)
    assert stack.transform(DATA.data).shape == (48, 2)


@both_fusions
def test_in_a_calibration(fusion):
    calibrated = CalibratedClassifierCV(small_recipe(fusion), cv=by_patient())
    check_predictions(calibrated.fit(DATA.data, DATA.target), DATA.data)
    assert len(calibrated.calibrated_classifiers_) == 3


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_in_a_vote_of_scikit_learn(voting):
    members = [(fusion, small_recipe(fusion)) for fusion in ("concat", "vote")]
    vote = VotingClassifier(members, voting=voting).fit(DATA.data, DATA.target)
    assert set(vote.predict(DATA.data)) <= set(DATA.target)
    if voting == "soft":
        proba = [member.predict_proba(DATA.data) for member in vote.estimators_]
        np.testing.assert_allclose(vote.predict_proba(DATA.data), np.mean(proba, axis=0))


@both_fusions
def test_in_bagging_as_a_column(fusion):
    column = DATA.data[:, np.newaxis]
    bagging = BaggingClassifier(small_recipe(fusion), n_estimators=2, random_state=0)
    check_predictions(bagging.fit(column, DATA.target), column)
    assert all(len(set(drawn)) < 48 for drawn in bagging.estimators_samples_)


@both_fusions
def test_in_a_learning_curve(fusion):
    sizes, training, test = learning_curve(
        small_recipe(fusion),
        DATA.data,
        DATA.target,
        train_sizes=[16, 30],
        cv=by_patient(),
        shuffle=True,
        random_state=0,
        error_score="raise",
    )
    np.testing.assert_array_equal(sizes, [16, 30])
    assert np.isfinite(training).all()
    assert np.isfinite(test).all()


def test_permutation_importance_of_features():
    """The classifier after the features is a classifier of its own."""
    model = small_recipe().fit(DATA.data, DATA.target).estimator_
    columns = [0, 300]
    reduced = model["features"].transform(DATA.data)[:, columns]
    importance = permutation_importance(
        head(validation=None).fit(reduced, DATA.target),
        reduced,
        DATA.target,
        n_repeats=2,
        random_state=0,
    )
    assert importance.importances.shape == (2, 2)
    whole = permutation_importance(
        model["classifier"],
        model["features"].transform(DATA.data),
        DATA.target,
        n_repeats=1,
        random_state=0,
        max_samples=8,
    )
    assert whole.importances_mean.shape == (N_FEATURES,)


@both_fusions
def test_a_pipeline_with_memory_finds_the_features_again(fusion, tmp_path):
    """The hash of references and extractors does not depend on what was looked at."""
    store = FeatureStore()
    model = small_recipe(fusion, store=store)
    names = ["estimator"] if fusion == "concat" else ["estimator__MobileNet"]
    if fusion == "vote":
        names.append("estimator__MobileNetV2")
    model.set_params(**{f"{name}__memory": str(tmp_path / "memory") for name in names})
    first = model.fit(DATA.data, DATA.target).predict_proba(DATA.data)
    before = store.stats()
    model.fit(DATA.data, DATA.target)
    assert store.stats() == before
    np.testing.assert_array_equal(model.predict_proba(DATA.data), first)


@pytest.mark.parametrize("forms", ["references", "paths", "array"])
def test_in_the_pipeline_of_imbalanced_learn(forms, tmp_path):
    """The augmenter is a resampling step, which works on training data alone."""
    X = {"references": DATA.data, "array": pixels(DATA.data), "paths": None}[forms]
    if forms == "paths":
        X = save(DATA.data, tmp_path)
    store = FeatureStore()
    model = imblearn.pipeline.Pipeline(
        [
            ("copies", ImageAugmenter(n_copies=2)),
            ("features", ConcatFusion(small_networks(store))),
            ("classifier", head()),
        ]
    )
    model.fit(X, DATA.target)
    assert store.stats()["computed"] == 48 * 3 * 2
    check_predictions(model, X)
    assert store.stats()["computed"] == 48 * 3 * 2
    cross_validate(model, X, DATA.target, cv=3, error_score="raise")


def save(references, folder):
    """Write pictures into files; give their paths."""
    paths = [str(folder / f"{number}.png") for number in range(len(references))]
    for path, reference in zip(paths, references, strict=True):
        Image.fromarray(reference.decode()).save(path)
    return paths


@pytest.fixture
def table(tmp_path):
    """A data frame with pictures beside numbers and categories, and its own index."""
    rng = np.random.default_rng(0)
    columns = {
        "age": rng.integers(20, 90, 48),
        "path": save(DATA.data, tmp_path),
        "fever": rng.normal(38, 1, 48),
    }
    return pd.DataFrame(columns, index=np.arange(48) * 3 + 7)


@pytest.mark.parametrize("column", ["path", ["path"]])
@both_fusions
def test_in_a_column_transformer_on_a_data_frame(fusion, column, table):
    """Pictures beside numbers, whether their column is a Series or a frame."""
    recipe = small_recipe(fusion).estimator
    features = recipe["features"] if fusion == "concat" else recipe.estimators[0][1]["features"]
    columns = ColumnTransformer(
        [("picture", features, column), ("numbers", StandardScaler(), ["age", "fever"])]
    )
    model = Pipeline([("columns", columns), ("classifier", head())])
    model.fit(table, DATA.target)
    n_features = N_FEATURES if fusion == "concat" else 256
    assert model["classifier"].n_features_in_ == n_features + 2
    check_predictions(model, table)
    cross_validate(model, table, DATA.target, cv=3, error_score="raise")


@pytest.mark.parametrize("use", [small_recipe, lambda: BaggingClassifier(small_recipe(), 2)])
def test_a_data_frame_with_the_pictures_alone_is_pictures(use, table):
    model = use()
    model.set_params(**{name: 0 for name in model.get_params() if name.endswith("random_state")})
    check_predictions(model.fit(table[["path"]], DATA.target), table[["path"]])


def test_predictions_do_not_depend_on_the_form_of_X(table, tmp_path):
    """References, paths, a column, a Series, a frame and an array are the same pictures."""
    array = pixels(DATA.data)
    array.setflags(write=False)
    paths = table["path"].tolist()
    forms = [
        array,
        array[..., np.newaxis],
        list(array),
        paths,
        np.array(paths),
        np.array(paths, dtype=object)[:, np.newaxis],
        table["path"],
        table[["path"]],
        check_images(paths),
        [encoded_file(path) for path in paths],
    ]
    # Copies are drawn by the digest of a picture, which a file and its pixels do not share.
    model = small_recipe(networks=scaled_networks, validation="tail", n_copies=0)
    results = [
        cross_val_predict(model, X, DATA.target, cv=3, method="predict_proba") for X in forms
    ]
    assert np.ptp(results[0]) > 0.1
    for proba in results[1:]:
        np.testing.assert_allclose(proba, results[0], rtol=1e-4)


def encoded_file(path):
    with open(path, "rb") as file:
        return file.read()
