"""Pictures that lie in folders, or in a CSV file."""

import os
import re
import warnings

from sklearn.utils._param_validation import StrOptions, validate_params

from .._files import check_exists
from .._hints import did_you_mean
from ..exceptions import DataWarning
from ..images import check_salt
from ._dicom_folder import read_dicom_files, with_patients, without_objects
from ._files import find_pictures, list_folder, listing
from ._index import read_index
from ._records import (
    SPLIT_ALIASES,
    GroupPatternError,
    Record,
    make_bunch,
    parse_split,
    with_groups,
)

# The five folders of the recipe; "test" is the fifth.
_RECIPE_FOLDERS = {
    "train_pne": ("train", "pne"),
    "train_nor": ("train", "nor"),
    "valid_pne": ("validation", "pne"),
    "valid_nor": ("validation", "nor"),
}


@validate_params(
    {
        "path": [str, os.PathLike],
        "split": [str, None],
        "group_pattern": [str, re.Pattern, None],
        "patients": [StrOptions({"hash", "id"}), None],
        "salt": [str, bytes, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path, *, split=None, group_pattern=None, patients="hash", salt=None, verbose=0
):
    r"""Load pictures from a folder, or from a CSV file that names them.

    Nothing is decoded. Four layouts are told apart by the names of the folders:

    - a folder for each class; further folders inside are searched too;
    - a folder for each split (``train``; ``val``, ``valid`` or ``validation``; ``test``),
      with a folder for each class inside;
    - the five folders ``train_pne``, ``train_nor``, ``valid_pne``, ``valid_nor`` and
      ``test`` of [1]_, with the classes "pne" and "nor";
    - a CSV file with the columns ``file``, ``label`` and, if wanted, ``split`` and
      ``group`` (or ``patient``, or ``patient_id``). Files are relative to its folder.

    A ``test`` folder may hold a folder for each class, or pictures without labels; the
    latter are returned in ``unlabelled``.

    A file with a picture's extension is always loaded. Hidden files and what operating
    systems leave behind (``Thumbs.db``, ``desktop.ini``, ``__MACOSX``) are left out.
    A DICOM file is told by its content too, whatever it is called; of those the headers
    are read. Texts, tables and DICOM objects without pixels (reports, contours, plans)
    beside the pictures are left out with a warning that names them. Any other file is an
    error.

    Parameters
    ----------
    path : str or path-like
        The folder, or a file whose name ends in ``.csv``.

    split : {"train", "validation", "test"} or None, default=None
        The part to load; "val" and "valid" mean "validation". None loads all parts.

    group_pattern : str, re.Pattern or None, default=None
        A regular expression with one group, which is searched in the path of each file
        relative to ``path``, with forward slashes. What the group matches is the patient.

    patients : {"hash", "id"} or None, default="hash"
        What DICOM files say of their patients, where neither ``group_pattern`` nor a CSV
        file names them: a hash of the patient id, the id itself, or nothing. A file
        without a patient id belongs to the patient of its study.

    salt : str, bytes or None, default=None
        Is hashed together with the id; see :func:`~fusionlearn.images.read_dicom`.

    verbose : int, default=0
        1 shows a progress bar while files are looked at.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Sorted by class and path, or in the order of the rows, with:

        data : ndarray of shape (n_samples,), dtype object
            References, as from :func:`~fusionlearn.check_images`; they carry the patients.
        target : ndarray of shape (n_samples,), dtype str
            The class of each picture.
        target_names : ndarray of shape (n_classes,), dtype str
            The classes of the whole data set, sorted.
        pos_label : None
            Which class is the positive one is not known.
        groups : ndarray of shape (n_samples,), dtype str, or None
            The patients. None if they are not known: then each picture counts as a
            patient of its own.
        split : ndarray of shape (n_samples,), dtype str, or None
            "train", "validation" or "test". None if the data set has no split.
        filenames : ndarray of shape (n_samples,), dtype str
            Paths relative to the folder, with forward slashes.
        unlabelled : ndarray of shape (n_unlabelled,), dtype object, or None
            References to the pictures of a test folder without classes.
        DESCR : str
            How many pictures of which class there are.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or a row names a file that does not exist.

    ImageError
        If a file is empty or cannot be opened.

    ValueError
        If there are fewer than two classes, an empty folder, a file that is neither a
        picture nor a text or table, a row that is incomplete or doubled, no such split,
        a file in which ``group_pattern`` finds no patient, or DICOM files that name their
        patient beside other pictures.

    Warns
    -----
    DataWarning
        If files that are no pictures were left out, or DICOM files have no patient id.

    See Also
    --------
    load_covid_ct : Loads the COVID-CT data set.
    load_dicom_series : Loads the slices of a series in their order.
    make_ct_phantoms : Makes synthetic pictures.

    References
    ----------
    .. [1] Ji, Zhao, Zhang, Zhao, "Research on Recognition Method of COVID-19 Images
       Based on Deep Learning" (2020).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from fusionlearn.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("sick/anna-1.png", "sick/anna-2.png", "well/bert-1.png"):
    ...         file = Path(folder, name)
    ...         file.parent.mkdir(exist_ok=True)
    ...         Image.new("L", (32, 32)).save(file)
    ...     dataset = load_image_folder(folder, group_pattern=r"/(\w+)-\d")
    >>> dataset.target
    array(['sick', 'sick', 'well'], dtype='<U4')
    >>> dataset.groups
    array(['anna', 'anna', 'bert'], dtype='<U4')
    """
    path = os.fspath(path)
    split = None if split is None else parse_split(split)
    check_salt(patients, salt)
    check_exists(path)
    if os.path.isdir(path):
        root, ignored = path, []
        records = _read_folder(path, ignored)
        files = read_dicom_files(root, records, patients, salt, verbose)
        records = without_objects(records, files, ignored)
        description = f"Pictures in the folder {path!r}."
        if ignored:
            remedy = "Move them out of the folder to silence this."
            if tables := [name for name in ignored if name.lower().endswith(".csv")]:
                remedy += f" If {tables[0]!r} says which picture has which label, load that file."
            warnings.warn(
                f"{path!r}: {len(ignored)} file(s) that are no pictures were left out: "
                f"{listing(ignored)}. {remedy}",
                DataWarning,
                stacklevel=3,  # validate_params wraps this function
            )
    elif path.lower().endswith(".csv"):
        root = os.path.dirname(os.path.abspath(path))
        records, unused = read_index(path)
        is_named = group_pattern is not None or records[0].group is not None
        files = {} if is_named else read_dicom_files(root, records, patients, salt, verbose)
        description = f"Pictures that {path!r} names."
        if unused:
            description += f" Columns that were not read: {', '.join(unused)}."
    else:
        raise ValueError(
            f"path={path!r} is a file; wanted a folder, or a file whose name ends in .csv. "
            "Pass single pictures to fusionlearn.check_images([...])."
        )
    if group_pattern is not None:
        if any(record.group is not None for record in records):
            raise GroupPatternError(
                f"{group_pattern!r}, but {path!r} already has a column for the patient. Leave out "
                "one of them."
            )
        records = with_groups(records, group_pattern)
    elif records and records[0].group is None:
        records = with_patients(path, records, files)
    return make_bunch(root, records, split=split, description=description, verbose=verbose)


def _read_folder(root, ignored):
    folders, pictures = list_folder(root, ignored, root)
    if pictures and not folders:
        raise ValueError(
            f"{root!r} holds pictures and no folders; wanted a folder for each class. If it is "
            "the folder of one class, name the one above it: "
            f"{os.path.dirname(os.path.abspath(root))!r}. Pictures without a class go to "
            "fusionlearn.check_images([...])."
        )
    if pictures:
        raise ValueError(
            f"{root!r} holds pictures beside its folders: {listing(pictures)}. Move each into "
            "the folder of its class; pictures without a class go to "
            "fusionlearn.check_images([...])."
        )
    if not folders:
        tables = sorted(name for name in os.listdir(root) if name.lower().endswith(".csv"))
        hint = f" For its table name the file: {os.path.join(root, tables[0])!r}." if tables else ""
        raise ValueError(f"{root!r} has no folders; wanted one for each class.{hint}")
    names = {name.casefold() for name in folders}
    if names & set(_RECIPE_FOLDERS):
        parts = _recipe_parts(root, folders, ignored)
    elif names & set(SPLIT_ALIASES):
        parts = _split_parts(root, folders, ignored)
    else:
        parts = [(name, name, None) for name in folders]
    records = []
    for folder, label, split in parts:
        files = find_pictures(os.path.join(root, folder), ignored, root)
        if not files:
            raise ValueError(
                f"{folder!r} in {root!r} holds no picture. Add pictures or remove the folder."
            )
        records += [Record(file, label, split) for file in files]
    return records


def _recipe_parts(root, folders, ignored):
    """List (folder, label, split) for the five folders of the recipe."""
    parts, labels = [], ("nor", "pne")
    for name in folders:
        if name.casefold() in _RECIPE_FOLDERS:
            split, label = _RECIPE_FOLDERS[name.casefold()]
            parts.append((name, label, split))
        elif SPLIT_ALIASES.get(name.casefold()) == "test":
            parts += _parts_of_split(root, name, "test", ignored, labels)
        else:
            wanted = [*_RECIPE_FOLDERS, "test"]
            raise ValueError(
                f"{root!r} has a folder {name!r} beside the folders train_pne, ... "
                f"Wanted {listing(wanted)}.{did_you_mean(name, wanted)}"
            )
    _check_no_doubles(root, [(split, label) for _, label, split in parts], folders)
    for split in ("train", "validation"):
        got = {label for _, label, of in parts if of == split}
        if got and got != set(labels):
            raise ValueError(
                f"{root!r} has the {split} folder of {listing(sorted(got))} only; wanted one "
                "for 'pne' and one for 'nor'."
            )
    return sorted(parts, key=lambda part: _order(part[2], part[1]))


def _split_parts(root, folders, ignored):
    """List (folder, label, split) for folders train, validation and test with classes inside."""
    if strange := [name for name in folders if name.casefold() not in SPLIT_ALIASES]:
        raise ValueError(
            f"{root!r} has folders for splits and others: {listing(strange)}. Wanted train, "
            "validation and test with a folder for each class inside. If these names are "
            "classes, rename the folders or write a CSV file (file,label)."
        )
    splits = {SPLIT_ALIASES[name.casefold()]: name for name in folders}
    if len(splits) < len(folders):
        raise ValueError(f"{root!r} has two folders for one split: {listing(folders)}. Join them.")
    parts, labels = [], None
    for split, name in sorted(splits.items(), key=lambda item: _order(item[0])):
        parts += _parts_of_split(root, name, split, ignored, labels)
        if split == "train":
            labels = sorted(label for _, label, _ in parts)
    return parts


def _parts_of_split(root, name, split, ignored, labels):
    """List (folder, label, split) for one split; without a label where it has no classes."""
    classes, pictures = list_folder(os.path.join(root, name), ignored, root)
    if pictures and (classes or split != "test"):
        raise ValueError(
            f"{name!r} in {root!r} holds pictures outside the folders of the classes: "
            f"{listing(pictures)}. Move each into the folder of its class."
        )
    if not classes:
        return [(name, None, split)]
    for label in classes:
        if labels is not None and label not in labels:
            raise ValueError(
                f"{name!r} in {root!r} has a class {label!r}, which train has not; wanted "
                f"{listing(labels)}.{did_you_mean(label, labels)}"
            )
    return [(f"{name}/{label}", label, split) for label in classes]


def _check_no_doubles(root, keys, folders):
    if len(set(keys)) < len(keys):
        raise ValueError(f"{root!r} has two folders for one part: {listing(folders)}. Join them.")


def _order(split, label=""):
    return (("train", "validation", "test").index(split), label or "")
