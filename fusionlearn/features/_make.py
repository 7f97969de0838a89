"""Extractors for several networks at once."""

import os
import re

from .._hints import did_you_mean
from ..backbones import BACKBONES, Backbone, recognise_weights
from ..exceptions import BackboneWeightsError
from ._extractor import BackboneFeatureExtractor

# How the names of Keras' weights files without the top end.
_WITHOUT_TOP = re.compile(r"no[-_]?top(_v2)?(\.weights)?\.h5$", re.IGNORECASE)


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
    UnknownBackboneError
        If there is no network of a name.

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
    names = [
        entry.name if isinstance(entry, Backbone) else BACKBONES[entry].name
        for entry in applications
    ]
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


def extractors_from_folder(path, names=None, **params):
    """Make an extractor for each weights file of Keras in a folder.

    Parameters
    ----------
    path : str or path-like
        Folder with files as ``keras.applications`` downloads them, without the top
        (their names end in ``no_top.h5``, ``notop.h5`` or ``no_top_v2.h5``). Other files
        are left alone.

    names : str or sequence of str, default=None
        Which networks to take: "MobileNet-0.25" for one with a parameter, or
        "MobileNet" for all of that application. None takes all.

    **params : dict
        Further parameters that all the extractors get.

    Returns
    -------
    extractors : list of (str, BackboneFeatureExtractor)
        Sorted by name, as :class:`~fusionlearn.ConcatFusion` takes them.

    Raises
    ------
    BackboneWeightsError
        If there is no such folder, or it holds no such file, none for one of ``names``,
        two for one network, or one without the top whose name is none that Keras gives.
    """
    path = os.fspath(path)
    found = _find_weights(path)
    chosen = sorted(found)
    if names is not None:
        names = [names] if isinstance(names, str) else list(names)
        _check_names(path, names, found)
        chosen = [
            name for name in chosen if name in names or found[name][0]["application"] in names
        ]
    for name in chosen:
        if len(found[name]) > 1:
            files = " and ".join(os.path.basename(entry["weights"]) for entry in found[name])
            raise BackboneWeightsError(
                f"{path!r} holds {len(found[name])} files for {name}: {files}. Leave the one that "
                "you want there, and move the other elsewhere."
            )
    return [(name, BackboneFeatureExtractor(**found[name][0], **params)) for name in chosen]


def _find_weights(path):
    """Describe all weights files of a folder, by the name of their network."""
    if not os.path.isdir(path):
        problem = "is a file" if os.path.exists(path) else "does not exist"
        raise BackboneWeightsError(f"{path!r} {problem}; wanted a folder with Keras weights files.")
    found = {}
    for file in sorted(os.listdir(path)):
        if _WITHOUT_TOP.search(file):
            name, entry = recognise_weights(os.path.join(path, file))
            found.setdefault(name, []).append(entry)
    if not found:
        raise BackboneWeightsError(
            f"{path!r} holds no weights file of Keras without the top; wanted a folder with "
            "files such as vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5."
        )
    return found


def _check_names(path, names, found):
    if not names:
        raise BackboneWeightsError("names is empty; wanted a name or more, or None for all.")
    known = {*found, *(entries[0]["application"] for entries in found.values())}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, sorted(known))
            raise BackboneWeightsError(
                f"{path!r} holds no weights for {name!r}.{hint} There are: "
                f"{', '.join(sorted(found))}."
            )
