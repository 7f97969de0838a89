"""The grain control: the same pictures in one colour, one size and one compression."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from strategies import grey_or_rgb

from fusionlearn import BackboneFeatureExtractor, FeatureStore, check_images, get_groups
from fusionlearn.exceptions import ImageError
from fusionlearn.images import reduce_grain
from fusionlearn.model_selection import evaluate

pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")


@settings(deadline=None, max_examples=25)
@given(grey_or_rgb())
def test_every_picture_gets_one_form(picture):
    """Grey, 224 x 224, and what JPEG at quality 60 leaves of it."""
    original = picture.copy()
    pixels = reduce_grain([picture])[0].decode()
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == pixels[:, :, :1]).all()
    np.testing.assert_array_equal(picture, original)
    image = Image.fromarray(check_images([picture])[0].decode()).convert("L")
    buffer = io.BytesIO()
    image.resize((224, 224), Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=60)
    np.testing.assert_array_equal(pixels[:, :, 0], np.asarray(Image.open(buffer)))


def test_files_that_differ_in_how_they_are_stored_become_alike(encode):
    """The same pixels as PNG and BMP, grey and RGBA."""
    grey = np.random.default_rng(0).integers(0, 255, (60, 50), dtype=np.uint8)
    image = Image.fromarray(grey)
    files = [encode(image), encode(image, "BMP"), encode(image.convert("RGBA"))]
    first, *others = (view.decode() for view in reduce_grain(files))
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_views_keep_the_patient_and_have_a_digest_of_their_own(pictures):
    X = check_images(pictures, groups=[3, 3, 4, 4, 5, 5])
    views = reduce_grain(X)
    np.testing.assert_array_equal(get_groups(views), get_groups(X))
    digests = [reference.digest for reference in (*X, *views)]
    assert len(set(digests)) == 12
    assert [view.digest for view in reduce_grain(X)] == digests[6:]
    copied = pickle.loads(pickle.dumps(views[0]))
    np.testing.assert_array_equal(copied.decode(), views[0].decode())


def test_no_picture_is_named():
    with pytest.raises(ImageError, match="picture 1"):
        reduce_grain([np.zeros((8, 8), np.uint8), "missing.png"])


def make_grainy(n_patients=24):
    """Classes that differ in nothing but noise from pixel to pixel."""
    rng = np.random.default_rng(0)
    y = np.arange(n_patients) % 2
    X = 120 + np.arange(n_patients)[:, None, None]  # no two patients have the same picture
    X = X + rng.integers(-10, 11, (n_patients, 448, 448)) * y[:, None, None]
    return check_images(X.astype(np.uint8), groups=np.arange(n_patients)), y


class Roughness:
    """A stub of an extractor: how much neighbouring pixels differ."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        pictures = [reference.decode()[:, :, 0].astype(float) for reference in check_images(X)]
        return np.array([[np.abs(np.diff(picture)).mean()] for picture in pictures])

    def get_params(self, deep=True):
        return {}


def test_a_model_of_noise_loses_its_score():
    X, y = make_grainy()
    noise = np.random.default_rng(1).normal(0, 3, (len(y), 1))

    class Rough(Roughness):
        def transform(self, X):
            rows = [reference.group for reference in check_images(X)]
            return super().transform(X) + noise[rows]

    evaluation = evaluate(
        make_pipeline(Rough(), LogisticRegression()), X, y, cv=3, grain_control=True
    )
    assert evaluation.scores["roc_auc"].estimate > 0.9
    assert evaluation.grain_control.scores["roc_auc"].estimate < 0.8
    assert any("fine grain" in caution for caution in evaluation.cautions)
    assert "without fine grain" in str(evaluation)


def test_same_folds_same_estimator_own_features(tiny):
    """Reduced pictures go through the store like others, each once for all folds."""
    rng = np.random.default_rng(0)
    y = np.arange(16) % 2
    X = check_images(
        rng.integers(0, 255, (16, 30, 30), dtype=np.uint8), groups=np.arange(16) // 2 * 2 + y
    )
    store = FeatureStore()
    model = make_pipeline(BackboneFeatureExtractor(tiny, store=store), LogisticRegression())
    evaluation = evaluate(model, X, y, cv=2, grain_control=True, shortcut=False)
    assert store.stats()["computed"] == 32
    alone = evaluate(model, reduce_grain(X), y, cv=2, shortcut=False)
    assert store.stats()["computed"] == 32
    np.testing.assert_array_equal(evaluation.grain_control.y_proba, alone.y_proba)
    np.testing.assert_array_equal(evaluation.grain_control.groups, evaluation.groups)
    assert evaluation.shortcut is None
    assert evaluate(model, X, y, cv=2, shortcut=False).grain_control is None
