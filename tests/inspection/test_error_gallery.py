"""The pictures about which a classifier was wrong."""

import numpy as np
import pytest
from composition_parts import phantoms
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from fusionlearn import check_images
from fusionlearn.exceptions import GroupConflictError
from fusionlearn.inspection import ErrorGalleryDisplay
from fusionlearn.model_selection import Evaluation

DATA = phantoms(12, 6)
CLASSES = np.unique(DATA.target)
RIGHT = np.equal.outer(DATA.target, CLASSES).astype(float)
# Pictures 2, 5 and 7 go to the other class, with these probabilities.
MISTAKES = {2: 0.6, 5: 0.9, 7: 0.8}
PROBA = RIGHT * 0.9 + 0.05
for index, claimed in MISTAKES.items():
    PROBA[index] = RIGHT[index] + claimed * (1 - 2 * RIGHT[index])
UNKNOWN = [picture.decode() for picture in DATA.data]


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def evaluation_of(groups=DATA.groups, **options):
    settings = {"y_true": DATA.target, "y_proba": PROBA, "classes": CLASSES}
    return Evaluation(**settings, positive=CLASSES[0], groups=groups, **options)


def test_the_surest_mistakes_come_first():
    display = ErrorGalleryDisplay.from_predictions(DATA.data, DATA.target, PROBA)
    assert display.indices.tolist() == [5, 7, 2]
    np.testing.assert_allclose(display.probabilities, [0.9, 0.8, 0.6])
    for artist, index, caption in zip(display.images_, [5, 7, 2], texts(display), strict=True):
        np.testing.assert_array_equal(artist.get_array(), DATA.data[index].decode())
        other = CLASSES[DATA.target[index] != CLASSES][0]
        assert caption.splitlines() == [
            f"true: {DATA.target[index]}",
            f"predicted: {other} {MISTAKES[index]:.2f}",
            f"patient: {DATA.groups[index]}",
            f"picture {index}",
        ]
    title = display.ax_.get_title(loc="left")
    assert title.startswith("3 of 12 pictures wrong: 0.250, 95 % interval [")
    display.figure_.draw_without_rendering()


def test_few_of_many_are_said_to_be_few():
    display = ErrorGalleryDisplay.from_predictions(DATA.data, DATA.target, PROBA, n_pictures=2)
    assert display.indices.tolist() == [5, 7]
    assert display.n_errors == 3
    assert display.ax_.get_title(loc="left").endswith("; the 2 surest:")


def test_nothing_wrong_is_said():
    """An empty figure would look like a failure; none of twelve is not never."""
    display = ErrorGalleryDisplay.from_predictions(DATA.data, DATA.target, RIGHT)
    assert display.images_ == []
    assert texts(display) == ["There is no mistake to show."]
    title = display.ax_.get_title(loc="left")
    assert title.startswith("0 of 12 pictures wrong: 0.000, 95 % interval [0.000, ")
    assert display.error_interval[1] > 0.3
    display.figure_.draw_without_rendering()


def test_patients_are_shown_where_they_are_known():
    display = ErrorGalleryDisplay.from_predictions(UNKNOWN, DATA.target, PROBA)
    assert display.groups is None
    assert all("patient" not in text for text in texts(display))
    named = ErrorGalleryDisplay.from_predictions(UNKNOWN, DATA.target, PROBA, groups=DATA.groups)
    assert named.groups.tolist() == DATA.groups[[5, 7, 2]].tolist()
    # Two pictures of each patient: less is known than of twelve patients.
    assert named.error_interval[1] > display.error_interval[1]


def test_pictures_keep_their_proportions_and_do_not_overlap():
    shapes = [(20, 40), (40, 20), (30, 30), (10, 40), (40, 40)]
    pictures = [np.zeros(shape, dtype=np.uint8) for shape in shapes]
    y_proba = np.tile([0.2, 0.8], (5, 1))
    display = ErrorGalleryDisplay.from_predictions(pictures, [0] * 5, y_proba, classes=[0, 1])
    display.figure_.draw_without_rendering()
    boxes = [artist.get_window_extent() for artist in display.images_]
    boxes += [text.get_window_extent() for text in display.ax_.texts]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    for box, (height, width) in zip(boxes, shapes, strict=False):
        assert box.width / box.height == pytest.approx(width / height)


def test_from_evaluation():
    display = ErrorGalleryDisplay.from_evaluation(evaluation_of(), DATA.data)
    assert display.indices.tolist() == [5, 7, 2]
    assert display.groups.tolist() == DATA.groups[[5, 7, 2]].tolist()
    own = np.array([picture.group for picture in check_images(UNKNOWN)])
    display = ErrorGalleryDisplay.from_evaluation(evaluation_of(own, patients_known=False), UNKNOWN)
    assert display.groups is None


def test_other_pictures_than_those_that_were_evaluated():
    """Wrong pictures under the right captions would be worse than no figure."""
    evaluation = evaluation_of()
    with pytest.raises(GroupConflictError):
        ErrorGalleryDisplay.from_evaluation(evaluation, DATA.data[::-1])
    with pytest.raises(ValueError, match="X has 11 pictures, the evaluation 12"):
        ErrorGalleryDisplay.from_evaluation(evaluation, DATA.data[1:])
    own = np.array([picture.group for picture in check_images(UNKNOWN)])
    unknown = evaluation_of(own, patients_known=False)
    with pytest.raises(ValueError, match="Picture 0 of X is not the one that was evaluated"):
        ErrorGalleryDisplay.from_evaluation(unknown, UNKNOWN[::-1])
    with pytest.raises(ValueError, match="The evaluation is by patient"):
        ErrorGalleryDisplay.from_evaluation(evaluation.by_patient(), DATA.data)
    with pytest.raises(TypeError, match="dict; wanted an Evaluation"):
        ErrorGalleryDisplay.from_evaluation({}, DATA.data)


def _one(X):
    return np.ones((len(X), 1))


def test_from_estimator():
    """A constant classifier is wrong about the other class, which has half of the pictures."""
    model = make_pipeline(FunctionTransformer(_one), DummyClassifier(strategy="prior"))
    model.fit(DATA.data, DATA.target)
    display = ErrorGalleryDisplay.from_estimator(model, DATA.data, DATA.target, n_pictures=4)
    assert display.n_errors == (DATA.target != CLASSES[0]).sum()
    assert display.indices.tolist() == np.flatnonzero(DATA.target != CLASSES[0])[:4].tolist()


def test_predictions_that_do_not_fit_the_pictures():
    with pytest.raises(ValueError, match="X has 11 pictures for 12 labels"):
        ErrorGalleryDisplay.from_predictions(UNKNOWN[1:], DATA.target, PROBA)
    with pytest.raises(ValueError, match="'n_pictures' parameter"):
        ErrorGalleryDisplay.from_predictions(DATA.data, DATA.target, PROBA, n_pictures=0)
