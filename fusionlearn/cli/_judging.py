"""Cross-validation, as several commands ask for it, and what is told of it."""

import warnings

import numpy as np

import fusionlearn

from ._options import FLAG, TEXT, Option, UsageError, whole

FOLDS = Option(
    "cv", "number of folds, each of other patients", whole(2), "N", default=5, shared=True
)
REPEATS = Option(
    "repeats", "do it so often, each time with other folds", whole(1), "N", default=1, shared=True
)
GRAIN = Option(
    "grain-control",
    "evaluate also on the same pictures without their fine grain, which takes as long again",
    FLAG,
    default=False,
    shared=True,
)
SEED = Option("seed", "seed of the folds", whole(0), "N", default=0, shared=True)
FOLDING = (FOLDS, REPEATS, GRAIN, SEED)
PAGE = (
    Option("title", "heading of the page", TEXT, "TEXT"),
    Option("show-pictures", "show some of the pictures on the page", FLAG, default=True),
    Option("show-patients", "name patients on the page", FLAG, default=False),
)


def check_page(options):
    """Refuse what is said of a page where none is written.

    Parameters
    ----------
    options : namespace
        With ``out``, which is None where there is no page, and those of ``PAGE``.

    Raises
    ------
    UsageError
        If one of them was given in vain.
    """
    for option in PAGE if options.out is None else ():
        if option.key in options.given or getattr(options, option.key) != option.default:
            raise UsageError(
                f"--{option.name} is about the page that --out FILE.html writes, and there is no "
                "--out."
            )


def cross_validate(options, console, estimator, dataset, positive):
    """Evaluate an estimator as the options for folds say.

    Parameters
    ----------
    options : namespace
        With ``cv``, ``repeats``, ``grain_control`` and ``seed``.

    console : Console
        Knows whether bars are drawn.

    estimator : classifier
        It is not fitted.

    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    positive : str or None
        The positive class.

    Returns
    -------
    evaluation : Evaluation
        Its text has the cautions that would have been warnings.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fusionlearn.exceptions.SmallSampleWarning)
        return fusionlearn.model_selection.evaluate(
            estimator,
            dataset.data,
            dataset.target,
            cv=options.cv,
            n_repeats=options.repeats,
            positive=positive,
            grain_control=bool(options.grain_control),
            random_state=options.seed,
            verbose=int(console.progress),
        )


def tell_evaluation(evaluation):
    """Say for a program what an evaluation found.

    Parameters
    ----------
    evaluation : Evaluation
        Of pictures.

    Returns
    -------
    document : dict
        Scores with their intervals by picture and by patient, those of the controls, and
        cautions in words.
    """
    document = {"positive": _plain(evaluation.positive), "n_repeats": evaluation.n_repeats}
    document["patients_known"] = evaluation.patients_known
    controls = {
        "model": evaluation,
        "file_alone": evaluation.shortcut,
        "without_grain": evaluation.grain_control,
    }
    parts = {name: _parts(each) for name, each in controls.items() if each is not None}
    document["scores"] = {
        name: {kind: _scores(part) for kind, part in each.items()} for name, each in parts.items()
    }
    judged = [evaluation]
    if len(np.unique(evaluation.groups)) < len(evaluation.groups):
        judged += [part for kind, part in parts["model"].items() if kind == "by_patient_mean"]
    cautions = dict.fromkeys(caution for part in judged for caution in part.cautions)
    document["cautions"] = list(cautions)
    return document


def _parts(evaluation):
    parts = {"by_picture": evaluation}
    if evaluation.patients_known:
        # A patient with pictures of two classes has no score; by_picture then stands alone.
        try:
            parts["by_patient_mean"] = evaluation.by_patient("mean")
            parts["by_patient_vote"] = evaluation.by_patient("vote")
        except ValueError:
            pass
    return parts


def _scores(evaluation):
    return {
        score: dict(zip(("estimate", "low", "high"), map(float, interval), strict=True))
        for score, interval in evaluation.scores.items()
    }


def _plain(label):
    return label.item() if isinstance(label, np.generic) else label


def write_page(options, console, estimator, dataset, evaluation):
    """Write the page about an estimator as the options say.

    Parameters
    ----------
    options : namespace
        With ``out``, ``cv``, ``seed`` and those of ``PAGE``.

    console : Console
        Is told where it is.

    estimator : classifier
        It is not fitted.

    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    evaluation : Evaluation
        Its cross-validation.
    """
    settings = {option.key: getattr(options, option.key) for option in PAGE}
    write_report(
        options.out,
        console,
        estimator,
        dataset,
        evaluation,
        cv=options.cv,
        random_state=options.seed,
        **settings,
    )


def write_report(path, console, estimator, dataset, evaluation, **settings):
    """Write the page about an estimator.

    Parameters
    ----------
    path : str or path-like
        The page.

    console : Console
        Is told where it is.

    estimator : classifier
        It is not fitted.

    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    evaluation : Evaluation
        Its cross-validation.

    **settings : dict
        Further arguments of :func:`~fusionlearn.report`; ``cv`` and ``random_state`` are
        those of the evaluation.
    """
    with warnings.catch_warnings():
        # The page says it.
        warnings.simplefilter("ignore", fusionlearn.exceptions.SmallSampleWarning)
        fusionlearn.report(
            estimator,
            dataset.data,
            dataset.target,
            path=path,
            evaluation=evaluation,
            verbose=int(console.progress),
            **settings,
        )
    console.say(f"Written: {path}")
