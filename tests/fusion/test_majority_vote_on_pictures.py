"""MajorityVoteFusion on pictures and tables: references, patients, metadata, callbacks."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from vote_members import (
    Brightness,
    Recorder,
    X,
    Y,
    three,
)

from fusionlearn.exceptions import GroupConflictError, ImageError
from fusionlearn.fusion._majority_vote import MajorityVoteFusion
from fusionlearn.images import ImageReference, check_images


def pictures():
    """Twelve pictures of six patients; every other picture is bright."""
    rng = np.random.default_rng(0)
    arrays = rng.integers(0, 100, (12, 4, 4), dtype=np.uint8)
    arrays[1::2] += 100
    labels = np.array(["dark", "light"] * 6)
    return check_images(arrays, groups=np.repeat(list("abcdef"), 2)), labels


# pictures and groups


@pytest.mark.draws_globally
def test_members_of_different_kinds_on_pictures():
    references, labels = pictures()
    members = [
        ("nb", make_pipeline(Brightness(), GaussianNB())),
        ("tree", make_pipeline(Brightness(), DecisionTreeClassifier())),
        ("knn", make_pipeline(Brightness(), StandardScaler(), KNeighborsClassifier(1))),
    ]
    fusion = MajorityVoteFusion(members).fit(references, labels)
    assert fusion.score(references, labels) == 1
    assert not hasattr(fusion, "n_features_in_")
    assert cross_val_score(fusion, references, labels, cv=3).min() == 1


def test_pictures_in_every_form(tmp_path):
    """Arrays, paths and a column of paths give the same."""
    from PIL import Image

    references, labels = pictures()
    arrays = np.stack([reference.decode() for reference in references])
    paths = [str(tmp_path / f"{number}.png") for number in range(12)]
    for path, pixels in zip(paths, arrays, strict=True):
        Image.fromarray(pixels).save(path)
    fusion = MajorityVoteFusion([("nb", make_pipeline(Brightness(), GaussianNB()))])
    expected = fusion.fit(references, labels).predict_proba(references)
    for form in (arrays, paths, np.array(paths)[:, np.newaxis], pd.Series(paths), list(arrays)):
        np.testing.assert_array_equal(clone(fusion).fit(form, labels).predict_proba(form), expected)


def column_pipeline(column):
    picture = ColumnTransformer([("picture", Brightness(), column)], remainder="passthrough")
    return Pipeline([("columns", picture), ("nb", GaussianNB())])


def test_data_frames_go_to_members_as_they_are():
    """With tabular columns or without: a ColumnTransformer finds the picture by its name."""
    references, labels = pictures()
    frame = pd.DataFrame({"picture": references, "age": np.arange(12.0)})
    for data in (frame, frame[["picture"]]):
        members = [("a", column_pipeline(["picture"])), ("b", column_pipeline([0]))]
        fusion = MajorityVoteFusion(members).fit(data, labels)
        assert fusion.score(data, labels) == 1
        assert list(fusion.feature_names_in_) == list(data.columns)


def test_a_column_stays_a_column():
    references, labels = pictures()
    column = references[:, np.newaxis]
    fusion = MajorityVoteFusion([("a", column_pipeline([0]))]).fit(column, labels)
    assert fusion.score(column, labels) == 1


def test_members_share_references():
    """Files are made references once, so that what is known of them is known to all."""
    references, labels = pictures()
    arrays = [reference.decode() for reference in references]
    fusion = MajorityVoteFusion([("a", Recorder()), ("b", Recorder())]).fit(arrays, labels)
    first, second = (member.X_ for member in fusion.estimators_)
    assert all(isinstance(reference, ImageReference) for reference in first)
    assert all(a is b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("routing", [False, True])
def test_patients_reach_members_that_only_see_features(routing):
    """Without being passed: each picture carries its patient."""
    references, labels = pictures()
    members = [
        ("head", make_pipeline(Brightness(), Recorder())),
        ("bare", Recorder()),
        ("nb", make_pipeline(Brightness(), GaussianNB())),
    ]
    with sklearn.config_context(enable_metadata_routing=routing):
        fusion = MajorityVoteFusion(members).fit(references, labels)
    expected = np.repeat(list("abcdef"), 2)
    np.testing.assert_array_equal(fusion.estimators_[0][-1].groups_, expected)
    np.testing.assert_array_equal(fusion.estimators_[1].groups_, expected)


@pytest.mark.parametrize("routing", [False, True])
def test_given_groups_reach_pictures_and_members(routing):
    references, labels = pictures()
    nameless = [reference.with_group(None) for reference in references]
    groups = np.arange(12) // 4
    with sklearn.config_context(enable_metadata_routing=routing):
        fusion = MajorityVoteFusion([("a", Recorder())]).fit(nameless, labels, groups=groups)
    member = fusion.estimators_[0]
    np.testing.assert_array_equal(member.groups_, groups)
    assert [reference.group for reference in member.X_] == list(groups)


def test_groups_for_features_and_weights():
    rng = np.random.default_rng(0)
    weights, groups = rng.uniform(1, 2, 150), np.arange(150) // 10
    fusion = MajorityVoteFusion([("a", Recorder()), *three()])
    fusion.fit(X, Y, sample_weight=weights, groups=groups)
    np.testing.assert_array_equal(fusion.estimators_[0].groups_, groups)
    np.testing.assert_array_equal(fusion.estimators_[0].sample_weight_, weights)
    np.testing.assert_array_equal(
        fusion.named_estimators_["nb"].theta_, GaussianNB().fit(X, Y, weights).theta_
    )


def test_weights_that_a_member_cannot_take():
    fusion = MajorityVoteFusion([*three(), ("knn", KNeighborsClassifier())])
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample weights"):
        fusion.fit(X, Y, sample_weight=np.ones(150))


def test_routing_of_metadata():
    """Requests are obeyed, aliases too, and groups come along from the pictures."""
    references, labels = pictures()
    weights = np.arange(12.0)
    with sklearn.config_context(enable_metadata_routing=True):
        members = [
            ("asks", Recorder().set_fit_request(sample_weight=True)),
            ("refuses", Recorder().set_fit_request(sample_weight=False)),
        ]
        fusion = MajorityVoteFusion(members).fit(references, labels, sample_weight=weights)
        np.testing.assert_array_equal(fusion.estimators_[0].sample_weight_, weights)
        assert fusion.estimators_[1].sample_weight_ is None
        alias = make_pipeline(Brightness(), Recorder().set_fit_request(sample_weight="w"))
        fusion = MajorityVoteFusion([("alias", alias)]).fit(references, labels, w=weights)
        np.testing.assert_array_equal(fusion.estimators_[0][-1].sample_weight_, weights)
        np.testing.assert_array_equal(
            fusion.estimators_[0][-1].groups_, np.repeat(list("abcdef"), 2)
        )
        with pytest.raises(TypeError, match="colour"):
            MajorityVoteFusion(three()).fit(X, Y, colour=weights)


def test_unknown_fit_parameters_are_named():
    with pytest.raises(TypeError, match=r"\['colour'\].*sample_weight or groups"):
        MajorityVoteFusion(three()).fit(X, Y, colour=1)


def test_groups_that_contradict_the_pictures():
    references, labels = pictures()
    with pytest.raises(GroupConflictError):
        MajorityVoteFusion([("a", Recorder())]).fit(references, labels, groups=np.arange(12))
    frame = pd.DataFrame({"picture": references})
    with pytest.raises(GroupConflictError):
        MajorityVoteFusion([("a", Recorder())]).fit(frame, labels, groups=np.arange(12))


def test_missing_file_is_named(tmp_path, pictures):
    """By the fusion, if another one is there; strings alone may be texts."""
    Image.fromarray(pictures[0]).save(tmp_path / "here.png")
    paths = [str(tmp_path / name) for name in ("here.png", "nowhere.png")]
    with pytest.raises(ImageError, match=r"picture 1 .*nowhere\.png"):
        MajorityVoteFusion([("a", Recorder())]).fit(paths, [0, 1])


def test_texts_are_no_paths():
    texts = ["ground-glass left", "clear", "ground-glass right", "clear lungs"]
    member = make_pipeline(CountVectorizer(), LogisticRegression())
    vote = MajorityVoteFusion([("words", member)]).fit(texts, [1, 0, 1, 0])
    assert vote.predict(texts).tolist() == [1, 0, 1, 0]


# callbacks


def test_callbacks_see_each_member():
    callback = pytest.importorskip("sklearn.callback")

    class Listener:
        max_propagation_depth = None

        def __init__(self):
            self.begun = []

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            self.begun.append((context.estimator_name, context.task_name))

        def on_fit_task_end(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

    listener = Listener()
    assert isinstance(listener, callback.FitCallback)
    members = [
        ("a", LogisticRegression(max_iter=1000)),
        ("b", FrozenEstimator(GaussianNB().fit(X, Y))),
    ]
    fusion = MajorityVoteFusion(members)
    fusion.set_callbacks(listener)
    fusion.fit(X, Y)
    tasks = [task for name, task in listener.begun if name == "MajorityVoteFusion"]
    assert tasks == ["fit", "fit-b"]
    assert ("LogisticRegression", "fit") in listener.begun
