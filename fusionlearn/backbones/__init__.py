"""What a network is, and how it runs."""

from ._backbone import Backbone
from ._choice import ENGINES, PRECISIONS
from ._encoder_file import EncoderFile
from ._encoder_function import EncoderFunction
from ._graph import convert_function
from ._maps import check_maps, compute_maps, contributions, pool_maps
from ._network import Network, resolve_network
from ._pixel_model import build_pixel_model
from ._pool import get_engine, is_built
from ._register import register_backbone
from ._table import BACKBONES
from ._trained_part import TrainedPart, build_tuned_model, cut_network
from ._weights_files import recognise_weights

__all__ = [
    "BACKBONES",
    "ENGINES",
    "PRECISIONS",
    "Backbone",
    "EncoderFile",
    "EncoderFunction",
    "Network",
    "TrainedPart",
    "build_pixel_model",
    "build_tuned_model",
    "check_maps",
    "compute_maps",
    "contributions",
    "convert_function",
    "cut_network",
    "get_engine",
    "is_built",
    "pool_maps",
    "recognise_weights",
    "register_backbone",
    "resolve_network",
]
