"""What is loaded, and what is not."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from composition_parts import phantoms, small_recipe

from fusionlearn import FineTuneClassifier

HEAVY = ["tensorflow", "keras", "matplotlib", "pandas"]


def loaded_by(program, *arguments):
    """Heavy packages that a program in a new process loads, and the lines that it prints.

    scikit-learn loads pandas itself where it is installed, which nobody can prevent.
    """
    ending = (
        "import json, sys\n"
        f"heavy = {{m for m in {HEAVY} if m in sys.modules}}\n"
        "if 'sklearn' in sys.modules: heavy.discard('pandas')\n"
        "print(json.dumps(sorted(heavy)))"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{program}\n{ending}", *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    *output, loaded = result.stdout.splitlines()
    return json.loads(loaded), output


PROGRAMS = {
    "import": "import fusionlearn, sys; assert 'sklearn' not in sys.modules",
    "names": "from fusionlearn import *",
    "pictures": (
        "import numpy as np\n"
        "from fusionlearn import check_images, get_groups\n"
        "X = check_images(np.zeros((2, 8, 8), np.uint8)); get_groups(X); X[0].decode(); repr(X)"
    ),
    "phantoms": (
        "from fusionlearn.datasets import make_ct_phantoms\n"
        "from fusionlearn.model_selection import StratifiedImageGroupKFold\n"
        "data = make_ct_phantoms(8, n_patients=4, image_size=32)\n"
        "list(StratifiedImageGroupKFold(2).split(data.data, data.target))"
    ),
    "estimators": (
        "from sklearn.base import clone\n"
        "from fusionlearn.presets import covid_ct\n"
        "for fusion in ('concat', 'vote'):\n"
        "    model = clone(covid_ct(fusion=fusion))\n"
        "    repr(model); model._repr_html_(); dir(model)\n"
        "    model.get_params(); model.__sklearn_tags__()"
    ),
    "store": "from fusionlearn import FeatureStore; FeatureStore('features.db').stats()",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_heavy_is_loaded_before_it_is_needed(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert loaded_by(PROGRAMS[name]) == ([], [])


def test_a_trained_head_predicts_without_keras(rng, tmp_path):
    """Also its clone, representation and HTML, in a process that never loads TensorFlow."""
    X = rng.normal(size=(30, 4)).astype(np.float32)
    y = np.where(X[:, 0] > 0, "ill", "well")
    model = FineTuneClassifier(epochs=3, hidden_units=(5,), random_state=0).fit(X, y)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((model, X)))
    program = (
        "import pickle, sys\n"
        "from sklearn.base import clone\n"
        "with open(sys.argv[1], 'rb') as file: model, X = pickle.load(file)\n"
        "clone(model); repr(model); model._repr_html_(); dir(model)\n"
        "model.score(X, model.predict(X))\n"
        "print(model.predict_proba(X).tolist())"
    )
    loaded, output = loaded_by(program, tmp_path / "model.pickle")
    assert loaded == []
    np.testing.assert_array_equal(json.loads(output[-1]), model.predict_proba(X))


def test_stored_features_are_predicted_from_without_tensorflow(tmp_path):
    """In a new process, a fitted recipe whose features lie in a file loads no network."""
    data = phantoms()
    model = small_recipe(store=str(tmp_path / "features.db")).fit(data.data, data.target)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((model, data.data)))
    program = (
        "import pickle, sys\n"
        "with open(sys.argv[1], 'rb') as file: model, X = pickle.load(file)\n"
        "print(model.predict_proba(X).tolist())"
    )
    loaded, output = loaded_by(program, tmp_path / "model.pickle")
    assert loaded == []
    np.testing.assert_array_equal(json.loads(output[-1]), model.predict_proba(data.data))
