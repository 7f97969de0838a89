"""Tables of 0 and 1 as targets: what a head learns of them, refuses, and holds out."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.special import expit
from sklearn.ensemble import StackingClassifier
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_sample_weight

from fusionlearn import FineTuneClassifier, config_context
from fusionlearn.classifiers._holdout import split_validation
from fusionlearn.exceptions import DataWarning, ValidationSplitWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6))
# The second label is rare, the third is the opposite of the first but for noise.
Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 1, X[:, 0] + 0.5 * X[:, 2] < 0]).astype(int)
WEIGHT = RNG.uniform(0.2, 2, 90)


def head(**params):
    settings = {"epochs": 20, "learning_rate": 0.05, "dropout": 0.0, "random_state": 0}
    return FineTuneClassifier(**{**settings, **params})


def weights_by_hand(class_weight):
    by_label = [WEIGHT * compute_sample_weight(class_weight, column) for column in Y.T]
    return np.column_stack(by_label)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1, 1: 5}], ids=str)
def test_a_step_is_that_of_each_label_alone(class_weight):
    """By hand: the gradient of one sigmoid does not know of the others, nor of their number."""
    params = {"optimizer": "sgd", "batch_size": 90, "epochs": 1, "validation": None}
    params["class_weight"] = class_weight
    before = head(learning_rate=1e-30, **params).fit(X, Y, sample_weight=WEIGHT)
    after = head(learning_rate=0.5, **params).fit(X, Y, sample_weight=WEIGHT)
    coef = before.coefs_[0].astype(np.float64)
    errors = (expit(X @ coef) - Y) * weights_by_hand(class_weight) / len(X)
    np.testing.assert_allclose(after.coefs_[0], coef - 0.5 * X.T @ errors, atol=1e-5)
    np.testing.assert_allclose(after.intercepts_[0], -0.5 * errors.sum(axis=0), atol=1e-5)


def test_history_sums_losses_and_counts_whole_samples():
    params = {"validation": "tail", "early_stopping": False, "class_weight": "balanced"}
    fitted = head(**params).fit(X, Y, sample_weight=WEIGHT)
    tail = slice(81, 90)
    proba = fitted.predict_proba(X[tail])
    losses = -np.log(np.where(Y[tail] == 1, proba, 1 - proba))
    by_hand = (losses * weights_by_hand("balanced")[tail]).sum() / 9
    assert fitted.history_["val_loss"][-1] == pytest.approx(by_hand, rel=1e-4)
    assert fitted.history_["val_accuracy"][-1] == pytest.approx(fitted.score(X[tail], Y[tail]))


def test_predictions_agree_with_each_other():
    fitted = head(hidden_units=(4,)).fit(X, Y)
    labels, proba = fitted.predict(X), fitted.predict_proba(X)
    assert labels.shape == proba.shape == fitted.decision_function(X).shape == Y.shape
    assert labels.dtype == Y.dtype
    np.testing.assert_array_equal(labels, proba > 0.5)
    np.testing.assert_array_equal(labels, fitted.decision_function(X) > 0)
    np.testing.assert_allclose(fitted.model_.predict(X, verbose=0), proba, atol=1e-6)
    assert fitted.score(X, Y) == accuracy_score(Y, labels) > 0.5
    assert fitted.classes_.tolist() == [[0, 1]] * 3


@pytest.mark.parametrize("n_labels", [2, 3])
def test_scikit_learn_sees_labels_in_it(n_labels):
    """With the classes 0, 1, ... of MLPClassifier, two labels would be taken for two classes."""
    y, cv = Y[:, :n_labels], KFold(2)
    proba = cross_val_predict(head(), X, y, cv=cv, method="predict_proba")
    assert proba.shape == y.shape
    for scoring, score in (("roc_auc", roc_auc_score), ("average_precision", None)):
        got = cross_val_score(head(), X, y, cv=cv, scoring=scoring, error_score="raise")
        score = score or average_precision_score
        wanted = [score(y[test], proba[test]) for _, test in cv.split(X)]
        np.testing.assert_allclose(got, wanted)
    stack = StackingClassifier([("head", head())], KNeighborsClassifier(), cv=2).fit(X, y)
    assert stack.predict(X).shape == y.shape
    assert get_tags(head()).classifier_tags.multi_label


@pytest.mark.parametrize(
    "convert",
    [np.ndarray.tolist, pd.DataFrame, csr_array, lambda y: y.astype(bool), lambda y: y * 1.0],
    ids=["lists", "frame", "sparse", "bool", "float"],
)
def test_forms_of_a_table(convert):
    wanted = head(epochs=2).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(head(epochs=2).fit(X, convert(Y)).predict_proba(X), wanted)


def test_columns_that_look_like_classes_are_announced():
    """One-hot columns are trained as labels, and the line that called fit is told; once."""
    one_hot = np.eye(3, dtype=int)[np.arange(90) % 3]
    with pytest.warns(DataWarning, match=r"90 rows.*y\.argmax\(axis=1\)") as caught:
        head(epochs=1).fit(X, one_hot)
    assert [warning.filename for warning in caught] == [__file__]
    one_hot[4] = 0  # a single row with another number of labels, as a table of findings has
    head(epochs=1).fit(X, one_hot)
    head(epochs=1, validation=None).fit(X[:9], one_hot[10:19])  # by chance, in a few rows


def test_streamed_rows_are_the_same_rows():
    resident = head(epochs=2, batch_size=8, hidden_units=(3,)).fit(X, Y, sample_weight=WEIGHT)
    with config_context(head_memory=600):
        streamed = head(epochs=2, batch_size=8, hidden_units=(3,)).fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(streamed.coefs_[0], resident.coefs_[0])


def changed(value, dtype=float):
    table = Y.astype(dtype)
    table[4, 1] = value
    return table


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (changed(np.nan), "nothing in 1 of 270 places, the first in row 4, column 1"),
        (changed(None, object), "nothing in 1 of 270 places"),
        (changed(-1), r"has 3 columns and holds -1.0; wanted 0 or 1 .* uncertain \(-1\)"),
        (Y.astype(str), "holds '0', '1'; wanted 0 or 1"),
        ([["a"], *[["a", "b"]] * 89], "MultiLabelBinarizer"),
        (np.zeros_like(Y), "1 class among the samples of positive weight"),
        (Y[:50], "inconsistent numbers of samples"),
    ],
    ids=["NaN", "None", "uncertain", "text", "lists of labels", "constant", "short"],
)
def test_tables_that_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        head().fit(X, y)


def test_a_label_that_nobody_has_is_told():
    """A fold may lack a rare finding; the others are learned all the same."""
    with pytest.warns(DataWarning, match=r"columns \[3\] of y hold one value only"):
        fitted = head(class_weight={1: 3, 0: 1}).fit(X, np.column_stack([Y, np.zeros(90)]))
    assert not fitted.predict(X)[:, 3].any()


def split(y, groups, seed=0, how="stratified"):
    weight, rng = np.ones(y.shape), np.random.default_rng(seed)
    return split_validation(how, 0.2, np.zeros((len(y), 1)), y, weight, groups, rng)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_per_patient", [None, 1, 3])
def test_both_values_of_each_label_and_no_patient_on_both_sides(seed, n_per_patient):
    groups = None if n_per_patient is None else np.arange(90) // n_per_patient
    training, validation = split(Y, groups, seed)
    assert sorted([*training, *validation]) == list(range(90))
    for rows in (training, validation):
        assert (Y[rows].min(axis=0) == 0).all()
        assert (Y[rows].max(axis=0) == 1).all()
    if groups is not None:
        assert not set(groups[training]) & set(groups[validation])
    shares = Y[validation].sum(axis=0) / Y.sum(axis=0)
    np.testing.assert_allclose(shares, 0.2, atol=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_what_one_patient_has_is_trained_on(seed):
    rare = np.zeros(90, dtype=int)
    rare[[30, 31]] = 1
    with pytest.warns(ValidationSplitWarning, match=r"validation part lacks 0 or 1 in .*\[3\]"):
        training, _ = split(np.column_stack([Y, rare]), np.arange(90) // 3, seed)
    assert {30, 31} <= set(training)


def test_no_split_where_one_patient_has_all():
    y = np.zeros((8, 2), dtype=int)
    y[0] = 1
    with pytest.warns(ValidationSplitWarning, match="every label has a value that a single"):
        training, validation = split(y[:2], None)
    assert validation is None
    assert len(training) == 2


def test_a_splitter_of_ones_own():
    groups = np.arange(90) // 3
    training, validation = split(Y, groups, how=GroupKFold(5))
    assert not set(groups[training]) & set(groups[validation])
    assert len(validation) == 18
