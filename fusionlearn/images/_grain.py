"""Pictures without their fine grain, for a control of what a score rests on."""

import io

import numpy as np

from ._check import check_images
from ._operations import operation

# Part of the figures that people compare: written out, so that they mean the same everywhere.
GRAIN_SIDE = 224
GRAIN_QUALITY = 60


def reduce_grain(X):
    """Make views of pictures that all have one colour, one size and one compression.

    Scaling, sharpening and compression leave traces in pixels that tell the source of a
    picture. In grey, at 224 x 224 pixels and after JPEG at quality 60, most of these
    traces are alike for all pictures.

    Parameters
    ----------
    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    Returns
    -------
    views : ndarray of shape (n_samples,), dtype object
        References that belong to the same patients; nothing is decoded yet.

    Raises
    ------
    ImageError
        If something in X is no picture.
    """
    references = check_images(X)
    views = np.empty(len(references), dtype=object)
    for index, reference in enumerate(references):
        views[index] = reference.view("grain-control-1", side=GRAIN_SIDE, quality=GRAIN_QUALITY)
    return views


@operation("grain-control-1")
def without_grain(pixels, digest, *, side, quality):
    """Bring a picture to grey, one size and one compression.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture, which is left as it is.

    digest : str
        Digest of the picture; without meaning here.

    side : int
        Width and height of the result, in pixels.

    quality : int
        Pillow's quality of JPEG.

    Returns
    -------
    pixels : ndarray of shape (side, side, 3), uint8
        Three equal channels.
    """
    from PIL import Image

    image = Image.fromarray(pixels).convert("L")
    image = image.resize((side, side), resample=Image.Resampling.BILINEAR)
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=quality)
    with Image.open(encoded) as image:
        grey = np.asarray(image)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
