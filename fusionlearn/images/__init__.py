"""What a picture is: references, decoding, augmented views."""

from ._augmenter import ImageAugmenter, fixed_seed
from ._check import (
    check_images,
    contains_pictures,
    get_groups,
    picture_column,
    share_references,
)
from ._dicom_patient import check_salt, patient_group, source_header
from ._dicom_pixels import EXTENSIONS as DICOM_EXTENSIONS
from ._dicom_pixels import is_dicom
from ._dicom_place import slice_place
from ._faults import find_bad_images, n_threads, with_all_faults
from ._grain import reduce_grain
from ._preprocessor import ImagePreprocessor
from ._read_dicom import read_dicom, warn_of_unnamed
from ._reference import ImageReference

__all__ = [
    "DICOM_EXTENSIONS",
    "ImageAugmenter",
    "ImagePreprocessor",
    "ImageReference",
    "check_images",
    "check_salt",
    "contains_pictures",
    "find_bad_images",
    "fixed_seed",
    "get_groups",
    "is_dicom",
    "n_threads",
    "patient_group",
    "picture_column",
    "read_dicom",
    "reduce_grain",
    "share_references",
    "slice_place",
    "source_header",
    "warn_of_unnamed",
    "with_all_faults",
]
