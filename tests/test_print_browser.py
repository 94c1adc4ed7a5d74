"""The printed sheet in a real browser: one A3 page, nothing fetched from elsewhere, its tools work and stay off the paper."""

import re
from urllib.parse import urlsplit

import pytest
from chromium import expect, until, window
from map_server import serving
from small_pack import write_small_pack

pytestmark = pytest.mark.browser

A3 = (420 / 25.4 * 72, 297 / 25.4 * 72)
TEXTS = """() => [...document.querySelectorAll('.map text')].filter((text) => !text.hasAttribute('rotate') && !text.hasAttribute('transform') && !text.closest('.numerals') && !text.closest('.north')).map((text) => {
  const em = parseFloat(text.getAttribute('font-size')), box = text.getBBox(), middle = parseFloat(text.getAttribute('y')) - 0.36 * em;
  return [text.textContent, box.x, middle - 0.36 * em, box.x + text.getComputedTextLength(), middle + 0.36 * em];
})"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving((write_small_pack(tmp_path_factory.mktemp("packs") / "small", title="<b>x</b>"),)) as base:
        yield base


@pytest.fixture
def page(browser):
    context = window(browser)
    found = context.new_page()
    found.asked, found.complaints = [], []
    found.on("request", lambda request: found.asked.append(request.url))
    found.on(
        "console",
        lambda message: found.complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    found.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    context.close()


def boxes(pdf):
    return [tuple(float(value) for value in found.split()) for found in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)]


@pytest.mark.parametrize("query", ["", "?lang=en&ink=black", "?grid=third:2&mark=red"])
def test_it_prints_on_one_page_of_a3(address, page, query):
    page.goto(f"{address}/print/small{query}")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 1
    (left, bottom, right, top) = boxes(pdf)[0]
    assert (right - left, top - bottom) == pytest.approx(A3, abs=1)


def test_nothing_is_fetched_from_elsewhere_and_nothing_complains(address, page):
    page.goto(f"{address}/print/small")
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(address).netloc}
    assert not page.complaints


def test_the_tools_stay_off_the_paper(address, page):
    page.goto(f"{address}/print/small")
    expect(page.locator(".tools")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".tools")).to_be_hidden()
    size = page.locator("main svg").evaluate(
        "svg => [svg.getBoundingClientRect().width, svg.getBoundingClientRect().height]"
    )
    assert size == pytest.approx([420 / 25.4 * 96, 297 / 25.4 * 96], abs=0.5)


def test_the_button_prints_and_escape_goes_back_with_the_filter(address, page):
    page.goto(f"{address}/print/small?mark=red&lang=en")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print").click()
    until(page, lambda: page.evaluate("window.printed"))
    page.keyboard.press("Escape")
    page.wait_for_url("**/map/small?**mark=red**")


def test_black_and_white_is_one_press_away(address, page):
    page.goto(f"{address}/print/small?mark=red")
    page.locator("#ink").click()
    page.wait_for_url("**ink=black**")
    expect(page.locator("main svg")).to_have_attribute("data-ink", "black")
    expect(page.locator(".mark")).to_have_count(4)
    page.locator("#ink").click()
    expect(page.locator("main svg")).to_have_attribute("data-ink", "colour")


def test_labels_as_the_browser_sets_them_do_not_overlap(address, page):
    page.goto(f"{address}/print/small")
    texts = page.evaluate(TEXTS)
    assert len(texts) > 15
    for i, (one, left, top, right, bottom) in enumerate(texts):
        for other, west, north, east, south in texts[:i]:
            overlap = min(right, east) - max(left, west), min(bottom, south) - max(top, north)
            assert min(overlap) < 0.15, f"{one} and {other} overlap by {overlap} mm"


def test_hostile_titles_make_no_elements(address, page):
    page.goto(f"{address}/print/small")
    assert page.locator("main b").count() == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/print/nowhere", 404),
        ("/print/small?grid=micro:none", 400),
        ("/print/small?mark=blue", 400),
        ("/print/small?view=1,2", 400),
        ("/print/small?ink=pink", 400),
    ],
)
def test_what_cannot_be_printed_says_why(address, page, path, status):
    answer = page.goto(address + path)
    assert answer.status == status
    expect(page.locator("h1")).not_to_be_empty()
    assert page.locator("svg").count() == 0
