"""The command ``fusionlearn backbones``: the table of networks."""

import fusionlearn

from .._hints import did_you_mean
from ._options import TEXT, Command, Option

_PREPROCESSING = {
    "none": "inside the network",
    "tf": "-1 to 1",
    "caffe": "BGR, mean taken off",
    "torch": "ImageNet mean and deviation",
}


def _backbones(options, console):
    table = fusionlearn.BACKBONES
    names = [name for name in table if table[name].is_application]
    words = [word.casefold() for word in options.names or ()]
    chosen = [name for name in names if not words or any(word in name.casefold() for word in words)]
    if not chosen:
        given = " ".join(options.names)
        hint = did_you_mean(given, names, n=3, cutoff=0.5)
        raise ValueError(
            f"no network is called like {given!r}.{hint} Without a name all are listed."
        )
    rows = [_describe(table[name]) for name in chosen]
    console.say("\n".join(_lines(rows)))
    console.give(rows)


def _describe(backbone):
    return {
        "name": backbone.name,
        "input_size": backbone.input_size,
        "min_size": backbone.min_size,
        "n_features": backbone.n_features,
        "n_parameters": backbone.n_parameters,
        "preprocessing": backbone.preprocessing,
        # All applications of Keras have them.
        "imagenet_weights": True,
    }


def _lines(rows):
    head = (
        f"{'network':<18}{'input':>6}{'least':>6}{'features':>9}{'parameters':>11}  pixels become"
    )
    yield head
    for row in rows:
        yield (
            f"{row['name']:<18}{row['input_size']:>6}{row['min_size']:>6}{row['n_features']:>9,}"
            f"{row['n_parameters'] / 1e6:>9.1f} M  {_PREPROCESSING[row['preprocessing']]}"
        )
    yield ""
    yield (
        f"{len(rows)} network(s), all with ImageNet weights from Keras. input and least: height "
        "and width in pixels. parameters: below the top."
    )


BACKBONES = Command(
    name="backbones",
    summary="list the networks that features can be taken from",
    description="Shows the networks of keras.applications: sizes, features, parameters, pixels.",
    options=(
        Option(
            "names",
            "only networks whose name has one of these in it, in any case",
            TEXT,
            "NAME",
            positional=True,
            many=True,
        ),
    ),
    run=_backbones,
    examples=("backbones", "backbones densenet resnet", "backbones --json"),
)
