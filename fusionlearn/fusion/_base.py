"""What both fusions have in common: named members, any of which may be dropped."""

from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from .._compat import BaseComposition, CallbackSupportMixin, parallel_visual_block
from .._documentation import DocumentedMixin


class Fusion(DocumentedMixin, CallbackSupportMixin, BaseComposition):
    """Base class of estimators made of named members.

    A subclass names the parameter that holds its members in ``_members_parameter``, says
    in ``_member_kind`` what one is, and gives its fitted members by ``_fitted_members``.
    """

    _members_parameter: str
    _member_kind: str

    def get_params(self, deep=True):
        """Get the parameters, and those of the members under their names.

        Parameters
        ----------
        deep : bool, default=True
            Whether members and their parameters are included.

        Returns
        -------
        params : dict
            Parameters by name.
        """
        return self._get_params(self._members_parameter, deep=deep)

    def set_params(self, **params):
        """Set parameters, replace members, or set parameters of members.

        Parameters
        ----------
        **params : dict
            For example ``ResNet50="drop"`` or ``ResNet50__pooling="max"``, where
            "ResNet50" is the name of a member.

        Returns
        -------
        self : object
            The fusion itself.
        """
        self._set_params(self._members_parameter, **params)
        return self

    @property
    def n_features_in_(self):
        """Number of features seen during ``fit``."""
        return self._attribute_of_a_member("n_features_in_")

    @property
    def feature_names_in_(self):
        """Names of features seen during ``fit``."""
        return self._attribute_of_a_member("feature_names_in_")

    def _attribute_of_a_member(self, name):
        check_is_fitted(self)
        for member in self._fitted_members():
            if hasattr(member, name):
                return getattr(member, name)
        raise AttributeError(f"No {self._member_kind} of {type(self).__name__} has {name}.")

    def _kept(self):
        """Names and members that are not dropped, after a look at the names."""
        items = getattr(self, self._members_parameter)
        for item in items:
            if not (isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)):
                raise ValueError(
                    f"{self._members_parameter}: got {item!r}; wanted a tuple "
                    f"(name, {self._member_kind})."
                )
        try:
            self._validate_names([name for name, _ in items])
        except ValueError as error:
            raise ValueError(f"{self._members_parameter}: {error}") from None
        kept = [(name, member) for name, member in items if not is_dropped(member)]
        if not kept:
            got = "all of them are 'drop'" if items else "the list is empty"
            raise ValueError(
                f"{self._members_parameter}: {got}; wanted at least one {self._member_kind}."
            )
        return kept

    def _sk_visual_block_(self):
        fitted = getattr(self, f"named_{self._members_parameter}_", {})
        items = getattr(self, self._members_parameter)
        return parallel_visual_block([(name, fitted.get(name, member)) for name, member in items])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        items = getattr(self, self._members_parameter)
        items = items if isinstance(items, list) else []
        members = [item[-1] for item in items if isinstance(item, tuple)]
        inputs = [get_tags(m).input_tags for m in members if hasattr(m, "__sklearn_tags__")]
        if inputs:
            for kind in ("two_d_array", "three_d_array", "string", "sparse", "allow_nan"):
                setattr(tags.input_tags, kind, all(getattr(tag, kind) for tag in inputs))
        return tags


def is_dropped(member):
    """Tell whether a member is left out.

    Parameters
    ----------
    member : object
        What stands in the list of members.

    Returns
    -------
    dropped : bool
        True for the string "drop".
    """
    return isinstance(member, str) and member == "drop"
