"""What members say of samples that they were not fitted on, patients kept apart."""

import numpy as np
from sklearn.base import clone

from .._compat import take_metadata, take_rows
from ..images._groups import check_groups
from ..images._split import StratifiedImageGroupKFold, rarest_class
from ._members import fit_member, probabilities_of


def split_by_patient(rule, cv, y, groups, rng):
    """Split the training data of a fusion into folds.

    Parameters
    ----------
    rule : str
        What the folds are for, as the user asked for it.

    cv : int
        Number of folds.

    y : ndarray of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,) or None
        Patient of each sample. None takes each sample as a patient of its own.

    rng : numpy.random.RandomState
        Shuffles patients.

    Returns
    -------
    folds : list of (ndarray, ndarray)
        Rows to fit on, and to predict.

    Raises
    ------
    ValueError
        If there is a single class, a class has fewer patients than there are folds or is
        missing in one, or a patient is missing.
    """
    rows = np.arange(len(y))
    groups = rows if groups is None else check_groups(groups)
    if len(groups) != len(y):
        raise ValueError(
            f"groups has {len(groups)} entries for {len(y)} samples; wanted the patient of each."
        )
    if len(np.unique(y)) < 2:
        raise ValueError(
            f"weights={rule!r} with the single class {y.tolist()[0]!r} in y; wanted two or more, "
            "since who is right more often is asked. Set weights=None."
        )
    wanted = f"weights={rule!r} needs cv={cv} folds by patient, each with all classes"
    label, n_patients = rarest_class(y, groups)
    if n_patients < cv:
        remedy = f"Set cv to at most {n_patients}, or add" if n_patients > 1 else "Add"
        raise ValueError(
            f"{wanted}, and the class {label!r} occurs in {n_patients} group(s) (patients). "
            f"{remedy} patients of that class; weights=None needs no folds."
        )
    splitter = StratifiedImageGroupKFold(cv, shuffle=True, random_state=rng)
    try:
        return list(splitter.split(rows, y, groups))
    except ValueError as error:  # what else it refuses was looked at
        raise ValueError(
            f"{wanted}, and as patients were dealt out, a fold lacks a class. Try another "
            "random_state, or set cv lower; weights=None needs no folds."
        ) from error


def predict_out_of_fold(name, member, X, y, metadata, fold, *, caller, context):
    """Fit a member on a part and ask it about the rest.

    Parameters
    ----------
    name : str
        The member's name, for messages.

    member : estimator object
        It is cloned.

    X : array-like of shape (n_samples, ...)
        Training data of the fusion.

    y : ndarray of shape (n_samples,)
        Labels.

    metadata : dict
        What its ``fit`` is given besides, for all samples.

    fold : tuple of (ndarray, ndarray)
        Rows to fit on, and to predict.

    caller : estimator object
        The fusion.

    context : CallbackContext
        The subtask.

    Returns
    -------
    proba : ndarray of shape (n_predicted, n_classes)
        Probabilities in the order of the fusion's classes.
    """
    train, test = fold
    fitted = fit_member(
        name,
        clone(member),
        take_rows(X, train),
        y[train],
        take_metadata(X, metadata, train),
        caller=caller,
        context=context,
    )
    return probabilities_of(name, fitted, take_rows(X, test), caller.classes_)


def gather(predicted, folds, n_members):
    """Put predictions of all folds where their samples are.

    Parameters
    ----------
    predicted : list of ndarray of shape (n_predicted, n_classes)
        For each fold those of all members, one fold after the other.

    folds : list of (ndarray, ndarray)
        Rows that were fitted on, and predicted.

    n_members : int
        Number of members.

    Returns
    -------
    proba : ndarray of shape (n_members, n_samples, n_classes)
        Probabilities.
    """
    order = np.concatenate([test for _, test in folds])
    by_member = [np.concatenate(predicted[number::n_members]) for number in range(n_members)]
    return np.stack(by_member)[:, np.argsort(order)]
