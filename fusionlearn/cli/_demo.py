"""The command ``fusionlearn demo``: the whole way in a few minutes, with figures."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import fusionlearn

from ..exceptions import BackboneWeightsError
from ._data import (
    GROUP_PATTERN,
    OTHER_DATA,
    SPLIT,
    count_data,
    describe,
    load_data,
    warn_of_mixed_patients,
)
from ._estimators import WEIGHTS
from ._judging import tell_evaluation, write_report
from ._options import FOLDER, Command, Option, UsageError

# Small networks with small downloads: the demo shows the way, not the best figure.
_NETWORKS = ("MobileNet", "MobileNetV2", "DenseNet121")
_INPUT_SIZE = 128
_N_COPIES = 2
_MAX_FOLDS = 4
_FILE_ALONE = "file alone, no pixel"
# FineTuneClassifier's own defaults instead of the paper's learning rate, which is so small
# that it takes far longer.
_HEAD = {
    "learning_rate": 1e-3,
    "batch_size": 32,
    "validation_fraction": 0.2,
    "early_stopping": True,
}


def _demo(options, console):
    start = time.perf_counter()
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{str(out)!r} is a file; wanted a folder for the figures.")
    dataset = _load(options)
    n_folds = _count_folds(dataset)
    console.say(describe(dataset))
    warn_of_mixed_patients(options, console, dataset)
    out.mkdir(parents=True, exist_ok=True)
    store = fusionlearn.FeatureStore(out / "features.db")
    networks = _networks(options.weights, store, console)
    console.say(f"Networks: {', '.join(name for name, _ in networks)}")
    audit = fusionlearn.model_selection.audit_leakage(
        dataset.data, dataset.target, verbose=int(console.progress)
    )
    console.say(f"\nAudit of {audit}\n")

    models = _models(networks)
    _extract(networks, dataset, models["concat"].augmenter, store, console)
    evaluations = _cross_validate(dataset, models, n_folds, console)
    classifier = models["concat"].fit(dataset.data, dataset.target)
    figures = _draw(dataset, classifier)
    console.say("")
    for name, display in figures.items():
        display.figure_.savefig(out / name, dpi=150, bbox_inches="tight")
        console.say(f"Written: {out / name}")
    page = out / "report.html"
    judged = replace(evaluations["concat"], shortcut=evaluations[_FILE_ALONE], scoring=None)
    write_report(page, console, models["concat"], dataset, judged, cv=n_folds)
    console.say(
        f"\nDone in {time.perf_counter() - start:.0f} s. The figures describe these pictures and "
        "this run; nothing here is a diagnosis."
    )
    console.give(
        {
            **count_data(dataset),
            "networks": [name for name, _ in networks],
            "models": {name: tell_evaluation(each) for name, each in evaluations.items()},
            "figures": [str(out / name) for name in figures],
            "report": str(page),
        }
    )


def _load(options):
    if options.data is not None:
        return load_data(options)
    for option in (GROUP_PATTERN, SPLIT):
        if getattr(options, option.key) is not None:
            raise UsageError(f"--{option.name} was given, but no --data; give both or none.")
    return fusionlearn.datasets.make_ct_phantoms(n_samples=160, image_size=_INPUT_SIZE)


def _count_folds(dataset):
    """Count folds of which each has a patient of every class."""
    groups = fusionlearn.get_groups(dataset.data)
    n_patients = {
        str(label): len(np.unique(groups[dataset.target == label]))
        for label in dataset.target_names
    }
    fewest = min(n_patients, key=n_patients.get)
    if n_patients[fewest] < 2:
        raise ValueError(
            f"the class {fewest!r} has pictures of one patient; wanted two or more, so that each "
            "can be judged by a model that has not seen it. Add pictures of other patients."
        )
    return min(_MAX_FOLDS, n_patients[fewest])


def _networks(weights, store, console):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    common = {"store": store, "verbose": int(console.progress)}
    if weights is not None:
        return fusionlearn.features.extractors_from_folder(weights, **common)
    common["input_size"] = _INPUT_SIZE
    networks = fusionlearn.make_extractors(*_NETWORKS, **common)
    try:
        for _, network in networks:
            fusionlearn.backbones.get_engine(network.job().network)
    except BackboneWeightsError:
        console.say(
            "ImageNet weights could not be had, so the networks are untrained: expect low scores, "
            "and pass --weights FOLDER if you have Keras weights files."
        )
        # Features of an untrained network hardly differ from picture to picture.
        return [
            (name, make_pipeline(network, StandardScaler()))
            for name, network in fusionlearn.make_extractors(*_NETWORKS, weights=None, **common)
        ]
    return networks


def _models(networks):
    parts = {name: {"extractors": [(name, network)]} for name, network in networks}
    parts["concat"] = {"extractors": networks, "fusion": "concat"}
    parts["vote"] = {"extractors": networks, "fusion": "vote"}
    return {
        name: fusionlearn.presets.covid_ct(n_copies=_N_COPIES, **_HEAD, **parameters)
        for name, parameters in parts.items()
    }


def _extract(networks, dataset, augmenter, store, console):
    """Compute all features up front, so that the progress bar is one for each network."""
    start, before = time.perf_counter(), store.stats()["computed"]
    pictures, _ = augmenter.fit_resample(dataset.data, dataset.target)
    for _, network in networks:
        network.fit_transform(pictures)
    computed = store.stats()["computed"] - before
    console.say(
        f"{len(pictures)} pictures and copies, {len(networks)} networks: {computed} rows of "
        f"features computed, {len(pictures) * len(networks) - computed} found in the store, in "
        f"{time.perf_counter() - start:.0f} s."
    )


def _cross_validate(dataset, models, n_folds, console):
    unit = "picture" if dataset.groups is None else "patient"
    console.say(
        f"\nCross-validation by {unit}, {n_folds} folds; 95 % intervals from resampling {unit}s\n"
        f"  {'':<22}{'accuracy':^24}{'F1':^24}{'AUC':^24}{'seconds':>8}"
    )
    baseline = fusionlearn.model_selection.make_shortcut_baseline()
    evaluations = {}
    for name, model in {_FILE_ALONE: baseline, **models}.items():
        evaluation = fusionlearn.model_selection.evaluate(
            model,
            dataset.data,
            dataset.target,
            cv=n_folds,
            positive=dataset.pos_label,
            scoring=["accuracy", "f1", "roc_auc"],
            shortcut=False,
        )
        console.say(f"{_row(name, evaluation)}{evaluation.seconds:>8.1f}")
        evaluations[name] = evaluation
    if dataset.groups is not None:
        _say_by_patient(evaluations, console)
    if len(evaluation.classes) == 2:
        console.say(f"F1 and AUC are about the class {str(evaluation.positive)!r}.")
    else:
        console.say(f"F1 and AUC are means over the {len(evaluation.classes)} classes.")
    file_alone = evaluations[_FILE_ALONE]
    gained = [evaluations[name].compare(file_alone)["roc_auc"] for name in models]
    if max(difference.low for difference in gained) <= 0:
        console.say(
            "No model was shown to rank better than a forest that sees only how files are stored: "
            "they may have learned where pictures come from rather than what they show."
        )
    return evaluations


def _say_by_patient(evaluations, console):
    console.say("The same by patient, mean of its pictures")
    try:
        for name, evaluation in evaluations.items():
            console.say(_row(name, evaluation.by_patient()))
    except ValueError as error:
        console.say(f"  There are no scores by patient. {error}")


def _row(name, evaluation):
    cells = [
        f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        for interval in evaluation.scores.values()
    ]
    return f"  {name:<22}" + "".join(f"{cell:^24}" for cell in cells)


def _draw(dataset, classifier):
    inspection, head = fusionlearn.inspection, classifier.estimator_[-1]
    return {
        "figure-1-2-enhancement.png": inspection.AugmentationDisplay.from_augmenter(
            classifier.augmenter_, dataset.data[:: max(1, len(dataset.data) // 3)], n_copies=4
        ),
        "figure-3-5-fusion.png": inspection.FusionDiagramDisplay.from_estimator(classifier),
        "figure-4-distribution.png": inspection.ClassDistributionDisplay.from_dataset(dataset),
        "figure-6-accuracy.png": inspection.HistoryDisplay.from_estimator(head, metric="accuracy"),
        "figure-7-loss.png": inspection.HistoryDisplay.from_estimator(head, metric="loss"),
    }


DEMO = Command(
    name="demo",
    summary="cross-validate single networks, concat and vote, and draw the recipe's figures",
    description=(
        "Cross-validates three networks, each alone, concatenated and voting, beside what the "
        "files alone would score, and writes the recipe's figures and a report. Without --data it "
        "draws synthetic pictures; without --weights it takes ImageNet weights of three small "
        "networks, and untrained ones where those cannot be had."
    ),
    options=(
        OTHER_DATA,
        GROUP_PATTERN,
        SPLIT,
        WEIGHTS,
        Option(
            "out",
            "where figures, report and features go",
            FOLDER,
            "FOLDER",
            default="fusionlearn-demo",
        ),
    ),
    run=_demo,
    examples=(
        "demo",
        "demo --data scans/ --group-pattern '(patient[0-9]+)'",
        "demo --data scans.csv --weights keras-weights/ --out results/",
    ),
)
