"""Recognising Keras' own weights files by their names."""

import os
import re

from ..exceptions import BackboneWeightsError

_SUFFIX = re.compile(r"[-_]no[-_]?top(_v2)?(\.weights)?\.h5$", re.IGNORECASE)
_RATES = {"1_0": 1.0, "7_5": 0.75, "5_0": 0.5, "2_5": 0.25}
_STEMS = {
    "inception_resnet_v2": "InceptionResNetV2",
    "inception_v3": "InceptionV3",
    "nasnet-large": "NASNetLarge",
    "nasnet_large": "NASNetLarge",
    "nasnet-mobile": "NASNetMobile",
    "nasnet_mobile": "NASNetMobile",
    "xception": "Xception",
    **{name.lower(): name for name in ("VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet152")},
    **{f"{name.lower()}v2": f"{name}V2" for name in ("ResNet50", "ResNet101", "ResNet152")},
    **{f"densenet{depth}": f"DenseNet{depth}" for depth in (121, 169, 201)},
    **{f"efficientnetb{number}": f"EfficientNetB{number}" for number in range(8)},
    **{
        f"efficientnetv2-{size.lower()}": f"EfficientNetV2{size}"
        for size in ("B0", "B1", "B2", "B3", "S", "M", "L")
    },
    **{
        f"convnext_{size.lower()}": f"ConvNeXt{size}"
        for size in ("Tiny", "Small", "Base", "Large", "XLarge")
    },
}


def recognise_weights(path):
    """Tell from the name of a Keras weights file which network it belongs to.

    Parameters
    ----------
    path : str or path-like
        A file as ``keras.applications`` downloads it, without the top.

    Returns
    -------
    name : str
        A short name for the network with its parameters, such as "MobileNet-0.25" or
        "MobileNetV3Small-1-minimalistic".

    params : dict
        ``application``, ``application_params`` and ``weights`` of an extractor.

    Raises
    ------
    BackboneWeightsError
        If the name is none that Keras gives.
    """
    path = os.fspath(path)
    stem = _SUFFIX.sub("", os.path.basename(path))
    application, application_params = _parse(stem.lower())
    if application is None or stem == os.path.basename(path):
        raise BackboneWeightsError(
            f"{path}: the name is none that Keras gives to weights without the top, such as "
            "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5. Name the network yourself: "
            "BackboneFeatureExtractor(application, weights=FILE)."
        )
    name = application
    if application_params:
        name += f"-{application_params['alpha']:g}"
        if application_params.get("minimalistic"):
            name += "-minimalistic"
    params = {
        "application": application,
        "application_params": application_params,
        "weights": path,
    }
    return name, params


def _parse(stem):
    found = re.fullmatch(r"mobilenet_(\d_\d)_(\d+)_tf", stem)
    if found and found[1] in _RATES:
        return "MobileNet", {"alpha": _RATES[found[1]]}
    found = re.fullmatch(r"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_([\d.]+)_(\d+)", stem)
    if found:
        return "MobileNetV2", {"alpha": float(found[1])}
    found = re.fullmatch(
        r"weights_mobilenet_v3_(small|large)(_minimalistic)?_(\d+)_([\d.]+)_float", stem
    )
    if found:
        params = {"alpha": float(found[4])}
        if found[2]:
            params["minimalistic"] = True
        return f"MobileNetV3{found[1].title()}", params
    return _STEMS.get(stem.split("_weights_tf")[0].removesuffix("_tf")), None
