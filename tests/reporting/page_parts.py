"""A small page with everything on it, and names that nobody should trust."""

import html.parser

import numpy as np
from composition_parts import phantoms, small_recipe
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import fusionlearn
from fusionlearn import BackboneFeatureExtractor, check_images

HOSTILE = "<script>alert(1)</script>"
SIGNS = "\"'&$x_{$ \u202e\x07"
# No file has that in its name; patients do.
PATIENT = "Mustermann"
VOID = {"meta", "link", "img", "br", "hr", "input"}


def hostile_files(folder):
    """Phantoms in files, with labels, patients and names that try to be more than text."""
    data = phantoms(48, 24, 2, 32)
    (folder / "scans").mkdir()
    paths = []
    for index, reference in enumerate(data.data):
        name = f"{index} {HOSTILE.replace('/', '∕')} {SIGNS}.png"
        if index % 2:
            name = f"{PATIENT}-{data.groups[index]} {index}.png"
        paths.append(str(folder / "scans" / name))
        Image.fromarray(reference.decode()).save(paths[-1])
    groups = np.array([f"{PATIENT}-{group}" for group in data.groups])
    labels = np.where(data.target == data.pos_label, HOSTILE, f"healthy {SIGNS}")
    return check_images(paths, groups), labels


def vote_of(network, store=None):
    """A vote of one network that is pooled in two ways."""
    networks = [
        (pooling, BackboneFeatureExtractor(network, pooling=pooling, store=store, engine="keras"))
        for pooling in ("avg", "max")
    ]
    return small_recipe("vote", networks=lambda _: networks, epochs=2, n_copies=0)


def write_page(folder, network, **settings):
    """Everything on one page, made of hostile names."""
    X, y = hostile_files(folder)
    model = vote_of(network, store=folder / "features.db")
    settings = {"cv": 2, "positive": HOSTILE, "contributions": True, **settings}
    return fusionlearn.report(model, X, y, path=folder / "page.html", **settings)


def _mean_pixel(X):
    return np.array([[reference.decode().mean()] for reference in check_images(X)])


def cheap():
    """A classifier of pictures without any network."""
    return make_pipeline(FunctionTransformer(_mean_pixel), LogisticRegression())


class Page(html.parser.HTMLParser):
    """Elements of a page in order, each with its attributes, and whether all were closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.faults, self.text = [], [], [], []
        self.feed(text)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag, attrs):
        if len({name for name, _ in attrs}) < len(attrs):
            self.faults.append(f"an attribute twice in {tag}")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def words(self):
        """All text, with single spaces."""
        return " ".join(" ".join(self.text).split())
