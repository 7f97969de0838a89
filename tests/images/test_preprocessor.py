"""Pictures in one form: grey, contrast, crop, as views of the pictures."""

import hashlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils._param_validation import InvalidParameterError
from strategies import grey_or_rgb

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FeatureStore,
    ImageAugmenter,
    ImagePreprocessor,
    check_images,
    get_groups,
)
from fusionlearn.exceptions import ImageError

EVERYTHING = {"window": None, "color": "grey", "contrast": "clahe", "crop": "body"}


def only(picture, **parameters):
    """Pixels of the one view."""
    return ImagePreprocessor(**parameters).transform([picture])[0].decode()


def body(height=60, width=80, box=(slice(10, 50), slice(15, 70)), level=180):
    """A bright block with darker insides on a dark ground, and a bright speck apart from it."""
    picture = np.full((height, width), 20, np.uint8)
    picture[box] = level
    picture[25:35, 30:50] = 30
    picture[2:4, 2:5] = 255
    return picture


@given(
    grey_or_rgb(),
    st.sampled_from(["rgb", "grey"]),
    st.sampled_from([None, "stretch", "clahe"]),
    st.sampled_from([None, "body"]),
)
def test_any_picture_gives_a_picture(picture, color, contrast, crop):
    """Down to one pixel and one level, twice the same, the caller's pixels left alone."""
    before = picture.copy()
    picture.setflags(write=False)
    parameters = {"color": color, "contrast": contrast, "crop": crop}
    pixels = only(picture, **parameters)
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(pixels, only(picture.copy(), **parameters))
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
    assert min(pixels.shape) >= 1
    if crop is None:
        assert pixels.shape[:2] == picture.shape[:2]
    if color == "grey":
        assert (pixels == pixels[..., :1]).all()


def test_grey_is_pillow_s_brightness(pictures):
    """An oracle; and what is grey already keeps its levels."""
    expected = np.asarray(Image.fromarray(pictures[0]).convert("L"))
    for channel in np.moveaxis(only(pictures[0], color="grey"), 2, 0):
        np.testing.assert_array_equal(channel, expected)
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    np.testing.assert_array_equal(only(grey, color="grey"), grey)


def test_a_stretch_takes_percentiles_to_the_ends(rng):
    """By the formula; a burnt-in mark does not decide; equal levels stay equal."""
    picture = rng.integers(60, 120, (50, 50), dtype=np.uint8)
    picture[:2, :3] = 255
    low, high = np.percentile(picture, [1, 99])
    assert high < 120
    expected = np.clip((picture - low) / (high - low) * 255, 0, 255)
    pixels = only(picture, contrast="stretch")
    assert np.abs(pixels[..., 0] - expected).max() <= 0.5 + 1e-9
    assert (pixels == pixels[..., :1]).all()


def test_a_stretch_undoes_a_change_of_brightness_and_contrast():
    """Two scanners' windows of one slice come out alike."""
    picture = np.linspace(0, 200, 2500).reshape(50, 50)
    one, other = picture.astype(np.uint8), (picture * 0.5 + 60).astype(np.uint8)
    difference = only(one, contrast="stretch").astype(int) - only(other, contrast="stretch")
    assert np.abs(difference).max() <= 4
    assert np.abs(one.astype(int) - other).max() >= 40


def test_clahe_is_scikit_image_s(rng):
    from skimage.exposure import equalize_adapthist

    grey = np.cumsum(rng.integers(0, 3, (40, 48)), axis=1).astype(np.uint8)
    expected = np.rint(255 * equalize_adapthist(grey)).astype(np.uint8)
    np.testing.assert_array_equal(only(grey, contrast="clahe")[..., 0], expected)
    colour = np.stack([grey, grey // 2, grey // 3], axis=2)
    expected = np.rint(255 * equalize_adapthist(colour)).astype(np.uint8)
    np.testing.assert_array_equal(only(colour, contrast="clahe"), expected)


@pytest.mark.parametrize("contrast", ["stretch", "clahe"])
def test_a_picture_of_one_level_stays_as_it_is(contrast):
    flat = np.full((9, 9, 3), 77, np.uint8)
    np.testing.assert_array_equal(only(flat, contrast=contrast), flat)


def test_the_crop_is_the_box_around_the_body():
    """Not around the lungs inside it, nor out to a bright mark in the corner."""
    picture = body()
    np.testing.assert_array_equal(only(picture, crop="body")[..., 0], picture[10:50, 15:70])


@pytest.mark.parametrize(
    "picture",
    [
        body(box=(slice(10, 20), slice(15, 25))),  # too small in area
        body(box=(slice(10, 26), slice(5, 78))),  # too low
        body(box=(slice(1, 58), slice(10, 30))),  # too narrow
        np.full((30, 40), 200, np.uint8),  # one level
        np.indices((30, 40)).sum(axis=0).astype(np.uint8) % 2 * 200,  # nothing hangs together
    ],
    ids=["small", "low", "narrow", "flat", "checkerboard"],
)
def test_a_picture_without_a_body_stays_whole(picture):
    np.testing.assert_array_equal(only(picture, crop="body")[..., 0], picture)


def test_the_order_is_crop_color_contrast():
    picture = np.stack([body(), body() // 2, body() // 4], axis=2)
    by_hand = picture
    for step in ({"crop": "body"}, {"color": "grey"}, {"contrast": "stretch"}):
        by_hand = only(by_hand, **step)
    at_once = only(picture, color="grey", contrast="stretch", crop="body")
    np.testing.assert_array_equal(at_once, by_hand)


def test_views_belong_to_their_picture_and_patient(pictures):
    X = check_images(pictures, groups=list("aabbcc"))
    views = ImagePreprocessor(**EVERYTHING).fit_transform(X)
    assert views.shape == (6,)
    assert views.dtype == object
    assert get_groups(views).tolist() == list("aabbcc")
    assert all(view.source is picture.source for view, picture in zip(views, X, strict=True))
    nobody = ImagePreprocessor(color="grey").transform(pictures)
    np.testing.assert_array_equal(get_groups(nobody), get_groups(pictures))


def test_every_form_has_a_digest_of_its_own(pictures):
    """Features of one form are never taken for those of another."""
    forms = [
        {},
        {"color": "grey"},
        {"contrast": "stretch"},
        {"contrast": "clahe"},
        {"crop": "body"},
        {"color": "grey", "contrast": "clahe"},
        EVERYTHING,
    ]
    digests = [ImagePreprocessor(**form).transform(pictures)[0].digest for form in forms]
    assert len(set(digests)) == len(forms)
    assert digests[0] == check_images(pictures)[0].digest


def test_defaults_hand_pictures_on_as_they_are(pictures):
    X = check_images(pictures)
    assert all(
        view is picture for view, picture in zip(ImagePreprocessor().transform(X), X, strict=True)
    )


def test_views_can_be_pickled(pictures):
    """As joblib does it for other processes; digest and pixels stay."""
    view = ImagePreprocessor(**EVERYTHING).transform(pictures)[0]
    again = pickle.loads(pickle.dumps(view))
    assert again.digest == view.digest
    np.testing.assert_array_equal(again.decode(), view.decode())


def test_any_form_of_input_gives_the_same_views(pictures, encode, tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(encode(pictures[0]))
    forms = [[str(path)], np.array([[str(path)]]), [encode(pictures[0])], pictures[:1]]
    preprocessor = ImagePreprocessor(**EVERYTHING)
    decoded = [preprocessor.transform(form)[0].decode() for form in forms]
    for pixels in decoded[1:]:
        np.testing.assert_array_equal(pixels, decoded[0])


def test_the_pixels_of_a_view_are_fixed_forever():
    """Stores outlive versions: if this fails, the operation needs a new name."""
    picture = body()
    for parameters, expected in [
        ({"color": "grey"}, "58ccfe03"),
        ({"contrast": "stretch"}, "2c74a146"),
        ({"contrast": "clahe"}, "105ecf33"),
        ({"crop": "body"}, "bc7ba6d0"),
    ]:
        coloured = np.stack([picture, picture // 2, picture // 3 + 5], axis=2)
        pixels = only(coloured, **parameters)
        assert hashlib.sha256(pixels.tobytes()).hexdigest()[:8] == expected, parameters


# in its place


def test_features_are_those_of_the_pixels(pictures, tiny):
    """A view is a picture like any other; the second time nothing is computed."""
    store = FeatureStore()
    extractor = BackboneFeatureExtractor(tiny, store=store)
    preprocessor = ImagePreprocessor(**EVERYTHING)
    pipeline = make_pipeline(preprocessor, ConcatFusion([("tiny", extractor)]))
    features = pipeline.fit_transform(pictures)
    decoded = [view.decode() for view in preprocessor.transform(pictures)]
    np.testing.assert_allclose(extractor.transform(decoded), features, rtol=1e-6)
    computed = store.stats()["computed"]
    clone(pipeline).fit_transform(pictures)
    assert store.stats()["computed"] == computed


def brightness_of(X):
    return np.array([[picture.decode().mean(), picture.decode().std()] for picture in X])


def test_in_an_augmented_classifier_copies_are_brought_into_the_form(pictures):
    """Copies first, then the form: grey, whatever the copy did."""
    seen = []

    def features(X):
        seen.extend(X)
        return brightness_of(X)

    model = AugmentedClassifier(
        make_pipeline(
            ImagePreprocessor(color="grey"), FunctionTransformer(features), LogisticRegression()
        ),
        ImageAugmenter(1),
        test_copies=1,
    )
    y = [0, 1] * 3
    proba = model.fit(pictures, y).predict_proba(pictures)
    assert proba.shape == (6, 2)
    assert len(seen) == 24
    assert all((view.decode() == view.decode()[..., :1]).all() for view in seen)


def test_set_output_of_a_pipeline_reaches_the_features(pictures, tiny):
    """The pictures in between stay references, also where all output is set to pandas."""
    import sklearn

    pytest.importorskip("pandas")
    extractor = BackboneFeatureExtractor(tiny)
    pipeline = make_pipeline(ImagePreprocessor(color="grey"), extractor)
    frame = pipeline.set_output(transform="pandas").fit_transform(pictures)
    assert list(frame.columns) == list(pipeline.get_feature_names_out())
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(ImagePreprocessor(color="grey").fit_transform(pictures), np.ndarray)


def test_the_one_column_has_a_name():
    assert ImagePreprocessor().get_feature_names_out().tolist() == ["picture"]


# what is refused


@pytest.mark.parametrize(
    "parameters",
    [{"color": "gray"}, {"color": None}, {"contrast": "105ecf33"}, {"crop": True}],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
def test_parameters_are_validated(parameters, method, pictures):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        getattr(ImagePreprocessor(**parameters), method)(pictures)


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_what_is_no_picture_is_refused(method):
    with pytest.raises(ImageError, match="picture 1"):
        getattr(ImagePreprocessor(), method)([np.zeros((4, 4), np.uint8), None])
    with pytest.raises(ImageError, match="at least one picture"):
        getattr(ImagePreprocessor(), method)([])


def test_transform_needs_no_fit_and_fit_changes_nothing(pictures):
    preprocessor = ImagePreprocessor(**EVERYTHING)
    before = preprocessor.get_params()
    assert preprocessor.fit(pictures) is preprocessor
    assert preprocessor.get_params() == before == EVERYTHING
    assert vars(preprocessor) == EVERYTHING
    assert clone(preprocessor).get_params() == EVERYTHING
