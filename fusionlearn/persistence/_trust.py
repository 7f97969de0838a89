"""Types that a model may be made of without a word from the user."""

import functools
from collections.abc import Iterable
from types import FunctionType

import sklearn.metrics

from ._container import refusal

# Besides what skops trusts: scikit-learn's public estimators, arrays, numbers and containers.
# Each is a plain object whose attributes are set and that does nothing while this is done.
_OURS = (
    "AugmentedClassifier",
    "BackboneFeatureExtractor",
    "ConcatFusion",
    "FineTuneClassifier",
    "ImageAugmenter",
    "ImagePreprocessor",
    "MajorityVoteFusion",
    "features.ParetoScaler",
    "model_selection.StratifiedImageGroupKFold",
)
_SCIKIT_LEARN = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    *(
        f"sklearn.metrics._scorer.{name}"
        for name in ("_CurveScorer", "_MultimetricScorer", "_PassthroughScorer", "_Scorer")
    ),
    *(
        f"sklearn.model_selection._split.{name}"
        for name in (
            "GroupKFold",
            "GroupShuffleSplit",
            "KFold",
            "LeaveOneGroupOut",
            "RepeatedStratifiedKFold",
            "ShuffleSplit",
            "StratifiedGroupKFold",
            "StratifiedKFold",
            "StratifiedShuffleSplit",
        )
    ),
)


@functools.cache
def trusted_types():
    """List what is trusted besides what skops trusts by itself.

    Returns
    -------
    names : tuple of str
        Full names, as ``skops.io.get_untrusted_types`` gives them.
    """
    import fusionlearn

    ours = []
    for name in _OURS:
        room, _, name = name.rpartition(".")
        cls = getattr(getattr(fusionlearn, room) if room else fusionlearn, name)
        ours.append(f"{cls.__module__}.{cls.__qualname__}")
    scores = [
        f"{function.__module__}.{name}"
        for name in sklearn.metrics.__all__
        if isinstance(function := getattr(sklearn.metrics, name), FunctionType)
    ]
    return (*ours, *_SCIKIT_LEARN, *scores)


def check_trusted(path, untrusted, trusted):
    """Refuse types that nobody has vouched for.

    Parameters
    ----------
    path : str or path-like
        The file, for messages.

    untrusted : list of str
        What skops does not trust by itself.

    trusted : iterable of str or type
        What the caller trusts.

    Returns
    -------
    trusted : list of str
        All that is trusted.

    Raises
    ------
    PersistenceError
        If there are others.
    """
    if isinstance(trusted, (str, type)) or not isinstance(trusted, Iterable):
        raise TypeError(f"trusted={trusted!r}: wanted a list of types or their names.")
    given = [
        f"{entry.__module__}.{entry.__qualname__}" if isinstance(entry, type) else entry
        for entry in trusted
    ]
    trusted = [*trusted_types(), *given]
    unknown = sorted(set(untrusted) - set(trusted))
    if unknown:
        raise refusal(
            path,
            f"it holds types that are not trusted: {', '.join(unknown)}",
            "Loading makes such objects, which may run code of theirs. If you know them and "
            f"trust who made the file, pass trusted={unknown!r} (on the command line --trust).",
        )
    return trusted
