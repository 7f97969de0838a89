"""Networks in a file: their names and digests, never their weights."""

import copy
import os
import re
import warnings

from sklearn.pipeline import Pipeline

from .._files import check_exists, file_digest
from ..backbones._backbone import Backbone
from ..backbones._choice import has_openvino
from ..exceptions import BackboneWeightsError, EngineWarning
from ..features import BackboneFeatureExtractor, FeatureStore
from ._container import refusal
from ._network_text import describe_network, differences
from ._rebuild import rebuild

_TOKEN = "weights-file"
# What is more than a name of the weights in a token: the rest of their digest, and where they lay.
_LONG_TOKEN = re.compile(rf"({_TOKEN}:[0-9a-f]{{16}})[0-9a-f]{{48}}:[^'\"\n]*")
_SUFFIXES = (".h5", ".hdf5", ".keras")


def shorten_weights(text):
    """Name weights files in a packed estimator's text as short as inspect does.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    text : str
        The same with the beginnings of digests alone.
    """
    return _LONG_TOKEN.sub(r"\1", text)


def pack_networks(estimator):
    """Make an estimator fit to be sent away, and describe the networks in it.

    Stores stay behind; weights files become their digests, with the path as a hint;
    registered networks become their names.

    Parameters
    ----------
    estimator : estimator
        Any, which is not changed.

    Returns
    -------
    estimator : estimator
        A copy as far as there is something to change.

    networks : dict
        Descriptions by identity.
    """
    networks = {}

    def pack(value):
        if isinstance(value, FeatureStore):
            return None
        if isinstance(value, Backbone):
            return value.name
        if isinstance(value, Pipeline) and value.memory is not None:
            value = copy.copy(value)
            value.memory = None
        if isinstance(value, BackboneFeatureExtractor):
            network = value.job().network
            networks.setdefault(network.identity, describe_network(network))
            value = copy.copy(value)
            value.store = None
            value.application = network.backbone.name
            if network.weights not in (None, "imagenet"):
                digest = file_digest(network.weights)
                value.weights = f"{_TOKEN}:{digest}:{os.fspath(value.weights)}"
        return value

    return rebuild(estimator, pack), networks


def unpack_networks(estimator, networks, path, weights=None, store=None):
    """Fit an estimator that was loaded to this machine, and make sure of its networks.

    Parameters
    ----------
    estimator : estimator
        What skops made; it is changed.

    networks : dict
        What ``pack_networks`` gave.

    path : str or path-like
        The model's file.

    weights : str or path-like, default=None
        A weights file, or a folder in which to look for them.

    store : FeatureStore, path or None, default=None
        Where features are kept.

    Raises
    ------
    PersistenceError
        If a network is not the one with which the model was made.

    BackboneError
        If a network is unknown here, or its weights cannot be found.
    """
    if weights is not None:
        check_exists(weights)
    places = [weights] if weights is not None else []
    places.append(os.path.dirname(os.path.abspath(path)))
    found = {}

    def unpack(value):
        if isinstance(value, Pipeline):
            value.memory = None  # a folder, in which joblib would keep pickles
        if isinstance(value, BackboneFeatureExtractor):
            value.store = store
            value.weights = _find_weights(value.weights, places, path)
            if value.engine == "openvino" and value.precision == "float32" and not has_openvino():
                warnings.warn(
                    f"{os.fspath(path)!r} asks for OpenVINO, which is not installed. Keras takes "
                    "its place: the same features to rounding, more slowly.",
                    EngineWarning,
                    stacklevel=4,
                )
                value.engine = "auto"
            network = value.job().network
            found.setdefault(network.identity, describe_network(network))
        return value

    rebuild(estimator, unpack)
    _check_networks(path, found, networks)


def _find_weights(weights, places, path):
    if weights is None or weights == "imagenet":
        return weights
    kind, _, rest = str(weights).partition(":")
    digest, _, hint = rest.partition(":")
    if kind != _TOKEN or len(digest) != 64:
        raise refusal(
            path,
            f"it asks for the weights {weights!r}",
            "Save the model again with fusionlearn.save.",
        )
    name = os.path.basename(hint.replace("\\", "/"))
    candidates = [file for place in places for file in _files(place, name)]
    # A file that somebody sent names a path: it is tried last, only if it is that of weights,
    # and not if it may be a network address, where opening it would call.
    if hint.endswith(_SUFFIXES) and not hint.startswith(("//", "\\\\")):
        candidates.append(hint)
    for candidate in candidates:
        if os.path.isfile(candidate) and file_digest(os.path.abspath(candidate)) == digest:
            return candidate
    raise BackboneWeightsError(
        f"{os.fspath(path)!r} was made with the weights file {name!r} (SHA-256 {digest[:16]}...), "
        f"which is neither at {hint!r} nor beside the model"
        f"{f' nor in {os.fspath(places[0])!r}' if len(places) > 1 else ''}. Pass its path or its "
        "folder: weights=... (on the command line --weights)."
    )


def _files(place, name):
    """Weights files of a folder, or the one file; the one with the name first."""
    place = os.fspath(place)
    if not os.path.isdir(place):
        return [place]
    found = sorted(entry for entry in os.listdir(place) if entry.endswith(_SUFFIXES))
    found.sort(key=lambda entry: entry != name)
    return [os.path.join(place, entry) for entry in found]


def _check_networks(path, found, networks):
    """Refuse a model if a network of its extractors is none of those that the file names."""
    others = [facts for identity, facts in found.items() if identity not in networks]
    if not others:
        return
    gone = [facts for identity, facts in networks.items() if identity not in found]
    told = differences(others, [facts for facts in gone if isinstance(facts, dict)])
    what = "a network is not the one" if len(told) == 1 else "networks are not those"
    is_own = any(facts["application"] == "registered" for facts in others)
    raise refusal(
        path,
        f"{what} with which it was made ({'; '.join(told)})",
        "Its features would be others, and so would the predictions. "
        f"{'Register what it was made with, use' if is_own else 'Use'} the versions that the "
        "file names (fusionlearn.persistence.inspect), or train the model anew.",
    )
