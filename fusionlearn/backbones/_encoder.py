"""Networks that Keras does not run: what their kinds have in common."""

from abc import ABC, abstractmethod

from ..exceptions import BackboneError


class Encoder(ABC):
    """A registered network that is no model of Keras.

    Attributes
    ----------
    title : str
        What it is, for messages.

    engines : tuple of str
        What an extractor may ask for by ``engine=``.

    precisions : tuple of str
        What an extractor may ask for by ``precision=``.

    fixed_size : tuple of (int, int), or None
        Height and width where it takes no others.
    """

    title: str
    engines: tuple
    precisions: tuple
    fixed_size: tuple | None

    @abstractmethod
    def identity(self, name):
        """Say what the features depend on besides the picture.

        Parameters
        ----------
        name : str
            Name under which it is registered.

        Returns
        -------
        identity : str
            The same for the same features.
        """

    @abstractmethod
    def choose_engine(self, engine, precision):
        """Choose what runs it.

        Parameters
        ----------
        engine : str
            One of ``engines``.

        precision : str
            One of ``precisions``.

        Returns
        -------
        engine : {"onnxruntime", "openvino", "function"}
            What runs it.
        """

    def check(self, name, *, weights, layers, input_size, engine, precision):
        """Refuse parameters of an extractor that it cannot have.

        Parameters
        ----------
        name : str
            Name under which it is registered.

        weights, layers, engine, precision : object
            As for :class:`~fusionlearn.BackboneFeatureExtractor`.

        input_size : tuple of (int, int)
            Height and width in pixels.

        Raises
        ------
        BackboneError
            If one of them does not fit.
        """
        if weights != "imagenet":
            raise BackboneError(
                f"weights={weights!r}: {name!r} is {self.title} and has weights of its own. "
                "Leave weights= out."
            )
        if layers is not None:
            raise BackboneError(
                f"layers={layers!r}: {name!r} is {self.title}, whose inner layers cannot be "
                "reached. Leave layers= out, and register a network whose output is that layer."
            )
        for param, value, known in (
            ("engine", engine, self.engines),
            ("precision", precision, self.precisions),
        ):
            if value not in known:
                raise BackboneError(
                    f"{param}={value!r}: {name!r} is {self.title}; wanted "
                    f"{' or '.join(map(repr, known))}."
                )
        if self.fixed_size not in (None, input_size):
            height, width = self.fixed_size
            raise BackboneError(
                f"{name} takes pictures of {height} x {width} pixels and no other: pass "
                f"input_size={self.fixed_size}."
            )


def require_keras(network, use, instead):
    """Refuse what only models of Keras can do.

    Parameters
    ----------
    network : Network
        The network.

    use : str
        What was asked for.

    instead : str
        What to do, as a sentence.

    Raises
    ------
    BackboneError
        If the network is no model of Keras.
    """
    if not network.backbone.is_keras:
        raise BackboneError(
            f"{network.backbone.name!r} is {network.backbone.builder.title}, and {use} needs a "
            f"Keras model. {instead}"
        )
