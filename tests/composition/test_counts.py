"""How often a picture is decoded, and goes through a network."""

from collections import Counter

import numpy as np
import pytest
from composition_parts import by_patient, phantoms, small_networks, small_recipe
from sklearn.model_selection import GridSearchCV

from fusionlearn import BackboneFeatureExtractor, ConcatFusion, FeatureStore
from fusionlearn.images._operations import operation

DATA = phantoms(100, 25)
N_ROWS = 100 * (1 + 2) * 2
GRIDS = {
    "concat": {
        "estimator__classifier__dropout": [0.1, 0.5],
        "estimator__classifier__learning_rate": [0.01, 0.1],
    },
    "vote": {
        "estimator__MobileNet__classifier__dropout": [0.1, 0.5],
        "estimator__MobileNetV2__classifier__learning_rate": [0.01, 0.1],
    },
}
decoded = []


@operation("note-decoding-1")
def note_decoding(pixels, digest):
    """Hand on the pixels of a picture, and remember that it was decoded."""
    decoded.append(digest)
    return pixels


def search(model, grid, **params):
    search = GridSearchCV(model, grid, cv=by_patient(5), error_score="raise", **params)
    return search.fit(DATA.data, DATA.target)


@pytest.mark.parametrize("fusion", ["concat", "vote"])
def test_a_search_sends_each_picture_and_copy_once_through_each_network(fusion):
    """Four points and five folds cost one pass, a second search none, one of subsets none."""
    store = FeatureStore()
    model = small_recipe(fusion, store=store)
    found = search(model, GRIDS[fusion])
    assert len(found.cv_results_["params"]) == 4
    assert store.stats()["computed"] == store.stats()["rows"] == N_ROWS
    search(model, GRIDS[fusion])
    assert store.stats()["computed"] == N_ROWS
    prefix = "estimator__features__" if fusion == "concat" else "estimator__"
    subsets = [{f"{prefix}{name}": ["drop"]} for name in ("MobileNet", "MobileNetV2")]
    found = search(model, [*subsets, {f"{prefix}MobileNet": [found_member(model, fusion)]}])
    assert len(found.cv_results_["params"]) == 3
    assert store.stats()["computed"] == N_ROWS


def found_member(model, fusion):
    prefix = "estimator__features__" if fusion == "concat" else "estimator__"
    return model.get_params()[f"{prefix}MobileNet"]


def test_processes_that_share_a_file_compute_each_row_once(tmp_path):
    """A store with a path counts the rows of all processes, and a later one finds them."""
    path = tmp_path / "features.db"
    grid = {**GRIDS["concat"], "estimator__features__n_jobs": [None]}
    search(small_recipe(store=path), grid, n_jobs=2)
    assert FeatureStore(path).stats()["computed"] == N_ROWS
    search(small_recipe(store=FeatureStore(path)), GRIDS["concat"], n_jobs=2)
    subsets = {"estimator__features__MobileNet": ["drop"]}
    search(small_recipe(store=path), subsets)
    assert FeatureStore(path).stats()["computed"] == N_ROWS


def test_predicting_and_test_copies_compute_what_is_new_alone():
    """Pictures that were trained on are known, and each augmented view is one more row."""
    store = FeatureStore()
    model = small_recipe(store=store).fit(DATA.data[:40], DATA.target[:40])
    assert store.stats()["computed"] == 40 * 3 * 2
    model.predict(DATA.data[:40])
    assert store.stats()["computed"] == 40 * 3 * 2
    model.predict(DATA.data[40:50])
    assert store.stats()["computed"] == (40 * 3 + 10) * 2
    # Copy 0 and 1 of a picture are those of the training, whoever asks.
    model.set_params(test_copies=3).predict(DATA.data[:10])
    assert store.stats()["computed"] == (40 * 3 + 10 + 10) * 2


def test_equal_pictures_count_once():
    store = FeatureStore()
    repeated = np.concatenate([DATA.data[:5], DATA.data[:5]])
    features = ConcatFusion(small_networks(store)).fit_transform(repeated)
    assert store.stats()["computed"] == 5 * 2
    np.testing.assert_array_equal(features[:5], features[5:])


def test_a_picture_is_decoded_once_for_all_networks_of_a_concatenation():
    """Whatever their number and input sizes."""
    store = FeatureStore()
    larger = BackboneFeatureExtractor(
        "MobileNet",
        weights=None,
        application_params={"alpha": 0.25},
        input_size=(48, 40),
        pooling="max",
        store=FeatureStore(),
        batch_size=7,
    )
    fusion = ConcatFusion([*small_networks(store), ("larger", larger)])
    views = np.array([picture.view("note-decoding-1") for picture in DATA.data[:40]], dtype=object)
    decoded.clear()
    features = fusion.fit_transform(views)
    assert set(Counter(decoded).values()) == {1}
    assert len(decoded) == 40
    fusion.transform(views)
    assert len(decoded) == 40
    store.clear()
    np.testing.assert_allclose(fusion.transform(views), features, rtol=1e-5)
    assert set(Counter(decoded).values()) == {2}
