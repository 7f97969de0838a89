"""OpenVINO gives what Keras gives, in both precisions, from graphs that are kept."""

import json
import multiprocessing
import warnings

import numpy as np
import pytest

from fusionlearn import BACKBONES, BackboneFeatureExtractor, FeatureStore, config_context
from fusionlearn.backbones import _choice, _graph, _pool, get_engine, resolve_network
from fusionlearn.backbones._graph_cache import cache_folder
from fusionlearn.backbones._keras_engine import KerasEngine
from fusionlearn.backbones._openvino_engine import OpenVINOEngine
from fusionlearn.exceptions import BackboneError, EngineWarning, ImageError

openvino = pytest.importorskip("openvino")
HAS_BFLOAT16 = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
needs_bfloat16 = pytest.mark.skipif(not HAS_BFLOAT16, reason="the processor has no bfloat16")


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache folder and a pool that nobody has used."""
    monkeypatch.setenv("FUSIONLEARN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(_pool, "_ENGINES", {})
    return tmp_path / "cache"


@pytest.fixture
def conversions(monkeypatch):
    """Networks that are converted, in order."""
    made = []
    original = _graph.build_graph

    def build_graph(network, core):
        made.append(network.backbone.name)
        return original(network, core)

    monkeypatch.setattr(_graph, "build_graph", build_graph)
    return made


def relative_error(got, wanted):
    return np.abs(got - wanted).max() / np.abs(wanted).max()


def cosines(a, b):
    a, b = a.astype(float), b.astype(float)
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


# One for each preprocessing: "none", "tf", "caffe", "torch".
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("MobileNetV3Small", {}),
        ("MobileNetV2", {}),
        ("VGG16", {}),
        ("DenseNet121", {"layers": 0.2}),
    ],
)
def test_float32_agrees_with_keras(name, params, rng):
    batch = rng.integers(0, 256, (3, 48, 32, 3), dtype=np.uint8)
    network = resolve_network(name, weights=None, input_size=(48, 32), **params)
    wanted = KerasEngine(network).compute(batch)
    assert relative_error(OpenVINOEngine(network).compute(batch), wanted) < 1e-5


# Untrained, these miss what is promised; what their trained weights do is not known.
_BADLY_CONDITIONED = {
    "EfficientNetV2B1": "cosine .999898 in bfloat16",
    "EfficientNetV2L": "untrained it is chaotic, so the conversion is refused",
    "EfficientNetV2M": "untrained it is chaotic, so the conversion is refused",
}


def _networks():
    for name in BACKBONES:
        reason = _BADLY_CONDITIONED.get(name)
        marks = [pytest.mark.xfail(reason=reason, strict=False)] if reason else []
        yield pytest.param(name, marks=marks)


@pytest.mark.slow
@needs_bfloat16
@pytest.mark.parametrize("name", list(_networks()))
def test_every_network_of_the_table(name, rng):
    size = BACKBONES[name].input_size
    batch = rng.integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    network = resolve_network(name, weights=None)
    wanted = KerasEngine(network).compute(batch)
    assert relative_error(OpenVINOEngine(network).compute(batch), wanted) < 1e-5
    low = resolve_network(name, weights=None, precision="bfloat16")
    assert cosines(OpenVINOEngine(low).compute(batch), wanted).min() >= 0.9999


@needs_bfloat16
def test_bfloat16_is_close_and_kept_apart(rng):
    pictures = rng.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    store = FeatureStore()
    params = {"weights": None, "input_size": 64, "store": store}
    single = BackboneFeatureExtractor("ResNet50", **params).transform(pictures)
    low = BackboneFeatureExtractor("ResNet50", precision="bfloat16", **params).transform(pictures)
    assert cosines(single, low).min() > 0.9999
    assert not np.array_equal(single, low)
    assert store.stats()["rows"] == 10


def test_engines_share_an_identity_in_float32(tiny, pictures):
    """A row that one engine computed is found by the other."""
    store = FeatureStore()
    first = BackboneFeatureExtractor(tiny, engine="openvino", store=store).transform(pictures)
    second = BackboneFeatureExtractor(tiny, engine="keras", store=store).transform(pictures)
    np.testing.assert_array_equal(first, second)
    assert store.stats()["computed"] == len(pictures)


@pytest.mark.parametrize("batch_size", [None, 1, 3, 4, 32])
def test_rows_do_not_depend_on_company(tiny, rng, batch_size):
    """Whole and filled batches give the same rows, each at its place."""
    engine = get_engine(resolve_network(tiny, engine="openvino"))
    side = BACKBONES["tiny"].input_size
    batch = rng.integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    rows = np.full((7, engine.n_features), np.nan, dtype=np.float32)

    def deliver(start, new):
        rows[start : start + len(new)] = new

    engine.stream(batch, deliver, batch_size)
    alone = np.concatenate([engine.compute(batch[i : i + 1]) for i in range(7)])
    np.testing.assert_allclose(rows, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("streams", ["auto", 1])
def test_streams_are_what_the_setting_says(tiny, rng, streams):
    """The setting counts from call to call, for an engine that is loaded already too."""
    engine = get_engine(resolve_network(tiny, engine="openvino"))
    side = BACKBONES["tiny"].input_size
    batch = rng.integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    wanted = engine.compute(batch)
    with config_context(inference_streams=streams):
        np.testing.assert_allclose(engine.compute(batch), wanted, rtol=1e-5, atol=1e-6)
        if streams != "auto":
            assert engine._queue(1)[0].get_compiled_model().get_property("NUM_STREAMS") == streams


class Pieces:
    """Pictures that come one by one, as decoding threads give them."""

    def __init__(self, pictures, fails_at=None):
        self.pictures = pictures
        self.fails_at = fails_at
        self.asked = []

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, chosen):
        self.asked.append(chosen.start)
        if self.fails_at is not None and chosen.stop > self.fails_at:
            raise ImageError("a picture that is cut off", "a whole one", "Replace it.")
        return self.pictures[chosen].copy()


@pytest.mark.parametrize("engine", [KerasEngine, OpenVINOEngine])
def test_pictures_are_taken_as_they_come(tiny, rng, engine):
    """In order, each once; what came before one that cannot be had is delivered."""
    engine = engine(resolve_network(tiny))
    side = BACKBONES["tiny"].input_size
    batch = rng.integers(0, 256, (9, side, side, 3), dtype=np.uint8)
    wanted = engine.compute(batch)
    pieces = Pieces(batch)
    np.testing.assert_allclose(engine.compute(pieces), wanted, rtol=1e-5, atol=1e-6)
    assert pieces.asked == sorted(set(pieces.asked))
    delivered = {}
    with pytest.raises(ImageError, match="cut off"):
        engine.stream(Pieces(batch, fails_at=6), delivered.__setitem__, 2)
    assert sorted(delivered) == [0, 2, 4]


def test_pictures_are_left_as_they_are(tiny, rng):
    side = BACKBONES["tiny"].input_size
    batch = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    batch.flags.writeable = False
    before = batch.copy()
    get_engine(resolve_network(tiny, engine="openvino")).compute(batch)
    np.testing.assert_array_equal(batch, before)


def test_a_network_is_converted_once(tiny, own_cache, conversions):
    """Neither a second process nor another precision converts it again."""
    network = resolve_network(tiny)
    OpenVINOEngine(network)
    OpenVINOEngine(network)
    if HAS_BFLOAT16:
        OpenVINOEngine(resolve_network(tiny, precision="bfloat16"))
    assert conversions == ["tiny"]
    assert len(list((own_cache / "graphs").iterdir())) == 1


def test_another_network_has_another_graph(own_cache, conversions):
    for seed in (0, 1):
        OpenVINOEngine(resolve_network("MobileNet", weights=None, input_size=32, random_state=seed))
    assert len(conversions) == 2


@pytest.mark.parametrize("name", ["graph.xml", "graph.bin", "digests.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_a_damaged_graph_is_rebuilt(tiny, own_cache, conversions, rng, name, damage):
    network = resolve_network(tiny)
    side = BACKBONES["tiny"].input_size
    batch = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    wanted = OpenVINOEngine(network).compute(batch)
    (file,) = own_cache.glob(f"graphs/*/{name}")
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.warns(EngineWarning, match="damaged"):
        got = OpenVINOEngine(network).compute(batch)
    np.testing.assert_array_equal(got, wanted)
    assert len(conversions) == 2
    OpenVINOEngine(network)
    assert len(conversions) == 2


def test_a_folder_that_cannot_be_made(tiny, own_cache, rng):
    own_cache.write_text("a file where the folder should be")
    with pytest.warns(EngineWarning, match="FUSIONLEARN_CACHE_DIR"):
        engine = OpenVINOEngine(resolve_network(tiny))
    assert engine.n_features == 5


def test_the_cache_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("FUSIONLEARN_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("FUSIONLEARN_CACHE_DIR")
    assert cache_folder().name == "fusionlearn"


def test_a_graph_is_kept_with_digests_of_its_files(tiny, own_cache):
    OpenVINOEngine(resolve_network(tiny))
    (file,) = own_cache.glob("graphs/*/digests.json")
    assert sorted(json.loads(file.read_text())) == ["graph.bin", "graph.xml"]


def test_without_openvino(tiny, pictures, monkeypatch):
    monkeypatch.setattr(_choice, "has_openvino", lambda: False)
    for params in ({"engine": "openvino"}, {"precision": "bfloat16"}):
        with pytest.raises(BackboneError, match="not installed"):
            BackboneFeatureExtractor(tiny, **params).fit(pictures)
    assert _choice.choose_engine("auto", "float32") == "keras"


def test_keras_has_no_bfloat16(tiny, pictures):
    with pytest.raises(BackboneError, match="wanted 'float32'"):
        BackboneFeatureExtractor(tiny, engine="keras", precision="bfloat16").fit(pictures)


def test_auto_is_openvino_on_a_processor(monkeypatch):
    monkeypatch.setattr(_choice, "_has_gpu", lambda: False)
    assert _choice.choose_engine("auto", "float32") == "openvino"
    monkeypatch.setattr(_choice, "_has_gpu", lambda: True)
    assert _choice.choose_engine("auto", "float32") == "keras"
    monkeypatch.setattr(_choice, "_has_gpu", lambda: False)
    monkeypatch.setattr(_choice, "keras_backend", lambda: "jax")
    assert _choice.choose_engine("auto", "float32") == "keras"


def test_auto_falls_back_where_the_conversion_is_wrong(tiny, own_cache, monkeypatch):
    """A graph that computes something else is never used."""
    monkeypatch.setattr(_graph, "_with_preprocessing", lambda graph, mode: _doubled(graph))
    with pytest.warns(EngineWarning, match="other features than Keras"):
        engine = get_engine(resolve_network(tiny))
    assert isinstance(engine, KerasEngine)
    with pytest.raises(BackboneError, match="engine='keras'"):
        get_engine(resolve_network(tiny, engine="openvino"))


def _doubled(graph):
    from openvino.preprocess import PrePostProcessor

    processor = PrePostProcessor(graph)
    processor.input().tensor().set_element_type(openvino.Type.u8)
    processor.input().preprocess().convert_element_type(openvino.Type.f32).scale(0.5)
    return processor.build()


def test_an_interruption_loses_no_finished_row(tiny, rng, monkeypatch):
    """Rows that were computed before Ctrl-C are found by the next call."""
    pictures = rng.integers(0, 256, (40, 20, 20, 3), dtype=np.uint8)
    store = FeatureStore()
    extractor = BackboneFeatureExtractor(tiny, engine="openvino", store=store)
    engine = get_engine(extractor.job().network)
    original = engine.stream

    def interrupted(batch, deliver, batch_size):
        original(batch[:5], deliver, batch_size)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "stream", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extractor.transform(pictures)
    assert store.stats()["computed"] == 5
    monkeypatch.undo()
    extractor.transform(pictures)
    assert store.stats()["computed"] == 40


def _load(network, folder):
    import os

    os.environ["FUSIONLEARN_CACHE_DIR"] = folder
    with warnings.catch_warnings():
        warnings.simplefilter("error", EngineWarning)
        return OpenVINOEngine(network).n_features


def test_processes_that_load_side_by_side(own_cache):
    """Two processes that need a new network at once both get it, whole."""
    network = resolve_network("MobileNet", weights=None, input_size=32)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.starmap(_load, [(network, str(own_cache))] * 2)
    assert results == [1024, 1024]
    assert len(list(own_cache.glob("graphs/*/graph.xml"))) == 1


def test_a_conversion_tells_nobody(tiny, own_cache, monkeypatch):
    """OpenVINO's own converter reports each use over the internet, from forked processes."""
    telemetry = pytest.importorskip("openvino_telemetry").Telemetry
    said = []
    for name in ("send_event", "start_session"):
        monkeypatch.setattr(telemetry, name, lambda *args, **kwargs: said.append(args))
    OpenVINOEngine(resolve_network(tiny))
    assert said == []
    assert list(own_cache.glob("graphs/*/graph.xml"))  # something was converted
