"""The recipe of Ji et al. (2020) for chest CT pictures."""

from types import MappingProxyType

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import StrOptions, validate_params

from ..backbones import Backbone
from ..classifiers import AugmentedClassifier, FineTuneClassifier
from ..features import make_extractors
from ..fusion import ConcatFusion, MajorityVoteFusion
from ..images import ImageAugmenter
from ._networks import check_backbones, check_pairs
from ._registry import preset

# What the paper says, in the words of our parameters, beside its own figures.
RECIPE = MappingProxyType(
    {
        "source": (
            "Ji, Zhao, Zhang and Zhao, 'Research on Recognition Method of COVID-19 Images "
            "Based on Deep Learning' (2020)"
        ),
        "backbones": (
            "InceptionV3",
            "DenseNet121",
            "ResNet50",
            "Xception",
            "VGG19",
            "NASNetLarge",
            "InceptionResNetV2",
        ),
        "n_features": 13_248,
        "weights": "imagenet",
        "pooling": "avg",
        "fusions": ("concat", "vote"),
        "augmentations": ("shear", "rotation", "translation"),
        "generators": 2,
        "optimizers_tried": ("rmsprop", "adam"),
        "optimizer": "adam",
        "learning_rate": 1e-5,
        "batch_size": 2,
        "epochs": 100,
        "validation_split": 0.4,
        "loss": "binary cross-entropy",
        "n_samples": 6_000,
        "n_training_samples": 2_450,
        "folders": ("train_pne", "train_nor", "valid_pne", "valid_nor", "test"),
        "claimed_accuracy": 0.96,
    }
)


@preset
@validate_params(
    {
        "fusion": [StrOptions({"concat", "vote"})],
        "backbones": ["array-like", str, Backbone],
        "extractors": [list, None],
        "augmenter": [ImageAugmenter, None],
    },
    prefer_skip_nested_validation=True,
)
def covid_ct(
    *,
    fusion="concat",
    backbones=RECIPE["backbones"],
    weights=RECIPE["weights"],
    extractors=None,
    augmenter=None,
    n_copies=RECIPE["generators"],
    dropout=0.5,
    optimizer=RECIPE["optimizer"],
    learning_rate=RECIPE["learning_rate"],
    batch_size=RECIPE["batch_size"],
    epochs=RECIPE["epochs"],
    validation="stratified",
    validation_fraction=RECIPE["validation_split"],
    early_stopping=False,
    input_size=None,
    store=None,
    random_state=0,
    verbose=0,
):
    """Make the classifier of the recipe: seven networks, fused, with a trained head.

    The defaults are the paper's numbers, with one exception: the validation part is
    stratified and keeps patients together. ``validation="tail"`` is the literal one. The
    paper's figure is from a split by picture; a split by patient gives lower ones.

    Parameters
    ----------
    fusion : {"concat", "vote"}, default="concat"
        Whether the features of all networks are concatenated under one head, or a head
        on each network votes.

    backbones : str or sequence of str, default=RECIPE["backbones"]
        Names of networks in :data:`~fusionlearn.BACKBONES`; one name is a list of one.

    weights : {"imagenet"}, None or dict, default="imagenet"
        As for :func:`~fusionlearn.make_extractors`.

    extractors : list of (str, transformer), default=None
        Named extractors in the place of those that ``backbones``, ``weights``,
        ``input_size`` and ``store`` describe.

    augmenter : ImageAugmenter, default=None
        Makes the copies. None makes ``n_copies`` by shear, rotation and translation.

    n_copies : int, default=2
        Augmented copies of each picture; the paper uses two generators. 0 augments
        nothing.

    dropout : float, default=0.5
        Dropout before the last layer.

    optimizer : str, default="adam"
        Name of a Keras optimizer.

    learning_rate : float, default=1e-5
        Learning rate.

    batch_size : int, default=2
        Pictures of a training batch.

    epochs : int, default=100
        Largest number of epochs.

    validation : {"stratified", "tail"}, splitter or None, default="stratified"
        How a validation part is split off the training data.

    validation_fraction : float, default=0.4
        Its share.

    early_stopping : bool, default=False
        Whether the best epoch's weights are kept; the paper keeps the last one's.

    input_size : int, default=None
        Height and width in pixels; None takes each network's own.

    store : FeatureStore, path or None, default=None
        Where features are kept.

    random_state : int, default=0
        Seed of copies, splits and heads.

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
        If ``extractors`` is empty or holds something else than pairs, or ``store`` is given
        beside ``extractors``, which have stores of their own.

    See Also
    --------
    fusionlearn.datasets.load_covid_ct : The data for which such recipes are published.

    References
    ----------
    .. [1] Ji, Zhao, Zhang and Zhao, "Research on Recognition Method of COVID-19 Images
       Based on Deep Learning" (2020).

    Examples
    --------
    >>> from fusionlearn.presets import covid_ct
    >>> classifier = covid_ct(fusion="vote", backbones=["ResNet50", "VGG19"])
    >>> [name for name, member in classifier.estimator.estimators]
    ['ResNet50', 'VGG19']
    >>> covid_ct.RECIPE["learning_rate"]
    1e-05
    """
    if extractors is None:
        extractors = make_extractors(
            *check_backbones(backbones),
            weights=weights,
            input_size=input_size,
            store=store,
            random_state=random_state,
            verbose=verbose,
        )
    elif store is not None:
        raise ValueError(
            "store is for extractors that the preset makes; set it on those in extractors: "
            "extractor.set_params(store=...)."
        )
    else:
        check_pairs(extractors, _is_member, "transformer")
    head = FineTuneClassifier(
        dropout=dropout,
        optimizer=optimizer,
        learning_rate=learning_rate,
        batch_size=batch_size,
        epochs=epochs,
        validation=validation,
        validation_fraction=validation_fraction,
        early_stopping=early_stopping,
        random_state=random_state,
        verbose=verbose,
    )
    if fusion == "concat":
        estimator = Pipeline([("features", ConcatFusion(extractors)), ("classifier", head)])
    else:
        estimator = MajorityVoteFusion(
            [
                (name, Pipeline([("features", extractor), ("classifier", clone(head))]))
                for name, extractor in extractors
            ]
        )
    if augmenter is None:
        augmenter = ImageAugmenter(
            n_copies, zoom=0.0, horizontal_flip=False, random_state=random_state
        )
    return AugmentedClassifier(estimator, augmenter)


def _is_member(extractor):
    """Whether a fusion takes it."""
    if isinstance(extractor, str):
        return extractor in ("drop", "passthrough")
    return hasattr(extractor, "transform")


covid_ct.RECIPE = RECIPE
