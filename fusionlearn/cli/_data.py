"""Pictures with labels, as several commands take them."""

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import fusionlearn

from .._hints import did_you_mean
from ._options import FOLDER, TEXT, Kind, Option, UsageError, choice


def _read_pattern(text):
    """Check a pattern; it stays a text, which a config file can hold."""
    from ..datasets._records import GroupPatternError, compile_pattern

    try:
        compile_pattern(text)
    except GroupPatternError as error:
        raise UsageError(error.reason) from error
    return text


@contextmanager
def pattern_in_words():
    """Say of a pattern that does not find the patients that words were wrong, not files.

    Raises
    ------
    UsageError
        In the place of the error that the loaders raise.
    """
    from ..datasets._records import GroupPatternError

    try:
        yield
    except GroupPatternError as error:
        raise UsageError(f"--group-pattern: {error.reason}") from error


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
    Kind("a regular expression with one group", (str,), _read_pattern),
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

    Raises
    ------
    UsageError
        If the pattern does not find the patients.
    """
    folder = Path(options.data)
    split = getattr(options, "split", None)
    is_covid_ct = any((folder / place).is_dir() for place in ("CT_COVID", "Images-processed"))
    if is_covid_ct and options.group_pattern is None:
        return fusionlearn.datasets.load_covid_ct(folder, split=split)
    with pattern_in_words():
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


def warn_of_mixed_patients(options, console, dataset):
    """Tell of patients with pictures of several classes, before anything is computed.

    Parameters
    ----------
    options : namespace
        With ``group_pattern``.

    console : Console
        Is told.

    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.
    """
    if dataset.groups is None:
        return
    labels = defaultdict(set)
    for group, label in zip(dataset.groups.tolist(), dataset.target.tolist(), strict=True):
        labels[group].add(label)
    mixed = sorted(group for group, found in labels.items() if len(found) > 1)
    if not mixed:
        return
    classes = " and ".join(map(repr, sorted(labels[mixed[0]])))
    remedy = ""
    if options.group_pattern is not None:
        remedy = (
            f" If they are several people whom --group-pattern {options.group_pattern!r} merges, "
            "mend the pattern."
        )
    console.warn(
        f"{len(mixed)} of {len(labels)} patients have pictures of several classes ({mixed[0]!r} "
        f"for example: {classes}), so that there are no scores by patient.{remedy}"
    )


def check_positive(options, console, names, known):
    """Find the positive class, and say which it is if nobody did.

    Parameters
    ----------
    options : namespace
        With ``positive``.

    console : Console
        Is told.

    names : list of str
        The classes, sorted.

    known : str or None
        The positive class that the data set names.

    Returns
    -------
    positive : str or None
        What was asked for, else what the data set says, else of two classes the last.

    Raises
    ------
    UsageError
        If there is no such class.
    """
    if options.positive is not None:
        if options.positive not in names:
            raise UsageError(
                f"--positive: there is no class {options.positive!r}."
                f"{did_you_mean(options.positive, names)} There are: {', '.join(names)}."
            )
        return options.positive
    if len(names) != 2:
        return known
    positive = names[-1] if known is None else known
    other = names[0] if positive == names[-1] else names[-1]
    why = "the last one in sorted order" if known is None else "as the data set has it"
    console.note(
        f"Scores are about the class {positive!r}, {why}; for the other one: --positive {other!r}"
    )
    return positive
