"""Functions on batches of pictures as networks."""

import functools
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from encoder_parts import SIDE, mean_colour

from fusionlearn import BACKBONES, BackboneFeatureExtractor, FeatureStore, register_backbone
from fusionlearn.backbones import EncoderFunction, get_engine, resolve_network
from fusionlearn.exceptions import BackboneError, BackboneWeightsError

X = np.random.default_rng(0).integers(0, 256, (11, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def own_table(monkeypatch):
    """What a test registers is forgotten."""
    monkeypatch.setattr(BACKBONES, "_entries", dict(BACKBONES._entries))


@pytest.fixture
def register(request):
    """Register a function under an identity that no other test has."""

    def register(function, name="mine", **params):
        params.setdefault("digest", request.node.nodeid)
        return register_backbone(name, EncoderFunction(function, **params), input_size=SIDE)

    return register


def features(application, X=X, **params):
    store = FeatureStore()
    return BackboneFeatureExtractor(application, store=store, **params).transform(X)


def test_a_function_gives_the_features(register):
    backbone = register(mean_colour)
    assert (backbone.is_keras, backbone.is_application, backbone.n_features) == (False, False, None)
    for params in ({}, {"batch_size": 4}, {"pooling": "avg_std"}):
        got = features("mine", **params)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, mean_colour(X), rtol=1e-6)
    names = BackboneFeatureExtractor(backbone).get_feature_names_out()
    assert list(names) == ["mine_0", "mine_1", "mine_2"]


def test_it_gets_rgb_bytes_in_batches_of_its_own(register):
    seen = []

    def spoil(pixels):
        seen.append((pixels.dtype, pixels.shape[1:], pixels.flags.c_contiguous))
        lengths.append(len(pixels))
        rows = mean_colour(pixels)
        pixels[:] = 0
        return rows

    lengths = []
    network = resolve_network(register(spoil))
    before = X.copy()
    np.testing.assert_allclose(get_engine(network).compute(X), mean_colour(before), rtol=1e-6)
    np.testing.assert_array_equal(X, before)
    assert set(seen) == {(np.dtype(np.uint8), (SIDE, SIDE, 3), True)}
    features("mine", batch_size=4)
    assert lengths == [1, 11, 4, 4, 3]  # the first finds out how long a row is


class TestIdentity:
    def identity(self, function=mean_colour, name="mine", **params):
        encoder = EncoderFunction(function, **params)
        return resolve_network(register_backbone(name, encoder, input_size=SIDE)).identity

    def test_none_is_refused(self):
        with pytest.raises(BackboneError, match=r"has no identity; wanted digest= or weights="):
            EncoderFunction(mean_colour)
        for digest in ("", " ", 3):
            with pytest.raises(BackboneError, match="wanted a text that is not empty"):
                EncoderFunction(mean_colour, digest=digest)

    def test_it_is_what_the_user_says(self):
        first = self.identity(digest="1")
        assert self.identity(np.min, digest="1") == first
        assert self.identity(digest="2") != first

    def test_it_is_the_content_of_the_weights_file(self, tmp_path):
        (tmp_path / "a.pth").write_bytes(b"a")
        (tmp_path / "b.pth").write_bytes(b"b")
        first = self.identity(weights=tmp_path / "a.pth")
        assert self.identity(weights=str(tmp_path / "b.pth")) != first
        assert self.identity(weights=tmp_path / "a.pth", digest="class token") != first
        (tmp_path / "b.pth").write_bytes(b"a")
        assert self.identity(weights=tmp_path / "b.pth") == first
        with pytest.raises(BackboneWeightsError, match=r"no\.pth.*cannot be read"):
            self.identity(weights=tmp_path / "no.pth")

    def test_two_functions_of_one_version_are_not_mixed_up(self):
        """Many functions have a version 1, and several may use one weights file."""
        assert self.identity(name="one", digest="1") != self.identity(name="other", digest="1")


def test_it_can_be_pickled_and_compared(register):
    backbone = register(mean_colour)
    again = pickle.loads(pickle.dumps(backbone))
    assert again == backbone
    assert hash(again) == hash(backbone)


def test_it_runs_in_one_thread_at_a_time(register):
    """Few encoders are written for several."""
    inside = threading.Lock()

    def alone(pixels):
        assert inside.acquire(blocking=False)
        try:
            return mean_colour(pixels)
        finally:
            inside.release()

    network = resolve_network(register(alone))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: get_engine(network).compute(X[n:]), range(8)))
    for n, got in enumerate(found):
        np.testing.assert_allclose(got, mean_colour(X[n:]), rtol=1e-6)


def test_a_function_may_use_other_networks(register):
    inner = BackboneFeatureExtractor(register(mean_colour, "inner"), store=FeatureStore())
    register(inner.transform, "outer")
    np.testing.assert_allclose(features("outer"), mean_colour(X), rtol=1e-6)


def test_a_fault_of_the_function_is_its_own(register):
    def broken(pixels):
        raise OSError("no such weights")

    register(broken)
    with pytest.raises(OSError, match="no such weights"):
        features("mine")


class Tensor:
    """As one of PyTorch with a gradient."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def alternating(pixels):
    return np.zeros((len(pixels), 3 if len(pixels) > 1 else 2))


RETURNED = {
    "maps": (
        lambda p: p.astype(float),
        r"shape \(1, 16, 16, 3\) for 1 pictures; wanted \(1, n_fea",
    ),
    "one row": (lambda p: np.zeros((2, 3)), r"shape \(2, 3\) for 1 pictures"),
    "other widths": (alternating, r"shape \(11, 3\) for 11 pictures; wanted \(11, 2\)"),
    "nothing": (lambda p: None, "returned a NoneType of type object; wanted an array of numbers"),
    "a tensor": (lambda p: Tensor(), r"returned a Tensor that is no array .*\.detach\(\)\.cpu\(\)"),
    "complex numbers": (lambda p: np.zeros((len(p), 2), complex), "of type complex128"),
    "no numbers": (lambda p: np.full((len(p), 2), np.nan), "not finite"),
}


@pytest.mark.parametrize("case", RETURNED)
def test_what_is_no_features(register, case):
    function, message = RETURNED[case]
    register(function)
    with pytest.raises(BackboneError, match=message):
        features("mine")


PARAMETERS = {
    "openvino": (
        {"engine": "openvino"},
        "engine='openvino'.*the function mean_colour; wanted 'aut",
    ),
    "layers": ({"layers": "conv"}, "layers='conv'.*cannot be reached"),
    "weights": ({"weights": None}, "weights=None.*Leave weights= out"),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters_that_a_function_does_not_take(register, case):
    params, message = PARAMETERS[case]
    register(mean_colour)
    with pytest.raises(BackboneError, match=message):
        resolve_network("mine", **params)


def test_what_cannot_be_registered(register):
    with pytest.raises(BackboneError, match="function is a int; wanted something to call"):
        EncoderFunction(3, digest="1")
    with pytest.raises(BackboneError, match="cannot be called with one argument"):
        EncoderFunction(lambda: None, digest="1")
    with pytest.raises(BackboneError, match="say which by input_size="):
        register_backbone("mine", EncoderFunction(mean_colour, digest="1"))
    with pytest.raises(BackboneError, match="is given pixels in 0-255"):
        register_backbone(
            "mine", EncoderFunction(mean_colour, digest="1"), input_size=8, preprocessing="tf"
        )


def test_it_is_told_apart_from_a_function_that_builds_a_model():
    with pytest.raises(BackboneError, match=r"takes arguments .*EncoderFunction"):
        register_backbone("mine", mean_colour, input_size=SIDE)
    # A model of PyTorch does not say what it takes.
    register_backbone("mine", lambda *args, **kwargs: np.zeros(3), input_size=SIDE)
    with pytest.raises(BackboneError, match=r"gave a ndarray; wanted a keras\.Model.*EncoderFunct"):
        features("mine")
    assert EncoderFunction(functools.partial(np.mean, axis=(1, 2)), digest="1").digest == "1"
