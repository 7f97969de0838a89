"""Picture times network: a row of features, computed once."""

from ._extraction import Job, extract
from ._extractor import BackboneFeatureExtractor
from ._make import extractors_from_folder, make_extractors
from ._observer import callback_task
from ._pareto import ParetoScaler
from ._sqlite_file import is_store
from ._store import FeatureStore

__all__ = [
    "BackboneFeatureExtractor",
    "FeatureStore",
    "Job",
    "ParetoScaler",
    "callback_task",
    "extract",
    "extractors_from_folder",
    "is_store",
    "make_extractors",
]
