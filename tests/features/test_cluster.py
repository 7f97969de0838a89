"""Pictures that the workers of a cluster compute: the same rows, each once, none lost."""

import os
import signal
import threading
from unittest.mock import patch

import joblib
import numpy as np
import pytest
from joblib.parallel import ThreadingBackend
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline

from fusionlearn import (
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    check_images,
)
from fusionlearn.exceptions import ClusterError, ImageError
from fusionlearn.features import _cluster, _cluster_worker, _observer

# Dask draws keys.
pytestmark = pytest.mark.draws_globally
N_WORKERS = 2


class Waves(ThreadingBackend):
    """A backend that is none of joblib's own and gives results all together, as Ray's does."""

    supports_return_generator = False


@pytest.fixture(scope="module", autouse=True)
def client():
    """Two processes that work, and who gives them work."""
    from dask.distributed import Client, LocalCluster

    with (
        patch.dict(os.environ),  # in which Dask sets how many threads its workers are to use
        LocalCluster(
            n_workers=N_WORKERS, threads_per_worker=1, dashboard_address=":0", memory_limit=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def dask(client):
    with joblib.parallel_config(backend="dask"):
        yield


@pytest.fixture(params=["dask", "waves"])
def cluster(request):
    """Dask, and a backend that gives results in waves."""
    if request.param == "dask":
        with joblib.parallel_config(backend="dask"):
            yield
        return
    joblib.register_parallel_backend("waves", Waves)
    try:
        with joblib.parallel_config(backend="waves", n_jobs=2):
            yield
    finally:
        del joblib.parallel.BACKENDS["waves"]


@pytest.fixture
def many(rng):
    """More pictures than a chunk has."""
    return rng.integers(0, 256, (700, 20, 20), dtype=np.uint8)


@pytest.fixture
def extractor(tiny):
    """Makes extractors with an empty store of their own."""
    return lambda **params: BackboneFeatureExtractor(tiny, store=FeatureStore(), **params)


def here(extractor, X):
    """What this process alone computes."""
    with joblib.parallel_config(backend="loky"):
        return extractor.transform(X)


def chunks_of_32(monkeypatch):
    monkeypatch.setattr(_cluster, "_CHUNK_BYTES", 32 * 20 * 20)


def test_a_cluster_gives_the_same_rows_in_the_order_of_x(cluster, extractor, many):
    """Each distinct picture is computed once, whatever chunk comes back first."""
    X = np.concatenate([many[::-1], many[:50]])
    far = extractor()
    rows = far.transform(X)
    assert_allclose(rows, here(extractor(), X), rtol=1e-5, atol=1e-6)
    assert far.store.stats() == {"computed": 700, "hits": 0, "rows": 700, "bytes": 700 * 5 * 4}


def test_only_what_a_network_lacks_goes_to_workers(dask, extractor, many):
    """One network has half of the rows; only the other half is computed."""
    first, second = extractor(), extractor(pooling="max")
    here(first, many[:350])
    fused = ConcatFusion([("a", first), ("b", second)]).fit_transform(many)
    assert (first.store.stats()["computed"], second.store.stats()["computed"]) == (700, 700)
    expected = [here(extractor(), many), here(extractor(pooling="max"), many)]
    assert_allclose(fused, np.hstack(expected), rtol=1e-5, atol=1e-6)


def test_workers_do_not_open_the_store(dask, extractor, tiny, many, tmp_path):
    """This process is the only one that writes; another process finds its rows."""
    store = FeatureStore(tmp_path / "features.db")
    far = BackboneFeatureExtractor(tiny, store=store)
    assert_allclose(far.transform(many), here(extractor(), many), rtol=1e-5, atol=1e-6)
    assert store.stats()["computed"] == 700
    opened = joblib.Parallel()(joblib.delayed(_open_stores)() for _ in range(4))
    assert set(opened) == {0}


def _open_stores():
    from fusionlearn.features import _store

    return len(_store._FILES)


def test_files_bytes_arrays_and_views_travel(dask, extractor, pictures, encode, tmp_path):
    """A file is read on the worker; everything else goes with its reference."""
    path = tmp_path / "picture.png"
    path.write_bytes(encode(pictures[0]))
    X = [str(path), encode(pictures[1]), pictures[2], pictures[3].astype(float)]
    views, _ = ImageAugmenter(n_copies=2).fit_resample(X, np.zeros(4))
    plain, _ = ImageAugmenter(n_copies=2).fit_resample(X, np.zeros(4))
    assert len(views) == 12
    rows = extractor().transform(views)
    assert_allclose(rows, here(extractor(), plain), rtol=1e-5, atol=1e-6)


def test_a_heavy_picture_travels_alone(extractor, monkeypatch, many):
    """Dask warns of tasks that are large, and warnings are errors here."""
    chunks_of_32(monkeypatch)
    references = check_images(many)
    alone = _cluster.Cluster.__new__(_cluster.Cluster)
    alone._references, alone._positions = references, np.arange(len(references))
    lengths = [len(part) for part in alone._parts(np.arange(70), 128)]
    assert lengths == [32, 32, 6]
    monkeypatch.setattr(_cluster, "_CHUNK_BYTES", 1)
    assert [len(part) for part in alone._parts(np.arange(3), 128)] == [1, 1, 1]


def test_searches_on_dask_equal_those_at_home(client, tiny, rng):
    """A grid search over a whole pipeline, and a cross-validation of it."""
    X = rng.integers(0, 256, (24, 20, 20), dtype=np.uint8)
    X[::2] //= 2
    y = np.array(["dark", "bright"] * 12)
    members = [("avg", BackboneFeatureExtractor(tiny)), ("max", BackboneFeatureExtractor(tiny))]
    head = FineTuneClassifier(epochs=3, validation_fraction=0.25, random_state=0)
    model = Pipeline([("features", ConcatFusion(members)), ("head", head)])
    search = GridSearchCV(model, {"head__learning_rate": [0.001, 0.1]}, cv=2, error_score="raise")
    with joblib.parallel_config(backend="dask"):
        far = search.fit(X, y)
        score, proba = far.cv_results_["mean_test_score"], far.predict_proba(X)
        validated = cross_validate(model, X, y, cv=2, error_score="raise")["test_score"]
    near = search.fit(X, y)
    assert_array_equal(score, near.cv_results_["mean_test_score"])
    assert_allclose(proba, near.predict_proba(X), atol=1e-5)
    assert_array_equal(validated, cross_validate(model, X, y, cv=2)["test_score"])


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has files without a path")
def test_files_that_workers_cannot_see_are_named_before_any_work(dask, extractor, pictures, encode):
    """A path may lead to a picture here and to nothing there."""
    with os.fdopen(os.memfd_create("picture"), "wb") as file:
        file.write(encode(pictures[0]))
        file.flush()
        # Workers have no such number.
        high = os.dup2(file.fileno(), 900)
        far = extractor()
        with pytest.raises(ClusterError, match=r"2 of 2 workers.*host.*fd/900.*wanted.*read_bytes"):
            far.transform([pictures[1], f"/proc/self/fd/{high}"])
        os.close(high)
    assert far.store.stats()["computed"] == 0


def test_a_file_that_is_another_one_on_a_worker_gives_no_row(tiny, extractor, encode, tmp_path):
    """Not all files are asked for beforehand; the digest that travels is checked at the picture."""
    path = tmp_path / "picture.png"
    path.write_bytes(encode(np.zeros((20, 20, 3), np.uint8)))
    references = check_images([str(path)])
    network = extractor().job().network
    chunk = _cluster_worker.Chunk(0, references, ("0" * 64,), ((network, None),), None)
    with pytest.raises(ClusterError, match="another file lies there, of"):
        _cluster_worker.compute_chunk(chunk)


def test_a_worker_with_another_version_is_refused(many):
    worker, problems = _cluster_worker.prepare("0.0.0", {}, {})
    assert problems == [f"fusionlearn {_cluster_worker.__version__} is installed, not 0.0.0"]
    assert str(os.getpid()) in worker


def test_all_pictures_that_are_none_are_listed(cluster, extractor, many, encode, monkeypatch):
    """As without a cluster: the first in the order of X, and a list of the others."""
    chunks_of_32(monkeypatch)
    X = [encode(picture) for picture in many[:200]]
    X[60] = X[180] = X[60][:200]
    X[90] = b"no picture"
    with pytest.raises(ImageError) as caught:
        extractor().transform(X)
    assert caught.value.index == 60
    assert "picture 90" in str(caught.value)


def test_an_interruption_keeps_what_has_come_back(cluster, extractor, many, monkeypatch):
    """The next call computes the rest."""
    chunks_of_32(monkeypatch)
    far, calls = extractor(), []

    def interrupted(self, n_rows):
        if threading.current_thread() is not threading.main_thread():
            return  # workers that are threads have observers of their own
        calls.append(n_rows)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(_observer.ExtractionObserver, "rows_done", interrupted)
    with pytest.raises(KeyboardInterrupt):
        far.transform(many)
    assert far.store.stats()["computed"] == sum(calls)
    rows = far.transform(many)
    assert far.store.stats()["computed"] == len(many)
    assert_allclose(rows, here(extractor(), many), rtol=1e-5, atol=1e-6)


def test_a_large_network_is_sent_once_and_again_to_those_who_lack_it(
    client, dask, extractor, many, monkeypatch
):
    """A worker that came later says so, and is sent the network with the pictures."""
    chunks_of_32(monkeypatch)
    monkeypatch.setattr(_cluster, "_NETWORK_BYTES", 0)
    far, forgotten = extractor(), []
    write = far.store.rows.write

    def forget(*args):
        if not forgotten:
            forgotten.append(client.run(_forget))
        write(*args)

    monkeypatch.setattr(far.store.rows, "write", forget)
    assert_allclose(far.transform(many), here(extractor(), many), rtol=1e-5, atol=1e-6)
    assert set(forgotten[0].values()) == {1}
    assert far.store.stats()["computed"] == len(many)


def _forget():
    n_known = len(_cluster_worker._NETWORKS)
    _cluster_worker._NETWORKS.clear()
    return n_known


def test_on_a_worker_nobody_hands_work_on(dask, extractor, many):
    """An extractor in a search that Dask has spread computes where it is."""
    far = extractor()
    (rows, process), *_ = joblib.Parallel()(
        joblib.delayed(_transform)(extractor, many[:4]) for extractor in [far]
    )
    assert process != os.getpid()
    assert_allclose(rows, here(extractor(), many[:4]), rtol=1e-5, atol=1e-6)


def _transform(extractor, X):
    assert _cluster.cluster_backend() is None
    return extractor.transform(X), os.getpid()


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_backends_of_this_machine_leave_pictures_in_this_process(backend):
    with joblib.parallel_config(backend=backend):
        assert _cluster.cluster_backend() is None


def test_two_stores_are_locked_in_one_order(dask, tiny, many, tmp_path):
    """Two threads whose fusions name the stores the other way round do not wait for ever."""
    stores = [FeatureStore(tmp_path / name) for name in ("a.db", "b.db")]
    members = [(f"net{i}", BackboneFeatureExtractor(tiny, store=s)) for i, s in enumerate(stores)]
    results = {}

    def extract(order):
        with joblib.parallel_config(backend="dask"):
            fusion = ConcatFusion([members[i] for i in order])
            results[order] = fusion.fit_transform(many)

    threads = [threading.Thread(target=extract, args=(o,), daemon=True) for o in ((0, 1), (1, 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert_array_equal(results[0, 1][:, :5], results[1, 0][:, 5:])
    assert [store.stats()["computed"] for store in stores] == [700, 700]


def test_a_closed_client_is_named(extractor, many):
    """Not by whatever attribute of it is missing."""
    from dask.distributed import Client

    with (
        Client(n_workers=0, processes=False, dashboard_address=":0") as other,
        joblib.parallel_config(backend="dask", client=other),
    ):
        other.close()
        with pytest.raises(ClusterError, match=r"client of Dask is closed.*Connect again"):
            extractor().transform(many)


def test_a_worker_that_dies_while_it_is_asked_is_no_refusal(
    client, dask, extractor, many, monkeypatch
):
    """Its answer is that of a broken connection; the others do its work."""
    from distributed.comm.core import CommClosedError

    run = client.run

    def run_and_lose(*args, **kwargs):
        answers = run(*args, **kwargs)
        answers[next(iter(answers))] = CommClosedError("it has died")
        return answers

    monkeypatch.setattr(client, "run", run_and_lose)
    far = extractor()
    assert_allclose(far.transform(many), here(extractor(), many), rtol=1e-5, atol=1e-6)
    assert far.store.stats()["computed"] == len(many)


def test_a_worker_that_dies_takes_nothing_along(client, dask, extractor, many, monkeypatch):
    """Its pictures are computed by the others, and no row is lost or twice in the store.

    The last test of this module: Dask starts another worker in its place.
    """
    chunks_of_32(monkeypatch)
    far = extractor()
    victim = next(iter(client.run(os.getpid).values()))
    write, is_dead = far.store.rows.write, []

    def kill(*args):
        if not is_dead:
            os.kill(victim, signal.SIGKILL)
            is_dead.append(True)
        write(*args)

    monkeypatch.setattr(far.store.rows, "write", kill)
    rows = far.transform(many)
    assert is_dead
    assert far.store.stats() == {"computed": 700, "hits": 0, "rows": 700, "bytes": 700 * 5 * 4}
    assert_allclose(rows, here(extractor(), many), rtol=1e-5, atol=1e-6)
