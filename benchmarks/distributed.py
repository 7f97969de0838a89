"""Pictures over the workers of a Dask cluster: growth, and what the way there and back costs."""

import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import joblib
from dask.distributed import Client, LocalCluster

from fusionlearn import BackboneFeatureExtractor, FeatureStore, check_images
from fusionlearn.backbones import get_engine

from ._harness import Report, quotients
from ._pictures import slices, write_files, write_small_files
from ._tiny import register

_SIDE = 512
_TINY_SIDE = 32
_N_FEATURES = 64
_WORKERS = (1, 2)


def run(quick):
    """Measure growth with workers that have one processor each.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: few pictures, one round.

    Returns
    -------
    report : Report
        Pictures per second of this process and of one and two workers.
    """
    report = Report("distributed", quick)
    count, n_small, rounds = (32, 256, 1) if quick else (888, 4096, 7)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster) as client,
        ExitStack() as stack,
    ):
        processors = sorted(os.sched_getaffinity(0))
        for number in range(max(_WORKERS)):
            processor = processors[number % len(processors)]
            stack.enter_context(_worker(cluster.scheduler_address, processor))
        client.wait_for_workers(max(_WORKERS))
        workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
        paths = write_files(slices(count, _SIDE), Path(folder) / "slices", ".jpg", quality=90)
        mobilenet = BackboneFeatureExtractor("MobileNetV2", weights=None)
        _growth(report, "MobileNetV2", mobilenet, paths, workers, rounds)
        small = write_small_files(n_small, _TINY_SIDE, folder)
        tiny = BackboneFeatureExtractor(register(_TINY_SIDE, _N_FEATURES))
        _overhead(report, tiny, small, workers, rounds)
    return report


def _growth(report, name, extractor, paths, workers, rounds):
    section = report.section(
        "Growth",
        f"JPEG files of {_SIDE} × {_SIDE} pixels through MobileNetV2 (untrained, 224 × 224 pixels, "
        "OpenVINO, float32). Nothing is stored before a round. Workers are processes of this "
        "machine with one processor each; scheduler and caller share the same processors. Starting "
        "the workers and building the network is left out.",
        "picture",
    )
    contestants = _contestants(extractor, paths, workers)
    seconds = section.measure(name, contestants, amount=len(paths), rounds=rounds)
    here, one, two = seconds.values()
    report.at_least("two workers, one being 1", quotients(one, two), 1.7)
    report.at_least(
        "two workers with one processor each, this process with both being 1",
        quotients(here, two),
        0.85,
    )


def _overhead(report, extractor, paths, workers, rounds):
    section = report.section(
        "The way there and back",
        f"PNG files of {_TINY_SIDE} × {_TINY_SIDE} pixels through a network of one convolution "
        f"with {_N_FEATURES} features: what looking at a file, sending its reference and keeping "
        "its row take.",
        "picture",
        show="time",
    )
    contestants = _contestants(extractor, paths, workers)
    seconds = section.measure("a tiny network", contestants, amount=len(paths), rounds=rounds)
    references = check_images(paths[:128])
    sent = len(pickle.dumps(references)) + 128 * 64  # and a digest each
    section.fact("to a worker, for a path", sent / 128, "bytes")
    section.fact("back, for a feature", 4, "bytes")
    fastest = min(statistics.median(seconds[name]) for name in list(seconds)[1:])
    section.fact("a caller keeps up with", len(paths) / fastest, "pictures/s")


def _contestants(extractor, paths, workers):
    """Ways through a network that is built everywhere, with an empty store each time."""

    def transform():
        extractor.set_params(store=FeatureStore()).transform(paths)

    def on(n_workers):
        chosen = workers[:n_workers]
        with joblib.parallel_config(backend="dask", workers=chosen, allow_other_workers=False):
            transform()

    # A network is built where it is first asked for; small parts reach all workers.
    get_engine(extractor.job().network)
    for worker in workers:
        with joblib.parallel_config(backend="dask", workers=[worker]):
            extractor.set_params(store=FeatureStore()).transform(paths[:16])
    transform()
    print("  built everywhere", file=sys.stderr, flush=True)
    return {
        "this process": transform,
        "1 worker": lambda: on(1),
        "2 workers": lambda: on(2),
    }


@contextmanager
def _worker(scheduler, processor):
    """Start a worker on one processor, as if that were a machine."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler]
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
    log = subprocess.DEVNULL
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})  # children inherit it
    try:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
    finally:
        os.sched_setaffinity(0, before)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
