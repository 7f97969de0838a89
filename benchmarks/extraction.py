"""Features of the recipe's seven networks and MobileNetV2, against Keras and bare OpenVINO."""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from fusionlearn import BACKBONES, BackboneFeatureExtractor, ConcatFusion, FeatureStore
from fusionlearn.presets import covid_ct

from ._harness import Report, quotients
from ._peers import (
    BareOpenVINO,
    build_keras,
    convert,
    fastest_openvino,
    keras_predict,
    read_converted,
)
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

    Each network has a process of its own: what Keras and OpenVINO keep of one would not
    leave enough memory for the last.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: two networks, few pictures, two rounds.

    Returns
    -------
    report : Report
        Pictures per second from arrays, from files, and of seven networks at once.
    """
    networks = ["MobileNetV2", "ResNet50"] if quick else list(_COUNTS)
    seven = networks if quick else list(covid_ct.RECIPE["backbones"])
    with tempfile.TemporaryDirectory() as folder:
        reports, labels = [], {}
        for name in networks:
            one, labels[name] = _alone(_one_network, name, name in seven, folder, quick)
            reports.append(one)
        for precision in _PRECISIONS:
            chosen = {name: labels[name][precision] for name in seven}
            reports.append(_alone(_together, chosen, precision, folder, quick))
    return _merged(reports, quick)


def _alone(function, *args):
    """Call a function in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args).result()


def _merged(reports, quick):
    """Make one report of several, joining sections of the same title."""
    merged = Report("extraction", quick)
    sections = {}
    for report in reports:
        merged.goals += report.goals
        for section in report.sections:
            if section.title in sections:
                sections[section.title].measurements += section.measurements
                sections[section.title].facts += section.facts
            else:
                sections[section.title] = section
    merged.sections = list(sections.values())
    return merged


def _one_network(name, is_one_of_seven, folder, quick):
    """Measure a network from arrays and files; give the settings of its bare OpenVINO too."""
    report = Report("extraction", quick)
    count = 16 if quick else _COUNTS[name]
    section = report.section(
        "From arrays of the input size",
        "uint8 arrays in, float32 features out, untrained weights. Keras: preprocess_input and "
        "model.predict in batches of 32. OpenVINO: the converted graph with preprocessing inside, "
        "asynchronous requests, the fastest of four settings of batch and hint. fusionlearn: "
        "transform with an empty store in each round. Building and converting are left out.",
        "picture",
        chart="relative",
    )
    bare = _from_arrays(report, section, name, count, 2 if quick else 3, folder)
    if is_one_of_seven:
        drawn = slices(count, _SIDE)
        forms = {
            "arrays": drawn,
            "PNG": write_files(drawn, Path(folder) / name, ".png"),
            "JPEG": write_files(drawn, Path(folder) / name, ".jpg", quality=90),
        }
        _from_files(report, name, count, forms, rounds=3)
    return report, {precision: engine.setting for precision, engine in bare.items()}


def _extractor(name, precision):
    # An empty store in each round: every row is computed.
    return BackboneFeatureExtractor(
        name, weights=None, precision=precision, store=FeatureStore(), engine="auto"
    )


def _from_arrays(report, section, name, count, rounds, folder):
    """Compare on arrays; give the bare OpenVINO of each precision."""
    pictures = slices(count, BACKBONES[name].input_size)
    model = build_keras(name)
    graph, seconds = convert(model, name, folder)
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


def _from_files(report, name, count, forms, rounds):
    section = report.section(
        "From files",
        f"fusionlearn's transform on grey pictures of {_SIDE} × {_SIDE} pixels, as arrays, as PNG "
        "files and as JPEG files of the same pictures. Arrays have to be resized but not decoded.",
        "picture",
        chart="relative",
    )
    for precision in _PRECISIONS:

        def transform(form, precision=precision):
            _extractor(name, precision).transform(forms[form])

        taken = section.measure(
            f"{name} {precision}",
            {form: partial(transform, form) for form in forms},
            amount=count,
            rounds=rounds,
        )
        against = quotients(taken["PNG"], taken["arrays"])
        report.at_most(f"{name}, {precision}: time from PNG, arrays being 1", against, 1.05)


def _together(settings, precision, folder, quick):
    """Measure all networks in one fusion, against the sum of their engines."""
    report = Report("extraction", quick)
    section = report.section(
        f"{len(settings)} networks at once",
        "ConcatFusion over PNG files, against bare OpenVINO computing one network after the other "
        "on pictures that were read, decoded and resized before.",
        "picture",
    )
    count = 16 if quick else 32
    drawn = slices(count, _SIDE)
    files = write_files(drawn, Path(folder) / f"together-{precision}", ".png")
    resized = {name: _resized(drawn, BACKBONES[name].input_size) for name in settings}
    bare = {
        name: BareOpenVINO(read_converted(name, folder), _PRECISIONS[precision], *setting)
        for name, setting in settings.items()
    }

    def engines():
        for name in settings:
            bare[name](resized[name])

    def fusion():
        extractors = [(name, _extractor(name, precision)) for name in settings]
        ConcatFusion(extractors).fit_transform(files)

    taken = section.measure(
        "all",
        {f"OpenVINO {precision}": engines, f"ConcatFusion {precision}": fusion},
        amount=count,
        rounds=2 if quick else 3,
    )
    against = quotients(taken[f"ConcatFusion {precision}"], taken[f"OpenVINO {precision}"])
    report.at_most(f"ConcatFusion, {precision}: time, the engines' sum being 1", against, 1.05)
    return report


def _resized(pictures, side):
    from PIL import Image

    return np.stack(
        [np.asarray(Image.fromarray(picture).resize((side, side), 2)) for picture in pictures]
    )
