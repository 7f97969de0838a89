"""Each picture goes through each network once, ever, and comes out right."""

import copy
import os
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils._param_validation import InvalidParameterError

from fusionlearn import (
    BackboneFeatureExtractor,
    FeatureStore,
    ImageAugmenter,
    check_images,
)
from fusionlearn.exceptions import (
    FeatureStoreWarning,
    ImageError,
    UnknownBackboneError,
)
from fusionlearn.features import Job, extract

MOBILENET = {"weights": None, "application_params": {"alpha": 0.25}, "input_size": 32}


@pytest.fixture
def store():
    return FeatureStore()


@pytest.fixture
def extractor(tiny, store):
    return BackboneFeatureExtractor(tiny, store=store)


@pytest.fixture
def many(rng):
    """More than one block of pictures, with a batch that is not full."""
    return rng.integers(0, 256, (75, 12, 12, 3), dtype=np.uint8)


def computed(extractor):
    return extractor.store.stats()["computed"]


def test_one_row_for_each_picture(extractor, many):
    features = extractor.transform(many)
    assert features.shape == (75, tiny_network.N_FEATURES)
    assert features.dtype == np.float32
    assert len(np.unique(features, axis=0)) == 75
    assert computed(extractor) == 75


def test_no_picture_is_computed_twice(extractor, many):
    first = extractor.transform(many)
    np.testing.assert_array_equal(extractor.transform(many), first)
    np.testing.assert_array_equal(extractor.transform(many[10:40]), first[10:40])
    assert extractor.store.stats() == {"computed": 75, "hits": 105, "rows": 75, "bytes": 1500}


def test_a_warm_transform_decodes_nothing(extractor, pictures, encode, tmp_path, monkeypatch):
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(encode(picture))
    cold = extractor.transform(paths)

    def decode(self):
        raise AssertionError("decoded although the row is stored")

    monkeypatch.setattr("fusionlearn.images.ImageReference.decode", decode)
    np.testing.assert_array_equal(extractor.transform(paths), cold)
    data = [path.read_bytes() for path in paths]
    np.testing.assert_array_equal(extractor.transform(data), cold)


def test_duplicates_are_computed_once(extractor, pictures):
    X = pictures[[0, 1, 0, 2, 1, 0]]
    features = extractor.transform(X)
    assert computed(extractor) == 3
    np.testing.assert_array_equal(features[0], features[2])
    np.testing.assert_array_equal(features, extractor.transform(pictures)[[0, 1, 0, 2, 1, 0]])


@given(order=st.lists(st.integers(0, 5), min_size=1, max_size=12), batch_size=st.integers(1, 7))
@settings(max_examples=25, deadline=None)
def test_a_row_depends_on_its_picture_alone(order, batch_size):
    """Not on order, company, batch or what is stored already."""
    X = np.random.default_rng(1).integers(0, 256, (6, 12, 12, 3), dtype=np.uint8)
    backbone = _registered()
    alone = BackboneFeatureExtractor(backbone, store=FeatureStore(), batch_size=1)
    expected = np.vstack([alone.transform(X[i : i + 1]) for i in range(6)])
    extractor = BackboneFeatureExtractor(backbone, store=FeatureStore(), batch_size=batch_size)
    features = extractor.transform(X[order])
    scale = np.abs(expected).max()
    np.testing.assert_allclose(features, expected[order], rtol=1e-5, atol=1e-6 * scale)
    assert extractor.store.stats()["computed"] == len(set(order))


def _registered():
    from fusionlearn import BACKBONES, register_backbone

    if "tiny" not in BACKBONES:
        register_backbone("tiny", tiny_network.build, input_size=tiny_network.SIDE)
    return BACKBONES["tiny"]


def test_a_row_is_the_network_s_answer_to_the_resized_picture(extractor, pictures):
    """By hand: Pillow's bilinear stretch, then the network, then the mean."""
    from PIL import Image

    side = tiny_network.SIDE
    resized = [
        np.asarray(Image.fromarray(x).resize((side, side), Image.Resampling.BILINEAR))
        for x in pictures
    ]
    with tiny_network.seeded(0):
        model = tiny_network.build()
    maps = model.predict_on_batch(np.stack(resized).astype(np.float32))
    np.testing.assert_allclose(extractor.transform(pictures), maps.mean((1, 2)), rtol=1e-5)


def test_array_path_and_bytes_have_the_same_features(extractor, pictures, encode, tmp_path):
    expected = extractor.transform(pictures)
    data = [encode(picture) for picture in pictures]
    for number, encoded in enumerate(data):
        (tmp_path / f"{number}.png").write_bytes(encoded)
    paths = sorted(tmp_path.iterdir())
    for X in (data, paths, pd.DataFrame({"scan": map(str, paths)}), check_images(pictures)):
        np.testing.assert_array_equal(extractor.transform(X), expected)


def test_views_are_stored_like_any_other_picture(extractor, pictures):
    copies = ImageAugmenter(n_copies=3).make_copies(pictures).ravel()
    first = extractor.transform(copies)
    again = ImageAugmenter(n_copies=3).make_copies(pictures).ravel()
    np.testing.assert_array_equal(extractor.transform(again), first)
    assert computed(extractor) == 18
    pixels = np.stack([view.decode() for view in copies])
    other = clone(extractor).set_params(store=FeatureStore())
    np.testing.assert_allclose(other.transform(pixels), first, rtol=1e-5)


def test_networks_do_not_share_rows(tiny, store, pictures):
    for pooling in ("avg", "max", "avg_std"):
        BackboneFeatureExtractor(tiny, pooling=pooling, store=store).transform(pictures)
    assert store.stats()["computed"] == 18
    with_std = BackboneFeatureExtractor(tiny, pooling="avg_std", store=store).transform(pictures)
    assert with_std.shape == (6, 10)


def test_one_decoding_for_several_networks(tiny, pictures, monkeypatch):
    from fusionlearn import ImageReference

    decoded = []
    original = ImageReference.decode_for
    monkeypatch.setattr(
        ImageReference,
        "decode_for",
        lambda self, sides: decoded.append(self.digest) or original(self, sides),
    )
    jobs = [
        BackboneFeatureExtractor(tiny, pooling=pooling, store=FeatureStore()).job()
        for pooling in ("avg", "max")
    ]
    first, second = extract(check_images(pictures), jobs)
    assert sorted(decoded) == sorted(reference.digest for reference in check_images(pictures))
    monkeypatch.undo()
    for job, features in zip(jobs, (first, second), strict=True):
        fresh = Job(job.network, FeatureStore(), 2)
        np.testing.assert_allclose(extract(check_images(pictures), [fresh])[0], features, rtol=1e-5)


def test_partly_stored_rows_are_completed(tiny, pictures):
    """Two networks of which each misses other pictures."""
    one, other = (
        BackboneFeatureExtractor(tiny, pooling=pooling, store=FeatureStore())
        for pooling in ("avg", "max")
    )
    one.transform(pictures[:4])
    other.transform(pictures[3:])
    extract(check_images(pictures), [one.job(), other.job()])
    assert computed(one) == computed(other) == 6


def test_no_threads_at_all_are_refused(extractor, many):
    other = clone(extractor).set_params(store=FeatureStore(), n_jobs=0)
    with pytest.raises(ValueError, match="n_jobs=0: wanted a number of threads"):
        other.transform(many)


@pytest.mark.parametrize("n_jobs", [None, -1, 1, 3])
def test_threads_do_not_matter(extractor, many, n_jobs):
    expected = extractor.transform(many)
    other = clone(extractor).set_params(store=FeatureStore(), n_jobs=n_jobs)
    np.testing.assert_array_equal(other.transform(many), expected)


def test_batch_size_does_not_matter(many):
    expected = BackboneFeatureExtractor("MobileNet", store=FeatureStore(), **MOBILENET)
    expected = expected.transform(many)
    for batch_size in (1, 7, 1000):
        other = BackboneFeatureExtractor(
            "MobileNet", store=FeatureStore(), batch_size=batch_size, **MOBILENET
        )
        difference = np.abs(other.transform(many) - expected).max()
        assert difference <= 1e-5 * np.abs(expected).max()


def test_a_store_that_forgets_changes_no_result(tiny, many):
    """The budget of a store is smaller than what one call needs."""
    expected = BackboneFeatureExtractor(tiny, store=FeatureStore()).transform(many)
    forgetful = BackboneFeatureExtractor(tiny, store=FeatureStore(max_bytes=40))
    np.testing.assert_array_equal(forgetful.transform(many), expected)
    assert forgetful.store.stats()["rows"] == 2


def test_input_is_left_as_it_is(extractor, pictures):
    before = pictures.copy()
    pictures.setflags(write=False)
    expected = extractor.transform(pictures)
    np.testing.assert_array_equal(pictures, before)
    as_float = pictures.astype(np.float32)
    as_float.setflags(write=False)
    np.testing.assert_array_equal(extractor.transform(as_float), expected)
    np.testing.assert_array_equal(as_float, before)


def test_one_picture(extractor, pictures):
    assert extractor.transform(pictures[:1]).shape == (1, 5)


def test_no_fit_is_needed_and_fit_computes_nothing(extractor, pictures):
    assert extractor.fit(pictures) is extractor
    assert computed(extractor) == 0
    assert extractor.n_features_out_ == 5
    again = clone(extractor).transform(pictures)
    np.testing.assert_array_equal(extractor.transform(pictures), again)


def test_names_of_features(tiny, pictures):
    extractor = BackboneFeatureExtractor(tiny, store=FeatureStore())
    expected = [f"tiny_{number}" for number in range(5)]
    assert extractor.get_feature_names_out().tolist() == expected
    assert BackboneFeatureExtractor("ResNet50").get_feature_names_out()[-1] == "resnet50_2047"
    frame = extractor.set_output(transform="pandas").fit_transform(pictures)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == expected
    assert (frame.dtypes == np.float32).all()


def test_the_index_of_a_data_frame_is_kept(extractor, pictures, encode, tmp_path):
    for number, picture in enumerate(pictures):
        (tmp_path / f"{number}.png").write_bytes(encode(picture))
    X = pd.DataFrame({"scan": map(str, sorted(tmp_path.iterdir()))}, index=list("abcdef"))
    frame = extractor.set_output(transform="pandas").transform(X)
    assert frame.index.tolist() == list("abcdef")


@pytest.mark.parametrize("warm", [False, True])
def test_a_picture_that_cannot_be_decoded_is_named(extractor, many, encode, tmp_path, warm):
    """By its place in X, whatever is stored already and whatever thread finds it."""
    path = tmp_path / "broken.png"
    path.write_bytes(encode(many[0])[:-100])
    X = [*many[:50], path, *many[50:]]
    if warm:
        extractor.transform(many)
    with pytest.raises(ImageError, match=r"picture 50 \(.*broken\.png\).*to its end") as caught:
        extractor.transform(X)
    assert caught.value.index == 50
    assert caught.value.path == str(path)
    # Whole batches before the error are not lost, and the extractor still works.
    assert computed(extractor) >= 32
    assert extractor.transform(many).shape == (75, 5)
    assert computed(extractor) == 75


def test_a_file_that_vanishes_after_it_was_checked(extractor, pictures, encode, tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(encode(pictures[0]))
    X = check_images([pictures[1], path])
    path.unlink()
    with pytest.raises(ImageError, match=r"picture 1 .*scan\.png"):
        extractor.transform(X)


def test_progress_is_shown_only_when_asked_for(extractor, pictures, capsys):
    extractor.transform(pictures)
    assert capsys.readouterr() == ("", "")
    loud = clone(extractor).set_params(verbose=1, store=FeatureStore())
    loud.transform(pictures)
    assert "6/6" in capsys.readouterr().err


BAD = [
    {"application": 3},
    {"application": None},
    {"weights": 3},
    {"application_params": [("alpha", 0.25)]},
    {"pooling": "mean"},
    {"layers": 1.5},
    {"layers": 0.0},
    {"input_size": 0},
    {"input_size": 32.0},
    {"engine": "torch"},
    {"precision": "float16"},
    {"batch_size": 0},
    {"store": 3},
    {"n_jobs": 1.5},
    {"random_state": None},
    {"random_state": -1},
    {"verbose": "yes"},
]


@pytest.mark.parametrize("params", BAD, ids=str)
def test_parameters_are_validated(params, pictures):
    extractor = BackboneFeatureExtractor(**{"application": "MobileNet", **MOBILENET, **params})
    for call in (extractor.fit, extractor.transform):
        with pytest.raises(InvalidParameterError, match=next(iter(params))):
            call(pictures)


def test_fit_refuses_what_transform_would_refuse(pictures):
    with pytest.raises(UnknownBackboneError, match="Did you mean"):
        BackboneFeatureExtractor("Resnet50").fit(pictures)
    with pytest.raises(ImageError, match="looks like features"):
        BackboneFeatureExtractor("ResNet50").fit(np.zeros((3, 4)))


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, clone,
                                 lambda x: pickle.loads(pickle.dumps(x))])  # fmt: skip
def test_copies_share_store_and_network(extractor, pictures, way):
    first = extractor.fit(pictures).transform(pictures)
    other = way(extractor)
    np.testing.assert_array_equal(other.transform(pictures), first)
    assert computed(other) == 6


def test_a_pickle_carries_no_network(pictures):
    extractor = BackboneFeatureExtractor("MobileNet", store=FeatureStore(), **MOBILENET)
    extractor.fit(pictures).transform(pictures)
    assert len(pickle.dumps(extractor)) < 2000


class TestInPipelines:
    def test_a_grid_search_costs_one_pass(self, extractor, many):
        """Folds, grid points and the last fit share each picture's row."""
        y = np.arange(75) % 2
        model = make_pipeline(extractor, LogisticRegression())
        search = GridSearchCV(model, {"logisticregression__C": [0.1, 1, 10]}, cv=3)
        search.fit(check_images(many), y)
        search.predict(check_images(many))
        assert computed(extractor) == 75

    def test_memory_of_a_pipeline_hits(self, tiny, many, tmp_path):
        """The hash of references and of the extractor does not change when rows are added."""
        store = FeatureStore()
        extractor = BackboneFeatureExtractor(tiny, store=store)
        model = Pipeline(
            [("features", extractor), ("head", LogisticRegression())], memory=str(tmp_path)
        )
        y = np.arange(75) % 2
        for C in (1, 2, 3):
            X = check_images(many.copy())
            clone(model).set_params(head__C=C).fit(X, y)
        # A pipeline that hits does not even ask the store.
        assert store.stats() == {"computed": 75, "hits": 0, "rows": 75, "bytes": 1500}


class TestFileStore:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "features.db"

    def test_a_path_is_a_store(self, tiny, path, pictures):
        first = BackboneFeatureExtractor(tiny, store=str(path)).transform(pictures)
        store = FeatureStore(path)
        again = BackboneFeatureExtractor(tiny, store=store).transform(pictures)
        np.testing.assert_array_equal(again, first)
        assert store.stats()["computed"] == 6

    def test_a_flipped_bit_is_noticed_and_computed_anew(self, tiny, path, pictures):
        extractor = BackboneFeatureExtractor(tiny, store=path)
        first = extractor.transform(pictures)
        connection = sqlite3.connect(path)
        with connection:
            key, vector = connection.execute("SELECT picture, vector FROM feature").fetchone()
            damaged = vector[:7] + bytes([vector[7] ^ 64]) + vector[8:]
            connection.execute("UPDATE feature SET vector = ? WHERE picture = ?", (damaged, key))
        connection.close()
        with pytest.warns(FeatureStoreWarning, match="damaged"):
            again = extractor.transform(pictures)
        np.testing.assert_allclose(again, first, rtol=1e-5)
        np.testing.assert_array_equal(extractor.transform(pictures), again)

    def test_a_store_that_cannot_be_used_costs_time_only(self, tiny, path, pictures, tmp_path):
        expected = BackboneFeatureExtractor(tiny, store=FeatureStore()).transform(pictures)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        for useless in (path, tmp_path, tmp_path / "no such folder" / "features.db"):
            extractor = BackboneFeatureExtractor(tiny, store=useless)
            for _ in range(2):
                with pytest.warns(FeatureStoreWarning, match="results do not depend on it"):
                    features = extractor.transform(pictures)
                np.testing.assert_array_equal(features, expected)

    def test_two_processes_compute_each_picture_once(self, tiny, path, many, tmp_path):
        """They start at the same moment on the same pictures."""
        np.save(tmp_path / "X.npy", many)
        program = Path(__file__).with_name("compute_in_a_process.py")
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(program.parents[1]), *sys.path]),
        }
        processes = [
            subprocess.Popen(
                [sys.executable, program, tmp_path, str(number)], env=environment, cwd=tmp_path
            )
            for number in range(2)
        ]
        assert [process.wait(timeout=240) for process in processes] == [0, 0]
        first, second = (np.load(tmp_path / f"features {number}.npy") for number in range(2))
        np.testing.assert_array_equal(first, second)
        assert FeatureStore(path).stats()["computed"] == len(many)
        counts = [int((tmp_path / f"hits {number}").read_text()) for number in range(2)]
        assert sum(counts) == len(many)
        other = BackboneFeatureExtractor(tiny, store=FeatureStore()).transform(many)
        np.testing.assert_allclose(first, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["file", "array"])
def test_grey_pictures_have_the_features_of_their_rgb(extractor, rng, encode, form):
    """Their one channel is decoded and resized once; what networks see is the same."""
    grey = rng.integers(0, 256, (3, 33, 41), dtype=np.uint8)
    rgb = np.repeat(grey[..., np.newaxis], 3, axis=3)
    X = [encode(picture) for picture in grey] if form == "file" else grey
    np.testing.assert_array_equal(extractor.transform(X), extractor.transform(rgb))
    assert computed(extractor) == 6
