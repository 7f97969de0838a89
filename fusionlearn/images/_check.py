"""The one place that knows what a picture may be given as."""

import os
from numbers import Real

import numpy as np

from .._bars import progress_bar
from .._collector import collection_paused
from ..exceptions import GroupConflictError, ImageError, printable
from ._decoding import image_to_pixels
from ._reference import ImageReference
from ._sources import ArraySource, EncodedSource, FileSource

_FORMS = (
    "a list, array or column of paths, encoded bytes or arrays, or one array of shape "
    "(n, height, width), (n, height, width, 1) or (n, height, width, 3)"
)
_ENCODED = (bytes, bytearray, memoryview)
_MAX_LISTED = 20
# Pictures after which a bar moves: looking at one takes less time than moving it.
_BAR_STEP = 64
# From here on (n, height, 3) is more likely one picture in colour than n very narrow ones.
_COLOUR_PICTURE_SIDE = 16


def check_images(X, groups=None, *, verbose=0):
    """Bring pictures in any accepted form into an array of references.

    Nothing is decoded: a reference reads and decodes its picture when it is asked to.
    Files must exist and hold something; pixels of arrays must be in range.

    Parameters
    ----------
    X : array-like of pictures, of shape (n_samples,) or (n_samples, 1)
        Paths, encoded bytes, arrays of different sizes, Pillow images or references,
        in a list, array, Series or one-column data frame; or one array of shape
        (n_samples, height, width), (n_samples, height, width, 1) or
        (n_samples, height, width, 3). Pixels are uint8, or float in 0-255, which are
        rounded to whole levels when the picture is decoded.

    groups : array-like of shape (n_samples,), default=None
        The patient of each picture, as strings or numbers.

    verbose : int, default=0
        1 shows a progress bar: each file is looked at once, which takes time for many.

    Returns
    -------
    references : ndarray of shape (n_samples,), dtype object
        An :class:`~fusionlearn.images.ImageReference` for each picture. X itself is
        never copied or changed.

    Raises
    ------
    ImageError
        If something in X is no picture. The message names its index and path, what
        was got, what is wanted and what to do; further ones are listed below it.

    GroupConflictError
        If ``groups`` differ from the patients that references in X already have.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import check_images
    >>> X = np.zeros((3, 32, 32), dtype=np.uint8)
    >>> check_images(X).shape
    (3,)
    """
    references, errors = collect_references(X, verbose)
    if errors:
        raise join_errors(errors, len(references))
    return references if groups is None else _with_groups(references, groups)


def collect_references(X, verbose=0):
    """Make references of what can be one, and say of the rest why not.

    Parameters
    ----------
    X : array-like of pictures
        As for :func:`~fusionlearn.check_images`.

    verbose : int, default=0
        As for :func:`~fusionlearn.check_images`.

    Returns
    -------
    references : ndarray of shape (n_samples,), dtype object
        None where something is no picture.

    errors : list of ImageError
        One for each of those, with its position.

    Raises
    ------
    ImageError
        If X as a whole is nothing that may hold pictures.
    """
    references = np.empty(len(items := _items(X)), dtype=object)
    errors = []
    bar = progress_bar("looking at pictures", len(items), unit="pictures", verbose=verbose)
    with collection_paused(), bar:
        for index, item in enumerate(items):
            try:
                reference = _as_reference(item)
                if reference is not item:
                    reference.check()
            except ImageError as error:
                errors.append(error.at(index))
            else:
                references[index] = reference
            if (index + 1) % _BAR_STEP == 0:
                bar.update(_BAR_STEP)
        bar.update(len(items) % _BAR_STEP)
    return references, errors


def join_errors(errors, n_samples):
    """Make one error of several: the first, with a list of the others.

    Parameters
    ----------
    errors : list of ImageError
        One at least, with their positions.

    n_samples : int
        Number of pictures that were looked at.

    Returns
    -------
    error : ImageError
        The first twenty of the others are listed, and the rest counted.
    """
    first, *others = errors
    if not others:
        return first
    lines = [f"{len(errors)} of {n_samples} pictures cannot be used; the others are:"]
    for error in others[:_MAX_LISTED]:
        where = f"picture {error.index}" + (f" ({printable(error.path)})" if error.path else "")
        lines.append(f"  {where}: got {error.got}")
    if len(others) > _MAX_LISTED:
        lines.append(f"  and {len(others) - _MAX_LISTED} more")
    return ImageError(
        first.got, first.wanted, first.remedy, first.index, first.path, "\n".join(lines)
    )


def get_groups(X):
    """Get the patient of each picture, as scikit-learn's splitters take them.

    Parameters
    ----------
    X : array-like of pictures
        As for :func:`~fusionlearn.check_images`, or a table with one column of
        references among others.

    Returns
    -------
    groups : ndarray of shape (n_samples,)
        The patients. A picture whose patient nobody named is a group of its own,
        together with its exact duplicates and all views of it.

    Raises
    ------
    ImageError
        If something in X is no picture.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import check_images, get_groups
    >>> X = check_images(np.zeros((3, 32, 32), dtype=np.uint8), groups=[7, 7, 8])
    >>> get_groups(X)
    array([7, 7, 8])
    """
    column = picture_column(X)
    groups = [ref.group for ref in check_images(X if column is None else column)]
    if len({isinstance(group, str) for group in groups}) > 1:
        groups = [str(group) for group in groups]
    return np.array(groups)


def contains_pictures(X):
    """Tell pictures from features, texts and categories, without reading a file.

    Parameters
    ----------
    X : array-like
        Anything that an estimator may be given.

    Returns
    -------
    pictures : bool
        True for references, bytes, paths of files that exist (other strings may be
        texts or categories), and arrays of more than two dimensions.
    """
    if isinstance(X, (str, bytes, os.PathLike)) or not hasattr(X, "__len__"):
        return False
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) > 2:
        return True
    if shape is not None and len(shape) == 2 and shape[1] != 1:
        return False
    try:
        items = _items(X)
    except ImageError:
        return False
    first = items[0]
    return (
        isinstance(first, (ImageReference, os.PathLike, *_ENCODED))
        or (isinstance(first, str) and os.path.exists(first))
        or np.ndim(first) > 1
        or _is_pillow_image(first)
    )


def picture_column(X):
    """Find the column of references among the columns of a table.

    Parameters
    ----------
    X : array-like
        Anything that an estimator may be given.

    Returns
    -------
    column : ndarray of shape (n_samples,), dtype object, or None
        The column, where X is a table of several columns of which exactly one holds
        references.
    """
    shape = getattr(X, "shape", None)
    if shape is None or len(shape) != 2 or shape[1] < 2 or shape[0] == 0:
        return None
    if hasattr(X, "iloc"):
        columns = [X.iloc[:, number] for number in range(shape[1])]
        found = [column for column in columns if isinstance(column.iloc[0], ImageReference)]
        return found[0].to_numpy() if len(found) == 1 else None
    if X.dtype.kind != "O":
        return None
    found = [number for number, item in enumerate(X[0]) if isinstance(item, ImageReference)]
    return X[:, found[0]] if len(found) == 1 else None


def share_references(X, groups=None):
    """Make references of pictures once, for several estimators that are given X.

    Parameters
    ----------
    X : array-like
        Pictures, features or a data frame.

    groups : array-like of shape (n_samples,), default=None
        The patient of each picture.

    Returns
    -------
    X : array-like
        Pictures as references, a column staying a column; anything else as it is. A data
        frame stays one, so that a ColumnTransformer finds its columns.

    references : ndarray of shape (n_samples,), dtype object, or None
        The references, where X is pictures or has one column of references.

    Raises
    ------
    ImageError
        If something among the pictures is none.

    GroupConflictError
        If ``groups`` differ from the patients that pictures already have.
    """
    column = picture_column(X)
    if column is not None:
        return X, check_images(column, groups)
    if not contains_pictures(X):
        return X, None
    references = check_images(X, groups)
    if hasattr(X, "columns"):
        return X, references
    is_column = isinstance(X, np.ndarray) and X.ndim == 2
    return (references[:, np.newaxis] if is_column else references), references


def _items(X):
    """Sequence of the elements of X, one for each picture."""
    if isinstance(X, (str, bytes, os.PathLike, ImageReference)) or _is_pillow_image(X):
        raise ImageError(f"one {type(X).__name__}", _FORMS, "Put it into a list: [X].")
    if hasattr(X, "toarray"):
        raise ImageError("a sparse matrix", _FORMS, "Pictures are dense: pass X.toarray().")
    if isinstance(X, dict) or not (hasattr(X, "__len__") and hasattr(X, "__getitem__")):
        # A loader's Bunch that was passed whole.
        has_data = isinstance(X, dict) and "data" in X
        hint = "Pass its pictures: X['data']." if has_data else "Pass list(X) or an array."
        raise ImageError(f"a {type(X).__name__}", _FORMS, hint)
    if hasattr(X, "columns") or hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if not isinstance(X, np.ndarray):
        # np.asarray would unroll a list of equally large arrays.
        X = X if isinstance(X, (list, tuple)) or not hasattr(X, "__array__") else np.asarray(X)
    if isinstance(X, np.ndarray):
        X = _array_items(X)
    elif any(isinstance(item, (list, tuple)) for item in X):
        X = _rows_of_one(X)
    if len(X) == 0:
        raise ImageError("0 sample(s)", "at least one picture", "Pass a picture or more.")
    return X


def _array_items(X):
    if X.ndim == 0:
        raise ImageError("an array without dimensions", _FORMS, "Put the picture into a list.")
    if X.dtype.kind == "S":
        raise ImageError(
            f"an array of type {X.dtype}",
            _FORMS,
            "NumPy cuts zero bytes off such strings: pass encoded pictures in a list, "
            "or paths as str.",
        )
    if X.dtype.kind in "OUT":
        if X.ndim == 2 and X.shape[1] == 1:
            return X[:, 0]
        if X.ndim == 1:
            return X
        raise ImageError(
            f"an array of shape {X.shape} and type {X.dtype}",
            "one column of pictures",
            "Choose the column with the pictures, for example by a ColumnTransformer.",
        )
    if X.ndim < 3:
        raise ImageError(
            f"an array of shape {X.shape} and type {X.dtype}",
            _FORMS,
            "This looks like features, not pictures. A grey picture alone is X[np.newaxis].",
        )
    if X.ndim == 3 and X.shape[2] in (3, 4) and min(X.shape[:2]) >= _COLOUR_PICTURE_SIDE:
        raise ImageError(
            f"an array of shape {X.shape}, which looks like one picture in colour",
            _FORMS,
            "Pass X[np.newaxis] for one picture, X[..., np.newaxis] for grey pictures of this "
            "width.",
        )
    if X.ndim > 4:
        raise ImageError(f"an array of shape {X.shape}", _FORMS, "Pass one picture per sample.")
    return X


def _rows_of_one(X):
    if all(isinstance(item, (list, tuple)) and len(item) == 1 for item in X):
        return [item[0] for item in X]
    raise ImageError(
        "a list of lists",
        _FORMS,
        "Pass a flat list of paths, or numpy arrays with one picture each.",
    )


def _as_reference(item):
    if isinstance(item, ImageReference):
        return item
    if isinstance(item, (str, os.PathLike)):
        return ImageReference(FileSource(os.path.abspath(os.fsdecode(item))))
    if isinstance(item, _ENCODED):
        return ImageReference(EncodedSource(bytes(item)))
    if _is_pillow_image(item):
        return ImageReference(ArraySource(image_to_pixels(item)))
    if not isinstance(item, np.ndarray) and hasattr(item, "__array__") and np.ndim(item):
        item = np.asarray(item)
    if isinstance(item, np.ndarray):
        return ImageReference(ArraySource(item))
    raise ImageError(
        repr(item)[:80],
        "a path, encoded bytes, an array or an image reference",
        "Remove the sample or give its picture.",
    )


def _is_pillow_image(item):
    # Named by its module, so that Pillow is not imported for people who pass arrays.
    return hasattr(item, "getexif") and hasattr(item, "mode")


def _with_groups(references, groups):
    groups = _check_groups(groups, len(references))
    result = np.empty(len(references), dtype=object)
    for index, (reference, group) in enumerate(zip(references, groups, strict=True)):
        if reference.has_known_group and str(reference.group) != str(group):
            raise GroupConflictError(
                f"picture {index}: groups says {group!r}, but the picture already belongs to "
                f"{reference.group!r}. Leave out groups=, or make the pictures anew with "
                "check_images(paths, groups=groups)."
            )
        result[index] = reference if reference.has_known_group else reference.with_group(group)
    return result


def _check_groups(groups, n_samples):
    groups = groups.to_numpy() if hasattr(groups, "to_numpy") else groups
    groups = [group.item() if isinstance(group, np.generic) else group for group in groups]
    if len(groups) != n_samples:
        raise ValueError(f"groups has {len(groups)} entries for {n_samples} pictures.")
    for index, group in enumerate(groups):
        if not isinstance(group, (str, Real)) or group != group:
            raise ValueError(
                f"groups[{index}] is {group!r}: wanted a string or a number for every picture. "
                "Give each picture without a patient a name of its own."
            )
    if len({isinstance(group, str) for group in groups}) > 1:
        raise ValueError("groups mixes strings and numbers: make all of them strings.")
    # A table with a gap makes 7.0 of 7; both are the same patient.
    return [
        int(group) if isinstance(group, float) and group.is_integer() else group for group in groups
    ]
