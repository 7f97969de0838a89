"""Models as graphs: size, agreement and speed of each format."""

import itertools
import os
import tempfile
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FineTuneClassifier,
    MajorityVoteFusion,
    export,
)
from fusionlearn.datasets import load_covid_ct
from fusionlearn.exporting import FORMATS
from fusionlearn.features import extractors_from_folder
from fusionlearn.presets import covid_ct_strong

from ._harness import Report
from .accuracy import DATA, WEIGHTS

_SMALL = {"MobileNet": 0.25, "MobileNetV2": 0.35}
# Pictures of one size, that a batch can hold, and how many: a graph keeps what inner layers give
# of all of them.
_SIDE = 400
_BATCH = 8
# One for all models, which share networks and the store.
_SHIFTS = itertools.count(1)


def run(quick):
    """Measure exports.

    With the folders of data and weights the models are trained on real pictures by networks
    that know ImageNet; without them on noise by untrained ones.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: one model, few pictures, two rounds.

    Returns
    -------
    report : Report
        Bytes, differences and pictures per second.
    """
    report = Report("export", quick)
    X, y, networks, what = _material(quick)
    models = _models(networks)
    if quick:
        models = {"concat": models["concat"]}
    rounds, count = (2, 8) if quick else (5, 32)
    pixels = _batch(X, count)
    for name, (model, words) in models.items():
        model.fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            _measure(report, name, words, what, model, X, pixels, rounds, Path(folder))
    return report


def _measure(report, name, words, what, model, X, pixels, rounds, folder):
    section = report.section(
        f"Pictures per second: {name}",
        f"{words} {what} {len(pixels)} pictures of {_SIDE} x {_SIDE} pixels in memory, from pixels "
        f"to probabilities, graphs in batches of {_BATCH}. fusionlearn computes all features anew.",
        "picture",
    )
    contestants = {"fusionlearn": _anew(model, pixels)}
    for kind, chosen in FORMATS.items():
        exported = export(model, folder / f"model-{kind}{chosen.suffix}", kind, X=X)
        section.fact(f"{kind}, size", exported.size / 1e6, "MB")
        report.at_most(
            f"{name} as {kind}: largest difference of a probability on {exported.n_compared} "
            "pictures",
            [exported.difference],
            1e-4,
            "",
        )
        contestants[kind] = _runs(chosen.open(exported.path), pixels)
    section.measure(name, contestants, amount=len(pixels), rounds=rounds)


def _runs(run, pixels):
    def contestant():
        for start in range(0, len(pixels), _BATCH):
            run(pixels[start : start + _BATCH])

    contestant()  # what compiles at the first call has done so
    return contestant


def _anew(model, pixels):
    """Predict pictures that no store has seen: each time they begin one row further down."""
    return lambda: model.predict_proba(np.roll(pixels, next(_SHIFTS), axis=1))


def _material(quick):
    if os.environ.get(DATA) and os.environ.get(WEIGHTS):
        data = load_covid_ct(os.environ[DATA])
        step = 20 if quick else 1
        networks = extractors_from_folder(os.environ[WEIGHTS])
        return data.data[::step], data.target[::step], networks, "Heads are trained on COVID-CT."
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (24, 160, 200, 3), dtype=np.uint8)
    networks = [
        (
            name,
            BackboneFeatureExtractor(name, weights=None, application_params={"alpha": alpha}),
        )
        for name, alpha in _SMALL.items()
    ]
    return X, np.arange(len(X)) % 2, networks, "Networks are untrained, heads trained on noise."


def _models(networks):
    names = ", ".join(name for name, _ in networks)
    head = FineTuneClassifier(epochs=20, random_state=0)
    return {
        "concat": (
            make_pipeline(
                ConcatFusion(networks), StandardScaler(), LogisticRegression(max_iter=5000)
            ),
            f"Features of {names}, scaled, under a logistic regression.",
        ),
        "vote": (
            MajorityVoteFusion([(name, make_pipeline(net, head)) for name, net in networks]),
            f"A head on each of {names} votes.",
        ),
        "covid_ct_strong": (
            covid_ct_strong(variant="fast", extractors=networks),
            f"The preset in its fast variant: inner layers of {names} at 448 pixels, of each "
            "picture and its mirror image.",
        ),
        "ResNet50": (
            make_pipeline(
                BackboneFeatureExtractor("ResNet50", weights=None),
                StandardScaler(),
                LogisticRegression(max_iter=5000),
            ),
            "A network of the usual size, untrained: only the time is of interest.",
        ),
    }


def _batch(X, count):
    from PIL import Image

    from fusionlearn import check_images

    references = check_images(X)
    chosen = references[np.linspace(0, len(references) - 1, count).astype(int)]
    pictures = [Image.fromarray(reference.decode()) for reference in chosen]
    return np.stack([np.asarray(picture.resize((_SIDE, _SIDE))) for picture in pictures])
