"""One console on a phone, a desk and a wall: what each shows of the same cases."""

import pytest
from chromium import expect, window
from desk_browser import Desk, reported

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def numbers(room):
    return [reported(room, text, place=place).number for place, text in enumerate(("井盖破损", "垃圾满溢"))]


@pytest.fixture
def desk(browser, numbers, console):
    contexts = []

    def sit(language="zh", **screen):
        contexts.append(window(browser, **screen))
        return Desk(contexts[-1], console, language=language)

    yield sit
    for context in contexts:
        context.close()


def test_on_a_phone_the_table_is_a_list_whose_rows_open_the_case(desk, numbers):
    page = desk(**PHONE).open("/cases", ".bm-cards").page
    expect(page.locator(".bm-cards li")).to_have_count(2)
    expect(page.locator(".bm-cards li").first).to_contain_text("垃圾满溢")
    expect(page.locator(".stDataFrame")).to_be_hidden()
    expect(page.locator(".bm-cards .bm-mark.bm-red")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click(f".bm-cards a:has-text('{numbers[0]}')")
    expect(page.locator(".bm-head h1")).to_contain_text("井盖破损")


def test_at_a_desk_the_list_gives_way_to_the_table(desk):
    page = desk(width=1366, height=768).open("/cases", ".stDataFrame").page
    expect(page.locator(".bm-cards")).to_be_hidden()


@pytest.mark.parametrize("path", ["/duty", "/posts", "/facts"])
def test_on_a_phone_the_page_that_is_shown_stands_in_the_line_of_pages(desk, path):
    page = desk(**PHONE).open(path, f".st-key-{path[1:]}").page
    expect(page.locator(".st-key-nav a[disabled]")).to_be_in_viewport(ratio=0.75)


@pytest.mark.parametrize(("width", "height", "area"), [(1920, 1080, 200), (3840, 2160, 400)])
def test_fields_grow_with_the_screen(desk, width, height, area):
    page = desk(width=width, height=height).open("/inbox", ".st-key-inbox").page
    page.wait_for_function(
        "wanted => Math.round(document.querySelector('[class*=st-key-area_choice] .stSelectbox').getBoundingClientRect().width) === wanted",
        arg=area,
    )
