"""From files with labels to the Bunch that loaders return."""

import os
import re
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils import Bunch

from .._hints import did_you_mean
from ..images import check_images
from ._files import listing

SPLITS = ("train", "validation", "test")
SPLIT_ALIASES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}

_PURPOSE = (
    "Its one group in round brackets finds the patient in the path of each picture, as "
    "'(patient[0-9]+)' finds 'patient12' in 'sick/patient12-3.png'."
)
# What most people mistype, in plainer words than Python's.
_FAULTS = {
    "missing ), unterminated subpattern": "a bracket ( is never closed",
    "unbalanced parenthesis": "a bracket ) was never opened",
    "unterminated character set": "a bracket [ is never closed",
    "nothing to repeat": "nothing stands before it that could be repeated",
    "bad escape (end of pattern)": "nothing follows the backslash",
}


@dataclass(frozen=True, slots=True)
class Record:
    """A picture file and what is known about it.

    Parameters
    ----------
    file : str
        Path relative to the folder of the data set, with forward slashes.

    label : str or None
        The class; None where nobody said.

    split : str or None, default=None
        One of ``SPLITS``; None where the data set has no split.

    group : str or None, default=None
        The patient; None where nobody said.
    """

    file: str
    label: str | None
    split: str | None = None
    group: str | None = None


def parse_split(value, where="split"):
    """Bring the name of a split into its one form.

    Parameters
    ----------
    value : str
        Such as "val", in any case.

    where : str, default="split"
        What the value is, for the message.

    Returns
    -------
    split : {"train", "validation", "test"}
        The split.

    Raises
    ------
    ValueError
        If there is no such split.
    """
    try:
        return SPLIT_ALIASES[value.casefold()]
    except KeyError:
        hint = did_you_mean(value, SPLIT_ALIASES)
        raise ValueError(
            f"{where}={value!r}: wanted 'train', 'validation' (or 'val') or 'test'.{hint}"
        ) from None


class GroupPatternError(ValueError):
    """A pattern is none, or does not find the patients.

    Parameters
    ----------
    reason : str
        The pattern and what is wrong with it, without the name of the parameter, which
        is another one on the command line.
    """

    def __init__(self, reason):
        super().__init__(f"group_pattern={reason}")
        self.reason = reason


def compile_pattern(pattern):
    """Check a pattern that finds the patient in the path of a picture.

    Parameters
    ----------
    pattern : str or re.Pattern
        A regular expression with one group.

    Returns
    -------
    pattern : re.Pattern
        The same.

    Raises
    ------
    GroupPatternError
        If it is no regular expression, or has not one group.
    """
    try:
        pattern = re.compile(pattern)
    except re.error as error:
        fault = _FAULTS.get(error.msg, error.msg)
        place = ""
        if error.pos is not None and error.pos < len(pattern):
            place = f" (character {error.pos + 1}: {pattern[error.pos :]!r})"
        raise GroupPatternError(
            f"{pattern!r} is no regular expression: {fault}{place}. {_PURPOSE}"
        ) from error
    if pattern.groups != 1:
        remedy = " Write (?:...) for other brackets." if pattern.groups else ""
        raise GroupPatternError(
            f"{pattern.pattern!r} has {pattern.groups} groups; wanted exactly one. "
            f"{_PURPOSE}{remedy}"
        )
    return pattern


def with_groups(records, pattern):
    """Read the patient of each picture from its path.

    Parameters
    ----------
    records : list of Record
        Without patients.

    pattern : str or re.Pattern
        A regular expression with one group.

    Returns
    -------
    records : list of Record
        With patients.

    Raises
    ------
    GroupPatternError
        If the pattern has not one group, or does not match every file.
    """
    pattern = compile_pattern(pattern)
    matches = [pattern.search(record.file) for record in records]
    groups = [match.group(1) if match else None for match in matches]
    if failed := [record.file for record, group in zip(records, groups, strict=True) if not group]:
        raise GroupPatternError(
            f"{pattern.pattern!r} finds no patient in {len(failed)} of {len(records)} file(s): "
            f"{listing(failed)}. {_PURPOSE} It is searched in the path as it stands here, with "
            "forward slashes; change it so that it matches every file."
        )
    return [replace(record, group=group) for record, group in zip(records, groups, strict=True)]


def make_bunch(root, records, *, split, description, pos_label=None, verbose=0):
    """Make references of files and put everything known about them beside them.

    Parameters
    ----------
    root : str
        Folder to which the files of the records are relative.

    records : list of Record
        All pictures of the data set, those without a label too.

    split : str or None
        The part that is wanted; None for all.

    description : str
        First paragraph of ``DESCR``.

    pos_label : str or None, default=None
        The positive class, where the data set has one.

    verbose : int, default=0
        1 shows a progress bar while files are looked at.

    Returns
    -------
    bunch : Bunch
        As the loaders describe it.

    Raises
    ------
    ValueError
        If there are fewer than two classes, or no labelled picture in the split.
    """
    labels = sorted({record.label for record in records} - {None})
    if len(labels) < 2:
        raise ValueError(
            f"{root!r}: got {len(labels)} class(es) ({listing(labels) or 'none'}); wanted at "
            "least two. Give each class a folder or a label of its own."
        )
    if split is not None:
        records = _select(root, records, parse_split(split))
    labelled = [record for record in records if record.label is not None]
    unlabelled = [record for record in records if record.label is None]
    target = [record.label for record in labelled]
    return Bunch(
        data=_references(root, labelled, verbose),
        target=np.array(target),
        target_names=np.array(labels),
        pos_label=pos_label,
        groups=_column(labelled, "group"),
        split=_column(labelled, "split"),
        filenames=np.array([record.file for record in labelled]),
        unlabelled=_references(root, unlabelled, verbose) if unlabelled else None,
        DESCR=f"{description}\n\n{_summary(labelled, unlabelled)}",
    )


def _select(root, records, split):
    known = [name for name in SPLITS if any(record.split == name for record in records)]
    if not known:
        raise ValueError(
            f"split={split!r}: {root!r} has no split. Leave out split=, and split by patient "
            "with fusionlearn.model_selection.StratifiedImageGroupKFold."
        )
    selected = [record for record in records if record.split == split]
    if not selected:
        raise ValueError(f"split={split!r}: {root!r} has {listing(known)} only.")
    if all(record.label is None for record in selected):
        raise ValueError(
            f"split={split!r}: its {len(selected)} pictures in {root!r} have no labels. Leave out "
            "split=: they are then returned as .unlabelled."
        )
    return selected


def _references(root, records, verbose):
    paths = [os.path.join(root, record.file) for record in records]
    groups = [record.group for record in records]
    groups = None if groups[0] is None else groups
    return check_images(paths, groups, verbose=verbose)


def _column(records, name):
    values = [getattr(record, name) for record in records]
    return None if values[0] is None else np.array(values)


def _summary(labelled, unlabelled):
    counts = Counter((record.split, record.label) for record in labelled)
    lines = [f"{len(labelled)} pictures with a label:"]
    for split in (None, *SPLITS):
        parts = [
            f"{n} {label}" for (of, label), n in sorted(counts.items(), key=str) if of == split
        ]
        if parts:
            lines.append(f"    {split or 'no split'}: {', '.join(parts)}")
    if unlabelled:
        lines.append(f"{len(unlabelled)} pictures without a label, in `unlabelled`.")
    if labelled[0].group is None:
        lines.append("Patients are not known: each picture counts as a patient of its own.")
    else:
        lines.append(f"{len({record.group for record in labelled})} patients.")
    return "\n".join(lines)
