"""What a saved model scores on pictures that it has not seen."""

from dataclasses import replace

import numpy as np

import fusionlearn

from .._hints import did_you_mean
from ._data import check_positive, count_data, describe, load_data, warn_of_mixed_patients
from ._judging import tell_evaluation
from ._pictures import load_model
from ._training_data import compare_with_training, judge_files


def judge_model(options, console):
    """Score a saved model on labelled pictures.

    Parameters
    ----------
    options : namespace
        With ``positive`` and what :func:`load_data` and :func:`load_model` ask for.

    console : Console
        Is told what the data are, and what makes the scores doubtful.

    Returns
    -------
    model : classifier
        What the file holds.

    evaluation : Evaluation
        Of the pictures, beside what the files alone score where that could be found out.

    document : dict
        The same for a program. ``file_alone`` says in words what the files were judged by.

    Raises
    ------
    ValueError
        If the model gives no probabilities, knows other classes, or was trained on some of the
        pictures.
    """
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
    document = {
        "model": options.model,
        **count_data(dataset),
        "seen": seen,
        "file_alone": how,
        **tell_evaluation(evaluation),
    }
    return model, evaluation, document


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
