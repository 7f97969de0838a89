"""Where in a picture a decision comes from."""

from dataclasses import dataclass, field

import numpy as np

UNITS = {
    "gradcam": "log-odds per picture area",
    "occlusion": "log-odds lost where hidden",
}


@dataclass(frozen=True, eq=False)
class Explanation:
    """The evidence in one picture for one class, place by place.

    Made by :func:`~fusionlearn.inspection.explain`. It says what moves this classifier,
    which may be a shortcut; it says nothing about disease.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
        The picture as it was decoded.

    target : object
        The class whose evidence is shown.

    probability : float
        The probability that the classifier gives to that class, in [0, 1].

    prediction : object
        The class that it predicts.

    heat_map : ndarray of shape (height, width), float32
        Evidence for ``target`` of the whole, at least 0, in the unit of ``method`` and not
        scaled to its own largest value.

    networks : dict of str to ndarray of shape (height, width), float32
        The same for each network alone. With "gradcam" the signed maps add up to the
        whole; ``heat_map`` and these are what is positive of them. With "occlusion" only
        that network sees what is hidden, and nothing adds up.

    shares : dict of str to float
        The sum of the map of each network, as a share of the sums of all. They add up to 1,
        or are all 0 where no network has evidence for ``target``.

    method : {"gradcam", "occlusion"}
        How it was found.

    See Also
    --------
    ExplanationDisplay : Draws explanations.
    deletion_insertion : Asks the classifier whether they are right.
    """

    picture: np.ndarray = field(repr=False)
    target: object
    probability: float
    prediction: object
    heat_map: np.ndarray = field(repr=False)
    networks: dict = field(repr=False)
    shares: dict
    method: str

    @property
    def unit(self):
        """Unit of the maps."""
        return UNITS[self.method]
