"""The register of sites through a browser: one is entered, found, given a paper, bound, suspended, and its history says so."""

from datetime import UTC, datetime, timedelta

from chromium import pick
from desk_browser import AREA

from desk.places import buildings
from desk.sites import register
from desk.sites.register import Wish
from inspections.sites import Document, State
from ledger.sites import Asked
from ledger.verify import verify

HOUSE = "B00040"


def test_a_site_is_entered_and_kept(desk, room):
    one = desk("dispatcher::").open("/sites", ".bm-empty")
    one.says(".bm-empty", "还没有场所")
    one.page.click(".st-key-sites_top a.bm-button")
    one.page.wait_for_selector(".st-key-site_save")
    one.page.click(".st-key-site_save button")
    one.says(".bm-refused", "请选择场所类型")
    pick(one.page, "[class*=_kind_]", "沿街瓶装燃气门店")
    one.page.fill("[class*=_name_] input", "老灶羊汤馆")
    one.page.keyboard.press("Enter")
    one.page.fill("[class*=_place_query_] input", buildings(room.area)[HOUSE].label)
    one.page.wait_for_selector(".st-key-found button")
    one.page.click(".st-key-found button >> nth=0")
    one.page.fill("[class*=_field_cylinders_kg_] input", "60")
    one.page.keyboard.press("Enter")
    one.page.click(".st-key-site_save button")
    one.says(".st-key-site_sheet", "老灶羊汤馆", "场-0001", "在用", "60 kg", "未登记")
    (made,) = register.listed(room, Asked(AREA))
    assert (made.kind, made.name, made.fields) == ("gas_shop", "老灶羊汤馆", {"cylinders_kg": 60})
    one.page.click(".st-key-site_edit button")
    one.page.wait_for_selector(".st-key-site_form_leave")
    one.page.fill("[class*=_name_] input", "老灶羊汤馆总店")
    one.page.keyboard.press("Enter")
    one.page.click(".st-key-site_save button")
    one.says(".st-key-site_sheet", "老灶羊汤馆 → 老灶羊汤馆总店", "60 kg")
    one.page.click(".st-key-site_suspend button")
    one.page.fill(".st-key-site_act_form [class*=_reason_] input", "装修停业")
    one.page.keyboard.press("Enter")
    one.page.click(".st-key-site_confirm button")
    one.says(".st-key-site_sheet", "停用", "装修停业")
    one.until(lambda: register.get(room, made.number).state, State.SUSPENDED)
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()


def test_the_register_is_narrowed_and_a_worker_only_looks(desk, room):
    by, now = register.hand(room, datetime.now(UTC)), datetime.now(UTC)
    spots = list(buildings(room.area).values())[10:34]
    made = [register.put(room, Wish("fumes", f"{at}号烧烤店", spot.lon, spot.lat), by, now) for at, spot in enumerate(spots)]  # fmt: skip
    register.file(room, made[3], Document("pledge", None, now.date() - timedelta(days=9)), by, now)
    one = desk("dispatcher::").open("/sites", ".bm-sites", kind="fumes", due="0")
    one.says(".bm-sites", "3号烧烤店", "已过期")
    assert one.page.locator(".bm-sites tbody tr").count() == 1
    level, code = room.area.net.leaf.key, made[5].codes[room.area.net.leaf.key]
    worker = desk(f"worker:{level}:{code}").open("/sites", ".bm-sites", site=made[5].number, lang="en")
    worker.says(".st-key-site_sheet", "5号烧烤店", "in use", "by the rule")
    assert worker.page.locator(".st-key-site_acts, .st-key-sites_top a").count() == 0
    other = next(one for one in made if code not in one.codes[level].split(";"))
    worker.open("/sites", ".bm-sites", site=other.number).says(".bm-refused", "没有这个场所")


def test_a_list_of_sites_is_a_layer_of_the_map_and_its_card_leads_back(desk, room):
    by, now = register.hand(room, datetime.now(UTC)), datetime.now(UTC)
    spots = list(buildings(room.area).values())[40:43]
    made = [register.put(room, Wish("spraying", f"{at}号喷涂店", spot.lon, spot.lat), by, now) for at, spot in enumerate(spots)]  # fmt: skip
    one = desk("dispatcher::").open("/sites", ".bm-sites", kind="spraying")
    one.page.click(".bm-on-map")
    frame = one.page.wait_for_selector(".bm-map iframe").content_frame()
    frame.wait_for_selector("html[data-ready='1']", state="attached")
    one.until(lambda: frame.evaluate("() => battlemap.model.registered[0].rows.map((row) => row.number)"), [site.number for site in made])  # fmt: skip
    assert not frame.evaluate("() => battlemap.model.registered[1].on()")
    frame.evaluate("() => battlemap.model.panel.toggle('legend')")
    one.until(lambda: frame.inner_text(".registered h3"), "列表中的场所")
    frame.click(".registered a.registered-list")
    one.says(".bm-sites", *(site.name for site in made))
    assert "kind=spraying" in one.page.url
    one.page.click(".bm-on-map")
    frame = one.page.wait_for_selector(".bm-map iframe").content_frame()
    frame.wait_for_selector("html[data-ready='1']", state="attached")
    one.until(lambda: frame.evaluate("() => battlemap.model.registered[0].rows.length"), len(made))
    frame.evaluate("() => battlemap.model.panel.toggle('layers')")
    frame.uncheck("input[name=registered_sites]")
    one.until(lambda: frame.evaluate("() => battlemap.model.registered[0].on()"), False)
    frame.check("input[name=registered_sites]")
    one.until(lambda: frame.evaluate("() => battlemap.model.registered[0].on()"), True)
    frame.evaluate("number => battlemap.model.select({ kind: 'registered', code: number })", made[1].number)
    frame.click(".card a.primary")
    one.says(".st-key-site_sheet", "1号喷涂店")
