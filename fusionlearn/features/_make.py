"""Extractors for several networks at once."""

from ..backbones import Backbone
from ._extractor import BackboneFeatureExtractor


def make_extractors(*applications, weights="imagenet", **params):
    """Make an extractor for each of several networks.

    Parameters
    ----------
    *applications : str or Backbone
        The networks, as :class:`~fusionlearn.BackboneFeatureExtractor` takes them.

    weights : {"imagenet"}, path, None or dict, default="imagenet"
        As for the extractor; a dictionary has an entry for each network.

    **params : dict
        Further parameters that all the extractors get.

    Returns
    -------
    extractors : list of (str, BackboneFeatureExtractor)
        Named by their networks, as :class:`~fusionlearn.ConcatFusion` takes them.

    Raises
    ------
    ValueError
        If no network is given, one is given twice, or ``weights`` lacks one.

    See Also
    --------
    ConcatFusion : Concatenates the features of the extractors.

    Examples
    --------
    >>> from fusionlearn import make_extractors
    >>> networks = make_extractors("InceptionV3", "DenseNet121", store="features.db")
    >>> [name for name, extractor in networks]
    ['InceptionV3', 'DenseNet121']
    """
    names = [entry.name if isinstance(entry, Backbone) else entry for entry in applications]
    if not names:
        raise ValueError("make_extractors got no network; wanted one name or more.")
    if len(set(names)) < len(names):
        raise ValueError(
            f"make_extractors got a network twice: {', '.join(map(str, names))}. Make the pairs "
            "(name, BackboneFeatureExtractor(...)) yourself and name them differently."
        )
    if isinstance(weights, dict) and set(weights) != set(names):
        raise ValueError(
            f"weights has entries for {', '.join(map(str, weights))}; wanted one for each of "
            f"{', '.join(names)} and no other."
        )
    chosen = weights if isinstance(weights, dict) else dict.fromkeys(names, weights)
    return [
        (name, BackboneFeatureExtractor(entry, weights=chosen[name], **params))
        for name, entry in zip(names, applications, strict=True)
    ]
