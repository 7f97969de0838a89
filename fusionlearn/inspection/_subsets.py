"""An estimator with some members of its fusion only."""

from dataclasses import dataclass

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from .._compat import BaseSearchCV
from .._hints import did_you_mean
from ..classifiers import AugmentedClassifier
from ..fusion import ConcatFusion, MajorityVoteFusion
from ..fusion._base import is_dropped
from ..model_selection._folds import fit_predict

# 1,023 fits for each fold.
MAX_MEMBERS = 10


@dataclass(frozen=True)
class Members:
    """Who is in a fusion, and under which parameters of the estimator.

    Parameters
    ----------
    names : tuple of str
        Members that are not dropped.

    paths : tuple of str
        Parameters of the estimator that are the fusion, or several fusions of members of
        the same names; "" is the estimator itself.
    """

    names: tuple
    paths: tuple

    @property
    def subsets(self):
        """Names in each subset; bit i of its number says whether member i is in it."""
        return [
            tuple(name for bit, name in enumerate(self.names) if number >> bit & 1)
            for number in range(2 ** len(self.names))
        ]

    def objects(self, estimator):
        """Get for each name the members of that name."""
        params = estimator.get_params(deep=True)
        return [[params[_join(path, name)] for path in self.paths] for name in self.names]

    def keep(self, estimator, subset, fitted=None):
        """Make an unfitted estimator with a subset of the members.

        Parameters
        ----------
        estimator : estimator object
            It is cloned.

        subset : tuple of str
            Names of those that stay.

        fitted : dict of str to estimator, default=None
            Fitted members by name, that take the place of those that stay.

        Returns
        -------
        estimator : estimator object
            The clone.
        """
        changes = {} if fitted is None else {name: fitted[name] for name in subset}
        changes |= {name: "drop" for name in self.names if name not in subset}
        params = {_join(path, name): new for path in self.paths for name, new in changes.items()}
        return clone(estimator).set_params(**params)


def find_members(estimator, fusion):
    """Find the fusion whose members are asked about.

    Parameters
    ----------
    estimator : estimator object
        A composition.

    fusion : str or None
        Parameter that is the fusion; None looks for it.

    Returns
    -------
    members : Members
        Its members.

    Raises
    ------
    ValueError
        If there is no fusion or it is not clear which one, or it has too few or too many
        members.
    """
    params = {"": estimator, **estimator.get_params(deep=True)}
    fusions = {
        path: value
        for path, value in params.items()
        if isinstance(value, ConcatFusion | MajorityVoteFusion)
    }
    if not fusions:
        raise ValueError(
            f"{type(estimator).__name__} has no fusion in it; wanted a ConcatFusion or a "
            "MajorityVoteFusion, whose members are compared."
        )
    paths = _choose(fusions, fusion)
    for path, value in params.items():
        if isinstance(value, BaseSearchCV) and any(_is_inside(inner, path) for inner in paths):
            raise ValueError(
                f"The fusion is inside a {type(value).__name__}, which would search anew with "
                "every subset; wanted what it found. Fit it and pass its best_estimator_."
            )
    names = _names(fusions[paths[0]])
    if len(names) < 2:
        raise ValueError(
            f"The fusion has one member only, {names[0]!r}; wanted two or more to compare."
        )
    if len(names) > MAX_MEMBERS:
        raise ValueError(
            f"The fusion has {len(names)} members, of which there are {2 ** len(names) - 1:,} "
            f"subsets to be fitted on every fold; wanted {MAX_MEMBERS} members or fewer. Set some "
            "to 'drop' by set_params."
        )
    for path in paths:
        _check_weights(fusions[path])
    return Members(names, paths)


def predict_subsets(estimator, members, folds, part, notify):
    """Fit and judge an estimator with each subset of its members on one fold.

    Parameters
    ----------
    estimator : classifier of pictures
        The composition.

    members : Members
        Its members.

    folds : Folds
        The data.

    part : tuple of (ndarray, ndarray)
        Rows to train on, and to judge.

    notify : callable or None
        Called without arguments after each subset.

    Returns
    -------
    probas : list of ndarray of shape (n_test, n_classes)
        Probabilities by number of the subset, without the empty one.
    """
    # The largest first: each picture is then decoded once for all networks.
    found, fitted = {}, None
    for subset in members.subsets[:0:-1]:
        chosen = members.keep(estimator, subset, fitted)
        found[subset] = fit_predict(chosen, folds, part)
        if subset == members.names:
            fitted = fitted_voters(chosen, members)
        if notify is not None:
            notify()
    return [found[subset] for subset in members.subsets[1:]]


def fitted_voters(estimator, members):
    """Fitted members, if they do not depend on who else is in the fusion; else None."""
    # What else could stand around a vote may train on other data for each subset.
    while isinstance(estimator, AugmentedClassifier):
        estimator = estimator.estimator_
    if not isinstance(estimator, MajorityVoteFusion) or len(members.paths) > 1:
        return None
    if isinstance(estimator.weights, str):  # each subset finds weights of its own
        return None
    return {name: FrozenEstimator(estimator.named_estimators_[name]) for name in members.names}


def _choose(fusions, fusion):
    if fusion is not None:
        if fusion not in fusions:
            raise ValueError(
                f"fusion={fusion!r}: wanted one of the parameters that are a fusion, "
                f"{list(fusions)}.{did_you_mean(fusion, fusions)}"
            )
        paths = (fusion,)
    else:
        # Several inputs, each of which the same networks see, are one choice of networks.
        paths = tuple(
            path for path in fusions if not any(_is_inside(other, path) for other in fusions)
        )
        if len({_names(fusions[path]) for path in paths}) > 1:
            raise ValueError(
                f"The estimator has several fusions with different members, {list(fusions)}; "
                "wanted to know whose members are compared: name one by fusion=."
            )
    for outer, value in fusions.items():
        for name in _names(value):
            below = _join(outer, name)
            others = [path for path in paths if _is_inside(path, outer)]
            if others and not any(p == below or _is_inside(p, below) for p in others):
                raise ValueError(
                    f"Where all members of the fusion {paths[0]!r} are dropped, {below!r} is still "
                    f"there; wanted a fusion without which nothing is left. Name another one of "
                    f"{list(fusions)} by fusion=."
                )
    return paths


def _check_weights(fusion):
    weights = getattr(fusion, "weights", None)
    if weights is None:
        return
    for (name, member), weight in zip(fusion.estimators, weights, strict=False):
        if weight == 0 and not is_dropped(member):
            raise ValueError(
                f"Member {name!r} has weight 0, so that there is no vote of it alone; wanted "
                "positive weights. Set it to 'drop'."
            )


def _names(fusion):
    return tuple(name for name, _ in fusion._kept())


def _is_inside(path, outer):
    return path != outer and (not outer or path.startswith(f"{outer}__"))


def _join(path, name):
    return f"{path}__{name}" if path else name
