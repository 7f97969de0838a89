"""The command ``fusionlearn evaluate``: what a preset, or a saved model, is worth."""

import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import fusionlearn

from .._hints import did_you_mean
from ._config_file import read_config
from ._data import LABELLED, POSITIVE, check_positive, count_data, describe, load_data
from ._estimators import MADE, make_estimator, network_names
from ._judging import FOLDING, cross_validate, tell_evaluation, write_report
from ._options import FILE, Command, Option, UsageError
from ._outputs import check_new, check_out
from ._pictures import MODEL, TRUST, load_model
from ._train import TRAIN


def _evaluate(options, console):
    if options.model is not None:
        _judge(options, console)
        return
    if options.out is not None:
        check_out(options.out, [options.data, options.weights, options.store, options.config])
        check_new([options.out], options.force)
    dataset = load_data(options)
    positive = check_positive(options, dataset)
    console.note(describe(dataset))
    estimator = make_estimator(options, console)
    networks = network_names(estimator)
    console.note(f"Preset {options.preset}, networks {', '.join(networks)}.")
    evaluation = cross_validate(options, console, estimator, dataset, positive)
    console.say(f"{evaluation}")
    console.detail(f"Fitting and predicting took {evaluation.seconds:.1f} s.")
    document = {
        "preset": options.preset,
        "networks": networks,
        **count_data(dataset),
        **tell_evaluation(evaluation),
    }
    if options.out is not None:
        write_report(
            options.out,
            console,
            estimator,
            dataset,
            evaluation,
            cv=options.cv,
            random_state=options.seed,
        )
        document["report"] = options.out
    console.give(document)


# a saved model


def _judge(options, console):
    """Score a saved model on pictures that it has not seen."""
    for option in (*FOLDING, *MADE[:2], _OUT):
        if option.key in options.given:
            raise UsageError(
                f"--{option.name} is for the cross-validation of a preset; a saved model is "
                "judged as it is."
            )
    dataset = load_data(options)
    positive = check_positive(options, dataset)
    model = load_model(options)
    if not hasattr(model, "predict_proba"):
        raise ValueError(f"{options.model!r} gives no probabilities, which scores are made of.")
    _check_labels(options, model, dataset)
    console.note(describe(dataset))
    seen = _compare_with_training(options.model, dataset)
    if seen["same_pictures"]:
        raise ValueError(
            f"{options.model!r} was trained on {seen['same_pictures']} of these "
            f"{len(dataset.data)} pictures, so that scores would be too good. Give others, or "
            f"cross-validate: fusionlearn evaluate --config {seen['config']}"
        )
    if seen["same_patients"]:
        console.warn(
            f"{len(seen['same_patients'])} patients are called as in the training data "
            f"({seen['same_patients'][0]!r} for example). If they are the same people, scores are "
            "too good."
        )
    if not seen["checked"]:
        console.warn(
            "whether the model was trained on some of these pictures or patients could not be "
            f"found out: {seen['reason']}. If it was, scores are too good."
        )
    # Labels of a folder are texts, whatever the model was trained on.
    classes, order = np.unique(np.asarray(model.classes_).astype(str), return_index=True)
    references = fusionlearn.check_images(dataset.data)
    evaluation = fusionlearn.model_selection.Evaluation(
        y_true=dataset.target,
        y_proba=model.predict_proba(references)[:, order],
        classes=classes,
        positive=classes[-1] if positive is None else positive,
        groups=fusionlearn.get_groups(references),
        patients_known=dataset.groups is not None,
    )
    console.say(f"{evaluation}")
    console.give(
        {
            "model": options.model,
            **count_data(dataset),
            "seen": seen,
            **tell_evaluation(evaluation),
        }
    )


def _check_labels(options, model, dataset):
    known = [str(label) for label in model.classes_]
    for label in np.unique(dataset.target).tolist():
        if label not in known:
            raise ValueError(
                f"{options.data!r} has the class {label!r}, which {options.model!r} does not know."
                f"{did_you_mean(label, known)} It knows: {', '.join(known)}."
            )
    if len(np.unique(dataset.target)) < 2:
        raise ValueError(
            f"{options.data!r} has pictures of the class {dataset.target[0]!r} only; wanted two "
            "classes or more, without which a score says nothing."
        )


def _compare_with_training(model, dataset):
    """Look whether a model has seen these pictures, by the config file that lies beside it.

    A model keeps no list of the pictures that it was trained on, so that nobody can ask it
    whether somebody's picture was among them.
    """
    seen = {"checked": False, "same_pictures": 0, "same_patients": []}
    config = Path(model).with_suffix(".toml")
    if not config.exists():
        return {**seen, "reason": f"there is no {str(config)!r}, which fusionlearn train writes"}
    seen["config"] = str(config)
    try:
        options = SimpleNamespace(**{**TRAIN.defaults, **read_config(str(config), TRAIN)})
        if options.data is None:
            raise ValueError("it names no data")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fusionlearn.exceptions.DataWarning)
            training = load_data(options)
        digests = [{each.digest for each in part.data} for part in (training, dataset)]
    except (OSError, ValueError) as error:
        return {**seen, "reason": f"{str(config)!r} does not lead to its training data ({error})"}
    seen["same_pictures"] = len(digests[0] & digests[1])
    if training.groups is not None and dataset.groups is not None:
        seen["same_patients"] = sorted({*training.groups.tolist()} & {*dataset.groups.tolist()})
    return {**seen, "checked": True}


def _arrange(given):
    """One name is that of the pictures, two are a model and pictures."""
    if "model" in given and "data" not in given and not given["model"].endswith(".fusion"):
        return {**{key: given[key] for key in given if key != "model"}, "data": given["model"]}
    return given


_OUT = Option(
    "out", "write a report, as fusionlearn report does, of the cross-validation", FILE, "FILE.html"
)
EVALUATE = Command(
    name="evaluate",
    summary="score a preset by cross-validation, or a saved model on new pictures",
    description=(
        "Without a model: cross-validates what a preset describes. Every picture is predicted by "
        "a classifier that saw no picture of its patient, and beside the scores stands what the "
        "files alone would score. With a model: judges it on pictures that it has not seen. "
        "Scores have 95 % intervals, by picture and by patient."
    ),
    options=(
        replace(MODEL, required=False),
        *LABELLED,
        POSITIVE,
        *MADE,
        *FOLDING,
        TRUST,
        _OUT,
    ),
    run=_evaluate,
    arrange=_arrange,
    examples=(
        "evaluate scans/ --group-pattern '(patient[0-9]+)'",
        "evaluate --config model.toml --repeats 3 --grain-control",
        "evaluate model.fusion other-hospital/",
        "evaluate scans/ --json > scores.json",
    ),
)
