"""Where words, results and progress go."""

import json
import math
import sys


class Console:
    """What a command says.

    Results are on standard output, remarks and warnings on standard error. Where a
    document is asked for, it alone is on standard output, and everything else beside it.

    Parameters
    ----------
    json : bool, default=False
        Whether a JSON document is wanted.

    quiet : bool, default=False
        Whether remarks and progress are left out.

    verbose : bool, default=False
        Whether details are told.
    """

    def __init__(self, *, json=False, quiet=False, verbose=False):
        self.json = bool(json)
        self.quiet = bool(quiet)
        self.verbose = bool(verbose)
        # As they are now: what libraries print is kept off them while a command runs.
        self.out, self.err = sys.stdout, sys.stderr

    @property
    def progress(self):
        """Whether bars are drawn: for somebody who looks at a terminal."""
        return not self.quiet and self.err.isatty()

    def say(self, text):
        """Tell a result in words.

        Parameters
        ----------
        text : str
            The words.
        """
        if self.json:
            self.note(text)
        else:
            print(text, file=self.out, flush=True)

    def note(self, text):
        """Make a remark that is no result.

        Parameters
        ----------
        text : str
            The words.
        """
        if not self.quiet:
            print(text, file=self.err, flush=True)

    def detail(self, text):
        """Make a remark for those who want to know more.

        Parameters
        ----------
        text : str
            The words.
        """
        if self.verbose:
            print(text, file=self.err, flush=True)

    def warn(self, text):
        """Tell what must not be overlooked.

        Parameters
        ----------
        text : str
            The words.
        """
        print(f"warning: {text}", file=self.err, flush=True)

    def give(self, document):
        """Print the document, where one is wanted.

        Parameters
        ----------
        document : dict or list
            What JSON can hold; a number that is none becomes null.
        """
        if self.json:
            text = json.dumps(_without_nan(document), ensure_ascii=False, allow_nan=False)
            # Names of files may be no text; JSON has an escape for what they hold.
            print(text.encode("utf-8", "backslashreplace").decode(), file=self.out, flush=True)


def _without_nan(value):
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
