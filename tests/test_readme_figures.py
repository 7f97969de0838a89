"""The README's figures are those that the benchmarks wrote."""

import json
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = " ".join((ROOT / "README.md").read_text("utf-8").split())


def load(name):
    return json.loads((ROOT / "docs" / "_data" / "benchmarks" / f"{name}.json").read_text("utf-8"))


def seconds(name, title, contestant, group=None):
    """Median seconds of a contestant for one unit of work."""
    (section,) = [one for one in load(name)["sections"] if one["title"] == title]
    (found,) = [
        one
        for one in section["measurements"]
        if one["contestant"] == contestant and group in (None, one["group"])
    ]
    return statistics.median(found["seconds"]) / found["amount"]


def interval(numbers):
    estimate, low, high = (f"{number:.3f}".lstrip("0") for number in numbers)
    return f"{estimate} [{low}, {high}]"


def row_of(beginning):
    return re.search(rf"\| {re.escape(beginning)}.*?`make bench", README).group()


def test_rates_of_extraction():
    title, row = "From arrays of the input size", row_of("Pictures a second")
    networks = ("MobileNetV2", "ResNet50", "DenseNet121")
    for contestant in ("Keras predict", "fusionlearn float32", "fusionlearn bfloat16"):
        rates = [1 / seconds("extraction", title, contestant, network) for network in networks]
        assert ", ".join(f"{rate:.0f}" for rate in rates) in row


@pytest.mark.parametrize(
    ("beginning", "name", "title", "group", "contestants"),
    [
        (
            "A search over 12 heads",
            "search",
            "Twelve heads, five folds",
            None,
            {"Pipeline": 1, "Pipeline(memory=)": 1, "by hand": 1, "fusionlearn": 1},
        ),
        (
            "An epoch",
            "head",
            "An epoch",
            "1,470 × 13,248, batch 2",
            {"Keras fit": 2, "Keras fit, 32 steps per execution": 2, "fusionlearn": 3},
        ),
        (
            "First prediction",
            "startup",
            "First prediction",
            None,
            {"Keras": 1, "fusionlearn, warm store": 1},
        ),
    ],
)
def test_seconds(beginning, name, title, group, contestants):
    row = row_of(beginning)
    for contestant, digits in contestants.items():
        assert f"{seconds(name, title, contestant, group):.{digits}f} s" in row


def test_seconds_of_warm_rows():
    row = row_of("10,000 stored rows")
    for contestant in ("sqlite3", "fusionlearn"):
        (section,) = load("warm")["sections"]
        (found,) = [one for one in section["measurements"] if one["contestant"] == contestant]
        assert f"{statistics.median(found['seconds']):.2f} s" in row


def test_accuracy():
    accuracy = load("accuracy")
    for leak, beginning in zip(
        accuracy["leak"],
        ("by patient", "by picture, patients on both sides", "by picture, copies made"),
        strict=True,
    ):
        assert leak["name"].startswith(beginning.split(",")[0])
        row = re.search(rf"\| {beginning}[^|]*\|[^|]*\|", README).group()
        assert interval(leak["plain"]["accuracy"]) in row
    rows = {row["name"]: row["plain"] for row in accuracy["rows"]}
    for name in ("strong, full", "file alone, no pixel"):
        pair = [interval(rows[name][score]) for score in ("accuracy", "roc_auc")]
        assert re.search(re.escape(pair[0]) + r" and (AUC )?" + re.escape(pair[1]), README)
