"""FineTuneClassifier: whose samples they are, and an extractor inside."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from classifier_stubs import PixelExtractor, X, Y, as_pictures, quick
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fusionlearn import FineTuneClassifier, check_images, get_groups
from fusionlearn.exceptions import GroupConflictError

# Groups ----------------------------------------------------------------------------------


class GroupWatcher(FineTuneClassifier):
    """Keeps what the inner validation was."""

    def _split_validation(self, X, labels, weight, groups, rng):
        parts = super()._split_validation(X, labels, weight, groups, rng)
        self.parts_, self.groups_ = parts, groups
        return parts


def watcher(*args, **parameters):
    defaults = {"epochs": 1, "random_state": 0, "validation_fraction": 0.3}
    return GroupWatcher(*args, **(defaults | parameters))


GROUPS = np.array([f"patient {number // 5}" for number in range(len(X))])


def assert_apart(model, groups):
    training, validation = model.parts_
    assert not set(groups[training]) & set(groups[validation])


def test_groups_of_features_are_kept_apart():
    model = watcher().fit(X, Y, groups=GROUPS)
    assert_apart(model, GROUPS)


def test_groups_arrive_in_a_pipeline_by_name_and_by_routing():
    """The class asks for them by default; nothing is set on instances."""
    pipeline = Pipeline([("scale", StandardScaler()), ("classifier", watcher())])
    assert_apart(pipeline.fit(X, Y, classifier__groups=GROUPS)[-1], GROUPS)
    with sklearn.config_context(enable_metadata_routing=True):
        assert_apart(clone(pipeline).fit(X, Y, groups=GROUPS)[-1], GROUPS)
        search = GridSearchCV(pipeline, {"classifier__dropout": [0.1, 0.2]}, cv=GroupKFold(3))
        search.fit(X, Y, groups=GROUPS)
    assert_apart(search.best_estimator_[-1], GROUPS)


@pytest.mark.parametrize("kind", [list, pd.Series, np.array, lambda g: np.array(g, dtype=object)])
def test_groups_come_in_any_form(kind):
    assert_apart(watcher().fit(X, Y, groups=kind(GROUPS.tolist())), GROUPS)


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match="inconsistent"):
        quick().fit(X, Y, groups=GROUPS[:-1])


@pytest.mark.parametrize("given", ["in the references", "in fit"])
def test_patients_of_pictures_are_kept_apart(given):
    """Without metadata when the pictures know them."""
    pictures = as_pictures(X)
    if given == "in fit":
        model = watcher(PixelExtractor()).fit(pictures, Y, groups=GROUPS)
    else:
        model = watcher(PixelExtractor()).fit(check_images(pictures, GROUPS), Y)
    assert model.groups_.tolist() == GROUPS.tolist()
    assert_apart(model, GROUPS)


def test_groups_that_contradict_the_pictures_are_refused():
    with pytest.raises(GroupConflictError):
        quick(PixelExtractor()).fit(check_images(as_pictures(X), GROUPS), Y, groups=GROUPS[::-1])


def test_duplicates_of_a_picture_are_one_group():
    pictures = np.repeat(as_pictures(X[:30]), 3, axis=0)
    model = watcher(PixelExtractor()).fit(pictures, np.repeat(Y[:30], 3))
    assert_apart(model, np.repeat(np.arange(30), 3))


def test_a_splitter_sees_pictures():
    """So that one which reads patients from them works."""

    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            assert all(reference.has_known_group for reference in X)
            return super().split(X, y)

    watcher(PixelExtractor(), validation=Splitter(3)).fit(check_images(as_pictures(X), GROUPS), Y)


# Pictures ---------------------------------------------------------------------------------


def test_an_extractor_is_cloned_and_equals_a_step_before():
    """One step or two, the bits are the same."""
    extractor = PixelExtractor()
    references = check_images(as_pictures(X))
    model = quick(extractor).fit(references, Y)
    features = PixelExtractor().fit_transform(references)
    expected = quick().fit(features, Y, groups=get_groups(references))
    assert model.extractor is extractor is not model.extractor_
    assert not hasattr(model, "n_features_in_")
    np.testing.assert_array_equal(model.coefs_[0], expected.coefs_[0])
    np.testing.assert_array_equal(model.predict_proba(references), expected.predict_proba(features))


def test_an_extractor_without_fit_transform_is_taken():
    class Plain:
        def get_params(self, deep=True):
            return {}

        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return PixelExtractor().transform(X)

    assert quick(Plain()).fit(as_pictures(X), Y).score(as_pictures(X), Y) > 0.95


def test_an_extractor_that_loses_samples_is_refused():
    losing = FunctionTransformer(lambda X: np.zeros((len(X) - 1, 2)))
    with pytest.raises(ValueError, match="inconsistent"):
        quick(losing).fit(as_pictures(X), Y)


def test_targets_of_pictures_are_checked_before_the_extractor_runs():
    def fail(X):
        raise AssertionError("extracted")

    model = quick(FunctionTransformer(fail))
    with pytest.raises(ValueError, match="requires y"):
        model.fit(as_pictures(X), None)
    with pytest.raises(ValueError, match="Unknown label type"):
        model.fit(as_pictures(X), X[:, 0])
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(as_pictures(X), Y[1:])
