"""A process in which malformed pictures are decoded; a line of JSON for each comes out."""

import json
import resource
import signal
import sys
import time
import warnings
from pathlib import Path

# Started as a program, it finds modules beside it only.
sys.path.append(str(Path(__file__).parents[1]))
# Above what TensorFlow-free Python maps, and far below what a bomb wants.
_ADDRESS_SPACE = 3 * 2**30
_PIXELS = 1_000_000
_SECONDS = 60


def try_one(data, path=None):
    """Decode bytes in all ways that the library does; say what is wrong, or None."""
    from fusionlearn.exceptions import FusionlearnWarning, ImageError
    from fusionlearn.images._decoding import decode_bytes, decode_bytes_for, describe_bytes

    wrong, ends = None, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for way in (describe_bytes, decode_bytes, lambda x, p: decode_bytes_for(x, (8,), p)[0]):
            try:
                made = way(data, path)
                ends.append("whole")
                if not isinstance(made, dict) and (made.ndim != 3 or made.shape[2] != 3):
                    wrong = f"pixels of shape {made.shape}"
            except ImageError as error:
                ends.append("refused")
                if not str(error).isprintable() or (path and path not in str(error)):
                    wrong = f"a message without a path, or unprintable: {error!r}"
            except BaseException as error:  # noqa: BLE001  whatever it is, it is wrong
                wrong = f"{type(error).__name__}: {error}"
    if ends[1:] in (["whole", "refused"], ["refused", "whole"]):
        wrong = "one way decodes what another refuses"
    foreign = [str(w.message) for w in caught if not issubclass(w.category, FusionlearnWarning)]
    return wrong or (f"warned: {foreign[0]}" if foreign else None), ends[1:2] == ["whole"]


def _most_memory():
    """Most memory that this program ever had, in KiB.

    What getrusage says begins with that of the process which started this one.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _report(case, name, data):
    began, memory = time.process_time(), _most_memory()
    print(json.dumps({"begun": case, "name": name}), flush=True)  # noqa: T201
    signal.alarm(2 * _SECONDS)
    wrong, whole = try_one(data, f"/folder/{case}")
    signal.alarm(0)
    grown = _most_memory() - memory
    seconds = time.process_time() - began
    line = {"case": case, "name": name, "wrong": wrong, "whole": whole}
    print(json.dumps({**line, "seconds": seconds, "grown": grown // 1024}), flush=True)  # noqa: T201


def _hypothesis(n, seed):
    from hypothesis import HealthCheck, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st
    from picture_mutants import whole_files

    count = iter(range(10**9))

    @seeded(seed)
    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(whole_files()), st.floats(0, 1), st.binary(max_size=64))
    def run(file, place, new):
        name, data = file
        at = int(place * len(data))
        _report(next(count), name, data[:at] + new + data[at + len(new) :])

    run()


def _atheris(n, seed, corpus):
    import atheris

    with atheris.instrument_imports(include=["PIL", "fusionlearn.images"]):
        import PIL.Image

        PIL.Image.init()
        import fusionlearn.images  # noqa: F401
    count = iter(range(10**9))
    # Its limit, too, counts what the process had that started this one.
    limit = 2048 + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    options = [f"-runs={n}", f"-seed={seed}", "-max_len=6000", f"-rss_limit_mb={limit}"]
    atheris.Setup(
        ["", *options, "-verbosity=0", corpus],
        lambda data: _report(next(count), "fuzzer's", data),
    )
    atheris.Fuzz()


def main(mode, first, n, *paths):
    """Try cases from a first one on, or files."""
    first, n = int(first), int(n)
    from picture_mutants import mutant, whole_files

    if mode == "atheris":
        for number, (_, data) in enumerate(whole_files()):
            Path(paths[0], str(number)).write_bytes(data)
        _atheris(n, first, paths[0])
        return
    from fusionlearn import set_config

    if mode != "files":  # those come with the limits as they are
        set_config(max_image_pixels=_PIXELS)
    try_one(whole_files()[0][1])  # so that what is loaded once does not count
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    if mode == "hypothesis":
        _hypothesis(n, first)
    elif mode == "files":
        for case, path in enumerate(paths):
            _report(case, path, Path(path).read_bytes())
    elif mode == "dicom":
        from dicom_mutants import dicom_mutant, whole_dicom_files

        for data in whole_dicom_files():  # what is loaded once does not count
            try_one(data)
        for case in range(first, first + n):
            _report(case, "DICOM", dicom_mutant(case))
    else:
        for case in range(first, first + n):
            _report(case, *mutant(case))


if __name__ == "__main__":
    main(*sys.argv[1:])
