"""The COVID-CT data set."""

import os
import warnings

from sklearn.utils._param_validation import validate_params

from .._files import check_exists
from ..exceptions import DataWarning
from ._files import find_pictures, listing
from ._index import read_index
from ._records import Record, make_bunch, parse_split

_CLASSES = {"covid": "CT_COVID", "non-covid": "CT_NonCOVID"}
_DESCRIPTION = """\
COVID-CT (Zhao et al. 2020, arXiv:2003.13865): axial chest CT slices, cut out of the figures
of papers and of public collections. "covid" is the positive class: pictures with clinical
findings of COVID-19. "non-covid" are pictures of healthy lungs and of other diseases.

The two classes come from different sources, so the form of a file (format, size, colour mode)
tells much of its class: compare every score with what that alone would score. The pictures'
copyright is their papers'. Nothing learned from them is fit for clinical use."""


@validate_params(
    {"path": [str, os.PathLike], "split": [str, None], "verbose": ["verbose"]},
    prefer_skip_nested_validation=True,
)
def load_covid_ct(path, *, split=None, verbose=0):
    """Load the COVID-CT data set from a folder.

    The data set [1]_ has 746 chest CT slices of two classes, of which 425 are for training,
    118 for validation and 203 for testing; no patient is in two of these parts. It is not
    downloaded. The folder is in one of two forms:

    - ``CT_COVID/``, ``CT_NonCOVID/`` and an ``index.csv`` with the columns ``file``,
      ``label`` ("covid" or "non-covid"), ``split`` and ``patient_id``;
    - the authors' repository with its archives unpacked: ``Images-processed/CT_COVID/``,
      ``Images-processed/CT_NonCOVID/`` (or both at the top), and the lists of names in
      ``Data-split/``. Its patients are in a spreadsheet, which is not read.

    Parameters
    ----------
    path : str or path-like
        The folder.

    split : {"train", "validation", "test"} or None, default=None
        The part to load; "val" and "valid" mean "validation". None loads all parts.

    verbose : int, default=0
        1 shows a progress bar while files are looked at.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        In the order of the index, or of the lists, with:

        data : ndarray of shape (n_samples,), dtype object
            References, as from :func:`~fusionlearn.check_images`; they carry the patients.
        target : ndarray of shape (n_samples,), dtype str
            "covid" or "non-covid".
        target_names : ndarray of shape (2,), dtype str
            The classes, sorted: ``predict_proba(X)[:, 0]`` is the probability of "covid".
        pos_label : str
            "covid", the positive class: pass it to scores that ask for ``pos_label``.
        groups : ndarray of shape (n_samples,), dtype str, or None
            The patients. None if they are not known: then each picture counts as a
            patient of its own.
        split : ndarray of shape (n_samples,), dtype str, or None
            "train", "validation" or "test". None if the index has no split.
        filenames : ndarray of shape (n_samples,), dtype str
            Paths relative to the folder, with forward slashes.
        unlabelled : None
            Every picture has a label.
        DESCR : str
            What the data set is, and how many pictures of which class there are.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or a part of the data set is not in it.

    ImageError
        If a file is empty or cannot be opened.

    ValueError
        If the index is not as described, or there is no such split.

    Warns
    -----
    DataWarning
        If the patients are not known, or pictures were left out because neither the index
        nor the lists name them.

    See Also
    --------
    load_image_folder : Loads any folder of pictures.
    make_ct_phantoms : Makes synthetic pictures.

    References
    ----------
    .. [1] J. Zhao, Y. Zhang, X. He, P. Xie, "COVID-CT-Dataset: a CT scan dataset about
       COVID-19", arXiv:2003.13865 (2020).

    Examples
    --------
    >>> from fusionlearn.datasets import load_covid_ct
    >>> train = load_covid_ct("covid-ct", split="train")  # doctest: +SKIP
    >>> train.data.shape  # doctest: +SKIP
    (425,)
    """
    path = os.fspath(path)
    split = None if split is None else parse_split(split)
    check_exists(path)
    if os.path.isfile(os.path.join(path, "index.csv")):
        records, folders = _read_index(path)
    else:
        records, folders = _read_repository(path)
    unlisted = _unlisted(path, folders, records)
    if unlisted:
        warnings.warn(
            f"{path!r}: {len(unlisted)} picture(s) that no index or list names were left out: "
            f"{listing(unlisted)}.",
            DataWarning,
            stacklevel=3,
        )
    if records[0].group is None:
        warnings.warn(
            f"{path!r}: the patients are not known, so pictures of one patient can end up on "
            "two sides of a split that is not the official one. Copy the patients from the "
            "authors' COVID-CT-MetaInfo.xlsx into an index.csv (file,label,split,patient_id).",
            DataWarning,
            stacklevel=3,
        )
    return make_bunch(
        path,
        records,
        split=split,
        description=_DESCRIPTION,
        pos_label="covid",
        verbose=verbose,
    )


def _read_index(path):
    index = os.path.join(path, "index.csv")
    records, _ = read_index(index)
    if wrong := [record for record in records if record.label not in _CLASSES]:
        raise ValueError(
            f"{index!r}: {wrong[0].file!r} has the label {wrong[0].label!r}; wanted 'covid' or "
            "'non-covid'. Read other data sets by load_image_folder."
        )
    folders = [name for name in _CLASSES.values() if os.path.isdir(os.path.join(path, name))]
    return records, folders


def _read_repository(path):
    records, folders = [], []
    for label, name in _CLASSES.items():
        folder = _class_folder(path, name)
        folders.append(folder)
        for split, prefix in (("train", "train"), ("validation", "val"), ("test", "test")):
            kind = name.removeprefix("CT_")
            names = _read_list(os.path.join(path, "Data-split", kind, f"{prefix}{name}.txt"))
            records += [Record(f"{folder}/{file}", label, split) for file in names]
    return records, folders


def _class_folder(path, name):
    for folder in (f"Images-processed/{name}", name):
        if os.path.isdir(os.path.join(path, folder)):
            return folder
    archive = os.path.join(path, "Images-processed", f"{name}.zip")
    if os.path.isfile(archive):
        raise FileNotFoundError(f"{archive!r} is still packed; unpack it where it lies.")
    raise FileNotFoundError(
        f"{path!r} has neither index.csv nor Images-processed/{name}; wanted the COVID-CT data "
        "set. Read other folders by load_image_folder."
    )


def _read_list(path):
    try:
        with open(path, encoding="utf-8-sig") as file:
            return [name for line in file if (name := line.strip())]
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"There is no {path!r}; wanted the official lists of names. Copy the folder "
            "Data-split from the authors' repository."
        ) from error


def _unlisted(path, folders, records):
    known = {os.path.normpath(record.file) for record in records}
    found = [file for name in folders for file in find_pictures(os.path.join(path, name), [], path)]
    return [file for file in found if os.path.normpath(file) not in known]
