"""What a file says of networks that were registered, and of one that is another now."""

import pytest
import sealed_models
from encoder_parts import mean_colour, write_onnx

from fusionlearn import (
    BACKBONES,
    BackboneFeatureExtractor,
    ConcatFusion,
    load,
    register_backbone,
    save,
)
from fusionlearn.backbones import EncoderFile, EncoderFunction
from fusionlearn.cli import main
from fusionlearn.exceptions import PersistenceError
from fusionlearn.persistence import inspect

KERAS = {"weights": None, "input_size": 32}


def register(folder, *, seed=0, digest="v1"):
    """Register a file and a function, each as it is now."""
    for name in ("small", "colours"):
        BACKBONES._entries.pop(name, None)
    write_onnx(folder / "small.onnx", seed=seed)
    register_backbone("small", EncoderFile(folder / "small.onnx"))
    register_backbone("colours", EncoderFunction(mean_colour, digest=digest), input_size=16)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A model with both, the file under two poolings, and a network of Keras."""
    monkeypatch.setattr(BACKBONES, "_entries", dict(BACKBONES._entries))
    register(tmp_path)
    networks = [
        ("max", BackboneFeatureExtractor("small", pooling="max")),
        ("colours", BackboneFeatureExtractor("colours")),
        (
            "keras",
            BackboneFeatureExtractor("MobileNet", application_params={"alpha": 0.25}, **KERAS),
        ),
        ("avg", BackboneFeatureExtractor("small")),
    ]
    save(ConcatFusion(networks), tmp_path / "own.fusion")
    return tmp_path / "own.fusion"


def without_names(manifest):
    """As files of before were written."""
    for facts in manifest["networks"].values():
        del facts["name"]
        facts.pop("title", None)


def test_each_is_told_of_by_its_name(path, tmp_path, capsys):
    """And what it is, whole: no piece of JSON."""
    digests = [one["weights"][10:26] for one in inspect(path).networks if one["name"] == "small"]
    assert main(["inspect", str(path)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"small (ONNX file 'small.onnx', SHA-256 {digests[0]}...)" in shown
    assert "colours (function mean_colour, digest 'v1')" in shown
    assert "MobileNet (weights untrained-0-keras-" in shown
    assert "alpha=0.25)" in shown
    assert "{" not in shown.partition("saved with")[0]
    older = str(inspect(sealed_models.resealed(path, tmp_path / "older.fusion", without_names)))
    assert f"registered (file, SHA-256 {digests[0]}...)" in " ".join(older.split())
    assert "colours (function, digest 'v1')" in " ".join(older.split())


@pytest.mark.parametrize("is_older", [False, True])
def test_a_file_that_changed_is_compared_with_itself(is_older, path, tmp_path):
    """Not with another member, whatever their order; and those that are the same are not named."""
    if is_older:
        sealed_models.resealed(path, path, without_names)
    before = inspect(path).networks
    register(tmp_path, seed=1)
    with pytest.raises(PersistenceError, match="networks are not those") as caught:
        load(path)
    (was,) = {one["weights"][10:26] for one in before if "file" in one["weights"]}
    told = str(caught.value)
    assert told.count(f", was {was}...") == told.count("'small': the file's SHA-256 is ") == 2
    assert not [word for word in ("colours", "MobileNet", "pooling", "{") if word in told]
    assert "Register what it was made with" in told
    register(tmp_path)
    assert len(load(path).transformers) == 4


def test_a_function_of_another_version(path, tmp_path):
    register(tmp_path, digest="v2")
    with pytest.raises(PersistenceError, match=r"\('colours': digest is 'v2', was 'v1'\)"):
        load(path)


def test_a_network_that_the_file_does_not_tell_of(path, tmp_path):
    """It is not taken for another one."""

    def forget(manifest):
        manifest["networks"] = {
            key: facts for key, facts in manifest["networks"].items() if facts["name"] != "colours"
        }

    with pytest.raises(PersistenceError, match=r"'colours': the file does not tell of it"):
        load(sealed_models.resealed(path, tmp_path / "less.fusion", forget))
