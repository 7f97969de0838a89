"""The command ``fusionlearn report``: all that can be said about a preset, on one page."""

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
from ._judging import FOLDING, PAGE, cross_validate, tell_evaluation, write_page
from ._options import FILE, Command, Option
from ._outputs import check_new, check_out, check_page_name


def _report(options, console):
    check_out(options.out, [options.data, options.weights, options.store, options.config])
    check_new([options.out], options.force)
    check_page_name(options.out)
    dataset = load_data(options)
    names = dataset.target_names.tolist()
    console.note(describe(dataset))
    positive = check_positive(options, console, names, dataset.pos_label)
    warn_of_mixed_patients(options, console, dataset)
    estimator = make_estimator(options, console)
    quicker = "--set variant=fast takes half the time, and " if _has_fast(options) else ""
    console.note(
        f"Preset {options.preset}, networks {', '.join(network_names(estimator))}: cross-validated "
        f"first, then explained and drawn, which takes minutes; {quicker}with --store FILE the "
        "next page takes less."
    )
    evaluation = cross_validate(options, console, estimator, dataset, positive)
    console.say(f"{evaluation}")
    write_page(options, console, estimator, dataset, evaluation)
    console.give({"report": options.out, **count_data(dataset), **tell_evaluation(evaluation)})


def _has_fast(options):
    return options.preset == "covid_ct_strong" and not any(
        setting.startswith("variant=") for setting in options.set or ()
    )


REPORT = Command(
    name="report",
    summary="write a page with data, audit, scores, curves and errors of a preset",
    description=(
        "Cross-validates what a preset describes, and writes one HTML file that needs nothing "
        "else: what is in the data, what makes its scores too good, scores with intervals beside "
        "what files alone would score, curves, votes, explanations, errors and costs."
    ),
    options=(
        *LABELLED,
        POSITIVE,
        *MADE,
        *FOLDING,
        Option("out", "the page", FILE, "FILE.html", default="report.html"),
        *PAGE,
    ),
    run=_report,
    examples=(
        "report scans/ --out report.html",
        "report --config model.toml --repeats 3 --title 'Chest CT, March'",
    ),
)
