"""The command ``fusionlearn train``: from a folder to a model in a file."""

import os
import time
from pathlib import Path

import numpy as np

import fusionlearn

from ..model_selection._inner_folds import check_inner_folds
from ._config_file import config_text, read_config, write_config
from ._data import LABELLED, count_data, describe, load_data, warn_of_mixed_patients
from ._estimators import MADE, make_estimator, network_names
from ._options import FILE, Command, Option, UsageError
from ._outputs import check_new, check_out


def _train(options, console):
    out = Path(options.out)
    config = out.with_suffix(".toml")
    _check_out(options, out, config)
    dataset = load_data(options)
    console.note(describe(dataset))
    warn_of_mixed_patients(options, console, dataset)
    estimator = make_estimator(options, console, epochs=True)
    networks = network_names(estimator)
    console.note(f"Preset {options.preset}, networks {', '.join(networks)}.")
    patients = fusionlearn.get_groups(fusionlearn.check_images(dataset.data))
    check_inner_folds(estimator, np.asarray(dataset.target), patients)
    audit = fusionlearn.model_selection.audit_leakage(
        dataset.data, dataset.target, verbose=int(console.progress)
    )
    for finding in audit.findings:
        if finding.leaks:
            console.warn(f"scores of these pictures would be too good. {finding.text}")
        else:
            console.detail(f"note: {finding.text}")
    start = time.perf_counter()
    estimator.fit(dataset.data, dataset.target)
    seconds = time.perf_counter() - start
    fusionlearn.save(estimator, out)
    keeps = options.config is not None and _is_same(config, options.config)
    if not keeps or options.force:
        write_config(config, TRAIN, _recipe(vars(options)))
    console.say(f"Trained in {seconds:.1f} s. Written: {out} and {config}.")
    console.note(
        "No score is given, since every picture was used for training. "
        f"For one by cross-validation: fusionlearn evaluate --config {config}\n"
        "A model's predictions are no diagnosis."
    )
    console.give(
        {
            "model": str(out),
            "config": str(config),
            "preset": options.preset,
            "networks": networks,
            **count_data(dataset),
            "leaks": [finding.text for finding in audit.findings if finding.leaks],
            "seconds": seconds,
        }
    )


def _check_out(options, out, config):
    """See that the files can be written before anything is computed."""
    if out.suffix == ".toml":
        raise UsageError(f"--out {str(out)!r}: wanted a name for a model, such as model.fusion.")
    inputs = [options.data, options.weights, options.store]
    check_out(out, [*inputs, options.config])
    check_out(config, inputs)
    check_new([out], options.force)
    if options.force or not config.exists():
        return
    if options.config is None or not _is_same(config, options.config):
        raise ValueError(
            f"{str(config)!r} is there already, and this run would write one of its own; pass "
            "--force to replace it, or another --out."
        )
    written = {**TRAIN.defaults, **read_config(str(config), TRAIN)}
    texts = [config_text(config, TRAIN, _recipe(each)) for each in (written, vars(options))]
    if texts[0] != texts[1]:
        raise ValueError(
            f"{str(config)!r} says something else than this line, and what it says would be "
            "replaced; pass --force to do so, or another --out."
        )


def _recipe(values):
    """What makes the model: how much is told of it does not."""
    return {option.key: values[option.key] for option in TRAIN.options}


def _is_same(path, other):
    return os.path.exists(path) and os.path.samefile(path, other)


TRAIN = Command(
    name="train",
    summary="train a model on a folder of pictures, and write it to a file",
    description=(
        "Trains what a preset describes on all pictures of a folder, and writes the model, and "
        "beside it a config file that trains it again. It gives no score: for one see "
        "fusionlearn evaluate."
    ),
    options=(
        *LABELLED,
        *MADE,
        Option(
            "out",
            "the model; beside it, with .toml in the place of its suffix, a config file that "
            "trains it again",
            FILE,
            "FILE",
            required=True,
        ),
    ),
    run=_train,
    examples=(
        "train scans/ --out model.fusion",
        "train scans/ --group-pattern '(patient[0-9]+)' --weights keras-weights/ --out m.fusion",
        "train covid-ct/ --preset covid_ct --set fusion=vote --set 'backbones=[\"VGG16\"]' "
        "--out m.fusion",
        "train --config model.toml --out again.fusion",
    ),
)
