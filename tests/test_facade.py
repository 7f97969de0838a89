"""The façade: every public name, imported when it is first used."""

import subprocess
import sys

import pytest

import fusionlearn
from fusionlearn import config_context, get_config, set_config

CHEAP = """
import sys
import fusionlearn
assert "sklearn" not in sys.modules, "loaded by the package itself"
dir(fusionlearn), fusionlearn.__version__
from fusionlearn import *
assert len(BACKBONES) >= 40 and BACKBONES["ResNet50"].n_features == 2048
extractor = BackboneFeatureExtractor("ResNet50", store=FeatureStore())
extractor.get_feature_names_out()
make_extractors("VGG19", "Xception")
check_images([[b"bytes"]])
loaded = {"tensorflow", "keras", "matplotlib", "PIL", "torch", "jax"} & {*sys.modules}
print(*sorted(loaded))
"""


def test_importing_every_name_loads_no_heavy_library():
    """And neither do the table of networks, extractors nor references."""
    command = [sys.executable, "-W", "error", "-c", CHEAP]
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    assert output.returncode == 0, output.stderr
    assert output.stdout.strip() == ""
    assert output.stderr == ""


def test_every_name_is_there():
    for name in fusionlearn.__all__:
        assert getattr(fusionlearn, name) is not None
    assert set(dir(fusionlearn)) >= set(fusionlearn.__all__)
    assert len(set(fusionlearn.__all__)) == len(fusionlearn.__all__)


def test_a_name_is_the_one_of_its_room():
    assert fusionlearn.check_images is fusionlearn.images.check_images
    assert fusionlearn.FeatureStore is fusionlearn.features.FeatureStore


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="module 'fusionlearn' has no attribute 'ResNet'"):
        fusionlearn.ResNet  # noqa: B018


def test_settings_are_changed_and_restored():
    before = get_config()
    with config_context(max_image_pixels=10, feature_memory=20):
        assert get_config() == {**before, "feature_memory": 20, "max_image_pixels": 10}
        with config_context(max_image_pixels=30):
            assert get_config() == {**before, "feature_memory": 20, "max_image_pixels": 30}
        assert get_config()["max_image_pixels"] == 10
    assert get_config() == before


def test_settings_are_restored_after_an_error():
    before = get_config()
    with pytest.raises(ZeroDivisionError), config_context(max_image_pixels=10):
        raise ZeroDivisionError
    assert get_config() == before


def test_set_config_stays_until_it_is_changed():
    before = get_config()
    try:
        set_config(feature_memory=5)
        set_config()
        assert get_config() == {**before, "feature_memory": 5}
    finally:
        set_config(**before)


def test_what_get_config_gives_is_a_copy():
    get_config()["max_image_pixels"] = 1
    assert get_config()["max_image_pixels"] > 1


@pytest.mark.parametrize("value", [0, -1, 1.5, "10", True])
@pytest.mark.parametrize("name", sorted(set(get_config()) - {"docs_url"}))  # a text: test_html
def test_settings_are_validated(name, value):
    """And nothing is changed if one of several is wrong."""
    before = get_config()
    with pytest.raises(ValueError, match=f"{name}=.*positive integer"):
        set_config(**{"feature_memory": 7, "max_image_pixels": 7, name: value})
    with pytest.raises(ValueError, match=name), config_context(**{name: value}):
        pass
    assert get_config() == before


def test_streams_go_back_to_automatic():
    with config_context(inference_streams=3):
        set_config(inference_streams="auto")
        assert get_config()["inference_streams"] == "auto"
    with pytest.raises(ValueError, match="wanted a positive integer or 'auto'"):
        set_config(inference_streams="fast")


def test_unknown_settings():
    with pytest.raises(TypeError, match="memory"):
        set_config(memory=3)
    with pytest.raises(TypeError, match="memory"), config_context(memory=3):
        pass
