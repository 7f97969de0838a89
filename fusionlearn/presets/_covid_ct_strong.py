"""A stronger classifier of a few hundred chest CT pictures, for two cores and no graphics card."""

from numbers import Integral

from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..backbones import Backbone
from ..classifiers import AugmentedClassifier
from ..features import BackboneFeatureExtractor, ParetoScaler, make_extractors
from ..fusion import ConcatFusion
from ..images import ImageAugmenter, ImagePreprocessor
from ..model_selection import StratifiedImageGroupKFold
from ._networks import check_backbones, check_pairs
from ._registry import preset

# By variant: contrast and side in pixels of each input.
_INPUTS = {
    "full": ((None, 448), ("clahe", 448)),
    "fast": ((None, 448),),
}
# Outputs of blocks behind their activation, from two fifths of the depth to shortly before the
# end, where features become those of ImageNet's classes. What stands before an activation
# separates worse, so depths as fractions, which hit any layer, are for other networks only.
_LAYERS = {
    "MobileNet": [f"conv_pw_{block}_relu" for block in range(5, 13)],
    "MobileNetV2": [f"block_{block}_expand_relu" for block in (6, 8, 10, 12, 13, 14, 15, 16)],
    "ResNet50": [
        *(f"conv4_block{block}_out" for block in range(1, 7)),
        *(f"conv5_block{block}_out" for block in (1, 2)),
    ],
    "DenseNet121": [
        *(f"conv4_block{block}_0_relu" for block in (4, 8, 12, 16, 20, 24)),
        *(f"conv5_block{block}_0_relu" for block in (4, 8)),
    ],
}
_OTHER_LAYERS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
# Small beside the number of features, of which there are many more than pictures: results do
# not change from a tenth to ten times of it.
_ALPHA = 1.0


@preset
@validate_params(
    {
        "backbones": ["array-like", str, Backbone],
        "variant": [StrOptions(set(_INPUTS))],
        "extractors": [list, None],
        "window": [tuple, list, str, None],
        "calibration_folds": [Interval(Integral, 2, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def covid_ct_strong(
    *,
    backbones=("MobileNet", "MobileNetV2"),
    variant="full",
    weights="imagenet",
    extractors=None,
    window=None,
    calibration_folds=5,
    store=None,
    random_state=0,
    verbose=0,
):
    """Make a classifier for a few hundred CT pictures: inner layers under a linear head.

    Every picture is seen in grey at 448 pixels, in the full variant also with its local
    contrast equalised. Mean and standard deviation of inner layers of every network are
    concatenated, scaled and separated by a ridge classifier. Its scores become probabilities
    by a sigmoid that is fitted to scores of patients left out. Training and
    prediction also see the mirror image of each picture.

    Everything is made of public parts: take it apart by ``get_params``, or change a part by
    ``set_params``.

    Parameters
    ----------
    backbones : str or sequence of str, default=("MobileNet", "MobileNetV2")
        Names of networks in :data:`~fusionlearn.BACKBONES`; one name is a list of one.

    variant : {"full", "fast"}, default="full"
        "full" sees each picture in grey and equalised (CLAHE), "fast" in grey only, which
        takes half the time.

    weights : {"imagenet"}, None or dict, default="imagenet"
        As for :func:`~fusionlearn.make_extractors`.

    extractors : list of (str, BackboneFeatureExtractor), default=None
        Named extractors in the place of those that ``backbones`` and ``weights`` describe,
        such as :func:`~fusionlearn.features.extractors_from_folder` gives. Copies
        of them get the input sizes and the pooling of this preset, and its layers where
        they name none, and ``store`` and ``verbose`` where these are given.

    window : tuple of (float, float), str or None, default=None
        What is shown of DICOM pictures, as for :class:`~fusionlearn.ImagePreprocessor`.

    calibration_folds : int, default=5
        Number of folds by patient in which scores for the calibration are made. Each class
        needs so many patients among those that are fitted.

    store : FeatureStore, path or None, default=None
        Where features are kept. The calibration reads them once more than it has folds: give
        a path where they exceed the setting ``feature_memory`` (about 100 kB for each
        picture and network, twice for the mirror images).

    random_state : int, default=0
        Seed of the folds of the calibration, and of untrained networks.

    verbose : int, default=0
        1 shows progress bars.

    Returns
    -------
    classifier : AugmentedClassifier
        An unfitted estimator made of public parts only.

    Raises
    ------
    UnknownBackboneError
        If one of ``backbones`` is no network.

    ValueError
        If ``extractors`` is empty or holds something else than extractors.

    See Also
    --------
    fusionlearn.presets.covid_ct : The recipe of Ji et al. to the letter.
    fusionlearn.model_selection.evaluate : Says what its scores are worth.

    Notes
    -----
    ``fit`` takes ``groups``, and reads the patients off pictures that know theirs. Without
    patients each picture counts as a patient of its own; where a patient has several, the
    calibration then judges on patients that it has seen, and probabilities become too
    certain. Where scores of patients left out rank
    worse than chance, which happens with a few dozen pictures and features that say nothing,
    the sigmoid turns predictions round: evaluate before you use it.

    The composition was chosen by cross-validation by patient on the public training and
    validation pictures of COVID-CT, with three small networks, and not by nested
    cross-validation: its scores in that same cross-validation are slightly too good. It
    is no medical device.

    Examples
    --------
    >>> from fusionlearn.presets import covid_ct_strong
    >>> classifier = covid_ct_strong(backbones=["MobileNet"])
    >>> features = classifier.estimator.estimator.named_steps["features"]
    >>> [name for name, member in features.transformers]
    ['grey_448', 'clahe_448']
    """
    if extractors is None:
        extractors = make_extractors(
            *check_backbones(backbones),
            weights=weights,
            store=store,
            random_state=random_state,
            verbose=verbose,
        )
    else:
        extractors = _adopt(extractors, store, verbose)
    inputs = [
        (f"{contrast or 'grey'}_{side}", _input(extractors, window, contrast, side))
        for contrast, side in _INPUTS[variant]
    ]
    # Around the pipeline of pictures, which know their patients: features would not.
    calibrated = CalibratedClassifierCV(
        Pipeline(
            [
                ("features", ConcatFusion(inputs)),
                ("scaler", ParetoScaler()),
                ("classifier", RidgeClassifier(alpha=_ALPHA)),
            ]
        ),
        # It smooths the labels as Platt did: separable scores do not give probabilities of 1.
        method="sigmoid",
        cv=StratifiedImageGroupKFold(calibration_folds, shuffle=True, random_state=random_state),
        ensemble=False,
    )
    # Both of a picture and its mirror image, in training and prediction; nothing is resampled.
    mirror = ImageAugmenter(
        1,
        rotation=0.0,
        shear=0.0,
        shift=0.0,
        zoom=0.0,
        horizontal_flip="always",
        random_state=random_state,
    )
    return AugmentedClassifier(calibrated, mirror, test_copies=1)


def _adopt(extractors, store, verbose):
    """Copy extractors that were given, with what else was said of them."""
    changes = {} if store is None else {"store": store}
    changes |= {"verbose": verbose} if verbose else {}
    check_pairs(
        extractors,
        lambda extractor: isinstance(extractor, BackboneFeatureExtractor),
        "BackboneFeatureExtractor",
    )
    return [(name, clone(extractor).set_params(**changes)) for name, extractor in extractors]


def _input(extractors, window, contrast, side):
    """All networks on the pictures in one form."""
    networks = []
    for name, extractor in extractors:
        application = getattr(extractor.application, "name", extractor.application)
        layers = extractor.layers or _LAYERS.get(application, _OTHER_LAYERS)
        network = clone(extractor).set_params(layers=layers, pooling="avg_std", input_size=side)
        networks.append((name, network))
    form = ImagePreprocessor(window=window, color="grey", contrast=contrast)
    return Pipeline([("form", form), ("networks", ConcatFusion(networks))])
