"""Parts of the page by themselves: other data, hostile names, large figures."""

import dataclasses
import pathlib

import numpy as np
import pytest
from markupsafe import Markup
from page_parts import material_of, texts
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import auc, roc_auc_score
from sklearn.pipeline import make_pipeline

from fusionlearn import (
    BACKBONES,
    BackboneFeatureExtractor,
    ConcatFusion,
    ImagePreprocessor,
    check_images,
)
from fusionlearn.metrics import BootstrapInterval
from fusionlearn.model_selection import Finding, LeakageReport
from fusionlearn.presets import covid_ct_strong
from fusionlearn.reporting import _roc
from fusionlearn.reporting._blocks import Drawing, Gallery, Picture, Section, Text
from fusionlearn.reporting._budget import MAX_BYTES, keep_small
from fusionlearn.reporting._citations import citations, paper_of
from fusionlearn.reporting._extractors import named_extractors
from fusionlearn.reporting._legend import _COLOR, _CONTRAST, _CROP, _POOLING, network_legend
from fusionlearn.reporting._listing import estimator_text
from fusionlearn.reporting._privacy import hide_paths, picture_names, shorten
from fusionlearn.reporting._sections import SECTIONS
from fusionlearn.reporting._sections._audit import audit_section
from fusionlearn.reporting._sections._curves import curves_section
from fusionlearn.reporting._sections._data import data_section
from fusionlearn.reporting._sections._errors import errors_section
from fusionlearn.reporting._sections._scores import scores_section
from fusionlearn.reporting._summary import summarise
from fusionlearn.reporting._svg import draw, page_style
from fusionlearn.reporting._words import difference, seconds


def test_without_patients_that_is_said_first():
    material = material_of(known=False)
    assert "Patients are not known" in summarise(material).sentences[0]
    assert "there are no scores by patient" in texts(scores_section(material))
    with page_style():
        assert "Patients" not in texts(data_section(material).blocks[0])


def test_patients_of_two_classes_are_not_named():
    """The error of by_patient names one."""
    groups = np.tile(np.arange(20), 2) + 4711
    material = material_of()
    evaluation = dataclasses.replace(
        material.evaluation,
        groups=groups,
        shortcut=dataclasses.replace(material.evaluation.shortcut, groups=groups),
    )
    material = dataclasses.replace(material, groups=groups, evaluation=evaluation)
    assert "a patient has pictures of two classes" in texts(scores_section(material))
    assert "47" not in material.by_patient


def test_figures_by_patient_come_first():
    """Where patients have several pictures, the summary and the table of mistakes count them."""
    material = material_of(n_each=30)
    accuracy = material.evaluation.by_patient().scores["accuracy"]
    assert f"accuracy of {accuracy.estimate:.3f} [{accuracy.low:.3f}" in texts(summarise(material))
    words = texts(scores_section(material))
    assert words.index("By patient, mean of the pictures of each (30 patients)") < words.index(
        "By picture (60 pictures)"
    )
    assert "Which class was taken for which: patients" in words


def test_several_classes_have_no_single_curve():
    material = material_of(3)
    with page_style():
        words = texts(curves_section(material))
    assert "no single ROC curve" in words
    assert "no FineTuneClassifier decides" in words
    assert "are means over 3 classes" in texts(scores_section(material))
    assert material.positive is None


def test_many_classes_are_counted_but_not_drawn():
    material = material_of(14, 6)
    section = scores_section(material)
    assert "The most frequent mistakes" in texts(section)
    material = material_of(60, 2)
    section = data_section(material)
    assert "the first 50 of 60 classes" in texts(section)
    assert not any(isinstance(block, Drawing) for block in section.blocks)
    gallery = next(block for block in section.blocks if isinstance(block, Gallery))
    assert len(gallery.pictures) <= 12


def test_long_labels_that_differ_in_the_middle_stay_apart():
    material = material_of(2, prefix="x" * 200 + "-" * 200)
    assert len(set(material.labels)) == 2
    y = np.array([f"{'x' * 90}{middle}{'y' * 90}" for middle in "ab"]).repeat(20)
    labels = np.unique(y)
    evaluation = dataclasses.replace(
        material.evaluation, y_true=y, classes=labels, positive=labels[0]
    )
    material = dataclasses.replace(material, y=y, evaluation=evaluation)
    assert len(set(material.labels)) == 2
    assert material.positive == material.labels[0]


def test_no_mistakes_no_gallery():
    material = material_of()
    right = (material.y[:, None] == material.evaluation.classes) * 1.0
    evaluation = dataclasses.replace(material.evaluation, y_proba=right)
    left_out = errors_section(dataclasses.replace(material, evaluation=evaluation))
    assert "Every picture was predicted right" in left_out.why


def test_pictures_are_shown_only_if_asked_for():
    material = material_of(options={"show_pictures": False})
    with page_style():
        section = errors_section(material)
        assert "data:image" not in texts(section)
        assert "Pictures are not shown" in texts(section)
        assert not any(isinstance(block, Gallery) for block in data_section(material).blocks)
        assert "data:image" in texts(errors_section(material_of()))


def test_the_audit_names_no_patient_unasked():
    finding = Finding("patients", True, "2 folds have one patient twice (7 for example). Stop.")
    audit = LeakageReport(40, (finding,), ("duplicates",))
    hidden, shown = (
        material_of(audit=audit, options={"show_patients": asked}) for asked in (False, True)
    )
    assert "one patient twice. Stop." in texts(audit_section(hidden))
    assert "7 for example" in texts(audit_section(shown))
    assert "one patient twice. Stop." in summarise(hidden).cautions[-1]


def test_files_are_named_below_their_common_folder(tmp_path):
    paths = [str(tmp_path / "a" / "x" / "1.png"), str(tmp_path / "a" / "y" / "patient9.png")]
    for path in paths:
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(b"x")
    groups = np.array(["patient8", "patient9"])
    references = check_images(paths, groups)
    assert picture_names(references, groups, True, False) == [
        ("picture 0", "x/1.png"),
        ("picture 1",),
    ]
    assert picture_names(references, groups, True, True)[1] == (
        *("picture 1", "y/patient9.png", "patient patient9"),
    )


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("weights='/home/anna/w.h5', x='a/b'", "weights='w.h5', x='a/b'"),
        ("PosixPath('/home/my scans/w.h5')", "PosixPath('w.h5')"),
        (r"'C:\\Users\\anna\\w.h5'", "'w.h5'"),
        ("'~/anna/w.h5'", "'w.h5'"),
    ],
)
def test_folders_are_hidden(text, hidden):
    assert hide_paths(text) == hidden


def test_an_estimator_is_written_whole_and_without_folders(tmp_path):
    """Python can read it again, and no parameter that was given is missing."""
    network = BackboneFeatureExtractor(
        "MobileNet", weights=str(tmp_path / "w.h5"), store=tmp_path / "f.db", layers=[0.3, 0.6]
    )
    fusion = ConcatFusion([("first", network), ("second", "drop")])
    model = make_pipeline(fusion, LogisticRegression(C=7))
    text = estimator_text(model)
    assert str(tmp_path) not in text
    compile(text, "estimator", "eval")
    for part in ("weights='w.h5'", "store='f.db'", "layers=[0.3, 0.6]", "C=7", "'drop'"):
        assert part in text
    assert "pooling" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_long_list_of_words_fills_lines():
    """Eight layers on eight lines would make a listing that nobody reads."""
    layers = [f"conv_pw_{block}_relu" for block in range(8)]
    text = estimator_text(BackboneFeatureExtractor("MobileNet", layers=layers))
    assert len(text.splitlines()) <= 7
    assert eval(text, {"BackboneFeatureExtractor": BackboneFeatureExtractor}).layers == layers


def test_networks_are_called_by_what_tells_them_apart():
    networks = [(name, BackboneFeatureExtractor(name)) for name in ("VGG16", "VGG19")]
    model = make_pipeline(ConcatFusion(networks), LogisticRegression())
    assert list(named_extractors(model)) == ["VGG16", "VGG19"]
    assert list(named_extractors(make_pipeline(networks[0][1]))) == ["VGG16"]
    assert named_extractors(LogisticRegression()) == {}


def test_names_of_networks_are_explained_by_their_parameters():
    """Of the preset whose inputs are called grey_448 and clahe_448, and of any other."""
    networks = [("small", BackboneFeatureExtractor("MobileNet", weights=None))]
    model = covid_ct_strong(extractors=networks)
    assert list(named_extractors(model)) == ["grey_448", "clahe_448"]
    words = dict(network_legend(model).items)
    assert words["grey_448"] == (
        "MobileNet, untrained. Sees pictures in grey, at 448 × 448 pixels; gives the mean and "
        "standard deviation over all places of 8 inner layers."
    )
    assert "in grey, local contrast equalised (CLAHE), at 448" in words["clahe_448"]
    members = model.set_params(estimator__estimator__features__clahe_448="drop")
    assert "clahe" not in texts(network_legend(members)).lower()
    form = ImagePreprocessor(window=(-600, 1500), contrast="stretch", crop="body")
    network = BackboneFeatureExtractor("MobileNet", application_params={"alpha": 0.5})
    words = texts(network_legend(make_pipeline(form, network)))
    assert "MobileNet, alpha 0.5, ImageNet weights" in words
    assert "window (-600, 1500), cut to the body, contrast stretched, at 224 × 224" in words
    assert "as they are, at 224 × 224 pixels; gives the mean over all places of the last" in texts(
        network_legend(BackboneFeatureExtractor("VGG16"))
    )


def test_every_form_of_pictures_has_words():
    """A value of a parameter without words would stop a page at its end."""
    constraints = ImagePreprocessor._parameter_constraints
    for name, words in (("color", _COLOR), ("contrast", _CONTRAST), ("crop", _CROP)):
        options = {value for one in constraints[name] for value in getattr(one, "options", {one})}
        assert options == set(words)
    (poolings,) = BackboneFeatureExtractor._parameter_constraints["pooling"]
    assert poolings.options == set(_POOLING)


@pytest.mark.parametrize(
    ("n_errors", "said"),
    [
        (1, "This is the one, judged by a model that had not seen the patient."),
        (12, "These are all 12, the surest first, each judged by"),
        (13, "These are the 12 of which the model was surest, each judged by"),
    ],
)
def test_all_mistakes_are_not_called_the_surest(n_errors, said):
    material = material_of()
    right = (material.y[:, None] == material.evaluation.classes) * 1.0
    right[:n_errors] = right[:n_errors, ::-1]
    evaluation = dataclasses.replace(material.evaluation, y_proba=right)
    section = errors_section(dataclasses.replace(material, evaluation=evaluation))
    assert said in section.opening


def test_every_network_of_keras_has_its_paper():
    for name, backbone in BACKBONES.items():
        if backbone.is_application:
            assert "arXiv:" in paper_of(name), name
    assert "1603.05027" in paper_of("ResNet50V2")
    assert "1512.03385" in paper_of("ResNet50")
    assert "1801.04381" in paper_of("MobileNetV2")
    assert "1704.04861" in paper_of("MobileNet")
    lines = "\n".join(citations(make_pipeline(BackboneFeatureExtractor("VGG19")), "1.2"))
    assert "1409.1556" in lines
    assert "version 1.2" in lines
    assert "Ji, Zhao" not in lines


def test_the_roc_curve_has_the_area_of_scikit_learn():
    evaluation = material_of(n_each=200).evaluation
    curve = _roc._curves(evaluation, np.ones((1, len(evaluation.y_true))))[0]
    area = roc_auc_score(evaluation.y_true == evaluation.positive, evaluation.y_proba[:, 1])
    assert abs(auc(_roc._GRID, curve) - area) < 0.01
    tied = dataclasses.replace(evaluation, y_proba=np.full_like(evaluation.y_proba, 0.5))
    assert np.allclose(_roc._curves(tied, np.ones((1, 400)))[0], _roc._GRID)


def test_what_is_too_large_is_left_out():
    """The largest goes first, and its place says so."""
    large = Drawing(Markup("x" * (MAX_BYTES - 600_000)), "large", 100)
    small = Gallery((Picture("y" * 200_000, "a picture", "t"),))
    section = Section("name", "Title", "opening", (small, large), "limits")
    kept, left_out = keep_small([section])[0].blocks
    assert kept is small
    assert isinstance(left_out, Text)
    assert "larger than 5 MB" in left_out.text
    section = Section("name", "Title", "opening", (small, small), "limits")
    assert keep_small([section])[0].blocks == (small, small)


def test_figures_follow_the_page():
    """Ink and paper become those of the page; colours that mean something stay."""
    from matplotlib.figure import Figure

    with page_style():
        ax = Figure(figsize=(3, 2)).subplots()
        ax.bar([0, 1], [1, 2], color=["#000000", "#009E73"], edgecolor="white")
        ax.plot([0, 1], [0, 1], color="0.9")
        ax.text(0, 1, "<b>$5 & $x_{</b>")
        ax.text(0, 1, "on a colour", color="black")
        drawing = draw(ax.get_figure(), "name", 'a "figure" <of> mine', "caption")
    svg = str(drawing.svg)
    assert 'aria-label="a &quot;figure&quot; &lt;of&gt; mine"' in svg
    assert "&lt;b&gt;$5 &amp; $x_{&lt;/b&gt;" in svg
    assert "#009e73" in svg
    assert "var(--paper)" in svg
    assert "stroke-opacity: 0.10" in svg
    assert svg.count("fill: #000000") == 1  # what was asked for by name
    assert "metadata" not in svg
    assert drawing.is_narrow


def test_numbers_in_words():
    assert difference(BootstrapInterval(-0.1, -0.2, 0.05)) == "−0.100 [−0.200, +0.050]"
    assert seconds(float("nan")) == "not known"
    assert (seconds(0.2), seconds(3.25), seconds(600)) == ("200 ms", "3.2 s", "10.0 min")
    assert shorten("a\x07b\u202e") == "a\\x07b\\u202e"
    assert len(shorten("x" * 500)) == 80


def test_all_sections_are_on_the_page():
    """A module of a section that nobody calls would be forgotten."""
    folder = pathlib.Path(_roc.__file__).parent / "_sections"
    assert len(SECTIONS) == len(list(folder.glob("_[a-z]*.py")))
