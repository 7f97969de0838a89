"""Ensembles of pretrained image networks with scikit-learn's API.

Public names are imported when they are first used; importing the package loads
neither TensorFlow nor Keras.
"""

import importlib

__version__ = "0.1.0.dev0"

_HOMES = {
    # pictures
    "ImageAugmenter": "images",
    "ImagePreprocessor": "images",
    "ImageReference": "images",
    "check_images": "images",
    "get_groups": "images",
    # networks and features
    "BACKBONES": "backbones",
    "register_backbone": "backbones",
    "BackboneFeatureExtractor": "features",
    "FeatureStore": "features",
    "make_extractors": "features",
    # fusion and classifiers
    "ConcatFusion": "fusion",
    "MajorityVoteFusion": "fusion",
    "AugmentedClassifier": "classifiers",
    "FineTuneClassifier": "classifiers",
    # models in files
    "load": "persistence",
    "save": "persistence",
    # models as graphs that run elsewhere
    "export": "exporting",
    # where a model looks, and everything about it on one page
    "explain": "inspection",
    "report": "reporting",
    # settings
    "config_context": "_config",
    "get_config": "_config",
    "set_config": "_config",
}
_ROOMS = (
    "backbones",
    "classifiers",
    "datasets",
    "exceptions",
    "exporting",
    "features",
    "fusion",
    "images",
    "inspection",
    "metrics",
    "model_selection",
    "persistence",
    "presets",
    "reporting",
)

__all__ = ["__version__", *sorted(_HOMES), *_ROOMS]


def __getattr__(name):
    if name in _HOMES:
        value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    elif name in _ROOMS:
        value = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))
