"""What a model's file says of a network, in words."""

import json
import re

from ..exceptions import printable

_DIGEST = re.compile(r"([0-9a-f]{16})[0-9a-f]{48}")
# Who a network is, and not what its features depend on.
_WHO = ("name", "title", "weights")
_REGISTERED = "registered"
_OWN = {
    "file": "the file's SHA-256",
    "output": "the number of its output",
    "digest": "digest",
    "weights": "SHA-256 of the weights",
}


def describe_network(network):
    """Describe a network for the file of a model.

    Parameters
    ----------
    network : Network
        A resolved network.

    Returns
    -------
    facts : dict
        Everything that its features depend on, and its name; what it is, if Keras does not
        run it.
    """
    backbone = network.backbone
    title = {} if backbone.is_keras else {"title": backbone.builder.title.removeprefix("the ")}
    return {**json.loads(network.description), "name": backbone.name, **title}


def network_text(facts):
    """Say what a network is, for a list of them.

    Parameters
    ----------
    facts : dict
        What the file says of it.

    Returns
    -------
    text : str
        Such as "MobileNet (weights imagenet, alpha=0.25)".
    """
    own = _own_weights(facts)
    if own:
        parts = [str(facts.get("title") or ("file" if "file" in own else "function"))]
        parts += [f"SHA-256 {_shown(own['file'], str)}"] if "file" in own else []
        parts += [f"digest {own['digest']!r}"] if own.get("digest") else []
        parts += [f"weights SHA-256 {_shown(own['weights'], str)}"] if own.get("weights") else []
    elif facts.get("application") == _REGISTERED:
        parts = ["Keras model", f"digest {_shown(facts.get('weights'), str)}"]
    else:
        parts = [f"weights {_shown(facts.get('weights'), str)}"]
    params = facts.get("application_params")
    if isinstance(params, dict):
        parts += [f"{name}={value}" for name, value in params.items()]
    return f"{_name(facts)} ({', '.join(parts)})"


def differences(here, networks):
    """Say how networks differ from those with which a model was made.

    Parameters
    ----------
    here : list of dict
        What networks are here that were not there.

    networks : list of dict
        Those that were there and are not here. Each is taken for the one of the same name
        that is most alike.

    Returns
    -------
    texts : list of str
        A text for each of those here, which begins with its name.
    """
    left, texts = list(networks), []
    for facts in here:
        name, known = _name(facts), _flatten(facts)
        namesakes = [other for other in left if _name(other) == name]
        namesakes = namesakes or [other for other in left if _name(other) == _REGISTERED]
        likeness = [
            sum(told.get(key) == value for key, value in known.items())
            for told in map(_flatten, namesakes)
        ]
        there = namesakes[likeness.index(max(likeness))] if namesakes else {}
        left = [other for other in left if other is not there]
        texts.append(f"{printable(repr(name))}: {_difference(known, _flatten(there))}")
    return texts


def _name(facts):
    # Older files name functions alone among registered networks; others are _REGISTERED.
    given = facts.get("name") or _own_weights(facts).get("function") or facts.get("application")
    return str(given)


def _flatten(facts):
    """What features depend on, by its name in messages; of registered weights one by one."""
    values = {key: value for key, value in facts.items() if key not in _WHO}
    own = _own_weights(facts)
    if not own and "weights" in facts:
        return {"weights": facts["weights"], **values}
    # The name of a function is not compared: it is what it was found by.
    own = {_OWN.get(key, key): value for key, value in own.items() if key != "function"}
    return {**own, **values}


def _difference(here, there):
    if not there:
        return "the file does not tell of it"
    differing = [
        f"{printable(key)} is {_shown(here.get(key))}, was {_shown(there.get(key))}"
        for key in {**here, **there}
        if here.get(key) != there.get(key)
    ]
    return ", ".join(differing) or "the file tells of it under another digest"


def _own_weights(facts):
    """What a registered file or function depends on; empty for what Keras runs."""
    try:
        own = json.loads(facts.get("weights"))
    except (TypeError, ValueError, RecursionError):
        return {}
    return own if isinstance(own, dict) else {}


def _shown(value, write=repr):
    """A value in a message; of a digest its beginning."""
    text = str(value)
    if _DIGEST.match(text):
        return printable(_DIGEST.sub(r"\1...", text))
    return printable(write(value))
