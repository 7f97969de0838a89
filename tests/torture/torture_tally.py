"""Counts of what was tried on something, and of what came of it."""

from dataclasses import asdict, dataclass

import pytest


def sizes(short, long):
    """Run a test on ``n`` cases: a few in each run of the suite, many under ``make torture``."""
    many = pytest.param(long, id="torture", marks=pytest.mark.torture)
    return pytest.mark.parametrize("n", [pytest.param(short, id="short"), many])


@dataclass
class Tally:
    """Counts of one test.

    Attributes
    ----------
    what : str
        What was done, in a few words, such as "writers killed".

    tried : int
        Number of cases.

    survived : int
        Cases that ended as they should: right results, or a refusal of our own with a reason.

    wrong : int
        Cases with a wrong result, a foreign exception or the death of a process.

    lost : int
        Things that were there before and are gone although nothing touched them.
    """

    what: str
    tried: int = 0
    survived: int = 0
    wrong: int = 0
    lost: int = 0

    def settle(self):
        """Fail if a case is missing, wrong or lost."""
        assert self.tried > 0, f"{self.what}: nothing was tried"
        assert (self.survived, self.wrong, self.lost) == (self.tried, 0, 0), asdict(self)
