"""What each network adds: exact Shapley values of scores by patient, and honest times."""

import json
from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from composition_parts import phantoms
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

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
from fusionlearn.exceptions import SmallSampleWarning
from fusionlearn.inspection import BackboneContributions, backbone_contributions
from fusionlearn.inspection import _subsets as subsets_module
from fusionlearn.inspection._shapley import shapley_values
from fusionlearn.metrics import BootstrapInterval
from fusionlearn.model_selection import Evaluation, evaluate
from fusionlearn.model_selection._report import cell
from fusionlearn.model_selection._scores import resampled_scores

# Most tests are about something else than how many patients there are.
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")


class Look(TransformerMixin, BaseEstimator):
    """A network's stand-in: one number for each picture, at once."""

    def __init__(self, at="mean"):
        self.at = at

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        pixels = np.stack([reference.decode() for reference in check_images(X)])
        values = {
            "mean": pixels.mean(axis=(1, 2, 3)),
            "noise": pixels[:, 0, 0, 0].astype(float),
            "nothing": np.zeros(len(pixels)),
        }
        return values[self.at][:, np.newaxis] / 10


def head():
    """Without the threads of LBFGS, which wait for each other on a busy machine."""
    return LogisticRegression(solver="newton-cholesky")


class Counting(ClassifierMixin, BaseEstimator):
    """A member of a vote that counts its fits."""

    fits = []

    def __init__(self, at="mean"):
        self.at = at

    def fit(self, X, y):
        Counting.fits.append(self.at)
        self.model_ = make_pipeline(Look(self.at), head()).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


FLIPS = ImageAugmenter(1, rotation=0, shear=0, shift=0, zoom=0)


def data(n_patients=24, per_patient=2, classes=("ill", "well")):
    """Noise that is brighter in each further class; patients have several pictures."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(n_patients), per_patient)
    number = groups % len(classes)
    pixels = rng.integers(0, 60, (len(groups), 6, 6), dtype=np.uint8)
    brighter = 4 * number + rng.integers(0, 12, n_patients)[groups]
    pixels += brighter.astype(np.uint8)[:, np.newaxis, np.newaxis]
    return check_images(pixels, groups=groups), np.array(classes)[number]


X, Y = data()


def looks(*names):
    return ConcatFusion([(f"{name}-{number}", Look(name)) for number, name in enumerate(names)])


def of_looks(*names):
    return make_pipeline(looks(*names), head())


def made_up(skills, milliseconds, *, classes=("ill", "well"), scoring="roc_auc", n_samples=80):
    """Contributions of members that are as good as they are told to be."""
    rng = np.random.default_rng(0)
    names = tuple(f"net {number}" for number in range(len(skills)))
    labels = np.arange(n_samples) % len(classes)
    signals = np.eye(len(classes))[labels] + rng.normal(size=(len(skills), n_samples, len(classes)))
    evaluations = {}
    for size in range(len(skills) + 1):
        for chosen in combinations(range(len(skills)), size):
            logits = sum((skills[i] * signals[i] for i in chosen), np.zeros(signals[0].shape))
            proba = np.exp(logits)
            evaluations[tuple(names[i] for i in chosen)] = Evaluation(
                y_true=np.array(classes)[labels],
                y_proba=proba / proba.sum(axis=1, keepdims=True),
                classes=np.array(classes),
                positive=classes[0],
                groups=np.arange(n_samples),
            )
    engines = tuple("" if np.isnan(time) else "Keras" for time in milliseconds)
    return BackboneContributions(
        names, evaluations, scoring, np.array(milliseconds, dtype=float), engines, 16
    )


# the values


@pytest.mark.parametrize("n_members", [1, 2, 4])
def test_shapley_values_are_means_over_all_orders(rng, n_members):
    """The oracle is the definition: what each adds to those before it, in every order."""
    worth = rng.normal(size=(2**n_members, 3))
    orders = list(permutations(range(n_members)))
    expected = np.zeros((n_members, 3))
    for order in orders:
        there = 0
        for member in order:
            expected[member] += worth[there | 1 << member] - worth[there]
            there |= 1 << member
    np.testing.assert_allclose(shapley_values(worth), expected / len(orders), atol=1e-12)
    np.testing.assert_allclose(shapley_values(worth).sum(axis=0), worth[-1] - worth[0], atol=1e-12)


@pytest.mark.parametrize("scoring", ["roc_auc", "accuracy"])
def test_values_divide_what_all_reach_together(scoring):
    """They add up; twins get the same; who says nothing gets nothing."""
    model = of_looks("mean", "mean", "nothing")
    found = backbone_contributions(model, X, Y, cv=3, scoring=scoring)
    assert found.names == ("mean-0", "mean-1", "nothing-2")
    gained = found.score.estimate - found.empty_score
    assert gained > 0.1
    np.testing.assert_allclose(found.values.sum(), gained, atol=1e-12)
    np.testing.assert_allclose(found.values[0], found.values[1], atol=1e-12)
    np.testing.assert_allclose(found.intervals[0], found.intervals[1], atol=1e-12)
    np.testing.assert_allclose(found.values[2], 0, atol=1e-12)
    assert (found.intervals[:, 0] <= found.intervals[:, 1]).all()


def test_scores_are_those_of_evaluate_and_of_its_paired_differences():
    """The same folds, the same resamples: no second opinion on the same model."""
    model = of_looks("mean", "noise")
    found = backbone_contributions(model, X, Y, cv=3, positive="ill", random_state=3)
    options = {"cv": 3, "positive": "ill", "random_state": 3, "shortcut": False}
    whole = evaluate(model, X, Y, **options)
    alone = evaluate(of_looks("mean"), X, Y, **options)
    assert found.score == whole.scores["roc_auc"]
    assert found.alone[0] == alone.scores["roc_auc"]
    assert found.without[1] == alone.scores["roc_auc"]
    assert found.lost_without[1] == whole.compare(alone)["roc_auc"]


def test_intervals_are_percentiles_of_the_values_of_each_resample_of_patients():
    found = backbone_contributions(of_looks("mean", "noise"), X, Y, cv=3)
    scores = {}
    for names, judged in found.evaluations.items():
        estimates, resampled = resampled_scores(
            judged.y_true, [judged.y_proba], judged.classes, judged.positive, judged.groups
        )
        scores[names] = np.r_[estimates["roc_auc"], resampled["roc_auc"]]
    first, second = found.names
    both = scores[first, second]
    values = (scores[first,] - scores[()] + both - scores[second,]) / 2
    assert found.values[0] == pytest.approx(values[0])
    ends = np.quantile(values[1:], [0.025, 0.975])
    np.testing.assert_allclose(found.intervals[0], ends)


def test_knowing_nothing_is_the_share_of_the_classes():
    keep = np.flatnonzero((Y == "ill") | (np.arange(len(Y)) % 8 < 4))
    few, labels = X[keep], Y[keep]
    found = backbone_contributions(of_looks("mean", "noise"), few, labels, cv=2, scoring="accuracy")
    assert found.empty_score == (labels == "ill").mean() == 2 / 3
    assert replace(found, scoring="roc_auc").empty_score == 0.5


@pytest.mark.parametrize("scoring", ["f1", "sensitivity", "specificity"])
def test_the_order_of_tied_labels_changes_nothing(scoring):
    """Of two classes that are equally frequent, knowing nothing names neither."""
    found = made_up([0.5, 2], [1, 1], scoring=scoring, n_samples=24)
    renamed = {
        subset: replace(
            judged,
            y_true=np.where(judged.y_true == "ill", "z", "well"),
            y_proba=judged.y_proba[:, ::-1],
            classes=np.array(["well", "z"]),
            positive="z",
        )
        for subset, judged in found.evaluations.items()
    }
    other = replace(found, evaluations=renamed)
    assert (
        found.empty_score == other.empty_score == pytest.approx(1 / 3 if scoring == "f1" else 0.5)
    )
    np.testing.assert_allclose(found.values, other.values)
    np.testing.assert_allclose(found.intervals, other.intervals)


def test_more_than_two_classes():
    pictures, labels = data(classes=("a", "b", "c"))
    found = backbone_contributions(of_looks("mean", "noise"), pictures, labels, cv=2)
    assert found.empty_score == 0.5
    np.testing.assert_allclose(found.values.sum(), found.score.estimate - 0.5, atol=1e-12)
    assert "means over 3 classes" in str(found)


# votes


def voters(**params):
    return MajorityVoteFusion(
        [(name, Counting(name)) for name in ("mean", "noise", "nothing")], **params
    )


@pytest.mark.parametrize(
    "model",
    [
        voters(),
        voters(weights=[0.5, 3, 1]),
        AugmentedClassifier(voters(), FLIPS, test_copies=1),
    ],
    ids=["vote", "weighted", "augmented"],
)
def test_voters_are_fitted_once_for_each_fold_and_vote_as_if_fitted_anew(model, monkeypatch):
    Counting.fits.clear()
    found = backbone_contributions(model, X, Y, cv=2)
    assert sorted(Counting.fits) == sorted(["mean", "noise", "nothing"] * 2)
    monkeypatch.setattr(subsets_module, "fitted_voters", lambda *_: None)
    anew = backbone_contributions(model, X, Y, cv=2)
    assert len(Counting.fits) == 6 + 2 * 12
    for names, judged in found.evaluations.items():
        np.testing.assert_array_equal(judged.y_proba, anew.evaluations[names].y_proba)


def test_what_stands_before_a_vote_is_fitted_for_every_subset():
    """It may train the members on other data each time."""
    Counting.fits.clear()
    model = Pipeline([("form", ImagePreprocessor(color="grey")), ("vote", voters())])
    found = backbone_contributions(model, X, Y, cv=2)
    assert found.names == ("mean", "noise", "nothing")
    assert len(Counting.fits) == 2 * 12


@pytest.mark.parametrize("weights", [None, [1, 0, 1]])
def test_a_member_of_weight_0_may_be_dropped(weights):
    model = voters(weights=weights).set_params(noise="drop")
    assert backbone_contributions(model, X, Y, cv=2).names == ("mean", "nothing")


# networks


def small_networks(tiny, store):
    return [
        ("avg", BackboneFeatureExtractor(tiny, store=store)),
        ("max", make_pipeline(BackboneFeatureExtractor(tiny, pooling="max", store=store))),
        ("look", Look()),
    ]


def test_networks_look_at_each_picture_once_and_are_timed_without_a_trace(tiny):
    """Neither subsets nor the clock send a picture of the user's store through a network."""
    store = FeatureStore()
    networks = small_networks(tiny, store)
    model = make_pipeline(ConcatFusion(networks), StandardScaler(), head())
    before = clone(model)
    ct = phantoms(n_samples=24, n_patients=12)
    found = backbone_contributions(model, ct.data, ct.target, cv=2)
    assert store.stats()["computed"] == 2 * 24
    assert str(model.get_params()) == str(before.get_params())
    assert (found.milliseconds[:2] > 0).all()
    assert np.isnan(found.milliseconds[2])
    assert found.engines[2] == ""
    assert set(found.engines[:2]) <= {"Keras", "OpenVINO"}
    assert found.n_timed == 16
    np.testing.assert_allclose(np.nansum(found.shares_of_time), 1)


def test_fusion_inside_a_fine_tuned_classifier(tiny):
    networks = [(p, BackboneFeatureExtractor(tiny, pooling=p)) for p in ("avg", "max")]
    model = FineTuneClassifier(
        ConcatFusion(networks),
        epochs=1,
        validation=None,
        random_state=0,
    )
    ct = phantoms(n_samples=24, n_patients=12)
    found = backbone_contributions(model, ct.data, ct.target, cv=2)
    assert found.names == ("avg", "max")
    assert (found.milliseconds > 0).all()
    assert len(found.evaluations) == 4


def two_inputs(*, other=()):
    """The same looks at two inputs, and what else is asked for."""
    inputs = [(name, Pipeline([("looks", looks("mean", "noise"))])) for name in ("grey", "clahe")]
    return make_pipeline(ConcatFusion([*inputs, *other]), head())


def test_the_same_networks_on_several_inputs_are_compared_as_networks():
    found = backbone_contributions(two_inputs(), X, Y, cv=2)
    assert found.names == ("mean-0", "noise-1")
    inputs = backbone_contributions(two_inputs(), X, Y, cv=2, fusion="concatfusion")
    assert inputs.names == ("grey", "clahe")
    np.testing.assert_allclose(inputs.values[0], inputs.values[1], atol=1e-12)
    np.testing.assert_array_equal(
        found.evaluations[found.names].y_proba, inputs.evaluations[inputs.names].y_proba
    )


def test_dropped_members_are_nobody():
    model = of_looks("mean", "noise", "nothing").set_params(**{"concatfusion__noise-1": "drop"})
    found = backbone_contributions(model, X, Y, cv=2)
    assert found.names == ("mean-0", "nothing-2")


# misuse


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (GridSearchCV(of_looks("mean", "noise"), {}), {}, "inside a GridSearchCV.*best_estimator_"),
        (make_pipeline(Look(), head()), {}, "Pipeline has no fusion in it"),
        (of_looks("mean"), {}, "one member only, 'mean-0'"),
        (of_looks(*["mean"] * 11), {}, "11 members, of which there are 2,047 subsets"),
        (voters(weights=[1, 0, 1]), {}, "'noise' has weight 0"),
        (make_pipeline(looks("mean", "noise"), LinearSVC()), {}, "has no predict_proba"),
        (of_looks("mean", "noise"), {"scoring": "brier_score"}, "'scoring'"),
        (
            of_looks("mean", "noise"),
            {"cv": KFold(3, shuffle=True, random_state=0)},
            r"puts pictures of \d+ patient",
        ),
        (of_looks("mean", "noise"), {"positive": "sick"}, "positive='sick'"),
        (
            of_looks("mean", "noise"),
            {"fusion": "concatfusio"},
            r"\['concatfusion'\]. Did you mean 'concatfusion'",
        ),
        (
            two_inputs(other=[("third", looks("mean", "nothing"))]),
            {},
            "several fusions with different members.*name one by fusion=",
        ),
        (
            two_inputs(other=[("third", Look())]),
            {},
            "'concatfusion__third' is still there.*Name another one",
        ),
    ],
)
def test_bad_parameters(model, options, message):
    with pytest.raises(ValueError, match=message):
        backbone_contributions(model, X, Y, **{"cv": 2, **options})


def test_wrong_evaluations():
    found = made_up([1, 0.5], [1, 2])
    with pytest.raises(ValueError, match="3 evaluations; wanted one for each of the 4 subsets"):
        replace(found, evaluations=dict(list(found.evaluations.items())[:3]))
    with pytest.raises(ValueError, match="scoring='calibration_error': wanted one of"):
        replace(found, scoring="calibration_error")


def test_warns_of_few_patients_where_it_is_called():
    with pytest.warns(SmallSampleWarning, match="'ill' has only 12 patient") as caught:
        found = backbone_contributions(of_looks("mean", "noise"), X, Y, cv=2)
    assert caught[0].filename == __file__
    assert str(caught[0].message) in str(found)


# side by side


def test_folds_side_by_side_give_the_same(capsys):
    model = of_looks("mean", "noise")
    one_by_one = backbone_contributions(model, X, Y, cv=3)
    assert capsys.readouterr() == ("", "")
    together = backbone_contributions(model, X, Y, cv=3, n_jobs=2, verbose=1)
    np.testing.assert_array_equal(together.values, one_by_one.values)
    out, err = capsys.readouterr()
    assert out == ""
    assert "contributions: 100%" in err
    assert "9/9" in err


def test_bar_counts_fits(capsys):
    backbone_contributions(of_looks("mean", "noise"), X, Y, cv=2, verbose=1)
    assert "6/6" in capsys.readouterr().err


# in words and numbers


def test_text_says_what_dropping_costs_and_saves():
    text = str(made_up([2, 0, -0.5], [20, 60, 20]))
    assert "roc_auc; 80 pictures, 80 patients, 95 % intervals by patient; about 'ill'" in text
    assert "knowing nothing  0.500" in text
    first, second, third = (line for line in text.splitlines() if line.startswith("Dropping"))
    assert first.startswith("Dropping net 0 loses 0.")
    assert first.endswith("of roc_auc and saves 20 % of the networks' time.")
    assert "which has not been told apart from nothing, and saves 60 %" in second
    assert third.startswith("Dropping net 2 gains 0.")
    assert third.endswith("of roc_auc and saves 20 % of the networks' time.")
    assert "judge what is left on others" in text
    assert "They are no diagnosis." in text
    assert repr(made_up([1, 1], [1, 2])) == str(made_up([1, 1], [1, 2]))


def test_no_number_has_a_sign_that_is_all_that_is_left_of_it():
    """-0.000 looks as if something was lost."""
    assert cell(BootstrapInterval(-1e-5, -0.0006, 2e-4)) == "0.000 [-0.001, 0.000]"


def test_text_without_networks():
    text = str(made_up([1, 1], [np.nan, 3]))
    assert "no network" in text
    assert "Dropping net 0" in text
    assert "saves 100 %" in text


def test_numbers_for_json():
    found = made_up([2, 0.5], [np.nan, 3])
    figures = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert figures["scoring"] == "roc_auc"
    assert figures["empty_score"] == 0.5
    first, second = figures["members"]
    assert first["milliseconds"] is None
    assert first["engine"] is None
    assert second["milliseconds"] == 3
    assert second["share_of_time"] == 1
    assert first["value"]["estimate"] == found.values[0]
    assert [first["value"]["low"], first["value"]["high"]] == found.intervals[0].tolist()
    assert second["lost_without"]["low"] == found.lost_without[1].low


def test_another_score_of_the_same_predictions():
    found = made_up([2, 0.5], [1, 3])
    accuracy = replace(found, scoring="accuracy")
    assert accuracy.score == found.evaluations[found.names].scores["accuracy"]
    assert "of accuracy" in str(accuracy)
