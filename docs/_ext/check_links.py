"""Check all links between built pages: ``python docs/_ext/check_links.py docs/_build/html``.

Sphinx sees dead references in the sources; this sees what readers get: links that the theme,
the gallery or raw HTML made, anchors within pages, pictures and scripts.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, path):
        super().__init__()
        self.anchors = {"", "top"}  # browsers know these in every page
        self.links = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note identifiers and whatever is fetched or led to."""
        attrs = dict(attrs)
        self.anchors |= {attrs[name] for name in ("id", "name") if attrs.get(name)}
        self.links += [(self.getpos()[0], attrs[n]) for n in ("href", "src") if attrs.get(n)]
        for candidate in (attrs.get("srcset") or "").split(","):
            if candidate.strip():
                self.links.append((self.getpos()[0], candidate.split()[0]))


def dead_links(root):
    """Find links that lead nowhere.

    Parameters
    ----------
    root : Path
        Folder with the built pages.

    Returns
    -------
    dead : list of str
        One line for each, with page and line.

    n_links : int
        Number of links that were looked at.
    """
    root = root.resolve()
    found = (path for path in sorted(root.rglob("*.html")) if path.parent.name != "_static")
    pages = {path: Page(path) for path in found}  # in _static are the theme's templates
    dead, n_links = [], 0
    for path, page in pages.items():
        for line, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            n_links += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            where = f"{path.relative_to(root)}:{line}: {link}"
            if not target.exists():
                dead.append(f"{where}: no such file")
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                dead.append(f"{where}: no such place in the page")
    return dead, n_links


def main():
    """Say by text and exit code which links are dead."""
    dead, n_links = dead_links(Path(sys.argv[1]))
    if not n_links:
        sys.exit(f"{sys.argv[1]} has no links: are these built pages?")
    if dead:
        sys.exit("\n".join([*dead, f"{len(dead)} of {n_links} links are dead."]))


if __name__ == "__main__":
    main()
