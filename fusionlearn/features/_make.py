"""Extractors for several networks at once."""

import difflib
import os

from ..backbones import Backbone, recognise_weights
from ..exceptions import BackboneWeightsError
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


def extractors_from_folder(path, names=None, **params):
    """Make an extractor for each weights file of Keras in a folder.

    Parameters
    ----------
    path : str or path-like
        Folder with files as ``keras.applications`` downloads them, without the top
        (their names end in ``no_top.h5`` or ``notop.h5``). Other files are left alone.

    names : sequence of str, default=None
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
        If the folder holds no such file, or none for one of ``names``.
    """
    files = sorted(os.listdir(path)) if os.path.isdir(path) else []
    files = [
        name for name in files if name.lower().endswith(("no_top.h5", "notop.h5", "no-top.h5"))
    ]
    found = dict(recognise_weights(os.path.join(path, name)) for name in files)
    if not found:
        raise BackboneWeightsError(
            f"{os.fspath(path)} holds no weights file of Keras without the top; wanted a folder "
            "with files such as vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5."
        )
    chosen = dict(sorted(found.items()))
    if names is not None:
        for name in names:
            if name not in found and all(name != entry["application"] for entry in found.values()):
                close = difflib.get_close_matches(name, found, n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise BackboneWeightsError(
                    f"{os.fspath(path)} holds no weights for {name!r}.{hint} There are: "
                    f"{', '.join(chosen)}."
                )
        chosen = {
            name: entry
            for name, entry in chosen.items()
            if name in names or entry["application"] in names
        }
    return [(name, BackboneFeatureExtractor(**entry, **params)) for name, entry in chosen.items()]
