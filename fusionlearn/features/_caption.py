"""One line about an extractor, for its HTML."""

from ..backbones import BACKBONES, Backbone, resolve_network


def describe_extractor(extractor):
    """Say which network an extractor is and what comes out, as far as parameters tell.

    Nothing is read, loaded or built for it.

    Parameters
    ----------
    extractor : BackboneFeatureExtractor
        Fitted or not.

    Returns
    -------
    text : str
        Network, input size, layers, pooling and number of features; without what is not
        known.

    Raises
    ------
    BackboneError
        If the network cannot have these parameters.
    """
    backbone = extractor.application
    # The table would import Keras to look for a name that it does not know.
    if not isinstance(backbone, Backbone) and backbone in list(BACKBONES):
        backbone = BACKBONES[backbone]
    size, n_features = extractor.input_size, getattr(extractor, "n_features_out_", None)
    if isinstance(backbone, Backbone) and backbone.is_application:
        network = resolve_network(
            backbone,
            application_params=extractor.application_params,
            pooling=extractor.pooling,
            layers=extractor.layers,
            input_size=size,
        )
        size, n_features = network.input_size, network.n_features or n_features
    elif isinstance(backbone, Backbone):
        size = size or backbone.input_size
    parts = [getattr(backbone, "name", str(backbone))]
    if size is not None:
        height, width = (size, size) if isinstance(size, int) else size
        parts.append(f"{height} × {width} pixels")
    if extractor.layers is not None:
        several = isinstance(extractor.layers, (list, tuple))
        n_layers = len(extractor.layers) if several else 1
        parts.append("1 inner layer" if n_layers == 1 else f"{n_layers} inner layers")
    parts.append(f"pooling {extractor.pooling}")
    if n_features is not None:
        parts.append(f"{n_features:,} features")
    return " · ".join(parts)
