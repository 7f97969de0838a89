"""DICOM files as pictures: one for each frame, with their patients."""

import os
import warnings

import numpy as np
from sklearn.utils._param_validation import StrOptions, validate_params

from ..exceptions import DataWarning, ImageError
from ._check import check_images, join_errors
from ._dicom_frames import count_frames
from ._dicom_patient import check_salt, patient_group, source_header, whole_header
from ._dicom_pixels import WHOLE_DICOM, check_has_pixels
from ._opening import refused
from ._structure import StructureError


@validate_params(
    {
        "X": "no_validation",
        "patients": [StrOptions({"hash", "id"}), None],
        "salt": [str, bytes, None],
    },
    prefer_skip_nested_validation=True,
)
def read_dicom(X, *, patients="hash", salt=None):
    """Make pictures of DICOM files: one for each frame, with their patients.

    Only headers are read; pixels are decoded when they are needed. A path of a DICOM file
    with a single frame may be passed wherever pictures go in, and gives the same picture;
    its patient is then not known.

    Parameters
    ----------
    X : path, bytes, or array-like of those, of shape (n_files,)
        DICOM files.

    patients : {"hash", "id"} or None, default="hash"
        What the patient (``group``) of a picture is: a hash of the patient id in the file,
        the id itself, or nothing. A file without a patient id belongs to the patient of
        its study.

    salt : str, bytes or None, default=None
        Is hashed together with the id. Without a salt, whoever can guess an id can check
        the guess; with one only those who know the salt. The same salt gives the same
        patient in every run.

    Returns
    -------
    references : ndarray of shape (n_pictures,), dtype object
        An :class:`~fusionlearn.images.ImageReference` for each frame of each file, in
        their order.

    Raises
    ------
    ImageError
        If a file is no DICOM file, has no pixels (a report, contours, a plan), is cut
        off, or goes beyond a limit of :func:`~fusionlearn.set_config`. The message lists
        all such files.

    ValueError
        If a salt is given and nothing is hashed.

    Warns
    -----
    DataWarning
        If files have no patient id.

    See Also
    --------
    fusionlearn.datasets.load_dicom_series : Finds the slices of a series, and their order.
    fusionlearn.ImagePreprocessor : Chooses the window.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from fusionlearn.images import read_dicom
    >>> X = read_dicom(get_testdata_file("rtdose.dcm", download=False))
    >>> X.shape, X[14].group, X[14].decode().shape
    ((15,), 'patient-306bb2aabad4f003f11d', (10, 10, 3))
    """
    check_salt(patients, salt)
    is_one = isinstance(X, (str, bytes, bytearray, memoryview, os.PathLike))
    references = check_images([X] if is_one else X)
    pictures, errors, unnamed = [], [], 0
    for index, reference in enumerate(references):
        try:
            made, has_patient = _frames(reference, patients, salt)
        except ImageError as error:
            errors.append(error.at(index))
        else:
            pictures += made
            unnamed += not has_patient
    if errors:
        raise join_errors(errors, len(references))
    if unnamed and patients is not None:
        warn_of_unnamed(unnamed, len(references), stacklevel=4)
    result = np.empty(len(pictures), dtype=object)
    result[:] = pictures
    return result


def warn_of_unnamed(n_unnamed, n_files, stacklevel):
    """Say that files do not name their patient.

    Parameters
    ----------
    n_unnamed : int
        How many.

    n_files : int
        Of how many.

    stacklevel : int
        Frames between the caller's caller and the warning.
    """
    warnings.warn(
        f"{n_unnamed} of {n_files} DICOM file(s) have no patient id. Pictures of one study were "
        "taken to be of one patient, and those without a study to be of patients of their own. "
        "If that is wrong, name the patients yourself.",
        DataWarning,
        stacklevel=stacklevel,
    )


def _frames(reference, patients, salt):
    """Pictures of a file, and whether it names its patient."""
    source = reference.source
    header = source_header(source)
    if header is None:
        raise ImageError(
            "a picture that is no DICOM file",
            WHOLE_DICOM,
            "Pass other pictures to fusionlearn.check_images.",
            path=source.path,
        )
    check_has_pixels(header, source.path)
    group = reference.group if reference.has_known_group else patient_group(header, patients, salt)
    has_patient = group is not None and not str(group).startswith("study-")
    try:
        if header.n_frames == 1:
            return [reference.with_group(group)], has_patient
        n_frames = count_frames(whole_header(source))
    except StructureError as error:
        raise refused(error, source.path, WHOLE_DICOM) from error
    picture = reference.with_group(group)
    return [picture.with_frame(frame) for frame in range(n_frames)], has_patient
