"""The table of networks agrees with the Keras that is installed."""

import pytest

from fusionlearn import BACKBONES
from fusionlearn.backbones import Backbone
from fusionlearn.backbones._describe import application_names, describe_application
from fusionlearn.backbones._table import _APPLICATIONS
from fusionlearn.exceptions import BackboneError, FusionlearnError, UnknownBackboneError

RECIPE = (
    "InceptionV3", "DenseNet121", "ResNet50", "Xception", "VGG19", "NASNetLarge",
    "InceptionResNetV2",
)  # fmt: skip
NAMES = [row[0] for row in _APPLICATIONS]


def test_the_table_is_complete():
    assert len(NAMES) == 40
    assert sorted(NAMES) == NAMES
    assert set(application_names()) == set(NAMES)
    assert set(BACKBONES) >= set(NAMES)


def test_the_recipe_has_13248_features():
    assert sum(BACKBONES[name].n_features for name in RECIPE) == 13_248


def test_an_entry():
    assert BACKBONES["InceptionV3"] == Backbone("InceptionV3", 299, 75, 2048, "tf", 21_802_784)
    assert BACKBONES["InceptionV3"].is_application


# One whose sizes stand in the messages, one that names them in its docs, one that scales
# its own input.
@pytest.mark.parametrize("name", ["VGG16", "MobileNetV3Small", "EfficientNetB0"])
def test_a_line_is_what_keras_says(name):
    assert describe_application(name) == BACKBONES[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_what_keras_says(name):
    assert describe_application(name) == BACKBONES[name]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("Resnet50", "ResNet50"), ("InceptionResnetV2", "InceptionResNetV2"), ("VGG18", "VGG1[69]")],
)
def test_unknown_names_get_a_suggestion(name, meant):
    with pytest.raises(UnknownBackboneError, match=f"application='{name}'.*Did you mean .*{meant}"):
        BACKBONES[name]


@pytest.mark.parametrize("name", ["no such thing at all", "", 3, "decode_predictions", "resnet"])
def test_what_is_no_network_is_unknown(name):
    """Among them functions and modules that keras.applications has, too."""
    with pytest.raises(UnknownBackboneError, match="register_backbone"):
        BACKBONES[name]
    assert name not in BACKBONES
    assert BACKBONES.get(name) is None


def test_an_unknown_name_is_what_people_already_catch():
    with pytest.raises(KeyError) as caught:
        BACKBONES["no such thing"]
    assert isinstance(caught.value, (BackboneError, FusionlearnError, ValueError))
    assert isinstance(caught.value, ValueError)
    assert not str(caught.value).startswith("'")


def test_a_network_that_the_table_lacks_is_described_when_asked_for(monkeypatch):
    """A newer Keras may have one."""
    entries = {name: BACKBONES[name] for name in BACKBONES if name != "VGG16"}
    monkeypatch.setattr(BACKBONES, "_entries", entries)
    assert "VGG16" not in list(BACKBONES)
    assert BACKBONES["VGG16"] == Backbone("VGG16", 224, 32, 512, "caffe", 14_714_688)
    assert "VGG16" in list(BACKBONES)


def test_the_table_cannot_be_written_to():
    with pytest.raises(TypeError):
        BACKBONES["mine"] = BACKBONES["VGG16"]
    with pytest.raises(AttributeError):
        BACKBONES["VGG16"].input_size = 3


def test_describing_what_keras_does_not_have():
    with pytest.raises(BackboneError, match="has no application 'VGG18'"):
        describe_application("VGG18")
