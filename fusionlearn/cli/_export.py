"""The command ``fusionlearn export``: a saved model as one graph that runs elsewhere."""

import os
from dataclasses import asdict
from types import SimpleNamespace

import fusionlearn

from ._data import GROUP_PATTERN, POSITIVE, SPLIT
from ._estimators import STORE
from ._model_scores import judge_model
from ._options import FILE, FOLDER, TEXT, Command, Option, UsageError, choice
from ._outputs import check_new, check_not_read
from ._pictures import MODEL, MODEL_WEIGHTS, TRUST, find_pictures, load_model


def _export(options, console):
    for option in _ABOUT_DATA:
        if options.evaluate is None and option.key in options.given:
            raise UsageError(
                f"--{option.name} is about the pictures of --evaluate, and there are none."
            )
    inputs = [options.model, options.weights, options.store, options.evaluate]
    pictures, others = find_pictures(options.compare) if options.compare else ([], [])
    if others:
        raise ValueError(f"--compare: {others[0]!r} has not the extension of a picture.")
    check_not_read(options.out, [*inputs, *pictures])
    check_new([options.out, f"{options.out}.json", f"{options.out}.md"], options.force)
    if os.path.isdir(options.out) and not options.force:
        raise ValueError(f"{options.out!r} is there already; pass --force to replace it.")
    evaluation = None
    if options.evaluate is None:
        model = load_model(options, multilabel=True)
    else:
        judged = SimpleNamespace(**{**vars(options), "data": options.evaluate})
        model, evaluation, document = judge_model(judged, console)
        console.say(f"{evaluation}")
        console.say(document["file_alone"])
    exported = fusionlearn.export(
        model,
        options.out,
        options.format,
        X=pictures or None,
        license=options.license,
        intended_use=options.intended_use,
        evaluation=evaluation,
        title=options.title,
        verbose=console.progress,
    )
    console.say(
        f"Written: {exported}. Its model card is {exported.path}.md. Its probabilities are no "
        "diagnosis, there as here."
    )
    console.give(asdict(exported))


_ABOUT_DATA = (GROUP_PATTERN, SPLIT, POSITIVE)
EXPORT = Command(
    name="export",
    summary="write a saved model as one graph that runs without Python, or without this library",
    description=(
        "Writes a graph from pixels of any size to probabilities, resizing and preprocessing "
        "included, with its metadata (JSON) and a model card (Markdown) beside it. What was "
        "written is run and compared with the model before it takes its place."
    ),
    options=(
        MODEL,
        Option(
            "out",
            "what is written; its suffix says the format: .keras, .onnx, .xml (OpenVINO), .tflite "
            "(LiteRT)",
            FILE,
            "PATH",
            required=True,
        ),
        Option(
            "format",
            "for a path without such a suffix, as the folder of a saved_model",
            choice(lambda: list(fusionlearn.exporting.FORMATS), "a format"),
            "NAME",
        ),
        Option(
            "compare",
            "files, or folders with pictures, of which eight are compared too; can be repeated",
            FILE,
            "PICTURE",
            many=True,
        ),
        # Of another name than "data", which in a config file are those of the training.
        Option(
            "evaluate",
            "labelled pictures that the model has not seen, as fusionlearn evaluate takes them; "
            "its scores on them stand in its card",
            FOLDER,
            "FOLDER",
        ),
        *_ABOUT_DATA,
        Option("title", "first line of the model card", TEXT, "TEXT"),
        Option("license", "licence of the model, for its card", TEXT, "TEXT"),
        Option("intended-use", "what the model is for, for its card", TEXT, "TEXT"),
        MODEL_WEIGHTS,
        STORE,
        TRUST,
    ),
    run=_export,
    examples=(
        "export model.fusion --out model.onnx --compare scans/",
        "export model.fusion --out model.onnx --evaluate other-hospital/ --license CC-BY-4.0",
        "export model.fusion --out served/ --format saved_model",
    ),
)
