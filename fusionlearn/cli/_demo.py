"""The whole way in a few minutes, with figures."""

import contextlib
import io
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..backbones import get_engine
from ..datasets import load_covid_ct, load_image_folder, make_ct_phantoms
from ..exceptions import BackboneWeightsError
from ..features import FeatureStore, extractors_from_folder, make_extractors
from ..images import get_groups
from ..inspection import AugmentationDisplay, ClassDistributionDisplay, HistoryDisplay
from ..model_selection import audit_leakage, evaluate, make_shortcut_baseline
from ..presets import covid_ct

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


def run_demo(*, data=None, group_pattern=None, weights=None, out="fusionlearn-demo", progress=True):
    """Cross-validate single networks, concat and vote, and draw the recipe's figures.

    Parameters
    ----------
    data : path or None, default=None
        Folder with a folder per class, COVID-CT, or a CSV file; None makes synthetic chest
        slices.

    group_pattern : str or None, default=None
        Regular expression with one group that finds the patient in a picture's path.

    weights : path or None, default=None
        Folder with Keras weights files; None takes ImageNet weights where they can be
        had, and untrained networks otherwise.

    out : path, default="fusionlearn-demo"
        Folder for the figures and the features.

    progress : bool, default=True
        Whether progress bars and downloads are shown, on standard error.

    Raises
    ------
    ValueError
        If a class has pictures of one patient only, or the pictures cannot be loaded.

    BackboneWeightsError
        If there are no weights files in ``weights``.

    NotADirectoryError
        If ``out`` is a file.
    """
    start = time.perf_counter()
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{str(out)!r} is a file; wanted a folder for the figures.")
    dataset = _load(data, group_pattern)
    n_folds = _count_folds(dataset)
    _describe(dataset)
    print(f"\nAudit of {audit_leakage(dataset.data, dataset.target)}\n", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    store = FeatureStore(out / "features.db")
    networks = _networks(weights, store, verbose=int(progress))
    print(f"Networks: {', '.join(name for name, _ in networks)}", flush=True)

    models = _models(networks)
    _extract(networks, dataset, models["concat"].augmenter, store)
    _cross_validate(dataset, models, n_folds)
    classifier = models["concat"].fit(dataset.data, dataset.target)
    figures = _draw(dataset, classifier)
    print()
    for name, display in figures.items():
        display.figure_.savefig(out / name, dpi=150, bbox_inches="tight")
        print(f"Written: {out / name}")
    print(
        f"\nDone in {time.perf_counter() - start:.0f} s. The figures describe these pictures and "
        "this run; nothing here is a diagnosis."
    )


def _load(data, group_pattern):
    if data is None:
        if group_pattern is not None:
            raise ValueError("a pattern for patients was given, but no data; give both or none.")
        return make_ct_phantoms(n_samples=160, image_size=_INPUT_SIZE)
    folder = Path(data)
    is_covid_ct = any((folder / place).is_dir() for place in ("CT_COVID", "Images-processed"))
    if is_covid_ct and group_pattern is None:
        return load_covid_ct(folder)
    return load_image_folder(folder, group_pattern=group_pattern)


def _count_folds(dataset):
    """Count folds of which each has a patient of every class."""
    groups = get_groups(dataset.data)
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


def _describe(dataset):
    n_pictures = len(dataset.data)
    if dataset.groups is None:
        text = (
            f"{n_pictures} pictures. No patients are known: each picture counts as a patient of "
            "its own, and figures are too good if one patient has several. If paths hold the "
            "patient, say where: --group-pattern '(patient[0-9]+)'."
        )
    else:
        text = f"{n_pictures} pictures of {len(set(dataset.groups))} patients."
    print(text, flush=True)


def _networks(weights, store, verbose):
    common = {"store": store, "verbose": verbose, "input_size": _INPUT_SIZE}
    if weights is not None:
        return extractors_from_folder(weights, **{**common, "input_size": None})
    networks = make_extractors(*_NETWORKS, **common)
    try:
        # Keras tells about downloads on standard output, which is for results.
        with contextlib.redirect_stdout(sys.stderr if verbose else io.StringIO()):
            for _, network in networks:
                get_engine(network.job().network)
    except BackboneWeightsError:
        print(
            "ImageNet weights could not be had, so the networks are untrained: expect low scores, "
            "and pass --weights FOLDER if you have Keras weights files.",
            flush=True,
        )
        # Features of an untrained network hardly differ from picture to picture.
        return [
            (name, make_pipeline(network, StandardScaler()))
            for name, network in make_extractors(*_NETWORKS, weights=None, **common)
        ]
    return networks


def _models(networks):
    parts = {name: {"extractors": [(name, network)]} for name, network in networks}
    parts["concat"] = {"extractors": networks, "fusion": "concat"}
    parts["vote"] = {"extractors": networks, "fusion": "vote"}
    return {
        name: covid_ct(n_copies=_N_COPIES, **_HEAD, **parameters)
        for name, parameters in parts.items()
    }


def _extract(networks, dataset, augmenter, store):
    """Compute all features up front, so that the progress bar is one for each network."""
    start, before = time.perf_counter(), store.stats()["computed"]
    pictures, _ = augmenter.fit_resample(dataset.data, dataset.target)
    for _, network in networks:
        network.fit_transform(pictures)
    computed = store.stats()["computed"] - before
    print(
        f"{len(pictures)} pictures and copies, {len(networks)} networks: {computed} rows of "
        f"features computed, {len(pictures) * len(networks) - computed} found in the store, in "
        f"{time.perf_counter() - start:.0f} s.",
        flush=True,
    )


def _cross_validate(dataset, models, n_folds):
    unit = "picture" if dataset.groups is None else "patient"
    print(f"\nCross-validation by {unit}, {n_folds} folds; 95 % intervals from resampling {unit}s")
    print(f"  {'':<22}{'accuracy':^24}{'F1':^24}{'AUC':^24}{'seconds':>8}")
    evaluations = {}
    for name, model in {_FILE_ALONE: make_shortcut_baseline(), **models}.items():
        evaluation = evaluate(
            model,
            dataset.data,
            dataset.target,
            cv=n_folds,
            positive=dataset.pos_label,
            scoring=["accuracy", "f1", "roc_auc"],
            shortcut=False,
        )
        print(f"{_row(name, evaluation)}{evaluation.seconds:>8.1f}", flush=True)
        evaluations[name] = evaluation
    if dataset.groups is not None:
        _print_by_patient(evaluations)
    if len(evaluation.classes) == 2:
        print(f"F1 and AUC are about the class {str(evaluation.positive)!r}.")
    else:
        print(f"F1 and AUC are means over the {len(evaluation.classes)} classes.")
    file_alone = evaluations.pop(_FILE_ALONE)
    gained = [evaluation.compare(file_alone)["roc_auc"] for evaluation in evaluations.values()]
    if max(difference.low for difference in gained) <= 0:
        print(
            "No model was shown to rank better than a forest that sees only how files are stored: "
            "they may have learned where pictures come from rather than what they show."
        )


def _print_by_patient(evaluations):
    print("The same by patient, mean of its pictures")
    try:
        for name, evaluation in evaluations.items():
            print(_row(name, evaluation.by_patient()), flush=True)
    except ValueError as error:
        print(f"  There are no scores by patient. {error}")


def _row(name, evaluation):
    cells = [
        f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        for interval in evaluation.scores.values()
    ]
    return f"  {name:<22}" + "".join(f"{cell:^24}" for cell in cells)


def _draw(dataset, classifier):
    head = classifier.estimator_[-1]
    return {
        "figure-1-2-enhancement.png": AugmentationDisplay.from_augmenter(
            classifier.augmenter_, dataset.data[:: max(1, len(dataset.data) // 3)], n_copies=4
        ),
        "figure-4-distribution.png": ClassDistributionDisplay.from_dataset(dataset),
        "figure-6-accuracy.png": HistoryDisplay.from_estimator(head, metric="accuracy"),
        "figure-7-loss.png": HistoryDisplay.from_estimator(head, metric="loss"),
    }
