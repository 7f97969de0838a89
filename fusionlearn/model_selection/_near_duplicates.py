"""Pictures that look the same although their files differ."""

import numpy as np

from .._bars import progress_bar
from ..exceptions import ImageError

_SIDE = 16  # 256 bits
# On 543 CT slices, copies at JPEG quality 60 or half the size differed in 2 bits at most, slices
# of one patient in 8 or more, and slices of different patients in 56 or more.
_BITS = 24
_BLOCK = 1024


def find_near_duplicates(references, positions, verbose=0):
    """Find pairs of pictures that look the same.

    Pictures are compared by a perceptual hash of 256 bits: copies at another size or
    compression have the same but for a few bits. Mirrored and cropped ones have not.

    Parameters
    ----------
    references : ndarray of shape (n_samples,), dtype object
        What ``check_images`` gave.

    positions : ndarray of int
        Those to look at, in order.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    pairs : list of tuple of (int, int)
        Positions, the smaller first, in order.

    Raises
    ------
    ImageError
        If a picture cannot be decoded; the message has its position.

    References
    ----------
    C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
    (2010).
    """
    hashes, pairs = [], []
    with progress_bar("near duplicates", len(positions), unit="pictures", verbose=verbose) as bar:
        for index in positions.tolist():
            hashes.append(_hash(index, references[index]))
            bar.update()
    hashes = np.array(hashes)
    for start in range(0, len(hashes), _BLOCK):
        agreement = hashes[start : start + _BLOCK] @ hashes[start:].T
        first, second = np.nonzero(agreement >= _SIDE**2 - 2 * _BITS)
        later = second > first
        first, second = positions[start + first[later]], positions[start + second[later]]
        pairs += zip(first.tolist(), second.tolist(), strict=True)
    return pairs


def _hash(index, reference):
    """Bits as -1 and 1, so that a product counts those that agree; none of a blank picture."""
    from imagehash import phash
    from PIL import Image

    try:
        pixels = reference.decode()
    except ImageError as error:
        raise error.at(index) from error
    if pixels.min() == pixels.max():
        return np.zeros(_SIDE**2, np.float32)
    bits = phash(Image.fromarray(pixels).convert("L"), hash_size=_SIDE).hash.ravel()
    return np.where(bits, np.float32(1), np.float32(-1))
