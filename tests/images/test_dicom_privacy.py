"""Nothing that names a person or an examination leaves a DICOM file unasked."""

import io
import pickle
import warnings
import zipfile

import joblib
import pytest
from dicom_files import IDENTIFIERS, dicom, hounsfield, report
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    BackboneFeatureExtractor,
    FeatureStore,
    FineTuneClassifier,
    check_images,
    get_groups,
    save,
)
from fusionlearn.datasets import load_dicom_series, load_image_folder
from fusionlearn.exceptions import DataWarning
from fusionlearn.images import find_bad_images, read_dicom
from fusionlearn.model_selection import audit_leakage

WINDOW = {"WindowCenter": 40, "WindowWidth": 400}


def assert_nothing_of(text):
    """Find no identifier, in whatever letters."""
    data = text.encode() if isinstance(text, str) else text
    for name, value in IDENTIFIERS.items():
        for coding in ("utf-8", "utf-16-le"):
            assert value.encode(coding) not in data, name


@pytest.fixture
def folder(rng, tmp_path):
    """Two classes of three slices each, of one patient for each slice but two."""
    for number in range(6):
        path = tmp_path / "scans" / ("ill", "well")[number % 2] / f"{number}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        patient = IDENTIFIERS["PatientID"] + "x" * (number // 2)
        path.write_bytes(dicom(hounsfield((40, 36), rng), PatientID=patient, **WINDOW))
    return tmp_path / "scans"


def test_references(folder):
    """Their text, pickles and hashes' input; by default and without a patient."""
    for patients in ("hash", None):
        dataset = load_image_folder(folder, patients=patients)
        assert_nothing_of(pickle.dumps(dataset))
        assert_nothing_of(repr(dataset) + repr(dataset.data[0]) + str(dataset.DESCR))
        assert_nothing_of(repr([picture.describe() for picture in dataset.data]))
    buffer = io.BytesIO()
    joblib.dump(dataset.data, buffer)
    assert_nothing_of(buffer.getvalue())


def test_only_who_asks_gets_the_id(folder):
    dataset = load_image_folder(folder, patients="id")
    assert IDENTIFIERS["PatientID"] in dataset.groups
    assert len(set(dataset.groups)) == 3
    for name in ("PatientName", "StudyInstanceUID", "AccessionNumber", "PatientBirthDate"):
        assert IDENTIFIERS[name].encode() not in pickle.dumps(dataset)


def test_stores_and_models(folder, tiny, tmp_path):
    """A store and a saved model after all that a model does."""
    dataset = load_image_folder(folder)
    store = FeatureStore(tmp_path / "features.db")
    model = make_pipeline(
        BackboneFeatureExtractor("tiny", store=store),
        FineTuneClassifier(epochs=1, random_state=0, early_stopping=False),
    )
    model.fit(dataset.data, dataset.target)
    model.predict(dataset.data)
    save(model, tmp_path / "model.fusionlearn")
    for path in tmp_path.glob("*.*"):
        assert_nothing_of(path.read_bytes())
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    assert_nothing_of(archive.read(name))
    assert (tmp_path / "features.db").stat().st_size > 0
    assert_nothing_of(pickle.dumps(model))
    assert_nothing_of(pickle.dumps(store))


def test_messages(folder, rng):
    """Of files that are cut off, broken or refused, and of an audit."""
    whole = dicom(hounsfield((40, 36), rng), **WINDOW)
    broken = [whole[:length] for length in range(100, len(whole), 50)]
    broken += [report(), whole.replace(b"CT", b"XY", 1), whole.replace(b"MONOCHROME2 ", b"X" * 12)]
    for error in find_bad_images(broken):
        assert_nothing_of(str(error) + repr(error))
        cause = error
        while cause := cause.__cause__:
            assert_nothing_of(str(cause) + repr(cause))
    dataset = load_image_folder(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_nothing_of(str(audit_leakage(dataset.data, dataset.target)))


def test_a_salt_makes_ids_another(rng):
    """The same patient is the same in each run with one salt, and no other salt tells."""
    values = hounsfield((8, 6), rng)
    files = [dicom(values, PatientID=name) for name in ("anna", "anna ", "bert")]

    def groups(**options):
        return get_groups(read_dicom(files, **options)).tolist()

    plain = groups()
    assert plain[0] == plain[1] != plain[2]
    assert plain[0] == "patient-5129a2b17501ef3c7ca7"
    for salt in ("pepper", b"other", "x" * 1000):
        salted = groups(salt=salt)
        assert salted[0] == salted[1] != salted[2]
        assert salted[0] != plain[0]
        assert salted == groups(salt=salt)
    assert groups(patients="id") == ["anna", "anna", "bert"]


def test_a_salt_without_effect_is_refused(rng):
    data = dicom(hounsfield((8, 6), rng))
    for options in (
        {"patients": "id", "salt": "x"},
        {"patients": None, "salt": b"x"},
        {"salt": ""},
    ):
        with pytest.raises(ValueError, match="salt is given with patients="):
            read_dicom(data, **options)


def test_without_a_patient_id(rng):
    """A study stands for the patient, and that is told; without either each is alone."""
    values = [hounsfield((8, 6), rng) for _ in range(3)]
    nobody = [dicom(value, PatientID="") for value in values[:2]]
    with pytest.warns(DataWarning, match=r"2 of 2 DICOM file\(s\) have no patient id"):
        first, second = get_groups(read_dicom(nobody))
    assert first == second
    assert first.startswith("study-")
    assert_nothing_of(first)
    with pytest.warns(DataWarning):
        (alone,) = read_dicom(dicom(values[2], PatientID=None, StudyInstanceUID=None))
    assert not alone.has_known_group


def test_groups_that_are_known_stay(rng):
    """Who named the patient knows better than the file."""
    (named,) = check_images([dicom(hounsfield((8, 6), rng))], groups=["anna"])
    assert read_dicom([named])[0].group == "anna"


def test_series(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load_dicom_series(folder)
    assert_nothing_of(pickle.dumps(dataset) + dataset.DESCR.encode())
