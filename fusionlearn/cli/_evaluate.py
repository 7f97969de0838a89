"""The command ``fusionlearn evaluate``: what a preset, or a saved model, is worth."""

from dataclasses import replace

import numpy as np

import fusionlearn

from .._hints import did_you_mean
from ._data import (
    LABELLED,
    POSITIVE,
    check_positive,
    count_data,
    describe,
    load_data,
    warn_of_mixed_patients,
)
from ._estimators import MADE, make_estimator, network_names
from ._judging import FOLDING, PAGE, check_page, cross_validate, tell_evaluation, write_page
from ._options import FILE, Command, Option, UsageError
from ._outputs import check_new, check_out, check_page_name
from ._pictures import MODEL, TRUST, load_model
from ._training_data import compare_with_training, judge_files


def _evaluate(options, console):
    if options.model is not None:
        _judge(options, console)
        return
    check_page(options)
    if options.out is not None:
        check_out(options.out, [options.data, options.weights, options.store, options.config])
        check_new([options.out], options.force)
        check_page_name(options.out)
    dataset = load_data(options)
    names = dataset.target_names.tolist()
    console.note(describe(dataset))
    positive = check_positive(options, console, names, dataset.pos_label)
    warn_of_mixed_patients(options, console, dataset)
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
        write_page(options, console, estimator, dataset, evaluation)
        document["report"] = options.out
    console.give(document)


# a saved model


def _judge(options, console):
    """Score a saved model on pictures that it has not seen."""
    for option in (*FOLDING, *MADE[:2], _OUT, *PAGE):
        if option.key in options.given:
            raise UsageError(
                f"--{option.name} is for the cross-validation of a preset; a saved model is "
                "judged as it is."
            )
    dataset = load_data(options)
    model = load_model(options)
    if not hasattr(model, "predict_proba"):
        raise ValueError(f"{options.model!r} gives no probabilities, which scores are made of.")
    _check_labels(options, model, dataset)
    # Labels of a folder are texts, whatever the model was trained on.
    classes, order = np.unique(np.asarray(model.classes_).astype(str), return_index=True)
    console.note(describe(dataset))
    positive = check_positive(options, console, classes.tolist(), dataset.pos_label)
    warn_of_mixed_patients(options, console, dataset)
    training, seen = compare_with_training(options.model, dataset)
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
    references = fusionlearn.check_images(dataset.data)
    proba, how = judge_files(training, dataset, classes, positive)
    evaluation = fusionlearn.model_selection.Evaluation(
        y_true=dataset.target,
        y_proba=model.predict_proba(references)[:, order],
        classes=classes,
        positive=positive,
        groups=fusionlearn.get_groups(references),
        patients_known=dataset.groups is not None,
    )
    if proba is not None:
        evaluation = replace(evaluation, shortcut=replace(evaluation, y_proba=proba))
    console.say(f"{evaluation}")
    console.say(how)
    console.give(
        {
            "model": options.model,
            **count_data(dataset),
            "seen": seen,
            "file_alone": how,
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
    missing = [label for label in known if label not in dataset.target]
    if missing:
        raise ValueError(
            f"{options.data!r} has no picture of the class {missing[0]!r}, which {options.model!r} "
            "knows; wanted pictures of every class, without which scores say nothing."
        )


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
        "files alone would score. With a model: judges it on pictures that it has not seen, beside "
        "the same. "
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
        *PAGE,
    ),
    run=_evaluate,
    arrange=_arrange,
    examples=(
        "evaluate scans/ --group-pattern '(patient[0-9]+)'",
        "evaluate --config model.toml --repeats 3 --grain-control",
        "evaluate scans/ --out report.html --title 'Chest CT, March' --no-show-pictures",
        "evaluate model.fusion other-hospital/",
        "evaluate scans/ --json > scores.json",
    ),
)
