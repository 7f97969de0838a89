"""What a network is, and how it runs."""

from ._backbone import Backbone
from ._network import Network, resolve_network
from ._pool import get_engine
from ._register import register_backbone
from ._table import BACKBONES

__all__ = [
    "BACKBONES",
    "Backbone",
    "Network",
    "get_engine",
    "register_backbone",
    "resolve_network",
]
