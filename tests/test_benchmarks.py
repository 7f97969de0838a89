"""Benchmarks compare fairly, and the page on performance shows what they found."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """benchmarks/ and the documentation's extensions are no part of the package."""
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.syspath_prepend(ROOT / "docs" / "_ext")
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "benchmarks"]:
        del sys.modules[name]
    for name in ("benchmark_tables", "benchmark_charts", "project_tables"):
        sys.modules.pop(name, None)


@pytest.fixture
def harness():
    return importlib.import_module("benchmarks._harness")


def test_contestants_take_turns(harness):
    """A slow minute hits all contestants."""
    order = []
    contestants = {name: lambda name=name: order.append(name) for name in "abc"}
    seconds = harness.interleave(contestants, 2)
    assert order == [*"abcabc"]
    assert {name: len(values) for name, values in seconds.items()} == dict.fromkeys("abc", 2)


def test_only_a_float_counts_as_a_time_of_its_own(harness):
    """An array of features that a contestant gives back is not taken for seconds."""
    contestants = {"child": lambda: 7.5, "array": lambda: np.full(3, 7.5)}
    seconds = harness.interleave(contestants, 1)
    assert seconds["child"] == [7.5]
    assert 0 < seconds["array"][0] < 7.5


def test_goals_bind_from_their_side(harness):
    """A bound that is met exactly is reached; the median counts, not the best round."""
    report = harness.Report("none", quick=True)
    report.at_most("time", [1.0, 1.1, 9.0], 1.1)
    report.at_most("time", [1.0, 1.2, 1.2], 1.1)
    report.at_least("speed", [8.0, 8.0, 1.0], 8)
    report.at_least("speed", [9.0, 7.0, 7.0], 8)
    assert [goal.reached for goal in report.goals] == [True, False, True, False]
    assert [entry["reached"] for entry in json.loads(report.to_json())["goals"]] == [
        *(True, False, True, False)
    ]


def test_ratios_are_taken_round_by_round(harness):
    """What slows down a whole round does not change the ratio."""
    assert harness.quotients([2.0, 20.0], [1.0, 10.0]) == [2.0, 2.0]


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_numbers_keep_three_digits(value):
    """No figure is printed so short that it misleads."""
    three_digits = importlib.import_module("benchmarks._harness").three_digits
    assert float(three_digits(value).replace(",", "")) == pytest.approx(value, rel=0.006)


def test_the_machine_is_described_without_its_name():
    """What a reader needs to judge a figure, and nothing of whose machine it is."""
    machine = importlib.import_module("benchmarks._machine")
    facts, versions = machine.machine_facts(), machine.versions()
    assert {"processor", "cores", "instructions", "system"} <= set(facts)
    assert int(facts["cores"]) >= 1
    assert {"python", "fusionlearn", "keras", "numpy", "sqlite"} <= set(versions)


@pytest.mark.draws_globally  # importing scikit-learn does
def test_every_listed_benchmark_can_be_run():
    """A benchmark is a module with run(quick), listed once, and shown on the page."""
    listed = importlib.import_module("benchmarks.__main__").BENCHMARKS
    modules = {path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")}
    explanation = ROOT / "docs" / "explanation"
    pages = "".join(
        (explanation / name).read_text(encoding="utf-8")
        for name in ("performance.rst", "accuracy.rst")
    )
    directives = {name: f".. benchmark:: {name}\n" for name in listed}
    directives["accuracy"] = ".. accuracy-table::\n"
    directives["selection"] = ".. selection-table::\n"
    assert set(listed) == modules
    for name in listed:
        assert callable(importlib.import_module(f"benchmarks.{name}").run)
        assert directives[name] in pages


def test_an_unknown_benchmark_is_refused(capsys):
    """A slip in the name does not run nothing and succeed."""
    main = importlib.import_module("benchmarks.__main__").main
    with pytest.raises(SystemExit, match="2"):
        main(["heads"])
    assert "no benchmark heads; there are: extraction" in capsys.readouterr().err


def test_pictures_differ():
    """Two equal pictures would be computed once, and make us look fast."""
    pictures = importlib.import_module("benchmarks._pictures").slices(40, 32)
    assert len({picture.tobytes() for picture in pictures}) == 40


def test_files_hold_the_pictures(tmp_path):
    """From files and from arrays the same work is measured."""
    from PIL import Image

    module = importlib.import_module("benchmarks._pictures")
    pictures = module.slices(2, 32)
    for path, picture in zip(module.write_files(pictures, tmp_path, ".png"), pictures, strict=True):
        assert np.array_equal(np.asarray(Image.open(path).convert("RGB")), picture)


@pytest.mark.slow
@pytest.mark.draws_globally
def test_the_peer_computes_what_we_compute(tmp_path):
    """Bare OpenVINO gets the same network and preprocessing, in batches that do not divide."""
    pytest.importorskip("openvino")
    from fusionlearn import BackboneFeatureExtractor, FeatureStore

    peers = importlib.import_module("benchmarks._peers")
    model = peers.build_keras("MobileNetV2")
    pictures = importlib.import_module("benchmarks._pictures").slices(3, 224)
    graph, _ = peers.convert(model, "MobileNetV2", tmp_path)
    found = peers.BareOpenVINO(graph, "f32", 2, "THROUGHPUT")(pictures)
    wanted = BackboneFeatureExtractor(
        "MobileNetV2", weights=None, engine="keras", store=FeatureStore()
    ).transform(pictures)
    assert np.allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())
    assert np.allclose(peers.keras_predict(model, "MobileNetV2")(pictures), wanted, atol=1e-4)


@pytest.fixture
def report(harness):
    """A report with each kind of picture, as the page reads it."""
    report = harness.Report("none", quick=False)
    for chart, groups in (("relative", ("x", "y")), ("bars", ("x",)), ("lines", ("10", "1,000"))):
        section = report.section(f"Section {chart}", "a_b", "picture", chart=chart)
        for group in groups:
            section.measurements += [
                harness.Measurement(group, "peer <1>", 4, [2.0, 2.0]),
                harness.Measurement(group, "ours", 4, [0.5, 0.5]),
            ]
        section.fact("bytes of each", 1234, "bytes")
    report.at_most("time", [2.0], 1)
    report.at_least("speed", [2.0], 1)
    return json.loads(report.to_json())


def test_the_page_shows_rates_goals_and_machine(report):
    """Medians are divided by the right amounts, and a missed goal is named."""
    pytest.importorskip("sphinx")
    tables = importlib.import_module("benchmark_tables")
    lines = "\n".join(tables.benchmark(report))
    assert "\n     - 2 (2 to 2)\n     - 8 (8 to 8)\n" in lines  # pictures per second
    assert f"Measured on {report['date']} on {report['machine']['cores']} cores" in lines
    assert "a\\_b" in lines
    assert "smoke run" not in lines
    assert "- **not reached**" in lines
    assert "1 of 2 goals" in tables.summary([report])[0]
    assert tables.summary([report | {"goals": report["goals"][1:]}]) == [
        *("All 1 goals are reached.", "")
    ]


def test_the_page_warns_of_smoke_runs(report):
    """Figures that mean nothing do not pass for figures."""
    pytest.importorskip("sphinx")
    tables = importlib.import_module("benchmark_tables")
    quick = report | {"quick": True}
    for lines in (tables.benchmark(quick), tables.summary([report, quick])):
        assert "smoke run" in "\n".join(lines)


def test_pictures_take_the_colours_of_the_page(report):
    """Ink is the page's, in the light and in the dark; screen readers hear what is drawn."""
    import xml.etree.ElementTree as ElementTree

    charts = importlib.import_module("benchmark_charts")
    for section in report["sections"]:
        svg = charts.draw(section)
        assert ElementTree.fromstring(svg)[0].attrib["role"] == "img"
        assert "currentColor" in svg
        assert charts._INK not in svg
        assert section["title"] in svg
        assert charts.draw(section) == svg
