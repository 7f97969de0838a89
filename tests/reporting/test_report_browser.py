"""The page in a real browser: quiet, alone, readable in both themes, on a phone and on paper."""

import base64
import json
import shutil
import warnings

import pytest
from page_parts import write_page

from fusionlearn.exceptions import SmallSampleWarning

pytestmark = pytest.mark.browser

WIDE, NARROW = (1280, 900), (390, 844)
# Of each piece of text: its contrast to what lies behind it, as WCAG 2 computes it.
CONTRASTS = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return canvas.getImageData(0, 0, 1, 1).data;
}
function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
function behind(element) {
  for (; element; element = element.parentElement) {
    const color = rgba(getComputedStyle(element).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255];
}
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode, element = text.parentElement;
  if (!text.data.trim() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
  const style = getComputedStyle(element), isDrawn = element.tagName === "text";
  // Text on a colour of its own is the display's; all other text is the page's ink.
  if (isDrawn && style.fill !== style.color) continue;
  const [a, b] = [rgba(style.color), behind(element)].map(luminance);
  found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text.data.trim().slice(0, 40)]);
}
return found;
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory, tiny):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return write_page(tmp_path_factory.mktemp("browser"), tiny)


@pytest.fixture(scope="module")
def chromium():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert browser, "chromium is not installed; make test-browser installs it, or says how"
    assert driver, "chromedriver is not installed; make test-browser installs it, or says how"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(options=options, service=Service(driver))
    yield chromium
    chromium.quit()


@pytest.fixture
def show(chromium, path):
    """Open the page on a screen, in a theme that the reader's system asks for."""

    def show(size=WIDE, theme="light", media=""):
        features = [{"name": "prefers-color-scheme", "value": theme}]
        command = chromium.execute_cdp_cmd
        command("Emulation.setEmulatedMedia", {"features": features, "media": media})
        screen = {"width": size[0], "height": size[1], "deviceScaleFactor": 1}
        command("Emulation.setDeviceMetricsOverride", {**screen, "mobile": size == NARROW})
        chromium.get(path.as_uri())
        return chromium

    return show


def background(browser):
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_nothing_is_requested_and_the_console_is_empty(show, path):
    """Offline it is what it is online."""
    browser = show()
    browser.get_log("performance")
    browser = show()
    messages = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    requests = {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert path.as_uri() in requests
    assert {url.partition(":")[0] for url in requests - {path.as_uri()}} <= {"data"}
    assert browser.get_log("browser") == []


def test_pictures_style_and_script_pass_the_policy(show):
    """A policy that is too strict would leave a bare page."""
    browser = show()
    sizes = browser.execute_script("return [...document.images].map(i => i.naturalWidth)")
    assert len(sizes) >= 12
    assert min(sizes) > 0
    inside = browser.execute_script(
        "return [...document.querySelectorAll('svg image')].map(i => i.getBBox().width)"
    )
    assert inside
    assert min(inside) > 0
    assert browser.find_element("id", "theme").is_displayed()


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_page_is_as_wide_as_the_screen(show, size):
    """Only tables and large figures are scrolled, inside themselves."""
    browser = show(size)
    width, room = browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width == room
    # A column that is squeezed to single letters makes its row very high.
    heights = browser.execute_script(
        "return [...document.querySelectorAll('.numeric tr')].map(row => row.offsetHeight)"
    )
    assert max(heights) < 160


def test_wide_screens_have_words_beside_what_they_are_about(show):
    """And everything below everything on a phone, in the same order."""
    script = """
        return [...document.querySelectorAll("main > section:not(#summary)")].map(section => {
            const box = name => section.querySelector(name).getBoundingClientRect();
            const [about, blocks, limits] = [".about", ".blocks", ".limits"].map(box);
            const isBelow = about.bottom <= blocks.top && blocks.bottom <= limits.top;
            return [about.right <= blocks.left, blocks.right - about.left,
                    limits.top - about.bottom, isBelow];
        });
    """
    wide = show(WIDE).execute_script(script)
    assert len(wide) > 10
    assert all(beside for beside, *_ in wide)
    assert min(width for _, width, *_ in wide) > 0.9 * WIDE[0]
    assert max(gap for _, _, gap, _ in wide) < 40
    assert all(below for *_, below in show(NARROW).execute_script(script))


def test_pictures_stand_in_full_rows_without_holes(show):
    """Eight and twelve pictures, in boxes of one size, whatever their own."""
    script = """
        return [...document.querySelectorAll(".gallery")].map(gallery => {
            const boxes = [...gallery.querySelectorAll("img")].map(i => i.getBoundingClientRect());
            const first = boxes.filter(box => Math.abs(box.top - boxes[0].top) < 1).length;
            return [first, Math.max(...boxes.map(box => Math.abs(box.height - boxes[0].height)))];
        });
    """
    for size, n_columns in ((WIDE, 4), (NARROW, 2)):
        for n_first, difference in show(size).execute_script(script):
            assert n_first == n_columns
            assert difference < 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_both_themes(show, theme):
    """Contrasts of 4.5 and more, as WCAG 2 asks for at level AA."""
    browser = show(theme=theme)
    found = browser.execute_script(CONTRASTS)
    assert len(found) > 300
    assert [(ratio, text) for ratio, text in found if ratio < 4.5] == []


def test_the_theme_is_that_of_the_system_until_it_is_changed(show):
    browser = show(theme="dark")
    dark = background(browser)
    button = browser.find_element("id", "theme")
    assert button.text == "Light page"
    button.click()
    light = background(browser)
    assert light == "rgb(255, 255, 255)" != dark
    assert button.text == "Dark page"
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        assert show(theme="dark").find_elements("css selector", "#theme[hidden]")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert background(browser) == dark


def test_the_keyboard_reaches_everything(show):
    """The first stop skips to the content, and what has the focus shows it."""
    from selenium.webdriver.common.keys import Keys

    browser = show()
    browser.find_element("tag name", "body").send_keys(Keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.text == "Skip to the content"
    assert focused.location["x"] >= 0
    assert focused.value_of_css_property("outline-style") != "none"
    focused.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "content"
    browser = show(NARROW)
    hidden = browser.execute_script(
        "return [...document.querySelectorAll('.scroll')].filter(e => "
        "e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0).length"
    )
    assert hidden == 0


def test_a_screen_reader_finds_landmarks_and_words_for_figures(show):
    browser = show()
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if "role" in n]
    roles = {role for role, _ in seen}
    assert {"banner", "navigation", "main", "contentinfo", "table", "columnheader"} <= roles
    figures = [name for role, name in seen if role == "image"]
    assert len(figures) > 12
    assert all(figures)


def test_paper_is_white_and_has_no_buttons(show):
    """Whatever the theme; and the page breaks into sheets of A4."""
    browser = show(theme="dark", media="print")
    assert background(browser) == "rgb(255, 255, 255)"
    assert not browser.find_element("id", "theme").is_displayed()
    assert not browser.find_element("tag name", "nav").is_displayed()
    browser = show(theme="dark")
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in pdf or b"/MediaBox [0 0 595" in pdf
