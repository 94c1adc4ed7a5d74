"""The map document in a real browser: what is drawn, what is fetched, what hands and keys do."""

import json
import re
import urllib.request
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import PATIENCE, expect, reads, says, until, window
from map_server import serving
from small_pack import write_small_pack

pytestmark = pytest.mark.browser

DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"  # what was asked for
HOSTILE = '<img src=x onerror="window.hacked=1"><b>井盖</b>'


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    packs = (write_small_pack(folder / "small"), write_small_pack(folder / "hostile", title=HOSTILE))
    with serving(packs) as base:
        for area in ("longnan", "dc"):  # read before anybody waits for them
            urllib.request.urlopen(f"{base}/live/{area}", timeout=5 * PATIENCE).close()
        yield base


class Visit:
    """A page, with every request and complaint that it made."""

    def __init__(self, browser, address, *, width=1366, height=768, **context):
        self.address = address
        self.context = window(browser, width, height, **context)
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type in {"error", "warning"} else None,
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path):
        self.page.goto(self.address + path)
        self.page.wait_for_selector('html[data-ready="1"]', state="attached")
        return self

    def tell(self, script, argument=None):
        return self.page.evaluate(script, argument)

    def drawn(self):
        return self.tell("() => battlemap.drawn()")

    def place(self, script):
        """Return where a place of the plane, found by a script, is on the screen."""
        return self.tell(
            f"() => {{ const at = ({script})(battlemap.model); const p = battlemap.model.map.latLngToContainerPoint(battlemap.model.plane.latLng(at.x, at.y)); const r = battlemap.model.map.getContainer().getBoundingClientRect(); return [p.x + r.left, p.y + r.top]; }}"
        )

    def click(self, script):
        self.page.mouse.click(*self.place(script))

    def until(self, read, wanted=True):
        """Wait until what is read is what is wanted: a script, or a function."""
        until(self.page, (lambda: self.tell(read)) if isinstance(read, str) else read, wanted)
        return self

    def until_drawn(self, **wanted):
        """Wait until so much is drawn of what is named."""
        return self.until(lambda: {name: self.drawn()[name] for name in wanted}, wanted)

    def says(self, selector, *texts):
        says(self.page, selector, *texts)
        return self

    def reads(self, selector, text):
        reads(self.page, selector, text)
        return self

    @property
    def foreign(self):
        host = urlsplit(self.address).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"} and urlsplit(url).netloc != host
        ]


@pytest.fixture
def visit(browser, address):
    made = []

    def make(path="/map/small?embed=1", **options):
        found = Visit(browser, address, **options)
        made.append(found)
        return found.open(path)

    yield make
    for found in made:
        found.context.close()


def live(visit, area="small", query=""):
    return visit.page.request.get(f"{visit.address}/live/{area}?{query}").json()


@pytest.mark.parametrize(
    "path", ["/map/small?embed=1", "/map/small?theme=dark", "/map/longnan?lang=en", "/map/dc?embed=1&lang=en"]
)
def test_what_is_drawn_is_what_the_live_data_say_stacks_included(visit, path):
    page = visit(path)
    told = live(page, urlsplit(path).path.split("/")[2])
    placed = Counter(row[3] for row in told["incidents"])
    page.until_drawn(**dict.fromkeys(told["counts"], 0) | placed)
    assert sum(told["counts"].values()) == placed.total() + told["hidden"]
    assert page.complaints == []
    assert page.foreign == []


def test_the_drawn_count_follows_the_filter_in_the_address(visit):
    page = visit("/map/small?embed=1&mark=red&grid=third:1")
    page.until_drawn(**live(page, query="mark=red&grid=third:1")["counts"])
    assert page.drawn()["green"] == 0
    assert page.drawn()["red"] > 0


def test_marks_at_one_place_stack_and_none_is_lost_at_any_zoom(visit):
    page = visit()
    for zoom in (13, 15, 17, 19):
        page.tell("zoom => battlemap.model.map.setZoom(zoom, {animate: false})", zoom)
        page.tell(DRAWN)
        page.until_drawn(red=6, yellow=3, green=5)
        page.until("() => battlemap.drawn().stacks + battlemap.drawn().chips > 0")


def test_zoomed_out_the_grids_carry_the_colour_and_zoomed_in_the_marks(visit):
    page = visit()
    page.tell("() => battlemap.model.map.setZoom(12.5, {animate: false})")
    page.until_drawn(mode="grids")
    page.tell("() => battlemap.model.map.setZoom(17, {animate: false})")
    page.until_drawn(mode="marks")


def test_a_stack_fans_out_and_a_mark_of_it_opens_its_card(visit):
    page = visit()
    page.click("m => m.layout.stacks.find(s => s.items.length > 1)")
    page.until("() => battlemap.model.fan && battlemap.model.fan.places.length", 4)
    page.click("m => ({x: m.fan.x + m.fan.places[1][0] / m.view.s, y: m.fan.y + m.fan.places[1][1] / m.view.s})")
    page.says(".card:not([hidden])", "井盖破损")
    page.page.keyboard.press("Escape")
    page.until("() => battlemap.model.fan", None)


def test_a_click_on_a_grid_opens_its_card_and_a_dedicated_grid_comes_first(visit):
    page = visit()
    page.click("m => ({x: m.leaf.anchors[1].x, y: m.leaf.anchors[1].y + 60})")
    expect(page.page.locator(".card:not([hidden]) h2")).to_have_text(re.compile("^1-02"))
    page.click("m => m.overlays[0].anchors[0]")
    page.says(".card", "第一小学")


def test_text_from_outside_stays_text(visit):
    page = visit("/map/hostile?embed=1")
    page.click("m => m.layout.stacks.find(s => s.items.length === 1)")
    page.says(".card:not([hidden])", "<b>井盖</b>")
    wall = visit("/map/hostile?theme=dark", width=1920, height=1080)
    wall.says(".rail", "<b>井盖</b>")
    assert not page.tell("() => window.hacked")
    assert not wall.tell("() => window.hacked")
    assert wall.tell("() => document.querySelectorAll('.rail img, .card img').length") == 0


def test_the_search_flies_there_and_opens_the_card(visit):
    page = visit()
    page.page.keyboard.press("/")
    page.page.wait_for_selector(".search input:focus")
    page.page.keyboard.type("便民超市", delay=10)
    page.page.wait_for_selector(".found li[role=option]:has-text('便民超市')")
    page.page.keyboard.press("Enter")
    page.until(
        "() => { const c = battlemap.model.map.getCenter(), x = c.lng - 113.603; return 0 < x && x < 2e-3 && Math.abs(c.lat - 34.7524) < 1e-4; }"
    )  # it stands to the left of its card
    page.says(".card", "便民超市")


def test_a_search_that_finds_nothing_says_so(visit):
    page = visit()
    page.page.fill(".search input", "<i>zzz")
    page.page.wait_for_selector(".found .empty")
    page.says(".found", "<i>zzz")


def test_layers_are_toggled_by_key_and_by_mouse(visit):
    page = visit()
    page.page.keyboard.press("l")
    page.page.uncheck('input[name="marks"]')
    page.until_drawn(red=0)
    page.page.check('input[name="marks"]')
    page.until_drawn(red=6)
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector('[data-panel="layers"]', state="hidden")


def test_view_selection_and_filter_live_in_the_address(visit):
    page = visit("/map/small?lang=zh")
    page.tell("() => battlemap.model.map.setView([34.7521, 113.6031], 17.5, {animate: false})")
    page.tell("() => battlemap.model.select({kind: 'third', code: '2'})")
    page.page.wait_for_selector(".card:not([hidden])")
    page.page.click(".card .primary")
    page.page.wait_for_function("() => battlemap.drawn().red < 6")
    for said in ("view=34.752100,113.603100,17.50", "at=third:2", "grid=third:2"):
        page.until(lambda said=said: said in page.page.url)
    again = visit("/map/small?" + page.page.url.split("?")[1])
    again.until("() => battlemap.model.map.getZoom()", 17.5)
    again.page.wait_for_selector(".card:not([hidden])")
    again.until(again.drawn, page.drawn()).says(".notice", "三级网格 2")


@pytest.mark.parametrize(("language", "word"), [("zh", "上报流转"), ("en", "Reported up")])
def test_the_page_speaks_the_language_asked_for(visit, language, word):
    page = visit(f"/map/small?lang={language}", width=1920, height=1080)
    page.says(".board", word)
    if language == "en":
        assert not re.search(
            r"[一-鿿]",
            page.page.inner_text(".foot .keys")
            + page.page.inner_text(".board")
            + " ".join(page.page.eval_on_selector_all(".tool", "all => all.map(e => e.title)")),
        )


def test_a_new_red_mark_draws_the_eye_and_the_view_stays(visit):
    page = visit()
    before = page.tell("() => [battlemap.model.map.getCenter().lat, battlemap.model.map.getZoom()]")
    delta = {
        **live(page),
        "version": 2,
        "reset": False,
        "removed": ["SMALL-20260301-0001"],
        "incidents": [
            ["SMALL-20260301-0099", 113.604, 34.752, "red", "litter", "2-02", "新", "2026-03-01T09:00:00+08:00", ""]
        ],
    }
    fresh = page.tell("delta => { battlemap.model.live.apply(delta); return battlemap.model.fresh.length; }", delta)
    assert fresh == 1
    page.tell(DRAWN)
    page.until_drawn(red=6)
    page.until("() => battlemap.model.fresh.length", 0)
    assert page.tell("() => [battlemap.model.map.getCenter().lat, battlemap.model.map.getZoom()]") == before


def test_the_data_age_is_shown_and_a_lost_connection_at_once(visit):
    page = visit()
    page.says(".corner .age", "2026-03-01 08:13")
    page.page.route("**/live/**", lambda route: route.abort())
    page.tell(
        "async () => { const m = battlemap.model; m.live.hush(); m.live.answered -= 1000 * (m.data.stale_after + 1); await m.live.poll(); }"
    )
    page.page.wait_for_selector(".corner .age[data-state=lost]")
    page.page.unroute("**/live/**")
    page.tell("() => battlemap.model.live.poll()")
    page.page.wait_for_selector(".corner .age[data-state=live]")


def test_a_filter_is_said_in_words(visit):
    page = visit(
        "/map/small?class=litter,L3&status=in_hand,dispatched&duty=head:third:2&days=7", width=1920, height=1080
    )
    page.reads(".notice span", "已筛选 · 事件、矛盾纠纷 · 近 7 天 · 处置中、已派遣 · 三级网格 2")


def test_a_wall_says_what_is_counted_and_has_no_mark_and_that_it_is_a_demonstration(visit):
    page = visit("/map/small?theme=dark", width=1920, height=1080)
    assert page.page.is_hidden(".demo")
    assert page.page.locator(".hidden-count").count() == 0
    both = "delta => { battlemap.model.live.apply(delta); battlemap.model.changed(); }"  # nothing comes between
    page.tell(both, {**live(page), "hidden": 3, "demo": True})
    page.says(".hidden-count", "3").reads(".demo", "演示")


def test_a_card_of_an_incident_leads_to_its_case_sheet(visit):
    page = visit("/map/small?at=incident:SMALL-20260301-0005")
    link = page.page.locator(".card a.primary")
    expect(link).to_have_attribute("href", "/case?area=small&case=SMALL-20260301-0005&lang=zh")
    expect(link).to_have_attribute("target", "_blank")


def test_the_map_asks_for_what_changed_and_not_for_all(visit):
    page = visit()
    with page.page.expect_request("**/live/**") as asked:
        page.tell("() => battlemap.model.live.poll()")
    query = parse_qs(urlsplit(asked.value.url).query)
    assert {"since", "at", "pack"} <= set(query)
    told = page.page.request.get(asked.value.url).json()
    assert (told["reset"], told["incidents"], told["removed"]) == (False, [], [])
    page.until_drawn(red=6)


def test_a_filter_that_is_not_understood_is_named(visit):
    page = visit("/map/small?embed=1&days=never")
    page.says(".notice", "days=never")


HOST = """<!doctype html><iframe id="inner" src="/map/small?embed=1" style="width:900px;height:600px"></iframe><script>
window.heard = [];
addEventListener("message", (event) => heard.push(event.data));
const say = (message) => document.getElementById("inner").contentWindow.postMessage(Object.assign({source: "battlemap"}, message), location.origin);
</script>"""


def test_the_host_filters_flies_and_hears_of_clicks(browser, address):
    context = window(browser)
    page = context.new_page()
    page.route("**/host", lambda route: route.fulfill(body=HOST, content_type="text/html"))
    page.goto(f"{address}/host")
    page.wait_for_function("() => heard.some(m => m.type === 'ready')")
    page.evaluate("() => say({type: 'filter', query: 'mark=yellow'})")
    page.wait_for_function("() => document.getElementById('inner').contentWindow.battlemap.drawn().red === 0")
    page.evaluate("() => say({type: 'fly', kind: 'third', code: '3'})")
    page.wait_for_function("() => heard.some(m => m.type === 'select' && m.kind === 'third' && m.code === '3')")
    page.wait_for_function("() => heard.some(m => m.type === 'view' && m.zoom > 0)")
    page.frame_locator("#inner").locator(".card .primary").click()
    page.wait_for_function("() => heard.some(m => m.type === 'only' && m.key === 'third' && m.code === '3')")
    context.close()


@pytest.mark.parametrize(
    ("width", "height", "ratio"), [(1366, 768, 1), (1920, 1080, 2), (3840, 2160, 1), (390, 844, 2)]
)
@pytest.mark.parametrize("query", ["embed=1", "theme=dark"])
def test_nothing_spills_over_on_any_screen(visit, width, height, ratio, query):
    page = visit(f"/map/small?{query}", width=width, height=height, device_scale_factor=ratio)
    page.until("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]", [width, height])
    page.until(
        "() => [...document.querySelectorAll('.tool, .search')].every(e => { const r = e.getBoundingClientRect(); return !r.width || (r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight); })"
    )
    assert page.complaints == []


def test_text_on_a_wall_is_large_enough_for_six_metres(visit):
    page = visit("/map/small?theme=dark", width=3840, height=2160)
    sizes = page.tell(
        "() => Object.fromEntries(['.list .item-label', '.board span', '.foot .key', '.list .lead'].map(s => [s, parseFloat(getComputedStyle(document.querySelector(s)).fontSize)]))"
    )
    assert sizes[".list .item-label"] >= 2160 / 45
    assert sizes[".board span"] >= 2160 / 45
    assert min(sizes.values()) >= 2160 / 60


def test_the_page_sends_what_a_strict_policy_allows(visit):
    page = visit()
    policy = page.page.request.get(page.address + "/map/small").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert json.dumps(page.complaints) == "[]"


def test_what_is_overdue_says_since_when_the_longest_first(visit):
    page = visit("/map/small?theme=dark", width=1920, height=1080)
    page.reads(".lead.late", "超 8 分钟").reads(".rail .item-detail", "2-01")


def test_a_wall_at_rest_shows_no_controls_until_a_hand_moves(visit):
    page = visit("/map/small?theme=dark", width=1920, height=1080)
    page.page.wait_for_selector("body.resting")
    page.page.mouse.move(700, 500)
    page.page.wait_for_selector("body:not(.resting)")


def test_the_head_of_a_wall_is_never_cut(visit):
    for width, height, shown in ((1000, 700, 0), (3840, 2160, 3)):
        page = visit("/map/small?theme=dark&lang=en", width=width, height=height)
        page.until(f"() => document.querySelectorAll('.levels span:not([hidden])').length >= {shown}")
        page.until(
            "() => ['.head', '.levels'].every(s => { const e = document.querySelector(s); return e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight <= e.clientHeight + 1; })"
        )


def test_a_part_of_the_area_is_printed_as_the_window_shows_it(visit):
    page = visit("/map/small?view=34.7521,113.6031,17.5")
    page.page.click('[data-tool="print"]')
    with page.page.context.expect_page() as opened:
        page.page.click(".choice >> nth=1")
    opened.value.wait_for_url("**view=34.752100%2C113.603100%2C**")
