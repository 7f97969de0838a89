"""Unfitted estimators, as several commands ask for them by name."""

import inspect

import fusionlearn

from .._hints import did_you_mean
from ._options import FILE, FOLDER, Option, UsageError, choice
from ._settings import SETTINGS

PRESET = Option(
    "preset",
    "the recipe by which the classifier is made",
    choice(lambda: fusionlearn.presets.list_presets(), "the name of a preset"),
    "NAME",
    default="covid_ct_strong",
    shared=True,
)
SET = Option(
    "set",
    "a parameter of the preset, or of a part of what it makes, such as variant=fast or "
    "calibration_folds=3; can be repeated",
    SETTINGS,
    "NAME=VALUE",
    many=True,
    shared=True,
)
WEIGHTS = Option(
    "weights",
    "folder with Keras weights files, all of which are used unless backbones are set (default: "
    "ImageNet weights, which Keras downloads)",
    FOLDER,
    "FOLDER",
    shared=True,
)
STORE = Option("store", "keep features there (default: nowhere)", FILE, "FILE", shared=True)
MADE = (PRESET, SET, WEIGHTS, STORE)

# Parameters of presets that have an option of their own.
_SAID_ELSEWHERE = {"extractors": "--weights", "store": "--store", "verbose": "--quiet"}


def make_estimator(options, console, epochs=False):
    """Make what a preset describes, and see that it can be fitted.

    Parameters
    ----------
    options : namespace
        With ``preset``, ``set``, ``weights`` and ``store``.

    console : Console
        Knows whether bars are drawn.

    epochs : bool, default=False
        Whether there are bars for the training of each classifier, too, of which a
        cross-validation trains many.

    Returns
    -------
    estimator : estimator
        It is not fitted; its parameters were checked and its networks built.

    Raises
    ------
    UsageError
        If a setting is unknown or has a value that it cannot have.

    BackboneError
        If a network is unknown or its weights cannot be had.
    """
    preset = fusionlearn.presets.get_preset(options.preset)
    known = inspect.signature(preset).parameters
    settings = options.set or {}
    for name, spoken in _SAID_ELSEWHERE.items():
        if name in settings:
            raise UsageError(f"--set {name}: say it by {spoken}.")
    own = {name: value for name, value in settings.items() if name in known}
    if "verbose" in known:
        own["verbose"] = int(console.progress and epochs)
    if options.weights is not None:
        own = _with_weights(options, own, known)
    elif options.store is not None:
        own["store"] = options.store
    estimator = _checked(lambda: preset(**own))
    parts = {name: value for name, value in settings.items() if name not in known}
    names = sorted({*known, *estimator.get_params()} - {*_SAID_ELSEWHERE})
    for name in parts:
        if name not in names:
            hint = did_you_mean(name, names, n=3)
            wanted = ", ".join(sorted(set(known) - {*_SAID_ELSEWHERE}))
            raise UsageError(
                f"--set {name}: {options.preset} has no such parameter.{hint} It takes: {wanted}; "
                "and those of its parts, such as estimator__..., by the names that get_params "
                "gives."
            )
    _checked(lambda: estimator.set_params(**parts))
    for part in _parts(estimator):
        if hasattr(part, "_validate_params"):
            _checked(part._validate_params)
    for extractor in _extractors(estimator):
        extractor.set_params(verbose=int(console.progress))
        # Built now: weights that are missing are told before the work, not amidst it.
        fusionlearn.backbones.get_engine(extractor.job().network)
    return estimator


def network_names(estimator):
    """List the networks of an estimator.

    Parameters
    ----------
    estimator : estimator
        Any.

    Returns
    -------
    names : list of str
        Sorted names, each once.
    """
    networks = [extractor.job().network for extractor in _extractors(estimator)]
    return sorted(
        {
            "-".join([each.backbone.name, *(str(value) for _, value in each.application_params)])
            for each in networks
        }
    )


def _with_weights(options, own, known):
    """Replace what says which networks the preset makes by those of a folder."""
    if "extractors" not in known:
        raise UsageError(f"--weights: {options.preset} takes no weights files.")
    if "weights" in own:
        raise UsageError("--set weights says what --weights says; leave out one of them.")
    accepted = inspect.signature(fusionlearn.BackboneFeatureExtractor).parameters
    describing = {name: value for name, value in own.items() if name in accepted}
    own = {name: value for name, value in own.items() if name != "backbones"}
    extractors = fusionlearn.features.extractors_from_folder(
        options.weights,
        (options.set or {}).get("backbones"),
        store=options.store,
        **describing,
    )
    return {**own, "extractors": extractors}


def _checked(make):
    """Say what was wrong with a setting as a matter of words."""
    try:
        return make()
    except (fusionlearn.exceptions.BackboneWeightsError, OSError):
        raise
    except fusionlearn.exceptions.UnknownBackboneError as error:
        raise UsageError(
            f"--set: {error} On this line: --set backbones=ResNet50, or --set "
            '\'backbones=["ResNet50","VGG16"]\'; fusionlearn backbones lists all.'
        ) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"--set: {error}") from error


def _parts(estimator):
    return [estimator, *estimator.get_params(deep=True).values()]


def _extractors(estimator):
    return [
        part for part in _parts(estimator) if isinstance(part, fusionlearn.BackboneFeatureExtractor)
    ]
