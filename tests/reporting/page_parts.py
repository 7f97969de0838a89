"""A small page with everything on it, and names that nobody should trust."""

import dataclasses
import html.parser

import numpy as np
from composition_parts import phantoms, small_recipe
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import fusionlearn
from fusionlearn import BackboneFeatureExtractor, check_images
from fusionlearn.model_selection import Evaluation, LeakageReport
from fusionlearn.reporting._material import Material
from fusionlearn.reporting._privacy import picture_names

HOSTILE = "<script>alert(1)</script>"
SIGNS = "\"'&$x_{$ \u202e\x07"
# No file has that in its name; patients do.
PATIENT = "Mustermann"
# What a page says of patients, and in its place where nobody said who they are.
SAID_OF_PATIENTS = {
    "pictures of patients whom it has not seen": "pictures that it has not seen",
    "had not seen the patient": "had not seen the picture",
    "of patients whom no member has seen": "that no member has seen",
    "cross-validated by patient with": "cross-validated by picture with",
    "95 % intervals over patients": "95 % intervals over pictures",
    "drawing patients anew": "drawing pictures anew",
    "which patients happened to be here": "which pictures happened to be here",
    "resamples of the patients": "resamples of the pictures",
}
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


def material_of(n_classes=2, n_each=20, *, known=True, per_patient=2, prefix="c", **changes):
    """What a page is made of, with predictions by dice."""
    rng = np.random.default_rng(0)
    y = np.array([f"{prefix}{number:03d}" for number in range(n_classes)]).repeat(n_each)
    pictures = rng.integers(0, 256, (len(y), 8, 8), dtype=np.uint8)
    groups = np.arange(len(y)) // per_patient
    proba = rng.dirichlet(np.ones(n_classes), len(y))
    labels = np.unique(y)
    alone = Evaluation(y, proba[:, ::-1], labels, labels[-1], groups, patients_known=known)
    judged = dataclasses.replace(alone, y_proba=proba, shortcut=alone)
    references = check_images(pictures, groups if known else None)
    options = {"explanations": 0, "show_pictures": True, "show_patients": False}
    everything = {
        "estimator": cheap(),
        "references": references,
        "y": y,
        "groups": groups,
        "known": known,
        "names": picture_names(references, groups, known, show_patients=False),
        "evaluation": judged,
        "audit": LeakageReport(len(y), (), ("duplicates",)),
        "n_folds": 5,
        "model": cheap(),
        "train": np.arange(4, len(y)),
        "test": np.arange(4),
        "fit_seconds": 1.0,
        "rows": (0, 0),
        "options": {**options, **changes.pop("options", {})},
    }
    return Material(**{**everything, **changes})


def texts(section):
    """All words of a section."""
    return str(section)


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
