"""The page about a model and its data."""

import datetime
import os
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from .. import __version__
from .._bars import progress_bar
from .._files import check_writable_place, write_whole
from ..fusion._constraints import Instance
from ..inspection._figures import check_matplotlib
from ..inspection._subsets import find_members
from ..model_selection import Evaluation
from ..model_selection._folds import make_folds
from ._blocks import Section
from ._budget import keep_small
from ._gather import gather
from ._page import render
from ._sections import SECTIONS
from ._summary import summarise
from ._svg import page_style

# From a warning through validate_params to whoever called.
_CALLER = 3


@validate_params(
    {
        "estimator": [Instance(["fit", "get_params"])],
        "path": [str, os.PathLike],
        "cv": [Interval(Integral, 2, None, closed="left"), Instance(["split", "get_n_splits"])],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "grain_control": ["boolean"],
        "evaluation": [Evaluation, None],
        "contributions": ["boolean", StrOptions({"auto"})],
        "explanations": [Interval(Integral, 0, 12, closed="both")],
        "title": [str, None],
        "date": [datetime.date, None],
        "show_pictures": ["boolean"],
        "show_patients": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=False,
)
def report(
    estimator,
    X,
    y,
    *,
    groups=None,
    path="report.html",
    cv=5,
    n_repeats=1,
    positive=None,
    grain_control=False,
    evaluation=None,
    contributions="auto",
    explanations=4,
    title=None,
    date=None,
    show_pictures=True,
    show_patients=False,
    n_jobs=None,
    random_state=0,
    verbose=0,
):
    """Judge a classifier of pictures, and write all about it and its data on one page.

    The page is a single HTML file that asks for nothing from outside: data, an audit, the
    model, scores with intervals by patient and by picture beside what the files alone would
    score, curves, mistakes, votes, explanations, what each network adds, cost, what the page
    must not be used for, versions, and what to cite.

    Every score is of pictures that the model had not seen: the estimator is cloned and
    cross-validated by :func:`~fusionlearn.model_selection.evaluate`, also if it is fitted.
    Curves of the training, votes and explanations are of one more clone, fitted on all
    folds but the first and shown on the first.

    Parameters
    ----------
    estimator : classifier of pictures
        Has ``predict_proba``. It is cloned, not fitted.

    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    y : array-like of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,), default=None
        Patient of each picture. Pictures that know theirs need none.

    path : str or path-like, default="report.html"
        The file, which is replaced if it is there, in one step. A new one is readable by
        its owner alone, since it shows pictures of people.

    cv : int or splitter, default=5
        As for :func:`~fusionlearn.model_selection.evaluate`.

    n_repeats : int, default=1
        How often the cross-validation is done, each time with other folds.

    positive : object, default=None
        With two classes, the label that scores are about. None takes the last one in
        sorted order, or that of ``evaluation``.

    grain_control : bool, default=False
        Whether the estimator is also judged on the pictures without fine grain. This takes
        as long again.

    evaluation : Evaluation, default=None
        What :func:`~fusionlearn.model_selection.evaluate` gave for this estimator on these
        pictures, which is then not done again. Pass the ``cv`` and ``random_state`` that it
        had.

    contributions : bool or "auto", default="auto"
        Whether the contribution of each network is computed, which takes a fit for each
        subset of them and each fold. "auto" does it where that will take no more than five
        minutes.

    explanations : int, default=4
        How many pictures are explained, from 0 to 12: of each class the one of which the
        model is surest, right ones first.

    title : str, default=None
        Heading. None makes one.

    date : datetime.date, default=None
        Date on the page. None is today.

    show_pictures : bool, default=True
        Whether the page shows some of the pictures.

    show_patients : bool, default=False
        Whether the page names patients, and files whose names hold that of their patient or
        may hold it: files of DICOM, and files of patients whose names are a hash. Folders
        are named in neither case: of a file its name is given, and the folders below that
        which all files have in common.

    n_jobs : int, default=None
        Number of folds at the same time, in processes.

    random_state : int, default=0
        Seed of the folds.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    path : pathlib.Path
        The file.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    FileNotFoundError
        If the folder of ``path`` is not there.

    NotADirectoryError
        If that is a file.

    IsADirectoryError
        If ``path`` is a folder.

    ValueError
        As for :func:`~fusionlearn.model_selection.evaluate`; if ``evaluation`` is about
        other pictures or by patient; or if contributions are asked for and the estimator
        has no fusion, or one of too many networks.

    GroupConflictError
        If ``groups`` contradict the patients that the pictures carry.

    Warns
    -----
    DataWarning, SmallSampleWarning
        As for :func:`~fusionlearn.model_selection.evaluate`.

    See Also
    --------
    fusionlearn.model_selection.evaluate : The scores alone.
    fusionlearn.model_selection.audit_leakage : The audit alone.

    Notes
    -----
    The same input gives the same page, but for measured times (and with "auto" for what
    they decide).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import BackboneFeatureExtractor, report
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> ct = make_ct_phantoms(60, n_patients=60, image_size=32)
    >>> network = BackboneFeatureExtractor(
    ...     "MobileNet", weights=None, input_size=32, layers=0.1
    ... )
    >>> model = make_pipeline(network, LogisticRegression())
    >>> report(model, ct.data, ct.target, cv=2, explanations=0).name
    'report.html'
    """
    check_matplotlib("report")
    path = _check_path(path)
    if evaluation is not None and positive is None:
        positive = evaluation.positive
    folds = make_folds(
        estimator,
        X,
        y,
        groups=groups,
        cv=cv,
        n_repeats=n_repeats,
        positive=positive,
        random_state=random_state,
        stacklevel=_CALLER,
    )
    if evaluation is not None:
        _check_evaluation(evaluation, folds)
    if contributions is True:
        find_members(estimator, None)  # raises before the long work rather than after it
    material = gather(
        estimator,
        folds,
        evaluation,
        {"cv": cv, "positive": folds.positive, "random_state": random_state},
        {"n_repeats": n_repeats, "grain_control": grain_control},
        contributions,
        {"n_jobs": n_jobs, "verbose": verbose},
        {
            "explanations": explanations,
            "show_pictures": show_pictures,
            "show_patients": show_patients,
        },
    )
    parts = []
    with page_style(), progress_bar("page", len(SECTIONS), unit="sections", verbose=verbose) as bar:
        for section in SECTIONS:
            parts.append(section(material))
            bar.update()
    html = render(
        title=_title(material) if title is None else title,
        date=(date or datetime.date.today()).isoformat(),
        summary=summarise(material),
        sections=keep_small([part for part in parts if isinstance(part, Section)]),
        left_out=[part for part in parts if not isinstance(part, Section)],
        version=__version__,
    )
    write_whole(path, html)
    return path


def _title(material):
    labels = material.labels
    of = " and ".join(labels) if len(labels) == 2 else f"{len(labels)} classes"
    return f"Report on a classifier of {of}"


def _check_path(path):
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder; wanted a file, such as report.html.")
    check_writable_place(path)
    return path


def _check_evaluation(evaluation, folds):
    if evaluation.aggregation is not None:
        raise ValueError(
            "evaluation is by patient; wanted the one by picture from which by_patient made it."
        )
    wanted = {"y_true": folds.y, "groups": folds.groups, "positive": folds.positive}
    for name, value in wanted.items():
        if not np.array_equal(getattr(evaluation, name), value):
            raise ValueError(
                f"evaluation has another {name} than X, y, groups and positive; wanted the "
                "evaluation of the same pictures, in the same order."
            )
