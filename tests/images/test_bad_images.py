"""One bad file among many: all bad ones are named before anything is trained."""

import os
import pickle

import numpy as np
import pytest

from fusionlearn import BackboneFeatureExtractor, FineTuneClassifier, ImageAugmenter, check_images
from fusionlearn.exceptions import ImageError
from fusionlearn.images import find_bad_images


@pytest.fixture
def folder(rng, encode, tmp_path):
    """Paths of 200 pictures, of which those at 3, 150 and 199 are cut off."""
    paths = [tmp_path / f"{number}.png" for number in range(200)]
    for number, path in enumerate(paths):
        data = encode(rng.integers(0, 256, (20, 20), dtype=np.uint8))
        path.write_bytes(data[:-100] if number in (3, 150, 199) else data)
    return paths


@pytest.fixture
def extractor(tiny):
    return BackboneFeatureExtractor(tiny)


def test_all_are_found_with_their_reasons(folder, encode):
    folder[7].unlink()
    X = [*folder, b"", np.full((4, 4), np.nan), encode(np.zeros((4, 4), np.uint8))]
    errors = find_bad_images(X, n_jobs=2)
    assert [error.index for error in errors] == [3, 7, 150, 199, 200, 201]
    assert errors[0].path == str(folder[3])
    for error, got in zip(errors, ["end", "No such", "end", "end", "empty", "NaN"], strict=True):
        assert got in error.got
    assert str(pickle.loads(pickle.dumps(errors[0]))) == str(errors[0])


def test_nothing_is_found_where_all_are_good(pictures):
    assert find_bad_images(pictures) == []
    assert find_bad_images(check_images(pictures)) == []


def test_views_of_a_picture_are_one(folder):
    views = ImageAugmenter(n_copies=3).make_copies(folder[:5]).ravel()
    (error,) = find_bad_images(views)
    assert views[error.index].path == str(folder[3])


def test_what_is_found_is_what_decoding_refuses(folder):
    refused = {}
    for index, reference in enumerate(check_images(folder)):
        try:
            reference.decode()
        except ImageError as error:
            refused[index] = str(error.at(index))
    assert len(refused) == 3
    assert {error.index: str(error) for error in find_bad_images(folder)} == refused


def test_threads_are_a_number():
    with pytest.raises(ValueError, match="n_jobs=0"):
        find_bad_images([np.zeros((4, 4), np.uint8)], n_jobs=0)


def test_training_refuses_and_names_all(folder, extractor):
    """Not one a day, each after an hour of computing."""
    classifier = FineTuneClassifier(extractor, epochs=1, random_state=0)
    with pytest.raises(ImageError, match="3 of 200 pictures") as caught:
        classifier.fit(folder, np.arange(200) % 2)
    assert caught.value.index == 3
    assert caught.value.path == str(folder[3])
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines[2:]] == [
        f"  picture {index} ({folder[index]})" for index in (150, 199)
    ]


def test_pictures_whose_features_are_known_are_not_decoded_again(folder, tiny, tmp_path):
    """A store of a million pictures and one new one, which is broken."""
    store = tmp_path / "features.db"
    extractor = BackboneFeatureExtractor(tiny, store=store)
    age = 1_600_000_000
    for path in folder:
        os.utime(path, (age, age))
    extractor.transform(folder[4:100])
    for path in folder[4:50]:  # in place: size, time and inode stay
        with open(path, "r+b") as file:
            file.write(b"x")
        os.utime(path, (age, age))
    with pytest.raises(ImageError, match="3 of 200 pictures"):
        extractor.transform(folder)


def test_a_long_list_is_cut(rng, encode, tmp_path, extractor):
    paths = [tmp_path / f"{number}.png" for number in range(40)]
    for number, path in enumerate(paths):
        path.write_bytes(encode(rng.integers(0, 256, (9, 9), dtype=np.uint8))[: -30 - number])
    with pytest.raises(ImageError) as caught:
        extractor.transform(paths)
    lines = str(caught.value).splitlines()
    assert lines[1] == "40 of 40 pictures cannot be used; the others are:"
    assert lines[-1] == "  and 19 more"
    assert len(lines) == 1 + 1 + 20 + 1
