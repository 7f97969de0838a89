"""What makes scores of these data too good."""

from .._blocks import Section, Table, Text
from .._privacy import hide_patients


def audit_section(material):
    """List what an audit of pictures, labels and folds has found.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    audit = material.audit
    leaks = sum(finding.leaks for finding in audit.findings)
    if leaks:
        opening = f"Findings that make scores too good: {leaks}."
    elif audit.findings:
        opening = "Nothing was found that makes scores too good, but something worth knowing."
    else:
        opening = "Nothing was found that makes scores too good."
    opening += f" Looked for: {', '.join(audit.looked_for)}."
    if audit.findings:
        rows = tuple(
            (
                "leak" if finding.leaks else "note",
                finding.kind,
                finding_text(finding, material),
            )
            for finding in audit.findings
        )
        head = ("Weight", "Kind", "What was found")
        blocks = (Table("Findings; numbers are positions of pictures", head, rows, numeric=False),)
    else:
        blocks = (Text("There is no finding to list."),)
    return Section(
        "audit",
        "Audit of the data",
        opening,
        blocks,
        "An audit finds copies, torn patients and telling files. It does not find a patient who "
        "has two names, a label that is wrong everywhere, or a mark inside the pictures.",
    )


def finding_text(finding, material):
    """Say what was found, without naming patients who are not to be named.

    Parameters
    ----------
    finding : Finding
        What was found.

    material : Material
        Everything.

    Returns
    -------
    text : str
        One or a few sentences.
    """
    if material.options["show_patients"]:
        return finding.text
    return hide_patients(finding.text, material.groups)
