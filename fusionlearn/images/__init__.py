"""What a picture is: references, decoding, augmented views."""

from ._augmenter import ImageAugmenter, fixed_seed
from ._check import (
    check_images,
    contains_pictures,
    get_groups,
    picture_column,
    share_references,
)
from ._faults import find_bad_images, n_threads, with_all_faults
from ._grain import reduce_grain
from ._preprocessor import ImagePreprocessor
from ._reference import ImageReference

__all__ = [
    "ImageAugmenter",
    "ImagePreprocessor",
    "ImageReference",
    "check_images",
    "contains_pictures",
    "find_bad_images",
    "fixed_seed",
    "get_groups",
    "n_threads",
    "picture_column",
    "reduce_grain",
    "share_references",
    "with_all_faults",
]
