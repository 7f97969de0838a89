"""Occlusion sensitivity: what the decision loses when a part of the picture is hidden."""

import math

import numpy as np

from ._asking import ShownPixels, ask, log_odds, probed_picture

# Smaller probabilities count as this, so that a classifier that is certain loses something
# finite.
LOWEST = 1e-6
# Pictures that are shown together.
_TOGETHER = 64


class _Cover(ShownPixels):
    """Keeps the rows of all windows, and then shows them to one network at a time."""

    def __init__(self, name_of):
        super().__init__()
        self._name_of = name_of
        self._rows = {}
        self._names = {}
        self.only = None

    def change(self, references, network, rows):
        """Rows of what is shown; later those of the one network that sees it."""
        keys = [_key(reference, network) for reference in references]
        if self.only is None:
            rows = super().change(references, network, rows)
            self._rows.update(zip(keys, rows.copy(), strict=True))
            for _, operations, identity in keys:
                if (operations, identity) not in self._names:
                    self._names[operations, identity] = self._name_of(network, operations)
            return rows
        kept = []
        for number, operations, identity in keys:
            sees = self._names[operations, identity] == self.only
            kept.append(self._rows[number if sees else 0, operations, identity])
        return np.stack(kept)

    def names(self):
        """Names of the networks that were asked."""
        return list(dict.fromkeys(self._names.values()))


def _key(reference, network):
    return reference.source.number, reference.operations, network.identity


def occlusion(estimator, reference, picture, target, name_of, window, stride):
    """Compute what the log-odds lose where the picture is hidden.

    Parameters
    ----------
    estimator : classifier of pictures
        Fitted.

    reference : ImageReference
        The picture.

    picture : ndarray of shape (height, width, 3), uint8
        Its pixels.

    target : int
        Number of the class that is explained.

    name_of : callable
        ``name_of(network, operations)`` gives the name of a network.

    window, stride : float
        As for :func:`~fusionlearn.inspection.explain`.

    Returns
    -------
    whole : ndarray of shape (height, width), float64
        What is lost if all networks see what is hidden.

    networks : dict of str to ndarray of shape (height, width), float64
        What is lost if one alone sees it.
    """
    boxes = _boxes(picture.shape[:2], window, stride)
    blurred = blur(picture, window)
    cover = _Cover(name_of)
    shown = [picture]
    for box in boxes:
        hidden = picture.copy()
        hidden[box] = blurred[box]
        shown.append(hidden)
    whole = _lost(
        estimator,
        target,
        boxes,
        [probed_picture(reference, cover, number, pixels) for number, pixels in enumerate(shown)],
        picture.shape[:2],
    )
    networks = {}
    for name in cover.names():
        cover.only = name
        seen = [probed_picture(reference, cover, number) for number in range(len(shown))]
        networks[name] = _lost(estimator, target, boxes, seen, picture.shape[:2])
    return whole, networks


def blur(picture, window):
    """Take away what is smaller than a window.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
        The picture.

    window : float
        Side of the window as a share of height and width.

    Returns
    -------
    blurred : ndarray of shape (height, width, 3), uint8
        The same picture without details.
    """
    from PIL import Image, ImageFilter

    height, width = picture.shape[:2]
    radii = (window * width / 2, window * height / 2)
    return np.array(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radii)))


def _boxes(shape, window, stride):
    starts, sides = [], []
    for length in shape:
        side = max(1, round(window * length))
        n_steps = math.ceil((length - side) / max(1.0, stride * length))
        starts.append(np.rint(np.linspace(0, length - side, n_steps + 1)).astype(int))
        sides.append(side)
    return [
        (slice(top, top + sides[0]), slice(left, left + sides[1]))
        for top in starts[0]
        for left in starts[1]
    ]


def _lost(estimator, target, boxes, seen, shape):
    """Mean loss over the windows that cover a pixel; the first picture has none."""
    proba = np.concatenate(
        [
            ask(estimator, seen[start : start + _TOGETHER])
            for start in range(0, len(seen), _TOGETHER)
        ]
    )
    scores = log_odds(proba, np.full(len(proba), target), LOWEST)
    total, count = np.zeros(shape), np.zeros(shape)
    for box, score in zip(boxes, scores[1:], strict=True):
        total[box] += scores[0] - score
        count[box] += 1
    return total / count
