"""Any seed, whatever else changes: random circumstances under which results must stay."""

import joblib
import numpy as np
import pytest
from composition_parts import phantoms
from torture_tally import sizes

from fusionlearn import (
    BackboneFeatureExtractor,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
)
from fusionlearn.model_selection import StratifiedImageGroupKFold

DATA = phantoms()
N = len(DATA.data)


def _network(tiny, **params):
    return BackboneFeatureExtractor(tiny, **{"store": FeatureStore(), **params})


def _pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (N, 20, 18, 3), dtype=np.uint8)


def _head(extractor, seed):
    return FineTuneClassifier(
        extractor, epochs=3, hidden_units=(4,), learning_rate=0.05, random_state=seed
    )


def _features(tiny, rng, seed, folder):
    """Rows of some pictures, in any order, from a store in which others are already."""
    store = FeatureStore(folder / f"{rng.integers(3)}.db" if rng.random() < 0.5 else None)
    before, chosen = (rng.choice(N, rng.integers(1, N)) for _ in "ab")
    X, params = _pixels(seed), {"pooling": str(rng.choice(["avg", "max", "avg_std"]))}
    expected = _network(tiny, **params).transform(X)
    _network(tiny, store=store, **params).transform(X[before])
    n_jobs = [None, 1, 2, 5][rng.integers(4)]
    found = _network(tiny, store=store, n_jobs=n_jobs, **params).transform(X[chosen])
    np.testing.assert_array_equal(found, expected[chosen])


def _batches(tiny, rng, seed, folder):
    """Rows by any engine in batches of any size, but for rounding."""
    expected = _network(tiny).transform(_pixels(seed))
    engine = str(rng.choice(["keras", "openvino"]))
    other = _network(tiny, engine=engine, batch_size=int(rng.integers(1, 60)))
    difference = np.abs(other.transform(_pixels(seed)) - expected).max()
    assert difference <= 1e-5 * np.abs(expected).max()


def _copies(tiny, rng, seed, folder):
    """Pixels of copies, in any order and company."""
    augmenter = ImageAugmenter(3, brightness=0.2, contrast=0.2, random_state=int(seed))
    chosen = rng.choice(N, 3)
    expected = augmenter.make_copies(DATA.data)[chosen].ravel()
    found = augmenter.make_copies(DATA.data[chosen]).ravel()
    for one, other in zip(expected, found, strict=True):
        assert one.digest == other.digest
        np.testing.assert_array_equal(one.decode(), other.decode())


def _folds(tiny, rng, seed, folder):
    """Patients of each fold, in any order of pictures."""
    splitter = StratifiedImageGroupKFold(int(rng.integers(2, 6)), shuffle=True, random_state=seed)
    order = rng.permutation(N)

    def patients(X, y):
        return [{reference.group for reference in X[test]} for _, test in splitter.split(X, y)]

    assert patients(DATA.data[order], DATA.target[order]) == patients(DATA.data, DATA.target)


def _fits(tiny, rng, seed, folder):
    """Bits of a head after other fits, in threads, from a warm store."""
    extractor = _network(tiny)
    first = _head(_network(tiny), seed).fit(DATA.data, DATA.target)
    extractor.transform(DATA.data[rng.permutation(N)])
    _head(extractor, seed + 1).fit(DATA.data[:30], DATA.target[:30])
    again = _head(extractor, seed).fit(DATA.data, DATA.target)
    for name in ("coefs_", "intercepts_", "history_"):
        assert joblib.hash(getattr(first, name)) == joblib.hash(getattr(again, name))
    order = rng.permutation(N)
    np.testing.assert_array_equal(
        again.predict_proba(DATA.data[order]), first.predict_proba(DATA.data)[order]
    )


def _votes(tiny, rng, seed, folder):
    """Probabilities of a vote whose members stand in another order."""
    network = _network(tiny)
    members = [(f"m{number}", _head(network, seed + number)) for number in range(3)]
    order = rng.permutation(3)
    straight = MajorityVoteFusion(members).fit(DATA.data, DATA.target)
    mixed = MajorityVoteFusion([members[i] for i in order]).fit(DATA.data, DATA.target)
    np.testing.assert_array_equal(mixed.predict_proba(DATA.data), straight.predict_proba(DATA.data))


TRIALS = (_features, _batches, _copies, _folds, _fits, _votes)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.__name__.strip("_"))
@sizes(2, 200)
def test_the_same_seed_under_other_circumstances(trial, n, tally, tiny, tmp_path):
    """Each case says by its number how to have it again."""
    if trial is _batches:
        pytest.importorskip("openvino")
    t = tally(f"same seed: {trial.__name__.strip('_')}")
    for number in range(n):
        rng = np.random.default_rng(number)
        t.tried += 1
        try:
            trial(tiny, rng, int(rng.integers(2**31)), tmp_path)
        except AssertionError as error:
            t.wrong += 1
            print(f"case {number}: {error}")  # noqa: T201  pytest shows it where a case fails
        else:
            t.survived += 1


def test_another_seed_is_seen(tiny):
    """Trials of things that do not depend on the seed would prove nothing."""
    heads = [_head(_network(tiny), seed).fit(DATA.data, DATA.target) for seed in (0, 1)]
    assert not np.array_equal(heads[0].coefs_[0], heads[1].coefs_[0])
