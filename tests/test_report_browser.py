"""The report form in a real browser: four ways to a place, what it would become, bad input, and nothing that was typed is lost."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from chromium import COMPLETE
from desk_browser import Desk, jpeg, reported, seats

from data import rules
from desk.mediation import mediation_of
from incidents.classes import Directory
from incidents.lifecycle import Act
from incidents.model import Channel, Status, Urgency
from ledger import find
from pages.parts.what import MOST

pytestmark = pytest.mark.browser

WORKER = "head:micro:41010299900100101"
SHIPPED = Directory.from_table(rules.read("classes"))
ZONE = ZoneInfo("Asia/Shanghai")
BECOMES = ".bm-becoming div:has(dt:text-is('{}')) dd"


class Form(Desk):
    """The report form, before somebody."""

    def start(self):
        self.open("/report", ".bm-pick iframe")
        self.map().wait_for_selector("html[data-ready='1'] .picking")
        self.page.wait_for_selector(".st-key-save_report button")
        return self

    def map(self):
        return self.page.wait_for_selector(".bm-pick iframe").content_frame()

    def press_map(self, lon, lat):
        """Press the map at a place."""
        x, y = self.map().evaluate(
            f"() => {{ const p = battlemap.model.map.latLngToContainerPoint([{lat}, {lon}]); return [p.x, p.y]; }}"
        )
        box = self.page.query_selector(".bm-pick iframe").bounding_box()
        self.page.mouse.click(box["x"] + x, box["y"] + y)
        self.page.wait_for_selector(".bm-becoming")
        return self

    def choose(self, name):
        self.page.click(f".st-key-report_form .stButtonGroup button:has-text('{name}')")
        return self

    def found(self, word):
        """Wait until the classes that a word finds are offered, and no others: what is pressed sooner is replaced under the finger."""
        wanted = [entry.name.zh for entry in SHIPPED.search(word, MOST)]
        offered = self.page.locator(".st-key-report_form .stButtonGroup").first.locator("button")
        self.until(offered.all_inner_texts, wanted)
        self.page.wait_for_selector(COMPLETE, state="attached")
        return self

    def classed(self, word="垃圾", name="暴露垃圾"):
        self.type("class_query", word).found(word).choose(name)
        self.page.wait_for_selector(f".bm-chosen:has-text('{name}')")
        return self

    def type(self, field, text, tag="input"):
        self.page.fill(f"[class*='st-key-report_{field}_'] {tag}", text)
        return self

    def keeps(self, field, text, tag="input"):
        return self.holds(f"[class*='st-key-report_{field}_'] {tag}", text)

    def coordinates(self, text):
        self.type("coordinates", text).page.keyboard.press("Enter")
        return self

    def save(self):
        self.page.click(".st-key-save_report button")
        return self

    def refused(self, says):
        self.page.wait_for_selector(f".st-key-report_save .bm-refused:has-text('{says}')")
        return self

    def number(self):
        return self.page.wait_for_selector(".bm-taken b:not(:empty)").inner_text()

    def becomes(self, label, text=None):
        """Wait until the page says what the draft would become, and that it is this."""
        if text is None:
            self.page.wait_for_selector(BECOMES.format(label))
            return self
        return self.reads(BECOMES.format(label), text)


@pytest.fixture
def form(context, console):
    with seats(Form, context, console) as (sit, _people):
        yield sit


def middle(room, number):
    """Return the middle of a micro-grid."""
    return room.area.net.leaf.geoms[number].representative_point()


def case(room, number):
    with room.ledger.reading() as connection:
        return find.get(connection, room.id, number)


def count(room):
    with room.ledger.reading() as connection:
        return find.count(connection, room.wanted())


def test_a_press_on_the_map_tells_grid_post_and_deadline_and_is_saved_there(form, room):
    one, at = form(), middle(room, 20)
    one.classed().press_map(at.x, at.y)
    code = str(room.area.net.leaf.codes[20])
    one.becomes("微网格", str(room.area.net.leaf.labels[20]))
    one.says(BECOMES.format("责任岗位"), str(room.area.net.leaf.posts[20]))
    one.says(BECOMES.format("受理时限"), datetime.now(ZONE).strftime("%Y-"))
    said = one.page.inner_text(BECOMES.format("受理时限"))
    one.type("text", "垃圾堆了三天", "textarea")
    number = one.save().number()
    made = case(room, number)
    assert (made.codes["micro"], made.class_, made.text) == (code, "06010", "垃圾堆了三天")
    due = datetime.strptime(said[:16], "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
    assert abs(made.state.due - due) < timedelta(minutes=10), "it runs from the press on save"
    assert one.complaints == []
    one.page.click(".bm-taken a")
    one.page.wait_for_selector(f".bm-head:has-text('{number}')")


def test_without_a_mouse_by_name_from_search_to_save(form, room):
    one = form()
    key = one.page.keyboard
    one.page.focus("[class*='st-key-report_class_query_'] input")
    key.type("路灯不亮")
    one.found("路灯不亮")
    one.page.focus(".stButtonGroup button:has-text('路灯异常')")
    key.press("Enter")
    one.page.wait_for_selector(".bm-chosen")
    one.page.focus("[class*='st-key-report_place_query_'] input")
    key.type("机修巷12号院2号楼3单元501")
    one.page.wait_for_selector(".st-key-spot_0 button")
    one.page.wait_for_selector(COMPLETE)
    key.press("Tab")
    key.press("Tab") if one.page.evaluate("document.activeElement.closest('.st-key-found') === null") else None
    assert one.page.evaluate("document.activeElement.closest('.st-key-spot_0') !== null")
    key.press("Enter")
    one.page.wait_for_selector(".bm-becoming")
    one.keeps("unit", "3").keeps("floor", "5").keeps("address", "机修巷12号院2号楼")
    key.press("Control+Enter")
    made = case(room, one.number())
    assert (made.address, made.unit, made.floor, made.building) == ("机修巷12号院2号楼", 3.0, 5.0, "B00164")


def test_enter_on_the_map_takes_its_middle(form):
    one = form()
    one.page.focus(".bm-pick iframe")
    one.page.keyboard.press("ArrowUp")
    one.map().wait_for_selector(".picking.aiming")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector(".bm-becoming")
    one.map().wait_for_selector(".pin")


def test_unit_and_floor_find_the_micro_grid_of_a_tower(form, room):
    one, stack = form(), room.area.net.stacks[0]
    one.type("place_query", stack.label)
    one.page.click(".st-key-spot_0 button")
    one.says(BECOMES.format("微网格"), "、")
    one.type("floor", f"{stack.floor_to}层").page.keyboard.press("Tab")
    one.page.wait_for_selector(f".bm-becoming dd:text-is('{stack.label}')")


def test_coordinates_in_either_order_and_in_the_system_of_a_map_app(form, room):
    one, at = form(), middle(room, 30)
    one.coordinates(f"{at.y:.6f}，{at.x:.6f}")
    one.becomes("微网格", str(room.area.net.leaf.labels[30]))
    one.coordinates("一百一十三")
    one.page.wait_for_selector(".bm-refused:has-text('坐标无法识别')")
    one.keeps("coordinates", "一百一十三")


def test_what_is_missing_or_wrong_is_said_and_nothing_typed_is_lost(form, room):
    one, at, before = form(), middle(room, 42), count(room)
    one.save().refused("缺少类别")
    one.classed().save().refused("位置没有坐标")
    one.coordinates("0, 0")
    one.page.wait_for_selector(".bm-refused:has-text('不在本辖区任何网格内')")
    one.coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")
    long = "垃圾" * 5000
    one.type("text", long, "textarea").page.keyboard.press("Tab")
    one.save().refused("10000").keeps("text", long, "textarea")
    ahead = (datetime.now(ZONE) + timedelta(days=2)).strftime("%Y/%m/%d, %H:%M")
    one.type("text", "垃圾\u200b堆了😀\u202e三天\x07", "textarea").page.keyboard.press("Tab")
    _time(one, "reported", ahead)
    one.save().refused("发现时间无法采用")
    assert count(room) == before
    _time(one, "reported", (datetime.now(ZONE) - timedelta(hours=1)).strftime("%Y/%m/%d, %H:%M"))
    made = case(room, one.save().number())
    assert made.text == "垃圾堆了😀三天"
    assert made.codes["micro"] == str(room.area.net.leaf.codes[42])


def _time(one, field, text):
    """Type a time as the widget shows it: its parts one after another."""
    digits = [part for part in text if part.isdigit()]
    one.page.click(f"[class*='st-key-report_{field}_'] [role=spinbutton] >> nth=0")
    one.page.keyboard.type("".join(digits), delay=30)
    one.page.keyboard.press("Tab")
    parts = one.page.locator(f"[class*='st-key-report_{field}_'] [role=spinbutton]")
    one.until(lambda: "".join(digit for digit in "".join(parts.all_inner_texts()) if digit.isdigit()), "".join(digits))


def test_a_file_that_is_no_photo_is_named_beside_it_and_a_photo_is_kept_blurred(form, room):
    one, at = form(), middle(room, 50)
    one.classed().coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")
    files = [
        {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"%PDF-1.7 no photo"},
        {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": jpeg("#3a6")},
    ]
    one.page.set_input_files(".st-key-report_form input[type=file]", files)
    one.page.wait_for_selector(".bm-refused:has-text('notes.jpg'):has-text('PDF')")
    one.page.wait_for_selector(".st-key-photo_1 img")
    one.page.click(".st-key-blur_1 button")
    one.page.wait_for_selector(".st-key-photo_1 .stSlider")
    one.save().refused("PDF")
    one.page.click("[data-testid=stFileChip][aria-label^='notes.jpg'] button")
    one.page.wait_for_selector(".bm-refused", state="detached")
    number = one.save().number()
    with room.ledger.reading() as connection:
        assert [row["kind"] for row in find.photos(connection, room.id, number)] == ["before"]


def test_cleared_on_the_spot_needs_a_photo_and_is_offered_to_whom_it_is_allowed(form, room):
    class_ = next(entry for entry in room.rules.directory.classes.values() if entry.self_clear and not entry.restricted)
    one, at = form(WORKER), middle(room, 52)
    one.classed(class_.key, class_.name.zh).coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")
    one.page.click("[class*='st-key-report_cleared_'] label")
    one.save().refused("须附照片")
    one.page.set_input_files(
        ".st-key-report_form input[type=file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    )
    one.page.wait_for_selector(".st-key-photo_0 img")
    assert case(room, one.save().number()).status is Status.SELF_CLEARED
    other = form("department::城市管理综合执法")
    other.classed(class_.key, class_.name.zh)
    other.page.wait_for_selector(COMPLETE)
    assert not other.page.query_selector("[class*='st-key-report_cleared_']")


def test_a_neighbour_is_shown_and_linked_at_once(form, room):
    near = reported(room, "垃圾满地", place=60, class_="06010")
    one, at = form(), middle(room, 60)
    one.classed().coordinates(f"{at.x:.6f}, {at.y:.6f}")
    one.page.wait_for_selector(f"ul.bm-same:has-text('{near.number}')")
    one.page.click(f".stRadio label:has-text('{near.number}')")
    number = one.save().number()
    one.page.wait_for_selector(f".bm-taken:has-text('{near.number}')")
    assert case(room, number).status is Status.LINKED
    assert case(room, number).state.linked_to == near.number


def test_a_post_that_may_not_link_is_not_asked(form, room):
    near = reported(room, "垃圾满地", place=61, class_="06010")
    one, at = form("inspector::"), middle(room, 61)  # sees every case, and sorts none
    one.classed().coordinates(f"{at.x:.6f}, {at.y:.6f}")
    one.page.wait_for_selector(f"ul.bm-same:has-text('{near.number}')")
    one.page.wait_for_selector(COMPLETE)
    assert not one.page.query_selector(".stRadio")


def test_a_double_press_makes_one_case(form, room):
    one, at, before = form(), middle(room, 25), count(room)
    one.classed().coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")
    one.page.dblclick(".st-key-save_report button")
    one.number()
    one.page.wait_for_selector(COMPLETE)
    one.page.wait_for_timeout(800)  # a second case would come now
    assert count(room) == before + 1


def test_the_draft_outlives_another_page_another_language_and_another_report_begins_at_the_same_place(form, room):
    one, at = form(), middle(room, 33)
    one.choose("群众反映").choose("紧急").type("text", "还没写完", "textarea").page.keyboard.press("Tab")
    one.classed().coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")  # by now the page has heard all of it
    one.page.wait_for_selector(COMPLETE)
    one.page.click(".st-key-nav >> text=待办")
    one.page.wait_for_selector(".st-key-inbox")
    one.page.click(".st-key-nav >> text=上报")
    one.page.wait_for_selector(".bm-becoming")
    one.page.click(".st-key-language_choice >> text=EN")
    one.page.wait_for_selector("text=Report an incident")
    one.keeps("text", "还没写完", "textarea")
    one.page.wait_for_selector(".bm-chosen:has-text('06010')")
    made = case(room, one.save().number())
    assert (made.channel, made.urgency, made.text) == (Channel.RESIDENT, Urgency.URGENT, "还没写完")
    one.page.click(".st-key-another_here button")
    one.page.wait_for_selector(".bm-taken", state="detached")
    one.keeps("text", "", "textarea")
    one.page.wait_for_selector(".bm-becoming")


def test_a_hotline_order_keeps_its_number_and_deadline_and_comes_once(form, room):
    at = middle(room, 35)
    due = (datetime.now(ZONE) + timedelta(days=3)).replace(second=0, microsecond=0)
    for again in (False, True):
        one = form()
        one.classed().coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")
        one.choose("12345")
        one.page.wait_for_selector("[class*='st-key-report_order_']")
        if not again:
            one.save().refused("工单编号")
        one.type("order", "HL-778").page.keyboard.press("Tab")
        _time(one, "due", due.strftime("%Y/%m/%d, %H:%M"))
        made = case(room, one.save().number())
        assert (made.source, made.external_id, made.state.due) == ("12345", "HL-778", due)
        one.reads(".bm-taken h1", "此前已收到" if again else "已保存")


def test_names_are_pointed_out_struck_on_a_press_and_in_a_dispute_by_themselves(form, room):
    one, at = form(), middle(room, 45)
    one.classed("邻里", "邻里纠纷").coordinates(f"{at.x:.6f}, {at.y:.6f}").becomes("微网格")
    one.type("text", "王阿姨和楼上吵架，电话13812345678", "textarea").page.keyboard.press("Tab")
    one.page.wait_for_selector(".st-key-personal:has-text('姓名、电话号码')")
    one.page.wait_for_selector(".st-key-mediation")
    number = one.save().number()
    made = case(room, number)
    assert made.restricted
    assert made.text == "某某阿姨和楼上吵架，电话＊＊"
    with room.ledger.reading() as connection:
        entries = find.entries(connection, room.id, number)
    assert entries[0]["act"] == Act.REPORT.value
    assert mediation_of(entries) is not None


def test_a_class_that_is_no_grid_duty_warns_with_the_authority(form):
    one = form()
    one.classed("无证餐饮", "无证餐饮")
    one.says(".bm-warn", "不属于网格职责", "市场监督管理部门")
