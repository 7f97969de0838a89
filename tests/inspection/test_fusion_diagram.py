"""The diagram of any composition."""

import subprocess
import sys

import pytest
from composition_parts import phantoms, small_networks
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    MajorityVoteFusion,
    make_extractors,
)
from fusionlearn.inspection import FusionDiagramDisplay
from fusionlearn.presets import covid_ct, covid_ct_strong

NETWORKS = make_extractors("ResNet50", "VGG19")


def drawn(estimator):
    """All texts of the diagram, which is laid out so that a fault of drawing is seen."""
    display = FusionDiagramDisplay.from_estimator(estimator)
    display.figure_.draw_without_rendering()
    return [text.get_text() for text in display.ax_.texts], display


def test_the_recipe_with_features_beside_each_other():
    """Networks, input sizes, numbers of features and their sum, classifier, augmentation."""
    texts, display = drawn(covid_ct())
    assert texts[0] == "pictures"
    assert texts[-1] == "probabilities"
    assert {"InceptionV3", "299 × 299 pixels", "2,048 features", "13,248 features"} <= {*texts}
    assert texts.count("avg pooling") == 7
    assert {"concatenate", "FineTuneClassifier", "AugmentedClassifier: n_copies=2"} <= {*texts}
    assert len(display.boxes_) == 7 + 4
    assert len(display.frames_) == 1
    # Into the frame, to 7 networks, from them to the fusion, on, out of the frame, on.
    assert len(display.arrows_) == 1 + 7 + 7 + 1 + 1 + 1


def test_the_recipe_with_votes():
    texts, display = drawn(covid_ct(fusion="vote", backbones=["ResNet50", "VGG19"]))
    assert texts.count("FineTuneClassifier") == 2
    assert {"majority vote", "hit probability"} <= {*texts}
    assert len(display.boxes_) == 2 * 2 + 3


def test_dropped_members_stay_visible_and_lead_nowhere():
    fusion = ConcatFusion([*NETWORKS, ("Xception", "drop")], transformer_weights={"VGG19": 0.5})
    texts, display = drawn(make_pipeline(fusion, LogisticRegression()))
    assert texts[texts.index("Xception") + 1] == "dropped"
    assert "2,560 features" in texts
    assert "× 0.5" in texts
    assert len(display.boxes_) == 2 + 1 + 4
    assert len(display.arrows_) == 2 + 2 + 2


def test_weights_of_votes_stand_at_those_who_have_one():
    members = [(name, LogisticRegression()) for name in "ab"]
    texts, _ = drawn(MajorityVoteFusion([*members, ("c", "drop")], weights=[2, 1, 3]))
    assert texts[0] == "X"
    assert [text for text in texts if text.startswith("×")] == ["× 2", "× 1"]


def test_a_fit_tells_more():
    """Number of features of networks that the table does not know, classes, candidates."""
    data = phantoms(8, 8)
    search = GridSearchCV(
        make_pipeline(ConcatFusion(small_networks(layers=0.1)), LogisticRegression()),
        {"logisticregression__C": [1, 2]},
        cv=2,
    )
    texts, _ = drawn(search)
    assert not [text for text in texts if "features" in text]
    search.fit(data.data, data.target)
    texts, _ = drawn(search)
    counts = [net.n_features_out_ for _, net in search.best_estimator_[0].transformers_]
    assert {f"{count:,} features" for count in (*counts, sum(counts))} <= {*texts}
    assert "GridSearchCV: best of 2" in texts
    assert "ground-glass · healthy" in texts


@pytest.mark.parametrize(
    ("estimator", "wanted"),
    [
        (
            covid_ct_strong(),
            {"clahe_448", "CalibratedClassifierCV: method=sigmoid", "RidgeClassifier"},
        ),
        (FeatureUnion(NETWORKS), {"2,560 features", "features"}),
        (
            FineTuneClassifier(ConcatFusion(NETWORKS), unfreeze=10, hidden_units=(64,)),
            {"hidden 64", "fine-tunes the last 10 layers"},
        ),
        (
            make_pipeline(
                ColumnTransformer(
                    [
                        ("ct", NETWORKS[0][1], "picture"),
                        ("age", StandardScaler(), ["age", "mass"]),
                    ],
                    remainder="passthrough",
                ),
                LogisticRegression(),
            ),
            {"data frame", "picture", "age, mass", "all others", "handed on as it is"},
        ),
        (
            VotingClassifier([("a", LogisticRegression())], voting="soft", weights=[2]),
            {"mean of probabilities", "× 2"},
        ),
        (
            StackingClassifier([("a", LogisticRegression())], passthrough=True),
            {"predictions of members", "and X", "probabilities"},
        ),
        (
            CalibratedClassifierCV(FrozenEstimator(LogisticRegression()), method="isotonic"),
            {"CalibratedClassifierCV: method=isotonic", "FrozenEstimator", "LogisticRegression"},
        ),
        (
            AugmentedClassifier(LogisticRegression(), ImageAugmenter(3), test_copies=2),
            {"AugmentedClassifier: n_copies=3, test_copies=2", "pictures"},
        ),
        (
            make_pipeline("passthrough", ImagePreprocessor(color="grey"), NETWORKS[1][1]),
            {"ImagePreprocessor", "grey", "VGG19", "512 features"},
        ),
        (FunctionTransformer(abs), {"FunctionTransformer", "abs"}),
        (
            BackboneFeatureExtractor("VGG16", weights=None, layers=[0.5, 0.9], pooling="avg_std"),
            {"untrained", "2 inner layers", "avg, std pooling"},
        ),
        (BackboneFeatureExtractor("NotInTheTable", input_size=(32, 48)), {"32 × 48 pixels"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_compositions(estimator, wanted):
    """Everything that a figure of it must say is said."""
    texts, _ = drawn(estimator)
    assert wanted <= {*texts}, texts


def test_features_survive_steps_that_keep_columns():
    texts, _ = drawn(
        ConcatFusion([(name, make_pipeline(net, StandardScaler())) for name, net in NETWORKS])
    )
    assert "2,560 features" in texts


def test_boxes_do_not_overlap_and_lie_inside():
    """Also of the widest composition, which goes down instead of to the right."""
    for estimator in (covid_ct(), covid_ct_strong()):
        _, display = drawn(estimator)
        boxes = [box.get_bbox() for box in display.boxes_]
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:number])
        (left, right), (bottom, top) = display.ax_.get_xlim(), display.ax_.get_ylim()
        for patch in display.frames_ + display.boxes_:
            box = patch.get_bbox()
            assert left <= box.x0 < box.x1 <= right
            assert top <= box.y0 < box.y1 <= bottom
        for text in display.ax_.texts:
            width = text.get_window_extent().width / display.figure_.dpi
            assert width < right - left


def test_texts_fit_their_boxes():
    """Letters are measured, not guessed; a long name is shortened in the middle."""
    name = "a member with a name that nobody would want to read in full"
    texts, display = drawn(ConcatFusion([(name, NETWORKS[0][1]), ("W" * 26, NETWORKS[1][1])]))
    assert any("…" in text for text in texts)
    to_data = display.ax_.transData.inverted()
    boxes = [box.get_bbox() for box in display.boxes_]
    for text in display.ax_.texts:
        x0, x1 = sorted(text.get_window_extent().transformed(to_data).intervalx)
        (x, y) = text.get_position()
        (box,) = [box for box in boxes if box.x0 < x < box.x1 and box.y0 < y < box.y1]
        assert box.x0 <= x0
        assert x1 <= box.x1


def test_members_that_cannot_be_fitted_are_drawn_or_named():
    """Nothing but dropped members leads nowhere; weights must belong to members."""
    _, display = drawn(ConcatFusion([("ResNet50", "drop")]))
    assert len(display.arrows_) == 1
    members = [("a", LogisticRegression()), ("b", LogisticRegression())]
    with pytest.raises(ValueError, match="MajorityVoteFusion has 1 weights for 2 members"):
        FusionDiagramDisplay.from_estimator(MajorityVoteFusion(members, weights=[1]))


@pytest.mark.parametrize("thing", [NETWORKS, LogisticRegression, 3])
def test_what_is_no_estimator(thing):
    with pytest.raises(TypeError, match=r"wanted an estimator, such as a Pipeline"):
        FusionDiagramDisplay.from_estimator(thing)


def test_drawing_loads_no_tensorflow():
    """A notebook shows a model at once; unknown networks are not asked of Keras either."""
    program = (
        "import sys\n"
        "from fusionlearn import BackboneFeatureExtractor\n"
        "from fusionlearn.inspection import FusionDiagramDisplay as Diagram\n"
        "from fusionlearn.presets import covid_ct\n"
        "Diagram.from_estimator(covid_ct())\n"
        "Diagram.from_estimator(BackboneFeatureExtractor('MyNetwork'))\n"
        "assert not {'keras', 'tensorflow', 'openvino'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
