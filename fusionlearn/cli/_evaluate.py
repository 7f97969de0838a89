"""The command ``fusionlearn evaluate``: what a preset, or a saved model, is worth."""

from dataclasses import replace

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
from ._model_scores import judge_model
from ._options import FILE, Command, Option, UsageError
from ._outputs import check_new, check_out, check_page_name
from ._pictures import MODEL, TRUST


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
    for option in (*FOLDING, *MADE[:2], _OUT, *PAGE):
        if option.key in options.given:
            raise UsageError(
                f"--{option.name} is for the cross-validation of a preset; a saved model is "
                "judged as it is."
            )
    _, evaluation, document = judge_model(options, console)
    console.say(f"{evaluation}")
    console.say(document["file_alone"])
    console.give(document)


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
