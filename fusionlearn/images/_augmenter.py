"""Augmented copies of pictures."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from .._documentation import DocumentedMixin
from . import _affine
from ._check import check_images


class ImageAugmenter(DocumentedMixin, BaseEstimator):
    """Make randomly moved, turned and mirrored copies of pictures.

    A copy is a reference that knows the picture it was made from and its patient; its
    pixels are computed when they are needed. They are a pure function of the picture's
    content, the seed and the number of the copy, so that features of copies can be
    stored and shared like those of any other picture.

    Every copy is one composed affine transformation with one bilinear interpolation.
    With ``rotation``, ``shear`` and ``zoom`` all zero, shifts are whole pixels and
    nothing is interpolated, which keeps fine texture as it is.

    To augment training data and nothing else, put the augmenter into an
    :class:`~fusionlearn.AugmentedClassifier`.

    Parameters
    ----------
    n_copies : int, default=4
        Number of copies of each picture.

    rotation : float, default=15.0
        Largest angle in degrees, to both sides, in [0, 180].

    shear : float, default=10.0
        Largest shear angle in degrees, to both sides, in [0, 90).

    shift : float, default=0.1
        Largest shift, as a fraction of width and height, in [0, 1).

    zoom : float, default=0.1
        Largest change of scale: 0.1 means between 0.9 and 1.1. In [0, 1).

    horizontal_flip : bool or "always", default=True
        Whether every second copy, on average, is mirrored left to right; "always" mirrors
        each of them, which with one copy and nothing else gives the exact mirror images.

    brightness : float, default=0.0
        Largest change of brightness, as a fraction of the range 0-255, in [0, 1].

    contrast : float, default=0.0
        Largest change of contrast around the picture's mean, in [0, 1].

    fill_mode : {"nearest", "reflect", "wrap", "constant"}, default="nearest"
        What comes in from outside the picture; "constant" is black.

    keep_original : bool, default=True
        Whether ``fit_resample`` returns the pictures themselves too.

    random_state : int, RandomState instance or None, default=0
        Seed of the copies. With None or a RandomState every call makes other copies,
        which can then not be found again in a feature store.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_samples_new,)
        For each picture that ``fit_resample`` returned, the index of the one that it
        was made from.

    See Also
    --------
    AugmentedClassifier : Augments what a classifier is trained on.

    References
    ----------
    .. [1] C. Shorten and T. M. Khoshgoftaar, "A survey on Image Data Augmentation for
       Deep Learning", Journal of Big Data 6, 60 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import ImageAugmenter
    >>> X = np.random.default_rng(0).integers(0, 255, (2, 32, 32), dtype=np.uint8)
    >>> copies, y = ImageAugmenter(n_copies=2).fit_resample(X, ["a", "b"])
    >>> y
    array(['a', 'a', 'a', 'b', 'b', 'b'], dtype='<U1')
    >>> copies[1].decode().shape
    (32, 32, 3)
    """

    _parameter_constraints = {
        "n_copies": [Interval(Integral, 0, None, closed="left")],
        "rotation": [Interval(Real, 0, 180, closed="both")],
        "shear": [Interval(Real, 0, 90, closed="left")],
        "shift": [Interval(Real, 0, 1, closed="left")],
        "zoom": [Interval(Real, 0, 1, closed="left")],
        "horizontal_flip": ["boolean", StrOptions({"always"})],
        "brightness": [Interval(Real, 0, 1, closed="both")],
        "contrast": [Interval(Real, 0, 1, closed="both")],
        "fill_mode": [StrOptions(_affine.FILL_MODES)],
        "keep_original": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_copies=4,
        *,
        rotation=15.0,
        shear=10.0,
        shift=0.1,
        zoom=0.1,
        horizontal_flip=True,
        brightness=0.0,
        contrast=0.0,
        fill_mode="nearest",
        keep_original=True,
        random_state=0,
    ):
        self.n_copies = n_copies
        self.rotation = rotation
        self.shear = shear
        self.shift = shift
        self.zoom = zoom
        self.horizontal_flip = horizontal_flip
        self.brightness = brightness
        self.contrast = contrast
        self.fill_mode = fill_mode
        self.keep_original = keep_original
        self.random_state = random_state

    def fit(self, X, y=None):
        """Check the parameters and the pictures; nothing is learned.

        Parameters
        ----------
        X : array-like of pictures
            As for :func:`~fusionlearn.check_images`.

        y : None
            Ignored.

        Returns
        -------
        self : ImageAugmenter
            The augmenter itself.
        """
        self._validate_params()
        check_images(X)
        return self

    def fit_resample(self, X, y):
        """Repeat each picture as itself and its copies, one beside the other.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        y : array-like of shape (n_samples,)
            Target of each picture.

        Returns
        -------
        X_resampled : ndarray of shape (n_samples_new,), dtype object
            References: picture 0 (with ``keep_original``), its copies, picture 1, ...

        y_resampled : ndarray of shape (n_samples_new,)
            The target of each.

        Raises
        ------
        ImageError
            If something in X is no picture.

        ValueError
            If X and y differ in length, or neither copies nor originals are asked for.
        """
        self._validate_params()
        references = check_images(X)
        y = np.asarray(y)
        if y.ndim == 0:
            raise ValueError(f"y={y!r}: wanted a target for each picture.")
        if len(y) != len(references):
            raise ValueError(f"y has {len(y)} entries for {len(references)} pictures.")
        if self.n_copies == 0 and not self.keep_original:
            raise ValueError(
                "n_copies=0 with keep_original=False leaves no picture; set one of them."
            )
        parts = [references[:, np.newaxis]] if self.keep_original else []
        resampled = np.hstack([*parts, self.make_copies(references)])
        self.sample_indices_ = np.repeat(np.arange(len(references)), resampled.shape[1])
        return resampled.ravel(), y[self.sample_indices_]

    def make_copies(self, X, n_copies=None):
        """Make copies of pictures as references.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        n_copies : int, default=None
            Number of copies; None takes the parameter of the same name.

        Returns
        -------
        copies : ndarray of shape (n_samples, n_copies), dtype object
            References; column ``k`` has the copies with number ``k``.

        Raises
        ------
        ImageError
            If something in X is no picture.
        """
        self._validate_params()
        references = check_images(X)
        n_copies = self.n_copies if n_copies is None else n_copies
        if not isinstance(n_copies, Integral) or n_copies < 0:
            raise ValueError(f"n_copies={n_copies!r}: wanted an integer from 0 upwards.")
        n_copies = int(n_copies)  # NumPy takes no boolean as a length
        seed = fixed_seed(self.random_state)
        flip = self.horizontal_flip
        parameters = {
            "seed": seed,
            "rotation": float(self.rotation),
            "shear": float(self.shear),
            "shift": float(self.shift),
            "zoom": float(self.zoom),
            "horizontal_flip": flip if flip == "always" else bool(flip),
            "brightness": float(self.brightness),
            "contrast": float(self.contrast),
            "fill_mode": str(self.fill_mode),
        }
        copies = np.empty((len(references), n_copies), dtype=object)
        for index, reference in enumerate(references):
            for copy in range(n_copies):
                copies[index, copy] = reference.view("augmented-copy-1", copy=copy, **parameters)
        return copies

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def fixed_seed(random_state):
    """Get one number for all copies that are made with a ``random_state``.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        An int is itself; a RandomState is drawn from; None takes another number every
        time, from the operating system, so that NumPy's global generator is left alone.

    Returns
    -------
    seed : int
        The seed.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
