"""Reading a model."""

from sklearn.base import BaseEstimator

from .. import __version__
from ..exceptions import FusionlearnError
from ._archive import NOT_OURS, read_schema
from ._container import read_model, refusal
from ._networks import unpack_networks
from ._trust import check_trusted


def load(path, *, trusted=(), weights=None, store=None):
    """Read an estimator from a file that :func:`save` wrote.

    The file is loaded as it was written, or refused: never something in between. Its
    digest is compared, its archive is looked at, and all types in it must be on a list,
    before anything is imported or made. Nothing in the file is run.

    Parameters
    ----------
    path : str or path-like
        The file.

    trusted : list of str or type, default=()
        Further types that the file may hold, such as estimators of your own, by their full
        names. Trust them only if you know what they do when their attributes are set.

    weights : str or path-like, default=None
        A weights file, or a folder in which to look for the networks' weights files. They
        are recognised by their digests, whatever they are called. They are also looked for
        beside the model, and where they were when it was saved.

    store : FeatureStore, path or None, default=None
        Where the estimator's extractors keep features; None is the process's memory.

    Returns
    -------
    estimator : estimator
        It predicts as the one that was saved.

    Raises
    ------
    PersistenceError
        If it is no model, is damaged, holds types that are not trusted, was written by
        another major version, or its networks would give other features here.

    BackboneError
        If a network is not registered, or its weights cannot be found.

    OSError
        If the file cannot be opened.

    Warns
    -----
    InconsistentVersionWarning
        If the version of scikit-learn is another one.

    EngineWarning
        If OpenVINO was asked for and is not installed, so that Keras takes its place.

    See Also
    --------
    save : Writes it.
    fusionlearn.persistence.inspect : Says what is in it, without loading.

    Examples
    --------
    >>> from fusionlearn import ConcatFusion, load, make_extractors, save
    >>> save(ConcatFusion(make_extractors("ResNet50", "VGG19")), "fusion.fusion")
    >>> [name for name, _ in load("fusion.fusion").transformers]
    ['ResNet50', 'VGG19']
    """
    manifest, archive, _ = read_model(path)
    _check_version(path, manifest)
    read_schema(path, archive)
    estimator = _construct(path, archive, trusted)
    networks = manifest.get("networks")
    try:
        unpack_networks(estimator, networks, path, weights, store)
    except (FusionlearnError, OSError):
        raise
    except Exception as error:
        raise refusal(path, f"its networks make no sense ({error!r})", NOT_OURS) from error
    return estimator


def _check_version(path, manifest):
    versions = manifest.get("versions")
    written = versions.get("fusionlearn") if isinstance(versions, dict) else None
    if str(written).split(".")[0] != __version__.split(".")[0]:
        raise refusal(
            path,
            f"it was written by fusionlearn {written}, and this is {__version__}",
            "Load it with a version that has the same first number.",
        )


def _construct(path, archive, trusted):
    # It loads all of scikit-learn.
    import skops.io

    try:
        untrusted = skops.io.get_untrusted_types(data=archive)
    except Exception as error:
        raise refusal(
            path, f"its objects are not described as they should be ({error!r})", NOT_OURS
        ) from error
    trusted = check_trusted(path, untrusted, trusted)
    try:
        estimator = skops.io.loads(archive, trusted=trusted)
    except (ImportError, AttributeError) as error:
        raise refusal(
            path,
            f"a type in it cannot be found here ({error})",
            "A type of your own must be in a module that can be imported where the model is "
            "loaded, not in the script that saved it; others need the versions that "
            "fusionlearn.persistence.inspect names.",
        ) from error
    except Exception as error:
        raise refusal(path, f"its objects cannot be made ({error!r})", NOT_OURS) from error
    if not isinstance(estimator, BaseEstimator):
        raise refusal(path, f"it holds a {type(estimator).__name__}, no estimator", NOT_OURS)
    return estimator
