"""The page: whole, closed to the outside, safe against names, and honest."""

import datetime
import os
import re
import warnings
from dataclasses import replace
from itertools import pairwise

import pytest
from composition_parts import phantoms
from page_parts import HOSTILE, PATIENT, SAID_OF_PATIENTS, Page, cheap, write_page

import fusionlearn
from fusionlearn.exceptions import SmallSampleWarning
from fusionlearn.model_selection import evaluate

DATE = datetime.date(2020, 2, 1)
pytestmark = pytest.mark.filterwarnings("ignore::fusionlearn.exceptions.SmallSampleWarning")


@pytest.fixture(scope="module", autouse=True)
def few_patients():
    """Fixtures of a module are made outside the filters of its tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        yield


@pytest.fixture(scope="module")
def path(tmp_path_factory, tiny):
    return write_page(tmp_path_factory.mktemp("hostile"), tiny, date=DATE)


@pytest.fixture(scope="module")
def html(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def evaluation():
    data = phantoms()
    return evaluate(cheap(), data.data, data.target, cv=2, scoring="accuracy")


def write_cheap(folder, **settings):
    data = phantoms()
    settings = {"cv": 2, "explanations": 0, "date": DATE, **settings}
    path = folder / "cheap.html"
    return fusionlearn.report(cheap(), data.data, data.target, path=path, **settings)


@pytest.fixture(scope="module")
def plain(tmp_path_factory, evaluation):
    """A page of a model without networks, whose evaluation was at hand."""
    path = write_cheap(tmp_path_factory.mktemp("plain"), evaluation=evaluation)
    return path.read_text(encoding="utf-8")


def test_elements_are_closed_and_identifiers_unique(page, html):
    assert html.startswith("<!DOCTYPE html>")
    assert page.faults == []
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers) > 10
    referred = {a.get("aria-labelledby") for _, a in page.elements} - {None}
    referred |= {a["href"][1:] for a in page.all("a", "use")}
    referred |= set(re.findall(r"url\(#([^)]+)\)", html))
    assert referred <= set(identifiers)


def test_nothing_is_asked_for_from_outside(page, html):
    """Every source is in the file, and the policy forbids all others."""
    sources = [a.get(name) for _, a in page.elements for name in ("src", "href", "srcset", "data")]
    assert {s.partition(":")[0] for s in sources if s and not s.startswith("#")} == {"data"}
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    policies = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert policies[0].startswith("default-src 'none'; img-src data:;")
    assert "unsafe-eval" not in policies[0]
    assert "script-src 'unsafe" not in policies[0]


def test_names_stay_text(page, html):
    """A file, a label or a patient that is called like a script is not one."""
    assert len(page.all("script")) == 1
    assert HOSTILE not in html
    assert HOSTILE in page.words
    assert not [name for _, a in page.elements for name in a if name.startswith("on")]
    assert "\x07" not in html
    assert "\u202e" not in html


def test_neither_patients_nor_folders_are_named(path, html):
    """File names that hold a patient are left out, too; others are given."""
    assert PATIENT not in html
    assert str(path.parent) not in html
    assert path.parent.name not in html
    assert "features.db" in html
    assert re.search(r"picture \d+</span><span>\d+ &lt;script&gt;", html)


def test_headings_are_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_everything_that_is_seen_can_be_heard(page):
    """Pictures and figures have words, tables captions and scopes, the page its landmarks."""
    assert page.all("img")
    assert all(a.get("alt") for a in page.all("img"))
    figures = [a for a in page.all("svg") if a.get("role") == "img"]
    assert all(a["aria-label"] for a in figures)
    assert len(figures) == len(page.all("svg")) >= 8
    assert len(page.all("caption")) == len(page.all("table")) >= 5
    assert all(a.get("scope") in ("row", "col") for a in page.all("th"))
    assert page.all("html") == [{"lang": "en"}]
    for tag in ("header", "nav", "main", "footer", "title"):
        assert len(page.all(tag)) == 1, tag
    assert page.all("a")[0]["href"] == "#content"


def test_all_sections_are_there_and_each_ends_with_its_limits(page):
    sections = [a["id"] for a in page.all("section")]
    assert sections == [
        *("summary", "data", "audit", "model", "scores", "curves", "mistakes", "votes"),
        *("explanations", "networks", "cost", "uses", "origin", "listing"),
    ]
    assert page.words.count("Limits.") == len(sections) - 1


def test_what_must_be_said_is_said(page):
    assert "Nothing on this page is a diagnosis" in page.words
    assert "Not for decisions about patients" in page.words
    assert "48 pictures of 24 patients" in page.words
    assert "Caution The class" in page.words  # few patients
    for of_patients in SAID_OF_PATIENTS:
        assert of_patients in page.words
    assert "doi:10.1038/s42256-021-00307-0" in page.words
    assert f"fusionlearn {fusionlearn.__version__}" in page.words
    assert "2020-02-01" in page.words
    for library in ("keras", "tensorflow", "scikit-learn", "numpy"):
        assert library in page.words


def test_ink_follows_the_page_and_pictures_are_small(html):
    """No figure has a background, and none brings black text onto a dark page."""
    assert html.count("currentColor") > 100
    assert "#000001" not in html
    assert not re.search(r"<text style=\"[^\"]*fill: #0000", html)
    assert len(html) < 1_000_000
    assert max(map(len, re.findall(r"data:image/[^\"]*", html))) < 40_000


def test_scores_are_those_at_hand_completed_and_with_intervals(plain, evaluation):
    """Nothing is judged anew, no score is left out, and none stands alone."""
    words = Page(plain).words
    whole = replace(evaluation, scoring=None, shortcut=replace(evaluation.shortcut, scoring=None))
    for part in (whole, whole.by_patient(), whole.by_patient().shortcut):
        assert len(part.scores) == 7
        for score in part.scores.values():
            assert f"{score.estimate:.3f} [{score.low:.3f}, {score.high:.3f}]" in words


def test_same_input_same_page(tmp_path, plain, evaluation):
    """But for times that were measured, to the byte; and nobody else's file is lost."""
    old = tmp_path / "cheap.html"
    old.write_text("old")
    os.chmod(old, 0o640)
    assert write_cheap(tmp_path, evaluation=evaluation) == old
    assert old.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["cheap.html"]
    measured = re.compile(r"<dt>One fit</dt><dd>.*?</dd>")
    again = measured.sub("", old.read_text(encoding="utf-8"))
    assert again == measured.sub("", plain)


def test_what_does_not_apply_is_left_out_with_a_reason(plain):
    words = Page(plain).words
    assert "Votes. The model holds no vote" in words
    assert "What each network adds. Pipeline has no fusion in it" in words
    assert "Explanations. No pictures with explanations were asked for." in words
    assert "The model has no network of this library in it." in words
    assert 'id="votes"' not in plain


def test_an_evaluation_of_other_pictures_is_refused(tmp_path, evaluation):
    other = replace(evaluation, y_true=evaluation.y_true[::-1])
    with pytest.raises(ValueError, match="another y_true"):
        write_cheap(tmp_path, evaluation=other)
    with pytest.raises(ValueError, match="by patient; wanted the one by picture"):
        write_cheap(tmp_path, evaluation=evaluation.by_patient())
    assert os.listdir(tmp_path) == []


def test_mistakes_are_told_before_the_long_work(tmp_path):
    data = phantoms()
    for path, error, match in (
        (tmp_path, IsADirectoryError, "is a folder; wanted a file"),
        (tmp_path / "missing" / "page.html", FileNotFoundError, "no folder"),
    ):
        with pytest.raises(error, match=match):
            fusionlearn.report(cheap(), data.data, data.target, path=path)
    with pytest.raises(ValueError, match="no fusion in it"):
        write_cheap(tmp_path, contributions=True)
    with pytest.raises(ValueError, match="'explanations' parameter"):
        write_cheap(tmp_path, explanations=-1)
    assert os.listdir(tmp_path) == []
