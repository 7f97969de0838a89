"""Picture times network: a row of features, computed once."""

from ._extract_to import extract_to
from ._extraction import Job, extract, resize
from ._extractor import BackboneFeatureExtractor
from ._make import extractors_from_folder, make_extractors
from ._observer import callback_task
from ._pareto import ParetoScaler
from ._probes import Probe, ProbedSource, find_probes, without_probes
from ._sqlite_file import is_store
from ._store import FeatureStore

__all__ = [
    "BackboneFeatureExtractor",
    "FeatureStore",
    "Job",
    "ParetoScaler",
    "Probe",
    "ProbedSource",
    "callback_task",
    "extract",
    "extract_to",
    "extractors_from_folder",
    "find_probes",
    "is_store",
    "make_extractors",
    "resize",
    "without_probes",
]
