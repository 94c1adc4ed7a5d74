"""The console in a real browser, served as a user serves it: ``battlemap serve``, from a folder of their own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import COMPLETE, PATIENCE, holds, pick, reads, says, until, window
from console_server import ROOT, answering, ended, free_port, served, started
from rooms import DISPATCHER, NOON
from small_pack import write_small_pack

from incidents.lifecycle import Act, Entry
from ledger.store import open_ledger

pytestmark = pytest.mark.browser

FRAME = ".bm-map iframe"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    write_small_pack(folder / "small")
    for name, text in {
        "bad_toml": "name = ",
        "no_grids": 'name = "空网格"\nsynthetic = true\n[[levels]]\nkey = "micro"\nname = "微网格"\nfile = "micro.geojson"\ncode = "code"\n',
        "misdeclared": 'name = "错声明"\ncrs = "EPSG:99999"\n[[levels]]\nkey = "Micro!"\nname = "微网格"\nfile = "micro.geojson"\n',
    }.items():
        (folder / name).mkdir()
        (folder / name / "area.toml").write_text(text, encoding="utf-8")
    (folder / "no_grids" / "micro.geojson").write_text("not JSON", encoding="utf-8")
    with served(tmp_path_factory.mktemp("home"), "--area", "small", BATTLEMAP_PACKS=str(folder)) as found:
        yield found


class Visit:
    """A page of the console, with every request that it made to another machine, which is aborted, and every complaint."""

    def __init__(self, context, address):
        self.address, self.context, self.outside, self.complaints = address, context, [], []
        self.page = context.new_page()
        self.page.route(lambda url: urlsplit(url).netloc != urlsplit(address).netloc, self._outside)
        self.page.on(
            "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _outside(self, route):
        self.outside.append(route.request.url)
        route.abort()

    def open(self, path="/", wait=FRAME):
        self.page.goto(self.address + path)
        self.page.wait_for_selector(wait)
        if wait == FRAME:
            self.map().wait_for_selector('html[data-ready="1"]', state="attached")
        return self

    def map(self):
        return self.page.wait_for_selector(FRAME).content_frame()

    def query(self):
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def until(self, read, wanted=True):
        """Wait until what is read is what is wanted."""
        until(self.page, read, wanted)

    def until_query(self, **wanted):
        """Wait until the address says so; None: until it does not name it."""
        self.until(lambda: {name: self.query().get(name) for name in wanted}, wanted)
        return self.query()

    def says(self, selector, *texts):
        """Wait until a part of the page says each of the texts, among others."""
        says(self.page, selector, *texts)

    def counts(self):
        """Return the counts on the board, None for a mark that is filtered away."""
        texts = {mark: self.page.inner_text(f".bm-count.bm-{mark} b") for mark in ("red", "yellow", "green")}
        return {mark: int(text.replace(",", "")) if text != "—" else None for mark, text in texts.items()}

    def until_counts(self, red, yellow, green):
        self.until(self.counts, {"red": red, "yellow": yellow, "green": green})

    def drawn(self):
        found = self.map().evaluate("() => battlemap.drawn()")
        return {mark: found[mark] for mark in ("red", "yellow", "green")}

    def until_agreed(self):
        """Wait until the map draws what the board counts."""
        self.until(lambda: self.drawn() == {mark: number or 0 for mark, number in self.counts().items()})


@pytest.fixture(scope="module")
def desk(browser):
    """One visitor, whose browser keeps what it has loaded."""
    context = window(browser)
    yield context
    context.close()


@pytest.fixture
def visit(browser, desk, address):
    """Make visits: by the one visitor, or, with options, each by a new one."""
    made, contexts = [], []

    def new(*, width=1366, height=768, fresh=False, **options):
        context = desk
        if fresh or options or (width, height) != (1366, 768):
            context = window(browser, width, height, **options)
            contexts.append(context)
        made.append(Visit(context, address))
        return made[-1]

    yield new
    for one in made:
        one.page.close()
    for context in contexts:
        context.close()


def test_it_opens_on_the_first_area_and_asks_nothing_of_another_machine(visit):
    page = visit(fresh=True).open()
    page.until_query(area="small")
    page.until_counts(6, 3, 5)
    page.page.click(".st-key-nav >> text=更多")
    page.page.click("text=底数与检查")
    page.page.wait_for_selector(".st-key-facts table")
    assert page.outside == []
    assert page.complaints == []


@pytest.mark.parametrize(("width", "height", "text"), [(1366, 768, 14), (3840, 2160, 28)])
def test_the_page_does_not_scroll_the_map_fills_it_and_text_grows(visit, width, height, text):
    found = visit(width=width, height=height).open()
    found.until_counts(6, 3, 5)
    page = found.page
    sizes = "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    found.until(lambda: page.evaluate(sizes), [height, width])
    found.until(lambda: page.evaluate("(m => m.scrollHeight - m.clientHeight)(document.querySelector('.stMain')) <= 0"))
    frame = page.query_selector(FRAME)
    found.until(lambda: corner(frame.bounding_box()), (width, height))
    box = frame.bounding_box()
    assert box["width"] > 0.75 * width
    assert box["height"] > 0.9 * height
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == text


def corner(box):
    """Return where a box ends."""
    return box["x"] + box["width"], box["y"] + box["height"]


def test_on_a_phone_the_map_comes_first_and_nothing_is_cut_off(visit):
    found = visit(width=390, height=844, has_touch=True, is_mobile=True).open()
    found.until_counts(6, 3, 5)
    page = found.page
    found.until(lambda: page.evaluate("document.documentElement.scrollWidth"), 390)
    page.wait_for_selector(COMPLETE)
    map_box, board_box = page.query_selector(FRAME).bounding_box(), page.query_selector(".bm-counts").bounding_box()
    assert map_box["y"] + map_box["height"] <= board_box["y"]
    assert map_box["height"] > 400
    assert all(
        button.bounding_box()["height"] >= 44 for button in page.query_selector_all(".bm-count, .bm-board li button")
    )


def test_the_board_and_the_map_agree_under_every_filter(visit):
    page = visit().open()
    page.until_agreed()
    for query in (
        "grid=third:2",
        "grid=micro:3-04",
        "mark=red",
        "days=1",
        "grid=dedicated:专2",
        "class=litter&mark=yellow,green",
    ):
        page.open(f"/?area=small&{query}").until_agreed()


def test_a_press_on_a_count_filters_without_loading_the_map_again(visit):
    page = visit().open()
    page.map().evaluate("window.kept = true")
    page.page.click("[data-mark=red]")
    page.until_query(mark="red")
    page.until_counts(6, None, None)
    page.until(page.drawn, {"red": 6, "yellow": 0, "green": 0})
    page.page.click("[data-mark=green]")
    page.until_query(mark="red,green")
    page.page.click("[data-mark=yellow]")
    page.until_query(mark=None)
    assert page.map().evaluate("window.kept") is True


def test_the_view_stays_in_the_address_when_filters_change(visit):
    page = visit().open()
    page.map().evaluate("battlemap.model.map.setView([34.7526, 113.6041], 17)")
    view = page.until_query(view="34.75260,113.60410,17.00")["view"]
    page.page.click("[data-mark=red]")
    page.until_query(mark="red", view=view)
    page.page.click("text=7 天")
    page.until_query(days="7", mark="red", view=view)
    page.page.click("text=清除筛选")
    page.until_query(days=None, mark=None, view=view)


def view_of(page, place=5, zoom=2):
    """Return what the map shows as an address would say it, to so many digits."""
    return page.map().evaluate(
        f"(m => [m.getCenter().lat.toFixed({place}), m.getCenter().lng.toFixed({place}), m.getZoom().toFixed({zoom})].join())(battlemap.model.map)"
    )


def test_a_copied_address_shows_the_same(visit):
    page = visit().open("/?area=small&grid=third:1&mark=red&days=30")
    page.map().evaluate("battlemap.model.map.setView([34.7526, 113.6041], 17)")
    start = page.until_query(view="34.75260,113.60410,17.00")["view"]
    page.page.click("[data-fly]")
    page.until_query(at="incident:SMALL-20260301-0004")
    page.until(lambda: start != page.query()["view"] == view_of(page))  # the flight ended
    said = page.query()
    other = visit().open(page.page.url.removeprefix(page.address))
    other.until_query(**said)
    other.until(other.counts, page.counts())
    holds(other.page, "[class*=st-key-grid_choice] input", "1 · 三级网格")
    other.until(lambda: other.map().evaluate("battlemap.model.selected.code"), "SMALL-20260301-0004")
    other.until(lambda: view_of(other, 4, 1), view_of(page, 4, 1))


def test_a_press_in_a_list_flies_there(visit):
    page = visit().open()
    page.page.click("[data-fly][data-code='SMALL-20260301-0005']")
    page.until_query(at="incident:SMALL-20260301-0005")
    page.map().wait_for_selector("text=已派遣")
    page.until(lambda: "view" in page.query())


def test_only_this_grid_in_a_card_filters_board_and_map(visit):
    page = visit().open()
    page.map().evaluate("battlemap.model.only('third', '2')")
    page.until_query(grid="third:2")
    holds(page.page, "[class*=st-key-grid_choice] input", "2 · 三级网格")
    page.until_agreed()


def test_a_message_of_another_window_is_not_heard(visit):
    page = visit().open()
    page.page.evaluate(
        "window.postMessage({source: 'battlemap', type: 'only', key: 'third', code: '2'}, location.origin)"
    )
    page.page.wait_for_timeout(500)  # it would be heard now
    assert "grid" not in page.query()


def test_a_grid_is_chosen_by_typing(visit):
    page = visit().open()
    pick(page.page, "[class*=st-key-grid_choice]", "2-03")
    page.until_query(grid="micro:2-03")
    page.until_counts(0, 1, 0)


def test_a_filter_that_matches_nothing_says_so_and_leads_back(visit):
    page = visit().open("/?area=small&grid=micro:1-01")
    page.says(".bm-empty", "没有符合筛选条件的事件")
    page.until_counts(0, 0, 0)
    page.page.click("text=清除筛选")
    page.until_query(grid=None)
    page.page.wait_for_selector(".bm-empty", state="detached")
    page.until_counts(6, 3, 5)


@pytest.mark.parametrize("query", ["grid=micro:9-99", "mark=blue"])
def test_a_filter_that_makes_no_sense_is_named_and_leads_back(visit, query):
    page = visit().open(f"/?area=small&{query}", wait=".bm-trouble")
    page.says(".bm-trouble", "无法识别地址中的筛选条件", query)
    page.page.click("text=清除筛选")
    page.page.wait_for_selector(".bm-trouble", state="detached")
    page.until_counts(6, 3, 5)


def test_an_unknown_area_is_named_and_leads_back(visit):
    page = visit().open("/?area=nowhere", wait=".bm-trouble")
    page.says("h1", "没有名为“nowhere”的区域")
    page.page.click(".bm-back >> text=小网格")
    page.page.wait_for_selector(FRAME)
    page.until_query(area="small")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("bad_toml", ["area.toml", "TOML"]),
        ("no_grids", ["micro.geojson", "空网格"]),
        ("misdeclared", ["EPSG:99999", "Micro!", "'code' is missing"]),
    ],
)
def test_a_pack_that_cannot_be_read_is_named_with_its_file_and_the_others_go_on(visit, name, texts):
    page = visit().open(f"/?area={name}", wait=".bm-trouble")
    page.says(".bm-trouble", *texts, f"battlemap check {name}")
    page.page.click("[class*=st-key-area_choice] input")
    page.page.get_by_role("option", name="小网格").click()
    page.page.wait_for_selector(FRAME)
    page.until_query(area="small")
    page.until_counts(6, 3, 5)


def test_another_area_keeps_marks_and_days_and_forgets_grid_view_and_selection(visit, address):
    urllib.request.urlopen(
        f"{address}/live/dc", timeout=PATIENCE
    ).close()  # its first visitor waits for its incidents to be taken in
    page = visit().open("/?area=dc&grid=smd:1A01&mark=red&view=38.9,-77.0,15&at=smd:1A01")
    page.page.click("[class*=st-key-area_choice] input")
    page.page.get_by_role("option", name="小网格").click()
    said = page.until_query(area="small", grid=None, at=None, mark="red")
    assert not said.get("view", "").startswith("38")
    page.until_counts(6, None, None)


def test_english_and_back(visit):
    page = visit().open()
    page.page.click(".st-key-language_choice >> text=EN")
    page.until_query(lang="en")
    page.page.wait_for_selector("text=Reported up")
    page.map().wait_for_selector('html[lang="en"]', state="attached")
    page.until(lambda: page.page.evaluate("document.documentElement.lang"), "en")
    page.says(".st-key-nav", "Cases", "More")
    page.page.wait_for_selector(COMPLETE)
    assert not re.search("[一-鿿]", page.page.inner_text(".st-key-head").replace("中文", "").replace("Small net", ""))
    page.page.click(".st-key-language_choice >> text=中文")
    page.until_query(lang="zh", area="small")
    page.page.wait_for_selector("text=上报流转")
    reads(page.page, '[data-testid="stSkipToContent"]', "跳到主要内容")


def test_a_filter_says_the_same_in_both_languages(visit):
    page = visit().open("/?area=small&grid=third:2&class=litter")
    page.page.click(".st-key-language_choice >> text=EN")
    page.until_query(lang="en")
    holds(page.page, "[class*=st-key-grid_choice] input", "2 · third-level grids")
    page.until_query(**{"lang": "en", "grid": "third:2", "class": "litter"})


def test_a_bookmarked_page_comes_with_its_frame(visit):
    page = visit().open("/facts?area=small&lang=en", wait=".st-key-facts table")
    page.page.wait_for_selector(".st-key-head")
    page.says(".st-key-facts", "Small net", "battlemap check small")
    page.page.click(".st-key-nav >> text=Map")
    page.page.wait_for_selector(FRAME)
    page.until_query(area="small", lang="en")


def test_dark_and_light(visit):
    page = visit(fresh=True).open()
    background = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    page.until(lambda: page.page.evaluate(background), "rgb(255, 255, 255)")
    page.page.click("[data-theme-switch]")
    page.until_query(theme="dark")
    page.until(lambda: page.page.evaluate(background), "rgb(17, 26, 37)")
    page.until(lambda: page.map().get_attribute("html", "data-theme"), "dark")


def test_an_unknown_page_is_said_in_both_languages(visit):
    page = visit()
    page.page.goto(page.address + "/no/such/page")
    page.says("h1", "没有这个页面")
    page.says("h2", "There is no such page")


def test_the_ways_out_lead_to_the_wall_of_the_grid_that_is_shown_and_to_paper_with_the_filter(visit):
    page = visit().open("/?area=small&mark=red&grid=third:1")
    page.map().evaluate("battlemap.model.map.setView([34.7526, 113.6041], 17)")
    page.until_query(view="34.75260,113.60410,17.00")
    opened = {}
    for text in ("大屏", "打印"):
        with page.context.expect_page() as other:
            page.page.click(f".bm-ways >> text={text}")
        opened[text] = other.value
    opened["大屏"].wait_for_selector('html[data-ready="1"]', state="attached")
    assert urlsplit(opened["大屏"].url).path == "/wall/small"
    opened["大屏"].wait_for_function("battlemap.model.filter.grid === 'third:1'")
    paper = urlsplit(opened["打印"].url)
    assert paper.path == "/print/small"
    assert parse_qs(paper.query)["mark"] == ["red"]


def test_board_and_map_follow_the_ledger_a_card_leads_to_the_case_sheet_and_it_stops_with_a_page_open(
    browser, tmp_path
):
    """Another process changes a case: nobody touches the page, and both say so."""
    pack = write_small_pack(tmp_path / "small")
    context = window(browser)
    process, base = started(tmp_path, "--area", str(pack))
    try:
        page = Visit(context, base).open()
        page.until_counts(6, 3, 5)
        page.map().evaluate("window.kept = true")
        ledger = open_ledger(tmp_path / "var")
        cancel = Entry(Act.CANCEL, DISPATCHER, NOON, {"reason": "twice"})
        ledger.change(lambda writing: writing.act("small", "SMALL-20260301-0001", cancel))
        ledger.close()
        page.until_counts(5, 3, 5)
        page.until_agreed()
        assert page.map().evaluate("window.kept") is True
        page.page.click("[data-fly][data-code='SMALL-20260301-0005']")
        page.map().click(".card a.primary")
        page.page.wait_for_url("**/case?**")
        page.until_query(case="SMALL-20260301-0005")
        assert page.complaints == []
        start = time.monotonic()
        said = ended(process, signal.SIGINT)
        assert time.monotonic() - start < 20, "it does not wait for the pages that are open"
    finally:
        context.close()
        process.kill()
    assert base in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_and_an_area_that_is_not_there_are_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, str(ROOT / "cli.py"), "serve", "--area", "dc", "--port", str(port)]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert said.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in said.stderr
    said = subprocess.run(
        [*command[:3], "--area", "nowhere"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert said.returncode == 1
    assert "There is no area 'nowhere'" in said.stderr


def test_streamlit_run_serves_the_same(browser, tmp_path):
    write_small_pack(tmp_path / "small")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={
            **os.environ,
            "BATTLEMAP_PACKS": str(tmp_path),
            "BATTLEMAP_AREA": "small",
            "BATTLEMAP_DATA_DIR": str(tmp_path / "var"),  # its own, where nobody has an account
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    context, address = window(browser), f"http://localhost:{port}"
    try:
        answering(process, address)
        page = Visit(context, address).open("/facts", wait=".st-key-facts table")
        page.page.wait_for_selector(".st-key-head")
        page.says(".st-key-facts", "battlemap check small")
        assert page.outside == []
    finally:
        context.close()
        said = ended(process)
    assert "External URL" not in said, "Streamlit asked a service outside for its address"


HOSTS = """async () => {
  const { map } = await import(document.querySelector('script[src*="/assets/"]').src.replace(/[^/]+$/, "console.js"));
  const data = { area: "small", language: "zh", query: "", title: "", home: null };
  const host = () => {
    const element = document.body.appendChild(document.createElement("div"));
    element.innerHTML = '<div class="bm-map"></div>';
    return element;
  };
  const hand = (parentElement) => map({ data, parentElement, setTriggerValue() {} });
  const [first, second] = [host(), host()];
  hand(first);
  hand(second);
  first.remove();
  hand(first);
  const found = [first, second].map((element) => element.querySelectorAll("iframe").length);
  second.remove();
  return found;
}"""


def test_a_map_stands_in_each_place_that_holds_one_while_streamlit_puts_a_page_in_the_place_of_another(visit):
    page = visit().open().page
    assert page.evaluate(HOSTS) == [1, 1], "one in the place that went, one in the place that stays"
