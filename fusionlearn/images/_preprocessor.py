"""Pictures in one form, before networks see them."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import StrOptions

from .._compat import CallbackSupportMixin, with_callbacks
from .._documentation import DocumentedMixin
from ..exceptions import ImageError
from . import _contrast  # noqa: F401  registers the operations
from ._check import check_images
from ._rendering import check_window

_CONTRASTS = {"stretch": "stretched-1", "clahe": "clahe-1"}


class ImagePreprocessor(
    DocumentedMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Bring pictures into one form: grey, one contrast, the body alone.

    A transformer from pictures to pictures. What comes out are views: references that
    know the picture they were made from and its patient, and whose pixels are computed
    when they are needed. Each view has a digest of its own, so that its features are
    stored and shared like those of any other picture.

    It learns nothing: ``transform`` needs no ``fit``. Put it before an extractor in a
    Pipeline. Inside an :class:`~fusionlearn.AugmentedClassifier` copies are made first
    and then brought into the form.

    Parameters
    ----------
    window : tuple of (float, float), {"lung", "mediastinum", "bone", "brain", "full"} or \
            None, default=None
        Which values of a DICOM picture are shown: centre and width, in what the scanner
        measured (Hounsfield units in CT). The names are windows for CT [3]_: "lung" is
        (-600, 1500), "mediastinum" (50, 350), "bone" (400, 1800) and "brain" (40, 80).
        "full" goes from the lowest to the highest value of each picture. None takes what
        the file says itself. Anything but None is refused for pictures that are no DICOM
        file, or are in colour.

    color : {"rgb", "grey"}, default="rgb"
        "grey" gives all three channels the brightness (ITU-R 601), so that a coloured
        mark or a tint cannot tell where a picture comes from.

    contrast : {"stretch", "clahe"} or None, default=None
        "stretch" maps the 1st to the 99th percentile of each picture to 0-255. "clahe"
        is contrast-limited adaptive histogram equalisation [1]_ in tiles of an eighth
        of the picture. A picture of one level stays as it is.

    crop : {"body"} or None, default=None
        "body" cuts out the box around the largest connected component that is brighter
        than Otsu's threshold [2]_: in a CT slice the body without the air around it.
        Where that component covers less than a tenth of the picture, or less than three
        tenths of its height or width, the picture stays whole.

    See Also
    --------
    ImageAugmenter : Makes random copies of pictures.
    BackboneFeatureExtractor : Sees what comes out.

    Notes
    -----
    The order is window, crop, color, contrast; the window also comes before copies that an
    augmenter made. ``set_output`` has no effect: references are no
    table. With all defaults pictures come out as they went in.

    References
    ----------
    .. [1] S. M. Pizer et al., "Adaptive Histogram Equalization and Its Variations",
       Computer Vision, Graphics, and Image Processing 39 (1987), 355-368.
    .. [2] N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE
       Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66.
    .. [3] "Windowing (CT)", Radiopaedia.org.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import ImagePreprocessor
    >>> X = np.zeros((2, 32, 32, 3), dtype=np.uint8)
    >>> X[:, 4:28, 8:24] = [90, 60, 30]
    >>> views = ImagePreprocessor(color="grey", crop="body").transform(X)
    >>> pixels = views[0].decode()
    >>> pixels.shape, pixels[0, 0].tolist()
    ((24, 16, 3), [66, 66, 66])
    """

    _parameter_constraints = {
        "window": [tuple, list, str, None],
        "color": [StrOptions({"rgb", "grey"})],
        "contrast": [StrOptions(set(_CONTRASTS)), None],
        "crop": [StrOptions({"body"}), None],
    }

    def __init__(self, *, window=None, color="rgb", contrast=None, crop=None):
        self.window = window
        self.color = color
        self.contrast = contrast
        self.crop = crop

    @with_callbacks
    def fit(self, X, y=None):
        """Check the parameters and the pictures; nothing is learned.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        y : None
            Ignored.

        Returns
        -------
        self : ImagePreprocessor
            The preprocessor itself.

        Raises
        ------
        ImageError
            If something in X is no picture.
        """
        context = self._init_callback_context()
        self._operations()
        references = check_images(X)
        context.call_on_fit_task_begin(estimator=self, X=references, y=y)
        context.call_on_fit_task_end(estimator=self, X=references, y=y)
        return self

    def transform(self, X):
        """Make a view of each picture.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        Returns
        -------
        views : ndarray of shape (n_samples,), dtype object
            References. No pixel is computed yet.

        Raises
        ------
        ImageError
            If something in X is no picture, or an array although there is a window.
        """
        operations = self._operations()
        references = check_images(X)
        views = np.empty(len(references), dtype=object)
        for index, view in enumerate(references):
            if self.window is not None:
                try:
                    view = view.with_window(self.window)
                except ImageError as error:
                    raise error.at(index) from error
            for name in operations:
                view = view.view(name)
            views[index] = view
        return views

    def get_feature_names_out(self, input_features=None):
        """Name the one column that comes out.

        Parameters
        ----------
        input_features : None
            Ignored: pictures have no feature names.

        Returns
        -------
        names : ndarray of shape (1,), dtype object
            "picture".
        """
        return np.array(["picture"], dtype=object)

    def set_output(self, *, transform=None):
        """Do nothing, so that ``Pipeline.set_output`` reaches the steps behind.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Ignored: references are no table.

        Returns
        -------
        self : ImagePreprocessor
            The preprocessor itself.
        """
        return self

    def _operations(self):
        """Names of the operations, in their order."""
        self._validate_params()
        check_window(self.window)
        chosen = (
            "body-1" if self.crop == "body" else None,
            "grey-1" if self.color == "grey" else None,
            _CONTRASTS.get(self.contrast),
        )
        return [name for name in chosen if name is not None]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags
