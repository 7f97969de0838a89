"""One random, composed affine transformation of a picture."""

import hashlib
import math

import numpy as np

from ._operations import operation

_PADDING = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap", "constant": "constant"}
FILL_MODES = frozenset(_PADDING)


def _copy_geometry(
    pixels, digest, *, seed, copy, rotation, shear, shift, zoom, horizontal_flip, **others
):
    (angle, slant, dx, dy, scale, *_), mirrored = _draw(digest, seed, copy, horizontal_flip)
    height, width = pixels.shape[:2]
    offset = np.array([dx * shift * width, dy * shift * height])
    matrix = _matrix(
        math.radians(angle * rotation), math.radians(slant * shear), 1.0 + scale * zoom, mirrored
    )
    if not (rotation or shear or zoom):
        # Whole pixels, and mirrored before it is moved.
        offset = matrix @ np.rint(offset)
    size = np.array([width, height])
    geometry = np.eye(3)
    geometry[:2, :2] = matrix * size / size[:, np.newaxis]
    geometry[:2, 2] = _offset(matrix, size, offset) / size
    return geometry


@operation("augmented-copy-1", _copy_geometry)
def augmented_copy(
    pixels,
    digest,
    *,
    seed,
    copy,
    rotation,
    shear,
    shift,
    zoom,
    horizontal_flip,
    brightness,
    contrast,
    fill_mode,
):
    """Make the copy with a number of a picture: a pure function of its arguments.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture, which is left as it is.

    digest : str
        Digest of the picture.

    seed, copy : int
        Seed and number of the copy.

    rotation, shear, shift, zoom, horizontal_flip, brightness, contrast, fill_mode
        As for :class:`~fusionlearn.ImageAugmenter`.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        The copy, as large as the picture.
    """
    (angle, slant, dx, dy, scale, light, gain), mirrored = _draw(
        digest, seed, copy, horizontal_flip
    )
    height, width = pixels.shape[:2]
    dx, dy = dx * shift * width, dy * shift * height
    if rotation or shear or zoom:
        matrix = _matrix(
            math.radians(angle * rotation),
            math.radians(slant * shear),
            1.0 + scale * zoom,
            mirrored,
        )
        pixels = _resample(pixels, matrix, (dx, dy), fill_mode)
    else:
        pixels = _move(pixels, round(dx), round(dy), mirrored, fill_mode)
    if brightness or contrast:
        mean = pixels.mean()
        values = (pixels - mean) * (1.0 + gain * contrast) + mean + light * brightness * 255.0
        pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels


def _draw(digest, seed, copy, horizontal_flip):
    """Seven numbers in [-1, 1) that depend on picture, seed and copy; whether to mirror."""
    key = hashlib.sha256(f"{digest}\0{seed}\0{copy}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(key[:16], "big")))
    # Everything is drawn, needed or not: changing one range leaves the others' draws alone.
    numbers = rng.uniform(-1.0, 1.0, size=7)
    mirrored = bool(rng.integers(2))  # drawn in any case, so that what follows is the same
    return numbers, horizontal_flip == "always" or (mirrored and horizontal_flip)


def _matrix(angle, slant, scale, mirrored):
    """From places in the copy to places in the picture, both seen from the centre."""
    rotate = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shear = np.array([[1.0, -math.sin(slant)], [0.0, math.cos(slant)]])
    return rotate @ shear @ np.diag([-1.0 if mirrored else 1.0, 1.0]) / scale


def _offset(matrix, size, offset):
    """Where the upper left corner of the copy comes from."""
    centre = np.asarray(size) / 2
    return centre - np.asarray(offset) - matrix @ centre


def _resample(pixels, matrix, offset, fill_mode):
    from PIL import Image

    height, width = pixels.shape[:2]
    move = _offset(matrix, (width, height), offset)
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ matrix.T + move
    # Pillow fills what lies outside with one colour, so the picture is first extended as
    # far as the copy reaches, and one pixel more for the interpolation at the edge.
    low = np.maximum(0, np.ceil(-corners.min(axis=0))).astype(int) + 1
    high = np.maximum(0, np.ceil(corners.max(axis=0) - (width, height))).astype(int) + 1
    padded = np.pad(
        pixels, ((low[1], high[1]), (low[0], high[0]), (0, 0)), mode=_PADDING[fill_mode]
    )
    move = move + low
    coefficients = (*matrix[0], move[0], *matrix[1], move[1])
    image = Image.fromarray(padded).transform(
        (width, height),
        Image.Transform.AFFINE,
        data=coefficients,
        resample=Image.Resampling.BILINEAR,
    )
    return np.array(image)


def _move(pixels, dx, dy, mirrored, fill_mode):
    height, width = pixels.shape[:2]
    if mirrored:
        pixels = pixels[:, ::-1]
    pad_x, pad_y = (max(dx, 0), max(-dx, 0)), (max(dy, 0), max(-dy, 0))
    padded = np.pad(pixels, (pad_y, pad_x, (0, 0)), mode=_PADDING[fill_mode])
    top, left = max(-dy, 0), max(-dx, 0)
    return np.ascontiguousarray(padded[top : top + height, left : left + width])
