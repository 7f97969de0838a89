"""The networks in an estimator."""

from itertools import takewhile

from sklearn.pipeline import Pipeline

from ..features import BackboneFeatureExtractor
from ..images import ImagePreprocessor


def named_extractors(estimator):
    """Find all extractors in an estimator.

    Parameters
    ----------
    estimator : estimator object
        A composition.

    Returns
    -------
    extractors : dict of str to BackboneFeatureExtractor
        By the names of parameters in which they differ: mostly those in their fusion.
    """
    return {name: extractor for name, extractor, _ in _find(estimator)}


def named_forms(estimator):
    """Find what is done to pictures on their way to each extractor.

    Parameters
    ----------
    estimator : estimator object
        A composition.

    Returns
    -------
    forms : dict of str to list of ImagePreprocessor
        By the same names, in the order in which they are done.
    """
    return {name: forms for name, _, forms in _find(estimator)}


def _find(estimator):
    """Name, extractor, and what stands before it, of all extractors."""
    params = {"": estimator, **estimator.get_params(deep=True)}
    found = {k: v for k, v in params.items() if isinstance(v, BackboneFeatureExtractor)}
    ways = [path.split("__") for path in found]
    names = _names([_without_steps(way, params) for way in ways])
    if len(set(names)) < len(names):
        names = _names(ways)
    return [
        (name or extractor.job().network.backbone.name, extractor, _forms(way, params))
        for name, extractor, way in zip(names, found.values(), ways, strict=True)
    ]


def count_rows(extractors):
    """Count the rows of features that stores computed and found so far.

    Parameters
    ----------
    extractors : iterable of BackboneFeatureExtractor
        Their stores are asked, each once.

    Returns
    -------
    computed, found : int
        Numbers of rows.
    """
    stores = {id(store.rows): store for store in (one.job().store for one in extractors)}
    stats = [store.stats() for store in stores.values()]
    return sum(one["computed"] for one in stats), sum(one["hits"] for one in stats)


def _names(ways):
    """Join what tells ways apart: what all of them go through tells nobody which one it is."""
    begin = _n_common(ways)
    end = _n_common([way[begin:][::-1] for way in ways])
    return [" / ".join(way[begin : len(way) - end]) for way in ways]


def _without_steps(way, params):
    """Drop the names of steps of pipelines, as explanations do: they are parts, not members."""
    return [
        name
        for number, name in enumerate(way)
        if not isinstance(params["__".join(way[:number])], Pipeline)
    ]


def _forms(way, params):
    """All preprocessors that stand in a pipeline before the step that the way takes."""
    forms = []
    for number, name in enumerate(way):
        part = params["__".join(way[:number])]
        if isinstance(part, Pipeline):
            before = takewhile(lambda step, taken=name: step[0] != taken, part.steps)
            forms += [step for _, step in before if isinstance(step, ImagePreprocessor)]
    return forms


def _n_common(ways):
    """Number of steps that all ways begin with."""
    return sum(1 for _ in takewhile(lambda step: len({*step}) == 1, zip(*ways, strict=False)))
