"""What the page must not say: whose files they are, and what was not done."""

import dataclasses
import re
import warnings

import numpy as np
import pytest
from dicom_files import dicom, hounsfield
from page_parts import SAID_OF_PATIENTS, Page, cheap, material_of, texts
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

import fusionlearn
from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ImageAugmenter,
    MajorityVoteFusion,
    check_images,
)
from fusionlearn.exceptions import SmallSampleWarning
from fusionlearn.images import read_dicom
from fusionlearn.model_selection._folds import make_folds
from fusionlearn.reporting._gather import _contributions
from fusionlearn.reporting._privacy import picture_names
from fusionlearn.reporting._sections._explanations import explanations_section
from fusionlearn.reporting._sections._votes import _sample, votes_section
from fusionlearn.reporting._svg import page_style

pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")
SECRET = "SECRETDOE"
WINDOW = {"WindowCenter": 40, "WindowWidth": 400}
FLIPS = ImageAugmenter(1, rotation=0, shear=0, shift=0, zoom=0)


def vote(n_members=2):
    """A vote of classifiers without any network."""
    return MajorityVoteFusion([(f"member {number}", cheap()) for number in range(n_members)])


def dicom_files(folder, n_files, name="0.dcm"):
    """Files in folders that are called by the id of their patient, as archives write them."""
    rng = np.random.default_rng(0)
    paths = []
    for number in range(n_files):
        patient = f"{SECRET}{number // 2:03d}"
        path = folder / "a" / patient / f"{number}{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dicom(hounsfield((16, 16), rng), PatientID=patient, **WINDOW))
        paths.append(str(path))
    return paths


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page on DICOM files whose patients nobody named."""
    folder = tmp_path_factory.mktemp("dicom")
    y = np.random.default_rng(0).permutation(np.repeat(["no", "yes"], 8))
    settings = {"cv": 2, "explanations": 0, "contributions": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        path = fusionlearn.report(
            vote(), dicom_files(folder, 16), y, path=folder / "page.html", **settings
        )
    return path.read_text(encoding="utf-8")


def test_a_page_on_dicom_files_names_nobody(page):
    """Their folders are called by ids."""
    assert "Example of the class no: picture" in page
    assert SECRET not in page


def test_names_that_may_hold_an_id_are_left_out(tmp_path):
    """Also where nobody said who the patients are, or a DICOM file is called like another."""
    paths = dicom_files(tmp_path, 2) + dicom_files(tmp_path, 2, name="scan")
    paths += dicom_files(tmp_path, 2, name=".png")
    hidden = [(f"picture {index}",) for index in range(len(paths))]
    unknown = check_images(paths)
    assert picture_names(unknown, np.arange(6), False, show_patients=False) == hidden
    X = read_dicom(paths)
    groups = np.array([reference.group for reference in X])
    assert picture_names(X, groups, True, show_patients=False) == hidden
    assert picture_names(X, groups, True, show_patients=True)[0] == (
        *("picture 0", "00.dcm", f"patient {groups[0]}"),
    )


def test_names_of_pictures_whose_patients_are_hashed_are_left_out(tmp_path):
    """DICOM files that were made PNG files keep their names; others are still given."""
    names = [f"{SECRET}.png", "mueller-1.png", "3.png"]
    for name in names:
        Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / name)
    groups = np.array(["patient-306bb2aabad4f003f11d", "Mueller", "patient-12"])
    X = check_images([str(tmp_path / name) for name in names], groups)
    found = picture_names(X, groups, True, show_patients=False)
    assert found == [("picture 0",), ("picture 1",), ("picture 2", "3.png")]


def test_patients_who_are_not_known_are_not_said_to_be_kept_apart(page):
    """What is said where they are known stands in a test of a page on patients."""
    words = Page(page).words
    for of_patients, of_pictures in SAID_OF_PATIENTS.items():
        assert of_patients not in words
        assert of_pictures in words


def test_warnings_of_explanations_name_the_pictures_that_are_listed(tiny):
    """A tree is flat everywhere, and says so of the first pictures that it was given."""
    material = material_of(options={"explanations": 3})
    model = make_pipeline(
        BackboneFeatureExtractor(tiny, engine="keras"), DecisionTreeClassifier(random_state=0)
    ).fit(material.references, material.y)
    material = dataclasses.replace(material, model=model, test=np.arange(13, 40))
    with page_style():
        section = explanations_section(material)
    words = texts(section)
    listed = re.findall(r"Picture (\d+):", words)
    assert listed
    assert int(listed[0]) >= 13
    assert f"flat around pictures {', '.join(listed)}:" in words


def test_what_is_meant_by_an_error_from_zero_is_said(page):
    """An interval that begins at 0 looks like a fault unless one is told why."""
    assert (
        "one that begins at 0 says that right probabilities are not ruled out" in Page(page).words
    )


def test_votes_are_of_a_sample_with_the_shares_of_classes():
    """Files come sorted by class: the first pictures of a fold are those of one class."""
    material = material_of(n_each=170)
    model = vote().fit(material.references[::20], material.y[::20])
    material = dataclasses.replace(material, model=model, test=np.arange(340))
    with page_style():
        section = votes_section(material)
    assert "300 pictures out of 340" in section.opening
    assert "the same share of each class" in section.opening
    shown = _sample(material)
    assert np.unique(material.y[shown], return_counts=True)[1].tolist() == [150, 150]
    assert len(np.unique(shown)) == 300
    few = dataclasses.replace(material, test=np.arange(100, 200))
    with page_style():
        assert "100 pictures of patients" in votes_section(few).opening
    assert _sample(few).tolist() == few.test.tolist()


@pytest.mark.parametrize(
    ("model", "n_fits"),
    [
        (vote(), 2),
        (AugmentedClassifier(vote(), FLIPS, test_copies=1), 2),
        (CalibratedClassifierCV(vote(), cv=2), 6),
        (make_pipeline(vote()), 6),
    ],
    ids=["vote", "augmented", "calibrated", "pipeline"],
)
def test_fits_are_counted_as_they_will_be_made(model, n_fits):
    """What stands around a vote is fitted anew for each of the three subsets, in both folds."""
    material = material_of(n_each=8)
    settings = {"cv": 2, "positive": None, "random_state": 0}
    folds = make_folds(
        model, material.references, material.y, groups=None, stacklevel=1, **settings
    )
    fitted = model.fit(folds.references, folds.y)
    found, why = _contributions(model, fitted, folds, "auto", 1e6, settings)
    assert found is None
    assert f"It takes {n_fits} fits" in why
