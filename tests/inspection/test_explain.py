"""Explanations of fused decisions: exact, complete, and the estimator's own."""

import pickle

import numpy as np
import pytest
import tensorflow as tf
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    MajorityVoteFusion,
    check_images,
)
from fusionlearn.backbones import compute_maps, pool_maps
from fusionlearn.exceptions import BackboneError, ExplanationWarning, ImageError
from fusionlearn.inspection import deletion_insertion, explain
from fusionlearn.inspection._placing import place

POOLINGS = ["avg", "max", "avg_std"]


@pytest.fixture(scope="module")
def data():
    """Sixteen pictures, the second half brighter in one corner; their labels."""
    pictures = np.random.default_rng(0).integers(0, 120, (16, 16, 16, 3), dtype=np.uint8)
    pictures[8:, :8, 8:] += 60
    return pictures, np.repeat(["dark", "light"], 8)


@pytest.fixture
def extractor(tiny):
    """An extractor of the tiny network."""

    def make(pooling="avg", **params):
        return BackboneFeatureExtractor(tiny, pooling=pooling, engine="keras", **params)

    return make


@pytest.fixture
def pair(extractor):
    """Two networks, as a fusion takes them."""
    return [("mean", extractor("avg")), ("largest", extractor("max", layers=["first", "second"]))]


def signed(estimator, X, name=None, **params):
    """Signed maps: with two classes what is for one of them is against the other."""
    against, for_ = (
        [one.heat_map if name is None else one.networks[name] for one in explained]
        for explained in (
            explain(estimator, X, target=label, **params) for label in estimator.classes_
        )
    )
    return np.subtract(for_, against)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_maps_are_exact_gradients_times_activations(data, extractor, pooling):
    """Differences of features agree with automatic differentiation of the whole model."""
    pictures, labels = data
    head = FineTuneClassifier(
        extractor(pooling), hidden_units=(4,), epochs=3, learning_rate=0.05, random_state=0
    ).fit(pictures, labels)
    network = head.extractor_.job().network
    (maps,) = compute_maps(network, pictures[:3])
    A = tf.Variable(maps)
    with tf.GradientTape() as tape:
        mean = tf.reduce_mean(A, axis=(1, 2))
        features = {
            "avg": lambda: mean,
            "max": lambda: tf.reduce_max(A, axis=(1, 2)),
            "avg_std": lambda: tf.concat([mean, tf.math.reduce_std(A, axis=(1, 2))], axis=1),
        }[pooling]()
        hidden = tf.nn.relu(features @ head.coefs_[0] + head.intercepts_[0])
        score = hidden @ head.coefs_[1] + head.intercepts_[1]
    gradient = tape.gradient(score, A).numpy()
    n_places = maps.shape[1] * maps.shape[2]
    wanted = n_places * (gradient * maps).sum(axis=3)
    if pooling == "avg":  # Selvaraju et al.: weights are the mean gradient of each channel
        weights = gradient.mean(axis=(1, 2), keepdims=True)
        np.testing.assert_allclose(n_places * (weights * maps).sum(axis=3), wanted, rtol=1e-4)
    got = signed(head, pictures[:3])
    wanted = [place(grid, np.eye(3), (16, 16)) for grid in wanted]
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize(
    ("pooling", "unfreeze"),
    [("avg", 0), ("max", 0), ("avg_std", 0), ("avg_std", 1), ("max", "all")],
)
def test_nothing_of_the_decision_is_lost(data, extractor, pooling, unfreeze):
    """With a linear head the mean of the signed map is the log-odds without the offset."""
    pictures, labels = data
    classifier = FineTuneClassifier(
        extractor(pooling),
        unfreeze=unfreeze,
        epochs=3,
        learning_rate=0.05,
        fine_tune_learning_rate=0.01,
        fine_tune_epochs=2,
        early_stopping=False,
        random_state=0,
    ).fit(pictures, labels)
    assert bool(classifier.fine_tuned_) == bool(unfreeze)
    # A multiple of the map's 5 places, so that interpolation keeps means to the bit.
    X = pictures[6:10].repeat(5, axis=1).repeat(5, axis=2)
    wanted = classifier.decision_function(X) - classifier.intercepts_[0]
    got = signed(classifier, X).mean(axis=(1, 2))
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4)


def test_networks_add_up_to_the_whole(data, pair):
    """Signed maps are a sum; shares are of what is positive."""
    pictures, labels = data
    model = Pipeline(
        [
            ("features", ConcatFusion(pair, transformer_weights={"mean": 3.0})),
            ("head", FineTuneClassifier(epochs=3, learning_rate=0.05, random_state=0)),
        ]
    ).fit(pictures, labels)
    parts = [signed(model, pictures[:4], name) for name in ("mean", "largest")]
    np.testing.assert_allclose(sum(parts), signed(model, pictures[:4]), atol=1e-5)
    for one in explain(model, pictures[:4]):
        sums = {name: values.sum() for name, values in one.networks.items()}
        assert one.shares == pytest.approx(
            {name: value / sum(sums.values()) for name, value in sums.items()}, rel=1e-5
        )


def _linear(extractor):
    return make_pipeline(extractor, StandardScaler(), LogisticRegression())


COMPOSITIONS = {
    "pipeline": lambda pair: make_pipeline(ConcatFusion(pair), LogisticRegression()),
    "head": lambda pair: FineTuneClassifier(ConcatFusion(pair), epochs=2, random_state=0),
    "tuned": lambda pair: FineTuneClassifier(
        ConcatFusion(pair),
        unfreeze={"mean": 1},
        epochs=2,
        fine_tune_epochs=1,
        early_stopping=False,
        random_state=0,
    ),
    "majority": lambda pair: MajorityVoteFusion([(n, _linear(e)) for n, e in pair]),
    "soft-vote": lambda pair: VotingClassifier([(n, _linear(e)) for n, e in pair], voting="soft"),
    "stack": lambda pair: StackingClassifier([(n, _linear(e)) for n, e in pair], cv=2),
    "calibrated": lambda pair: CalibratedClassifierCV(
        make_pipeline(ConcatFusion(pair), RidgeClassifier()), cv=2
    ),
    "search": lambda pair: GridSearchCV(
        make_pipeline(ConcatFusion(pair), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
        cv=2,
    ),
    "augmented": lambda pair: AugmentedClassifier(
        make_pipeline(ConcatFusion(pair), LogisticRegression()),
        ImageAugmenter(1, random_state=0),
        test_copies=1,
    ),
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_whatever_stands_behind_the_networks(data, pair, name):
    """Both methods run through every composition, name the networks and change nothing."""
    pictures, labels = data
    model = COMPOSITIONS[name](pair).fit(pictures, labels)
    before = model.predict_proba(pictures)
    for method in ("gradcam", "occlusion"):
        explained = explain(FrozenEstimator(model), pictures[[0, 12]], method=method, stride=0.2)
        for one, index in zip(explained, [0, 12], strict=True):
            assert set(one.networks) == {"mean", "largest"}
            for values in (one.heat_map, *one.networks.values()):
                assert values.shape == (16, 16)
                assert values.dtype == np.float32
                assert values.min() >= 0
                assert np.isfinite(values).all()
            assert one.target == one.prediction == model.predict(pictures)[index]
            assert one.probability == pytest.approx(before[index].max())
            assert sum(one.shares.values()) == pytest.approx(1)
    np.testing.assert_array_equal(model.predict_proba(pictures), before)


def test_the_minority_of_a_vote_has_no_share(data, extractor):
    """The hit probability is the winners' alone, and so is the evidence."""
    pictures, labels = data
    members = [
        (f"{pooling}", FrozenEstimator(_linear(extractor(pooling)).fit(pictures, y)))
        for pooling, y in zip(POOLINGS, (labels, labels, labels[::-1]), strict=True)
    ]
    vote = MajorityVoteFusion(members).fit(pictures, labels)
    votes, winners = vote.votes(pictures), vote.predict(pictures)
    torn = np.flatnonzero((votes != winners[:, np.newaxis]).any(axis=1))[:3]
    assert len(torn) > 0
    for number, pooling in enumerate(POOLINGS):
        maps = signed(vote, pictures[torn], pooling)
        is_heard = votes[torn, number] == winners[torn]
        assert maps.any(axis=(1, 2)).tolist() == is_heard.tolist()


def test_what_a_weight_of_zero_silences(data, pair):
    """The fusion's own weights decide, not the size of the features."""
    pictures, labels = data
    model = make_pipeline(
        ConcatFusion(pair, transformer_weights={"largest": 0.0}), LogisticRegression()
    ).fit(pictures, labels)
    for method in ("gradcam", "occlusion"):
        (one,) = explain(model, pictures[:1], method=method)
        assert one.shares == {"mean": 1.0, "largest": 0.0}


def test_maps_of_mirror_images_are_mirror_images(data, extractor):
    """A mirrored view's map is turned back before it is added."""
    pictures, labels = data
    settings = {"rotation": 0, "shear": 0, "shift": 0, "zoom": 0, "horizontal_flip": "always"}
    model = AugmentedClassifier(
        _linear(extractor("avg_std")), ImageAugmenter(1, random_state=0, **settings), test_copies=1
    ).fit(pictures, labels)
    for method in ("gradcam", "occlusion"):
        left, right = (
            explain(model, X, method=method, target="light")[0].heat_map
            for X in (pictures[9:10], pictures[9:10, :, ::-1])
        )
        assert np.abs(left - left[:, ::-1]).max() > 0.1 * left.max()
        np.testing.assert_allclose(left, right[:, ::-1], atol=1e-4 * left.max())


@pytest.mark.parametrize("settings", [{}, {"rotation": 45}, {"shift": 0.4, "rotation": 0}])
def test_evidence_in_the_padding_is_not_lost(data, extractor, settings):
    """The mean of the signed map is what features that all grow change, in turned views too."""
    pictures, labels = data
    growth = FunctionTransformer(lambda features, factor=1.0: factor * features)
    model = AugmentedClassifier(
        make_pipeline(extractor("avg_std"), growth, StandardScaler(), LogisticRegression()),
        ImageAugmenter(2, random_state=0, **settings),
        test_copies=2,
    ).fit(pictures, labels)
    X = pictures[6:9].repeat(4, axis=1).repeat(4, axis=2)
    log_odds = []
    for factor in (0.999, 1.001):
        model.estimator_[1].kw_args = {"factor": factor}
        proba = model.predict_proba(X)
        log_odds.append(np.log(proba[:, 1] / proba[:, 0]))
    model.estimator_[1].kw_args = None
    wanted = (log_odds[1] - log_odds[0]) / 0.002
    got = signed(model, X).mean(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3)


def test_padding_belongs_to_the_nearest_pixel():
    """By hand: a view that was moved by half of the picture to the left."""
    moved = np.array([[1, 0, 0.5], [0, 1, 0], [0, 0, 1.0]])
    values = place(np.array([[1.0, 2, 3, 4]]), moved, (2, 4))
    assert values.mean() == pytest.approx(2.5)
    assert values[:, :2].tolist() == [[0, 0], [0, 0]]
    assert values[:, 2:] == pytest.approx(np.array([[1, 2 + 3 + 4]] * 2))
    flat = place(np.zeros((2, 2)), moved, (3, 3))
    assert not flat.any()


def test_evidence_of_a_crop_lies_in_its_box(extractor):
    """A network that sees a part of the picture says nothing of the rest."""
    pictures = np.zeros((8, 40, 40), dtype=np.uint8)
    pictures[:, 10:38, 5:30] = np.random.default_rng(0).integers(100, 200, (8, 28, 25))
    pictures[4:, 14:20, 8:14] = 255
    labels = np.repeat(["a", "b"], 4)
    model = make_pipeline(
        ImagePreprocessor(crop="body"), extractor("avg"), StandardScaler(), LogisticRegression()
    ).fit(pictures, labels)
    values = signed(model, pictures[4:5])[0]
    box = np.zeros((40, 40), dtype=bool)
    box[10:38, 5:30] = True
    assert values[box].any()
    assert not values[~box].any()
    features = model[:-1].transform(pictures[4:5]) - (-model[2].mean_ / model[2].scale_)
    wanted = features @ model[-1].coef_[0]
    assert values.mean() == pytest.approx(wanted[0], rel=0.05)


def test_two_forms_of_a_picture_are_told_apart(data, extractor):
    """One network twice, behind different preprocessing, has two maps."""
    pictures, labels = data
    forms = [
        (name, Pipeline([("form", ImagePreprocessor(contrast=contrast)), ("net", extractor())]))
        for name, contrast in (("plain", None), ("stretched", "stretch"))
    ]
    model = make_pipeline(ConcatFusion(forms), LogisticRegression()).fit(pictures, labels)
    (one,) = explain(model, pictures[:1])
    assert set(one.networks) == {"plain", "stretched"}


def test_occlusion_by_hand(data, pair):
    """One window over all of the picture: the loss is that of the blurred picture."""
    from PIL import Image, ImageFilter

    pictures, labels = data
    model = make_pipeline(ConcatFusion(pair), LogisticRegression()).fit(pictures, labels)
    blurred = np.stack(
        [np.asarray(Image.fromarray(p).filter(ImageFilter.GaussianBlur(8))) for p in pictures[:3]]
    )
    lost = model.decision_function(pictures[:3]) - model.decision_function(blurred)
    explained = explain(
        model, pictures[:3], method="occlusion", target=model.classes_[1], window=1.0
    )
    for one, value in zip(explained, lost, strict=True):
        np.testing.assert_allclose(one.heat_map, max(value, 0), rtol=1e-4, atol=1e-6)


def test_occlusion_finds_what_a_black_box_looks_at():
    """A classifier without networks, which looks at one corner only."""

    def corner(references):
        return np.array([[picture.decode()[:10, :10].mean()] for picture in references])

    pictures = np.random.default_rng(0).integers(0, 100, (10, 40, 40), dtype=np.uint8)
    pictures[5:, :8, :8] = 250
    model = make_pipeline(FunctionTransformer(corner), StandardScaler(), LogisticRegression())
    model.fit(check_images(pictures), np.arange(10) // 5)
    (one,) = explain(model, pictures[7:8], method="occlusion", target=1)
    assert one.networks == one.shares == {}
    assert one.heat_map[:8, :8].min() > 0
    assert one.heat_map[20:, 20:].max() == 0
    with pytest.raises(ValueError, match=r"asks no network.*occlusion"):
        explain(model, pictures[:1])


@pytest.mark.parametrize("method", ["gradcam", "occlusion"])
def test_a_bar_counts_pictures(data, extractor, method, capsys):
    """Whoever asks for it sees how far it is, and nobody else."""
    pictures, labels = data
    model = _linear(extractor()).fit(pictures, labels)
    asked = {"method": method, "window": 0.5, "stride": 0.5}
    found = explain(model, pictures[:5], **asked)
    assert capsys.readouterr() == ("", "")
    explain(model, pictures[:5], **asked, verbose=1)
    deletion_insertion(model, found[:2], n_steps=2, n_random=1, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    last = {line.split(":")[0]: line for line in err.replace("\r", "\n").split("\n") if line}
    assert list(last) == ["explained", "checking"]
    assert "5/5" in last["explained"]
    assert "2/2" in last["checking"]


@pytest.mark.parametrize("method", ["gradcam", "occlusion"])
def test_nothing_gets_into_the_store(data, extractor, method):
    """What is hidden or shifted is nobody's picture."""
    pictures, labels = data
    store = FeatureStore()
    model = _linear(extractor(store=store)).fit(pictures, labels)
    rows = store.stats()["rows"]
    explain(model, pictures[:2], method=method)
    assert store.stats()["rows"] == rows == len(pictures)


def test_views_are_explained_as_pictures(data, extractor):
    """A copy that the user made has its own pixels, place and label."""
    pictures, labels = data
    model = _linear(extractor()).fit(pictures, labels)
    copies = ImageAugmenter(1, rotation=90, random_state=0).make_copies(pictures[:2])[:, 0]
    as_views = explain(model, copies)
    as_arrays = explain(model, [copy.decode() for copy in copies])
    for a, b in zip(as_views, as_arrays, strict=True):
        np.testing.assert_array_equal(a.picture, b.picture)
        np.testing.assert_allclose(a.heat_map, b.heat_map, atol=1e-4 * a.heat_map.max())


def test_three_classes(extractor):
    """The evidence for one class is against all the others together."""
    pictures = np.random.default_rng(0).integers(0, 255, (12, 16, 16), dtype=np.uint8)
    model = _linear(extractor()).fit(pictures, np.arange(12) % 3)
    for target in (0, 1, 2):
        (one,) = explain(model, pictures[:1], target=target)
        assert one.target == target
        assert one.probability == pytest.approx(model.predict_proba(pictures[:1])[0, target])
        assert one.heat_map.shape == (16, 16)


def test_flat_classifiers_are_told(data, extractor):
    """Derivatives of trees vanish; occlusion sees what they do."""
    pictures, labels = data
    forest = RandomForestClassifier(5, random_state=0)
    model = make_pipeline(extractor(), forest).fit(pictures, labels)
    with pytest.warns(ExplanationWarning, match=r"flat around pictures 0, 1.*occlusion"):
        explained = explain(model, pictures[:2])
    assert not any(one.heat_map.any() for one in explained)
    assert [one.shares for one in explained] == [{"tiny": 0.0}] * 2
    with pytest.warns(ExplanationWarning, match=r"Nothing that was hidden.*larger window"):
        explained = explain(model, pictures, method="occlusion", window=0.5)
    assert any(one.heat_map.any() for one in explained)


def test_a_warning_of_explanations_knows_its_pictures(data, extractor):
    """Whoever explains some of many pictures can name them, and processes hand it on."""
    pictures, labels = data
    forest = RandomForestClassifier(5, random_state=0)
    model = make_pipeline(extractor(), forest).fit(pictures, labels)
    with pytest.warns(ExplanationWarning) as told:
        explain(model, pictures[:2])
    warning = pickle.loads(pickle.dumps(told[0].message))
    assert warning.pictures == (0, 1)
    assert "flat around pictures 40, 70: no small" in str(warning.among([40, 70]))
    assert warning.among(range(40, 60)).pictures == (40, 41)
    assert "pictures 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more" in str(
        ExplanationWarning("pictures {pictures}", range(12))
    )


def test_certainty_is_told(data, extractor):
    """So near to 1 a probability is rounded, and its derivative is mostly that."""
    pictures, labels = data
    model = make_pipeline(extractor(), StandardScaler(), LogisticRegression()).fit(pictures, labels)
    model[-1].coef_ *= 30 / np.abs(model.decision_function(pictures[:1])[0])
    with pytest.warns(ExplanationWarning, match=r"near to 0 or 1.*occlusion"):
        explained = explain(model, pictures[:1])
    assert np.isfinite(explained[0].heat_map).all()


def test_vectors_have_no_places(data):
    """A network that ends in a vector is refused for Grad-CAM, and can be occluded."""
    import keras

    from fusionlearn import register_backbone

    def build():
        return keras.Sequential(
            [keras.layers.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
        )

    pictures, labels = data
    flat = register_backbone("flat-vectors", build, input_size=16)
    model = make_pipeline(
        BackboneFeatureExtractor(flat, engine="keras"), StandardScaler(), LogisticRegression()
    ).fit(pictures, labels)
    with pytest.raises(BackboneError, match=r"vectors of shape.*occlusion"):
        explain(model, pictures[:1])
    assert explain(model, pictures[:1], method="occlusion")[0].heat_map.any()


def test_misuse_is_told(data, extractor):
    """Every message names what was got and what to do."""
    pictures, labels = data
    model = _linear(extractor())
    with pytest.raises(NotFittedError):
        explain(model, pictures)
    model.fit(pictures, labels)
    with pytest.raises(ValueError, match=r"target='lihgt'.*'dark', 'light'.*mean 'light'"):
        explain(model, pictures, target="lihgt")
    with pytest.raises(ValueError, match="method"):
        explain(model, pictures, method="lime")
    with pytest.raises(ValueError, match="window"):
        explain(model, pictures, window=0)
    with pytest.raises(ValueError, match=r"stride=0.3.*window=0.2"):
        explain(model, pictures, method="occlusion", stride=0.3)
    with pytest.raises(ImageError):
        explain(model, np.zeros((2, 3)))
    ridge = make_pipeline(extractor(), RidgeClassifier()).fit(pictures, labels)
    with pytest.raises(TypeError, match=r"predict_proba.*CalibratedClassifierCV"):
        explain(ridge, pictures)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_places_add_up_to_the_features(extractor, pooling):
    """Each pooling is the sum of what the places contribute, as Keras pools."""
    from fusionlearn.backbones import contributions

    network = extractor(pooling).job().network
    maps = np.random.default_rng(0).normal(size=(2, 4, 3, 5)).astype(np.float32)
    maps[:, :, :, 0] = 2  # a channel that deviates nowhere, and is largest everywhere
    features = pool_maps([maps], network)
    for layer, row in zip(maps, features, strict=True):
        total = contributions(layer, pooling).sum(axis=(0, 1))
        np.testing.assert_allclose(total, row, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("n_from", "n_to"), [(56, 14), (20, 14), (5, 14), (7, 7)])
def test_summing_places_to_a_grid_loses_nothing(n_from, n_to):
    """Each place is dealt out in full, and every place of the grid gets as much."""
    from fusionlearn.inspection._gradcam import _overlaps

    shares = _overlaps(n_from, n_to)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(shares.sum(axis=1), n_from / n_to)
