"""Names of the networks in a classifier."""

import dataclasses

from sklearn.pipeline import Pipeline

from ..features import BackboneFeatureExtractor
from ..images import ImagePreprocessor, check_images


class NetworkNames:
    """Names that the user gave to the networks of a classifier.

    Parameters
    ----------
    estimator : estimator object
        The classifier.
    """

    def __init__(self, estimator):
        self._found = {}
        self._walk(estimator, (), ())

    def __call__(self, network, operations):
        """Find the name of a network.

        Parameters
        ----------
        network : Network
            The network, whole or cut.

        operations : tuple of str
            What had been done to the pixels that it saw.

        Returns
        -------
        name : str
            Names on the way to it, as "grey / MobileNet"; its own if it has no other. Where
            one network stands in several places, all of them.
        """
        found = self._found.get(_key(network), {})
        # The longest form of pictures that fits: what stands before it are copies.
        for form in sorted(found, key=len, reverse=True):
            if operations[len(operations) - len(form) :] == form:
                return " + ".join(found[form])
        return network.backbone.name

    def _walk(self, estimator, trail, form):
        if isinstance(estimator, BackboneFeatureExtractor):
            network = estimator.job().network
            names = self._found.setdefault(_key(network), {}).setdefault(form, [])
            name = " / ".join(trail) or network.backbone.name
            if name not in names:
                names.append(name)
            return
        # A search has put other parts into a clone of its estimator.
        estimator = getattr(estimator, "best_estimator_", estimator)
        if isinstance(estimator, Pipeline):
            for _, step in estimator.steps:
                if isinstance(step, ImagePreprocessor):
                    form += step.transform(_ANY_PICTURE)[0].operations
                self._walk(step, trail, form)
            return
        if not hasattr(estimator, "get_params") or isinstance(estimator, type):
            return
        for value in estimator.get_params(deep=False).values():
            if isinstance(value, (list, tuple)):
                for entry in value:
                    if isinstance(entry, (list, tuple)) and len(entry) >= 2:
                        self._walk(entry[1], (*trail, str(entry[0])), form)
            else:
                self._walk(value, trail, form)


# It is never decoded, and of bytes any window may be asked.
_ANY_PICTURE = check_images([b"any"])


def _key(network):
    return dataclasses.replace(network, trained_layers=0).graph_description
