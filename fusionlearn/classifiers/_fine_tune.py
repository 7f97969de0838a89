"""A small neural network on features, or on pictures through an extractor."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from .._compat import CallbackSupportMixin, with_callbacks
from ..exceptions import ImageError
from ..features import callback_task
from ..fusion._constraints import POSITIVE, WEIGHT, Instance
from ..images import check_images, contains_pictures, get_groups
from ..images._groups import check_groups
from ._chunked import unpack
from ._fit_extractor import fit_extractor
from ._head import check_hidden_units, shape_head
from ._holdout import split_validation
from ._joint_training import Tuning, find_members, get_rows, trained_layers, tune
from ._optimizers import find_optimizer
from ._predictor import PredictorMixin
from ._progress import EpochObserver
from ._targets import check_targets, number_classes, spawn_seeds, warn_of_one_hot
from ._training import Schedule, train
from ._visual import HeadVisualMixin
from ._weights import weigh

# Taken as they are, and converted block by block where they are computed with; anything
# else becomes the first of them, all at once.
_TRAINABLE = [np.float32, np.float64]
# In float32 a larger one would be 1, and nothing would be left to learn from.
_MOST_DROPOUT = 1 - 2.0**-24


class FineTuneClassifier(
    HeadVisualMixin, CallbackSupportMixin, PredictorMixin, ClassifierMixin, BaseEstimator
):
    """Dropout and a sigmoid or softmax layer, trained on features of pictures.

    Without an extractor X is a matrix of features, as it arrives at the last step of a
    Pipeline. With one X is pictures; their features are extracted first, and patients
    are kept apart in the inner validation without being told. The last layers of its
    networks can then be trained together with the head, at a rate of their own.

    Keras' optimizers train, an epoch being one compiled call. What was learned is kept
    as arrays: predicting needs neither Keras nor TensorFlow, unless layers of networks
    were trained, and a fitted classifier can be pickled, copied, hashed and saved like any
    other.

    Parameters
    ----------
    extractor : transformer of pictures, default=None
        Turns pictures into features. A clone of it is fitted. None: X is features.

    unfreeze : int, float, str or dict, default=0
        Layers at the end of the extractor's networks that are trained too, after the
        head: their number, their share of all layers, "all", or the name of the first
        of them; by a dict for each network of a ConcatFusion, those that it does not
        name staying as they are. BatchNormalization layers stay as they are in any case.

    hidden_units : tuple of int, default=()
        Units of hidden layers with rectified linear activation.

    dropout : float, default=0.5
        Share of values that are set to zero in training, in [0, 1): after each hidden
        layer, or of the features when there is no hidden layer.

    optimizer : str, default="adam"
        Name of any of Keras' optimizers, in upper or lower case.

    learning_rate : float, default=1e-3
        Learning rate of the head.

    fine_tune_learning_rate : float, default=1e-5
        Learning rate of head and layers while layers are trained.

    batch_size : int, default=32
        Samples of a batch. The last batch of an epoch may have less.

    epochs : int, default=100
        Largest number of epochs.

    fine_tune_epochs : int, default=20
        Largest number of epochs in which layers are trained.

    fine_tune_schedule : {"constant", "cosine"}, default="constant"
        How ``fine_tune_learning_rate`` goes on. "cosine" falls to 0 in the largest number
        of epochs, so that the last ones settle.

    weight_decay : float, default=None
        Share of each weight, times the learning rate, that is taken off at each step while
        layers are trained, biases excepted: few pictures fit large weights to noise. None
        is the optimizer's own, which is none for most.

    clipnorm : float, default=None
        Largest norm of all gradients together while layers are trained, so that one odd
        batch cannot undo pretrained weights. None does not clip.

    weight_averaging : float, default=0.0
        Share in [0, 1) that a running mean of the weights keeps at each step while layers
        are trained. The mean is validated and kept: with small batches it is steadier
        than the last weights. 0 takes the weights themselves.

    validation : {"stratified", "tail"}, splitter or None, default="stratified"
        How a validation part is split off. "stratified": every class, and of several
        labels both values of each, on both sides; no group on both sides as soon as
        groups are known. "tail": the last samples as
        they come, which is Keras' ``validation_split``. A splitter: its first split.
        None: no validation; then nothing stops early.

    validation_fraction : float, default=0.1
        Share of the samples to validate on, in (0, 1). "stratified" takes one of each
        class at least.

    early_stopping : bool, default=True
        Whether to stop when the validation loss no longer falls, and to take the
        arrays of the best epoch. Otherwise all epochs are run and the last one's taken.

    patience : int, default=10
        Epochs without a lower validation loss before training stops.

    class_weight : dict, "balanced" or None, default=None
        Weights by label. They multiply ``sample_weight``, in training and validation. Of
        several labels each is weighed by itself, a dict holding for 0 and 1 of all.

    random_state : int, RandomState instance or None, default=None
        Seed of the validation part, the weights, the order of samples and the dropout.
        An int gives the same bits every time; None another result every time.

    verbose : bool or int, default=0
        Whether to show a bar of epochs, and one of pictures while trained layers predict.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        The labels. Where a sample may have several, a row for each, which is 0 and 1.

    coefs_ : list of ndarray of shape (n_inputs, n_units), float32
        Weights of each layer.

    intercepts_ : list of ndarray of shape (n_units,), float32
        Biases of each layer.

    history_ : dict of list of float
        "loss" and "accuracy" of each epoch, and with validation "val_loss" and
        "val_accuracy". Losses are weighted, accuracies are not. Of several labels the
        losses are summed, and a sample counts as right if all of them are, as in ``score``.

    n_iter_ : int
        Number of epochs that were run.

    n_head_iter_ : int
        Number of those epochs in which the head alone was trained.

    best_epoch_ : int
        Index into the lists of ``history_`` of the epoch with the lowest validation
        loss, without validation the lowest loss. Its arrays are those that are kept if
        training could stop early.

    trained_layers_ : dict of str to int
        Number of trained layers of each network, where layers were trained.

    fine_tuned_ : dict of str to list of ndarray
        Weights of those layers. Empty where none were trained, or the head alone was
        better.

    extractor_ : transformer
        The fitted extractor, where there is one.

    n_features_in_ : int
        Number of features, where there is no extractor.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features, where there is no extractor and X had string names.

    See Also
    --------
    AugmentedClassifier : Trains a classifier on augmented copies too.
    sklearn.neural_network.MLPClassifier : A similar network without dropout.

    Notes
    -----
    Where y is a table of 0 and 1, of shape (n_samples, n_labels), each label has a sigmoid
    of its own, and ``predict_proba`` a column. The loss is the sum over labels, so that
    without hidden layers each is trained as it would be alone, at the same rate; what they
    share is the validation part and the epoch that is taken, hidden layers, and layers of
    networks. ``classes_`` has a row for each label, so that scorers, searches, stacks and
    ``cross_val_predict`` of scikit-learn see what it is.

    Compiled functions are kept for the process and serve all fits of the same number of
    features, layers and optimizer, so a search compiles once. Weights are float32.

    Groups are asked for by default when metadata is routed. Where routing is off, a
    Pipeline hands them on by the name of its step:
    ``pipeline.fit(X, y, classifier__groups=get_groups(pictures))``.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", Journal of Machine Learning Research 15 (2014), 1929-1958.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from fusionlearn import FineTuneClassifier
    >>> X, y = make_blobs(centers=[[-2, 0], [2, 0]], random_state=0)
    >>> classifier = FineTuneClassifier(learning_rate=0.1, epochs=20, random_state=0)
    >>> classifier.fit(X, y).predict([[-3, 0], [3, 0]])
    array([0, 1])
    >>> sorted(classifier.history_)
    ['accuracy', 'loss', 'val_accuracy', 'val_loss']
    """

    __metadata_request__fit = {"groups": True}

    _parameter_constraints = {
        "extractor": [Instance(["fit", "transform"]), None],
        "unfreeze": [
            Interval(Integral, 0, None, closed="left"),
            Interval(Real, 0, 1, closed="both"),
            str,
            dict,
        ],
        "hidden_units": [list, tuple],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "optimizer": [str],
        "learning_rate": [POSITIVE],
        "fine_tune_learning_rate": [POSITIVE],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "fine_tune_epochs": [Interval(Integral, 0, None, closed="left")],
        "fine_tune_schedule": [StrOptions({"constant", "cosine"})],
        "weight_decay": [WEIGHT, None],
        "clipnorm": [POSITIVE, None],
        "weight_averaging": [Interval(Real, 0, 1, closed="left")],
        "validation": [StrOptions({"stratified", "tail"}), Instance("split"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        extractor=None,
        *,
        unfreeze=0,
        hidden_units=(),
        dropout=0.5,
        optimizer="adam",
        learning_rate=1e-3,
        fine_tune_learning_rate=1e-5,
        batch_size=32,
        epochs=100,
        fine_tune_epochs=20,
        fine_tune_schedule="constant",
        weight_decay=None,
        clipnorm=None,
        weight_averaging=0.0,
        validation="stratified",
        validation_fraction=0.1,
        early_stopping=True,
        patience=10,
        class_weight=None,
        random_state=None,
        verbose=0,
    ):
        self.extractor = extractor
        self.unfreeze = unfreeze
        self.hidden_units = hidden_units
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.fine_tune_learning_rate = fine_tune_learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.fine_tune_epochs = fine_tune_epochs
        self.fine_tune_schedule = fine_tune_schedule
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.weight_averaging = weight_averaging
        self.validation = validation
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.patience = patience
        self.class_weight = class_weight
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(self, X, y, sample_weight=None, groups=None):
        """Train the classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of pictures
            Features; with an extractor pictures, as for
            :func:`~fusionlearn.check_images`. Memory-mapped features of type float32 or
            float64 are not loaded as a whole if they are over the setting
            ``head_memory`` (:func:`~fusionlearn.set_config`); an array of Zarr or HDF5 is
            unpacked into a temporary file then.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels: strings, integers or booleans. Where a sample may have more than one,
            a table of 0 and 1, with a column for each label.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, at least 0. A batch's loss is the weighted sum over
            its samples divided by their number, as in Keras.

        groups : array-like of shape (n_samples,), default=None
            Patient of each sample. Pictures that know theirs need none.

        Returns
        -------
        self : FineTuneClassifier
            The fitted classifier.

        Raises
        ------
        ImageError
            If X is pictures and there is no extractor, or something in X is no picture.

        ValueError
            If y has one class, or a table more than 0 and 1, the optimizer is unknown,
            training diverges, or ``unfreeze`` is given and the extractor is no network nor
            a fusion of networks.

        BackboneError
            If a network has no such layers to unfreeze.

        MemoryError
            If what enters the trained layers, or an array of Zarr or HDF5, fits neither
            into the setting ``head_memory`` nor into a temporary file.

        GroupConflictError
            If ``groups`` differ from the patients that pictures already have.

        Warns
        -----
        ValidationSplitWarning
            If no reliable validation part can be split off.

        DataWarning
            If a column of y holds one value only, or each row exactly one 1.
        """
        self._validate_params()
        # Text and bytes have a method "split" too.
        is_text = isinstance(self.validation, (str, bytes, bytearray))
        if is_text and self.validation not in ("stratified", "tail"):
            raise ValueError(
                f"validation={self.validation!r}: wanted 'stratified', 'tail', a splitter or None."
            )
        self._check_structure()
        # Before hours are spent on features: it may name layers that are not there.
        members = find_members(self.extractor, self.unfreeze) if self._trains_layers else []
        n_epochs = self.epochs + (self.fine_tune_epochs if self._trains_layers else 0)
        # Besides epochs: the extractor, and what enters trained layers, in one type or two.
        n_other_tasks = (self.extractor is not None) + 2 * self._trains_layers
        context = self._init_callback_context(max_subtasks=n_epochs + n_other_tasks)
        data, y, groups = self._check_data(X, y, groups)
        warn_of_one_hot(y)
        context.call_on_fit_task_begin(estimator=self, X=data, y=y)
        features = data
        if self.extractor is not None:
            self.extractor_, features = fit_extractor(
                self.extractor, data, y, _TRAINABLE, caller=self, context=context
            )
        classes, labels = number_classes(y)
        weight = weigh(self.class_weight, sample_weight, features, y)
        seeds = spawn_seeds(self.random_state, 4)
        rng = np.random.default_rng(seeds[0])
        parts = self._split_validation(data, labels, weight, groups, rng)
        how = (self.hidden_units, self.dropout, self.optimizer)
        head = shape_head(features, labels, classes, *how)
        observed = EpochObserver(self, context, data, y, classes, n_epochs, self.verbose)
        tuned = {}
        with observed as observer:
            trained = train(
                head,
                self._schedule(),
                features,
                labels,
                weight,
                parts,
                seeds[1:3],
                observer,
            )
            n_head_iter = len(trained.history["loss"])
            if self._trains_layers:
                task = callback_task(context, self)
                members, rows = get_rows(members, data, verbose=self.verbose, task=task)
                trained, tuned = tune(
                    members,
                    self._tuning(head.is_multilabel),
                    rows,
                    labels,
                    weight,
                    parts,
                    trained,
                    seeds[3],
                    observer,
                )
        # Last and together: a fit that fails leaves no labels of one fit with arrays of another.
        self.classes_ = classes
        self.coefs_ = trained.coefs
        self.intercepts_ = trained.intercepts
        self.history_ = trained.history
        self.n_iter_ = len(trained.history["loss"])
        self.n_head_iter_ = n_head_iter
        self.best_epoch_ = trained.best_epoch
        self.trained_layers_ = trained_layers(members)
        self.fine_tuned_ = tuned
        context.call_on_fit_task_end(estimator=self, X=data, y=y)
        return self

    @property
    def _trains_layers(self):
        is_asked_for = self.unfreeze == "" or bool(self.unfreeze)  # no layer has an empty name
        return is_asked_for and self.fine_tune_epochs > 0

    @property
    def _reads_groups_from_pictures(self):
        return self.extractor is not None

    def _check_structure(self):
        if self._trains_layers and self.extractor is None:
            raise ValueError(
                f"unfreeze={self.unfreeze!r}: there are no layers to train without an extractor. "
                "Pass FineTuneClassifier(extractor, unfreeze=...) and fit it on pictures."
            )
        find_optimizer(self.optimizer)
        check_hidden_units(self.hidden_units)

    def _check_images(self, X, groups=None):
        return check_images(X, groups)

    def _check_data(self, X, y, groups):
        """Bring X and y into the form in which they are split."""
        if self.extractor is None:
            if contains_pictures(X):
                raise ImageError(
                    "pictures, although there is no extractor",
                    "a matrix of features of shape (n_samples, n_features)",
                    "Pass FineTuneClassifier(extractor), or put an extractor before it in a "
                    "Pipeline.",
                )
            data = validate_data(self, unpack(X, _TRAINABLE), dtype=_TRAINABLE)
            if groups is not None:
                groups = check_groups(groups)
                check_consistent_length(data, groups)
        else:
            data = self._check_images(X, groups)
            groups = get_groups(data)
        return data, check_targets(self, y, data), groups

    def _split_validation(self, X, labels, weight, groups, rng):
        how = (self.validation, self.validation_fraction)
        return split_validation(*how, X, labels, weight, groups, rng)

    def _schedule(self):
        rate = float(self.learning_rate)
        return Schedule(learning_rate=rate, **self._common(), epochs=int(self.epochs))

    def _common(self):
        """What head and layers are trained with, as Python's own numbers.

        NumPy's short types overflow where they are computed with.
        """
        return {
            "dropout": min(float(self.dropout), _MOST_DROPOUT),
            "batch_size": int(self.batch_size),
            "patience": int(self.patience) if self.early_stopping else None,
        }

    def _tuning(self, multilabel):
        return Tuning(
            is_multilabel=multilabel,
            optimizer=self.optimizer.lower(),
            weight_decay=None if self.weight_decay is None else float(self.weight_decay),
            clipnorm=None if self.clipnorm is None else float(self.clipnorm),
            learning_rate=float(self.fine_tune_learning_rate),
            schedule=self.fine_tune_schedule,
            averaging=float(self.weight_averaging),
            **self._common(),
            epochs=int(self.fine_tune_epochs),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = self.extractor is None
        tags.classifier_tags.multi_label = True
        return tags
