"""A look at a data set before anything is trained on it."""

import warnings
from collections import Counter, defaultdict

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import check_cv
from sklearn.utils._param_validation import validate_params

from .._labels import check_labels
from ..classifiers._holdout import uses_groups
from ..exceptions import DataWarning, SmallSampleWarning
from ..images import check_images, get_groups
from ..images._copies import find_copies, find_digests
from ..metrics import bootstrap_interval
from ._duplicates import find_contradictions, judge_copies
from ._evaluate import evaluate
from ._leakage_report import Finding, LeakageReport
from ._near_duplicates import find_near_duplicates
from ._shortcut import make_shortcut_baseline

# A share that is told of one value of a property, such as one format.
_TOLD_SHARE = 0.9
_TOLD_AREA = 0.6
_SHORTCUT_FOLDS = 5
_N_RESAMPLES = 500


@validate_params(
    {
        "cv": ["cv_object"],
        "near_duplicates": ["boolean"],
        "verbose": ["verbose"],
        "X": "no_validation",
        "y": "no_validation",
        "groups": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def audit_leakage(X, y=None, groups=None, *, cv=None, near_duplicates=True, verbose=0):
    """Look for what makes scores of a data set too good.

    Looked for are: one picture under two labels; the same picture, or one that looks the
    same, of different patients or on both sides of a split; patients on both sides of a
    split; labels that predict nothing but the order; and properties of files (format,
    colour mode, width, height, bytes per pixel) that predict the label without a look at
    any pixel.

    Parameters
    ----------
    X : array-like of pictures, of shape (n_samples,)
        As for :func:`~fusionlearn.check_images`.

    y : array-like of shape (n_samples,), default=None
        Labels. Without them contradictions, order and shortcuts are not looked for.

    groups : array-like of shape (n_samples,), default=None
        The patient of each picture; None takes them from pictures that know theirs.

    cv : int, splitter or iterable, default=None
        The split to look at, as ``cross_validate`` takes it: an int is a plain
        ``StratifiedKFold``. None looks at the pictures alone.

    near_duplicates : bool, default=True
        Whether to look for pictures that look the same, which decodes all of them.

    verbose : int, default=0
        1 shows a progress bar while pictures are decoded.

    Returns
    -------
    report : LeakageReport
        What was found; :meth:`~LeakageReport.raise_if_leaking` stops a program.

    Raises
    ------
    ImageError
        If something in X is no picture.

    GroupConflictError
        If ``groups`` differ from the patients that pictures already have.

    ValueError
        If labels are missing, or ``cv`` needs labels and there are none.

    See Also
    --------
    evaluate : Shows the shortcut baseline beside each score.

    Examples
    --------
    >>> from sklearn.model_selection import StratifiedKFold
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.model_selection import audit_leakage
    >>> ct = make_ct_phantoms(60, n_patients=20, image_size=48)
    >>> cv = StratifiedKFold(5, shuffle=True, random_state=0)
    >>> report = audit_leakage(ct.data, ct.target, cv=cv, near_duplicates=False)
    >>> print(report.findings[0].text)
    5 of 5 folds have pictures of one patient in the training and the test part...
    """
    references = check_images(X, groups)
    known = any(reference.has_known_group for reference in references)
    groups = get_groups(references)
    looked_for = ["duplicates"]
    digests = find_digests(references)
    copies = find_copies(digests)
    folds = []
    if y is not None:
        y = check_labels(y)
        if len(y) != len(references):
            raise ValueError(f"y has {len(y)} entries for {len(references)} pictures.")
    if cv is not None:
        if y is None and isinstance(cv, int):
            raise ValueError("cv as a number of folds needs labels: pass y.")
        splitter = check_cv(cv, y, classifier=True)
        folds = list(splitter.split(references, y, groups if uses_groups(splitter) else None))
    same, alike = "copies of a file", "pictures that look the same"
    findings = list(judge_copies("duplicates", same, copies, groups, folds))
    if y is not None:
        findings += find_contradictions(same, copies, y)
    if near_duplicates:
        looked_for.append("near duplicates")
        firsts = np.sort(np.unique(digests, return_index=True)[1])  # of copies one is enough
        pairs = find_near_duplicates(references, firsts, verbose)
        findings += judge_copies("near duplicates", alike, pairs, groups, folds)
        if y is not None:
            findings += find_contradictions(alike, pairs, y)
    if folds:
        looked_for.append("patients on both sides of a split")
        findings += _torn_patients(groups, folds)
    if not known:
        text = "No patients are known: each picture counts as a patient of its own."
        findings.append(Finding("patients", False, text))
    if y is not None:
        looked_for += ["contradictions", "order", "shortcuts"]
        findings += _patients_of_two_labels(groups, y)
        findings += _order(y)
        findings += _shortcuts(references, y, groups)
    findings.sort(key=lambda finding: not finding.leaks)
    return LeakageReport(len(references), tuple(findings), tuple(looked_for))


def _torn_patients(groups, folds):
    torn = [np.intersect1d(groups[train], groups[test]) for train, test in folds]
    n_torn = sum(len(patients) > 0 for patients in torn)
    if n_torn:
        worst = max(torn, key=len)
        yield Finding(
            "patients",
            True,
            f"{n_torn} of {len(folds)} folds have pictures of one patient in the training and the "
            f"test part, of up to {len(worst)} patients ({worst.tolist()[0]!r} for example). Use "
            "StratifiedImageGroupKFold.",
        )


def _patients_of_two_labels(groups, y):
    labels = defaultdict(set)
    for group, label in zip(groups.tolist(), y.tolist(), strict=True):
        labels[group].add(label)
    mixed = [group for group, found in labels.items() if len(found) > 1]
    if mixed:
        text = f"Patients with pictures of several labels: {len(mixed)} ({mixed[0]!r} for example)."
        yield Finding("patients", False, text)


def _order(y):
    n_changes = int((y[1:] != y[:-1]).sum())
    n_classes = len(np.unique(y))
    if 1 < n_classes == n_changes + 1 and len(y) > 2 * n_classes:
        yield Finding(
            "order",
            False,
            "Samples are sorted by their labels: a split that takes them as they come, such as "
            "KFold without shuffle or Keras' validation_split, has parts of one class only.",
        )


def _shortcuts(references, y, groups):
    """What the file alone says, judged by patient, and which of its properties say it."""
    labels = np.unique(y)
    n_patients = [len(np.unique(groups[y == label])) for label in labels]
    n_folds = min(_SHORTCUT_FOLDS, *n_patients)
    if len(labels) < 2:
        return
    if n_folds < 2:
        fewest = str(labels[np.argmin(n_patients)])
        text = (
            f"What files alone say was not judged: the class {fewest!r} has pictures of one "
            "patient. " + " ".join(_telling_values(references, y))
        )
        yield Finding("shortcut", False, text.strip())
        return
    with warnings.catch_warnings():
        # The interval stands beside it, and copies are told of by findings of their own.
        warnings.simplefilter("ignore", SmallSampleWarning)
        warnings.simplefilter("ignore", DataWarning)
        alone = evaluate(
            make_shortcut_baseline(), references, y, cv=n_folds, shortcut=False, scoring=["roc_auc"]
        ).scores["roc_auc"]
    if alone.low <= 0.5:
        return
    found = [*_telling_values(references, y), *_telling_numbers(references, y, groups)]
    yield Finding(
        "shortcut",
        True,
        "How files are stored predicts the label without a look at any pixel: cross-validated by "
        f"patient, area under the curve {alone.estimate:.3f} [{alone.low:.3f}, {alone.high:.3f}]. "
        + " ".join(found),
    )


def _telling_values(references, y):
    """Formats and modes that nearly all belong to one label, the surest first."""
    base = {label: count / len(y) for label, count in Counter(y.tolist()).items()}
    told = []
    stored = [reference.describe() for reference in references]
    for name in ("mode", "format"):
        values = np.array([description[name] for description in stored])
        for value in np.unique(values).tolist():
            (label, count), *_ = Counter(y[values == value].tolist()).most_common(1)
            n_values = int((values == value).sum())
            low = binomtest(count, n_values).proportion_ci().low
            if count / n_values >= _TOLD_SHARE and low > base[label]:
                text = f"{count} of {n_values} files of {name} {value} are {label!r}."
                told.append((-low, text))
    return [text for _, text in sorted(told)]


def _telling_numbers(references, y, groups):
    """Numbers that rank the labels by themselves, with intervals by patient."""
    stored = [reference.describe() for reference in references]
    pixels = np.array([entry["width"] * entry["height"] for entry in stored])
    numbers = {
        "width": [entry["width"] for entry in stored],
        "height": [entry["height"] for entry in stored],
        "bytes per pixel": np.array([entry["n_bytes"] for entry in stored]) / pixels,
    }
    told = []
    for name, values in numbers.items():
        for label in np.unique(y)[-1:] if len(np.unique(y)) == 2 else np.unique(y):
            sign = 1 if roc_auc_score(y == label, values) >= 0.5 else -1
            area = roc_auc_score(y == label, sign * np.asarray(values))
            if area >= _TOLD_AREA:
                _, low, high = bootstrap_interval(
                    roc_auc_score,
                    y == label,
                    sign * np.asarray(values),
                    groups=groups,
                    n_resamples=_N_RESAMPLES,
                )
                text = (
                    f"{name.capitalize()} alone ranks {str(label)!r} with an area of {area:.2f} "
                    f"[{low:.2f}, {high:.2f}]."
                )
                told.append((-area, text))
    return [text for _, text in sorted(told)]
