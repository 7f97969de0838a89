"""Many networks, one answer."""

from ._concat import ConcatFusion
from ._majority_vote import MajorityVoteFusion
from ._vote import count_votes, hit_probability

__all__ = ["ConcatFusion", "MajorityVoteFusion", "count_votes", "hit_probability"]
