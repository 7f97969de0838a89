"""Networks in files of ONNX and OpenVINO."""

import importlib.util
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import joblib
import keras
import numpy as np
import pytest
from encoder_parts import N_FEATURES, SIDE, write_onnx, write_openvino
from sklearn.base import clone

from fusionlearn import BACKBONES, BackboneFeatureExtractor, FeatureStore, register_backbone
from fusionlearn.backbones import EncoderFile, get_engine, resolve_network
from fusionlearn.exceptions import BackboneError, BackboneWeightsError

X = np.random.default_rng(0).integers(0, 256, (11, SIDE, SIDE, 3), dtype=np.uint8)
ENGINES = {"auto": "OnnxRuntimeEngine", "openvino": "OpenVINOEngine"}


@pytest.fixture(autouse=True)
def own_table(monkeypatch):
    """What a test registers is forgotten."""
    monkeypatch.setattr(BACKBONES, "_entries", dict(BACKBONES._entries))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.onnx"


def features(application, X=X, **params):
    store = FeatureStore()
    return BackboneFeatureExtractor(application, store=store, **params).transform(X)


def maps(weights, pixels=X):
    """What the networks compute, in an order of axes of its own: one row for each place."""
    return (pixels.astype(np.float64) @ weights.T).reshape(len(pixels), -1, N_FEATURES)


def pooled(weights, pixels=X):
    return maps(weights, pixels).mean(axis=1)


def assert_equal(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_maps_are_pooled_as_the_extractor_says(path, layout, engine):
    weights = write_onnx(path, layout=layout)
    backbone = register_backbone("mine", path)
    assert (backbone.input_size, backbone.is_keras, backbone.is_application) == (SIDE, False, False)
    assert type(get_engine(resolve_network("mine", engine=engine))).__name__ == ENGINES[engine]
    found = maps(weights)
    assert_equal(features("mine", engine=engine), found.mean(axis=1))
    assert_equal(features("mine", engine=engine, pooling="max"), found.max(axis=1))
    both = np.hstack([found.mean(axis=1), found.std(axis=1)])
    assert_equal(features(backbone, engine=engine, pooling="avg_std"), both)


@pytest.mark.parametrize("engine", ENGINES)
def test_vectors_stay_as_they_are(path, engine):
    weights = write_onnx(path, output="vectors")
    register_backbone("mine", path)
    for pooling in ("avg", "avg_std"):
        assert_equal(features("mine", engine=engine, pooling=pooling), pooled(weights))


@pytest.mark.parametrize("engine", ENGINES)
def test_tokens(path, engine):
    found = maps(write_onnx(path, output="tokens"))
    register_backbone("class", EncoderFile(path, tokens="class"))
    assert_equal(features("class", engine=engine, pooling="max"), found[:, 0])
    register_backbone("patches", EncoderFile(path, tokens=5))
    assert_equal(features("patches", engine=engine), found[:, 5:].mean(axis=1))
    register_backbone("none", EncoderFile(path, tokens=SIDE**2))
    with pytest.raises(BackboneError, match="gives 256 tokens, and none would be left"):
        features("none", engine=engine)


def test_files_of_openvino(path, tmp_path):
    weights = write_onnx(path)
    write_openvino(tmp_path / "net.xml", path)
    register_backbone("mine", tmp_path / "net.xml")
    assert_equal(features("mine"), pooled(weights))


def test_openvino_reads_onnx_where_there_is_no_onnx_runtime(path, monkeypatch):
    weights = write_onnx(path, seed=2)
    with_runtime = register_backbone("mine", path)
    identity = resolve_network(with_runtime).identity
    find_spec = importlib.util.find_spec
    missing = {"onnxruntime"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name)
    )
    without = register_backbone("mine", path)
    assert resolve_network(without).identity == identity
    assert without.builder.input == with_runtime.builder.input
    assert type(get_engine(resolve_network(without))).__name__ == "OpenVINOEngine"
    assert_equal(features(without), pooled(weights))
    missing.add("openvino")
    with pytest.raises(BackboneError, match="onnxruntime or OpenVINO, which is not installed"):
        register_backbone("mine", path)


def test_a_file_that_only_openvino_can_run(path):
    """With operations of its own, as its tools write them into files of ONNX."""
    weights = write_onnx(path, domain="org.openvinotoolkit")
    register_backbone("mine", path)
    with pytest.raises(BackboneError, match=r"ONNX Runtime cannot run .* set engine='openvino'"):
        features("mine")
    assert_equal(features("mine", engine="openvino"), pooled(weights) / 2)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mode", ["none", "tf", "caffe", "torch"])
def test_preprocessing_is_that_of_keras(path, mode, engine):
    weights = write_onnx(path)
    register_backbone("mine", path, preprocessing=mode)
    pixels = X.astype(np.float32)
    if mode != "none":
        preprocess = keras.applications.imagenet_utils.preprocess_input
        pixels = preprocess(pixels, data_format="channels_last", mode=mode)
    assert_equal(features("mine", engine=engine), pooled(weights, pixels))


@pytest.mark.parametrize("engine", ENGINES)
def test_mean_and_deviation_are_those_of_pixels_from_0_to_1(path, engine):
    weights = write_onnx(path)
    mean, std = [0.48, 0.46, 0.41], [0.27, 0.26, 0.28]
    register_backbone("both", EncoderFile(path, mean=mean, std=std))
    assert_equal(features("both", engine=engine), pooled(weights, (X / 255 - mean) / std))
    register_backbone("scaled", EncoderFile(path, std=1))
    assert_equal(features("scaled", engine=engine), pooled(weights, X / 255))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kind", "params"), [("UINT8", {}), ("FLOAT16", {"std": 1.0})])
def test_types_of_pixels(path, kind, params, engine):
    weights = write_onnx(path, kind=kind)
    register_backbone("mine", EncoderFile(path, **params))
    pixels = (X / 255).astype(np.float16) if params else X
    assert_equal(features("mine", engine=engine), pooled(weights, pixels))


@pytest.mark.parametrize("engine", ENGINES)
def test_one_channel_is_the_mean_of_three(path, engine):
    weights = write_onnx(path, channels=1)
    register_backbone("grey", EncoderFile(path, mean=0.5, std=0.25))
    grey = X.mean(axis=3, keepdims=True)
    assert_equal(features("grey", engine=engine), pooled(weights, (grey / 255 - 0.5) / 0.25))
    with pytest.raises(BackboneError, match="takes one channel"):
        register_backbone("grey", EncoderFile(path, mean=(0.4, 0.5, 0.6)))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_takes_batches_of_one_length(path, engine):
    """11 pictures are no multiple of 4: the last batch is filled up."""
    weights = write_onnx(path, batch=4)
    register_backbone("mine", path)
    for batch_size in (None, 3):
        got = features("mine", engine=engine, batch_size=batch_size)
        assert_equal(got, pooled(weights))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_file_that_takes_pictures_of_any_size(path, engine):
    weights = write_onnx(path, sides=("h", "w"))
    with pytest.raises(BackboneError, match="any size: say which by input_size="):
        register_backbone("free", path)
    register_backbone("free", path, input_size=SIDE, min_size=8)
    assert_equal(features("free", engine=engine), pooled(weights))
    smaller = X[:, :8, :12]
    got = features("free", X=smaller, engine=engine, input_size=(8, 12))
    assert_equal(got, pooled(weights, smaller))


def test_the_size_of_a_file_with_one_size(path):
    write_onnx(path, sides=(SIDE, 24))
    register_backbone("wide", path)
    with pytest.raises(BackboneError, match=r"16 x 24 pixels and no other.*input_size=\(16, 24\)"):
        resolve_network("wide")
    assert features("wide", input_size=(SIDE, 24)).shape == (11, N_FEATURES)


def test_a_layout_that_cannot_be_seen(path):
    """Exporters that leave all lengths open are common."""
    weights = write_onnx(path, channels_written="c", sides=("h", "w"))
    with pytest.raises(BackboneError, match=r"shape \(any, any, any, any\).*layout='NCHW'"):
        register_backbone("mine", path, input_size=SIDE)
    register_backbone("mine", EncoderFile(path, layout="NCHW"), input_size=SIDE)
    assert_equal(features("mine"), pooled(weights))


def test_one_of_several_outputs(path):
    weights = write_onnx(path, output="vectors", further_outputs=["maps"])
    with pytest.raises(BackboneError, match=r"has 'vectors' of shape .*, 'maps' .* Name one"):
        register_backbone("mine", path)
    register_backbone("mine", EncoderFile(path, output="maps"))
    for engine in ENGINES:
        assert_equal(features("mine", engine=engine, pooling="max"), maps(weights).max(axis=1))


class TestIdentity:
    def identity(self, *model, **params):
        return resolve_network(register_backbone("mine", *model, **params)).identity

    def test_it_is_the_content_of_the_file_not_its_name(self, path, tmp_path):
        write_onnx(path)
        before = self.identity(path)
        shutil.copy(path, tmp_path / "copy.onnx")
        assert self.identity(tmp_path / "copy.onnx") == before
        assert resolve_network(register_backbone("other", path)).identity == before
        write_onnx(tmp_path / "other.onnx", seed=1)
        assert self.identity(tmp_path / "other.onnx") != before

    def test_what_else_changes_features_is_part_of_it(self, path):
        write_onnx(path, output="tokens", further_outputs=["flat"])
        tokens = {"output": "tokens", "tokens": 1}
        ways = [
            EncoderFile(path, **tokens),
            EncoderFile(path, output="tokens", tokens=2),
            EncoderFile(path, output="tokens", tokens="class"),
            EncoderFile(path, output="flat", tokens=1),
            EncoderFile(path, mean=0.5, **tokens),
            EncoderFile(path, std=0.5, **tokens),
        ]
        identities = [self.identity(way) for way in ways]
        identities.append(self.identity(ways[0], preprocessing="tf"))
        assert len(set(identities)) == 7

    def test_both_files_of_openvino_are_part_of_it(self, path, tmp_path):
        identities = []
        for seed in (0, 1):
            write_onnx(path, seed=seed)
            write_openvino(tmp_path / "net.xml", path)
            identities.append(self.identity(tmp_path / "net.xml"))
        assert identities[0] != identities[1]

    @pytest.mark.parametrize("name", ["weights.data", "w" * 150])
    def test_weights_in_a_file_of_their_own_are_part_of_it(self, path, tmp_path, name):
        """Networks of more than 2 GB, and those of PyTorch's newer exporter."""
        graphs, identities = [], []
        for seed in (0, 1):
            (tmp_path / name).unlink(missing_ok=True)
            write_onnx(path, seed=seed, external=name)
            graphs.append(path.read_bytes())
            identities.append(self.identity(path))
        assert graphs[0] == graphs[1]
        assert identities[0] != identities[1]

    @pytest.mark.parametrize("name", ["/w.data", "../w.data", "C:w.data", "\\\\there\\w.data"])
    def test_weights_elsewhere_are_refused(self, path, name):
        """They might be somebody else's, or a network address."""
        write_onnx(path, external="w.data".rjust(len(name), "x"))
        content = path.read_bytes()
        path.write_bytes(content.replace("w.data".rjust(len(name), "x").encode(), name.encode()))
        with pytest.raises(BackboneWeightsError, match="which is not beside it"):
            register_backbone("mine", path)

    def test_a_file_that_has_changed_is_not_used_under_the_old_identity(self, path):
        write_onnx(path, seed=3)
        register_backbone("mine", path)
        weights = write_onnx(path, seed=4)
        with pytest.raises(BackboneWeightsError, match="has changed since it was registered"):
            features("mine")
        register_backbone("mine", path)
        assert_equal(features("mine"), pooled(weights))


def test_it_can_be_pickled_cloned_and_hashed(path, monkeypatch):
    write_onnx(path)
    monkeypatch.chdir(path.parent)
    backbone = register_backbone("mine", path.name)
    again = pickle.loads(pickle.dumps(backbone))
    assert again == backbone
    assert hash(again) == hash(backbone)
    assert joblib.hash(again) == joblib.hash(backbone)
    extractor = clone(BackboneFeatureExtractor(backbone))
    assert extractor.job().network.identity == resolve_network("mine").identity


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_share_a_network(path, engine):
    weights = write_onnx(path, batch=2)
    network = resolve_network(register_backbone("mine", path), engine=engine)
    many = [X[start:] for start in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda some: get_engine(network).compute(some), many))
    for some, got in zip(many, found, strict=True):
        assert_equal(got, pooled(weights, some))


def test_features_that_are_not_finite_are_not_stored(path):
    write_onnx(path, scale=np.nan)
    register_backbone("broken", path)
    store = FeatureStore()
    with pytest.raises(BackboneError, match="not finite"):
        BackboneFeatureExtractor("broken", store=store).transform(X)
    assert store.stats()["rows"] == 0


PARAMETERS = {
    "keras": ({"engine": "keras"}, "engine='keras'.*the ONNX file 'net.onnx'; wanted 'auto' or"),
    "layers": ({"layers": 0.5}, "layers=0.5.*inner layers cannot be reached"),
    "no weights": ({"weights": None}, "weights=None.*has weights of its own"),
    "other weights": ({"weights": "other.h5"}, "weights='other.h5'.*Leave weights= out"),
    "params": ({"application_params": {"alpha": 1}}, "takes none"),
    "size": ({"input_size": 24}, "16 x 16 pixels and no other"),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters_that_a_file_does_not_take(path, case):
    params, message = PARAMETERS[case]
    write_onnx(path)
    register_backbone("mine", path)
    with pytest.raises(BackboneError, match=message):
        resolve_network("mine", **params)


FILES = {
    "two inputs": ({"further_inputs": {"mask": [1]}}, {}, r"2 inputs \('pixels', 'mask'\)"),
    "five channels": ({"channels": 5}, {"layout": "NCHW"}, "5 channels in layout='NCHW'"),
    "doubles": ({"kind": "DOUBLE"}, {}, r"type tensor\(double\); wanted a batch of pictures"),
    "five axes": ({"output": "deep"}, {}, "gives an output with 5 axes; wanted vectors"),
    "tokens": ({"output": "tokens"}, {}, "gives tokens .*tokens='class'.* takes the first"),
    "no tokens": ({}, {"tokens": "class"}, "tokens='class'.* 4 axes, which is no tokens"),
    "scaled bytes": ({"kind": "UINT8"}, {"mean": 0.5}, "takes pixels in uint8 and scales them"),
    "no such output": ({}, {"output": "logits"}, "output='logits': 'net.onnx' has 'maps'"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_cannot_be_registered(path, case):
    file, params, message = FILES[case]
    write_onnx(path, **file)
    with pytest.raises(BackboneError, match=message):
        register_backbone("mine", EncoderFile(path, **params))
    assert "mine" not in list(BACKBONES)


def test_files_that_cannot_be_read(path, tmp_path):
    for name in (path, tmp_path / "net.xml"):
        with pytest.raises(BackboneWeightsError, match=r"cannot be read \(No such file"):
            register_backbone("mine", name)
    for content in (b"", b"no network"):
        path.write_bytes(content)
        with pytest.raises(BackboneWeightsError, match=r"net\.onnx' cannot be read"):
            register_backbone("mine", path)
    (tmp_path / "net.xml").write_text("<net/>")
    with pytest.raises(BackboneWeightsError, match=r"net\.bin' of .*net\.xml'"):
        register_backbone("mine", tmp_path / "net.xml")


PARAMS = {
    "suffix": ({"path": "net.pt"}, r"wanted a file of ONNX \(\.onnx\) or OpenVINO \(\.xml\)"),
    "layout": ({"layout": "CHW"}, "wanted 'NCHW', 'NHWC' or None"),
    "tokens": ({"tokens": -1}, "wanted 'class' for the first token"),
    "pixels in 0-255": ({"mean": 123.675}, "wanted numbers in 0-1, .* Divide"),
    "no number": ({"mean": None, "std": object()}, "wanted one number, or one for each"),
    "two numbers": ({"std": (0.5, 0.5)}, "wanted one number, or one for each channel"),
    "zero": ({"std": 0}, "wanted numbers above 0"),
}


@pytest.mark.parametrize("case", PARAMS)
def test_parameters_of_a_file(case):
    params, message = PARAMS[case]
    with pytest.raises(BackboneError, match=message):
        EncoderFile(**{"path": "net.onnx", **params})


def test_two_ways_to_scale_pixels(path):
    write_onnx(path)
    with pytest.raises(BackboneError, match="wanted one of the two"):
        register_backbone("mine", EncoderFile(path, mean=0.5), preprocessing="tf")
