"""Saved models and the pictures without labels that they are asked about."""

import csv
import os

import fusionlearn

from .._files import check_exists
from .._labels import refuse_multilabel
from ._options import FILE, TEXT, Option

MODEL = Option(
    "model",
    "the file that fusionlearn train or fusionlearn.save wrote",
    FILE,
    "MODEL",
    positional=True,
    required=True,
)
PICTURES = Option(
    "pictures",
    "files, or folders to search for pictures",
    FILE,
    "PICTURE",
    positional=True,
    required=True,
    many=True,
)
TRUST = Option(
    "trust",
    "full name of a further type that the model may hold; can be repeated",
    TEXT,
    "TYPE",
    many=True,
    shared=True,
)
MODEL_WEIGHTS = Option("weights", "weights file, or a folder with some", FILE, "PATH", shared=True)


def load_model(options, *, multilabel=False):
    """Load a model that predicts.

    Parameters
    ----------
    options : namespace
        With ``model``, ``trust``, ``weights`` and ``store``.

    multilabel : bool, default=False
        Whether it may give a picture more than one label.

    Returns
    -------
    model : classifier
        It is fitted.

    Raises
    ------
    ValueError
        If the file holds something else, or a model that gives more labels than one.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    check_exists(options.model)
    model = fusionlearn.load(
        options.model, trusted=options.trust or (), weights=options.weights, store=options.store
    )
    if not hasattr(model, "predict"):
        raise ValueError(
            f"{options.model!r} holds a {type(model).__name__}, which predicts nothing."
        )
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ValueError(f"{options.model!r} was saved before it was fitted.") from None
    if not multilabel:
        refuse_multilabel(
            model,
            "The command line takes models of one label. Fit and save one for each, or predict in "
            f"Python: fusionlearn.load({options.model!r}).predict_proba(pictures).",
        )
    return model


def find_pictures(given):
    """Find pictures, and files that seem to be none.

    Parameters
    ----------
    given : list of str
        Files, which are taken as they are, and folders, which are searched.

    Returns
    -------
    pictures, others : list of str
        In the order in which they were given.

    Raises
    ------
    ValueError
        If there are none of both.

    FileNotFoundError
        If a path without the ending of a file is not there.
    """
    from ..datasets._files import gather_files

    pictures, others = [], []
    for path in given:
        if not os.path.isdir(path):
            if not os.path.splitext(path.rstrip("/" + os.sep))[1]:
                check_exists(path)  # it was meant for a folder; a file would have an ending
            pictures.append(path)
            continue
        found, strange = gather_files(path)
        pictures += found
        others += strange
    if not pictures and not others:
        raise ValueError(f"no pictures in {', '.join(given)}.")
    return pictures, others


class BadPictures:
    """Pictures that could not be used, and why.

    Parameters
    ----------
    open_table : callable
        Gives the file of a table with a row for each; it is called for the first one, so
        that there is no table where nothing is bad.
    """

    def __init__(self, open_table):
        self._open_table = open_table
        self._table = None
        self.rows = []

    def add(self, path, reason):
        """Note one.

        Parameters
        ----------
        path : str
            The file.

        reason : str
            What is wrong with it.
        """
        if self._table is None:
            self._table = csv.writer(self._open_table())
            self._table.writerow(["file", "reason"])
        self._table.writerow([path, reason])
        self.rows.append({"file": path, "reason": reason})

    def use_good(self, paths, use):
        """Do something with pictures; what fails is taken out until the rest is done.

        Parameters
        ----------
        paths : list of str
            Files.

        use : callable
            Is given files, and raises ImageError if some cannot be used.

        Returns
        -------
        result : object
            What ``use`` made of the good ones, or an empty list if there are none.
        """
        while paths:
            try:
                return use(paths)
            except fusionlearn.exceptions.ImageError as error:
                # One that can be decoded by itself may change, or be too small for a network.
                errors = fusionlearn.images.find_bad_images(paths)
                errors = errors or ([error] if error.index is not None else [])
                if not errors:
                    raise
            # By path: one that is named twice is looked at once.
            reasons = {paths[each.index]: f"{each.got}; wanted {each.wanted}" for each in errors}
            for path in paths:
                if path in reasons:
                    self.add(path, reasons[path])
            paths = [path for path in paths if path not in reasons]
        return []

    def raise_if_any(self, n_files, where=""):
        """Say how many there were, if any.

        Parameters
        ----------
        n_files : int
            Number of all files.

        where : str, default=""
            Where they are listed, for the end of the sentence.

        Raises
        ------
        ValueError
            If there were any.
        """
        if self.rows:
            raise ValueError(f"{len(self.rows)} of {n_files} files could not be used{where}.")
