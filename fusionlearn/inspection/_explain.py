"""Explanations of what a classifier of pictures decides."""

import warnings
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import check_is_fitted

from .._bars import progress_bar
from .._hints import did_you_mean
from .._labels import refuse_multilabel
from ..exceptions import ExplanationWarning
from ..images import check_images
from ._explanation import Explanation
from ._gradcam import gradcam
from ._naming import NetworkNames
from ._occlusion import occlusion

# Pictures whose maps are held in memory together.
_BLOCK = 4
_SHARE = Interval(Real, 0, 1, closed="right")
# Why all maps of some pictures are empty, by method.
_FLAT = {
    "gradcam": (
        "The classifier is flat around pictures {pictures}: no small change of their features "
        "changes the probability, as with trees, hard votes and probabilities of 0 or 1, so "
        "their maps are empty. Use method='occlusion'."
    ),
    "occlusion": (
        "Nothing that was hidden in pictures {pictures} changes the probability, so their maps "
        "are empty. Set a larger window."
    ),
}
_ROUNDED = (
    "The probability of pictures {pictures} is so near to 0 or 1 that its derivatives drown in "
    "rounding, and their maps with them. Use method='occlusion', or calibrate the classifier."
)


@validate_params(
    {
        "method": [StrOptions({"gradcam", "occlusion"})],
        "window": [_SHARE],
        "stride": [_SHARE],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def explain(estimator, X, *, method="gradcam", target=None, window=0.2, stride=0.1, verbose=0):
    """Explain decisions by where in each picture their evidence lies.

    The estimator is asked, not imitated: its own ``predict_proba`` runs on features that
    were changed, or on pictures of which something was hidden. So a map holds for whatever
    stands behind the networks: concatenation, votes, fine-tuned layers, scaling, stacking,
    calibration, a search, several views of a picture.

    Parameters
    ----------
    estimator : classifier of pictures
        Fitted, with ``predict_proba``.

    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    method : {"gradcam", "occlusion"}, default="gradcam"
        "gradcam" is the derivative of the log-odds of ``target`` along what each place of
        the networks' last maps (or of their ``layers``) contributes to the features [1]_
        [2]_. "occlusion" is what the log-odds lose when a window of the picture is blurred
        [3]_: it is slower, and also works where derivatives vanish (trees, hard votes), and
        for classifiers of pictures without any network.

    target : object, default=None
        The class whose evidence is shown, one of ``estimator.classes_``. None: for each
        picture the one that is predicted.

    window : float, default=0.2
        Height and width of the hidden window, as a share of the picture's, in (0, 1]. For
        "occlusion" only.

    stride : float, default=0.1
        Way from one window to the next, as a share of height and width, at most ``window``.
        For "occlusion" only.

    verbose : int, default=0
        1 shows a progress bar of the pictures.

    Returns
    -------
    explanations : list of Explanation
        One for each picture.

    Raises
    ------
    ImageError
        If something in X is no picture.

    NotFittedError
        If the estimator is not fitted.

    TypeError
        If it has no ``predict_proba``.

    ValueError
        If there is no class ``target``, ``stride`` is larger than ``window``, or, for
        "gradcam", no network is asked.

    BackboneError
        If a network gives vectors instead of maps, for "gradcam".

    Warns
    -----
    ExplanationWarning
        If a picture has no evidence because the classifier is flat around it, or its
        probability is so near to 0 or 1 that derivatives drown in rounding.

    See Also
    --------
    fusionlearn.inspection.ExplanationDisplay : Draws explanations.
    fusionlearn.inspection.deletion_insertion : Asks the classifier whether they are right.

    Notes
    -----
    With "gradcam" a value is a density: a network whose map had this value everywhere would
    add that much to the log-odds, so the mean of its signed map over the picture is all that
    its features contribute, to first order. For ``pooling="avg"`` this is Grad-CAM [1]_ times
    the number of places. For other poolings it is the gradient times what is there, place by
    place [2]_. Layers are added on one grid of at most 14 x 14 places.

    :class:`~fusionlearn.MajorityVoteFusion` takes the probability of those members
    that voted for the winner. The others have no share in it, and none of the evidence.

    Where several views of a picture are averaged (``test_copies`` of an
    :class:`~fusionlearn.AugmentedClassifier`, inputs of a preset), the map of each is turned
    back onto the picture, and they are added. Evidence in the padding of a view goes to the
    nearest pixel of the picture, so that the mean stays what the features contribute.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
       Gradient-based Localization", ICCV (2017).
    .. [2] R. L. Draelos and L. Carin, "Use HiResCAM instead of Grad-CAM for faithful
       explanations of convolutional neural networks" (2020),
       https://arxiv.org/abs/2011.08891.
    .. [3] M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional
       Networks", ECCV (2014).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import ConcatFusion, make_extractors
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import explain
    >>> ct = make_ct_phantoms(n_samples=12, image_size=48)
    >>> networks = make_extractors(
    ...     "MobileNet", "MobileNetV2", weights=None, input_size=32, layers=0.1
    ... )
    >>> model = make_pipeline(ConcatFusion(networks), LogisticRegression())
    >>> explanation = explain(model.fit(ct.data, ct.target), ct.data[:1])[0]
    >>> explanation.heat_map.shape, sorted(explanation.networks)
    ((48, 48), ['MobileNet', 'MobileNetV2'])
    """
    check_is_fitted(estimator)
    refuse_multilabel(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{type(estimator).__name__} has no predict_proba; wanted a classifier with "
            "probabilities, whose log-odds can be explained. Put it into "
            "sklearn.calibration.CalibratedClassifierCV."
        )
    if stride > window:
        raise ValueError(
            f"stride={stride!r} is larger than window={window!r}, which leaves gaps that nothing "
            "hides; wanted at most the window."
        )
    references = check_images(X)
    predictions = np.asarray(estimator.predict(references))
    proba = np.asarray(estimator.predict_proba(references))
    targets = _find_targets(estimator.classes_, target, predictions)
    name_of = NetworkNames(estimator)
    explanations = []
    faults = {}
    with progress_bar("explained", len(references), unit="pictures", verbose=verbose) as bar:
        for start in range(0, len(references), _BLOCK):
            block = slice(start, start + _BLOCK)
            pictures = [reference.decode() for reference in references[block]]
            chosen = targets[block]
            if method == "gradcam":
                shapes = [picture.shape[:2] for picture in pictures]
                found, is_rounded = gradcam(estimator, references[block], shapes, chosen, name_of)
                if not all(found):
                    raise ValueError(
                        "method='gradcam': the classifier asks no network for features of these "
                        "pictures; wanted a BackboneFeatureExtractor in it. Use method='occlusion'."
                    )
                signed = [(sum(networks.values()), networks) for networks in found]
                bar.update(len(found))
            else:
                is_rounded = np.zeros(len(pictures), dtype=bool)
                signed = []
                for reference, picture, number in zip(
                    references[block], pictures, chosen, strict=True
                ):
                    signed.append(
                        occlusion(estimator, reference, picture, number, name_of, window, stride)
                    )
                    bar.update()
            for index, (picture, (whole, networks)) in enumerate(
                zip(pictures, signed, strict=True), start
            ):
                if not any(values.any() for values in (whole, *networks.values())):
                    faults.setdefault("flat", []).append(index)
                elif is_rounded[index - start]:
                    faults.setdefault("rounded", []).append(index)
                maps = {name: _positive(values) for name, values in networks.items()}
                explanations.append(
                    Explanation(
                        picture=picture,
                        target=estimator.classes_[targets[index]],
                        probability=float(proba[index, targets[index]]),
                        prediction=predictions[index],
                        heat_map=_positive(whole),
                        networks=maps,
                        shares=_shares(maps),
                        method=method,
                    )
                )
    _warn_of(faults, method)
    return explanations


def _find_targets(classes, target, predictions):
    """Number of the class that is explained, for each picture."""
    numbers = {label: number for number, label in enumerate(np.asarray(classes).tolist())}
    if target is None:
        return np.array([numbers[label] for label in predictions.tolist()])
    target = target.item() if isinstance(target, np.generic) else target
    if not isinstance(target, (str, Real)) or target not in numbers:
        raise ValueError(
            f"target={target!r}; wanted one of the classes {list(numbers)}, or None for the one "
            f"that is predicted.{did_you_mean(target, numbers)}"
        )
    return np.full(len(predictions), numbers[target])


def _positive(values):
    return np.maximum(values, 0.0).astype(np.float32)


def _shares(maps):
    sums = {name: float(values.sum(dtype=np.float64)) for name, values in maps.items()}
    total = sum(sums.values())
    return {name: value / total if total > 0 else 0.0 for name, value in sums.items()}


def _warn_of(faults, method):
    flat, rounded = faults.get("flat", []), faults.get("rounded", [])
    if flat:
        warnings.warn(ExplanationWarning(_FLAT[method], flat), stacklevel=4)
    if rounded:
        warnings.warn(ExplanationWarning(_ROUNDED, rounded), stacklevel=4)
