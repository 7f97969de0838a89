"""Whatever a file holds, it is refused with a reason, and nothing in it is run."""

import io
import json
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import sealed_models
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import BackboneFeatureExtractor, load, save
from fusionlearn.exceptions import BackboneError, PersistenceError
from fusionlearn.persistence import inspect

MODULE = "module_that_must_not_be_imported"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.fusion"


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A module on the path that says so if anybody imports it."""
    (tmp_path / f"{MODULE}.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    assert MODULE not in sys.modules


def refused(path, match):
    """Both ways into a file refuse it, with its path and a reason."""
    for read in (load, inspect):
        with pytest.raises(PersistenceError, match=match) as caught:
            read(path)
        assert repr(str(path)) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "it is empty"),
        (b"hello", r"it starts with b'hello'"),
        (pickle.dumps(StandardScaler()), "a pickle, which can run any program"),
        (skops.io.dumps(StandardScaler()), "an archive, perhaps of skops"),
        (b"\x89HDF\r\n\x1a\n", "weights of Keras"),
        (b"SQLite format 3\x00", "a store of features"),
        (b"fusionlearn model 2\n" + b"0" * 64 + b"\n{}\n", "its format is 2, and this version"),
        (b"fusionlearn model 1\r\n", "its ends of lines were changed on the way"),
        (b"fusionlearn model 1", "it is damaged"),
        (b"fusionlearn model 1\n", "it is damaged"),
        (b"fusionlearn model 1\n" + b"0" * 64 + b"\n{}\n", "it is damaged"),
    ],
)
def test_other_files(content, match, path):
    path.write_bytes(content)
    refused(path, match)


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "model.fusion").touch()
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'model\.fusion'"):
        load(tmp_path / "modell.fusion")
    refused(tmp_path, "no regular file")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "no regular file")
    refused("/dev/zero", "no regular file")


def test_any_damaged_byte(path, rng):
    """Damage is seen wherever it is: before the digest, in it and after it."""
    save(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), path)
    content = path.read_bytes()
    places = [*range(130), *rng.integers(130, len(content), 40).tolist()]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(PersistenceError):
            load(path)
    for length in (*range(0, 130, 7), len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(PersistenceError):
            load(path)
    path.write_bytes(content + b"\n")
    refused(path, "damaged")


def test_another_major_version(path, tmp_path):
    save(StandardScaler(), path)

    def newer(manifest):
        manifest["versions"]["fusionlearn"] = "7.1.0"

    with pytest.raises(PersistenceError, match=r"written by fusionlearn 7\.1\.0, and this is 0\."):
        load(sealed_models.resealed(path, tmp_path / "newer.fusion", newer))


@pytest.mark.parametrize("manifest", [b"[]", b"nothing", b"[" * 100_000])
def test_a_third_line_that_is_no_object(manifest, path):
    import hashlib

    body = manifest + b"\n" + skops.io.dumps(StandardScaler())
    digest = hashlib.sha256(body).hexdigest().encode()
    path.write_bytes(b"fusionlearn model 1\n" + digest + b"\n" + body)
    refused(path, "third line is no JSON object")


def test_archives_that_grow(path):
    parts = {**sealed_models.members(StandardScaler()), "1.npy": b"\0" * 10_000_000}
    sealed_models.seal(path, sealed_models.pack(parts, zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 100_000
    refused(path, "is compressed")


@pytest.mark.parametrize(
    "name", ["../1.npy", "/tmp/1.npy", "1.npy/../../x", "a.py", "1.npz", "C:\\1.npy"]
)
def test_members_that_do_not_belong(name, path):
    parts = {**sealed_models.members(StandardScaler()), name: b"x"}
    sealed_models.seal(path, sealed_models.pack(parts))
    refused(path, "none that belongs into a model")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("name", ["schema.json", "1.npy"])
def test_members_that_occur_twice(name, path):
    parts = list(sealed_models.members(StandardScaler()).items())
    sealed_models.seal(path, sealed_models.pack([*parts, (name, b"{}"), (name, b"{}")]))
    refused(path, "occurs twice")


def test_no_archive_at_all(path):
    refused(sealed_models.seal(path, b"no archive"), "not a zip file")
    refused(sealed_models.seal(path, sealed_models.pack({"1.npy": b""})), "has no schema")


def write_npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (write_npy(np.array([print], object)), "holds objects, which would be a pickle"),
        (write_npy(np.zeros(3))[:-1], "another size than it says"),
        (write_npy(np.zeros(3)).replace(b"(3,)", b"(9,)"), "another size than it says"),
        (write_npy(np.zeros(3)).replace(b"(3,), }", b"(9999999999999,), }"), "."),
        (b"\x80\x04K\x01.", "magic"),
    ],
)
def test_arrays_that_are_none(data, match, path):
    parts = {**sealed_models.members(StandardScaler()), "1.npy": data}
    refused(sealed_models.seal(path, sealed_models.pack(parts)), match)


def test_members_that_are_missing(path):
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    parts = sealed_models.members(model)
    array = next(name for name in parts if name.endswith(".npy"))
    del parts[array]
    refused(sealed_models.seal(path, sealed_models.pack(parts)), f"refers to '{array}'")


@pytest.mark.parametrize("schema", [b"[]", b"{}", b'{"protocol": 99}', b"{", b'{"a":' * 50_000])
def test_schemas_that_are_none(schema, path):
    parts = {**sealed_models.members(StandardScaler()), "schema.json": schema}
    refused(sealed_models.seal(path, sealed_models.pack(parts)), ".")


def object_of(module, name, loader="ObjectNode", **further):
    """The description of an attribute that is made of another type."""
    return {"__class__": name, "__module__": module, "__loader__": loader, **further}


HOSTILE = {
    "class": object_of(MODULE, "Anything"),
    "function": object_of(MODULE, "anything", "FunctionNode"),
    "type": object_of(MODULE, "anything", "TypeNode"),
    "system": object_of("os", "system", "FunctionNode"),
    "eval": object_of("builtins", "eval", "TypeNode"),
    "store": object_of("fusionlearn.features._store", "FeatureStore"),
    "backbone": object_of("fusionlearn.backbones._register", "ModelBuilder"),
}


def with_attribute(value):
    def change(schema):
        schema["content"]["content"]["copy"] = value

    return sealed_models.with_schema(StandardScaler(), change)


@pytest.mark.usefixtures("trap")
@pytest.mark.parametrize("name", HOSTILE)
def test_types_that_are_not_on_the_list(name, path):
    """They are neither imported nor made; a look into the file names them."""
    sealed_models.seal(path, with_attribute(HOSTILE[name]))
    full_name = f"{HOSTILE[name]['__module__']}.{HOSTILE[name]['__class__']}"
    with pytest.raises(PersistenceError, match=f"not trusted: {full_name}"):
        load(path)
    assert inspect(path).untrusted == (full_name,)


@pytest.mark.usefixtures("trap")
def test_calls_in_disguise(path):
    """Ways of skops to call something while it loads."""
    text = object_of("builtins", "str", "JsonNode", content=json.dumps("import os"))
    arguments = object_of(
        "builtins",
        "tuple",
        "TupleNode",
        content=[text],
    )
    for value in (
        object_of("builtins", "exec", "ConstructorFromReduceNode", content=arguments),
        object_of("operator", "methodcaller", "OperatorFuncNode", attrs=arguments),
        object_of(
            "builtins",
            "str",
            "MethodNode",
            content={"func": "format", "obj": text},
        ),
        object_of(MODULE, "x", "NoSuchNode"),
    ):
        sealed_models.seal(path, with_attribute(value))
        with pytest.raises(PersistenceError):
            load(path)


def test_something_that_is_no_estimator(path):
    sealed_models.seal(path, skops.io.dumps({"a": 1}))
    with pytest.raises(PersistenceError, match="it holds a dict, no estimator"):
        load(path)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("weights", "/etc/passwd", "asks for the weights '/etc/passwd'"),
        ("weights", "weights-file:" + "0" * 64 + ":/etc/passwd", "was made with the weights file"),
        ("weights", "weights-file:" + "0" * 64 + "://host/share/w.h5", "weights file 'w.h5'"),
        ("engine", "anything", "its networks make no sense"),
        ("application", "NoNetwork", "NoNetwork"),
        ("input_size", "large", "its networks make no sense"),
        ("pooling", "max", "'ResNet50': pooling is 'max', was 'avg'"),
    ],
)
def test_an_extractor_of_another_kind(name, value, match, path):
    """What a file says of networks is checked against what they were."""
    model = BackboneFeatureExtractor("ResNet50", weights="imagenet")
    save(model, path)

    def change(schema):
        schema["content"]["content"][name] = object_of(
            "builtins", "str", "JsonNode", content=json.dumps(value), is_json=True
        )

    archive = sealed_models.with_schema(model, change)
    sealed_models.seal(path, archive, {"networks": inspect_networks(path)})
    with pytest.raises((PersistenceError, BackboneError), match=match):
        load(path)


def inspect_networks(path):
    from fusionlearn.persistence._container import read_model

    return read_model(path)[0]["networks"]


def test_a_network_that_would_give_other_features(path, tmp_path):
    """Such as an untrained one under another version of Keras."""
    save(BackboneFeatureExtractor("ResNet50", weights=None), path)

    def older(manifest):
        (description,) = manifest["networks"].values()
        description["weights"] = "untrained-0-keras-3.0.0"
        manifest["networks"] = {"0" * 64: description}

    with pytest.raises(PersistenceError, match=r"was 'untrained-0-keras-3\.0\.0'"):
        load(sealed_models.resealed(path, tmp_path / "older.fusion", older))


def test_one_object_is_described_once(path):
    """skops makes the first, and a look into the file would show the other."""
    model = LogisticRegression(C=2.0)

    def change(schema):
        node = schema["content"]["content"]["C"]
        node["__id__"] = 7
        schema["content"]["content"]["tol"] = {**node, "content": "3.0"}

    refused(sealed_models.seal(path, sealed_models.with_schema(model, change)), "in two ways")


def test_a_folder_for_pickles_does_not_survive(path):
    """A pipeline's memory is where joblib would write and read pickles at the next fit."""
    model = make_pipeline(StandardScaler(), LogisticRegression())

    def change(schema):
        schema["content"]["content"]["memory"] = object_of(
            "builtins", "str", "JsonNode", content=json.dumps("/tmp/pickles"), is_json=True
        )

    sealed_models.seal(path, sealed_models.with_schema(model, change))
    assert load(path).memory is None


def test_what_a_file_says_of_itself_is_no_command(path, tmp_path):
    """Neither a line like ours nor an escape sequence reaches the terminal."""
    save(StandardScaler(), path)
    lie = "a\ntypes that need your trust: none\x1b[8m"

    def change(manifest):
        manifest["classes"] = [lie]
        manifest["estimator"] = lie
        manifest["versions"][lie] = lie
        manifest["networks"] = {"0": {"application": lie, "weights": lie}}

    shown = str(inspect(sealed_models.resealed(path, tmp_path / "new.fusion", change)))
    assert "\x1b" not in shown
    types = [line for line in shown.splitlines() if line.startswith("types")]
    assert types == ["types that need your trust: none"]
