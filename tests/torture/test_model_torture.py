"""A model's file is loaded as it was written, or refused with a reason."""

import copy
import io
import json
import random
import sys
import zipfile

import numpy as np
import pytest
import sealed_models
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torture_tally import sizes

import fusionlearn
from fusionlearn import BackboneFeatureExtractor, load, save
from fusionlearn.exceptions import FusionlearnError
from fusionlearn.persistence._container import read_model

ROOTS = ("sklearn", "fusionlearn", "skops", "numpy", "scipy", "joblib", "threadpoolctl")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A fitted model, the rows that it predicts from, and its file's content."""
    path = tmp_path_factory.mktemp("saved") / "model.fusion"
    rows = np.random.default_rng(0).standard_normal((40, 6))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, np.arange(40) % 3)
    save(model, path)
    return model, rows, path.read_bytes()


def judge(tally, path, model, rows):
    tally.tried += 1
    try:
        loaded = load(path)
    except FusionlearnError as error:
        tally.survived += str(path) in str(error)
        tally.wrong += str(path) not in str(error)
        return
    same = np.array_equal(loaded.predict_proba(rows), model.predict_proba(rows))
    tally.survived += same
    tally.wrong += not same


@sizes(60, 2000)
def test_bit_flips(n, saved, tmp_path, tally):
    model, rows, content = saved
    counts = tally("models with one flipped bit")
    rng = np.random.default_rng(0)
    path = tmp_path / "model.fusion"
    for _ in range(n):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        judge(counts, path, model, rows)


@sizes(20, 2000)
def test_truncations(n, saved, tmp_path, tally):
    model, rows, content = saved
    counts = tally("models cut off")
    rng = np.random.default_rng(1)
    path = tmp_path / "model.fusion"
    for _ in range(n):
        path.write_bytes(content[: rng.integers(len(content))])
        judge(counts, path, model, rows)


@sizes(80, 5000)
def test_forgeries(n, tmp_path, tally):
    """Archives of which a part was changed, under a digest that fits.

    They may be other models: whoever writes a file decides what it predicts. But they are
    estimators or refused, and nothing is imported that belongs to nobody on the list.
    """
    counts = tally("models forged, with a digest that fits")
    path = tmp_path / "model.fusion"
    model = make_pipeline(
        BackboneFeatureExtractor("ResNet50", weights="imagenet"), StandardScaler()
    )
    model.steps[1][1].fit(np.eye(4))
    save(model, path)
    manifest, archive, _ = read_model(path)
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        parts = {name: members.read(name) for name in members.namelist()}
    schema = json.loads(parts.pop("schema.json"))
    dice = random.Random(0)
    known = set(sys.modules)
    for _ in range(n):
        forged = copy.deepcopy(schema)
        for _ in range(dice.choice((1, 1, 1, 2, 5))):
            forge(forged, dice)
        arrays = {name: scratch(data, dice) for name, data in parts.items()}
        archive = sealed_models.pack({**arrays, "schema.json": json.dumps(forged)})
        sealed_models.seal(path, archive, manifest)
        counts.tried += 1
        try:
            good = hasattr(load(path), "get_params")
        except FusionlearnError as error:
            good = bool(str(error))
        strange = {name for name in set(sys.modules) - known if not name.startswith(ROOTS)}
        counts.survived += good and not strange
        counts.wrong += not good or bool(strange)
    assert fusionlearn.load is load


NAMES = ("os", "subprocess", "builtins", "sklearn.pipeline", "numpy", "keras", "antigravity", "", 7)
CLASSES = ("system", "Popen", "eval", "Pipeline", "ndarray", "dict", "list", "str", "Lambda", None)


def forge(schema, dice):
    """Change something somewhere in a schema."""
    nodes = [schema]
    for node in nodes:
        parts = node.values() if isinstance(node, dict) else node
        nodes += [part for part in parts if isinstance(part, (dict, list)) and part]
    node = dice.choice(nodes)
    key = dice.choice(list(node)) if isinstance(node, dict) else dice.randrange(len(node))
    loaders = [loader for loader, _ in skops.io._audit.NODE_TYPE_MAPPING]
    match dice.randrange(7):
        case 0:
            del node[key]
        case 1:
            node[key] = copy.deepcopy(dice.choice(nodes))
        case 2:
            node[key] = dice.choice((None, 0, -1, 10**30, "", "x", [], {}, True, 1e308))
        case 3 if isinstance(node, dict):
            node["__module__"] = dice.choice(NAMES)
        case 4 if isinstance(node, dict):
            node["__class__"] = dice.choice(CLASSES)
        case 5 if isinstance(node, dict):
            node["__loader__"] = dice.choice(loaders)
        case 6 if isinstance(node, dict):
            node["__id__"] = dice.choice((1, 2, "x", None))


def scratch(data, dice):
    if dice.random() < 0.8:
        return data
    data = bytearray(data)
    data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)
