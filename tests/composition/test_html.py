"""The HTML of every composition: its parts, their networks, and links to their pages."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sklearn
from composition_parts import phantoms, small_networks
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import fusionlearn
from fusionlearn import (
    AugmentedClassifier,
    BackboneFeatureExtractor,
    ConcatFusion,
    FineTuneClassifier,
    ImageAugmenter,
    ImagePreprocessor,
    MajorityVoteFusion,
    config_context,
    get_config,
    set_config,
)
from fusionlearn.features import ParetoScaler
from fusionlearn.presets import covid_ct, covid_ct_strong

BASE = "https://docs.example.org/v1/"
ALONE = [
    AugmentedClassifier(FineTuneClassifier(BackboneFeatureExtractor())),
    BackboneFeatureExtractor(),
    ConcatFusion([("a", BackboneFeatureExtractor())]),
    FineTuneClassifier(),
    ImageAugmenter(),
    ImagePreprocessor(),
    MajorityVoteFusion([("a", FineTuneClassifier())]),
    ParetoScaler(),
]
COMPOSED = {
    "recipe": covid_ct(),
    "vote": covid_ct(fusion="vote"),
    "strong": covid_ct_strong(),
    "search": GridSearchCV(covid_ct(), {"test_copies": [0, 1]}),
    "stack": StackingClassifier([("a", covid_ct()), ("b", covid_ct(fusion="vote"))]),
    "calibrated": CalibratedClassifierCV(covid_ct()),
    "end to end": FineTuneClassifier(ConcatFusion(small_networks()), unfreeze=3),
}


class Structure(HTMLParser):
    """Checks that every tag that is opened is closed, and collects texts and links."""

    # Older versions of scikit-learn leave references such as <cross_validation> unescaped.
    TAGS = frozenset({"a", "button", "details", "div", "label", "pre", "span", "table", "td", "tr"})

    def __init__(self, html):
        super().__init__()
        self.stack, self.texts, self.links = [], [], []
        self.feed(re.sub(r"(?s)<(style|script)>.*?</\1>", "", html))
        # scikit-learn 1.8 leaves one open below an estimator with nested parameters.
        assert self.stack == [] or sklearn.__version__.startswith("1.8.")

    def handle_starttag(self, tag, attributes):
        if tag == "a" and (address := dict(attributes).get("href")) is not None:
            self.links.append(address)
        if tag in self.TAGS:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if tag in self.TAGS:
            assert self.stack.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip().replace("\xa0", " "))


def public_estimators():
    """Every class in the API reference that is an estimator, by its name there."""
    index = Path(__file__).parents[2] / "docs" / "api" / "index.rst"
    names = re.findall(r"^   ([\w.]+)$", index.read_text(), re.MULTILINE)
    found = {}
    for name in names:
        room, _, last = name.rpartition(".")
        value = getattr(getattr(fusionlearn, room) if room else fusionlearn, last)
        if isinstance(value, type) and issubclass(value, BaseEstimator):
            found[value] = f"fusionlearn.{name}"
    return found


def test_no_public_estimator_is_forgotten_here():
    assert set(public_estimators()) == {type(estimator) for estimator in ALONE}


@pytest.mark.parametrize("estimator", ALONE, ids=lambda estimator: type(estimator).__name__)
def test_each_links_to_its_page_in_the_reference(estimator):
    page = f"{BASE}api/generated/{public_estimators()[type(estimator)]}.html"
    with config_context(docs_url=BASE):
        assert page in Structure(estimator._repr_html_()).links


def test_without_an_address_nothing_of_ours_is_linked():
    with config_context(docs_url=""):
        links = Structure(covid_ct_strong()._repr_html_()).links
    assert links  # scikit-learn's own
    assert all(link.startswith("https://scikit-learn.org/") for link in links)


def test_a_class_of_somebody_else_is_not_said_to_be_in_our_reference():
    class Mine(BackboneFeatureExtractor):
        pass

    with config_context(docs_url=BASE):
        assert not [link for link in Structure(Mine()._repr_html_()).links if "Mine" in link]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", 'https://a.org/"onclick="x', "<b>", "a b", b"x", 3]
)
def test_an_address_that_is_none_is_refused(address):
    """It is written into the HTML as it is."""
    before = get_config()
    with pytest.raises(ValueError, match="docs_url="):
        set_config(docs_url=address)
    assert get_config() == before


@pytest.mark.parametrize("name", COMPOSED)
def test_compositions_show_their_parts(name):
    texts = Structure(COMPOSED[name]._repr_html_()).texts
    assert any(" pixels · " in text and " · pooling avg" in text for text in texts)
    if name in ("recipe", "vote", "search", "stack", "calibrated"):
        for network, size, n in (("VGG19", 224, 512), ("NASNetLarge", 331, 4032)):
            assert network in texts
            caption = f"{network} · {size} × {size} pixels · pooling avg · {n:,} features"
            assert caption in texts
        assert texts.index("ImageAugmenter") < texts.index("VGG19")
    if name == "strong":
        caption = "MobileNet · 448 × 448 pixels · 8 inner layers · pooling avg_std"
        assert texts.count(caption) == 2
        assert {"grey_448", "clahe_448"} <= set(texts)
    if name == "end to end":
        assert "dropout 0.5 · unfreeze 3" in texts


def test_a_fitted_composition_shows_how_many_features_it_has():
    html = Structure(ConcatFusion(small_networks()).fit(phantoms().data[:2])._repr_html_())
    for network, n in (("MobileNet", 256), ("MobileNetV2", 1280)):
        assert f"{network} · 32 × 32 pixels · pooling avg · {n:,} features" in html.texts


@pytest.mark.parametrize("fusion", [ConcatFusion, MajorityVoteFusion])
def test_names_are_escaped(fusion):
    name = "<script>alert('x')</script>"
    member = BackboneFeatureExtractor()
    if fusion is MajorityVoteFusion:
        member = make_pipeline(member, FineTuneClassifier())
    html = fusion([(name, member), ("gone", "drop")])._repr_html_()
    assert name not in html
    assert {name, "drop"} <= set(Structure(html).texts)


def test_an_extractor_that_cannot_be_drawn_is_still_shown():
    """A wrong parameter is for fit to tell of."""
    for extractor in (
        BackboneFeatureExtractor("NoSuchNet"),
        BackboneFeatureExtractor(input_size=3),
        BackboneFeatureExtractor(application=None),
    ):
        assert "BackboneFeatureExtractor" in Structure(extractor._repr_html_()).texts
