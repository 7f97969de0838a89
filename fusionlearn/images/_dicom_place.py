"""Where a DICOM picture lies among those of its series."""

import math
from dataclasses import dataclass

from . import _dicom_header as tags
from ._dicom_pixels import WHOLE_DICOM
from ._opening import refused
from ._structure import StructureError


@dataclass(frozen=True, slots=True)
class SlicePlace:
    """What a DICOM file says of its place.

    Parameters
    ----------
    series : str
        Its series; empty where the file does not say.

    instance : float
        Its number in the series; infinite where the file does not say.

    position : tuple of float or None
        Where its first pixel lies, in mm; None for several frames.

    orientation : tuple of float or None
        Directions of its rows and columns.

    kind : str
        Modality and size, for people.
    """

    series: str
    instance: float
    position: tuple | None
    orientation: tuple | None
    kind: str


def slice_place(header, path):
    """Find the place of a slice in its series.

    Parameters
    ----------
    header : DicomHeader
        Of a file that has pixels.

    path : str or None
        Where the file lies, for messages.

    Returns
    -------
    place : SlicePlace
        Its place.

    Raises
    ------
    ImageError
        If what the file says is no number.
    """
    top = header.top
    try:
        position, orientation = top.numbers(tags.POSITION), top.numbers(tags.ORIENTATION)
        instance = next(iter(top.numbers(tags.INSTANCE_NUMBER)), math.inf)
        is_placed = len(position) == 3 and header.n_frames == 1
    except StructureError as error:
        raise refused(error, path, WHOLE_DICOM) from error
    return SlicePlace(
        top.text(tags.SERIES),
        instance,
        tuple(position) if is_placed else None,
        tuple(orientation) if len(orientation) == 6 else None,
        f"{header.modality or 'no modality'}, {header.columns} x {header.rows}",
    )
