"""Run benchmarks: ``python -m benchmarks``, or ``python -m benchmarks extraction``."""

import argparse
import importlib
import os
import subprocess
import sys
from pathlib import Path

from ._harness import print_report

BENCHMARKS = {
    "extraction": "seven networks and MobileNetV2: Keras, bare OpenVINO, fusionlearn",
    "head": "an epoch of training: Keras, scikit-learn, fusionlearn",
    "finetune": "training the last third of a network: Keras, fusionlearn",
    "search": "a grid search of heads: Pipeline, Pipeline(memory=), fusionlearn",
    "scaling": "100 to 100,000 pictures: seconds, bytes and memory for each",
    "distributed": "workers of a Dask cluster: growth, and the way there and back",
    "startup": "new processes: imports, and the first prediction",
    "export": "models as graphs: Keras, TensorFlow, ONNX, OpenVINO, LiteRT, fusionlearn",
    "warm": "reading stored features: the sqlite3 module, fusionlearn",
    "accuracy": "scores on COVID-CT by patient; needs --data, and takes an hour",
    "selection": "votes on COVID-CT with weights found out of fold; needs --data",
}
# Options, and the environment variables by which a process of its own learns of them.
_FOLDERS = {"data": "FUSIONLEARN_COVID_CT", "weights": "FUSIONLEARN_WEIGHTS"}
_RESULTS = Path(__file__).parent / "results"


def main(argv=None):
    """Run what the command line names.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    status : int
        0 if all benchmarks ran through, whether or not their goals are reached.
    """
    listed = "\n".join(f"  {name:12}{text}" for name, text in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all by default")
    parser.add_argument("--quick", action="store_true", help="a smoke run; figures mean nothing")
    parser.add_argument(
        "--out", type=Path, default=_RESULTS, help="folder for NAME.json (benchmarks/results)"
    )
    for option, variable in _FOLDERS.items():
        parser.add_argument(
            f"--{option}",
            help=f"for accuracy and selection: folder of {option}; by default that of ${variable}",
        )
    options = parser.parse_args(argv)
    for option, variable in _FOLDERS.items():
        if getattr(options, option) is not None:
            os.environ[variable] = getattr(options, option)
    unknown = sorted(set(options.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    names = options.names or list(BENCHMARKS)
    if not options.names and not options.quick and not os.environ.get(_FOLDERS["data"]):
        names = [name for name in names if name not in ("accuracy", "selection")]
        print(
            "accuracy and selection are left out: they need --data FOLDER with COVID-CT",
            file=sys.stderr,
        )
    if len(names) == 1:
        run_one(names[0], options.quick, options.out)
        return 0
    return run_each_alone(names, options.quick, options.out)


def run_one(name, quick, out):
    """Run a benchmark here, print its report and write it."""
    # TensorFlow's log lines would stand between the tables.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(f"{name}: {BENCHMARKS[name]}", file=sys.stderr, flush=True)
    report = importlib.import_module(f".{name}", __package__).run(quick)
    print_report(report)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(report.to_json(), encoding="utf-8")


def run_each_alone(names, quick, out):
    """Run benchmarks in processes of their own: none meets another's threads or memory."""
    flags = ["--quick"] if quick else []
    failed = [
        name
        for name in names
        if subprocess.run(
            [sys.executable, "-m", "benchmarks", name, "--out", out, *flags]
        ).returncode
    ]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
