"""Many networks, one answer."""

from ._concat import ConcatFusion
from ._majority_vote import MajorityVoteFusion

__all__ = ["ConcatFusion", "MajorityVoteFusion"]
