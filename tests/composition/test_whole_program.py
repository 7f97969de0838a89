"""The program that the library is for."""

import numpy as np
import pytest
from composition_parts import phantoms
from PIL import Image
from threadpoolctl import threadpool_info

from fusionlearn._compat import import_keras

PROGRAM = """
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from fusionlearn import AugmentedClassifier, ConcatFusion, FineTuneClassifier, ImageAugmenter
from fusionlearn import make_extractors
from fusionlearn.datasets import load_image_folder
from fusionlearn.model_selection import StratifiedImageGroupKFold

ct = load_image_folder("scans/")
networks = make_extractors({names}, "ResNet50", store="features.db"{untrained})
model = AugmentedClassifier(
    Pipeline([("features", ConcatFusion(networks)), ("classifier", FineTuneClassifier())]),
    ImageAugmenter(n_copies=4),
)
grid = {{
    "estimator__classifier__dropout": [0.3, 0.5, 0.7],
    "estimator__features__ResNet50": ["drop", dict(networks)["ResNet50"]],
}}
search = GridSearchCV(model, grid, cv=StratifiedImageGroupKFold(5))
search.fit(ct.data, ct.target)
"""
N_PICTURES = 24


@pytest.fixture(scope="module", autouse=True)
def keras():
    """Loaded before the state of the process is looked at, so that all of it is compared."""
    return import_keras()


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A folder per class, in the current directory."""
    data = phantoms(N_PICTURES, N_PICTURES, size=80)
    for number, (picture, label) in enumerate(zip(data.data, data.target, strict=True)):
        folder = tmp_path / "scans" / label
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.decode()).save(folder / f"{number:03d}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def thread_counts():
    import tensorflow as tf

    threading = tf.config.threading
    return (
        threading.get_intra_op_parallelism_threads(),
        threading.get_inter_op_parallelism_threads(),
        [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()],
    )


@pytest.mark.parametrize(
    "others",
    [
        ("MobileNet", "MobileNetV2"),
        pytest.param(("InceptionV3", "DenseNet121"), marks=pytest.mark.slow),
    ],
)
def test_the_whole_program_runs_as_printed(others, scans):
    """From a folder of pictures to a searched model, each picture once through each network."""
    before = thread_counts()
    names = {}
    names_of_networks = ", ".join(f'"{name}"' for name in others)
    program = PROGRAM.format(names=names_of_networks, untrained=", weights=None, input_size=75")
    exec(program, names)
    search, store = names["search"], dict(names["networks"])["ResNet50"].job().store
    assert set(search.cv_results_["params"][0]) == set(search.param_grid)
    assert len(search.cv_results_["params"]) == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    predicted = search.predict(names["ct"].data)
    assert set(predicted) <= {"healthy", "ground-glass"}
    np.testing.assert_array_equal(
        search.classes_[search.predict_proba(names["ct"].data).argmax(axis=1)], predicted
    )
    assert store.stats()["computed"] == N_PICTURES * (1 + 4) * 3
    assert (scans / "features.db").exists()
    assert thread_counts() == before
