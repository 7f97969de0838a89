"""Where weights come from: nowhere, a file, or Keras' download."""

import functools
import http.server
import random
import threading

import keras
import numpy as np
import pytest
import tiny_network

from fusionlearn import BackboneFeatureExtractor, FeatureStore
from fusionlearn.backbones import resolve_network
from fusionlearn.backbones._keras_engine import KerasEngine
from fusionlearn.backbones._register import build_registered
from fusionlearn.exceptions import BackboneError, BackboneWeightsError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras")

ALPHA = {"alpha": 0.25}


@pytest.fixture
def batch(rng):
    return rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def compute(batch, **params):
    """By an engine of its own, built anew."""
    params = {"weights": None, "application_params": ALPHA, "input_size": 32, **params}
    return KerasEngine(resolve_network("MobileNet", **params)).compute(batch)


def by_keras(model, batch):
    pixels = keras.applications.mobilenet.preprocess_input(batch.astype(np.float32))
    return model.predict_on_batch(pixels).mean(axis=(1, 2))


def test_untrained_weights_are_what_keras_draws_from_the_seed(batch):
    for seed in (0, 5):
        expected = by_keras(tiny_network.mobilenet(seed), batch)
        np.testing.assert_allclose(compute(batch, random_state=seed), expected, rtol=1e-5)
    assert not np.array_equal(compute(batch, random_state=5), compute(batch, random_state=6))


@pytest.mark.usefixtures("restored_seeds")
def test_untrained_weights_do_not_depend_on_what_was_built_before(batch):
    expected = compute(batch)
    tiny_network.build()
    random.seed(99)
    keras.utils.set_random_seed(99)
    np.testing.assert_array_equal(compute(batch), expected)


def test_what_other_threads_draw_changes_no_weights():
    """Dask's threads draw from Python's generator while a worker builds."""

    def disturbed():
        for act in (random.random, lambda: random.seed(7)):
            thread = threading.Thread(target=act)
            thread.start()
            thread.join()
        return tiny_network.build()

    _, expected = build_registered(tiny_network.build)
    assert build_registered(disturbed)[1] == expected


@pytest.fixture
def restored_seeds():
    """For tests in which the user seeds the whole process."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("setting", "value"),
    [("dtype_policy", "mixed_float16"), ("image_data_format", "channels_first")],
)
def test_global_settings_of_keras_do_not_matter(batch, setting, value):
    expected = compute(batch)
    before = getattr(keras.config, setting)()
    getattr(keras.config, f"set_{setting}")(value)
    try:
        result = compute(batch)
        during = getattr(keras.config, setting)()
    finally:
        getattr(keras.config, f"set_{setting}")(before)
    np.testing.assert_array_equal(result, expected)
    assert getattr(during, "name", during) == value


@pytest.mark.parametrize("name", ["a.weights.h5", "whole model.h5", "whole model.keras"])
def test_weights_of_a_file(batch, tmp_path, name):
    model = tiny_network.mobilenet(seed=3)
    (model.save_weights if "weights" in name else model.save)(tmp_path / name)
    result = compute(batch, weights=str(tmp_path / name))
    np.testing.assert_allclose(result, by_keras(model, batch), rtol=1e-5)


def test_random_state_has_no_meaning_beside_a_file(batch, tmp_path):
    tiny_network.mobilenet(seed=3).save_weights(tmp_path / "a.weights.h5")
    one, other = (
        compute(batch, weights=tmp_path / "a.weights.h5", random_state=seed) for seed in (0, 1)
    )
    np.testing.assert_array_equal(one, other)


def test_a_file_for_another_network(batch, tmp_path):
    tiny_network.mobilenet().save_weights(tmp_path / "quarter.weights.h5")
    with pytest.raises(
        BackboneWeightsError, match=r"(?s)quarter.*does not fit.*alpha=0.5"
    ) as caught:
        compute(batch, weights=tmp_path / "quarter.weights.h5", application_params={"alpha": 0.5})
    assert isinstance(caught.value, OSError)
    assert "application_params" in str(caught.value)


def test_a_file_that_is_no_weights(batch, tmp_path):
    (tmp_path / "text.weights.h5").write_text("no weights at all")
    with pytest.raises(BackboneWeightsError, match="does not fit MobileNet"):
        compute(batch, weights=tmp_path / "text.weights.h5")


def test_a_parameter_that_the_application_lacks(batch):
    with pytest.raises(
        BackboneError, match=r"MobileNet has no parameter 'alfa'. Did you mean 'alpha'"
    ):
        compute(batch, application_params={"alfa": 0.25})


def test_a_parameter_that_keras_refuses(batch):
    with pytest.raises(BackboneError, match="Keras refuses to build MobileNet"):
        compute(batch, application_params={"alpha": -1.0})


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    """A cache folder of our own, and no detour through a proxy."""
    home = tmp_path / "keras home"
    home.mkdir()  # or Keras takes another one
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(home))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return home


def download_from(monkeypatch, port):
    url = f"http://127.0.0.1:{port}/"
    monkeypatch.setattr(keras.src.applications.mobilenet, "BASE_WEIGHT_PATH", url)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """Serves a folder on this machine alone."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, server.server_address[1]
        server.shutdown()
        thread.join()


def extractor(**params):
    """At a size that no other test uses: trained networks are known by their name."""
    params = {
        "application_params": ALPHA,
        "input_size": (34, 37),
        "store": FeatureStore(),
        **params,
    }
    return BackboneFeatureExtractor("MobileNet", **params)


def test_weights_that_cannot_be_downloaded(pictures, keras_home, monkeypatch):
    """The real way, up to a port behind which nobody listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as closed:
        port = closed.server_address[1]
    download_from(monkeypatch, port)
    with pytest.raises(
        BackboneWeightsError, match=r"weights='imagenet'.*could not be had"
    ) as caught:
        extractor().transform(pictures)
    assert "weights=FILE" in str(caught.value)
    assert "weights=None" in str(caught.value)
    assert isinstance(caught.value, OSError)


def test_downloaded_weights(pictures, keras_home, monkeypatch, server):
    folder, port = server
    model = tiny_network.mobilenet(seed=8)
    model.save(folder / "mobilenet_2_5_224_tf_no_top.h5")
    download_from(monkeypatch, port)
    features = extractor().transform(pictures)
    assert (keras_home / "models" / "mobilenet_2_5_224_tf_no_top.h5").is_file()
    path = folder / "mobilenet_2_5_224_tf_no_top.h5"
    np.testing.assert_allclose(features, extractor(weights=path).transform(pictures), rtol=1e-6)
