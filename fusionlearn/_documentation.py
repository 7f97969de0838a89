"""Where the documentation of a class is."""

import sys

from ._compat import DocumentationLink
from ._config import get_config


class DocumentedMixin(DocumentationLink):
    """Mixin: in HTML an estimator links to its page of the API reference.

    The base of all pages is the setting ``docs_url``; there is no link without one, nor for
    classes that people derive from ours.
    """

    def _documentation(self):
        base, name = get_config()["docs_url"], public_name(type(self))
        if not base or name is None:
            return ""
        return f"{base.rstrip('/')}/api/generated/{name}.html"


def public_name(cls):
    """Get the name under which a class stands in the API reference.

    Parameters
    ----------
    cls : type
        A class.

    Returns
    -------
    name : str or None
        Such as "fusionlearn.ConcatFusion"; None for a class that is not ours.
    """
    package, _, home = cls.__module__.partition(".")
    if package != __package__:
        return None
    if cls.__name__ in sys.modules[package].__all__:
        return f"{package}.{cls.__name__}"
    return f"{package}.{home.partition('.')[0]}.{cls.__name__}"
