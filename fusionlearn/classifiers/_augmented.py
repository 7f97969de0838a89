"""Augmentation of training data, and of nothing else."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone, is_classifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
    check_cv,
)
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._compat import (
    CallbackSupportMixin,
    hand_on_callbacks,
    serial_visual_block,
    with_callbacks,
)
from .._documentation import DocumentedMixin
from .._labels import is_multilabel
from .._metadata import fit_with_metadata
from ..exceptions import ValidationSplitWarning, VoteWarning
from ..fusion import MajorityVoteFusion
from ..fusion._blame import naming_who_takes_no_pictures
from ..fusion._constraints import Instance
from ..images import ImageAugmenter, check_images, fixed_seed, get_groups
from ..images._copies import warn_of_copies
from ._targets import check_targets, number_classes
from ._weights import check_weights

# Pictures whose augmented views are predicted together.
_BLOCK = 1024


def _estimator_has(name):
    def check(self):
        getattr(self.estimator_ if hasattr(self, "estimator_") else self.estimator, name)
        return True

    return check


class AugmentedClassifier(
    DocumentedMixin, CallbackSupportMixin, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Train a classifier on pictures and augmented copies of them.

    What ``fit`` is given is augmented; what is predicted is not, unless ``test_copies``
    asks for it. So cross-validation, searches and calibration around it augment their
    training parts and nothing else.

    A copy belongs to the patient of its picture, and without known patients to its
    picture. Everything inside that asks for groups gets these: the inner validation of
    a :class:`~fusionlearn.FineTuneClassifier`, a group-safe splitter of a search. It
    does not matter whether metadata routing is switched on.

    Parameters
    ----------
    estimator : classifier of pictures
        Often a Pipeline from pictures to features to a classifier. A clone is fitted.

    augmenter : ImageAugmenter, default=None
        Makes the copies. None: ``ImageAugmenter()``.

    test_copies : int, default=0
        Number of augmented views over which, together with the picture itself,
        predictions are averaged.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.

    augmenter_ : ImageAugmenter
        The augmenter that was used.

    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        The labels. Where a sample may have several, a row for each, which is 0 and 1.

    See Also
    --------
    ImageAugmenter : Makes the copies.
    FineTuneClassifier : Trains a head on features.

    Notes
    -----
    ``predict`` is the argmax of ``predict_proba`` where ``estimator`` has it. Otherwise
    the mean of ``decision_function`` over the views decides, and without that the
    majority of the views, a tie going to the earlier class. A threshold that
    ``estimator`` has tuned itself is therefore not used; tune it around this class:
    ``TunedThresholdClassifierCV(AugmentedClassifier(...))`` also tunes on pictures
    instead of copies.

    References
    ----------
    .. [1] C. Shorten and T. M. Khoshgoftaar, "A survey on Image Data Augmentation for
       Deep Learning", Journal of Big Data 6, 60 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from fusionlearn import AugmentedClassifier, ImageAugmenter
    >>> def mean_colour(references):
    ...     return np.array([picture.decode().mean(axis=(0, 1)) for picture in references])
    >>> X = np.repeat([20, 30, 220, 230], 48).reshape(4, 8, 6).astype(np.uint8)
    >>> model = AugmentedClassifier(
    ...     make_pipeline(FunctionTransformer(mean_colour), LogisticRegression()),
    ...     ImageAugmenter(n_copies=2),
    ... )
    >>> model.fit(X, ["dark", "dark", "light", "light"]).predict(X)
    array(['dark', 'dark', 'light', 'light'], dtype='<U5')
    """

    # A class's own request: skops cannot save what set_fit_request leaves on an instance.
    __metadata_request__fit = {"groups": True}

    _reads_groups_from_pictures = True

    _parameter_constraints = {
        "estimator": [Instance(["fit", "get_params"])],
        "augmenter": [Instance(["fit_resample"]), None],
        "test_copies": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(self, estimator, augmenter=None, *, test_copies=0):
        self.estimator = estimator
        self.augmenter = augmenter
        self.test_copies = test_copies

    @with_callbacks
    def fit(self, X, y, sample_weight=None, groups=None):
        """Augment the pictures and fit the classifier on them.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels. A table of 0 and 1, with a column for each label, where a sample may
            have more than one and ``estimator`` takes that.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples; a copy has its picture's.

        groups : array-like of shape (n_samples,), default=None
            Patient of each picture. Pictures that know theirs need none.

        Returns
        -------
        self : AugmentedClassifier
            The fitted classifier.

        Raises
        ------
        ImageError
            If something in X is no picture.

        GroupConflictError
            If ``groups`` differ from the patients that pictures already have.

        ValueError
            If y does not fit X, ``estimator`` is no classifier, or it takes no weights and
            some are given.

        TypeError
            If ``estimator`` takes no pictures.

        Warns
        -----
        VoteWarning
            If ``estimator`` has a threshold of its own, which is not used.

        DataWarning
            If one picture has two labels or stands under two patients.

        ValidationSplitWarning
            If something in ``estimator`` splits by a ``cv`` that does not use groups.
        """
        self._validate_params()
        self._check_parts()
        context = self._init_callback_context(max_subtasks=1)
        references = self._check_images(X, groups)
        y = check_targets(self, y, references)
        if len(labels := np.unique(y).tolist()) < 2:
            raise ValueError(f"y has 1 class only, {labels[0]!r}; wanted at least 2 classes.")
        context.call_on_fit_task_begin(estimator=self, X=references, y=y)
        labels = y if y.ndim == 1 else [tuple(row) for row in y.tolist()]
        warn_of_copies(references, labels, get_groups(references), 3)
        if _has_own_threshold(self.estimator):
            warnings.warn(
                "predict takes the most probable class, so the threshold inside estimator is "
                "not used. Tune it outside: TunedThresholdClassifierCV(AugmentedClassifier("
                "...)).",
                VoteWarning,
                stacklevel=3,
            )
        _warn_of_blind_splits(self.estimator)
        self.augmenter_ = ImageAugmenter() if self.augmenter is None else clone(self.augmenter)
        if hasattr(self.augmenter_, "random_state"):
            # predict and predict_proba must look at the same views.
            self.augmenter_.random_state = fixed_seed(self.augmenter_.random_state)
        resampled, resampled_y = self.augmenter_.fit_resample(references, y)
        if sample_weight is not None:
            weights = check_weights(sample_weight, references)
            sample_weight = weights[self.augmenter_.sample_indices_]
        self.estimator_ = clone(self.estimator)
        task = context.subcontext(task_name="fit-estimator")
        with hand_on_callbacks(task, self.estimator_):
            task.call_on_fit_task_begin(estimator=self, X=resampled, y=resampled_y)
            with naming_who_takes_no_pictures("estimator", self.estimator_):
                fit_with_metadata(
                    self.estimator_,
                    resampled,
                    resampled_y,
                    sample_weight=sample_weight,
                    groups=get_groups(resampled),
                )
            task.call_on_fit_task_end(estimator=self, X=resampled, y=resampled_y)
        classes, _ = number_classes(y)
        self.classes_ = classes if y.ndim == 2 else getattr(self.estimator_, "classes_", classes)
        context.call_on_fit_task_end(estimator=self, X=references, y=y)
        return self

    def predict(self, X):
        """Predict labels.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        """
        check_is_fitted(self)
        if is_multilabel(self):
            return self._predict_labels(X)
        if hasattr(self.estimator_, "predict_proba"):
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        if self.test_copies == 0:
            return self.estimator_.predict(self._check_images(X))
        if hasattr(self.estimator_, "decision_function"):
            decision = self.decision_function(X)
            if decision.ndim == 1:
                return self.classes_[(decision > 0).astype(int)]
            if decision.shape[1] == len(self.classes_):
                return self.classes_[decision.argmax(axis=1)]
        return self.classes_[self._mean_over_views(X, self._votes).argmax(axis=1)]

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for ``fit``.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            Probabilities in the order of ``classes_``, with ``test_copies`` their mean
            over the views. Of several labels the probability of each.
        """
        check_is_fitted(self)
        if is_multilabel(self):
            return self._mean_over_views(X, self._label_probabilities)
        return self._mean_over_views(X, self.estimator_.predict_proba)

    @available_if(_estimator_has("predict_proba"))
    def predict_log_proba(self, X):
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for ``fit``.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            Logarithms of ``predict_proba``.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X):
        """Compute confidences.

        Parameters
        ----------
        X : array-like of pictures, of shape (n_samples,)
            As for ``fit``.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As ``estimator_`` gives them, with ``test_copies`` their mean over the views.
        """
        check_is_fitted(self)
        return self._mean_over_views(X, self.estimator_.decision_function)

    def _check_parts(self):
        if not is_classifier(self.estimator):
            raise ValueError(f"estimator is {self.estimator!r}; wanted a classifier of pictures.")
        makes_views = self.augmenter is None or hasattr(self.augmenter, "make_copies")
        if self.test_copies > 0 and not makes_views:
            raise ValueError(
                f"augmenter is {self.augmenter!r}, which has no make_copies; wanted an "
                f"ImageAugmenter with test_copies={self.test_copies}."
            )

    def _check_images(self, X, groups=None):
        return check_images(X, groups)

    def _mean_over_views(self, X, method):
        references = self._check_images(X)
        if self.test_copies == 0:
            return method(references)
        means = []
        for start in range(0, len(references), _BLOCK):
            block = references[start : start + _BLOCK]
            copies = self.augmenter_.make_copies(block, int(self.test_copies))
            views = np.hstack([block[:, np.newaxis], copies])
            values = method(views.ravel())
            means.append(values.reshape(*views.shape, *values.shape[1:]).mean(axis=1))
        return np.concatenate(means)

    def _predict_labels(self, X):
        if self.test_copies == 0:
            return self.estimator_.predict(self._check_images(X))
        if hasattr(self.estimator_, "predict_proba"):
            shares = self.predict_proba(X)
        else:
            shares = self._mean_over_views(X, self.estimator_.predict)
        return (shares > 0.5).astype(self.classes_.dtype)

    def _label_probabilities(self, references):
        proba = self.estimator_.predict_proba(references)
        if not isinstance(proba, list):
            return proba
        # scikit-learn's way: of each label the probabilities of the classes that it has.
        return np.column_stack(
            [
                part @ (np.asarray(classes) == 1)
                for part, classes in zip(proba, self.estimator_.classes_, strict=True)
            ]
        )

    def _votes(self, references):
        predicted = self.estimator_.predict(references)
        return (predicted[:, np.newaxis] == self.classes_).astype(np.float64)

    def _sk_visual_block_(self):
        augmenter = ImageAugmenter() if self.augmenter is None else self.augmenter
        parts = {
            "augmenter": getattr(self, "augmenter_", augmenter),
            "estimator": getattr(self, "estimator_", self.estimator),
        }
        return serial_visual_block(
            [(f"{name}: {type(part).__name__}", part) for name, part in parts.items()]
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        inner = get_tags(self.estimator)
        if inner.classifier_tags is not None:
            tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
            # MultiOutputClassifier says it by the other one.
            tags.classifier_tags.multi_label = (
                inner.classifier_tags.multi_label or inner.target_tags.multi_output
            )
        return tags


def _has_own_threshold(estimator):
    if isinstance(estimator, Pipeline):
        return _has_own_threshold(estimator.steps[-1][1])
    return isinstance(estimator, (FixedThresholdClassifier, TunedThresholdClassifierCV))


def _warn_of_blind_splits(estimator):
    """Warn of splitters inside that put copies of one picture on both sides."""
    parts = {"": estimator, **estimator.get_params(deep=True)}
    for name, cv in parts.items():
        owner, _, parameter = name.rpartition("__")
        if parameter != "cv" or isinstance(cv, str):
            continue
        if isinstance(parts[owner], MajorityVoteFusion):  # it splits by patient
            continue
        splitter = check_cv(cv)
        if not get_routing_for_object(splitter).consumes("split", ["groups"]):
            warnings.warn(
                f"{name}={cv!r} inside AugmentedClassifier does not use groups: it puts a picture "
                "and its copies, and pictures of one patient, on both sides of its splits. Put "
                "that estimator around AugmentedClassifier, or set "
                f"{name}=StratifiedImageGroupKFold().",
                ValidationSplitWarning,
                stacklevel=4,
            )
