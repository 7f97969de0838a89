"""What every test is held to, and what many of them need."""

import io
import os
import random
import sys
import warnings

import numpy as np
import pytest

import fusionlearn


def _snapshot():
    """State of the process that belongs to the user."""
    from PIL import Image

    state = {
        "random's generator": random.getstate(),
        "NumPy's generator": repr(np.random.get_state()),  # noqa: NPY002
        "Pillow's limit": Image.MAX_IMAGE_PIXELS,
        "fusionlearn's settings": fusionlearn.get_config(),
        "the environment": {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        "the warnings filters": list(warnings.filters),
    }
    # Some libraries set environment variables, add filters or draw numbers when they are first
    # imported; nobody can take that back.
    meddlers = ("sklearn", "rich", "sphinx", "dask", "distributed", "zarr", "onnxruntime")
    meddlers += ("keras", "tensorflow", "jax", "torch")
    state["imported"] = [name for name in meddlers if name in sys.modules]
    if "keras" in sys.modules:
        config = sys.modules["keras"].config
        state["Keras' dtype policy"] = config.dtype_policy().name
        state["Keras' order of axes"] = config.image_data_format()
        state["Keras' float type"] = config.floatx()
    return state


def pytest_collection_modifyitems(config, items):
    """Leave out what asks for TensorFlow by name where Keras runs on something else."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        return
    left_out = [item for item in items if item.get_closest_marker("on_tensorflow")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", autouse=True)
def own_cache_folder(tmp_path_factory):
    """Keep converted networks of the tests out of the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSIONLEARN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def nothing_global_is_left_behind(request):
    """Fail the test that leaves the user's process in another state.

    A test whose own tools (scikit-learn's checks, Keras used plainly, an estimator without a
    seed) draw from global generators says so by the marker ``draws_globally``.
    """
    before = _snapshot()
    yield
    after = _snapshot()
    if request.node.get_closest_marker("draws_globally"):
        for name in ("random's generator", "NumPy's generator"):
            after[name] = before[name]
    if before.pop("imported") != after.pop("imported"):
        generators = ("random's generator", "NumPy's generator")
        for name in ("the environment", "the warnings filters", *generators):
            before[name] = after[name]
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"the test changed {', '.join(changed)}"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def pictures(rng):
    """Six small pictures that differ from each other."""
    return rng.integers(0, 256, (6, 40, 36, 3), dtype=np.uint8)


@pytest.fixture
def encode():
    """Encode pixels or a Pillow image into the bytes of a file."""
    from PIL import Image

    def encode(picture, format="PNG", **options):
        if isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture)
        buffer = io.BytesIO()
        picture.save(buffer, format, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture(scope="session")
def tiny():
    """A registered network with five features that costs nothing."""
    import tiny_network

    return fusionlearn.register_backbone("tiny", tiny_network.build, input_size=tiny_network.SIDE)
