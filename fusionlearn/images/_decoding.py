"""From an encoded file to pixels in one form: uint8, RGB, upright."""

import warnings
from contextlib import contextmanager

import numpy as np

from .._config import get_config
from ..exceptions import ImageError, ImageWarning, printable
from ._dicom_pixels import check_no_window, describe_dicom, dicom_pixels, is_dicom
from ._opening import WHOLE_FILE, open_bytes, reason
from ._rendering import AS_STORED
from ._structure import exif_orientation, xmp_orientation

# Divisors of the sides that a JPEG decoder takes for nothing.
_JPEG_SCALES = (1, 2, 4, 8)

PIXEL_RULE = "uint8, or float in 0-255"


def decode_bytes(data, path=None, rendering=AS_STORED):
    """Decode an encoded picture by the library's rules.

    Parameters
    ----------
    data : bytes
        The content of a picture file.

    path : str or None, default=None
        Where it came from, for messages.

    rendering : Rendering, default=AS_STORED
        What is shown of a DICOM file.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        RGB, turned as its EXIF orientation says, transparency laid over black.

    Raises
    ------
    ImageError
        If the data is empty, truncated, too large, has several pages or is no picture.
    """
    if is_dicom(data, path):
        return np.array(as_rgb(dicom_pixels(data, path, rendering)))
    with open_bytes(data, path) as image:
        _check_rendering(image, path, rendering)
        return np.array(as_rgb(_decode(image, path)))


def decode_bytes_for(data, sides, path=None, rendering=AS_STORED):
    """Decode an encoded picture for several uses, a large JPEG no larger than needed.

    Parameters
    ----------
    data : bytes
        The content of a picture file.

    sides : sequence of int
        For each use the number of pixels that height and width should not go below.

    path : str or None, default=None
        Where it came from, for messages.

    rendering : Rendering, default=AS_STORED
        What is shown of a DICOM file.

    Returns
    -------
    pixels : list of ndarray of shape (height, width, 3), uint8
        As :func:`decode_bytes` gives them, for each use at the smallest scale of 1, 1/2,
        1/4 and 1/8 that leaves enough; of a grey picture a view (:func:`as_rgb`).

    Raises
    ------
    ImageError
        As for :func:`decode_bytes`.
    """
    if is_dicom(data, path):
        return [as_rgb(dicom_pixels(data, path, rendering))] * len(sides)
    decoded = {}
    scales = []
    for side in sides:
        with open_bytes(data, path) as image:
            _check_rendering(image, path, rendering)
            _check_header(image, path)
            # By the whole size in the header, before the decoder changes it.
            scale = _scale(image, side)
            if scale > 1:
                image.draft(None, (image.width // scale, image.height // scale))
            scales.append(scale)
            if scale not in decoded:
                decoded[scale] = as_rgb(_decode(image, path))
    return [decoded[scale] for scale in scales]


def _check_rendering(image, path, rendering):
    if rendering.frame is not None:
        raise ImageError(
            f"a {image.format} file",
            "the DICOM file that it was",
            "Make the pictures anew with fusionlearn.images.read_dicom.",
            path=path,
        )
    check_no_window(rendering, f"a {image.format} file", path)


def _scale(image, side):
    """Divisor of the sides at which a JPEG can be decoded and still has ``side`` pixels."""
    if image.format not in ("JPEG", "MPO"):
        return 1
    enough = min(image.width, image.height) // side
    # Only where no half pixel is left at the edge: it would count as a whole one.
    return max(
        scale
        for scale in _JPEG_SCALES
        if scale == 1 or (scale <= enough and image.width % scale == image.height % scale == 0)
    )


def describe_bytes(data, path=None):
    """Read format, mode, width and height from the header alone.

    Parameters
    ----------
    data : bytes
        The content of a picture file.

    path : str or None, default=None
        Where it came from, for messages.

    Returns
    -------
    description : dict
        With the keys ``format``, ``mode``, ``width``, ``height`` and ``n_bytes``.

    Raises
    ------
    ImageError
        If the data is empty or is no picture.
    """
    if is_dicom(data, path):
        return describe_dicom(data, path)
    with open_bytes(data, path) as image:
        return {
            "format": image.format,
            "mode": image.mode,
            "width": image.width,
            "height": image.height,
            "n_bytes": len(data),
        }


def image_to_pixels(image, path=None):
    """Bring a Pillow image into the one form that networks see.

    Parameters
    ----------
    image : PIL.Image.Image
        One page, of any mode but LAB.

    path : str or None, default=None
        Where it came from, for messages.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture.

    Raises
    ------
    ImageError
        If the mode has no rule, or the picture is truncated, too large or has several
        pages.
    """
    from PIL import ImageOps

    return np.array(as_rgb(_decode(image, path, ImageOps.exif_transpose)))


def as_rgb(pixels):
    """Show pixels in colour, without copying grey ones.

    Parameters
    ----------
    pixels : ndarray of shape (height, width), (height, width, 1) or (height, width, 3), uint8
        Grey or RGB.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        RGB. Where grey came in, a view that cannot be written to, whose three channels
        are one in memory: ``strides[2]`` is 0.
    """
    grey = pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels
    return np.broadcast_to(grey, (*grey.shape[:2], 3)) if grey.shape[2] == 1 else grey


def _decode(image, path, turn=None):
    _check_header(image, path)
    with _reading(image, path):
        return _to_pixels(image, path, _upright if turn is None else turn)


@contextmanager
def _reading(image, path):
    """Whatever a parser throws at hostile bytes becomes our own error."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(
            f"a {image.format} file that cannot be read to its end ({reason(error)})",
            WHOLE_FILE,
            "Replace the file or remove it from X.",
            path=path,
        ) from error


def _upright(image):
    """Turn a picture as it says, reading of EXIF data nothing but that."""
    from PIL import Image

    image.load()  # in a PNG file EXIF data may stand behind the pixels
    turns = (
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
    )
    orientation = _orientation(image)
    return image.transpose(turns[orientation - 2]) if 2 <= orientation <= 8 else image


def _orientation(image):
    if image.format == "TIFF":
        found = image.tag_v2.get(274)
    else:
        exif = image.info.get("exif")
        raw = image.info.get("Raw profile type exif")  # as ImageMagick puts it into PNG files
        if exif is None and isinstance(raw, str):
            try:
                exif = bytes.fromhex("".join(raw.split("\n")[3:]))
            except ValueError:  # broken, and so it says nothing
                exif = None
        found = exif_orientation(exif) if isinstance(exif, bytes) else None
    if found is None:
        xmp = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp")
        found = xmp_orientation(xmp) if isinstance(xmp, (str, bytes)) else None
    return found if isinstance(found, int) else 1


def _to_pixels(image, path, turn):
    from PIL import Image

    # A PNM file of 16 bits is opened with 32, scaled to the range of 16.
    is_16_bit = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
    image = turn(image)
    if is_16_bit:
        values = np.asarray(image)
        pixels = _high_byte(values, path)
        if isinstance(image.info.get("transparency"), int):
            pixels[values == image.info["transparency"]] = 0
        image = Image.fromarray(pixels)
    elif image.mode in ("I", "F"):
        with np.errstate(invalid="ignore"):  # of a signalling NaN, which is looked for below
            pixels = np.asarray(image, dtype=np.float64)
        check_float_pixels(pixels, path)
        image = Image.fromarray(round_pixels(pixels))
    elif image.mode == "LAB":
        raise ImageError(
            "a picture in the LAB colour space",
            "grey, RGB, RGBA, palette or CMYK",
            "Save it as RGB.",
            path=path,
        )
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(background, image)
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))


def check_float_pixels(pixels, path=None):
    """Refuse float pixels that are not in 0-255 or were apparently scaled.

    Parameters
    ----------
    pixels : ndarray of float
        One picture.

    path : str or None, default=None
        Where it came from, for messages.

    Raises
    ------
    ImageError
        If a value is not finite, lies outside 0-255, or all lie in 0-1.
    """
    low, high = pixels.min(), pixels.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(
            "pixels that are NaN or infinite",
            PIXEL_RULE,
            "Replace the missing values or remove the picture.",
            path=path,
        )
    if low < 0 and low >= -1 and high <= 1:
        remedy = "They look scaled to -1..1: pass (X + 1) * 127.5."
    elif low < 0 or high > 255:
        remedy = "Map the window of values that matters (in CT, the lung window) to 0-255."
    elif 0 < high <= 1:
        remedy = "They look scaled to 0-1: pass X * 255. Networks scale their own input."
    else:
        return
    raise ImageError(
        f"float pixels between {low:.6g} and {high:.6g}", PIXEL_RULE, remedy, path=path
    )


def round_pixels(pixels):
    """Round checked float pixels to the nearest of the 256 levels.

    Parameters
    ----------
    pixels : ndarray of float
        Values in 0-255.

    Returns
    -------
    pixels : ndarray of uint8
        The rounded copy.
    """
    return np.rint(pixels).astype(np.uint8)


def _check_header(image, path):
    from PIL import ImageFile

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise ImageError(
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES = True, with which half a file passes for a "
            "whole picture",
            "False, which is Pillow's default",
            "Set it back to False.",
            path=path,
        )
    limit = get_config()["max_image_pixels"]
    if image.width * image.height > limit:
        raise ImageError(
            f"{image.width} x {image.height} pixels",
            f"at most {limit:,} pixels in all",
            "Make it smaller, or raise fusionlearn.set_config(max_image_pixels=...).",
            path=path,
        )
    with _reading(image, path):
        # Whether there is a second page: to count them all may take for ever. The further
        # pictures of an MPO file are previews and depth maps of the first.
        has_pages = image.format != "MPO" and getattr(image, "is_animated", False)
    if has_pages:
        raise ImageError(
            f"a {image.format} file with several pages",
            "one picture per file",
            "Save each page as a file of its own.",
            path=path,
        )


def _high_byte(pixels, path):
    high = int(pixels.max(initial=0))
    if 0 < high < 4096:
        warnings.warn(
            f"{printable(path or 'A picture')} has 16 bits per pixel but no value above {high} of "
            "65535, so that it is nearly black. Map the window of values that matters to 0-255.",
            ImageWarning,
            stacklevel=2,
        )
    return (pixels >> 8).astype(np.uint8)
