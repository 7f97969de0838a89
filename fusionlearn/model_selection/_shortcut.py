"""What the file alone would score."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from ..exceptions import ImageError
from ..images import check_images

# Written out, so that a number means the same in every fold and with every Pillow.
_FORMATS = ["array", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP"]
_FORMATS += ["DICOM"]
_MODES = [
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX"),
    *("CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"),
]


def shortcut_features(X):
    """Describe how pictures are stored, without a look at any pixel.

    A class that comes from another source than the others often comes in other files.
    What a classifier scores on these features alone, it may also have learned instead
    of the disease.

    Parameters
    ----------
    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`. A view of a picture is described as
        that picture.

    Returns
    -------
    features : ndarray of shape (n_samples, 5), float64
        The format's number, the colour mode's number, width and height in pixels, and
        bytes per pixel. Numbers do not depend on what else is in X; -1 is a format or
        mode that has none.

    Raises
    ------
    ImageError
        If something in X is no picture.

    See Also
    --------
    make_shortcut_baseline : A classifier on these features.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.model_selection import shortcut_features
    >>> shortcut_features(np.zeros((1, 24, 32), dtype=np.uint8))
    array([[ 0.,  1., 32., 24.,  1.]])
    """
    rows = []
    for index, reference in enumerate(check_images(X)):
        try:
            stored = reference.describe()
        except ImageError as error:
            raise error.at(index) from error
        n_pixels = stored["width"] * stored["height"]
        rows.append(
            (
                _number(stored["format"], _FORMATS),
                _number(stored["mode"], _MODES),
                stored["width"],
                stored["height"],
                stored["n_bytes"] / n_pixels,
            )
        )
    return np.array(rows, dtype=np.float64)


def make_shortcut_baseline(random_state=0):
    """Make a classifier that sees files, but no pixel.

    It shows what the file alone would score. A classifier of pictures has learned
    something from their content only as far as it is better, on the same folds.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=0
        Seed of the forest.

    Returns
    -------
    baseline : Pipeline
        ``shortcut_features`` and a random forest; it takes pictures.

    See Also
    --------
    shortcut_features : What it sees.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.model_selection import make_shortcut_baseline
    >>> X = [np.zeros((16, size, 3), dtype=np.uint8) for size in [8, 9, 8, 9]]
    >>> make_shortcut_baseline().fit(X, [0, 1, 0, 1]).score(X, [0, 1, 0, 1])
    1.0
    """
    return Pipeline(
        [
            ("file", FunctionTransformer(shortcut_features)),
            ("forest", RandomForestClassifier(random_state=random_state)),
        ]
    )


def _number(name, names):
    return names.index(name) if name in names else -1
