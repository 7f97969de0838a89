"""What classifiers reach on COVID-CT, by patient, beside what they may have learned instead."""

import os
import sys
import time
import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import (
    AugmentedClassifier,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
    get_groups,
    make_extractors,
)
from fusionlearn.datasets import load_covid_ct, make_ct_phantoms
from fusionlearn.exceptions import SmallSampleWarning
from fusionlearn.features import extractors_from_folder
from fusionlearn.model_selection import Evaluation, evaluate
from fusionlearn.presets import covid_ct, covid_ct_strong

from ._harness import Report

DATA = "FUSIONLEARN_COVID_CT"
WEIGHTS = "FUSIONLEARN_WEIGHTS"

_SCORES = ("accuracy", "roc_auc", "sensitivity", "specificity", "calibration_error")
_N_REPEATS = 3
# What covid_ct_strong is to reach: accuracy, area under the curve, seconds of a fit.
_GOALS = {"strong, fast": (0.865, 0.935, 300), "strong, full": (0.877, 0.948, 2700)}
_GRAIN_GOALS = (0.82, 0.91)
_TUNED, _UNTUNED = "fine-tuned end to end", "the same network, head alone"
# What a step brings: the model with it and the one without.
_STEPS = {
    "fine-tuning end to end": (_TUNED, _UNTUNED),
    "copies, in training and prediction": ("concatenated, with copies", "concatenated"),
    "mirror images, in training and prediction": ("strong, fast", "strong, fast, no mirror images"),
    "a second contrast": ("strong, full", "strong, fast"),
    "inner layers, large pictures and a ridge": ("strong, full", "concatenated"),
}


@dataclass
class AccuracyReport(Report):
    """A report whose figures are scores.

    Parameters
    ----------
    data : dict
        Numbers of pictures and patients, networks, and repeats.

    rows : list of dict
        One for each model.

    leak : list of dict
        One model, split in several ways.

    differences : list of dict
        Two models on the same folds, and what one scores more than the other.
    """

    data: dict = field(default_factory=dict)
    rows: list = field(default_factory=list)
    leak: list = field(default_factory=list)
    differences: list = field(default_factory=list)


def run(quick):
    """Evaluate every model.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: phantoms, one untrained network, one repeat.

    Returns
    -------
    report : AccuracyReport
        Scores with intervals, by picture and by patient, and seconds.
    """
    dataset, networks = read_data("accuracy", quick)
    report = AccuracyReport("accuracy", quick)
    report.data = {
        "pictures": len(dataset.data),
        "patients": len(np.unique(get_groups(dataset.data))),
        "networks": [name for name, _ in networks],
        "repeats": 1 if quick else _N_REPEATS,
    }
    with warnings.catch_warnings():
        if quick:  # too few phantoms, which is what a smoke run is
            warnings.simplefilter("ignore", SmallSampleWarning)
        evaluations = {}
        for name, make in _models(networks, quick).items():
            row, evaluations[name] = _judge(name, make, dataset, report.data["repeats"])
            report.rows.append(row)
            if name in _GOALS and not quick:
                _hold_against_goals(report, name, row, evaluations[name])
        for step, (with_it, without) in _STEPS.items():
            gained = evaluations[with_it].compare(evaluations[without])
            report.differences.append({"name": step, "plain": as_intervals(gained)})
        if not quick:
            _hold_fine_tuning_against_goals(report, evaluations)
        shortcut = evaluations["concatenated"].shortcut
        report.rows.append(
            {
                "name": "file alone, no pixel",
                "plain": _figures(shortcut),
                "by_patient": _figures(shortcut.by_patient()),
                "grain": None,
                "seconds": None,
                "cautions": [],
            }
        )
        report.leak = _leak(networks, dataset, report.data["repeats"])
    return report


def read_data(benchmark, quick):
    """Read COVID-CT and make networks.

    Parameters
    ----------
    benchmark : str
        Who asks, for the message.

    quick : bool
        Whether phantoms and an untrained network do.

    Returns
    -------
    dataset : Bunch
        Pictures, labels, and the positive one.

    networks : list of (str, BackboneFeatureExtractor) tuples
        The networks.
    """
    if quick:
        phantoms = make_ct_phantoms(60, n_patients=60, image_size=32)
        phantoms.pos_label = phantoms.target_names[-1]
        return phantoms, make_extractors("MobileNet", weights=None, input_size=32)
    if not os.environ.get(DATA):
        sys.exit(
            f"{benchmark}: {DATA} is not set; wanted the folder of COVID-CT as "
            "fusionlearn.datasets.load_covid_ct reads it. Pass --data FOLDER (and --weights "
            "FOLDER for Keras weights files; without it Keras downloads them)."
        )
    dataset = load_covid_ct(os.environ[DATA])
    if os.environ.get(WEIGHTS):
        return dataset, extractors_from_folder(os.environ[WEIGHTS])
    return dataset, make_extractors("MobileNet", "MobileNetV2")


def _models(networks, quick):
    """Functions by name that make a classifier whose features are kept in a store."""

    def stored(store):
        return [(name, clone(network).set_params(store=store)) for name, network in networks]

    def head(transformer):
        return FineTuneClassifier(make_pipeline(transformer, StandardScaler()), random_state=0)

    def single(number):
        return lambda store: head(stored(store)[number][1])

    def voting(store):
        return MajorityVoteFusion([(name, head(network)) for name, network in stored(store)])

    def recipe(store):
        epochs = 2 if quick else covid_ct.RECIPE["epochs"]
        return covid_ct(extractors=stored(store), validation="tail", epochs=epochs)

    def strong(variant):
        def make(store):
            model = covid_ct_strong(extractors=stored(store), variant=variant)
            return _shrunk(model) if quick else model

        return make

    def end_to_end(**parameters):
        # The first network, which is the smallest: every fold trains its layers.
        return lambda store: FineTuneClassifier(stored(store)[0][1], random_state=0, **parameters)

    def with_copies(store):
        augmenter = ImageAugmenter(2, random_state=0)
        return AugmentedClassifier(models["concatenated"](store), augmenter, test_copies=2)

    tuning = {"unfreeze": 0.33, "fine_tune_learning_rate": 3e-4, "weight_averaging": 0.9}
    models = {f"{name} alone": single(number) for number, (name, _) in enumerate(networks)}
    models[_UNTUNED] = end_to_end(**({"epochs": 2} if quick else {}))
    models[_TUNED] = end_to_end(**tuning, **({"epochs": 2, "fine_tune_epochs": 1} if quick else {}))
    models["concatenated"] = lambda store: head(ConcatFusion(stored(store)))
    models["concatenated, with copies"] = with_copies
    models["vote"] = voting
    models["the recipe, literally"] = recipe
    # What stands inside the classifier that adds mirror images.
    models["strong, fast, no mirror images"] = lambda store: strong("fast")(store).estimator
    models["strong, fast"] = strong("fast")
    models["strong, full"] = strong("full")
    return models


def _shrunk(model):
    names = [name for name in model.get_params() if name.endswith("__input_size")]
    return model.set_params(**dict.fromkeys(names, 32))


def _judge(name, make, dataset, n_repeats):
    """Fit once from nothing, for the time; then cross-validate on the features kept."""
    model = make(FeatureStore())
    start = time.perf_counter()
    clone(model).fit(dataset.data, dataset.target)
    seconds = time.perf_counter() - start
    evaluation = evaluate(
        model,
        dataset.data,
        dataset.target,
        n_repeats=n_repeats,
        positive=dataset.pos_label,
        grain_control=True,
    )
    print(f"\n{name}: fitted in {seconds:.0f} seconds\n{evaluation}", file=sys.stderr, flush=True)
    row = {
        "name": name,
        "plain": _figures(evaluation),
        "by_patient": _figures(evaluation.by_patient()),
        "grain": _figures(evaluation.grain_control),
        "seconds": seconds,
        "cautions": list(evaluation.cautions),
    }
    return row, evaluation


def _figures(evaluation):
    """Estimate, low and high of each score."""
    return as_intervals(evaluation.scores)


def as_intervals(scores):
    """Take estimate, low and high of each score that is shown.

    Parameters
    ----------
    scores : dict of str to BootstrapInterval
        Of an evaluation, or differences of two.

    Returns
    -------
    intervals : dict of str to list of float
        By name.
    """
    return {name: list(scores[name]) for name in _SCORES}


def _hold_against_goals(report, name, row, evaluation):
    accuracy, area, seconds = _GOALS[name]
    report.at_least(f"{name}: accuracy", [row["plain"]["accuracy"][0]], accuracy, "")
    report.at_least(f"{name}: area under the curve", [row["plain"]["roc_auc"][0]], area, "")
    report.at_most(f"{name}: fit of all pictures", [row["seconds"]], seconds, "s")
    if name == "strong, full":
        for score, wanted in zip(("accuracy", "roc_auc"), _GRAIN_GOALS, strict=True):
            value = evaluation.grain_control.scores[score].estimate
            report.at_least(f"{name}, without fine grain: {score}", [value], wanted, "")


def _hold_fine_tuning_against_goals(report, evaluations):
    gained = evaluations[_TUNED].compare(evaluations[_UNTUNED])
    for score in ("accuracy", "roc_auc"):
        # The interval of the difference reaches 0 or lies above it: it is not worse.
        report.at_least(f"{_TUNED}: highest {score} gained", [gained[score].high], 0, "")
    report.at_least(f"{_TUNED}: area under the curve gained", [gained["roc_auc"].low], 0, "")


def _leak(networks, dataset, n_repeats):
    """One model on the same pictures, split honestly and not."""
    X, y = dataset.data, dataset.target
    store = FeatureStore()
    model = _models([(name, clone(network)) for name, network in networks], False)["concatenated"]
    model = model(store)
    common = {"n_repeats": n_repeats, "positive": dataset.pos_label, "shortcut": False}
    unknown = np.array([reference.with_group(None) for reference in X], dtype=object)
    copies, labels = ImageAugmenter(2, random_state=0).fit_resample(unknown, y)
    rows = {
        "by patient": evaluate(model, X, y, **common),
        "by picture": evaluate(model, unknown, y, **common),
        "by picture, with copies made before the split": _torn(
            model, copies, labels, dataset.pos_label
        ),
    }
    return [{"name": name, "plain": _figures(evaluation)} for name, evaluation in rows.items()]


def _torn(model, X, y, positive):
    """Split copies of one picture over both sides, which ``evaluate`` refuses to do."""
    # The head finds out whose copies they are, and would keep them apart in its own validation.
    classes, proba = np.unique(y), np.empty((len(y), 2))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        proba[test] = clone(model).fit(X[train], y[train]).predict_proba(X[test])
    return Evaluation(y, proba, classes, positive, np.arange(len(y)))
