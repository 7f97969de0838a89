"""Grey, contrast and crop: pure operations that put pictures into one form."""

import numpy as np

from ._operations import operation

# Percentiles that a stretch takes to black and white: a burnt-in mark or a dead pixel is
# not what decides.
_STRETCH = (1.0, 99.0)
# Of a picture's area and sides: a smaller component is no body that fills a slice.
_MIN_BODY_AREA = 0.1
_MIN_BODY_SIDE = 0.3


@operation("grey-1")
def grey(pixels, digest):
    """Give all channels the brightness that people see (ITU-R 601, as Pillow's ``L``).

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture, which is left as it is.

    digest : str
        Digest of the picture; without meaning here.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        Three equal channels.
    """
    return _as_rgb(_brightness(pixels))


@operation("stretched-1")
def stretched(pixels, digest):
    """Map the 1st to the 99th percentile of a picture to 0-255.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture, which is left as it is.

    digest : str
        Digest of the picture; without meaning here.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture itself where both percentiles are the same.
    """
    low, high = np.percentile(pixels, _STRETCH)
    if low == high:
        return pixels
    levels = np.clip((np.arange(256) - low) * (255.0 / (high - low)), 0, 255)
    return np.rint(levels).astype(np.uint8)[pixels]


@operation("clahe-1")
def equalised(pixels, digest):
    """Equalise contrast in tiles of an eighth of the picture, limited (CLAHE).

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture, which is left as it is. Of a colour the brightness is equalised and
        the hue kept.

    digest : str
        Digest of the picture; without meaning here.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture itself where all pixels are the same.
    """
    from skimage.exposure import equalize_adapthist

    if pixels.min() == pixels.max():
        return pixels
    first = pixels[..., 0]
    # Grey as three channels: one of them costs a third, and no way through hues and back.
    is_grey = (pixels == first[..., np.newaxis]).all()
    equal = np.rint(255 * equalize_adapthist(first if is_grey else pixels)).astype(np.uint8)
    return _as_rgb(equal) if is_grey else equal


def _body_geometry(pixels, digest):
    rows, columns = _body_box(pixels)
    height, width = pixels.shape[:2]
    return np.array(
        [
            [(columns.stop - columns.start) / width, 0, columns.start / width],
            [0, (rows.stop - rows.start) / height, rows.start / height],
            [0, 0, 1],
        ]
    )


@operation("body-1", _body_geometry)
def cropped_to_body(pixels, digest):
    """Cut out the box around the largest bright component.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture, which is left as it is.

    digest : str
        Digest of the picture; without meaning here.

    Returns
    -------
    pixels : ndarray of shape (box_height, box_width, 3), uint8
        The picture itself where nothing in it can be a body.
    """
    box = _body_box(pixels)
    is_whole = all(part == slice(0, side) for part, side in zip(box, pixels.shape[:2], strict=True))
    return pixels if is_whole else np.ascontiguousarray(pixels[box])


def _body_box(pixels):
    """Rows and columns of the box, or of the whole picture."""
    from scipy import ndimage

    whole = tuple(slice(0, side) for side in pixels.shape[:2])
    brightness = _brightness(pixels)
    if brightness.min() == brightness.max():
        return whole
    labels, n_components = ndimage.label(brightness > _otsu(brightness))
    areas = np.bincount(labels.ravel(), minlength=n_components + 1)[1:]
    largest = int(areas.argmax()) + 1
    box = ndimage.find_objects(labels, largest)[-1]
    sides = [
        (part.stop - part.start) / whole for part, whole in zip(box, labels.shape, strict=True)
    ]
    if areas.max() < _MIN_BODY_AREA * labels.size or min(sides) < _MIN_BODY_SIDE:
        return whole
    return box


def _brightness(pixels):
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), 2, 0)
    # Pillow's integers, so that grey stays the level that it is.
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(np.uint8)


def _as_rgb(levels):
    return np.repeat(levels[..., np.newaxis], 3, axis=2)


def _otsu(levels):
    """Level up to which a picture is dark: it parts the levels into two narrowest groups."""
    counts = np.bincount(levels.ravel(), minlength=256).astype(np.float64)
    below = counts.cumsum()[:-1]
    above = counts.sum() - below
    sums = (counts * np.arange(256)).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = sums[:-1] / below - (sums[-1] - sums[:-1]) / above
    return int(np.nan_to_num(below * above * distance**2).argmax())
