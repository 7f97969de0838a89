"""One network's entry in the table."""

from dataclasses import dataclass

from ._encoder import Encoder

PREPROCESSING_MODES = ("none", "tf", "caffe", "torch")


@dataclass(frozen=True, slots=True)
class Backbone:
    """Facts about a network that hold whatever its parameters and weights are.

    Parameters
    ----------
    name : str
        Name in ``keras.applications``, or the one under which it was registered.

    input_size : int
        Height and width in pixels for which the network was trained.

    min_size : int
        Smallest height and width that it takes.

    n_features : int or None
        Number of features after pooling, with default parameters; None where that is
        only known once the network is built.

    preprocessing : {"none", "tf", "caffe", "torch"}
        What is done to pixels in 0-255 before they enter: nothing (the network scales
        them itself), scaling to -1..1, BGR with the mean taken off, or scaling to 0..1
        with mean and standard deviation of ImageNet.

    n_parameters : int or None, default=None
        Number of weights below the top, with default parameters; None where that is only
        known once the network is built.

    builder : object or None, default=None
        For a registered network, what builds or runs it.

    Examples
    --------
    >>> from fusionlearn import BACKBONES
    >>> BACKBONES["InceptionV3"].input_size
    299
    """

    name: str
    input_size: int
    min_size: int
    n_features: int | None
    preprocessing: str
    n_parameters: int | None = None
    builder: object = None

    @property
    def is_application(self):
        """Whether it comes from ``keras.applications``."""
        return self.builder is None

    @property
    def is_keras(self):
        """Whether it is a model of Keras, whose layers can be reached and trained."""
        return not isinstance(self.builder, Encoder)
