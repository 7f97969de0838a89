"""What the names of networks mean, in the words of their parameters."""

import os

from ._blocks import Facts
from ._extractors import named_extractors, named_forms
from ._privacy import shorten
from ._words import count

_POOLING = {
    "avg": "mean over all places",
    "max": "maximum over all places",
    "avg_std": "mean and standard deviation over all places",
}
_COLOR = {"rgb": None, "grey": "in grey"}
_CONTRAST = {
    None: None,
    "stretch": "contrast stretched",
    "clahe": "local contrast equalised (CLAHE)",
}
_CROP = {None: None, "body": "cut to the body"}


def network_legend(estimator):
    """Say of each network which one it is, what it sees, and what is taken from it.

    Parameters
    ----------
    estimator : estimator object
        A composition with a network or more.

    Returns
    -------
    legend : Facts
        Each network by the name that the page gives it.
    """
    forms = named_forms(estimator)
    return Facts(
        tuple(
            (
                shorten(name),
                f"{_which(extractor)}. Sees pictures {_seen(extractor, forms[name])}; "
                f"gives {_given(extractor)}.",
            )
            for name, extractor in named_extractors(estimator).items()
        )
    )


def _which(extractor):
    params = (extractor.application_params or {}).items()
    name = extractor.job().network.backbone.name
    return ", ".join(
        [name, *(f"{key} {shorten(value)}" for key, value in params), _weights(extractor.weights)]
    )


def _weights(weights):
    if weights is None:
        return "untrained"
    return "ImageNet weights" if os.fspath(weights) == "imagenet" else "weights from a file"


def _seen(extractor, forms):
    words = []
    for form in forms:
        window = None if form.window is None else f"window {form.window}"
        words += [window, _CROP[form.crop], _COLOR[form.color], _CONTRAST[form.contrast]]
    words = [word for word in words if word] or ["as they are"]
    height, width = extractor.job().network.input_size
    return ", ".join([*words, f"at {height} × {width} pixels"])


def _given(extractor):
    layers = extractor.job().network.layers
    where = "the last layer" if layers is None else count(len(layers), "inner layer")
    return f"the {_POOLING[extractor.pooling]} of {where}"
