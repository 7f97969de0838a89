"""From pictures to features of a pretrained network."""

import os
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import Interval, StrOptions

from .._compat import CallbackSupportMixin, single_visual_block, with_callbacks
from .._documentation import DocumentedMixin
from ..backbones import ENGINES, PRECISIONS, Backbone, get_engine, is_built, resolve_network
from ..exceptions import BackboneError
from ..images import check_images
from ._caption import describe_extractor
from ._digests import recall_files
from ._extraction import _BLOCK_MAX, Job, extract
from ._observer import callback_task
from ._store import FeatureStore, resolve_store


class BackboneFeatureExtractor(
    DocumentedMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Features of pictures from a pretrained network of ``keras.applications``.

    The network's own preprocessing and input size are applied; pictures go in as they
    are. Each picture goes through each network once: the row of features is kept in a
    store under the digests of the picture and of everything that the row depends on.

    The transformer learns nothing: ``transform`` needs no ``fit``.

    Parameters
    ----------
    application : str or Backbone, default="ResNet50"
        Name of a network in :data:`~fusionlearn.BACKBONES`, or what
        :func:`~fusionlearn.register_backbone` returned.

    weights : {"imagenet"}, path or None, default="imagenet"
        "imagenet" is Keras' own download; a path is a weights file of the network
        without its top; None is an untrained network, a pure function of
        ``random_state``.

    application_params : dict, default=None
        Further arguments of the Keras application, such as ``{"alpha": 0.35}``.

    pooling : {"avg", "max", "avg_std"}, default="avg"
        How a feature map becomes a vector: the mean over all places, the maximum, or
        mean and standard deviation, one behind the other.

    layers : str, float or sequence of these, default=None
        Inner layers whose pooled outputs are concatenated instead of the last one's:
        names, or depths as fractions in (0, 1]. All are computed in one pass.

    input_size : int or tuple of (int, int), default=None
        Height and width in pixels to which pictures are stretched; None takes the size
        with which the network was trained.

    engine : {"auto", "keras", "openvino"}, default="auto"
        What runs the network. "auto" is OpenVINO where it is installed and there is no
        graphics card that TensorFlow could use, else Keras. In float32 both give the same
        features but for rounding (1e-5), under one identity. A registered file is run by
        ONNX Runtime or OpenVINO, and a registered function by itself: "auto" for them.

    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the arithmetic. "bfloat16" needs OpenVINO and a processor that has it.
        It is up to twice as fast, or slower: not every processor that has it is fast at
        it. Its rows are kept apart from those in float32.

    batch_size : int, default=None
        Pictures that enter the network together, up to 128; None leaves it to the engine.

    store : FeatureStore, path or None, default=None
        Where rows are kept. None is one store in memory for the whole process; a path
        is a file that processes and later days share.

    n_jobs : int, default=None
        Threads that read and decode pictures; None and -1 take one per processor. Where the
        active backend of joblib is a cluster's, such as Dask's, its workers compute what is
        missing in the store, and each task there has so many threads.

    random_state : int, default=0
        Seed of the weights with ``weights=None``; without meaning otherwise.

    verbose : int, default=0
        1 shows a progress bar while something is computed.

    Attributes
    ----------
    n_features_out_ : int
        Length of a row of features; there after ``fit``.

    See Also
    --------
    make_extractors : Make extractors for several networks at once.
    ConcatFusion : Concatenate the features of several networks.
    FeatureStore : Keeps rows that were computed.
    fusionlearn.features.extract_to : Writes features into a file, block by block.

    References
    ----------
    .. [1] A. S. Razavian et al., "CNN Features off-the-shelf: an Astounding Baseline for
       Recognition", CVPR Workshops (2014), https://arxiv.org/abs/1403.6382.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import BackboneFeatureExtractor
    >>> X = np.random.default_rng(0).integers(0, 255, (2, 40, 40), dtype=np.uint8)
    >>> extractor = BackboneFeatureExtractor("MobileNetV2", weights=None, input_size=32)
    >>> extractor.transform(X).shape
    (2, 1280)
    """

    _parameter_constraints = {
        "application": [str, Backbone],
        "weights": [str, os.PathLike, None],
        "application_params": [dict, None],
        "pooling": [StrOptions({"avg", "max", "avg_std"})],
        "layers": [str, Interval(Real, 0, 1, closed="right"), list, tuple, None],
        "input_size": [Interval(Integral, 1, None, closed="left"), list, tuple, None],
        "engine": [StrOptions(set(ENGINES))],
        "precision": [StrOptions(set(PRECISIONS))],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "store": [FeatureStore, str, os.PathLike, None],
        "n_jobs": [Integral, None],
        "random_state": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        application="ResNet50",
        *,
        weights="imagenet",
        application_params=None,
        pooling="avg",
        layers=None,
        input_size=None,
        engine="auto",
        precision="float32",
        batch_size=None,
        store=None,
        n_jobs=None,
        random_state=0,
        verbose=0,
    ):
        self.application = application
        self.weights = weights
        self.application_params = application_params
        self.pooling = pooling
        self.layers = layers
        self.input_size = input_size
        self.engine = engine
        self.precision = precision
        self.batch_size = batch_size
        self.store = store
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(self, X, y=None):
        """Check the parameters and the pictures; nothing is learned or computed.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        y : None
            Ignored.

        Returns
        -------
        self : BackboneFeatureExtractor
            The extractor itself.

        Raises
        ------
        ImageError
            If something in X is no picture.

        BackboneError
            If the network is unknown or cannot have these parameters.
        """
        context = self._init_callback_context()
        references = self._fit(X)
        context.call_on_fit_task_begin(estimator=self, X=references, y=y)
        context.call_on_fit_task_end(estimator=self, X=references, y=y)
        return self

    @with_callbacks
    def fit_transform(self, X, y=None):
        """Check the parameters, and get the features of pictures.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        y : None
            Ignored.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features), float32
            As ``transform`` gives them.
        """
        context = self._init_callback_context(max_subtasks=1)
        references = self._fit(X)
        context.call_on_fit_task_begin(estimator=self, X=references, y=y)
        features = self._extract(references, callback_task(context, self))
        context.call_on_fit_task_end(estimator=self, X=references, y=y)
        return features

    def transform(self, X):
        """Get the features of pictures, computing those that are not stored yet.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features), float32
            One row for each picture, in the order of X.

        Raises
        ------
        ImageError
            If a picture cannot be used; the message has its index, path and remedy.

        BackboneWeightsError
            If the weights cannot be had or do not fit.

        ClusterError
            If workers of a cluster do not see the files of the pictures.
        """
        return self._extract(self._check_images(X))

    def get_feature_names_out(self, input_features=None):
        """Get names for the columns of the result.

        Parameters
        ----------
        input_features : None
            Ignored; pictures have no feature names.

        Returns
        -------
        names : ndarray of shape (n_features,), dtype object
            The network's name and a number: ``resnet50_0``, ``resnet50_1``, ...

        Raises
        ------
        NotFittedError
            If nobody knows how many there are before the network is built: with inner
            layers or ``application_params``, before anything was fitted or transformed.
        """
        job = self.job()
        name = job.network.backbone.name
        n_features = _known_n_features(job) or getattr(self, "n_features_out_", None)
        if n_features is None:
            # HTML asks for names, too, and must not download weights for them.
            if job.network.backbone.is_application and not is_built(job.network):
                raise NotFittedError(
                    f"How many features {name} has with these parameters is not known before it "
                    "is built. Call fit or transform first."
                )
            n_features = get_engine(job.network).n_features
        return np.array([f"{name.lower()}_{n}" for n in range(n_features)], dtype=object)

    def job(self):
        """Resolve the parameters.

        Returns
        -------
        job : Job
            The network, its store and its batch size.

        Raises
        ------
        BackboneError
            If the network is unknown, or cannot have these parameters or run here.
        """
        if hasattr(self.application, "get_weights"):
            raise BackboneError(
                f"application is a {type(self.application).__name__}; wanted a name. Pass "
                "fusionlearn.register_backbone(name, model) instead of the model."
            )
        self._validate_params()
        if isinstance(self.store, str | os.PathLike):
            _check_path("store", self.store)
        store = resolve_store(self.store)
        if isinstance(self.weights, str | os.PathLike) and self.weights != "imagenet":
            recall_files([os.path.abspath(self.weights)], [store])
        network = resolve_network(
            self.application,
            weights=self.weights,
            application_params=self.application_params,
            pooling=self.pooling,
            layers=self.layers,
            input_size=self.input_size,
            random_state=self.random_state,
            engine=self.engine,
            precision=self.precision,
        )
        batch_size = self.batch_size
        if batch_size is not None:
            # No more pictures come at a time; OpenVINO would make room for them, and takes
            # Python's numbers only.
            batch_size = min(int(batch_size), _BLOCK_MAX)
        return Job(network, store, batch_size)

    def _fit(self, X):
        """Check the parameters; give X as references."""
        job = self.job()
        references = self._check_images(X)
        self.n_features_out_ = _known_n_features(job) or get_engine(job.network).n_features
        return references

    def _extract(self, references, task=None):
        return extract(
            references, [self.job()], n_jobs=self.n_jobs, verbose=self.verbose, task=task
        )[0]

    def _check_images(self, X):
        return check_images(X)

    def _sk_visual_block_(self):
        name, caption = type(self).__name__, describe_extractor(self)
        return single_visual_block(self, name, caption, details=str(self))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _check_path(name, path):
    try:
        os.stat(path)
    except OSError:
        pass  # what is not there yet can be made
    except ValueError as error:  # zero bytes, or text that has no encoding
        raise ValueError(f"{name}={path!r} cannot be the path of a file: {error}.") from None


def _known_n_features(job):
    # The store knows it without a build where it has rows.
    return job.store.rows.n_features(job.network.identity) or job.network.n_features
