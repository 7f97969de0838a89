"""Files that nobody but an attacker writes, and an estimator that nobody else knows."""

import io
import json
import zipfile

import numpy as np
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin

from fusionlearn.persistence._container import read_model, write_model


def seal(path, archive, manifest=None):
    """Write an archive as a model whose digest is right."""
    write_model(path, {"versions": {"fusionlearn": "0.0"}, **(manifest or {})}, archive)
    return path


def members(estimator):
    """What skops would write, as a dict of members."""
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members, compression=zipfile.ZIP_STORED):
    """Make an archive of (name, content) pairs or a dict."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, content)
    return buffer.getvalue()


def with_schema(estimator, change):
    """Make an archive whose schema was changed in place by a function."""
    parts = members(estimator)
    schema = json.loads(parts["schema.json"])
    change(schema)
    return pack({**parts, "schema.json": json.dumps(schema)})


def resealed(path, new, change):
    """Write a model anew with its manifest changed in place by a function."""
    manifest, archive, _ = read_model(path)
    change(manifest)
    write_model(new, manifest, archive)
    return new


class Unknown(ClassifierMixin, BaseEstimator):
    """An estimator of a user's own."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self
