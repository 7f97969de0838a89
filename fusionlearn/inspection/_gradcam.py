"""Grad-CAM through whatever stands behind the networks."""

from dataclasses import dataclass

import numpy as np

from ..backbones import Network, check_maps, compute_maps, contributions
from ..features import Probe, resize, without_probes
from ..images import ImageReference
from ._asking import ask, log_odds, probed_picture
from ._placing import place

# Numbers in the features of pictures that are asked for together.
_VALUES = 2**23
# Height and width of the grid on which derivatives are taken: what is finer is summed.
_MOST_PLACES = 14
# Smallest step, as a share of what a place contributes.
_STEP = 1e-3
# Rounding of the log-odds beyond which derivatives of it mean nothing.
_MOST_NOISE = 1e-3


@dataclass(frozen=True)
class _Channel:
    """One network, as one form of a picture reaches the classifier through it."""

    network: Network
    reference: ImageReference
    maps: list | None  # None for a network whose layers were not trained


class _Recorder(Probe):
    """Finds out which networks a classifier asks, and about which views of a picture."""

    def __init__(self):
        self.channels = {}
        self.n_values = {}

    def change(self, references, network, rows):
        """Remember a whole network."""
        for reference in references:
            if not network.trained_layers:
                self._add(reference, network, None, None, rows.shape[1])
        return rows

    def change_tuned(self, references, network, tuned, maps, features):
        """Remember a network whose layers were trained, with its maps."""
        for index, reference in enumerate(references):
            self._add(reference, network, tuned, maps(index), features.shape[1])
        return features

    def _add(self, reference, network, tuned, maps, n_features):
        key = _key(reference, network, tuned)
        number = reference.source.number
        channels = self.channels.setdefault(number, {})
        if key not in channels:
            channels[key] = _Channel(network, reference, maps)
            self.n_values[number] = self.n_values.get(number, 0) + n_features


class _Shifts(Probe):
    """Adds a vector to the features of one network, another one for each picture."""

    def __init__(self, shifts):
        self._shifts = shifts

    def change(self, references, network, rows):
        """Shift the rows of a whole network."""
        if network.trained_layers:
            return rows
        return self._shifted(references, network, None, rows)

    def change_tuned(self, references, network, tuned, maps, features):
        """Shift the features of a network whose layers were trained."""
        return self._shifted(references, network, tuned, features)

    def _shifted(self, references, network, tuned, rows):
        # In float32 so small steps would be rounded away.
        rows = rows.astype(np.float64)
        for row, reference in zip(rows, references, strict=True):
            key, vector = self._shifts[reference.source.number]
            if key == _key(reference, network, tuned):
                row += vector
        return rows


def _key(reference, network, tuned):
    # The weights of one fitted classifier are the same arrays as long as it is asked.
    return reference.operations, network.identity, None if tuned is None else id(tuned[0])


def gradcam(estimator, references, shapes, targets, name_of):
    """Compute signed evidence by derivatives of the log-odds.

    Parameters
    ----------
    estimator : classifier of pictures
        Fitted.

    references : list of ImageReference
        Pictures.

    shapes : list of tuple of (int, int)
        Their heights and widths.

    targets : ndarray of shape (n_samples,), int
        Number of the class that is explained.

    name_of : callable
        ``name_of(network, operations)`` gives the name of a network.

    Returns
    -------
    evidence : list of dict of str to ndarray of shape (height, width), float64
        For each picture the signed map of each network; empty if the classifier asks none.

    is_rounded : ndarray of shape (n_samples,), bool
        Whether the probability is so near to 0 or 1 that derivatives drown in rounding.
    """
    recorder = _Recorder()
    seen = [probed_picture(reference, recorder, i) for i, reference in enumerate(references)]
    proba = ask(estimator, seen)
    if not recorder.channels:
        return [{} for _ in references], np.zeros(len(references), dtype=bool)
    places = _find_places(recorder.channels)
    noise = _rounding(proba, targets)
    steps = np.clip(np.cbrt(noise), _STEP, 1.0)
    derivatives = _differentiate(estimator, references, targets, places, steps, recorder.n_values)
    evidence = [{} for _ in references]
    for channel, derivative in zip(places, derivatives, strict=True):
        view = channel.channel.reference
        values = place(channel.on_grid(derivative), view.geometry(), shapes[channel.number])
        name = name_of(channel.channel.network, view.operations)
        maps = evidence[channel.number]
        maps[name] = maps.get(name, 0.0) + values
    return evidence, noise > _MOST_NOISE


class _Places:
    """What each place of the grid contributes to the features of a channel."""

    def __init__(self, number, key, channel, maps):
        self.number = number
        self.key = key
        self.channel = channel
        self.shape = tuple(
            max(min(layer.shape[axis], _MOST_PLACES) for layer in maps) for axis in (0, 1)
        )
        blocks = []
        for layer in maps:
            parts = contributions(layer, channel.network.pooling)
            rows, columns = (
                _overlaps(length, n) for length, n in zip(parts.shape, self.shape, strict=False)
            )
            parts = np.einsum("ai,bj,ijk->abk", rows, columns, parts, optimize=True)
            blocks.append(parts.astype(np.float32).reshape(-1, parts.shape[2]))
        self.vectors = np.hstack(blocks)

    def on_grid(self, derivatives):
        """Evidence per area: what the map would give if it were everywhere as it is there."""
        return derivatives.reshape(self.shape) * len(derivatives)


def _overlaps(n_from, n_to):
    """Which share of each of some equal parts of a line lies in which of other equal parts."""
    ends = np.arange(n_to + 1) * n_from / n_to
    start, stop = np.arange(n_from), np.arange(n_from) + 1
    return np.clip(
        np.minimum(ends[1:, np.newaxis], stop) - np.maximum(ends[:-1, np.newaxis], start), 0, 1
    )


def _find_places(channels_of):
    """The places of all channels of all pictures."""
    whole = {}
    for number, channels in channels_of.items():
        for key, channel in channels.items():
            if channel.maps is None:
                whole.setdefault(channel.network, []).append((number, key, channel.reference))
    maps = {}
    for network, asked in whole.items():
        size = network.input_size
        sides = [2 * max(size)]  # as for the features
        plain = without_probes(np.array([reference for _, _, reference in asked], dtype=object))
        pixels = [resize(view.decode_for(sides)[0], size) for view in plain]
        computed = compute_maps(network, np.stack(pixels))
        for index, (number, key, _) in enumerate(asked):
            maps[number, key] = [layer[index] for layer in computed]
    places = []
    for number, channels in channels_of.items():
        for key, channel in channels.items():
            found = maps[number, key] if channel.maps is None else channel.maps
            check_maps(found, channel.network)
            places.append(_Places(number, key, channel, found))
    return places


def _rounding(proba, targets):
    """How far the log-odds may be off because a probability is near to 0 or 1."""
    own = proba[np.arange(len(proba)), targets]
    nearest = np.maximum(np.minimum(own, 1 - own), np.finfo(np.float64).tiny)
    eps = np.finfo(proba.dtype).eps if proba.dtype.kind == "f" else 1.0
    return np.minimum(eps / nearest, 1.0)


def _differentiate(estimator, references, targets, places, steps, n_values):
    """Central differences of the log-odds along what each place contributes."""
    asked = [(channel, vector) for channel in places for vector in channel.vectors]
    derivatives = np.empty(len(asked))
    size = max(1, _VALUES // (2 * max(n_values.values())))
    for first in range(0, len(asked), size):
        block = asked[first : first + size]
        shifts = []
        for channel, vector in block:
            step = steps[channel.number] * vector
            shifts += [(channel.key, step), (channel.key, -step)]
        numbers = np.repeat([channel.number for channel, _ in block], 2)
        probe = _Shifts(shifts)
        seen = [probed_picture(references[n], probe, i) for i, n in enumerate(numbers)]
        scores = log_odds(ask(estimator, seen), targets[numbers]).reshape(-1, 2)
        with np.errstate(invalid="ignore"):
            change = scores[:, 0] - scores[:, 1]
        derivatives[first : first + size] = change / (2 * steps[numbers[::2]])
    # Where a probability is 0 or 1 the log-odds are infinite on both sides.
    derivatives[~np.isfinite(derivatives)] = 0.0
    ends = np.cumsum([len(channel.vectors) for channel in places])
    return np.split(derivatives, ends[:-1])
