"""What a mistyped name may have meant."""

import difflib

__all__ = ["did_you_mean"]


def did_you_mean(name, names, n=1, cutoff=0.6):
    """Ask whether one of some names was meant, for the end of a sentence in a message.

    Parameters
    ----------
    name : object
        What was got.

    names : iterable of str
        What it may have been meant to be.

    n : int, default=1
        Names that are asked for at most.

    cutoff : float, default=0.6
        Likeness from which on a name is asked for, from 0 to 1.

    Returns
    -------
    hint : str
        A question with a space before it, or an empty string.
    """
    # The case of letters is what people mistype first.
    folded = {str(other).casefold(): str(other) for other in names}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=n, cutoff=cutoff)
    return f" Did you mean {' or '.join(repr(folded[other]) for other in close)}?" if close else ""
