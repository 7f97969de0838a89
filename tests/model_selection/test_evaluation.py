"""Evaluation: all scores from one set of resampled patients, by picture and by patient."""

import dataclasses
import pickle
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    recall_score,
    roc_auc_score,
)

from fusionlearn.metrics import bootstrap_interval, by_group, calibration_error
from fusionlearn.model_selection import Evaluation
from fusionlearn.model_selection import _scores as scores_module

NAMES = [
    *("accuracy", "f1", "sensitivity", "specificity"),
    *("roc_auc", "brier_score", "calibration_error"),
]


def make_evaluation(
    n_patients=40, per_patient=3, classes=("ill", "well"), signal=1.0, seed=0, **facts
):
    """Noisy probabilities in which pictures of a patient resemble each other."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_patients), per_patient)
    rng.shuffle(groups)
    n_classes = len(classes)
    labels = groups % n_classes
    shared = rng.normal(size=(n_patients, n_classes))[groups]
    logits = signal * np.eye(n_classes)[labels] + shared + rng.normal(size=(len(groups), n_classes))
    proba = np.exp(logits).round(1) + 0.1  # rounded, so that some are equal
    proba /= proba.sum(axis=1, keepdims=True)
    return Evaluation(
        **{
            "y_true": np.array(classes)[labels],
            "y_proba": proba,
            "classes": np.array(classes),
            "positive": classes[0],
            "groups": groups,
            **facts,
        }
    )


def oracle_metrics(evaluation):
    """The same scores by scikit-learn, as functions of labels and probabilities."""
    classes, positive = evaluation.classes, evaluation.positive

    def of_labels(metric, **options):
        return lambda y, proba: metric(y, classes[proba.argmax(axis=1)], **options)

    if len(classes) == 2:
        column = int(np.flatnonzero(classes == positive)[0])
        other = classes[1 - column]
        return {
            "accuracy": of_labels(accuracy_score),
            "f1": of_labels(f1_score, pos_label=positive, zero_division=0.0),
            "sensitivity": of_labels(recall_score, pos_label=positive),
            "specificity": of_labels(recall_score, pos_label=other),
            "roc_auc": lambda y, proba: roc_auc_score(y == positive, proba[:, column]),
            "brier_score": lambda y, proba: brier_score_loss(
                y, proba[:, column], pos_label=positive
            ),
            "calibration_error": partial(calibration_error, labels=classes, pos_label=positive),
        }
    return {
        "accuracy": of_labels(accuracy_score),
        "f1": of_labels(f1_score, average="macro", zero_division=0.0),
        "sensitivity": of_labels(recall_score, average="macro"),
        "specificity": lambda y, proba: np.mean(
            [
                (classes[proba.argmax(axis=1)][y != label] != label).mean()
                if any(y != label)
                else 0
                for label in classes
            ]
        ),
        "roc_auc": partial(roc_auc_score, multi_class="ovr", labels=classes),
        "brier_score": partial(brier_score_loss, labels=classes),
        "calibration_error": partial(calibration_error, labels=classes),
    }


@pytest.mark.parametrize("classes", [("ill", "well"), ("a", "b", "c")])
def test_scores_and_intervals_are_those_of_scikit_learn_and_the_bootstrap(classes, monkeypatch):
    """Oracle: each metric alone, by a loop over resamples that are drawn in the same way."""
    monkeypatch.setattr(scores_module, "N_RESAMPLES", 60)
    evaluation = make_evaluation(classes=classes)
    assert list(evaluation.scores) == NAMES
    for name, metric in oracle_metrics(evaluation).items():
        expected = bootstrap_interval(
            metric,
            evaluation.y_true,
            evaluation.y_proba,
            groups=evaluation.groups,
            n_resamples=60,
        )
        got = evaluation.scores[name]
        assert got.estimate == pytest.approx(expected.estimate, rel=1e-12), name
        if name != "calibration_error":
            assert got == pytest.approx(expected, rel=1e-12), name


def test_small_batches_of_resamples_change_nothing(monkeypatch):
    """What is kept in memory at once depends on the data, what is computed does not."""
    monkeypatch.setattr(scores_module, "N_RESAMPLES", 50)
    whole = make_evaluation().scores
    monkeypatch.setattr(scores_module, "_MAX_ENTRIES", 7 * 120)
    parts = make_evaluation().scores
    for name in NAMES:
        assert parts[name] == pytest.approx(whole[name], rel=1e-12)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**16), st.integers(2, 4), st.integers(1, 4))
def test_laws_of_scores(seed, n_classes, per_patient):
    """Every score lies in its range, and the calibration error in its interval."""
    evaluation = make_evaluation(
        12, per_patient, classes=tuple(range(n_classes)), seed=seed, signal=0.5
    )
    for name, interval in evaluation.scores.items():
        highest = 2 if name == "brier_score" and n_classes > 2 else 1
        assert 0 <= interval.estimate <= highest
        assert 0 <= interval.low <= interval.high
        assert interval.high <= highest + 1e-9 or name == "calibration_error"
        if name == "calibration_error":
            assert interval.low <= interval.estimate <= interval.high


@pytest.mark.parametrize("slope", [1.0, 0.5])
def test_interval_of_the_calibration_error_covers_the_truth(slope, monkeypatch):
    """Also of a perfect model, where percentiles of resamples never do."""
    monkeypatch.setattr(scores_module, "N_RESAMPLES", 200)
    hits = by_percentiles = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = rng.random(200)
        y = (rng.random(200) < 0.5 + slope * (p - 0.5)).astype(int)
        proba = np.column_stack([1 - p, p])
        evaluation = Evaluation(y, proba, np.array([0, 1]), 1, np.arange(200))
        truth = (1 - slope) / 4  # the mean of (1 - slope) * |p - 0.5|
        interval = evaluation.scores["calibration_error"]
        hits += interval.low <= truth <= interval.high
        low, high = np.quantile(evaluation._resampled[1]["calibration_error"], [0.025, 0.975])
        by_percentiles += low <= truth <= high
    assert hits > 49
    assert by_percentiles < hits - 5


def test_intervals_cover_the_truth():
    """Of accuracy, with patients whose pictures are all right or all wrong."""
    hits = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y, right = np.arange(60) % 2, rng.random(60) < 0.8
        p = np.where(right == y, 0.9, 0.1)
        proba, groups = np.column_stack([1 - p, p]).repeat(5, axis=0), np.arange(60).repeat(5)
        evaluation = Evaluation(y.repeat(5), proba, np.array([0, 1]), 1, groups)
        interval = evaluation.scores["accuracy"]
        hits += interval.low <= 0.8 <= interval.high
    assert hits >= 86


# repeats


def test_scores_of_repeats_are_means_over_them():
    """And not those of the mean probabilities, which nobody's model gives."""
    parts = [make_evaluation(seed=0, signal=signal) for signal in (0.5, 0.9, 1.3)]
    repeats = np.stack([part.y_proba for part in parts])
    both = dataclasses.replace(parts[0], y_proba=repeats.mean(axis=0), repeats=repeats)
    for name in NAMES:
        mean = np.mean([part.scores[name].estimate for part in parts])
        assert both.scores[name].estimate == pytest.approx(mean)
    ensemble = dataclasses.replace(parts[0], y_proba=both.y_proba)
    assert both.scores["brier_score"].estimate > ensemble.scores["brier_score"].estimate
    assert both.by_patient().repeats.shape == (3, 40, 2)
    assert both.n_repeats == 3
    np.testing.assert_allclose(
        both.by_patient("vote").repeats[1], parts[1].by_patient("vote").y_proba
    )


# differences


def test_a_model_does_not_differ_from_itself():
    evaluation = make_evaluation()
    for difference in evaluation.compare(dataclasses.replace(evaluation)).values():
        assert difference == (0, 0, 0)


def test_difference_is_paired():
    """A small constant advantage is found, though both intervals are wide and overlap."""
    worse = make_evaluation(signal=0.6)
    logits = np.log(worse.y_proba) + 0.15 * (worse.y_true[:, None] == worse.classes)
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    better = dataclasses.replace(worse, y_proba=proba)
    difference = better.compare(worse)["brier_score"]
    own, other = better.scores["brier_score"], worse.scores["brier_score"]
    assert difference.estimate == pytest.approx(own.estimate - other.estimate)
    assert own.high > other.low
    assert difference.high < 0
    back = worse.compare(better)["brier_score"]
    assert back == pytest.approx((-difference.estimate, -difference.high, -difference.low))


def test_difference_by_the_bootstrap():
    """Oracle: a loop over resamples, of the difference itself."""
    first, second = make_evaluation(20, signal=1.5), make_evaluation(20, signal=0.7)
    auc = oracle_metrics(first)["roc_auc"]
    expected = bootstrap_interval(
        lambda y, proba: auc(y, proba[:, 0]) - auc(y, proba[:, 1]),
        first.y_true,
        np.stack([first.y_proba, second.y_proba], axis=1),
        groups=first.groups,
        n_resamples=2000,
    )
    assert first.compare(second)["roc_auc"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: dataclasses.replace(e, y_true=e.y_true[::-1].copy()), "differ in y_true"),
        (lambda e: dataclasses.replace(e, groups=e.groups + 1), "differ in groups"),
        (lambda e: dataclasses.replace(e, positive="well"), "differ in positive"),
        (lambda e: e.by_patient(), r"One evaluation is by picture, the other by patient \(mean"),
        (lambda e: make_evaluation(classes=("a", "b")), "differ in .*same X, y and groups"),
    ],
)
def test_evaluations_of_other_pictures_have_no_difference(change, message):
    evaluation = make_evaluation()
    with pytest.raises(ValueError, match=message):
        evaluation.compare(change(evaluation))


def test_only_evaluations_are_compared():
    with pytest.raises(TypeError, match="other is a dict; wanted an Evaluation"):
        make_evaluation().compare({"accuracy": 1})


def test_aggregations_are_not_mixed():
    evaluation = make_evaluation()
    with pytest.raises(ValueError, match=r"by patient \(mean\), the other by patient \(vote\)"):
        evaluation.by_patient("mean").compare(evaluation.by_patient("vote"))


def test_difference_gives_the_scores_that_were_asked_for():
    evaluation = make_evaluation(scoring=("f1",))
    assert list(evaluation.compare(evaluation)) == ["f1"]


# by patient


@pytest.mark.parametrize("aggregation", ["mean", "vote"])
def test_by_patient_is_by_group(aggregation):
    shortcut = make_evaluation(signal=0.1)
    evaluation = make_evaluation(shortcut=shortcut, grain_control=make_evaluation(signal=0.5))
    patients = evaluation.by_patient(aggregation)
    expected = by_group(
        evaluation.y_true, evaluation.y_proba, evaluation.groups, aggregation=aggregation
    )
    np.testing.assert_array_equal(patients.y_proba, expected.y_proba)
    np.testing.assert_array_equal(patients.y_true, expected.y_true)
    np.testing.assert_array_equal(patients.groups, expected.groups)
    np.testing.assert_array_equal(
        patients.shortcut.y_proba, shortcut.by_patient(aggregation).y_proba
    )
    assert patients.grain_control.aggregation == patients.aggregation == aggregation
    accuracy = accuracy_score(patients.y_true, patients.y_pred)
    assert patients.scores["accuracy"].estimate == accuracy
    assert str(patients).startswith(
        f"40 patients, each judged by the {aggregation} of its pictures"
    )


def test_patient_of_two_classes():
    """Scores by picture stand, and the text says why there are no others."""
    evaluation = make_evaluation()
    evaluation = dataclasses.replace(evaluation, groups=evaluation.groups // 2)
    with pytest.raises(ValueError, match="has pictures with the labels"):
        evaluation.by_patient()
    text = str(evaluation)
    assert re.search(r"There are no scores by patient\. Patient \d+ has pictures with the", text)
    assert text.count("accuracy") == 1


# text


def test_prompts_and_notebooks_show_the_table_and_not_the_arrays():
    evaluation = make_evaluation()
    assert repr(evaluation) == str(evaluation)
    alone = dataclasses.replace(evaluation, groups=np.zeros_like(evaluation.groups))
    assert repr(alone).startswith("<Evaluation of 120 pictures without a table: ")


def test_text_is_a_table_of_scores():
    evaluation = make_evaluation(
        n_patients=80, shortcut=make_evaluation(80, signal=0.0), positive="ill"
    )
    lines = str(evaluation).splitlines()
    assert lines[0] == "240 pictures, 80 patients, 95 % intervals by patient; about 'ill'"
    assert lines[1].split("  ")[0] == ""
    assert "the model" in lines[1]
    assert "file alone, no pixel" in lines[1]
    titles = ["by picture", "by patient, mean of its pictures", "by patient, vote of its pictures"]
    assert [line for line in lines if line.startswith("by ")] == titles
    for title, part in zip(
        titles, (evaluation, evaluation.by_patient(), evaluation.by_patient("vote")), strict=True
    ):
        rows = lines[lines.index(title) + 1 :][: len(NAMES)]
        for row, name in zip(rows, NAMES, strict=True):
            cells = [
                f"{score.estimate:.3f} [{score.low:.3f}, {score.high:.3f}]"
                for score in (part.scores[name], part.shortcut.scores[name])
            ]
            assert row.split() == f"{name} {cells[0]} {cells[1]}".split()
    assert lines[-1].endswith("They are no diagnosis.")
    assert max(map(len, lines[:-2])) < 100


def test_text_of_one_picture_for_each_patient():
    """Scores by patient would be the same, and stand once."""
    text = str(make_evaluation(per_patient=1))
    assert "by patient," not in text
    assert text.count("accuracy") == 1


def test_the_text_says_when_patients_are_not_known():
    """Otherwise each picture would pass for a patient."""
    assert "4 patients" in str(make_evaluation(4))
    unknown = str(make_evaluation(4, patients_known=False))
    assert "patients are not known: each picture counts as its own" in unknown
    assert "by patient" not in unknown


# cautions


def enough(**facts):
    return make_evaluation(n_patients=80, **facts)


def test_no_caution_where_the_model_is_better_than_the_file():
    assert enough(shortcut=enough(signal=0.0), grain_control=enough()).cautions == []


def test_caution_where_the_file_is_as_good():
    (caution,) = enough(shortcut=enough(signal=1.1)).cautions
    assert caution.startswith("The model ranks pictures no better than a forest that sees only")


def test_cautions_say_of_what_they_are():
    """Pictures and patients may have different ones; the text has those of both."""
    evaluation = enough(shortcut=enough(signal=1.1), grain_control=enough(signal=0.0))
    by_patient = evaluation.by_patient()
    assert all("pictures" in caution for caution in evaluation.cautions)
    assert len(evaluation.cautions) == len(by_patient.cautions) == 2
    for caution in by_patient.cautions:
        assert "patients (mean of their pictures)" in caution
    assert all("(vote of" in caution for caution in evaluation.by_patient("vote").cautions)
    told = str(evaluation).splitlines()[-5:-1]
    assert told == [*evaluation.cautions, *by_patient.cautions]


def test_caution_where_better_than_the_file_is_not_shown():
    """Better on these pictures, but the interval of the difference holds 0."""
    evaluation = enough()
    noise = np.random.default_rng(0).normal(0, 0.1, len(evaluation.y_true))
    proba = np.clip(evaluation.y_proba + np.outer(noise, [1, -1]), 0, 1)
    evaluation = dataclasses.replace(
        evaluation, shortcut=dataclasses.replace(evaluation, y_proba=proba)
    )
    difference = evaluation.compare(evaluation.shortcut)["roc_auc"]
    assert difference.estimate > 0 > difference.low
    (caution,) = evaluation.cautions
    assert caution.startswith("It has not been shown that the model ranks pictures better than")
    assert f"{difference.estimate:.3f} [{difference.low:.3f}, {difference.high:.3f}]" in caution


def test_caution_where_the_score_rests_on_grain():
    """Only where the whole interval of the difference lies above 0."""
    evaluation = enough(signal=2.0, grain_control=enough(signal=0.5))
    (caution,) = evaluation.cautions
    difference = evaluation.compare(evaluation.grain_control)
    assert difference["roc_auc"].low > 0
    assert f"worse in roc_auc by {difference['roc_auc'].estimate:.3f}" in caution
    assert "and in accuracy by" in caution
    assert "fine grain" in caution
    assert caution in str(evaluation)
    assert "without fine grain" in str(evaluation).splitlines()[1]
    better_without = enough(signal=0.5, grain_control=enough(signal=2.0))
    assert better_without.cautions == []


def test_cautions_do_not_depend_on_which_scores_are_shown():
    evaluation = enough(signal=0.0, shortcut=enough(signal=1.0), scoring=("f1",))
    assert len(evaluation.cautions) == 1


def test_few_patients():
    """The bound is exact: with n right answers an error rate e is seen with (1 - e)^n."""
    (caution,) = make_evaluation(n_patients=20).cautions
    assert "'ill' has only 10 patient(s), fewer than 30" in caution
    assert "up to 26%" in caution
    assert round(0.74**10, 2) == 0.05


# misuse


def test_evaluation_of_predictions_made_elsewhere():
    proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])
    evaluation = Evaluation(np.array([0, 0, 1, 1]), proba, np.array([0, 1]), 1, np.arange(4))
    np.testing.assert_array_equal(evaluation.y_pred, [0, 1, 1, 1])
    assert evaluation.scores["accuracy"].estimate == 0.75
    assert evaluation.scores["sensitivity"].estimate == 1
    assert evaluation.scores["specificity"].estimate == 0.5
    assert evaluation.scores["roc_auc"].estimate == 1
    assert np.isnan(evaluation.seconds)
    assert str(pickle.loads(pickle.dumps(evaluation))) == str(evaluation)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_proba": np.zeros((3, 2))}, r"y_proba has shape \(3, 2\); wanted \(120, 2\)"),
        ({"groups": np.zeros(3)}, r"groups has shape \(3,\)"),
        ({"repeats": np.zeros((2, 120, 3))}, "repeats has shape"),
        ({"classes": np.array(["well", "ill"])}, "sorted"),
        ({"classes": np.array(["ill", "wild"])}, "label 'well', not in classes"),
        ({"y_proba": np.full((120, 2), np.nan)}, "wanted finite numbers"),
        ({"positive": 7}, r"positive=7: wanted one of the labels"),
        ({"y_proba": np.full((120, 2), 0.9)}, "wanted a sum of 1"),
        ({"y_proba": np.full((120, 2), 50.0)}, "wanted probabilities from 0 to 1"),
    ],
)
def test_facts_that_do_not_fit_each_other(change, message):
    evaluation = make_evaluation()
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(evaluation, **change)


def test_scores_that_are_undefined():
    one = make_evaluation(groups=np.zeros(120))
    with pytest.raises(ValueError, match=r"of one patient.*at least 2"):
        one.scores  # noqa: B018
    lacking = make_evaluation(classes=("a", "b"))
    lacking = dataclasses.replace(
        lacking, classes=np.array(["a", "b", "c"]), positive=None, y_proba=np.full((120, 3), 1 / 3)
    )
    with pytest.raises(ValueError, match=r"no picture of the class\(es\) \['c'\]"):
        lacking.scores  # noqa: B018


def test_resamples_that_lack_a_class_are_drawn_again_and_not_forever():
    """One patient of a class is in two resamples of three; one of each of many, in none."""
    y = np.array([0, 0, 0, 0, 1])
    proba = np.column_stack([1 - np.linspace(0, 1, 5), np.linspace(0, 1, 5)])
    evaluation = Evaluation(y, proba, np.array([0, 1]), 1, np.arange(5))
    assert evaluation.scores["sensitivity"] == (1, 1, 1)
    n = 12
    evaluation = Evaluation(np.arange(n), np.eye(n), np.arange(n), None, np.arange(n))
    with pytest.raises(ValueError, match=r"Only \d+ of \d+ resamples.*more patients of each class"):
        evaluation.scores  # noqa: B018
