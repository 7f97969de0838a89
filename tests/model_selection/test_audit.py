"""The audit finds each leak that was put into a data set, and none in one that has none."""

import numpy as np
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, StratifiedKFold
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ImageAugmenter,
    check_images,
)
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.exceptions import DataWarning, ImageError, LeakageError
from fusionlearn.model_selection import audit_leakage, evaluate


@pytest.fixture(scope="module")
def ct():
    return make_ct_phantoms(60, n_patients=60, image_size=64)


def kinds(report, leaks=True):
    return [finding.kind for finding in report.findings if finding.leaks == leaks]


def text(report, kind):
    (found,) = [finding.text for finding in report.findings if finding.kind == kind]
    return found


def with_group(reference, group):
    return reference.with_group(group)


def test_a_clean_set_has_no_leak(ct):
    report = audit_leakage(ct.data, ct.target, cv=GroupKFold(5))
    assert kinds(report) == []
    assert not report.is_leaking
    assert report.raise_if_leaking() is report


def test_one_picture_of_two_patients(ct):
    """Content counts, not the name."""
    X = np.array([*ct.data, with_group(ct.data[7], "somebody else")], dtype=object)
    report = audit_leakage(X, [*ct.target, ct.target[7]])
    assert kinds(report) == ["duplicates"]
    assert report.findings[0].indices == ((7, 60),)
    assert (
        "copies of a file stand under different patients: 1 (at 7 and 60)"
        in report.findings[0].text
    )


def test_one_picture_with_two_labels(ct):
    other = next(label for label in ct.target if label != ct.target[7])
    X = np.array([*ct.data, ct.data[7]], dtype=object)
    report = audit_leakage(X, [*ct.target, other])
    assert kinds(report) == ["contradiction"]
    with pytest.raises(LeakageError, match=r"have different labels: 1 \(at 7 and 60\)"):
        report.raise_if_leaking()


@pytest.mark.parametrize("form", ["JPEG", "half the size"])
def test_a_copy_in_another_file(tmp_path, form, ct):
    """Its digest is another one, and it looks the same."""
    image = Image.fromarray(ct.data[7].decode())
    path = tmp_path / "copy.jpg"
    if form == "half the size":
        image = image.resize((32, 32))
        path = path.with_suffix(".png")
    image.save(path)
    X = np.array([*ct.data, *check_images([path], ["somebody else"])], dtype=object)
    y = [*ct.target, ct.target[7]]
    report = audit_leakage(X, y)
    assert (7, 60) in next(f.indices for f in report.findings if f.kind == "near duplicates")
    assert "near duplicates" not in kinds(audit_leakage(X, y, near_duplicates=False))


def test_patients_on_both_sides_of_a_split():
    ct = make_ct_phantoms(60, n_patients=12, image_size=48)
    shuffled = StratifiedKFold(3, shuffle=True, random_state=0)
    report = audit_leakage(ct.data, ct.target, cv=shuffled, near_duplicates=False)
    assert "3 of 3 folds have pictures of one patient" in text(report, "patients")
    assert kinds(report) == ["patients"]
    by_patient = audit_leakage(ct.data, ct.target, cv=LeaveOneGroupOut(), near_duplicates=False)
    assert kinds(by_patient) == []


def test_a_split_is_looked_at_without_labels():
    ct = make_ct_phantoms(20, n_patients=4, image_size=48)
    folds = [(np.arange(10), np.arange(10, 20)), (np.arange(10, 20), np.arange(10))]
    torn = [(np.arange(1, 20), np.arange(1)), (np.arange(1), np.arange(1, 20))]
    assert kinds(audit_leakage(ct.data, cv=folds)) == []
    assert "patients" in kinds(audit_leakage(ct.data, cv=torn))
    with pytest.raises(ValueError, match="needs labels"):
        audit_leakage(ct.data, cv=3)


def test_files_that_give_the_label_away(tmp_path, rng):
    """What the only RGBA files are comes first."""
    paths, y = [], []
    for number in range(60):
        is_rgba = number % 2 == 0 and number < 40
        image = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
        path = tmp_path / f"{number}.png"
        (image.convert("RGBA") if is_rgba else image).save(path)
        paths.append(str(path))
        y.append("ill" if number % 2 == 0 else "well")
    report = audit_leakage(paths, y)
    assert kinds(report) == ["shortcut"]
    found = text(report, "shortcut")
    assert "20 of 20 files of mode RGBA are 'ill'." in found
    assert "cross-validated by patient, area under the curve" in found


def test_sorted_labels_and_unknown_patients_are_worth_knowing(rng):
    X = rng.integers(0, 256, (40, 16, 16), dtype=np.uint8)
    report = audit_leakage(X, np.repeat(["ill", "well"], 20))
    assert kinds(report, leaks=False) == ["patients", "order"]
    assert not report.is_leaking
    shuffled = audit_leakage(X, np.tile(["ill", "well"], 20))
    assert kinds(shuffled, leaks=False) == ["patients"]


def test_a_broken_file_is_named(tmp_path, ct):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(ImageError, match="picture 60"):
        audit_leakage([*ct.data, str(path)])


def test_reports_are_text_and_tables(ct):
    X = np.array([*ct.data, with_group(ct.data[7], "<b>")], dtype=object)
    report = audit_leakage(X, near_duplicates=False)
    assert str(report) == repr(report)
    assert "LEAK: Cases where copies of a file" in str(report)
    assert "<td>LEAK</td><td>duplicates</td>" in report._repr_html_()
    assert "Nothing was found." in str(audit_leakage(ct.data, near_duplicates=False))


@pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
def test_an_evaluation_warns_of_copies(ct):
    X = np.array([*ct.data, with_group(ct.data[7], "somebody else")], dtype=object)
    network = BackboneFeatureExtractor("MobileNet", weights=None, input_size=32)
    model = make_pipeline(network, DummyClassifier())
    with pytest.warns(DataWarning, match=r"under different patients: 1 \(at 7 and 60\)"):
        evaluate(model, X, [*ct.target, ct.target[7]], cv=2)


def test_training_warns_of_copies(ct):
    """Both presets are such estimators."""
    other = next(label for label in ct.target if label != ct.target[7])
    X = np.array([*ct.data, with_group(ct.data[7], "somebody else")], dtype=object)
    network = BackboneFeatureExtractor("MobileNet", weights=None, input_size=32)
    model = AugmentedClassifier(make_pipeline(network, DummyClassifier()), ImageAugmenter(0))
    with pytest.warns(DataWarning) as caught:
        model.fit(X, [*ct.target, other])
    told = [str(warning.message) for warning in caught]
    assert told[0].startswith(
        "Cases where copies of a file have different labels: 1 (at 7 and 60)."
    )
    assert told[1].startswith("Cases where copies of a file stand under different patients: 1")


def test_near_copies_with_two_labels(tmp_path, ct):
    """Of one patient, so that nothing else about them is a leak."""
    path = tmp_path / "copy.jpg"
    Image.fromarray(ct.data[7].decode()).save(path)
    X = np.array([*ct.data, *check_images([path], [ct.data[7].group])], dtype=object)
    other = next(label for label in ct.target if label != ct.target[7])
    report = audit_leakage(X, [*ct.target, other])
    assert "pictures that look the same have different labels: 1" in text(report, "contradiction")


def test_blank_pictures_do_not_look_the_same(ct):
    blank = [np.full((64, 64), level, np.uint8) for level in (0, 255)]
    X = np.array([*ct.data, *check_images(blank, ["a", "b"])], dtype=object)
    assert kinds(audit_leakage(X)) == []


def test_shortcuts_that_cannot_be_judged_are_told(tmp_path, rng):
    """One patient of a class leaves nobody to judge by; the kind of file is told all the same."""
    paths = []
    for number in range(40):
        image = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
        paths.append(str(tmp_path / f"{number}.png"))
        (image.convert("RGBA") if number < 20 else image).save(paths[-1])
    groups = ["only", *["only"] * 19, *map(str, range(20))]
    y = ["ill"] * 20 + ["well"] * 20
    report = audit_leakage(check_images(paths, groups), y)
    found = text(report, "shortcut")
    assert "was not judged: the class 'ill' has pictures of one patient" in found
    assert "20 of 20 files of mode RGBA are 'ill'." in found
