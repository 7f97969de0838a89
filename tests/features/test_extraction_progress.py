"""Whoever waits for an extraction is told how far it is."""

import numpy as np
import pytest

from fusionlearn import BackboneFeatureExtractor, ConcatFusion, FeatureStore, make_extractors

callback = pytest.importorskip("sklearn.callback")


class Recorder:
    """A callback that keeps the names of tasks."""

    def __init__(self):
        self.begun = []
        self.ended = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **details):
        self.begun.append((context.task_name, context.max_subtasks))

    def on_fit_task_end(self, estimator, context, **details):
        self.ended.append(context.task_name)


@pytest.fixture
def many(rng):
    return rng.integers(0, 256, (70, 20, 20, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["extractor", "fusion"])
def test_callbacks_hear_of_blocks(tiny, many, kind, monkeypatch):
    """Three blocks of 32 pictures for a cold store, none for a warm one."""
    monkeypatch.setattr("fusionlearn.features._extraction._BLOCK_MAX", 32)
    store = FeatureStore()
    if kind == "extractor":
        estimator = BackboneFeatureExtractor(tiny, store=store)
    else:
        estimator = ConcatFusion(make_extractors(tiny, store=store))
    recorder = Recorder()
    estimator.set_callbacks(recorder)
    estimator.fit_transform(many)
    assert ("extract", 3) in recorder.begun
    assert recorder.ended.count("block") == 3
    assert len(recorder.begun) == len(recorder.ended)
    recorder.begun.clear()
    estimator.fit_transform(many)
    assert "extract" not in [name for name, _ in recorder.begun]


@pytest.mark.parametrize(
    "engine", ["keras", pytest.param("openvino", marks=pytest.mark.on_tensorflow)]
)
def test_the_bar_counts_pictures(tiny, many, capsys, engine):
    if engine == "openvino":
        pytest.importorskip("openvino")
    networks = [
        (pooling, BackboneFeatureExtractor(tiny, pooling=pooling, engine=engine, verbose=1))
        for pooling in ("avg", "max")
    ]
    for _, extractor in networks:
        extractor.set_params(store=FeatureStore())
    ConcatFusion(networks).fit_transform(many)
    shown = capsys.readouterr().err
    assert "70/70" in shown
    assert "pictures/s" in shown


def test_it_is_silent_by_default(tiny, many, capsys):
    BackboneFeatureExtractor(tiny, store=FeatureStore()).transform(many)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
