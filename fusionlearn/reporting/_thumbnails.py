"""Pictures inside the page, small enough that the page stays small."""

import base64
import io

# At most so many pixels on the longer side, which at this quality are some 10 kB.
SIDE = 224
_QUALITY = 78
_LARGEST_IN_FIGURES = 320
# A drawing of few colours stays as it is.
_SMALL = 6_000


def thumbnail(pixels, side=SIDE):
    """Encode a picture for the page.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The picture.

    side : int, default=SIDE
        Number of pixels on the longer side, at most.

    Returns
    -------
    uri : str
        A ``data:`` URI of a WebP picture.
    """
    from PIL import Image

    return _encode(Image.fromarray(pixels), side)


def recompress(uri):
    """Encode a picture anew that matplotlib has put into a figure.

    Parameters
    ----------
    uri : str
        A ``data:`` URI of a PNG picture.

    Returns
    -------
    uri : str
        The same where that is short, else a WebP picture of at most 320 pixels.
    """
    from PIL import Image

    uri = "".join(uri.split())
    if len(uri) <= _SMALL:
        return uri
    data = base64.b64decode(uri.partition("base64,")[2])
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        picture.load()
    return _encode(picture, _LARGEST_IN_FIGURES)


def _encode(picture, side):
    picture.thumbnail((side, side))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
