"""DICOM files among those of a data set: their patients, and what is no picture."""

import os
from dataclasses import dataclass, replace

from .._bars import progress_bar
from ..images import check_images, patient_group, source_header, warn_of_unnamed
from ._files import is_dicom_file, listing


@dataclass(frozen=True, slots=True)
class DicomFile:
    """What a data set needs to know of a DICOM file.

    Parameters
    ----------
    has_pixels : bool
        Whether it is a picture.

    group : str or None
        The patient; None where the file does not say, or nobody asked.
    """

    has_pixels: bool
    group: str | None


def read_dicom_files(root, records, patients, salt, verbose=0):
    """Read the headers of DICOM files.

    Parameters
    ----------
    root : str
        Folder to which the files of the records are relative.

    records : list of Record
        Pictures of any kind.

    patients : {"hash", "id"} or None
        What patients are named by.

    salt : str, bytes or None
        What is hashed together with an id.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    files : dict of str to DicomFile
        By the file of the record, for those that are of DICOM.

    Raises
    ------
    ImageError
        If such a file is empty, cut off or beyond a limit.
    """
    files = {}
    with progress_bar("reading headers", len(records), unit="files", verbose=verbose) as bar:
        for record in records:
            path = os.path.join(root, record.file)
            if is_dicom_file(path):
                header = source_header(check_images([path])[0].source)
                group = patient_group(header, patients, salt)
                files[record.file] = DicomFile(header.has_pixels, group)
            bar.update()
    return files


def without_objects(records, files, ignored):
    """Leave out DICOM objects that are no pictures, such as reports.

    Parameters
    ----------
    records : list of Record
        Pictures of any kind.

    files : dict of str to DicomFile
        Those that are of DICOM.

    ignored : list of str
        What is left out is appended to it.

    Returns
    -------
    records : list of Record
        The others.
    """
    objects = {name for name, file in files.items() if not file.has_pixels}
    ignored += sorted(objects)
    return [record for record in records if record.file not in objects]


def with_patients(root, records, files):
    """Take the patients from DICOM files, where nobody else named them.

    Parameters
    ----------
    root : str
        The data set, for messages.

    records : list of Record
        Pictures of any kind.

    files : dict of str to DicomFile
        Those that are of DICOM.

    Returns
    -------
    records : list of Record
        With patients, if there are DICOM files that name them.

    Raises
    ------
    ValueError
        If some pictures say whom they belong to, and others do not.
    """
    groups = {name: file.group for name, file in files.items() if file.group is not None}
    silent = [record.file for record in records if record.file not in groups]
    if len(silent) == len(records):
        return records
    if silent:
        raise ValueError(
            f"{root!r}: {len(records) - len(silent)} pictures are DICOM files that name their "
            f"patient, and {len(silent)} say nothing of it: {listing(silent)}. Name all patients "
            "by group_pattern= or in a CSV file, or pass patients=None."
        )
    records = [replace(record, group=groups[record.file]) for record in records]
    if unnamed := sum(record.group.startswith("study-") for record in records):
        warn_of_unnamed(unnamed, len(records), stacklevel=5)
    return records
