"""Malformed DICOM files: whole ones, changed where it gets past the first look at them."""

import struct
from functools import cache

import dicom_files
import numpy as np
from picture_mutants import changed_anywhere, number

_CHANNELS = ("Red", "Green", "Blue")


@cache
def whole_dicom_files():
    """Whole DICOM files of all transfer syntaxes that are decoded without plug-ins."""
    rng = np.random.default_rng(0)
    values = dicom_files.hounsfield((23, 19), rng)
    colours = rng.integers(0, 256, (23, 19, 3), dtype=np.uint8)
    ramp = bytes(range(256))
    palette = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 8] for name in _CHANNELS}
    palette |= {f"{name}PaletteColorLookupTableData": ramp for name in _CHANNELS}
    item = dicom_files.item
    table = item(LUTDescriptor=[4096, -1024, 8], LUTData=ramp * 16)
    window = item(WindowCenter=40, WindowWidth=400)
    rescale = item(RescaleSlope=2, RescaleIntercept=-1024)
    groups = item(PixelValueTransformationSequence=rescale, FrameVOILUTSequence=window)
    write = dicom_files.dicom
    whole = {"WindowCenter": [40, 50], "WindowWidth": [400, 350]}
    plain = (dicom_files.EXPLICIT, dicom_files.IMPLICIT, dicom_files.BIG_ENDIAN)
    return [
        *(write(values, syntax, **whole) for syntax in plain),
        write(values, dicom_files.DEFLATED, **whole),
        write(
            values, dicom_files.RLE, VOILUTSequence=table, PhotometricInterpretation="MONOCHROME1"
        ),
        write(values, SharedFunctionalGroupsSequence=groups, PixelPaddingValue=-1000),
        write(colours),
        write(colours, dicom_files.RLE),
        write(colours, dicom_files.JPEG, PhotometricInterpretation="YBR_FULL_422"),
        write(colours[:, :, 0], dicom_files.JPEG2000, Modality="US"),
        write(colours[:, :, 0], PhotometricInterpretation="PALETTE COLOR", **palette),
        write(np.stack([values, values]), has_frames=True),
        dicom_files.report(),
    ]


def dicom_mutant(seed):
    """Make the malformed file of a seed."""
    rng = np.random.default_rng(seed)
    files = whole_dicom_files()
    data = files[rng.integers(len(files))]
    for _ in range(rng.integers(1, 4)):
        try:
            data = _changed(data, rng) if rng.random() < 0.7 else changed_anywhere(data, rng)
        except (struct.error, ValueError, IndexError):  # no structure is left to be changed
            data = changed_anywhere(data, rng)
    return data


def _changed(data, rng):
    """Change a tag, a type, a length or the beginning of a value, of an explicit file."""
    places, at = [], 132
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<2sH", data, at + 4)
        first = at + 8
        if kind in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
            (length,) = struct.unpack_from("<L", data, at + 8)
            first = at + 12
        places.append((at, first, length))
        if length == 0xFFFFFFFF:  # what lies inside counts as elements, too
            length = 0
        at = first + length
    at, first, length = places[rng.integers(len(places))]
    data = bytearray(data)
    kind = rng.integers(6)
    if kind == 0:
        data[at : at + 2] = number(rng, "<H")
    elif kind == 1:
        data[at + 4 : at + 6] = (b"SQ", b"UN", b"OW", b"US", b"\0\0", b"IS")[rng.integers(6)]
    elif kind == 2:
        data[first - 4 : first] = number(rng, "<L")
    elif kind == 3:
        data[first : first + min(length, 8)] = number(rng, "<L")[: min(length, 8)]
    elif kind == 4:
        data[first : first + min(length, 8)] = (b"1e999 ", b"-1", b"nan", b"9" * 8)[rng.integers(4)]
    else:
        data[at:at] = bytes(data[at : first + min(length, 200)]) * int(rng.integers(1, 30))
    return bytes(data)
