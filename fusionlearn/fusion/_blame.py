"""Who among parts of an estimator takes no pictures."""

from contextlib import contextmanager

from ..images import ImageReference

_WORDS = "takes no pictures"


@contextmanager
def naming_who_takes_no_pictures(what, estimator):
    """Say by name which part wanted numbers where there are pictures.

    Parameters
    ----------
    what : str
        What it is in the estimator that holds it, such as "estimator".

    estimator : object
        The part, which is fitted inside.

    Yields
    ------
    None

    Raises
    ------
    TypeError
        If NumPy was to make a number of a picture.
    """
    try:
        yield
    except TypeError as error:
        message = str(error)
        if ImageReference.__name__ not in message or _WORDS in message:
            raise
        raise TypeError(
            f"{what} is a {type(estimator).__name__}, which {_WORDS}: {message}. Put what makes "
            "features of them before it, as in make_pipeline(BackboneFeatureExtractor(...), "
            f"{type(estimator).__name__}())."
        ) from error
