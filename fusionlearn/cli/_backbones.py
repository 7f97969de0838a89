"""The command ``fusionlearn backbones``: the table of networks."""

import fusionlearn

from .._hints import did_you_mean
from ._options import TEXT, Command, Option

# Millions of weights below the top, with default parameters, as Keras counts them; a test
# compares them with the installed Keras.
_MILLIONS = {
    "ConvNeXtBase": 87.6,
    "ConvNeXtLarge": 196.2,
    "ConvNeXtSmall": 49.5,
    "ConvNeXtTiny": 27.8,
    "ConvNeXtXLarge": 348.1,
    "DenseNet121": 7.0,
    "DenseNet169": 12.6,
    "DenseNet201": 18.3,
    "EfficientNetB0": 4.0,
    "EfficientNetB1": 6.6,
    "EfficientNetB2": 7.8,
    "EfficientNetB3": 10.8,
    "EfficientNetB4": 17.7,
    "EfficientNetB5": 28.5,
    "EfficientNetB6": 41.0,
    "EfficientNetB7": 64.1,
    "EfficientNetV2B0": 5.9,
    "EfficientNetV2B1": 6.9,
    "EfficientNetV2B2": 8.8,
    "EfficientNetV2B3": 12.9,
    "EfficientNetV2L": 117.7,
    "EfficientNetV2M": 53.2,
    "EfficientNetV2S": 20.3,
    "InceptionResNetV2": 54.3,
    "InceptionV3": 21.8,
    "MobileNet": 3.2,
    "MobileNetV2": 2.3,
    "MobileNetV3Large": 3.0,
    "MobileNetV3Small": 0.9,
    "NASNetLarge": 84.9,
    "NASNetMobile": 4.3,
    "ResNet101": 42.7,
    "ResNet101V2": 42.6,
    "ResNet152": 58.4,
    "ResNet152V2": 58.3,
    "ResNet50": 23.6,
    "ResNet50V2": 23.6,
    "VGG16": 14.7,
    "VGG19": 20.0,
    "Xception": 20.9,
}
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
        raise ValueError(f"no network is called like {given!r}.{hint}")
    rows = [_describe(table[name]) for name in chosen]
    console.say("\n".join(_lines(rows)))
    console.give(rows)


def _describe(backbone):
    return {
        "name": backbone.name,
        "input_size": backbone.input_size,
        "min_size": backbone.min_size,
        "n_features": backbone.n_features,
        "million_parameters": _MILLIONS.get(backbone.name),
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
        millions = row["million_parameters"]
        counted = "" if millions is None else f"{millions:.1f} M"
        yield (
            f"{row['name']:<18}{row['input_size']:>6}{row['min_size']:>6}{row['n_features']:>9,}"
            f"{counted:>11}  {_PREPROCESSING[row['preprocessing']]}"
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
