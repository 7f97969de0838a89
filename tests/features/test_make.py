"""Extractors for several networks, and from a folder with weights files."""

import numpy as np
import pytest
from weights_folder import QUARTER, THIRD, write_weights

from fusionlearn import BackboneFeatureExtractor, FeatureStore, make_extractors
from fusionlearn.exceptions import BackboneWeightsError
from fusionlearn.features import extractors_from_folder

HALF = "mobilenet_5_0_224_tf_no_top.h5"


@pytest.fixture
def folder(tmp_path):
    """A folder whose weights files have the right names, beside others."""
    for name in (THIRD, HALF, QUARTER, "README.md", "vgg16_weights_tf_dim_ordering_tf_kernels.h5"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_make_extractors_names_and_parameters():
    pairs = make_extractors("VGG16", "ResNet50", weights=None, input_size=64, batch_size=4)
    assert [name for name, _ in pairs] == ["VGG16", "ResNet50"]
    for name, extractor in pairs:
        assert extractor.get_params() == {
            **BackboneFeatureExtractor(name).get_params(),
            "weights": None,
            "input_size": 64,
            "batch_size": 4,
        }


def test_each_network_gets_its_weights():
    pairs = make_extractors("VGG16", "ResNet50", weights={"ResNet50": None, "VGG16": "a.h5"})
    assert {name: extractor.weights for name, extractor in pairs} == {
        "VGG16": "a.h5",
        "ResNet50": None,
    }


def test_backbones_are_named_by_themselves(tiny):
    ((name, extractor),) = make_extractors(tiny)
    assert name == "tiny"
    assert extractor.application is tiny


@pytest.mark.parametrize(
    ("names", "weights", "message"),
    [
        ((), None, "no network"),
        (("VGG16", "VGG16"), None, "twice: VGG16, VGG16"),
        (("VGG16",), {"VGG19": None}, "VGG19; wanted one for each of VGG16"),
        (("VGG16", "VGG19"), {"VGG19": None}, "wanted one for each of VGG16, VGG19"),
    ],
)
def test_make_extractors_refuses(names, weights, message):
    with pytest.raises(ValueError, match=message):
        make_extractors(*names, weights=weights)


def test_folder_gives_all_networks_sorted(folder):
    store = FeatureStore()
    pairs = extractors_from_folder(folder, store=store, input_size=32)
    assert [name for name, _ in pairs] == ["MobileNet-0.25", "MobileNet-0.5", "MobileNetV2-0.35"]
    extractor = dict(pairs)["MobileNetV2-0.35"]
    assert extractor.application == "MobileNetV2"
    assert extractor.application_params == {"alpha": 0.35}
    assert extractor.weights == str(folder / THIRD)
    assert extractor.store is store
    assert extractor.input_size == 32


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["MobileNet-0.5"], ["MobileNet-0.5"]),
        (["MobileNet"], ["MobileNet-0.25", "MobileNet-0.5"]),
        ("MobileNetV2", ["MobileNetV2-0.35"]),
        (iter(["MobileNetV2", "MobileNet-0.25"]), ["MobileNet-0.25", "MobileNetV2-0.35"]),
    ],
)
def test_names_choose(folder, names, chosen):
    assert [name for name, _ in extractors_from_folder(folder, names)] == chosen


def test_weights_of_the_folder_are_what_the_network_has(tmp_path, pictures):
    """The whole way: a file as Keras saves it, found by its name, gives its own features."""
    write_weights(tmp_path, QUARTER, seed=7)
    ((_, extractor),) = extractors_from_folder(tmp_path, input_size=32)
    features = extractor.transform(pictures)
    by_seed = BackboneFeatureExtractor(
        "MobileNet", weights=None, application_params={"alpha": 0.25}, input_size=32, random_state=7
    )
    scale = features.max()  # tiny, as nothing was trained
    np.testing.assert_allclose(features / scale, by_seed.transform(pictures) / scale, atol=1e-4)
    by_seed.random_state = 8
    assert not np.allclose(features / scale, by_seed.transform(pictures) / scale, atol=0.01)


@pytest.mark.parametrize("file", ["nowhere", QUARTER])
def test_folder_that_is_none(folder, file):
    with pytest.raises(BackboneWeightsError, match=r"does not exist|is a file") as caught:
        extractors_from_folder(folder / file)
    assert "wanted a folder" in str(caught.value)


def test_folder_without_weights(tmp_path):
    (tmp_path / "vgg19_weights_tf_dim_ordering_tf_kernels.h5").write_bytes(b"with the top")
    with pytest.raises(BackboneWeightsError, match=r"no weights file .*notop\.h5"):
        extractors_from_folder(tmp_path)


@pytest.mark.parametrize("name", ["MobileNett", "MobileNetV2-0.53"])
def test_unknown_name_gets_a_suggestion(folder, name):
    with pytest.raises(BackboneWeightsError, match=r"Did you mean 'MobileNet.*There are: Mob"):
        extractors_from_folder(folder, [name])


def test_no_names(folder):
    with pytest.raises(BackboneWeightsError, match="names is empty"):
        extractors_from_folder(folder, [])


def test_two_files_for_one_network_are_not_guessed_between(folder):
    """Each input size of MobileNet has weights of its own."""
    other = "mobilenet_2_5_128_tf_no_top.h5"
    (folder / other).write_bytes(b"trained at another size")
    with pytest.raises(BackboneWeightsError, match=rf"{other} and {QUARTER}"):
        extractors_from_folder(folder)
    assert len(extractors_from_folder(folder, ["MobileNetV2"])) == 1


def test_weights_without_a_known_name_are_not_left_out_silently(folder):
    (folder / "mine_notop.h5").write_bytes(b"")
    with pytest.raises(BackboneWeightsError, match=r"mine_notop\.h5"):
        extractors_from_folder(folder)
