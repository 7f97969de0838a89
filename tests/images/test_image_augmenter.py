"""Augmented copies: a pure function of picture, seed and number."""

import hashlib
import math

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils._param_validation import InvalidParameterError
from strategies import augmentations, grey_or_rgb

from fusionlearn import ImageAugmenter, check_images, get_groups
from fusionlearn.exceptions import ImageError

STILL = {"rotation": 0, "shear": 0, "shift": 0, "zoom": 0, "horizontal_flip": False}
PADDING = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap", "constant": "constant"}


def decoded(references):
    return np.stack([reference.decode() for reference in references])


def draws(digest, seed, copy):
    """The draws that belong to a copy, as the library's contract fixes them."""
    key = hashlib.sha256(f"{digest}\0{seed}\0{copy}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(key[:16], "big")))
    return rng.uniform(-1, 1, 7), bool(rng.integers(2))


def smooth_picture(height=61, width=80):
    """No edges, so that ways to interpolate can only differ a little."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / a) * np.cos(y / b) for a, b in [(9, 11), (13, 7), (17, 19)]]
    return np.rint(127.5 + 100 * np.stack(waves, axis=2)).astype(np.uint8)


@given(grey_or_rgb(), augmentations(), st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_picture_seed_and_number_alone_decide(picture, parameters, seed, number):
    """Neither the other pictures nor how many copies are made nor what was drawn before."""
    augmenter = ImageAugmenter(random_state=seed, **parameters)
    alone = augmenter.make_copies([picture], number + 1)[0, number]
    other = np.zeros((3, 3), np.uint8)
    beside = augmenter.make_copies([other, picture, other], 5)[1, number]
    assert alone.digest == beside.digest
    pixels = alone.decode()
    np.testing.assert_array_equal(pixels, beside.decode())
    assert pixels.shape == (*picture.shape[:2], 3)
    assert pixels.dtype == np.uint8


def test_what_is_another_copy_has_another_digest(pictures):
    augmenter = ImageAugmenter(n_copies=3)
    digests = [view.digest for view in augmenter.make_copies(pictures).ravel()]
    digests += [view.digest for view in augmenter.make_copies(pictures, 4)[:, 3]]
    for changed in (
        {"random_state": 1},
        {"rotation": 14.0},
        {"shear": 9.0},
        {"shift": 0.2},
        {"zoom": 0.2},
        {"horizontal_flip": False},
        {"brightness": 0.1},
        {"contrast": 0.1},
        {"fill_mode": "wrap"},
    ):
        digests += [
            view.digest for view in ImageAugmenter(**changed).make_copies(pictures, 1)[:, 0]
        ]
    digests += [reference.digest for reference in check_images(pictures)]
    assert len(set(digests)) == len(digests)


def test_equal_parameters_give_equal_digests_whatever_their_type(pictures):
    one = ImageAugmenter(rotation=15, shear=np.float64(10), random_state=np.int64(0))
    other = ImageAugmenter()
    for first, second in zip(
        one.make_copies(pictures).ravel(), other.make_copies(pictures).ravel(), strict=True
    ):
        assert first.digest == second.digest


def test_a_copy_of_a_copy_starts_from_its_pixels(pictures):
    augmenter = ImageAugmenter(n_copies=1)
    (first,) = augmenter.make_copies(pictures[:1])[0]
    (second,) = augmenter.make_copies([first])[0]
    assert second.digest not in (first.digest, check_images(pictures)[0].digest)
    assert not np.array_equal(second.decode(), first.decode())


@pytest.mark.parametrize("fill_mode", PADDING)
@pytest.mark.parametrize("flip", [True, False])
def test_shifts_and_flips_alone_move_whole_pixels(pictures, fill_mode, flip):
    """An exact oracle: nothing is interpolated."""
    augmenter = ImageAugmenter(
        n_copies=8, rotation=0, shear=0, zoom=0, shift=0.3, horizontal_flip=flip,
        fill_mode=fill_mode, random_state=3,
    )  # fmt: skip
    digest, picture = check_images(pictures)[0].digest, pictures[0]
    height, width = picture.shape[:2]
    mirrored_copies = 0
    for number, view in enumerate(augmenter.make_copies(pictures[:1])[0]):
        (_, _, dx, dy, *_), mirrored = draws(digest, 3, number)
        dx, dy = round(dx * 0.3 * width), round(dy * 0.3 * height)
        mirrored_copies += mirrored
        source = picture[:, ::-1] if mirrored and flip else picture
        margin = ((height, height), (width, width), (0, 0))
        padded = np.pad(source, margin, mode=PADDING[fill_mode])
        rows, columns = height - dy + np.arange(height), width - dx + np.arange(width)
        np.testing.assert_array_equal(view.decode(), padded[np.ix_(rows, columns)])
    assert 0 < mirrored_copies < 8


def test_without_any_movement_a_copy_is_the_picture(pictures):
    copies = ImageAugmenter(n_copies=2, **STILL).make_copies(pictures)
    np.testing.assert_array_equal(decoded(copies[:, 1]), pictures)


def affine_oracle(picture, draw, mirrored, parameters):
    """The same map, written down for scipy: from places in the copy to places in the picture."""
    angle, slant, dx, dy, scale, *_ = draw
    angle, slant = (
        math.radians(angle * parameters["rotation"]),
        math.radians(slant * parameters["shear"]),
    )
    height, width = picture.shape[:2]
    rotate = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shear = np.array([[1, -math.sin(slant)], [0, math.cos(slant)]])
    matrix = rotate @ shear @ np.diag([-1 if mirrored else 1, 1]) / (1 + scale * parameters["zoom"])
    matrix = matrix[::-1, ::-1]  # from (x, y) to (row, column)
    centre = (np.array([height, width]) - 1) / 2
    shift = np.array([dy * height, dx * width]) * parameters["shift"]
    offset = centre - shift - matrix @ centre
    channels = [
        scipy.ndimage.affine_transform(channel, matrix, offset, order=1, mode="nearest")
        for channel in np.moveaxis(picture.astype(float), 2, 0)
    ]
    return np.stack(channels, axis=2)


@pytest.mark.parametrize(
    "parameters",
    [
        {"rotation": 90.0, "shear": 0.0, "shift": 0.0, "zoom": 0.0},
        {"rotation": 0.0, "shear": 30.0, "shift": 0.0, "zoom": 0.0},
        {"rotation": 0.0, "shear": 0.0, "shift": 0.0, "zoom": 0.4},
        {"rotation": 15.0, "shear": 10.0, "shift": 0.1, "zoom": 0.1},
        {"rotation": 180.0, "shear": 40.0, "shift": 0.2, "zoom": 0.5},
    ],
    ids=["rotation", "shear", "zoom", "defaults", "all at once"],
)
def test_interpolation_agrees_with_scipy(parameters):
    picture = smooth_picture()
    digest = check_images([picture])[0].digest
    augmenter = ImageAugmenter(n_copies=6, random_state=1, **parameters)
    for number, view in enumerate(augmenter.make_copies([picture])[0]):
        expected = affine_oracle(picture, *draws(digest, 1, number), parameters)
        difference = np.abs(view.decode() - expected)
        assert difference.max() < 3
        assert difference.mean() < 0.6


def test_the_ends_of_the_ranges(pictures):
    """A mirrored half turn is the picture upside down; the formula has no sign to hide."""
    picture = smooth_picture()
    for view in ImageAugmenter(n_copies=4, rotation=0, shear=0, shift=0.999).make_copies([picture])[
        0
    ]:
        assert view.decode().shape == picture.shape
    tiny = np.array([[[1, 2, 3]]], np.uint8)
    for view in ImageAugmenter(n_copies=4, zoom=0.9, rotation=180).make_copies([tiny])[0]:
        np.testing.assert_array_equal(view.decode(), tiny)


@pytest.mark.parametrize("rotation", [0, 45])
def test_constant_is_black_and_the_others_invent_no_colour(rotation):
    white = np.full((20, 20, 3), 255, np.uint8)
    for mode in PADDING:
        augmenter = ImageAugmenter(n_copies=8, rotation=rotation, shift=0.5, zoom=0, shear=0,
                                   fill_mode=mode)  # fmt: skip
        copies = decoded(augmenter.make_copies([white])[0])
        if mode == "constant":
            assert copies.min() == 0
        else:
            assert copies.min() == 255


def test_brightness_and_contrast_are_what_the_formula_says(pictures):
    augmenter = ImageAugmenter(n_copies=5, brightness=0.4, contrast=0.5, **STILL)
    digest, picture = check_images(pictures)[0].digest, pictures[0].astype(float)
    for number, view in enumerate(augmenter.make_copies(pictures[:1])[0]):
        (*_, light, gain), _ = draws(digest, 0, number)
        expected = (
            (picture - picture.mean()) * (1 + 0.5 * gain) + picture.mean() + light * 0.4 * 255
        )
        np.testing.assert_array_equal(view.decode(), np.clip(np.rint(expected), 0, 255))


def test_changing_one_range_leaves_the_other_draws_alone(pictures):
    moved = ImageAugmenter(n_copies=4, **{**STILL, "shift": 0.3}).make_copies(pictures)
    lit = ImageAugmenter(n_copies=4, **{**STILL, "shift": 0.3}, brightness=1e-9).make_copies(
        pictures
    )
    np.testing.assert_array_equal(decoded(moved.ravel()), decoded(lit.ravel()))


def test_fit_resample_puts_copies_beside_their_picture(pictures):
    y = list("abcabc")
    augmenter = ImageAugmenter(n_copies=2)
    X, targets = augmenter.fit_resample(pictures, y)
    assert X.shape == targets.shape == (18,)
    np.testing.assert_array_equal(augmenter.sample_indices_, np.repeat(np.arange(6), 3))
    np.testing.assert_array_equal(targets, np.repeat(y, 3))
    np.testing.assert_array_equal(decoded(X[::3]), pictures)
    assert [reference.is_view for reference in X] == [False, True, True] * 6
    np.testing.assert_array_equal(get_groups(X), np.repeat(get_groups(pictures), 3))


def test_fit_resample_without_originals(pictures):
    augmenter = ImageAugmenter(n_copies=2, keep_original=False)
    X, targets = augmenter.fit_resample(pictures, np.arange(6))
    assert all(reference.is_view for reference in X)
    np.testing.assert_array_equal(targets, np.repeat(np.arange(6), 2))
    copies = augmenter.make_copies(pictures).ravel()
    assert [view.digest for view in X] == [view.digest for view in copies]


def test_no_copies_are_the_pictures(pictures):
    X, y = ImageAugmenter(n_copies=0).fit_resample(pictures, np.arange(6))
    np.testing.assert_array_equal(decoded(X), pictures)
    np.testing.assert_array_equal(y, np.arange(6))
    with pytest.raises(ValueError, match="leaves no picture"):
        ImageAugmenter(n_copies=0, keep_original=False).fit_resample(pictures, np.arange(6))


def test_targets_of_another_length(pictures):
    with pytest.raises(ValueError, match="y has 5 entries for 6 pictures"):
        ImageAugmenter().fit_resample(pictures, np.arange(5))


@pytest.mark.parametrize("method", ["fit", "make_copies"])
def test_what_is_no_picture_is_refused(method):
    with pytest.raises(ImageError, match="picture 1"):
        getattr(ImageAugmenter(), method)([np.zeros((4, 4), np.uint8), None])


def test_two_dimensional_targets_are_kept(pictures):
    y = np.arange(12).reshape(6, 2)
    _, targets = ImageAugmenter(n_copies=1).fit_resample(pictures, y)
    np.testing.assert_array_equal(targets, np.repeat(y, 2, axis=0))


def test_random_states(pictures):
    """An integer is the same at every call, a generator and None are not."""

    def digests(augmenter):
        return [view.digest for view in augmenter.make_copies(pictures).ravel()]

    assert digests(ImageAugmenter(random_state=4)) == digests(ImageAugmenter(random_state=4))
    generator = ImageAugmenter(random_state=np.random.RandomState(4))
    first, second = digests(generator), digests(generator)
    assert first != second
    assert first == digests(ImageAugmenter(random_state=np.random.RandomState(4)))


def test_random_state_none_is_new_each_time(pictures, monkeypatch):
    state = np.random.RandomState(1)
    monkeypatch.setattr(np.random.mtrand, "_rand", state)  # what None means to scikit-learn
    augmenter = ImageAugmenter(random_state=None)
    digests = [augmenter.make_copies(pictures, 1)[0, 0].digest for _ in range(3)]
    assert len(set(digests)) == 3


BAD = [
    {"n_copies": -1},
    {"n_copies": 1.5},
    {"rotation": 181},
    {"rotation": -1},
    {"shear": 90},
    {"shift": 1.0},
    {"zoom": 1.0},
    {"zoom": float("nan")},
    {"horizontal_flip": "yes"},
    {"brightness": 1.1},
    {"contrast": -0.1},
    {"fill_mode": "edge"},
    {"keep_original": None},
    {"random_state": "seed"},
]


@pytest.mark.parametrize("parameters", BAD, ids=str)
def test_parameters_are_validated(parameters, pictures):
    augmenter = ImageAugmenter(**parameters)
    calls = (
        lambda: augmenter.fit(pictures),
        lambda: augmenter.fit_resample(pictures, np.arange(6)),
        lambda: augmenter.make_copies(pictures),
    )
    for call in calls:
        with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
            call()


def test_clone_and_fit_change_no_parameter(pictures):
    augmenter = ImageAugmenter(3, rotation=1.0, fill_mode="wrap")
    assert clone(augmenter).get_params() == augmenter.get_params()
    assert augmenter.fit(pictures) is augmenter
    before = dict(augmenter.get_params())
    augmenter.fit_resample(pictures, np.arange(6))
    assert augmenter.get_params() == before


def brightness_of(X):
    return np.array([[x.decode().mean(), x.is_view] for x in X])


def test_imbalanced_learn_s_pipeline_takes_it():
    """Copies in fit, none in predict."""
    imblearn = pytest.importorskip("imblearn.pipeline")
    X = np.concatenate([np.full((5, 8, 8), 50, np.uint8), np.full((5, 8, 8), 200, np.uint8)])
    X += np.arange(10, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    y = np.repeat(["dark", "bright"], 5)
    seen = []

    def features(X):
        seen.append((len(X), sum(reference.is_view for reference in X)))
        return brightness_of(X)

    pipeline = imblearn.Pipeline(
        [
            ("copies", ImageAugmenter(n_copies=2)),
            ("features", FunctionTransformer(features)),
            ("classifier", LogisticRegression()),
        ]
    )
    pipeline.fit(check_images(X), y)
    assert (pipeline.predict(check_images(X)) == y).all()
    assert seen == [(30, 20), (10, 0)]


def test_the_pixels_of_a_copy_are_fixed_forever():
    """Stores outlive versions: if this fails, the operation needs a new name."""
    picture = (np.arange(24 * 31 * 3) ** 2 % 251).astype(np.uint8).reshape(24, 31, 3)
    moved = ImageAugmenter(n_copies=3, rotation=0, shear=0, zoom=0).make_copies([picture])[0]
    digest = hashlib.sha256(b"".join(view.decode().tobytes() for view in moved)).hexdigest()
    assert digest[:16] == "72b7af13956906b0"
    assert moved[0].digest[:16] == "8cb4eb3ec8e1ef84"


def test_without_a_seed_copies_differ_and_numpy_is_left_alone(pictures):
    """The fixture of all tests looks at NumPy's generator."""
    augmenter = ImageAugmenter(1, random_state=None)
    digests = {augmenter.make_copies(pictures)[0, 0].digest for _ in range(3)}
    assert len(digests) == 3


@pytest.mark.parametrize("n_copies", [-1, 1.5])
def test_a_number_of_copies_that_cannot_be(n_copies, pictures):
    with pytest.raises(ValueError, match=r"n_copies=.*wanted an integer"):
        ImageAugmenter().make_copies(pictures, n_copies)


def test_targets_are_needed(pictures):
    with pytest.raises(ValueError, match="wanted a target for each picture"):
        ImageAugmenter().fit_resample(pictures, None)


def test_always_mirrors_every_copy(rng):
    """And True draws the same copies as ever, half of them mirrored."""
    X = rng.integers(0, 256, (6, 9, 12, 3), dtype=np.uint8)
    still = {"rotation": 0.0, "shear": 0.0, "shift": 0.0, "zoom": 0.0, "n_copies": 1}
    augmenter = ImageAugmenter(horizontal_flip="always", keep_original=False, **still)
    copies, _ = augmenter.fit_resample(X, np.zeros(6))
    for copy, picture in zip(copies, X, strict=True):
        np.testing.assert_array_equal(copy.decode(), picture[:, ::-1])
    some, _ = ImageAugmenter(keep_original=False, **still).fit_resample(X, np.zeros(6))
    mirrored = [np.array_equal(c.decode(), p[:, ::-1]) for c, p in zip(some, X, strict=True)]
    assert 0 < sum(mirrored) < 6
    with pytest.raises(ValueError, match="horizontal_flip"):
        ImageAugmenter(horizontal_flip="sometimes").fit_resample(X, np.zeros(6))
