"""What a file says of itself, without being loaded."""

import sys

import composition_parts as parts
import sklearn
from sealed_models import Unknown
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fusionlearn
from fusionlearn import save
from fusionlearn.persistence import inspect


def test_what_is_in_a_model(tmp_path):
    ct = parts.phantoms()
    model = parts.small_recipe(epochs=2).fit(ct.data, ct.target)
    path = tmp_path / "model.fusion"
    save(model, path)
    content = inspect(path)
    assert content.n_bytes == path.stat().st_size
    assert content.classes == tuple(model.classes_)
    assert content.versions["fusionlearn"] == fusionlearn.__version__
    assert content.versions["scikit-learn"] == sklearn.__version__
    assert content.estimator.startswith("AugmentedClassifier(")
    assert "..." not in content.estimator  # as a repr leaves parts out
    assert [network["name"] for network in content.networks] == ["MobileNet", "MobileNetV2"]
    assert content.parameters["estimator.steps.1.1.epochs"] == 2
    assert content.untrusted == ()
    assert "fusionlearn.fusion._concat.ConcatFusion" in content.types
    text = str(content)
    assert f"classes: {', '.join(model.classes_)}" in text
    _, *lines = text.splitlines()
    assert "  AugmentedClassifier(" in lines
    assert max(map(len, lines)) <= 90
    assert content.digest in text
    assert inspect(path) == content


def test_types_of_ones_own_are_named_and_not_made(tmp_path):
    path = tmp_path / "model.fusion"
    save(make_pipeline(StandardScaler(), Unknown()), path)
    assert inspect(path).untrusted == (f"{Unknown.__module__}.Unknown",)
    assert "types that need your trust: sealed_models.Unknown" in str(inspect(path))


def test_the_room_is_light():
    """Asking for the name of a function loads neither skops nor TensorFlow."""
    import subprocess

    code = "import sys, fusionlearn; fusionlearn.save, fusionlearn.load; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"skops", "tensorflow", "keras"} & set(run.stdout.split())


def test_types_of_learned_attributes_are_told(tmp_path):
    path = tmp_path / "model.fusion"
    save(RandomForestClassifier(2, random_state=0).fit([[0.0], [1.0]], [0, 1]), path)
    content = inspect(path)
    assert "sklearn.tree._tree.Tree" in content.types
    assert set(content.untrusted) <= set(content.types)
    assert content.parameters["n_estimators"] == 2
    assert not [name for name in content.parameters if name.startswith("estimators_")]
