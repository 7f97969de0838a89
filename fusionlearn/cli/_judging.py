"""Cross-validation, as several commands ask for it, and what is told of it."""

import warnings

import numpy as np

import fusionlearn

from ._options import FLAG, Option, whole

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
    document["scores"] = {
        name: _scores(each) for name, each in controls.items() if each is not None
    }
    document["cautions"] = list(evaluation.cautions)
    return document


def _scores(evaluation):
    parts = {"by_picture": evaluation}
    if evaluation.patients_known:
        # A patient with pictures of two classes has no score; by_picture then stands alone.
        try:
            parts["by_patient_mean"] = evaluation.by_patient("mean")
            parts["by_patient_vote"] = evaluation.by_patient("vote")
        except ValueError:
            pass
    return {
        name: {
            score: dict(zip(("estimate", "low", "high"), map(float, interval), strict=True))
            for score, interval in part.scores.items()
        }
        for name, part in parts.items()
    }


def _plain(label):
    return label.item() if isinstance(label, np.generic) else label


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
