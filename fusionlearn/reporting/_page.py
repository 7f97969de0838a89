"""From sections to one file that needs no other."""

import base64
import hashlib
import importlib.resources

import jinja2
from markupsafe import Markup

_TEMPLATES = importlib.resources.files("fusionlearn.reporting") / "templates"


def render(*, title, date, summary, sections, left_out, version):
    """Write the page.

    Parameters
    ----------
    title : str
        Heading.

    date : str
        When it was made.

    summary : Summary
        What comes first.

    sections : list of Section
        In order.

    left_out : list of LeftOut
        Sections that do not apply.

    version : str
        Of this library.

    Returns
    -------
    html : bytes
        HTML 5, UTF-8. Whatever comes from names, labels and messages is escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = _read("theme.js").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = environment.get_template("report.html").render(
        title=title,
        date=date,
        summary=summary,
        sections=sections,
        left_out=left_out,
        version=version,
        script=Markup(script),  # our own
        script_digest=digest,
        style=Markup(environment.get_template("style.css").render()),
    )
    return html.encode(errors="backslashreplace")


def _read(name):
    return (_TEMPLATES / name).read_text(encoding="utf-8")
