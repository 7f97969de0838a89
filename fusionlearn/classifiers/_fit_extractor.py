"""Features of pictures, as a task of the fit that wants them."""

from sklearn.base import clone
from sklearn.utils import check_array, check_consistent_length

from .._compat import hand_on_callbacks
from ..fusion._blame import naming_who_takes_no_pictures


def fit_extractor(extractor, X, y, dtype, *, caller, context):
    """Fit a clone of an extractor, and get the features of the pictures it was fitted on.

    Parameters
    ----------
    extractor : transformer of pictures
        Left as it is.

    X : ndarray of shape (n_samples,), dtype object
        References.

    y : ndarray of shape (n_samples,)
        Labels.

    dtype : list of type
        Types of features that are taken as they are.

    caller : estimator object
        Who is fitted.

    context : CallbackContext
        Its task, of which this is a part.

    Returns
    -------
    extractor : transformer of pictures
        The fitted clone.

    features : ndarray of shape (n_samples, n_features)
        The features.
    """
    extractor = clone(extractor)
    task = context.subcontext(task_name="fit-extractor")
    blame = naming_who_takes_no_pictures("extractor", extractor)
    with blame, hand_on_callbacks(task, extractor):
        task.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        if hasattr(extractor, "fit_transform"):
            features = extractor.fit_transform(X, y)
        else:
            features = extractor.fit(X, y).transform(X)
        task.call_on_fit_task_end(estimator=caller, X=X, y=y)
    features = check_array(features, dtype=dtype, input_name="features")
    check_consistent_length(X, features)
    return extractor, features
