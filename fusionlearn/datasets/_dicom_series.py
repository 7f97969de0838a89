"""The slices of a DICOM series, in the order in which they lie."""

import os
import warnings
from numbers import Integral

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from .._bars import progress_bar
from .._files import check_exists
from ..exceptions import DataWarning
from ..images import (
    check_images,
    check_salt,
    get_groups,
    read_dicom,
    slice_place,
    source_header,
)
from ._files import gather_files, is_dicom_file, listing, relative

_MAX_LISTED = 20
# How far directions of parallel slices may differ, as they are written with few digits.
_PARALLEL = 1e-3


@validate_params(
    {
        "path": [str, os.PathLike],
        "series": [Interval(Integral, 0, None, closed="left"), StrOptions({"all"}), None],
        "patients": [StrOptions({"hash", "id"}), None],
        "salt": [str, bytes, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def load_dicom_series(path, *, series=None, patients="hash", salt=None, verbose=0):
    """Load the slices of a DICOM series from a folder, in their order.

    All files below the folder are looked at, whatever they are called. Slices are sorted by
    their position along the axis of the series; where positions are missing, or slices are
    not parallel, by their instance number, then by the name of the file. The frames of a
    file stay in their order. Only headers are read.

    Parameters
    ----------
    path : str or path-like
        The folder, or one file.

    series : int, "all" or None, default=None
        Which series to load, by its number in the order of file names, counted from 0.
        None wants a folder with a single one.

    patients : {"hash", "id"} or None, default="hash"
        What the patient of a picture is; see :func:`~fusionlearn.images.read_dicom`.

    salt : str, bytes or None, default=None
        Is hashed together with the patient's id.

    verbose : int, default=0
        1 shows a progress bar of the files whose headers are read.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With:

        data : ndarray of shape (n_slices,), dtype object
            References, as from :func:`~fusionlearn.check_images`; they carry the patient.
        groups : ndarray of shape (n_slices,), dtype str
            The patients, as :func:`~fusionlearn.get_groups` gives them.
        series : ndarray of shape (n_slices,), dtype int
            Number of the series.
        positions : ndarray of shape (n_slices,), dtype float
            Position along the axis of the series, in mm; NaN where it is not known.
        filenames : ndarray of shape (n_slices,), dtype str
            Paths relative to the folder, with forward slashes.
        skipped : list of str
            Files that are no DICOM pictures: reports, contours, directories, others.
        DESCR : str
            Which series there are.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.

    ImageError
        If a file is cut off or beyond a limit of :func:`~fusionlearn.set_config`.

    ValueError
        If there is no series, or several and none was chosen, or not that one.

    Warns
    -----
    DataWarning
        If files are no pictures, or have no patient id.

    See Also
    --------
    load_image_folder : Loads pictures with labels.
    fusionlearn.images.read_dicom : Makes pictures of single files.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from fusionlearn.datasets import load_dicom_series
    >>> dataset = load_dicom_series(get_testdata_file("rtdose.dcm", download=False))
    >>> dataset.data.shape, str(dataset.filenames[0])
    ((15,), 'rtdose.dcm')
    """
    path = os.fspath(path)
    check_salt(patients, salt)
    check_exists(path)
    places, skipped = _places(path, verbose)
    root = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    skipped = [relative(name, root) for name in skipped]
    if not places:
        raise ValueError(
            f"{path!r} holds no DICOM picture; wanted a folder with the slices of a series. Files "
            f"that are none: {listing(skipped) or 'there is no file at all'}."
        )
    if skipped:
        warnings.warn(
            f"{path!r}: {len(skipped)} file(s) that are no DICOM pictures were left out: "
            f"{listing(skipped)}.",
            DataWarning,
            stacklevel=3,  # validate_params wraps this function
        )
    stacks = {}
    for name, place in places.items():
        stacks.setdefault(place.series or os.path.dirname(name), []).append(name)
    stacks = list(stacks.values())
    lines = [
        f"series {number}: {len(names)} file(s), {places[names[0]].kind}, such as "
        f"{relative(names[0], root)!r}"
        for number, names in enumerate(stacks)
    ]
    numbers = {}  # of the series, and positions, by file, in their order
    for number in _chosen(path, series, lines):
        for name, position in _sorted(stacks[number], places):
            numbers[name] = number, position
    data = read_dicom(list(numbers), patients=patients, salt=salt)
    return Bunch(
        data=data,
        groups=get_groups(data),
        series=np.array([numbers[reference.path][0] for reference in data]),
        positions=np.array([numbers[reference.path][1] for reference in data]),
        filenames=np.array([relative(reference.path, root) for reference in data]),
        skipped=skipped,
        DESCR="\n".join([f"DICOM series in {path!r}:", *lines]),
    )


def _places(path, verbose):
    """Where the slices below a folder lie, by their path, and other files."""
    if not os.path.isdir(path):
        names = [path]
    else:
        names = sorted(name for kind in gather_files(path) for name in kind)
    places, skipped = {}, []
    with progress_bar("reading headers", len(names), unit="files", verbose=verbose) as bar:
        for name in names:
            source = check_images([name])[0].source if is_dicom_file(name) else None
            header = source and source_header(source)
            if header is None or not header.has_pixels:
                skipped.append(name)
            else:
                places[source.path] = slice_place(header, source.path)
            bar.update()
    return places, skipped


def _chosen(path, series, lines):
    """Numbers of the series that are wanted."""
    if series == "all":
        return range(len(lines))
    if series is None and len(lines) == 1:
        return [0]
    found = "\n  ".join([f"{path!r} holds {len(lines)} series:", *lines[:_MAX_LISTED]])
    if len(lines) > _MAX_LISTED:
        found += f"\n  and {len(lines) - _MAX_LISTED} more"
    if series is None:
        raise ValueError(f"{found}\nChoose one by series=0, ..., or take them by series='all'.")
    if series >= len(lines):
        raise ValueError(f"series={series}: {found}")
    return [series]


def _sorted(names, places):
    """Slices of a series in their order, each with its position in mm or NaN."""
    positions = dict.fromkeys(names, np.nan)
    first = places[names[0]].orientation
    if first is not None and all(
        places[name].position is not None
        and places[name].orientation is not None
        and np.allclose(places[name].orientation, first, atol=_PARALLEL)
        for name in names
    ):
        axis = np.cross(first[:3], first[3:])
        positions = {name: float(np.dot(axis, places[name].position)) for name in names}
    return sorted(
        positions.items(),
        key=lambda entry: (np.nan_to_num(entry[1]), places[entry[0]].instance, entry[0]),
    )
