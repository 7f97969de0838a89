"""What a saved model was trained on, as far as it can be found, and what that is good for."""

import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import fusionlearn

from ._config_file import read_config
from ._data import load_data
from ._train import TRAIN

_FOLDS = 5
_FOREST = "File alone: a forest that sees only how files are stored"


def compare_with_training(model, dataset):
    """Look whether a model has seen these pictures, by the config file that lies beside it.

    A model keeps no list of the pictures that it was trained on, so that nobody can ask it
    whether somebody's picture was among them.

    Parameters
    ----------
    model : str
        Its file.

    dataset : :class:`~sklearn.utils.Bunch`
        As from the loaders.

    Returns
    -------
    training : :class:`~sklearn.utils.Bunch` or None
        What the model was trained on; None where that could not be found out.

    seen : dict
        Whether it was ``checked``, or the ``reason`` why not; how many ``same_pictures``
        there are, and which ``same_patients``.
    """
    seen = {"checked": False, "same_pictures": 0, "same_patients": []}
    config = Path(model).with_suffix(".toml")
    if not config.exists():
        reason = f"there is no {str(config)!r}, which fusionlearn train writes"
        return None, {**seen, "reason": reason}
    seen["config"] = str(config)
    try:
        options = SimpleNamespace(**{**TRAIN.defaults, **read_config(str(config), TRAIN)})
        if options.data is None:
            raise ValueError("it names no data")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fusionlearn.exceptions.DataWarning)
            training = load_data(options)
        digests = [{each.digest for each in part.data} for part in (training, dataset)]
    except (OSError, ValueError) as error:
        reason = f"{str(config)!r} does not lead to its training data ({error})"
        return None, {**seen, "reason": reason}
    seen["same_pictures"] = len(digests[0] & digests[1])
    if training.groups is not None and dataset.groups is not None:
        seen["same_patients"] = sorted({*training.groups.tolist()} & {*dataset.groups.tolist()})
    return training, {**seen, "checked": True}


def judge_files(training, dataset, classes, positive):
    """Say what the files of pictures alone tell, as a baseline of a model that is judged on them.

    Parameters
    ----------
    training : :class:`~sklearn.utils.Bunch` or None
        What the model was trained on. The baseline is then trained on the same; None
        cross-validates it on the pictures themselves.

    dataset : :class:`~sklearn.utils.Bunch`
        The pictures, of all classes.

    classes : ndarray of shape (n_classes,)
        The model's labels, sorted.

    positive : str or None
        The positive class.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes) or None
        What the baseline predicts; None where it cannot be trained.

    how : str
        How it was made, or why it was not.
    """
    crossed, fewest = _cross_validate_files(dataset, classes, positive)
    if training is not None and np.array_equal(training.target_names, classes):
        baseline = fusionlearn.model_selection.make_shortcut_baseline()
        baseline.fit(training.data, training.target)
        how = f"{_FOREST}, trained on the files that the model was trained on."
        if crossed is not None:
            # New pictures may be told apart by other traits of files than those of the training.
            area = "{:.3f} [{:.3f}, {:.3f}]".format(*crossed.scores["roc_auc"])
            how += f" Cross-validated on these pictures themselves it has a roc_auc of {area}."
        return baseline.predict_proba(dataset.data), how
    if crossed is None:
        return None, (
            "What the files alone would score is not known: what the model was trained on is not "
            f"at hand, and the class {fewest!r} has pictures of one patient, too few to "
            "cross-validate."
        )
    return crossed.y_proba, (
        f"{_FOREST}, cross-validated on these pictures, since what the model was trained on is "
        "not at hand."
    )


def _cross_validate_files(dataset, classes, positive):
    """Judge the baseline on the pictures; None, and the class that has too few patients."""
    groups = fusionlearn.get_groups(dataset.data)
    n_patients = [len(np.unique(groups[dataset.target == label])) for label in classes]
    if min(n_patients) < 2:
        return None, classes[np.argmin(n_patients)].item()
    with warnings.catch_warnings():
        # The text about the model says it.
        warnings.simplefilter("ignore", fusionlearn.exceptions.SmallSampleWarning)
        judged = fusionlearn.model_selection.evaluate(
            fusionlearn.model_selection.make_shortcut_baseline(),
            dataset.data,
            dataset.target,
            cv=min(_FOLDS, *n_patients),
            positive=positive,
            shortcut=False,
        )
    return judged, None
