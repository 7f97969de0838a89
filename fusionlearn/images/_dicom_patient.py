"""Which DICOM pictures belong to one patient, without saying who it is."""

import hashlib

from ..exceptions import ImageError
from . import _dicom_header as tags
from ._dicom_pixels import is_dicom, read_header
from ._sources import EncodedSource, FileSource

# What stands in front of the pixels is seldom longer.
_BEGINNING = 2**16


def source_header(source):
    """Read the header of a DICOM file, and most often no more of it.

    Parameters
    ----------
    source : Source
        Where a picture comes from.

    Returns
    -------
    header : DicomHeader or None
        None for pictures that are no DICOM file.

    Raises
    ------
    ImageError
        If the file is missing, cut off or beyond a limit.
    """
    if not isinstance(source, (FileSource, EncodedSource)):
        return None
    data, n_bytes = source.read_beginning(_BEGINNING)
    if not is_dicom(data, source.path):
        return None
    try:
        return read_header(data, source.path, n_bytes)
    except ImageError:
        if n_bytes <= len(data):
            raise
    return whole_header(source)


def whole_header(source):
    """Read the header of a DICOM file together with its content.

    Parameters
    ----------
    source : FileSource or EncodedSource
        A DICOM file.

    Returns
    -------
    header : DicomHeader
        What it says.

    Raises
    ------
    ImageError
        As for :func:`source_header`.
    """
    data, _ = source.read_beginning()
    return read_header(data, source.path)


def patient_group(header, patients, salt=None):
    """Name the patient of a DICOM file.

    Parameters
    ----------
    header : DicomHeader
        What the file says.

    patients : {"hash", "id"} or None
        What the name is made of.

    salt : str, bytes or None, default=None
        What is hashed together with the patient's id.

    Returns
    -------
    group : str or None
        None where nobody is to be named, or the file says neither patient nor study.
    """
    patient = header.top.text(tags.PATIENT_ID)
    if patients is None:
        return None
    if patient:
        return patient if patients == "id" else f"patient-{_hashed(patient, salt)}"
    study = header.top.text(tags.STUDY)
    # A study is of one patient, so that its pictures at least stay together.
    return f"study-{_hashed(study, salt)}" if study else None


def check_salt(patients, salt):
    """Raise where a salt would be without effect.

    Parameters
    ----------
    patients : {"hash", "id"} or None
        What patients are named by.

    salt : str, bytes or None
        What is hashed together with an id.

    Raises
    ------
    ValueError
        If there is a salt, and nothing is hashed; or if it is empty.
    """
    if salt is not None and (patients != "hash" or not salt):
        raise ValueError(
            f"salt is given with patients={patients!r}: wanted patients='hash' and a salt that is "
            "not empty. Leave out salt=, or hash the ids."
        )


def _hashed(text, salt):
    salt = b"" if salt is None else salt.encode() if isinstance(salt, str) else salt
    # Keys of BLAKE2 have an end, salts need not.
    key = hashlib.sha256(salt).digest() if salt else b""
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, key=key, digest_size=10, person=b"fusionlearn").hexdigest()
