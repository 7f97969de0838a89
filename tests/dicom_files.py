"""DICOM files as scanners write them, made by pydicom: small, and full of identifiers."""

import io
from functools import partial

import numpy as np

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4.50"
JPEG2000 = "1.2.840.10008.1.2.4.90"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"

# All that names a person or an examination in these files; no test may find it elsewhere.
IDENTIFIERS = {
    "PatientName": "Mustermann^Erika",
    "PatientID": "MRN-0815-4711",
    "PatientBirthDate": "19610203",
    "AccessionNumber": "ACC55512",
    "StudyDate": "20240517",
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.111",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.222",
    "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.333",
    "InstitutionName": "Klinikum Beispiel",
    "ReferringPhysicianName": "Doktor^Who",
}


def dicom(pixels, syntax=EXPLICIT, *, has_frames=False, **elements):
    """Write stored values as a DICOM file.

    Parameters
    ----------
    pixels : ndarray of shape (height, width), (height, width, 3) or (frames, height, width)
        Stored values.

    syntax : str
        Transfer syntax. Lossless JPEG is none, since nothing here writes it.

    has_frames : bool
        Whether the first axis is that of frames, in grey.

    **elements : dict
        Elements in the place of those of a CT slice; None leaves one out.

    Returns
    -------
    data : bytes
        The file.
    """
    from pydicom import dcmwrite
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate

    is_colour = pixels.ndim == 3 and not has_frames
    frames = pixels if has_frames else pixels[np.newaxis]
    order = ">" if syntax == BIG_ENDIAN else "<"
    ds = Dataset()
    values = {
        "SOPClassUID": CT_IMAGE,
        "Modality": "CT",
        **IDENTIFIERS,
        "InstanceNumber": 1,
        "SamplesPerPixel": 3 if is_colour else 1,
        "PhotometricInterpretation": "RGB" if is_colour else "MONOCHROME2",
        "NumberOfFrames": len(frames) if len(frames) > 1 else None,
        "Rows": frames.shape[1],
        "Columns": frames.shape[2],
        "BitsAllocated": 8 * pixels.itemsize,
        "BitsStored": 8 * pixels.itemsize,
        "HighBit": 8 * pixels.itemsize - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PlanarConfiguration": 0 if is_colour else None,
        **elements,
    }
    for name, value in values.items():
        if value is not None:
            setattr(ds, name, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = CT_IMAGE
    ds.file_meta.MediaStorageSOPInstanceUID = IDENTIFIERS["SOPInstanceUID"]
    is_compressed = syntax in (RLE, JPEG, JPEG2000, JPEG_LOSSLESS)
    if is_compressed:
        kind = "JPEG2000" if syntax == JPEG2000 else "JPEG"
        encode = run_lengths if syntax == RLE else partial(encoded, kind=kind)
        ds.PixelData = encapsulate([encode(frame) for frame in frames])
        ds["PixelData"].is_undefined_length = True
    else:
        content = frames.astype(frames.dtype.newbyteorder(order)).tobytes()
        ds.PixelData = content + b"\0" * (len(content) % 2)
    ds["PixelData"].VR = "OB" if is_compressed or pixels.itemsize == 1 else "OW"
    buffer = io.BytesIO()
    is_big = syntax == BIG_ENDIAN
    dcmwrite(
        buffer,
        ds,
        enforce_file_format=True,
        implicit_vr=syntax == IMPLICIT,
        little_endian=not is_big,
    )
    return buffer.getvalue()


def item(**elements):
    """A sequence of one item."""
    from pydicom.dataset import Dataset

    ds = Dataset()
    for name, value in elements.items():
        setattr(ds, name, value)
    return [ds]


def report():
    """A DICOM object without pixels."""
    from pydicom import dcmwrite
    from pydicom.dataset import Dataset, FileMetaDataset

    ds = Dataset()
    ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "SR"
    ds.SOPInstanceUID = IDENTIFIERS["SOPInstanceUID"]
    ds.PatientID = IDENTIFIERS["PatientID"]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def hounsfield(shape, rng):
    """Stored values between -1024 and 1500, signed."""
    return rng.integers(-1024, 1500, shape, dtype=np.int16)


def run_lengths(frame):
    """Encode a frame as DICOM's run lengths, all of them literal."""
    planes = frame if frame.ndim == 3 else frame[:, :, np.newaxis]
    parts = []
    for channel in range(planes.shape[2]):
        plane = np.ascontiguousarray(planes[:, :, channel])
        numbers = plane.astype(plane.dtype.newbyteorder(">")).tobytes()
        for byte in range(frame.itemsize):
            values = numbers[byte :: frame.itemsize]
            part = b"".join(
                bytes([len(values[at : at + 128]) - 1]) + values[at : at + 128]
                for at in range(0, len(values), 128)
            )
            parts.append(part + b"\x80" * (len(part) % 2))
    offsets, at = [len(parts)], 64
    for part in parts:
        offsets.append(at)
        at += len(part)
    header = np.array([*offsets, *[0] * (16 - len(offsets))], dtype="<u4").tobytes()
    return header + b"".join(parts)


def encoded(frame, kind):
    """Encode a frame as JPEG or JPEG 2000 by Pillow."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, kind, **({"no_jp2": True} if kind != "JPEG" else {}))
    return buffer.getvalue()
