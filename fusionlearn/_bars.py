"""Bars for whoever waits: on stderr in a terminal, as widgets in a notebook."""

import sys
from importlib.util import find_spec

# Parts of a unit are counted where one is worked on by several networks, and not shown.
_FORMAT = (
    "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total_fmt} "
    "[{elapsed}<{remaining}, {rate_noinv_fmt}{postfix}]"
)


class _NoBar:
    """Stand-in where nobody wants to see a bar."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def update(self, n=1):
        pass

    def set_postfix(self, ordered_dict, refresh=True):
        pass

    def set_postfix_str(self, s, refresh=True):
        pass


def progress_bar(description, total, *, unit, verbose):
    """Make a bar; every bar of the library is made here.

    Parameters
    ----------
    description : str
        What is done, before the bar.

    total : int
        Units of work.

    unit : str
        Name of a unit, in the plural.

    verbose : bool or int
        Whether there is a bar. Without one nothing is loaded or written.

    Returns
    -------
    bar : context manager
        ``update(n)`` moves it; ``set_postfix(numbers)`` and ``set_postfix_str(text)`` say
        more behind it.
    """
    if not verbose or sys.stderr is None:  # there is none under pythonw
        return _NoBar()
    # In a notebook without widgets tqdm.auto would warn, and draw a bar of text all the same.
    if find_spec("ipywidgets") is None:
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    return tqdm(total=total, desc=description, unit=f" {unit}", bar_format=_FORMAT)
