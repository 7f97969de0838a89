"""The same seed gives the same result: the table in docs/explanation/reproducibility.rst."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import results_of_a_process as parts
from composition_parts import phantoms, small_networks
from sklearn.base import clone

from fusionlearn import FeatureStore, FineTuneClassifier, ImageAugmenter
from fusionlearn.model_selection import StratifiedImageGroupKFold
from fusionlearn.presets import covid_ct_strong

ROOT = Path(__file__).parents[2]
DATA = phantoms()
ORDER = np.random.default_rng(0).permutation(len(DATA.data))
# Probabilities of what is trained on features that differ by rounding.
AFTER_ROUNDING = 1e-3


@pytest.mark.draws_globally
@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
def test_a_fresh_process_gives_the_same_bits():
    """With other hashes of text and one thread, as joblib's processes have it; it is silent."""
    folders = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "composition")]
    other = subprocess.Popen(
        [sys.executable, parts.__file__],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(folders),
            "PYTHONHASHSEED": "7",
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    expected = parts.results()
    out, err = other.communicate()
    assert other.returncode == 0, err
    assert json.loads(out) == expected
    assert len(expected) == len(parts.PARTS) == 10


@pytest.mark.draws_globally
@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
@pytest.mark.parametrize("part", ["vote", "concatenation", "judged", "searched"])
def test_processes_change_no_bit(part):
    """Fits in two processes of joblib, which load TensorFlow themselves."""
    work = getattr(parts, part)
    assert joblib.hash(work(n_jobs=2)) == joblib.hash(work())


@pytest.mark.parametrize("warmth", ["cold", "partly warm", "warm"])
@pytest.mark.parametrize("kind", ["memory", "file", "none"])
def test_no_store_changes_a_bit(kind, warmth, tmp_path):
    """Nor what was in it before, in another order and other company."""
    expected = parts.features()
    if kind == "none":
        store = None
    else:
        store = FeatureStore(tmp_path / "features.db" if kind == "file" else None)
    if warmth != "cold":
        stop = 10 if warmth == "partly warm" else len(DATA.data)
        parts.network(store=store).transform(DATA.data[ORDER[:stop]])
    np.testing.assert_array_equal(parts.features(store=store), expected)


@pytest.mark.parametrize("engine", ["openvino", "keras"])
def test_order_and_company_of_pictures(engine):
    """By OpenVINO, one picture at a time, to the bit; by Keras, in batches, but for rounding."""
    pytest.importorskip(engine)
    whole = parts.features(engine=engine)
    shuffled = parts.network(engine=engine).transform(DATA.data[ORDER])
    few = parts.network(engine=engine).transform(DATA.data[:5])
    tolerance = 0 if engine == "openvino" else 1e-5 * np.abs(whole).max()
    np.testing.assert_allclose(shuffled, whole[ORDER], rtol=0, atol=tolerance)
    np.testing.assert_allclose(few, whole[:5], rtol=0, atol=tolerance)


def test_copies_do_not_depend_on_order_or_company():
    augmenter = ImageAugmenter(2, random_state=3)
    digests = np.vectorize(lambda reference: reference.digest)
    whole = digests(augmenter.make_copies(DATA.data))
    np.testing.assert_array_equal(digests(augmenter.make_copies(DATA.data[ORDER])), whole[ORDER])
    np.testing.assert_array_equal(digests(augmenter.make_copies(DATA.data[7:8])), whole[7:8])


@pytest.mark.parametrize("unfreeze", [0, 1])
def test_predictions_do_not_depend_on_order_or_company(unfreeze):
    """Of a head to the bit; where layers were trained, Keras computes in batches."""
    extractor = parts.network(layers=None if unfreeze else parts.LAYERS)
    model = FineTuneClassifier(
        extractor, unfreeze=unfreeze, epochs=3, fine_tune_epochs=2, random_state=0
    ).fit(DATA.data, DATA.target)
    whole = model.predict_proba(DATA.data)
    alone = np.vstack([model.predict_proba(DATA.data[i : i + 1]) for i in range(8)])
    tolerance = 1e-5 if unfreeze else 0
    np.testing.assert_allclose(
        model.predict_proba(DATA.data[ORDER]), whole[ORDER], rtol=0, atol=tolerance
    )
    np.testing.assert_allclose(alone, whole[:8], rtol=0, atol=tolerance)


@pytest.mark.parametrize("shuffle", [False, True])
def test_folds_hold_the_same_patients_in_any_order(shuffle):
    splitter = StratifiedImageGroupKFold(3, shuffle=shuffle, random_state=5 if shuffle else None)

    def patients(X, y):
        return [{reference.group for reference in X[test]} for _, test in splitter.split(X, y)]

    expected = patients(DATA.data, DATA.target)
    assert patients(DATA.data[ORDER], DATA.target[ORDER]) == expected
    assert len(set.union(*expected)) == 24


def test_the_order_of_training_data_counts_like_a_seed():
    """Batches are made of them: another order is another result, the same one the same bits."""
    model = FineTuneClassifier(parts.network(), epochs=5, learning_rate=0.05, random_state=1)
    first, again = (clone(model).fit(DATA.data, DATA.target) for _ in "ab")
    other = clone(model).fit(DATA.data[ORDER], DATA.target[ORDER])
    assert joblib.hash(first.coefs_) == joblib.hash(again.coefs_)
    assert not np.array_equal(first.coefs_[0], other.coefs_[0])


def test_the_order_of_training_data_does_not_count_in_the_strong_preset():
    """It solves equations, and its folds are the same patients."""
    model = covid_ct_strong(
        extractors=small_networks(FeatureStore(), layers=0.1)[:1], variant="fast"
    )
    proba = clone(model).fit(DATA.data, DATA.target).predict_proba(DATA.data)
    other = clone(model).fit(DATA.data[ORDER], DATA.target[ORDER]).predict_proba(DATA.data)
    assert np.ptp(proba[:, 0]) > 0.1  # something was learned
    np.testing.assert_allclose(other, proba, rtol=0, atol=AFTER_ROUNDING)


@pytest.mark.parametrize("part", ["head", "tuned", "strong"])
@pytest.mark.parametrize("params", [{"batch_size": 7}, {"engine": "keras"}], ids=str)
def test_what_is_trained_on_rounded_features_is_near(part, params):
    """Batch sizes and engines: rounding comes out a little larger at the other end."""
    work = getattr(parts, part)
    expected, found = work(), work(**params)
    if part != "strong":
        expected, found = expected[0], found[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=AFTER_ROUNDING)
    assert np.ptp(expected[:, 0]) > 10 * AFTER_ROUNDING  # they are not all the same anyway


def test_every_row_of_the_table_has_a_test():
    """The page names a test for each promise, and each is there."""
    page = (ROOT / "docs" / "explanation" / "reproducibility.rst").read_text(encoding="utf-8")
    table = page.split(".. list-table::")[1].split("\n\nWhat")[0]
    rows = table.split("\n   * - ")[2:]
    assert len(rows) > 10
    for row in rows:
        cells = row.split("\n     - ")
        named = re.findall(r"``(\w+/\w+\.py)::(\w+)``", cells[-1])
        assert len(cells) == 4, row
        assert named, row
        for file, test in named:
            source = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert f"def {test}(" in source, f"{file}::{test}"
