"""What an audit found in a data set."""

import html
from dataclasses import dataclass
from typing import NamedTuple

from ..exceptions import LeakageError


class Finding(NamedTuple):
    """One thing that an audit found.

    Parameters
    ----------
    kind : str
        "contradiction", "duplicates", "near duplicates", "patients", "order" or
        "shortcut".

    leaks : bool
        Whether scores would be too good because of it; otherwise it is worth knowing.

    text : str
        What was found, in a sentence.

    indices : tuple of tuple of int
        Positions of the pictures in X that it is about, those that belong together in
        one tuple; empty where it is about all of them.
    """

    kind: str
    leaks: bool
    text: str
    indices: tuple = ()


@dataclass(frozen=True)
class LeakageReport:
    """Findings of :func:`~fusionlearn.model_selection.audit_leakage`.

    Its text lists them, and a notebook shows them as a table.

    Parameters
    ----------
    n_samples : int
        Number of pictures that were looked at.

    findings : tuple of Finding
        What was found; leaks come first.

    looked_for : tuple of str
        What was looked for.

    Examples
    --------
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.model_selection import audit_leakage
    >>> ct = make_ct_phantoms(60, n_patients=60, image_size=48)
    >>> report = audit_leakage(ct.data, ct.target)
    >>> report.is_leaking
    False
    """

    n_samples: int
    findings: tuple
    looked_for: tuple

    @property
    def is_leaking(self):
        """Whether a finding makes scores too good."""
        return any(finding.leaks for finding in self.findings)

    def raise_if_leaking(self):
        """Stop a program whose scores would be too good.

        Returns
        -------
        self : LeakageReport
            The report, if nothing leaks.

        Raises
        ------
        LeakageError
            If a finding makes scores too good; the message has all of those.
        """
        leaks = [finding.text for finding in self.findings if finding.leaks]
        if leaks:
            raise LeakageError("\n".join(leaks))
        return self

    def __str__(self):
        lines = [f"{self.n_samples:,} pictures, looked at for {', '.join(self.looked_for)}"]
        lines += [f"{_weight(finding)}: {finding.text}" for finding in self.findings]
        return "\n".join(lines if self.findings else [*lines, "Nothing was found."])

    __repr__ = __str__

    def _repr_html_(self):
        head, *_ = str(self).splitlines()
        rows = "".join(
            f"<tr><td>{_weight(finding)}</td><td>{finding.kind}</td>"
            f"<td style='text-align: left'>{html.escape(finding.text)}</td></tr>"
            for finding in self.findings
        )
        table = (
            f"<table><tr><th></th><th>kind</th><th>what was found</th></tr>{rows}</table>"
            if rows
            else "<p>Nothing was found.</p>"
        )
        return f"<p>{html.escape(head)}</p>{table}"


def _weight(finding):
    return "LEAK" if finding.leaks else "note"
