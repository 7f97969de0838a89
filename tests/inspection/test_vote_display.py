"""Who voted for what, and accuracy by agreement."""

import numpy as np
import pytest
from composition_parts import phantoms
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fusionlearn import AugmentedClassifier, ImageAugmenter, MajorityVoteFusion
from fusionlearn.inspection import VoteDisplay

VOTES = np.array([list("aab"), list("bbb"), list("abb"), list("aaa"), list("bba"), list("aaa")])
Y = np.array(list("abaaba"))


def test_majority_and_agreement_of_votes():
    display = VoteDisplay.from_predictions(VOTES, Y)
    assert "".join(display.y_pred) == "abbaba"
    np.testing.assert_allclose(display.agreement, [2 / 3, 1, 2 / 3, 1, 2 / 3, 1])
    heavy = VoteDisplay.from_predictions(VOTES, Y, weights=[0, 1, 3])
    assert "".join(heavy.y_pred) == "bbbaaa"
    np.testing.assert_allclose(heavy.agreement, [0.75, 1, 1, 1, 0.75, 1])


def test_cells_show_the_votes_of_each_picture():
    """Sorted by label, then from all right to all wrong; colours are those of the legend."""
    display = VoteDisplay.from_predictions(VOTES, Y, member_names=["x", "y", "z"])
    labels, members, majority = (np.asarray(image.get_array()) for image in display.images_)
    colors = {
        text.get_text(): patch.get_facecolor()[:3]
        for text, patch in zip(
            display.ax_.get_legend().get_texts(),
            display.ax_.get_legend().get_patches(),
            strict=True,
        )
    }
    order = [3, 5, 0, 2, 1, 4]
    for cells, wanted in (
        (labels, Y[order][np.newaxis]),
        (members, VOTES[order].T),
        (majority, np.array(list("abbaba"))[order][np.newaxis]),
    ):
        np.testing.assert_allclose(cells, [[colors[label] for label in row] for row in wanted])
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["label", "x", "y", "z", "majority"]
    # Wrong votes are marked, for prints in black and white.
    marks = sum(len(points.get_offsets()) for points in display.ax_.collections)
    assert marks == (Y[:, np.newaxis] != VOTES).sum() + (display.y_pred != Y).sum()
    display.figure_.draw_without_rendering()


def test_each_member_has_its_accuracy_with_an_interval():
    display = VoteDisplay.from_predictions(VOTES, Y)
    right = display.ax_.child_axes[0]
    texts = [label.get_text() for label in right.get_yticklabels()]
    assert texts[1].startswith("1.000 [")
    assert texts[3].startswith(f"{3 / 6:.3f} [")
    assert texts[4].startswith(f"{5 / 6:.3f} [")


def test_accuracy_by_agreement():
    display = VoteDisplay.from_predictions(VOTES, Y, kind="agreement")
    points, _, _ = display.points_
    np.testing.assert_allclose(points.get_xdata(), [2 / 3, 1])
    np.testing.assert_allclose(points.get_ydata(), [2 / 3, 1])
    assert display.images_ == []
    assert display.plot() is display
    assert display.points_ is None


def test_many_agreements_are_put_into_bins():
    rng = np.random.default_rng(0)
    votes = rng.choice(["a", "b"], (80, 9))
    display = VoteDisplay.from_predictions(
        votes, votes[:, 0], weights=rng.random(9), kind="agreement"
    )
    assert len(display.points_[0].get_xdata()) <= 10
    display.figure_.draw_without_rendering()


def test_more_classes_than_colours():
    votes = np.array([[f"class {number:02d} of twelve"] * 2 for number in range(12)])
    display = VoteDisplay.from_predictions(votes, votes[:, 0])
    patches = display.ax_.get_legend().get_patches()
    assert len({patch.get_facecolor() for patch in patches}) == 12
    display.figure_.draw_without_rendering()


def _means(X):
    return np.array([picture.decode().mean(axis=(1, 2))[::4] for picture in X])


def test_votes_are_found_inside_other_estimators():
    """Each is given what the steps before it make of the pictures, and their patients."""
    data = phantoms(24, 12)
    vote = MajorityVoteFusion(
        [("lr", LogisticRegression()), ("gone", "drop"), ("nb", GaussianNB())], weights=[1, 1, 3]
    )
    pipeline = make_pipeline(FunctionTransformer(_means), StandardScaler(), vote)
    augmented = AugmentedClassifier(pipeline, ImageAugmenter(1))
    search = GridSearchCV(augmented, {"augmenter__n_copies": [1]}, cv=2)
    search.fit(data.data, data.target)
    inner = search.best_estimator_.estimator_
    features = inner[:-1].transform(data.data)
    display = VoteDisplay.from_estimator(search, data.data, data.target)
    np.testing.assert_array_equal(display.votes, inner[-1].votes(features))
    np.testing.assert_array_equal(display.y_pred, search.predict(data.data))
    np.testing.assert_allclose(display.agreement, inner[-1].agreement(features))
    np.testing.assert_array_equal(display.groups, data.groups)
    assert display.member_names == ["lr", "nb"]
    alone = VoteDisplay.from_estimator(inner[-1], features, data.target)
    np.testing.assert_array_equal(alone.votes, display.votes)
    assert alone.groups is None


def test_no_vote_inside():
    with pytest.raises(NotFittedError, match=r"MajorityVoteFusion|not fitted"):
        VoteDisplay.from_estimator(MajorityVoteFusion([("a", GaussianNB())]), VOTES, Y)
    with pytest.raises(TypeError, match="LogisticRegression holds no vote; wanted"):
        VoteDisplay.from_estimator(LogisticRegression().fit([[0], [1]], [0, 1]), [[0]], [0])


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        (VOTES[:, 0], {}, r"votes has shape \(6,\); wanted \(n_samples, n_members\)"),
        (VOTES[:0], {}, r"shape \(0, 3\)"),
        (VOTES[:4], {}, "inconsistent numbers of samples"),
        (VOTES, {"weights": [1, 2]}, r"shape \(2,\) for 3 columns"),
        (VOTES, {"weights": [1, -2, 1]}, "wanted finite numbers from 0 upwards"),
        (VOTES, {"member_names": ["x"]}, "1 entries for 3 columns"),
        (VOTES, {"kind": "bars"}, "'kind' parameter"),
    ],
)
def test_votes_that_do_not_fit(votes, options, message):
    with pytest.raises(ValueError, match=message):
        VoteDisplay.from_predictions(votes, Y, **options)
