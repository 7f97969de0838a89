"""What a DICOM file says of its pixels, and of nothing else."""

from dataclasses import dataclass
from struct import unpack_from

from .._config import get_config
from ._dicom_elements import FLOAT_PIXELS, PIXEL_DATA, Elements
from ._structure import StructureError

# Types of objects are named by it, since a SOP class says less to people.
MODALITY = 0x00080060
PATIENT_ID = 0x00100020
STUDY, SERIES = 0x0020000D, 0x0020000E
INSTANCE_NUMBER, POSITION, ORIENTATION = 0x00200013, 0x00200032, 0x00200037
SAMPLES, PHOTOMETRIC, PLANAR, N_FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
ROWS, COLUMNS = 0x00280010, 0x00280011
BITS_ALLOCATED, BITS_STORED, SIGNED = 0x00280100, 0x00280101, 0x00280103
PADDING, PADDING_LIMIT = 0x00280120, 0x00280121
CENTER, WIDTH, FUNCTION = 0x00281050, 0x00281051, 0x00281056
INTERCEPT, SLOPE = 0x00281052, 0x00281053
PALETTE = ((0x00281101, 0x00281201), (0x00281102, 0x00281202), (0x00281103, 0x00281203))
_SEGMENTED_PALETTE = 0x00281221
MODALITY_LUT, VOI_LUT = 0x00283000, 0x00283010
LUT_DESCRIPTOR, LUT_DATA = 0x00283002, 0x00283006
# What enhanced objects say for all frames, and for each.
_SHARED, _PER_FRAME = 0x52009229, 0x52009230
TRANSFORMATION, FRAME_VOI = 0x00289145, 0x00289132

_TOP = frozenset(
    (
        *(MODALITY, PATIENT_ID, STUDY, SERIES, INSTANCE_NUMBER, POSITION, ORIENTATION),
        *(SAMPLES, PHOTOMETRIC, PLANAR, N_FRAMES, ROWS, COLUMNS),
        *(BITS_ALLOCATED, BITS_STORED, SIGNED, PADDING, PADDING_LIMIT),
        *(CENTER, WIDTH, FUNCTION, INTERCEPT, SLOPE, MODALITY_LUT, VOI_LUT),
        *(tag for pair in PALETTE for tag in pair),
        *(_SEGMENTED_PALETTE, _SHARED, _PER_FRAME),
    )
)
_LONGEST_TEXT = 1024
_ENDS = " \0"


@dataclass(frozen=True, slots=True)
class Scope:
    """Elements of a file or of an item.

    Parameters
    ----------
    elements : Elements
        The file.

    found : dict
        Tag to where the element lies.
    """

    elements: Elements
    found: dict

    def __contains__(self, tag):
        return tag in self.found and self.found[tag][2] != 0

    def bytes(self, tag, n_bytes=None):
        """The value as it stands in the file, or the beginning of it."""
        return self.elements.value(self.found[tag], n_bytes) if tag in self else b""

    def texts(self, tag):
        """The values of a text, without padding; an empty list where there is none."""
        value = bytes(self.bytes(tag)[:_LONGEST_TEXT])
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        return [part.strip(_ENDS) for part in text.split("\\")] if text.strip(_ENDS) else []

    def text(self, tag, default=""):
        """The first value of a text."""
        return (self.texts(tag) or [default])[0]

    def numbers(self, tag):
        """The values of numbers that are written as text."""
        try:
            return [float(part) for part in self.texts(tag) if part]
        except ValueError as error:
            raise StructureError(f"a DICOM file whose element {_name(tag)} is no number") from error

    def shorts(self, tag, signed=False):
        """The values of numbers of 16 bits."""
        value = self.bytes(tag)[: 2 * _LONGEST_TEXT]
        kind = "h" if signed else "H"
        return unpack_from(f"{self.elements.order}{len(value) // 2}{kind}", value)

    def short(self, tag, default=None, signed=False):
        """The first of the numbers of 16 bits."""
        return next(iter(self.shorts(tag, signed)), default)

    def item(self, tag, wanted, number=0):
        """Elements of an item of a sequence; an empty scope where there is none."""
        if tag in self.found:
            for index, item in enumerate(self.elements.items(self.found[tag])):
                if index == number:
                    return Scope(self.elements, self.elements.inside(item, wanted))
        return Scope(self.elements, {})


def _name(tag):
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


class DicomHeader:
    """What is known of a DICOM file before a pixel is decoded.

    Parameters
    ----------
    data : bytes
        Its content.

    n_bytes : int or None, default=None
        Length of the file, where ``data`` is only its beginning.

    Raises
    ------
    StructureError
        If the file is none, is cut off, or has too much of something.
    """

    def __init__(self, data, n_bytes=None):
        self.elements = Elements(data, get_config(), n_bytes)
        self.top = Scope(self.elements, self.elements.top(_TOP))
        self.transfer_syntax = self.elements.transfer_syntax
        top = self.top
        self.modality = top.text(MODALITY)
        self.rows, self.columns = top.short(ROWS), top.short(COLUMNS)
        self.samples = top.short(SAMPLES, 1)
        self.photometric = top.text(PHOTOMETRIC)
        self.bits_allocated = top.short(BITS_ALLOCATED)
        self.bits_stored = top.short(BITS_STORED, self.bits_allocated)
        self.signed = top.short(SIGNED, 0) == 1

    @property
    def has_pixels(self):
        """Whether it is a picture, and no report, contour or plan."""
        has_pixels = PIXEL_DATA in self.top or any(tag in self.top for tag in FLOAT_PIXELS)
        return has_pixels and bool(self.rows and self.columns)

    @property
    def has_float_pixels(self):
        """Whether its pixels are of floating point."""
        return PIXEL_DATA not in self.top

    @property
    def n_frames(self):
        """Number of frames, as the file says."""
        numbers = self.top.numbers(N_FRAMES)
        if not numbers or numbers[0] == 0:  # some programs write 0 for a single one
            return 1
        if not numbers[0].is_integer() or not 0 < numbers[0] < 2**31:
            raise StructureError("a DICOM file with a broken number of frames")
        return int(numbers[0])

    @property
    def has_segmented_palette(self):
        """Whether its palette is written in segments."""
        return _SEGMENTED_PALETTE in self.top

    def of_frame(self, frame, sequence, wanted):
        """Find what an enhanced object says of a frame, or of all; else the file itself.

        Parameters
        ----------
        frame : int
            Number of the frame.

        sequence : int
            Tag of the functional group.

        wanted : tuple of int
            Tags; the first one must be there.

        Returns
        -------
        scope : Scope
            Where they stand.
        """
        if wanted[0] not in self.top:
            for groups, number in ((_PER_FRAME, frame), (_SHARED, 0)):
                scope = self.top.item(groups, (sequence,), number).item(sequence, wanted)
                if wanted[0] in scope:
                    return scope
        return self.top
