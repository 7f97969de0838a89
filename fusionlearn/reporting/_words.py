"""Numbers in words, the same on the whole page."""

SCORES = {
    "accuracy": "Accuracy",
    "f1": "F1",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "roc_auc": "Area under the ROC curve",
    "brier_score": "Brier score (less is better)",
    "calibration_error": "Calibration error (less is better)",
}


def interval(score):
    """Write a score with its interval.

    Parameters
    ----------
    score : BootstrapInterval
        The score.

    Returns
    -------
    text : str
        Such as "0.870 [0.841, 0.899]".
    """
    return f"{score.estimate:.3f} [{score.low:.3f}, {score.high:.3f}]"


def difference(score):
    """Write a difference of scores with its interval and its sign.

    Parameters
    ----------
    score : BootstrapInterval
        The difference.

    Returns
    -------
    text : str
        Such as "+0.012 [-0.004, +0.031]", with proper minus signs.
    """
    text = f"{score.estimate:+.3f} [{score.low:+.3f}, {score.high:+.3f}]"
    return text.replace("-", "−")


def seconds(value):
    """Write a time.

    Parameters
    ----------
    value : float
        Seconds, or nan.

    Returns
    -------
    text : str
        With a unit that fits.
    """
    if value != value:
        return "not known"
    if value < 1:
        return f"{1000 * value:.0f} ms"
    if value < 120:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min"


def unit_apart(known):
    """Name what folds keep apart and what is drawn for intervals.

    Parameters
    ----------
    known : bool
        Whether patients are known.

    Returns
    -------
    noun : str
        In the singular.
    """
    return "patient" if known else "picture"


def unseen(known, clause):
    """Say of pictures that they were not seen, or their patients, where those are known.

    Parameters
    ----------
    known : bool
        Whether patients are known.

    clause : str
        Such as "it has not seen".

    Returns
    -------
    text : str
        What follows the word "pictures".
    """
    return f"of patients whom {clause}" if known else f"that {clause}"


def count(number, noun):
    """Write a number with its noun.

    Parameters
    ----------
    number : int
        How many.

    noun : str
        Of what, in the singular.

    Returns
    -------
    text : str
        Such as "1 picture" or "1,024 pictures".
    """
    plural = noun if number == 1 else f"{noun}s"
    return f"{number:,} {plural}"
