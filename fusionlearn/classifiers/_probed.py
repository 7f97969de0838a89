"""The outputs of a model trained end to end for pictures that have probes."""

import numpy as np

from ..backbones import pool_maps
from ..features import find_probes
from ._forward import head_logits


def probed_logits(trainer, members, references, rows, head_arrays, tuned):
    """Compute the outputs of a model, its features shown to probes on their way.

    Parameters
    ----------
    trainer : JointTrainer
        The model, with its weights.

    members : list of Member
        The networks.

    references : ndarray of shape (n_samples,), dtype object
        Pictures.

    rows : list of ndarray of shape (n_samples, n_inputs)
        What enters the trained layers of each network, or its features.

    head_arrays : tuple of (list of ndarray, list of ndarray)
        Weights and biases of the head.

    tuned : list of list of ndarray
        Weights of the trained layers of each network.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_outputs), float64
        Outputs before the sigmoid or softmax.
    """
    # A probe shows one picture many times, and trained layers cost more than a hash.
    first, order = _distinct(
        [row for member, row in zip(members, rows, strict=True) if member.network.trained_layers]
    )
    blocks = []
    all_maps = trainer.maps([row[first] for row in rows])
    for member, row, maps, arrays in zip(members, rows, all_maps, tuned, strict=True):
        features = row.astype(np.float64)
        if maps is not None:
            features = pool_maps(maps, member.network)[order].astype(np.float64)
            for probe, at in find_probes(references).items():
                seen = [references[index] for index in at]
                places = _Maps(maps, order[at])
                features[at] = probe.change_tuned(
                    seen, member.network, arrays, places, features[at]
                )
        blocks.append(features * member.scale)
    return head_logits(np.hstack(blocks), *head_arrays)


class _Maps:
    """Maps by the position of their picture."""

    def __init__(self, layers, order):
        self._layers = layers
        self._order = order

    def __call__(self, index):
        return [layer[self._order[index]] for layer in self._layers]


def _distinct(rows):
    """Positions of rows that differ, and for each row which of them it is."""
    numbers, first, order = {}, [], []
    for index in range(len(rows[0])):
        content = b"".join(part[index].tobytes() for part in rows)
        if content not in numbers:
            numbers[content] = len(first)
            first.append(index)
        order.append(numbers[content])
    return np.array(first), np.array(order)
