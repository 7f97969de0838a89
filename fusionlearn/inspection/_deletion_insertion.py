"""Whether a classifier itself finds the evidence where an explanation says it is."""

from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
from scipy.integrate import trapezoid
from sklearn.utils._param_validation import Interval, validate_params

from .._bars import progress_bar
from ..images import check_images
from ._asking import ShownPixels, ask, probed_picture
from ._occlusion import blur
from ._placing import place

# Sigma of the blur, as a share of the picture's height and width: half of it.
_BLUR = 0.2
# Places along height and width of a random map: as smooth as maps of networks are.
_RANDOM_PLACES = 7
_TOGETHER = 64


@dataclass(frozen=True, eq=False)
class DeletionInsertion:
    """The probability of a class while its evidence is taken away, or given.

    Made by :func:`~fusionlearn.inspection.deletion_insertion`.

    Parameters
    ----------
    fractions : ndarray of shape (n_steps + 1,)
        Share of the pixels that was changed, from 0 to 1.

    deletion, insertion : ndarray of shape (n_pictures, n_steps + 1)
        Probability of the target while pixels are blurred, or a blurred picture is made
        sharp, the ones with most evidence first.

    random_deletion, random_insertion : ndarray of shape (n_pictures, n_steps + 1)
        The same in the order of random maps, their mean.
    """

    fractions: np.ndarray = field(repr=False)
    deletion: np.ndarray = field(repr=False)
    insertion: np.ndarray = field(repr=False)
    random_deletion: np.ndarray = field(repr=False)
    random_insertion: np.ndarray = field(repr=False)

    @property
    def deletion_area(self):
        """Area under each deletion curve, in [0, 1]: smaller is better."""
        return trapezoid(self.deletion, self.fractions, axis=1)

    @property
    def insertion_area(self):
        """Area under each insertion curve, in [0, 1]: larger is better."""
        return trapezoid(self.insertion, self.fractions, axis=1)

    @property
    def random_deletion_area(self):
        """Area under each deletion curve of random maps."""
        return trapezoid(self.random_deletion, self.fractions, axis=1)

    @property
    def random_insertion_area(self):
        """Area under each insertion curve of random maps."""
        return trapezoid(self.random_insertion, self.fractions, axis=1)


@validate_params(
    {
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "n_random": [Interval(Integral, 1, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def deletion_insertion(
    estimator, explanations, *, n_steps=20, n_random=3, random_state=0, verbose=0
):
    """Take evidence away from pictures, or give it, and watch the probability.

    The pixels are ordered by the heat map of the whole. Deletion blurs them, those with most
    evidence first; insertion starts from the blurred picture and makes them sharp [1]_. Where
    a map is right, the probability falls early in the first and rises early in the second,
    earlier than in the order of random maps that are as smooth.

    Parameters
    ----------
    estimator : classifier of pictures
        The one that was explained.

    explanations : list of Explanation
        As :func:`~fusionlearn.inspection.explain` gives them.

    n_steps : int, default=20
        Number of steps in which all pixels are changed.

    n_random : int, default=3
        Number of random maps for each picture.

    random_state : int, default=0
        Seed of the random maps, and of the order of pixels with the same evidence.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    curves : DeletionInsertion
        The curves and the areas under them.

    Raises
    ------
    ValueError
        If there is no explanation, or one of a class that the estimator does not know.

    See Also
    --------
    explain : Makes explanations.

    Notes
    -----
    Blurred pictures are none that the classifier was trained on, so single curves may do
    what they like. Compare areas over many pictures, and look at the interval of the
    difference to random maps (:func:`~fusionlearn.metrics.bootstrap_interval`).

    References
    ----------
    .. [1] V. Petsiuk, A. Das and K. Saenko, "RISE: Randomized Input Sampling for
       Explanation of Black-box Models", BMVC (2018), https://arxiv.org/abs/1806.07421.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import BackboneFeatureExtractor
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import deletion_insertion, explain
    >>> ct = make_ct_phantoms(n_samples=12, image_size=48)
    >>> network = BackboneFeatureExtractor(
    ...     "MobileNet", weights=None, input_size=32, layers=0.1
    ... )
    >>> model = make_pipeline(network, LogisticRegression()).fit(ct.data, ct.target)
    >>> curves = deletion_insertion(model, explain(model, ct.data[:2]), n_steps=5)
    >>> curves.deletion.shape, curves.deletion_area.shape
    ((2, 6), (2,))
    """
    if len(explanations) == 0:
        raise ValueError("explanations is empty; wanted one Explanation or more, from explain.")
    labels = np.asarray(estimator.classes_).tolist()
    rng = np.random.default_rng(random_state)
    fractions = np.linspace(0, 1, n_steps + 1)
    curves = []
    for explanation in explanations:
        if explanation.target not in labels:
            raise ValueError(
                f"An explanation is for {explanation.target!r}, but the classes are {labels}; "
                "wanted explanations of this estimator."
            )
    with progress_bar("checking", len(explanations), unit="pictures", verbose=verbose) as bar:
        for explanation in explanations:
            orders = [_order(explanation.heat_map, rng)]
            shape = explanation.heat_map.shape
            orders += [_order(_random_map(shape, rng), rng) for _ in range(n_random)]
            proba = _follow(estimator, explanation.picture, orders, fractions)
            proba = proba[:, labels.index(explanation.target)].reshape(2, len(orders), -1)
            curves.append([*proba[:, 0], *proba[:, 1:].mean(axis=1)])
            bar.update()
    deletion, insertion, random_deletion, random_insertion = np.swapaxes(curves, 0, 1)
    return DeletionInsertion(fractions, deletion, insertion, random_deletion, random_insertion)


def _order(values, rng):
    """Rank of each pixel, the largest value first, equal ones in a random order."""
    ranks = np.empty(values.size, dtype=int)
    ranks[np.lexsort((rng.random(values.size), -values.ravel()))] = np.arange(values.size)
    return ranks.reshape(values.shape)


def _random_map(shape, rng):
    return place(rng.random((_RANDOM_PLACES, _RANDOM_PLACES)), np.eye(3), shape)


def _follow(estimator, picture, orders, fractions):
    """Probabilities for deletion, then insertion: order by order, step by step."""
    blurred = blur(picture, _BLUR)
    reference = check_images([picture])[0]
    probe = ShownPixels()
    thresholds = fractions * orders[0].size
    shown = [
        (order, threshold, before, after)
        for before, after in ((picture, blurred), (blurred, picture))
        for order in orders
        for threshold in thresholds
    ]
    parts = []
    for start in range(0, len(shown), _TOGETHER):
        seen = []
        for order, threshold, before, after in shown[start : start + _TOGETHER]:
            pixels = np.where((order < threshold)[..., np.newaxis], after, before)
            seen.append(probed_picture(reference, probe, len(seen), pixels))
        parts.append(ask(estimator, seen))
    return np.concatenate(parts)
