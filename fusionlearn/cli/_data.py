"""Pictures with labels, as several commands take them."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import fusionlearn

from ._options import FOLDER, TEXT, Option, choice

DATA = Option(
    "data",
    "one folder per class, COVID-CT, or a CSV file with the columns file, label and, if known, "
    "patient",
    FOLDER,
    "FOLDER",
    positional=True,
    required=True,
    shared=True,
)
GROUP_PATTERN = Option(
    "group-pattern",
    "regular expression with one group that finds the patient in each picture's path, such as "
    "'(patient[0-9]+)'; pictures of one patient are kept on one side of a split",
    TEXT,
    "REGEX",
    shared=True,
)
SPLIT = Option(
    "split",
    "take this part of the data alone: train, validation or test",
    choice(lambda: ["train", "validation", "test"], "a part of the data"),
    "PART",
    shared=True,
)
POSITIVE = Option(
    "positive",
    "with two classes, the one that F1, sensitivity and specificity are about (default: what the "
    "data set says, or the last one in sorted order)",
    TEXT,
    "LABEL",
    shared=True,
)
LABELLED = (DATA, GROUP_PATTERN, SPLIT)
# For a command that can do without.
OTHER_DATA = replace(DATA, positional=False, required=False)


def load_data(options):
    """Load pictures with their labels.

    Parameters
    ----------
    options : namespace
        With ``data``, ``group_pattern`` and ``split``.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.
    """
    folder = Path(options.data)
    split = getattr(options, "split", None)
    is_covid_ct = any((folder / place).is_dir() for place in ("CT_COVID", "Images-processed"))
    if is_covid_ct and options.group_pattern is None:
        return fusionlearn.datasets.load_covid_ct(folder, split=split)
    return fusionlearn.datasets.load_image_folder(
        folder, split=split, group_pattern=options.group_pattern
    )


def describe(dataset):
    """Say how many pictures there are, of which classes and of how many patients.

    Parameters
    ----------
    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    Returns
    -------
    text : str
        A sentence or some.
    """
    counts = Counter(dataset.target.tolist())
    classes = ", ".join(f"{counts[label]} {label!r}" for label in sorted(counts))
    if dataset.groups is None:
        return (
            f"{len(dataset.data)} pictures ({classes}). No patients are known: each picture counts "
            "as a patient of its own, and figures are too good if one patient has several. If "
            "paths hold the patient, say where: --group-pattern '(patient[0-9]+)'."
        )
    n_patients = len(set(dataset.groups))
    return f"{len(dataset.data)} pictures ({classes}) of {n_patients} patients."


def count_data(dataset):
    """Say the same for a program.

    Parameters
    ----------
    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    Returns
    -------
    counts : dict
        Of pictures, of patients (None where they are not known) and by class.
    """
    return {
        "n_pictures": len(dataset.data),
        "n_patients": None if dataset.groups is None else len(set(dataset.groups)),
        "classes": dict(sorted(Counter(dataset.target.tolist()).items())),
    }


def check_positive(options, dataset):
    """Find the positive class.

    Parameters
    ----------
    options : namespace
        With ``positive``.

    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    Returns
    -------
    positive : str or None
        What was asked for, else what the data set says.

    Raises
    ------
    ValueError
        If no picture has that label.
    """
    if options.positive is None:
        return dataset.pos_label
    names = [str(name) for name in dataset.target_names]
    if options.positive not in names:
        from .._hints import did_you_mean

        hint = did_you_mean(options.positive, names)
        raise ValueError(
            f"--positive: there is no class {options.positive!r}.{hint} There are: "
            f"{', '.join(names)}."
        )
    return options.positive
