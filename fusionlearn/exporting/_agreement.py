"""Whether what was written says what the estimator says."""

import numpy as np

from ..exceptions import ExportError
from ..images import check_images

# Rounding in float32, through some dozens of layers, is far less.
TOLERANCE = 1e-4
# Heights and widths of pictures that are made: smaller and larger than inputs of networks, odd.
_SIDES = ((96, 131), (260, 260), (412, 333))
# Pictures in a batch: few, and more than a vote has members or classes.
_BATCHES = (2, 12)


def sample_pictures(X, most=8):
    """Choose the pictures on which a graph is compared.

    Parameters
    ----------
    X : array-like of pictures or None
        Pictures of the user's own.

    most : int, default=8
        How many of them are taken, spread over X.

    Returns
    -------
    pictures : list of ndarray of shape (height, width, 3), uint8
        Some that are made, of several sizes, and those of X.
    """
    rng = np.random.default_rng(0)
    pictures = []
    for height, width in _SIDES:
        coarse = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        smooth = np.kron(coarse, np.ones((height // 9 + 1, width // 9 + 1, 1)))[:height, :width]
        noisy = smooth + rng.normal(0, 12, smooth.shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    if X is not None:
        references = check_images(X)
        chosen = np.unique(np.linspace(0, len(references) - 1, most).astype(int))
        pictures += [np.ascontiguousarray(references[index].decode()) for index in chosen]
    return pictures


def _batch(pictures, n_pictures):
    """Make a batch: parts of pictures that are as large as the smallest one."""
    height, width = (min(sides) for sides in zip(*(one.shape[:2] for one in pictures), strict=True))
    return np.stack(
        [
            np.roll(pictures[number % len(pictures)], number, axis=0)[:height, :width]
            for number in range(n_pictures)
        ]
    )


def largest_difference(run, estimator, pictures):
    """Compare what a runtime gives with ``predict_proba``.

    Parameters
    ----------
    run : callable
        From pixels of shape (n, height, width, 3), uint8, to probabilities.

    estimator : classifier of pictures
        What was exported.

    pictures : list of ndarray of shape (height, width, 3), uint8
        Pictures.

    Returns
    -------
    difference : float
        Largest difference of a probability.

    Raises
    ------
    ExportError
        If it is above 1e-4.
    """
    # Whole batches too, since a converter can mix up their rows.
    batches = [picture[np.newaxis] for picture in pictures]
    batches += [_batch(pictures, n) for n in _BATCHES]
    wanted = estimator.predict_proba([picture for batch in batches for picture in batch])
    got = np.concatenate([run(batch) for batch in batches])
    difference = float(np.abs(got - wanted).max())
    if not difference <= TOLERANCE:
        raise ExportError(
            f"What was written gives probabilities that differ by up to {difference:.3g} from "
            f"predict_proba; wanted {TOLERANCE:g} at most. A vote that is all but a tie can do "
            "that, else it is a fault of the converter: try another format."
        )
    return difference
