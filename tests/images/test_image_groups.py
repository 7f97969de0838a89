"""The patient travels with the picture."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold, train_test_split

from fusionlearn import ImageAugmenter, check_images, get_groups
from fusionlearn.exceptions import FusionlearnError, GroupConflictError

PATIENTS = ["ann", "ann", "bob", "bob", "cy", "dee"]


def test_groups_are_carried_along(pictures):
    references = check_images(pictures, groups=PATIENTS)
    assert [reference.group for reference in references] == PATIENTS
    np.testing.assert_array_equal(get_groups(check_images(references[::-1])), PATIENTS[::-1])


@pytest.mark.parametrize(
    "groups",
    [
        PATIENTS,
        tuple(PATIENTS),
        np.array(PATIENTS),
        np.array(PATIENTS, dtype=object),
        pd.Series(PATIENTS, index=list("zyxwvu")),
        pd.Series(PATIENTS, dtype="category"),
    ],
    ids=["list", "tuple", "str array", "object array", "series", "categorical"],
)
def test_every_form_of_groups(pictures, groups):
    np.testing.assert_array_equal(get_groups(check_images(pictures, groups)), PATIENTS)


@pytest.mark.parametrize("dtype", [int, float, np.int32, np.uint8])
def test_numbers_are_groups_and_become_plain_ones(pictures, dtype):
    groups = np.arange(6).astype(dtype)
    references = check_images(pictures, groups)
    assert type(references[3].group) in (int, float)
    np.testing.assert_array_equal(get_groups(references), groups)


def test_splitters_of_scikit_learn_keep_patients_apart(pictures):
    X = check_images(pictures, groups=PATIENTS)
    for train, test in GroupKFold(3).split(X, groups=get_groups(X)):
        assert not set(get_groups(X[train])) & set(get_groups(X[test]))
    train, test = train_test_split(X, random_state=0)
    assert all(reference.has_known_group for reference in [*train, *test])


def test_groups_that_say_the_same_are_welcome(pictures):
    references = check_images(pictures, groups=PATIENTS)
    again = check_images(references, groups=PATIENTS)
    assert all(one is other for one, other in zip(references, again, strict=True))
    numbered = check_images(pictures, groups=range(6))
    check_images(numbered, groups=np.arange(6))
    check_images(numbered, groups=[str(number) for number in range(6)])


def test_groups_that_contradict_are_refused(pictures):
    references = check_images(pictures, groups=PATIENTS)
    wrong = [*PATIENTS[:4], "eve", "dee"]
    with pytest.raises(GroupConflictError, match=r"picture 4: groups says 'eve'.*'cy'") as caught:
        check_images(references, groups=wrong)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, FusionlearnError)
    assert "Leave out groups=" in str(caught.value)


def test_known_and_unknown_patients_can_be_mixed(pictures):
    known = check_images(pictures[:2], groups=["ann", "bob"])
    references = check_images([*known, *pictures[2:]], groups=["ann", "bob", "c", "d", "e", "f"])
    np.testing.assert_array_equal(get_groups(references), ["ann", "bob", "c", "d", "e", "f"])
    partly = get_groups([*known, *pictures[2:]])
    assert len(set(partly)) == 6


BAD = {
    "None": [*PATIENTS[:5], None],
    "NaN among strings": [*PATIENTS[:5], float("nan")],
    "NaN among numbers": [0, 1, 2, 3, 4, float("nan")],
    "pandas' NA": pd.Series([0, 1, 2, 3, 4, None], dtype="Int64"),
    "a missing time": [*PATIENTS[:5], pd.NaT],
    "a tuple": [*PATIENTS[:5], ("ann", 3)],
}


@pytest.mark.parametrize("case", BAD)
def test_missing_patients_are_refused(pictures, case):
    with pytest.raises(ValueError, match=r"groups\[5\] is .*wanted a string or a number"):
        check_images(pictures, groups=BAD[case])


def test_strings_and_numbers_are_not_mixed(pictures):
    with pytest.raises(ValueError, match="mixes strings and numbers"):
        check_images(pictures, groups=["ann", "bob", 3, 4, 5, 6])


def test_too_few_groups(pictures):
    with pytest.raises(ValueError, match="groups has 5 entries for 6 pictures"):
        check_images(pictures, groups=PATIENTS[:5])


def test_without_patients_every_picture_is_a_group(pictures):
    references = check_images(pictures)
    groups = get_groups(references)
    assert len(set(groups)) == 6
    assert groups.dtype.kind == "U"
    assert not any(reference.has_known_group for reference in references)
    np.testing.assert_array_equal(groups, get_groups(pictures))


def test_exact_duplicates_are_one_group(pictures, encode):
    """The same picture on both sides of a split is a leak, too."""
    data = encode(pictures[0])
    groups = get_groups([data, bytes(data), pictures[1], pictures[1].copy()])
    assert groups[0] == groups[1] != groups[2] == groups[3]


def test_a_view_belongs_to_its_picture(pictures):
    copies = ImageAugmenter(n_copies=2).make_copies(pictures)
    further = ImageAugmenter(n_copies=1, random_state=1).make_copies(copies.ravel()).ravel()
    groups = get_groups(pictures)
    np.testing.assert_array_equal(get_groups(copies.ravel()), np.repeat(groups, 2))
    np.testing.assert_array_equal(get_groups(further), np.repeat(groups, 2))


def test_a_view_belongs_to_its_patient(pictures):
    references = check_images(pictures, groups=PATIENTS)
    copies = ImageAugmenter(n_copies=2).make_copies(references)
    np.testing.assert_array_equal(get_groups(copies.ravel()), np.repeat(PATIENTS, 2))


def test_the_patient_is_no_part_of_the_digest(pictures):
    """Features of a picture are the same whoever it shows."""
    one, other = check_images([pictures[0]] * 2, groups=["ann", "bob"])
    assert one.digest == other.digest


def test_naming_a_patient_leaves_the_caller_s_references_alone(pictures):
    references = check_images(pictures)
    named = check_images(references, groups=PATIENTS)
    assert not any(reference.has_known_group for reference in references)
    assert all(reference.has_known_group for reference in named)
    assert named[0].with_group("zoe").group == "zoe"
    assert named[0].group == "ann"


def test_patients_are_found_in_a_table_with_one_column_of_references(pictures):
    references = check_images(pictures, groups=list("aabbcc"))
    frame = pd.DataFrame({"age": np.arange(6), "picture": references})
    assert get_groups(frame).tolist() == list("aabbcc")
    assert get_groups(frame.to_numpy(dtype=object)).tolist() == list("aabbcc")


def test_a_number_with_and_without_a_point_is_one_patient(pictures):
    """A table with a gap makes floats of integers."""
    references = check_images(check_images(pictures, groups=range(6)), groups=np.arange(6.0))
    assert get_groups(references).tolist() == [0, 1, 2, 3, 4, 5]
