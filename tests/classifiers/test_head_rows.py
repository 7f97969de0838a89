"""Where the rows of a head lie while it trains: all at once, or block by block."""

import tracemalloc

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionlearn import FineTuneClassifier, config_context
from fusionlearn.classifiers._rows import ResidentRows, StreamedRows, hold_rows, roomy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 7)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
WEIGHT = RNG.uniform(0.5, 2, 90)
ROW_BYTES = 4 * X.shape[1]


def bits(X, y=Y, weight=WEIGHT, **parameters):
    settings = {"random_state": 0, "epochs": 3, "batch_size": 8, **parameters}
    classifier = FineTuneClassifier(**settings).fit(X, y, sample_weight=weight)
    return joblib.hash([classifier.coefs_, classifier.intercepts_, classifier.history_])


def visited(rows, order, multiple):
    """What a compiled function would see: rows, classes, weights, and sizes of blocks."""
    parts, sizes = [], []
    for block in rows.blocks(order, multiple):
        assert int(block.first) == sum(sizes)
        sizes.append(int(block.n_rows))
        at = block.order.numpy()[: sizes[-1]]
        parts.append([part.numpy()[at] for part in (block.X, block.y[:, 0], block.weight)])
    return [np.concatenate(part) for part in zip(*parts, strict=True)], sizes


@pytest.mark.parametrize("batch_size", [1, 8, 33, 1000])
@pytest.mark.parametrize("parameters", [{}, {"hidden_units": (3,)}, {"optimizer": "nadam"}])
def test_streaming_gives_the_same_bits(batch_size, parameters):
    """With dropout, early stopping, weights, and batches larger than the budget."""
    expected = bits(X, batch_size=batch_size, **parameters)
    with config_context(head_memory=20 * ROW_BYTES):
        assert bits(X, batch_size=batch_size, **parameters) == expected


def test_streaming_gives_the_same_bits_with_xla():
    """XLA compiles anew for a block of another size; that is to change nothing."""
    wide = np.random.default_rng(1).normal(size=(90, 12_000)).astype(np.float32)
    expected = bits(wide, batch_size=2)
    with config_context(head_memory=wide.nbytes // 3):
        assert bits(wide, batch_size=2) == expected


@pytest.mark.parametrize("budget", [1, 2**30], ids=["streamed", "resident"])
@given(st.lists(st.integers(0, 89), min_size=1, max_size=200), st.integers(1, 40))
def test_every_row_is_visited_in_order(budget, order, multiple):
    """Rows that come twice, or more often than there are rows, too; no batch is torn."""
    rows = hold_rows(X, Y, WEIGHT, budget)
    assert isinstance(rows, StreamedRows if budget == 1 else ResidentRows)
    seen, sizes = visited(rows, np.array(order), multiple)
    np.testing.assert_array_equal(seen[0], X[order])
    np.testing.assert_array_equal(seen[1], Y[order])
    np.testing.assert_array_equal(seen[2], WEIGHT[order].astype(np.float32))
    assert all(size % multiple == 0 for size in sizes[:-1])


def test_a_splitter_may_repeat_rows():
    class Bootstrap:
        def split(self, X, y, groups=None):
            yield np.repeat(np.arange(80), 3), np.arange(80, 90)

    classifier = FineTuneClassifier(validation=Bootstrap(), epochs=1, random_state=0)
    assert classifier.fit(X, Y).n_iter_ == 1


@pytest.mark.parametrize("layout", ["float64", "column-major", "strided", "read-only"])
@pytest.mark.parametrize("budget", [1, 2**30], ids=["streamed", "resident"])
def test_any_layout_gives_the_same_bits(layout, budget):
    expected = bits(X)
    other = {
        "float64": X.astype(np.float64),
        "column-major": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "read-only": X.copy(),
    }[layout]
    other.flags.writeable = False
    with config_context(head_memory=budget):
        assert bits(other) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_memory_mapped_X_is_not_loaded(tmp_path, dtype):
    """Peak memory stays near the budget in fit and predict, and results are the same."""
    np.save(tmp_path / "X.npy", RNG.normal(size=(4000, 2000)).astype(dtype))
    y = np.arange(4000) % 2
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    budget = 2**22
    classifier = FineTuneClassifier(epochs=1, random_state=0)
    with config_context(head_memory=budget):
        tracemalloc.start()
        try:
            classifier.fit(mapped, y)
            _, peak_of_fit = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            classifier.predict(mapped)
            _, peak_of_predict = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # Beside the buffers: what building the functions takes.
    assert peak_of_fit < budget + 2**24 < mapped.nbytes // 1.5
    assert peak_of_predict < 2 * 2**25
    resident = FineTuneClassifier(epochs=1, random_state=0).fit(np.array(mapped), y)
    np.testing.assert_array_equal(classifier.coefs_[0], resident.coefs_[0])


@pytest.mark.parametrize("budget", [1, 2**30], ids=["streamed", "resident"])
def test_values_beyond_float32_are_refused(budget):
    """They would become infinite on the way."""
    large = X.astype(np.float64)
    large[5, 2] = -1e200
    with (
        config_context(head_memory=budget),
        pytest.raises(ValueError, match=r"1e\+200, beyond the range of float32.*Scale"),
    ):
        FineTuneClassifier().fit(large, Y)


@given(st.integers(1, 10**9))
def test_room_is_for_more_rows_but_not_many(n_rows):
    assert n_rows <= roomy(n_rows) <= max(n_rows * 9 / 8, n_rows)


def test_folds_whose_sizes_differ_by_one_have_the_same_room():
    """So that XLA compiles once for all of them."""
    for n_samples in (103, 777, 1470, 6001):
        sizes = {n_samples - len(part) for part in np.array_split(np.arange(n_samples), 5)}
        assert len({roomy(size) for size in sizes}) == 1
