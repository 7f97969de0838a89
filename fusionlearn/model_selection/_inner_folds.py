"""Folds inside a model, looked at before anything is computed."""

from ..fusion import MajorityVoteFusion
from ..images._split import StratifiedImageGroupKFold, rarest_class


def check_inner_folds(estimator, y, groups):
    """Refuse a model whose own folds want more patients than it will be trained on.

    Parameters
    ----------
    estimator : estimator object
        It is not fitted. Of its parameters those count that are a
        :class:`StratifiedImageGroupKFold`, and the folds of a vote that finds its weights.

    y : ndarray of shape (n_samples,)
        Labels of what it will be trained on.

    groups : ndarray of shape (n_samples,)
        Patient of each sample.

    Raises
    ------
    ValueError
        If a class has fewer patients than there are folds.
    """
    inner = {}
    for name, value in {"": estimator, **estimator.get_params(deep=True)}.items():
        if isinstance(value, StratifiedImageGroupKFold):
            inner[name] = value.n_splits
        elif isinstance(value, MajorityVoteFusion) and isinstance(value.weights, str):
            inner[f"{name}__cv" if name else "cv"] = value.cv
    if not inner:
        return
    name = max(inner, key=inner.get)
    label, n_patients = rarest_class(y, groups)
    if n_patients < inner[name]:
        remedy = (
            f"Set its number of folds to at most {n_patients} (in covid_ct_strong, "
            f"calibration_folds={n_patients}), or"
            if n_patients > 1
            else "You have to"
        )
        raise ValueError(
            f"The class {label!r} has {n_patients} patient(s) where the model is trained, and "
            f"the {inner[name]} folds inside the model ({name}) want as many of each class. "
            f"{remedy} add patients of that class."
        )
