"""Displays: data, composition, training, votes, probabilities and mistakes as pictures."""

from ._augmentation import AugmentationDisplay
from ._backbone_contributions import backbone_contributions
from ._contribution_display import BackboneContributionDisplay
from ._contributions import BackboneContributions
from ._deletion_insertion import DeletionInsertion, deletion_insertion
from ._distribution import ClassDistributionDisplay
from ._error_gallery import ErrorGalleryDisplay
from ._explain import explain
from ._explanation import Explanation
from ._explanation_display import ExplanationDisplay
from ._fusion_diagram import FusionDiagramDisplay
from ._history import HistoryDisplay
from ._reliability import ReliabilityDisplay
from ._vote_display import VoteDisplay

__all__ = [
    "AugmentationDisplay",
    "BackboneContributionDisplay",
    "BackboneContributions",
    "ClassDistributionDisplay",
    "DeletionInsertion",
    "ErrorGalleryDisplay",
    "Explanation",
    "ExplanationDisplay",
    "FusionDiagramDisplay",
    "HistoryDisplay",
    "ReliabilityDisplay",
    "VoteDisplay",
    "backbone_contributions",
    "deletion_insertion",
    "explain",
]
