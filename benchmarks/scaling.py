"""Many pictures through a tiny network: what the library itself takes for each."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ._harness import Report
from ._pictures import write_small_files

_SIZES = (100, 1000, 10_000, 100_000)
_SIDE = 32
_N_FEATURES = 64
_STORES = ("memory", "SQLite")
# A warm call on few pictures takes milliseconds: one of them alone would be noise.
_WARM_CALLS = 5


def run(quick):
    """Measure growth.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: up to 1,000 pictures, one round.

    Returns
    -------
    report : Report
        Seconds, bytes and memory by number of pictures.
    """
    report = Report("scaling", quick)
    sizes = _SIZES[:2] if quick else _SIZES
    rounds = 1 if quick else 3
    with tempfile.TemporaryDirectory() as folder:
        paths = write_small_files(max(sizes), _SIDE, folder)
        listing = Path(folder) / "paths.json"
        listing.write_text(json.dumps(paths), encoding="utf-8")
        found = _all_rounds(sizes, rounds, listing, folder)
    for store in _STORES:
        _report(report, store, sizes, found)
    return report


def _all_rounds(sizes, rounds, listing, folder):
    """Results of child processes, by store and size: one for each round."""
    found = {(store, size): [] for store in _STORES for size in sizes}
    for number in range(rounds):
        for store, size in found:
            path = Path(folder) / f"{store}-{size}-{number}.db" if store == "SQLite" else ""
            command = [sys.executable, "-m", __spec__.name, str(listing), str(size), str(path)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[store, size].append(json.loads(output.splitlines()[-1]))
            print(f"  {store}, {size:,} pictures: done", file=sys.stderr, flush=True)
    return found


def _report(report, store, sizes, found):
    section = report.section(
        f"Store: {store}",
        f"PNG files of {_SIDE} × {_SIDE} pixels, {_N_FEATURES} features, each size in a process of "
        "its own. Cold: nothing is stored; warm: the same call again, the median of five. Starting "
        "the process and building the network is left out. Memory is what the process grows by at "
        "most while it computes, without the array of results; rows in the store are part of it.",
        "picture",
        show="time",
        chart="lines",
    )
    for size in sizes:
        results = found[store, size]
        # Children time themselves: every one of them loads TensorFlow first.
        for kind in ("cold", "warm"):
            values = iter([result[kind] for result in results])
            section.measure(
                f"{size:,}",
                {kind: lambda values=values: next(values)},
                amount=size,
                rounds=len(results),
            )
        last = results[-1]
        section.fact(f"{size:,}: stored for each picture", last["stored"] / size, "bytes")
        for kind in ("cold", "warm"):
            peak = max(result[f"{kind}_peak"] for result in results)
            section.fact(f"{size:,}: {kind}, memory beyond the result", peak / 1e6, "MB")
    few, many = found[store, 1000], found[store, sizes[-1]]
    for kind in ("cold", "warm"):
        each = [(b[kind] / sizes[-1]) / (a[kind] / 1000) for a, b in zip(few, many, strict=True)]
        report.at_most(f"{store}, {kind}: time per picture, 1,000 pictures being 1", each, 1.15)
        grown = [
            (b[f"{kind}_peak"] - a[f"{kind}_peak"]) / 1e6 for a, b in zip(few, many, strict=True)
        ]
        report.at_most(f"{store}, {kind}: memory, more than for 1,000 pictures", grown, 100, "MB")


def child(listing, size, path):
    """Measure one size in this process; the last line of the output is the result."""
    from fusionlearn import BackboneFeatureExtractor, FeatureStore

    from ._tiny import register

    paths = json.loads(Path(listing).read_text(encoding="utf-8"))[: int(size)]
    network = register(_SIDE, _N_FEATURES)
    first = np.random.default_rng(1).integers(0, 256, (64, _SIDE, _SIDE, 3), dtype=np.uint8)
    BackboneFeatureExtractor(network, store=FeatureStore()).transform(first)
    store = FeatureStore(path or None)
    extractor = BackboneFeatureExtractor(network, store=store)
    result = {}
    for kind, repeats in (("cold", 1), ("warm", _WARM_CALLS)):
        before = _begin_peak()
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            features = extractor.transform(paths)
            seconds.append(time.perf_counter() - start)
            n_bytes = features.nbytes
            del features
        result[kind] = statistics.median(seconds)
        result[f"{kind}_peak"] = _peak() - before - n_bytes
    result["stored"] = _bytes_on_disk(path) if path else store.stats()["bytes"]
    print(json.dumps(result))


def _bytes_on_disk(path):
    """Size of a store's file and of those that SQLite keeps beside it."""
    path = Path(path)
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def _begin_peak():
    """Forget the peak so far, where Linux can do that; give the bytes from which it counts."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:  # the peak of loading TensorFlow then hides a smaller one
        return _peak()
    return _peak()


def _peak():
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    child(*sys.argv[1:])
