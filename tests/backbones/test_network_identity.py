"""A network's identity changes with whatever changes its numbers, and with nothing else."""

import shutil

import numpy as np
import pytest
import tiny_network

from fusionlearn import BackboneFeatureExtractor, FeatureStore
from fusionlearn.backbones import resolve_network
from fusionlearn.exceptions import BackboneError, BackboneWeightsError, UnknownBackboneError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras")

BASE = {
    "application": "MobileNet",
    "weights": None,
    "application_params": {"alpha": 0.25},
    "pooling": "avg",
    "layers": None,
    "input_size": 32,
    "random_state": 0,
}


def identity(**changes):
    return resolve_network(**{**BASE, **changes}).identity


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    tiny_network.mobilenet(seed=3).save_weights(path)
    return path


CHANGES = [
    {"application": "MobileNetV2"},
    {"weights": "imagenet"},
    {"application_params": {"alpha": 0.5}},
    {"application_params": {"alpha": 0.25, "depth_multiplier": 2}},
    {"application_params": None},
    {"pooling": "max"},
    {"pooling": "avg_std"},
    {"layers": 0.5},
    {"layers": "conv_pw_3"},
    {"layers": [0.5, 0.75]},
    {"layers": [0.75, 0.5]},
    {"input_size": 33},
    {"input_size": (32, 48)},
    {"input_size": (48, 32)},
    {"input_size": None},
    {"random_state": 1},
]


def test_each_thing_that_changes_numbers_changes_it(weights_file):
    identities = [identity(), identity(weights=weights_file)]
    identities += [identity(**change) for change in CHANGES]
    assert len(set(identities)) == len(CHANGES) + 2


SAME = [
    ({}, {"input_size": (32, 32)}),
    ({}, {"input_size": np.int64(32)}),
    ({}, {"random_state": np.int64(0)}),
    ({"weights": "imagenet"}, {"weights": "imagenet", "random_state": 7}),
    ({"layers": "conv_pw_3"}, {"layers": ["conv_pw_3"]}),
    ({"layers": [0.5, "conv_pw_3"]}, {"layers": (0.5, "conv_pw_3")}),
    ({"layers": 1}, {"layers": [1.0]}),
    (
        {"application_params": {"alpha": 0.25, "depth_multiplier": 1}},
        {"application_params": {"depth_multiplier": 1, "alpha": 0.25}},
    ),
    ({"application_params": {}}, {"application_params": None}),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_other_words_for_the_same_network(one, other):
    first, second = (resolve_network(**{**BASE, **changes}) for changes in (one, other))
    assert first.identity == second.identity
    assert first == second
    assert hash(first) == hash(second)


def test_weights_count_by_content(weights_file, tmp_path):
    copy = tmp_path / "other name.h5"
    shutil.copy(weights_file, copy)
    first, second = (
        resolve_network(**{**BASE, "weights": path, "random_state": seed})
        for path, seed in [(weights_file, 0), (copy, 5)]
    )
    assert first.identity == second.identity
    assert first == second
    tiny_network.mobilenet(seed=4).save_weights(tmp_path / "others.weights.h5")
    assert identity(weights=tmp_path / "others.weights.h5") != first.identity


def test_how_it_is_computed_does_not_matter(tmp_path):
    """Batch size, store, threads: results do not depend on them."""

    def of(**changes):
        return BackboneFeatureExtractor(**{**BASE, **changes}).job().network.identity

    assert of() == identity()
    for change in (
        {"batch_size": 3},
        {"store": FeatureStore()},
        {"store": tmp_path / "features.db"},
        {"n_jobs": 2},
        {"verbose": 1},
        {"engine": "keras"},
    ):
        assert of(**change) == identity()


def test_untrained_weights_belong_to_a_version_of_keras(monkeypatch):
    """Its initializers may draw other numbers in another one."""
    import importlib.metadata

    before, trained = identity(), identity(weights="imagenet")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.0")
    assert identity() != before
    assert identity(weights="imagenet") == trained


def test_resolving_builds_nothing_and_needs_no_weights():
    """A grid of networks is checked before the first picture is decoded."""
    network = resolve_network("NASNetLarge")
    assert network.n_features == 4032
    assert network.weights == "imagenet"
    assert resolve_network("NASNetLarge", pooling="avg_std").n_features == 8064
    assert resolve_network("NASNetLarge", layers=0.5).n_features is None


ERRORS = [
    ({"application": "MobilNet"}, UnknownBackboneError, "Did you mean 'MobileNet"),
    ({"input_size": 31}, BackboneError, "MobileNet takes at least 32 x 32"),
    ({"input_size": (64, 31)}, BackboneError, "at least 32 x 32"),
    ({"input_size": (64, 64, 3)}, BackboneError, r"one integer, or as \(height, width\)"),
    ({"input_size": (64.0, 64)}, BackboneError, "wanted pixels"),
    ({"layers": []}, BackboneError, "layers is empty"),
    ({"layers": [0.5, 1.5]}, BackboneError, r"1.5 is neither .* depth in \(0, 1\]"),
    ({"layers": [0]}, BackboneError, "neither the name"),
    ({"layers": [True]}, BackboneError, "neither the name"),
    ({"layers": [None]}, BackboneError, "neither the name"),
    ({"application_params": {"include_top": True}}, BackboneError, "'include_top' cannot be given"),
    ({"application_params": {"input_shape": (3, 3, 3)}}, BackboneError, "use input_size="),
    ({"application_params": {"weights": None}}, BackboneError, "use weights="),
    ({"application_params": {"pooling": "max"}}, BackboneError, "use pooling="),
    ({"application_params": {"alpha": [0.25]}}, BackboneError, r"alpha=\[0.25\] must be a number"),
    ({"weights": "no such file.h5"}, BackboneWeightsError, "cannot be read.*No such file"),
    ({"weights": "Imagenet"}, BackboneWeightsError, "wanted 'imagenet', None or a weights file"),
    ({"weights": "weights.pth"}, BackboneWeightsError, r"\.h5, \.hdf5, \.keras"),
]


@pytest.mark.parametrize(("changes", "error", "message"), ERRORS, ids=str)
def test_what_cannot_be_is_refused(changes, error, message):
    with pytest.raises(error, match=message) as caught:
        identity(**changes)
    assert isinstance(caught.value, ValueError)
