"""Writing a model."""

import numpy as np
from sklearn.base import BaseEstimator

from .._bars import progress_bar
from .._labels import is_multilabel
from .._versions import library_versions
from ..exceptions import PersistenceError
from ._archive import read_schema
from ._container import write_model
from ._networks import pack_networks, shorten_weights


def save(estimator, path, *, verbose=0):
    """Write an estimator to one file that is safe to load.

    The file holds parameters and arrays as skops [1]_ writes them, without pickle;
    versions; the digest of all; and of each network its name and the digest of its
    weights, not the weights themselves. It holds no pictures and no path of a store, and
    of features only what a classifier keeps, such as support vectors.

    Parameters
    ----------
    estimator : estimator
        Any estimator of fusionlearn, or one of scikit-learn that holds some; fitted or not.

    path : str or path-like
        The file, by custom with the suffix ``.fusion``. It is replaced if it is there, in
        one step: it is the old one or the new one, never a part. A new one is readable by
        its owner alone, since it was made from people's pictures; one that is replaced
        keeps its permissions.

    verbose : int, default=0
        1 shows a progress bar of the three steps: to describe the networks, to bring all
        arrays into their form and read them back, and to write the file.

    Raises
    ------
    TypeError
        If it is no estimator, but a class or a list, for example.

    PersistenceError
        If something in it cannot be written without pickle: functions defined on the spot,
        sparse matrices, requests set by ``set_fit_request``.

    BackboneError
        If the weights file of a network is not there, or a network is not registered.

    OSError
        If the file cannot be written.

    See Also
    --------
    load : Reads it.
    fusionlearn.persistence.inspect : Says what is in it, without loading.

    Notes
    -----
    Weights in files are remembered by digest and path; see :func:`load` for how they are
    found again. A registered network is remembered by its name and digest: register it
    before loading. A store is left out, since a path in a file that somebody sends should
    not decide where one's disk is written to; ``load`` takes one.

    References
    ----------
    .. [1] https://skops.readthedocs.io

    Examples
    --------
    >>> from fusionlearn import BackboneFeatureExtractor, load, save
    >>> save(BackboneFeatureExtractor("VGG19", pooling="max"), "extractor.fusion")
    >>> load("extractor.fusion")
    BackboneFeatureExtractor(application='VGG19', pooling='max')
    """
    if not isinstance(estimator, BaseEstimator):
        what = "a class" if isinstance(estimator, type) else f"a {type(estimator).__name__}"
        raise TypeError(f"estimator is {what}; wanted an estimator of scikit-learn's kind.")
    with progress_bar("saving", 3, unit="steps", verbose=verbose) as bar:
        packed, networks = pack_networks(estimator)
        bar.update()
        archive = _archive(packed)
        bar.update()
        write_model(path, _describe(packed, networks), archive)
        bar.update()


def _archive(estimator):
    # It loads all of scikit-learn.
    import skops.io

    try:
        archive = skops.io.dumps(estimator)
        # What would be refused when it is loaded is refused now, while it can be mended.
        read_schema(type(estimator).__name__, archive)
        skops.io.loads(archive, trusted=skops.io.get_untrusted_types(data=archive))
    except Exception as error:  # whatever the parts of a stranger's estimator raise
        raise PersistenceError(
            f"{type(estimator).__name__} cannot be written: {error} A model may hold estimators, "
            "numbers, strings, lists, dictionaries, dense arrays, and functions that can be "
            "imported."
        ) from error
    return archive


def _describe(estimator, networks):
    # It loads what draws.
    from ..reporting._listing import estimator_text

    description = {
        # Whole, unlike its repr, and no wider than a page.
        "estimator": shorten_weights(estimator_text(estimator)),
        "networks": networks,
        "versions": library_versions(),
    }
    classes = getattr(estimator, "classes_", None)
    if is_multilabel(estimator):
        description["classes"] = [f"column {number}" for number in range(len(classes))]
    elif isinstance(classes, np.ndarray):
        description["classes"] = [str(label) for label in classes]
    return description
