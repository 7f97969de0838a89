"""Pictures with several labels: through fusions, votes, augmentation, files, and refusals."""

import pickle

import numpy as np
import pytest
import sklearn
from composition_parts import phantoms, scaled_networks
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

import fusionlearn
from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    FineTuneClassifier,
    ImageAugmenter,
    MajorityVoteFusion,
    get_groups,
)
from fusionlearn.cli import main
from fusionlearn.inspection import FusionDiagramDisplay, ReliabilityDisplay, explain
from fusionlearn.model_selection import StratifiedImageGroupKFold, audit_leakage, evaluate

DATA = phantoms(24, 12)
PICTURES = DATA.data
GROUPS = get_groups(PICTURES)
# The second finding is another one than the first, and of patients too.
_, NUMBERS = np.unique(GROUPS, return_inverse=True)
Y = np.column_stack([DATA.target != "healthy", NUMBERS % 3 == 0]).astype(int)
STORE = FeatureStore()


def head(extractor=None, **params):
    settings = {"epochs": 20, "learning_rate": 0.05, "dropout": 0.0, "random_state": 0}
    return FineTuneClassifier(extractor, **{"validation": None, **settings, **params})


def vote(store=STORE):
    (_, first), (_, second) = scaled_networks(store)
    members = [("a", head(first)), ("b", make_pipeline(second, LogisticRegression()))]
    return MajorityVoteFusion(members)


@pytest.fixture(scope="module")
def fused():
    model = make_pipeline(ConcatFusion(scaled_networks(STORE)), head())
    return model.fit(PICTURES, Y, finetuneclassifier__groups=GROUPS)


def test_a_fusion_hands_on_what_it_is_given(fused):
    proba = fused.predict_proba(PICTURES)
    assert proba.shape == Y.shape
    assert abs(proba.sum(axis=1) - 1).max() > 0.1
    assert fused.score(PICTURES, Y) > 0.8


def test_a_search_with_patients_apart():
    grid, cv = {"hidden_units": [(), (3,)]}, GroupKFold(2, shuffle=True, random_state=0)
    model = head(ConcatFusion(scaled_networks(STORE)), epochs=2)
    search = GridSearchCV(model, grid, cv=cv, scoring="roc_auc", error_score="raise")
    search.fit(PICTURES, Y, groups=GROUPS)
    assert search.predict_proba(PICTURES).shape == Y.shape


def test_layers_are_trained_for_all_labels(tiny, tmp_path):
    """End to end, and the same from a pickle and from a file."""
    network = BackboneFeatureExtractor(tiny, store=STORE)
    params = {"unfreeze": 1, "fine_tune_epochs": 30, "fine_tune_learning_rate": 0.05}
    model = head(network, epochs=2, **params).fit(PICTURES, Y)
    assert model.fine_tuned_
    proba = model.predict_proba(PICTURES)
    losses = -np.log(np.where(Y == 1, proba, 1 - proba)).sum(axis=1)
    assert losses.mean() < 0.9 * model.history_["loss"][1]
    # Without validation the last epoch's weights are kept: one step later than its loss.
    assert losses.mean() == pytest.approx(model.history_["loss"][-1], rel=0.05)
    clone = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(clone.predict_proba(PICTURES), proba)
    fusionlearn.save(model, tmp_path / "model.fusion")
    loaded = fusionlearn.load(tmp_path / "model.fusion")
    np.testing.assert_array_equal(loaded.predict_proba(PICTURES), proba)
    assert "column 0, column 1" in str(fusionlearn.persistence.inspect(tmp_path / "model.fusion"))


def test_a_graph_has_a_sigmoid_for_each_label(fused, tmp_path):
    """A softmax would be off by tenths; the comparison while exporting would say so."""
    exported = fusionlearn.export(fused, tmp_path / "model.keras")
    assert exported.metadata["classes"] == ["column 0", "column 1"]
    assert "do not sum to 1" in exported.metadata["output"]["meaning"]


@pytest.mark.parametrize("kind", ["mlp", "each"])
def test_graphs_that_are_refused(kind, tmp_path):
    _, network = scaled_networks(STORE)[0]
    if kind == "mlp":
        model = make_pipeline(network, MLPClassifier((), max_iter=2000, random_state=0))
        message = r"\(MLPClassifier\): it was fitted on 2 labels.*Take FineTuneClassifier"
    else:
        model = MultiOutputClassifier(make_pipeline(network, LogisticRegression()))
        message = "Export each of its estimators_"
    with pytest.raises(fusionlearn.exceptions.ExportError, match=message):
        fusionlearn.export(model.fit(PICTURES, Y), tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())


def test_a_vote_for_each_label():
    """Patients and weights reach each vote; networks see a picture once for all."""
    store = FeatureStore()
    each = MultiOutputClassifier(vote(store)).fit(PICTURES, Y, groups=GROUPS)
    proba = each.predict_proba(PICTURES)
    for column, of_label in enumerate(proba):
        alone = vote(store).fit(PICTURES, Y[:, column], groups=GROUPS)
        np.testing.assert_array_equal(of_label, alone.predict_proba(PICTURES))
    with sklearn.config_context(enable_metadata_routing=True):
        member = head(scaled_networks(store)[0][1]).set_fit_request(sample_weight=True)
        weighted = MultiOutputClassifier(MajorityVoteFusion([("a", member)]))
        weighted.fit(PICTURES, Y, sample_weight=np.where(Y[:, 0], 1e-3, 1), groups=GROUPS)
    assert weighted.predict(PICTURES)[:, 0].sum() < each.predict(PICTURES)[:, 0].sum()
    assert store.stats()["computed"] == 2 * len(PICTURES)


STILL = ImageAugmenter(n_copies=1, rotation=0, shear=0, shift=0, zoom=0, random_state=0)


@pytest.mark.parametrize("test_copies", [0, 1])
def test_augmented(test_copies):
    """Classifiers that give arrays, and those that give a list of two columns for each label."""
    _, network = scaled_networks(STORE)[0]
    tree = DecisionTreeClassifier(random_state=0)
    for last in (head(epochs=5), tree):
        model = AugmentedClassifier(make_pipeline(network, last), STILL, test_copies=test_copies)
        proba = model.fit(PICTURES, Y).predict_proba(PICTURES)
        assert proba.shape == Y.shape
        np.testing.assert_array_equal(model.predict(PICTURES), proba > 0.5)
        assert model.classes_.tolist() == [[0, 1], [0, 1]]
    assert model.score(PICTURES, Y) > 0.9
    if test_copies == 0:
        whole = model.estimator_.predict_proba(PICTURES)
        np.testing.assert_array_equal(proba, np.column_stack([part[:, 1] for part in whole]))


ONE = "y has 2 columns, wanted one label for each sample"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vote().fit(PICTURES, Y), f"{ONE}. .*MultiOutputClassifier.MajorityVoteFusion"),
        (
            lambda: AugmentedClassifier(vote(), STILL).fit(PICTURES, Y),
            f"{ONE}. .*MultiOutputClassifier.AugmentedClassifier",
        ),
        (lambda: evaluate(vote(), PICTURES, Y), rf"{ONE}. .*a column, y\[:, 0\]"),
        (lambda: fusionlearn.report(vote(), PICTURES, Y), rf"{ONE}. .*a column, y\[:, 0\]"),
        (lambda: audit_leakage(PICTURES, Y), rf"{ONE}. .*a column, y\[:, 0\]"),
        (
            lambda: next(StratifiedImageGroupKFold(2).split(PICTURES, Y)),
            f"{ONE}. .*GroupKFold keeps patients apart",
        ),
    ],
    ids=["vote", "augmented", "evaluate", "report", "audit", "folds"],
)
def test_one_label_at_a_time(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_told_of_one_label(fused, tmp_path, capsys):
    for ask in (
        lambda: explain(fused, PICTURES[:1]),
        lambda: ReliabilityDisplay.from_estimator(fused, PICTURES, Y[:, 0]),
    ):
        with pytest.raises(ValueError, match="was fitted on 2 labels for each sample"):
            ask()
    assert "2 labels" in str(vars(FusionDiagramDisplay.from_estimator(fused)))
    fusionlearn.save(fused, tmp_path / "model.fusion")
    assert main(["predict", str(tmp_path / "model.fusion"), str(tmp_path)]) == 1
    assert "takes models of one label" in capsys.readouterr().err
