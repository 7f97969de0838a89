"""What presets are told of networks."""

from .._hints import did_you_mean
from ..backbones import BACKBONES, Backbone
from ..exceptions import UnknownBackboneError

_EXAMPLE = 'such as ["ResNet50", "VGG16"]'


def check_backbones(backbones):
    """Check names of networks.

    Parameters
    ----------
    backbones : str, Backbone or sequence of these
        One name is a list of one.

    Returns
    -------
    backbones : list of str or Backbone
        The same.

    Raises
    ------
    UnknownBackboneError
        If one is no network.

    ValueError
        If there are none.
    """
    given = [backbones] if isinstance(backbones, str | Backbone) else list(backbones)
    if not given:
        raise ValueError(f"backbones is empty; wanted names of networks, {_EXAMPLE}.")
    for name in given:
        if not isinstance(name, Backbone) and not (isinstance(name, str) and name in BACKBONES):
            hint = did_you_mean(name, BACKBONES, n=3)
            raise UnknownBackboneError(
                f"backbones: there is no network {name!r}.{hint} Wanted names of networks, "
                f"{_EXAMPLE}. All names: sorted(fusionlearn.BACKBONES)."
            )
    return given


def check_pairs(extractors, is_extractor, kind):
    """Check named extractors.

    Parameters
    ----------
    extractors : list
        Pairs (name, extractor).

    is_extractor : callable
        Says of an object whether it is one.

    kind : str
        What an extractor is, in a word.

    Raises
    ------
    ValueError
        If there are none, or one is no such pair.
    """
    if not extractors:
        raise ValueError("extractors is empty; wanted one pair (name, extractor) or more, or None.")
    for entry in extractors:
        is_pair = isinstance(entry, tuple | list) and len(entry) == 2
        if not is_pair or not isinstance(entry[0], str) or not is_extractor(entry[1]):
            named = " Names of networks go to backbones." if isinstance(entry, str) else ""
            raise ValueError(
                f"extractors holds {entry!r}; wanted pairs (name, {kind}), as make_extractors and "
                f"extractors_from_folder give them.{named}"
            )
