"""From an encoded file to pixels in one form: uint8, RGB, upright."""

import io
import warnings

import numpy as np

from .._config import get_config
from ..exceptions import ImageError, ImageWarning

# A closed list: Pillow's other plug-ins start programs (EPS) or read formats in
# which nobody keeps scans, and each is one more parser that meets hostile bytes.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "DIB", "GIF", "WEBP", "PPM", "JPEG2000")

# Divisors of the sides that a JPEG decoder takes for nothing.
_JPEG_SCALES = (1, 2, 4, 8)

PIXEL_RULE = "uint8, or float in 0-255"
_SLICES = "Export slices as PNG with the window of values that matters (in CT, the lung window)."
_WHOLE_FILE = "a whole PNG, JPEG, TIFF, BMP, GIF, WebP, PNM or JPEG 2000 picture"


def decode_bytes(data, path=None):
    """Decode an encoded picture by the library's rules.

    Parameters
    ----------
    data : bytes
        The content of a picture file.

    path : str or None, default=None
        Where it came from, for messages.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        RGB, turned as its EXIF orientation says, transparency laid over black.

    Raises
    ------
    ImageError
        If the data is empty, truncated, too large, has several pages or is no picture.
    """
    with _opened(data, path) as image:
        return image_to_pixels(image, path)


def decode_bytes_for(data, sides, path=None):
    """Decode an encoded picture for several uses, a large JPEG no larger than needed.

    Parameters
    ----------
    data : bytes
        The content of a picture file.

    sides : sequence of int
        For each use the number of pixels that height and width should not go below.

    path : str or None, default=None
        Where it came from, for messages.

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
    decoded = {}
    scales = []
    for side in sides:
        with _opened(data, path) as image:
            _check_header(image, path)
            # By the whole size in the header, before the decoder changes it.
            scale = _scale(image, side)
            if scale > 1:
                image.draft(None, (image.width // scale, image.height // scale))
            scales.append(scale)
            if scale not in decoded:
                decoded[scale] = as_rgb(_decode(image, path))
    return [decoded[scale] for scale in scales]


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
    with _opened(data, path) as image:
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
    return np.array(as_rgb(_decode(image, path)))


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


def _decode(image, path):
    _check_header(image, path)
    try:
        return _to_pixels(image, path)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(
            f"a {image.format} file that cannot be read to its end ({error})",
            _WHOLE_FILE,
            "Replace the file or remove it from X.",
            path=path,
        ) from error


def _to_pixels(image, path):
    from PIL import Image, ImageOps

    # A PNM file of 16 bits is opened with 32, scaled to the range of 16.
    is_16_bit = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
    image = ImageOps.exif_transpose(image)
    if is_16_bit:
        values = np.asarray(image)
        pixels = _high_byte(values, path)
        if isinstance(image.info.get("transparency"), int):
            pixels[values == image.info["transparency"]] = 0
        image = Image.fromarray(pixels)
    elif image.mode in ("I", "F"):
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


def _opened(data, path):
    if not data:
        raise ImageError(
            "an empty file", _WHOLE_FILE, "Replace the file or remove it from X.", path=path
        )
    try:
        image = _open(data)
    except Exception as error:  # noqa: BLE001  whatever a parser throws at hostile bytes
        got = f"a file whose header cannot be read ({error})"
    else:
        if image is not None:
            return image
        if data[128:132] == b"DICM":
            raise ImageError("a DICOM file", _WHOLE_FILE, _SLICES, path=path)
        if data[344:347] in (b"n+1", b"ni1") or str(path).endswith((".nii", ".nii.gz")):
            raise ImageError("a NIfTI volume", _WHOLE_FILE, _SLICES, path=path)
        got = f"{len(data):,} bytes that are no picture (they start with {bytes(data[:8])!r})"
    raise ImageError(got, _WHOLE_FILE, "Convert it, or remove it from X.", path=path)


def _open(data):
    """``Image.open`` without its limit of pixels: ours holds, lower or higher."""
    from PIL import Image

    Image.init()
    for name in FORMATS:
        factory, accept = Image.OPEN[name]
        # A string says why a format that is recognised cannot be read here.
        if accept is None or accept(data[:16]) is True:
            try:
                return factory(io.BytesIO(data), "")
            except SyntaxError:  # Pillow's word for another format
                continue
    return None


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
    # The further pictures of an MPO file are previews and depth maps of the first.
    pages = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if pages != 1:
        raise ImageError(
            f"a {image.format} file with {pages} pages",
            "one picture per file",
            "Save each page as a file of its own.",
            path=path,
        )


def _high_byte(pixels, path):
    high = int(pixels.max(initial=0))
    if 0 < high < 4096:
        warnings.warn(
            f"{path or 'A picture'} has 16 bits per pixel but no value above {high} of 65535, "
            "so that it is nearly black. Map the window of values that matters to 0-255.",
            ImageWarning,
            stacklevel=2,
        )
    return (pixels >> 8).astype(np.uint8)
