"""The names of Keras' weights files tell the network."""

import sys

import pytest

from fusionlearn import BACKBONES
from fusionlearn.backbones import recognise_weights, resolve_network
from fusionlearn.exceptions import BackboneWeightsError

_TF = "weights_tf_dim_ordering_tf_kernels"
NAMES = {
    "mobilenet_2_5_224_tf_no_top.h5": ("MobileNet-0.25", "MobileNet", {"alpha": 0.25}),
    "mobilenet_7_5_160_tf_no_top.h5": ("MobileNet-0.75", "MobileNet", {"alpha": 0.75}),
    "mobilenet_1_0_224_tf_no_top.h5": ("MobileNet-1", "MobileNet", {"alpha": 1.0}),
    f"mobilenet_v2_{_TF}_0.35_224_no_top.h5": ("MobileNetV2-0.35", "MobileNetV2", {"alpha": 0.35}),
    f"mobilenet_v2_{_TF}_1.4_224_no_top.h5": ("MobileNetV2-1.4", "MobileNetV2", {"alpha": 1.4}),
    "weights_mobilenet_v3_small_224_0.75_float_no_top_v2.h5": (
        "MobileNetV3Small-0.75",
        "MobileNetV3Small",
        {"alpha": 0.75},
    ),
    "weights_mobilenet_v3_large_minimalistic_224_1.0_float_no_top_v2.h5": (
        "MobileNetV3Large-1-minimalistic",
        "MobileNetV3Large",
        {"alpha": 1.0, "minimalistic": True},
    ),
    **{
        file: (name, name, None)
        for file, name in {
            "convnext_tiny_notop.h5": "ConvNeXtTiny",
            "convnext_xlarge_notop.h5": "ConvNeXtXLarge",
            f"densenet121_{_TF}_notop.h5": "DenseNet121",
            f"densenet201_{_TF}_notop.h5": "DenseNet201",
            "efficientnetb0_notop.h5": "EfficientNetB0",
            "efficientnetv2-b3_notop.h5": "EfficientNetV2B3",
            "efficientnetv2-s_notop.h5": "EfficientNetV2S",
            f"inception_resnet_v2_{_TF}_notop.h5": "InceptionResNetV2",
            f"inception_v3_{_TF}_notop.h5": "InceptionV3",
            "nasnet_large_no_top.h5": "NASNetLarge",
            "NASNet-large-no-top.h5": "NASNetLarge",
            "nasnet_mobile_no_top.h5": "NASNetMobile",
            f"resnet50_{_TF}_notop.h5": "ResNet50",
            f"resnet101v2_{_TF}_notop.h5": "ResNet101V2",
            f"vgg19_{_TF}_notop.h5": "VGG19",
            f"xception_{_TF}_notop.h5": "Xception",
        }.items()
    },
}


@pytest.mark.parametrize("file", NAMES)
def test_name_tells_the_network(file, tmp_path):
    path = tmp_path / file
    name, params = recognise_weights(path)
    expected, application, application_params = NAMES[file]
    assert name == expected
    assert params == {
        "application": application,
        "application_params": application_params,
        "weights": str(path),
    }
    assert application in BACKBONES


def names_that_keras_asks_for(name, monkeypatch, **params):
    """File names for which Keras would look, caught before the download."""
    import keras

    from fusionlearn._compat import isolated_keras_build

    class CaughtError(Exception):
        pass

    asked = []

    def get_file(fname, *args, **kwargs):
        asked.append(fname)
        raise CaughtError

    monkeypatch.setattr(sys.modules["keras.src.utils.file_utils"], "get_file", get_file)
    side = BACKBONES[name].input_size
    with isolated_keras_build(0), pytest.raises(CaughtError):
        getattr(keras.applications, name)(
            include_top=False, weights="imagenet", input_shape=(side, side, 3), **params
        )
    return asked


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("MobileNet", {"alpha": 0.5}),
        ("MobileNetV2", {"alpha": 0.35}),
        ("MobileNetV3Small", {"alpha": 0.75}),
        ("MobileNetV3Small", {"minimalistic": True}),
        ("VGG16", {}),
        ("ResNet50", {}),
    ],
)
def test_names_are_those_of_the_installed_keras(name, params, monkeypatch):
    for file in names_that_keras_asks_for(name, monkeypatch, **params):
        _, found = recognise_weights(file)
        assert found["application"] == name
        assert params.items() <= (found["application_params"] or {}).items()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_every_network_of_the_installed_keras_is_recognised(name, monkeypatch):
    (file,) = names_that_keras_asks_for(name, monkeypatch)
    assert recognise_weights(file)[1]["application"] == name


def test_keras_own_form_of_today_is_taken(tmp_path):
    path = tmp_path / "mobilenet_2_5_224_tf_no_top.weights.h5"
    assert recognise_weights(path)[0] == "MobileNet-0.25"


def test_result_is_what_the_extractor_takes(tmp_path):
    path = tmp_path / "mobilenet_5_0_128_tf_no_top.h5"
    path.write_bytes(b"only the name is looked at")
    network = resolve_network(**recognise_weights(path)[1])
    assert network.backbone.name == "MobileNet"
    assert dict(network.application_params) == {"alpha": 0.5}


@pytest.mark.parametrize(
    "file",
    [
        "vgg19_weights_tf_dim_ordering_tf_kernels.h5",  # with the top
        "mobilenet_3_3_224_tf_no_top.h5",  # a width that Keras has not
        "mynetwork_notop.h5",
        "notop.h5",
        "model.keras",
    ],
)
def test_other_names_are_refused_with_a_remedy(file):
    with pytest.raises(BackboneWeightsError, match="weights=FILE") as caught:
        recognise_weights(file)
    assert file in str(caught.value)
