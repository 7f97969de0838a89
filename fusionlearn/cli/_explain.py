"""The command ``fusionlearn explain``: where in a picture a saved model looks."""

import os
import warnings
from pathlib import Path

import fusionlearn

from .._bars import progress_bar
from .._hints import did_you_mean
from ..exceptions import ExplanationWarning
from ._estimators import STORE
from ._options import FOLDER, TEXT, Command, Option, choice
from ._outputs import check_new, check_not_read
from ._pictures import (
    MODEL,
    MODEL_WEIGHTS,
    PICTURES,
    TRUST,
    BadPictures,
    find_pictures,
    load_model,
)

# Pictures whose networks run together.
_BLOCK = 16
_TOLD = {
    ("gradcam", "flat"): (
        "the maps of {} picture(s) are empty, since the classifier is flat around them: no small "
        "change of their features changes the probability, as with trees, hard votes and "
        "probabilities of 0 or 1. Use --method occlusion. They are:"
    ),
    ("gradcam", "rounded"): (
        "the probability of {} picture(s) is so near to 0 or 1 that its derivatives drown in "
        "rounding, and their maps with them. Use --method occlusion. They are:"
    ),
    ("occlusion", "flat"): (
        "the maps of {} picture(s) are empty, since nothing that was hidden in them changes the "
        "probability. They are:"
    ),
}


def _explain(options, console):
    model = load_model(options)
    known = [str(label) for label in model.classes_]
    if options.target is not None and options.target not in known:
        raise ValueError(
            f"--target: {options.model!r} has no class {options.target!r}."
            f"{did_you_mean(options.target, known)} It has: {', '.join(known)}."
        )
    target = None if options.target is None else model.classes_[known.index(options.target)]
    paths, others = find_pictures(options.pictures)
    places = _places(paths, options.pictures, Path(options.out))
    for place in places.values():
        check_not_read(place, [options.model, options.weights, options.store, *paths, *others])
    check_new(places.values(), options.force)
    os.makedirs(options.out, exist_ok=True)
    bad = BadPictures(lambda: console.err)
    for path in others:
        bad.add(path, "a file without the extension of a picture")

    def explain(good):
        found, faults = _ask(model, good, method=options.method, target=target)
        return list(zip(good, found, faults, strict=True))

    documents, faulty = [], {"flat": [], "rounded": []}
    with progress_bar("explained", len(paths), unit="pictures", verbose=console.progress) as bar:
        for start in range(0, len(paths), _BLOCK):
            block = paths[start : start + _BLOCK]
            for path, explanation, fault in bad.use_good(block, explain):
                documents.append({**_draw(explanation, path, places[path]), "fault": fault})
                if fault is not None:
                    faulty[fault].append(path)
            bar.update(len(block))
    console.say(
        f"Written: {len(documents)} picture(s) in {options.out}. They show what moves the model's "
        "score, which need not be what is ill; nothing here is a diagnosis."
    )
    for fault, files in faulty.items():
        if files:
            console.warn("\n  ".join([_TOLD[options.method, fault].format(len(files)), *files]))
    console.give({"model": options.model, "explanations": documents, "bad": bad.rows})
    bad.raise_if_any(len(paths) + len(others))


def _ask(model, paths, **settings):
    """Explain pictures, and say of each whether its maps are worth nothing, and why.

    The library's warnings count pictures of one call; here they are to be named by their files,
    and those of all blocks together.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExplanationWarning)
        found = fusionlearn.inspection.explain(model, paths, **settings)
    told = 0
    for warning in caught:
        if issubclass(warning.category, ExplanationWarning):
            told += 1
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    if not told:
        return found, [None] * len(found)
    if len(found) == 1:
        return found, ["flat" if _is_empty(found[0]) else "rounded"]
    faults = ["flat" if _is_empty(each) else None for each in found]
    # One warning is about all empty maps; which others drown in rounding, each says alone.
    if told > ("flat" in faults):
        for index, path in enumerate(paths):
            if faults[index] is None:
                faults[index] = _ask(model, [path], **settings)[1][0]
    return found, faults


def _is_empty(explanation):
    return not any(
        values.any() for values in (explanation.heat_map, *explanation.networks.values())
    )


def _places(paths, given, out):
    """Where the drawing of each picture goes: in folders as the pictures', no two in one file."""
    folders = [folder for folder in given if os.path.isdir(folder)]
    places, taken = {}, set()
    for path in paths:
        above = [folder for folder in folders if Path(path).is_relative_to(folder)]
        relative = Path(path).relative_to(above[0]) if above else Path(Path(path).name)
        place, number = out / relative.with_suffix(".png"), 1
        while place in taken:
            number += 1
            place = out / relative.with_name(f"{relative.stem}-{number}.png")
        taken.add(place)
        places.setdefault(path, place)
    return places


def _draw(explanation, path, place):
    display = fusionlearn.inspection.ExplanationDisplay([explanation]).plot()
    place.parent.mkdir(parents=True, exist_ok=True)
    display.figure_.savefig(place, dpi=150, bbox_inches="tight")
    return {
        "file": path,
        "out": str(place),
        "prediction": str(explanation.prediction),
        "target": str(explanation.target),
        "probability": float(explanation.probability),
        "shares": {name: float(share) for name, share in explanation.shares.items()},
    }


EXPLAIN = Command(
    name="explain",
    summary="draw where in each picture a saved model finds evidence for a class",
    description=(
        "Writes a picture for each picture: heat maps of what speaks for the predicted class, one "
        "of the whole model and one of each network. A heat map shows what moves the model's "
        "score; it is no diagnosis."
    ),
    options=(
        MODEL,
        PICTURES,
        Option("out", "folder for the drawings", FOLDER, "FOLDER", required=True),
        Option(
            "method",
            "gradcam is quick and follows the networks; occlusion covers a part after the other, "
            "works with any classifier, and takes much longer",
            choice(lambda: ["gradcam", "occlusion"], "a method"),
            "NAME",
            default="gradcam",
        ),
        Option(
            "target",
            "the class whose evidence is shown (default: the one that is predicted)",
            TEXT,
            "LABEL",
        ),
        MODEL_WEIGHTS,
        STORE,
        TRUST,
    ),
    run=_explain,
    examples=(
        "explain model.fusion scan.png --out maps/",
        "explain model.fusion scans/ --out maps/ --method occlusion --target covid",
    ),
)
