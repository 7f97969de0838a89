"""Labels with dollar signs are drawn as they are, by every display and whoever saves it."""

import io

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from test_contributions import made_up

from fusionlearn import BackboneFeatureExtractor, ConcatFusion
from fusionlearn.inspection import (
    AugmentationDisplay,
    BackboneContributionDisplay,
    ClassDistributionDisplay,
    ErrorGalleryDisplay,
    Explanation,
    ExplanationDisplay,
    FusionDiagramDisplay,
    HistoryDisplay,
    ReliabilityDisplay,
    VoteDisplay,
)
from fusionlearn.inspection._figures import FigureMixin

A, B = "a$x_{$b", "b$^$c"  # neither is a formula that matplotlib could read
PICTURES = np.random.default_rng(0).integers(0, 255, (8, 6, 6, 3), dtype=np.uint8)
Y = np.array([A, B] * 4)
PROBA = np.tile([[0.3, 0.7], [0.4, 0.6]], (4, 1))


def explanation_display(ax):
    ramp = np.tile(np.linspace(0, 1, 6, dtype=np.float32), (6, 1))
    one = Explanation(
        picture=PICTURES[0],
        target=A,
        probability=0.9,
        prediction=B,
        heat_map=ramp,
        networks={A: ramp, B: ramp},
        shares={A: 0.5, B: 0.5},
        method="gradcam",
    )
    return ExplanationDisplay([one]).plot(ax)


def diagram(ax):
    networks = [(name, BackboneFeatureExtractor("MobileNet", weights=None)) for name in (A, B)]
    fusion = ConcatFusion(networks, transformer_weights={A: 2.0})
    model = Pipeline([("fusion", fusion), ("head", LogisticRegression())])
    return FusionDiagramDisplay.from_estimator(model, ax=ax)


def contribution_display(ax):
    found = made_up([1, 2], [3, 4], n_samples=24)
    names = dict(zip(found.names, (A, B), strict=True))
    evaluations = {
        tuple(names[name] for name in subset): judged
        for subset, judged in found.evaluations.items()
    }
    found = type(found)(
        (A, B), evaluations, "accuracy", found.milliseconds, found.engines, found.n_timed
    )
    return BackboneContributionDisplay(found).plot(ax)


def votes(kind):
    def draw(ax):
        columns = np.column_stack([Y, Y[::-1]])
        return VoteDisplay.from_predictions(columns, Y, member_names=[A, B], kind=kind, ax=ax)

    return draw


# What is drawn, and which names are to be read in it.
DISPLAYS = {
    "augmentation": (
        lambda ax: AugmentationDisplay([PICTURES[0]], [[PICTURES[1]]], names=[A]).plot(ax),
        [A],
    ),
    "contributions": (contribution_display, [A, B]),
    "classes": (
        lambda ax: ClassDistributionDisplay.from_labels(Y, split=Y[::-1], ax=ax),
        [A, B],
    ),
    "errors": (
        lambda ax: ErrorGalleryDisplay.from_predictions(PICTURES, Y, PROBA, groups=Y, ax=ax),
        [A, B],
    ),
    "explanation": (explanation_display, [A, B]),
    "diagram": (diagram, [A, B]),
    "history": (
        lambda ax: HistoryDisplay({"accuracy": [0.5, 0.6]}).plot(ax=ax),
        ["training"],
    ),
    "reliability": (
        lambda ax: ReliabilityDisplay.from_predictions(Y, PROBA, positive=A, ax=ax),
        [A],
    ),
    "votes": (votes("votes"), [A, B]),
    "agreement": (votes("agreement"), []),
}


def drawn(figure):
    """What is to be read in a figure that somebody saves."""
    page = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(page, format="svg", bbox_inches="tight")
    return page.getvalue()


@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
@pytest.mark.parametrize("name", DISPLAYS)
def test_labels_are_no_formulas(name):
    """Letter by letter, in figures of its own and of the caller."""
    draw, wanted = DISPLAYS[name]
    for ax in (None, Figure().subplots()):
        page = drawn(draw(ax).figure_)
        assert not [text for text in wanted if text not in page]


@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
def test_no_display_is_forgotten():
    assert {type(draw(None)) for draw, _ in DISPLAYS.values()} == set(FigureMixin.__subclasses__())


def test_formulas_of_the_caller_stay():
    """Only what a display writes is plain; numbers at ticks are matplotlib's."""
    figure = Figure()
    left, right = figure.subplots(1, 2)
    theirs = [right.set_title(r"$\mu$"), left.text(1, 1, r"$\alpha$")]
    display = ClassDistributionDisplay.from_labels(Y, ax=left)
    assert all(text.get_parse_math() for text in theirs)
    assert not any(label.get_parse_math() for label in display.ax_.get_yticklabels())
    history = HistoryDisplay({"accuracy": [0.5, 0.6]}).plot()
    history.figure_.draw_without_rendering()
    assert all(label.get_parse_math() for label in history.ax_.get_yticklabels())
