"""The networks in an estimator."""

from itertools import takewhile

from ..features import BackboneFeatureExtractor


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
    found = {"": estimator, **estimator.get_params(deep=True)}
    found = {k: v for k, v in found.items() if isinstance(v, BackboneFeatureExtractor)}
    ways = [path.split("__") for path in found]
    # What all of them go through tells nobody which one it is.
    begin = _n_common(ways)
    end = _n_common([way[begin:][::-1] for way in ways])
    names = ["/".join(way[begin : len(way) - end]) for way in ways]
    return {
        name or extractor.job().network.backbone.name: extractor
        for name, extractor in zip(names, found.values(), strict=True)
    }


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


def _n_common(ways):
    """Number of steps that all ways begin with."""
    return sum(1 for _ in takewhile(lambda step: len({*step}) == 1, zip(*ways, strict=False)))
