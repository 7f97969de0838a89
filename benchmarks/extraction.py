"""Features of the recipe's seven networks and MobileNetV2, against Keras and bare OpenVINO."""

import tempfile
import time
from functools import partial

import numpy as np

from fusionlearn import BACKBONES, BackboneFeatureExtractor, ConcatFusion, FeatureStore
from fusionlearn.presets import covid_ct

from ._harness import Report, quotients
from ._peers import build_keras, convert, fastest_openvino, keras_predict
from ._pictures import slices, write_files

# Pictures of a round: a second's work or more for each contestant.
_COUNTS = {
    "MobileNetV2": 192,
    "ResNet50": 48,
    "DenseNet121": 64,
    "InceptionV3": 48,
    "Xception": 32,
    "VGG19": 32,
    "NASNetLarge": 16,
    "InceptionResNetV2": 32,
}
_SIDE = 512
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
# What bf16 must reach against Keras.
_TIMES_KERAS = {"ResNet50": 4, "MobileNetV2": 5, "VGG19": 2}


def run(quick):
    """Measure extraction.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: two networks, few pictures, two rounds.

    Returns
    -------
    report : Report
        Pictures per second from arrays, from files, and of seven networks at once.
    """
    report = Report("extraction", quick)
    networks = ["MobileNetV2", "ResNet50"] if quick else list(_COUNTS)
    rounds = 2 if quick else 3
    counts = {name: 16 if quick else _COUNTS[name] for name in networks}
    section = report.section(
        "From arrays of the input size",
        "uint8 arrays in, float32 features out, untrained weights. Keras: preprocess_input and "
        "model.predict in batches of 32. OpenVINO: the converted graph with preprocessing inside, "
        "asynchronous requests, the fastest of four settings of batch and hint. fusionlearn: "
        "transform with an empty store in each round. Building and converting are left out.",
        "picture",
        chart="relative",
    )
    bare = {name: _from_arrays(report, section, name, counts[name], rounds) for name in networks}
    seven = networks if quick else list(covid_ct.RECIPE["backbones"])
    drawn = slices(max(counts.values()), _SIDE)
    with tempfile.TemporaryDirectory() as folder:
        forms = {
            "arrays": drawn,
            "PNG": write_files(drawn, folder, ".png"),
            "JPEG": write_files(drawn, folder, ".jpg", quality=90),
        }
        _from_files(report, seven, counts, forms, rounds=2)
        count, rounds = (16, 2) if quick else (32, 2)
        _together(report, seven, bare, forms["PNG"][:count], drawn[:count], rounds)
    return report


def _extractor(name, precision):
    # An empty store in each round: every row is computed.
    return BackboneFeatureExtractor(
        name, weights=None, precision=precision, store=FeatureStore(), engine="auto"
    )


def _from_arrays(report, section, name, count, rounds):
    """Compare on arrays; give the bare OpenVINO of each precision."""
    pictures = slices(count, BACKBONES[name].input_size)
    model = build_keras(name)
    graph, seconds = convert(model, name)
    section.fact(f"{name}: conversion to OpenVINO by hand", seconds, "s")
    bare = {
        precision: fastest_openvino(graph, code, pictures[:32])
        for precision, code in _PRECISIONS.items()
    }
    predict = keras_predict(model, name)
    for precision in _PRECISIONS:
        start = time.perf_counter()
        _extractor(name, precision).transform(pictures[:2])
        spent = time.perf_counter() - start
        section.fact(f"{name}: first two pictures by fusionlearn {precision}", spent, "s")
        section.fact(f"{name}: OpenVINO {precision} runs with", bare[precision].label)
    _agreement(section, name, pictures[:16], predict, bare)
    taken = section.measure(
        name,
        {
            "Keras predict": lambda: predict(pictures),
            "OpenVINO float32": lambda: bare["float32"](pictures),
            "fusionlearn float32": lambda: _extractor(name, "float32").transform(pictures),
            "OpenVINO bfloat16": lambda: bare["bfloat16"](pictures),
            "fusionlearn bfloat16": lambda: _extractor(name, "bfloat16").transform(pictures),
        },
        amount=count,
        rounds=rounds,
    )
    for precision in _PRECISIONS:
        ours = taken[f"fusionlearn {precision}"]
        against = quotients(ours, taken[f"OpenVINO {precision}"])
        report.at_most(f"{name}, {precision}: time, OpenVINO being 1", against, 1.1)
    against = quotients(taken["fusionlearn float32"], taken["Keras predict"])
    report.at_most(f"{name}, float32: time, Keras being 1", against, 1.0)
    if name in _TIMES_KERAS:
        against = quotients(taken["Keras predict"], taken["fusionlearn bfloat16"])
        report.at_least(f"{name}, bfloat16: speed, Keras being 1", against, _TIMES_KERAS[name])
    return bare


def _agreement(section, name, pictures, predict, bare):
    """Keep how far fast features are from Keras'; refuse to compare different work."""
    keras = predict(pictures)
    found = {"OpenVINO": bare, "fusionlearn": {p: _extractor(name, p).transform for p in bare}}
    for contestant, compute in found.items():
        error = np.abs(compute["float32"](pictures) - keras).max() / np.abs(keras).max()
        if error > 1e-3:
            raise RuntimeError(f"{name}: features of {contestant} are not those of Keras")
        section.fact(f"{name}: largest float32 difference, {contestant} to Keras", float(error))
        cosine = _cosines(compute["bfloat16"](pictures), keras).min()
        section.fact(f"{name}: smallest bfloat16 cosine, {contestant} to Keras", f"{cosine:.6f}")


def _cosines(a, b):
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def _from_files(report, networks, counts, forms, rounds):
    section = report.section(
        "From files",
        f"fusionlearn's transform on grey pictures of {_SIDE} × {_SIDE} pixels, as arrays, as PNG "
        "files and as JPEG files of the same pictures. Arrays have to be resized but not decoded.",
        "picture",
        chart="relative",
    )
    for name in networks:
        for precision in _PRECISIONS:

            def transform(form, name=name, precision=precision):
                _extractor(name, precision).transform(forms[form][: counts[name]])

            taken = section.measure(
                f"{name} {precision}",
                {form: partial(transform, form) for form in forms},
                amount=counts[name],
                rounds=rounds,
            )
            against = quotients(taken["PNG"], taken["arrays"])
            report.at_most(f"{name}, {precision}: time from PNG, arrays being 1", against, 1.05)


def _together(report, networks, bare, files, drawn, rounds):
    section = report.section(
        f"{len(networks)} networks at once",
        "ConcatFusion over PNG files, against bare OpenVINO computing one network after the other "
        "on pictures that were read, decoded and resized before.",
        "picture",
    )
    resized = {name: _resized(drawn, BACKBONES[name].input_size) for name in networks}
    contestants = {}
    for precision in _PRECISIONS:

        def engines(precision=precision):
            for name in networks:
                bare[name][precision](resized[name])

        def fusion(precision=precision):
            extractors = [(name, _extractor(name, precision)) for name in networks]
            ConcatFusion(extractors).fit_transform(files)

        contestants |= {f"OpenVINO {precision}": engines, f"ConcatFusion {precision}": fusion}
    taken = section.measure("all", contestants, amount=len(files), rounds=rounds)
    for precision in _PRECISIONS:
        against = quotients(taken[f"ConcatFusion {precision}"], taken[f"OpenVINO {precision}"])
        report.at_most(f"ConcatFusion, {precision}: time, the engines' sum being 1", against, 1.05)


def _resized(pictures, side):
    from PIL import Image

    return np.stack(
        [np.asarray(Image.fromarray(picture).resize((side, side), 2)) for picture in pictures]
    )
