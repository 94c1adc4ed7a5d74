"""Inspections and findings through a browser: one is entered at the desk; a finding is put right by one account, which reads why it does not close it, and closed by another."""

from datetime import UTC, datetime

from desk_browser import AREA, jpeg, post

from desk.inspections.acts import Made, inspect
from desk.places import buildings
from desk.sites import register
from desk.sites.register import Wish
from inspections.findings import State
from inspections.inspection import Signed, Way
from ledger import findings, inspections
from ledger.verify import verify
from reports import inspection_lists

PHOTO = {"name": "软管.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}


def shop(room, at, name):
    spot, now = list(buildings(room.area).values())[at], datetime.now(UTC)
    return register.put(room, Wish("gas_shop", name, spot.lon, spot.lat), register.hand(room, now), now)


def checklist_of(room):
    return room.rules.checklists.for_site("gas_shop", "gas")[0]


def all_of(room, module, **more):
    with room.ledger.reading() as connection:
        return module.page(connection, module.Asked(AREA, **more))


def test_an_inspection_is_entered_at_the_desk(desk, room):
    site = shop(room, 3, "老灶羊汤馆")
    one = desk("dispatcher::").open("/inspections", ".bm-empty")
    one.says(".bm-empty", "还没有检查记录")
    one.page.click(".st-key-inspections_top a.bm-button")
    one.says(".bm-choose", "老灶羊汤馆")
    one.page.click(".bm-choose a")
    item = next(one for one in checklist_of(room).items.values() if one.kind == "yes_no" and not one.applies and one.photo)  # fmt: skip
    one.page.wait_for_selector(f".st-key-check_{item.key} button")
    one.page.click(f".st-key-check_{item.key} button:has-text('不合格')")
    one.says(f".st-key-check_{item.key}", "不合格", "照片（至少一张）")
    one.page.fill(f".st-key-check_{item.key} [class*=_note_] input", "软管老化")
    one.page.keyboard.press("Enter")
    one.page.click(".st-key-inspection_save button")
    one.says(".bm-confirm", "登记隐患 1 条", f"缺少照片：{item.key}")
    one.page.click(".st-key-inspection_confirm button")
    one.says(".bm-refused", "有不合格项缺少照片")
    one.page.set_input_files(f".st-key-check_{item.key} input[type=file]", [PHOTO])
    one.says(".st-key-check_verdict", "已查")
    one.until(lambda: "缺照片" in one.page.inner_text(".st-key-check_verdict"), wanted=False)
    one.page.click(".st-key-inspection_save button")
    one.says(".bm-confirm", "登记隐患 1 条", "保存后不能修改")
    one.page.click(".st-key-inspection_confirm button")
    one.says(".st-key-inspection_sheet", "检-", "老灶羊汤馆", "待整改", "负责人不在场", "软管老化")
    (made,) = all_of(room, inspections)
    assert (made.site, made.way, made.signed, len(made.findings), len(made.photos)) == (site.number, Way.INSPECT, Signed.ABSENT, 1, 1)  # fmt: skip
    one.until(lambda: one.page.evaluate("[...document.querySelectorAll('.bm-answers img')].every(one => one.naturalWidth > 0)"))  # fmt: skip
    one.open("/sites", ".st-key-site_sheet .bm-found", site=site.number).says(".st-key-site_sheet", "未销号隐患 1 条")
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()


def test_a_finding_is_put_right_by_one_and_closed_by_another(desk, room):
    site, now = shop(room, 9, "万达烧烤"), datetime.now(UTC)
    found = checklist_of(room)
    item = next(one for one in found.items.values() if one.kind == "yes_no" and not one.applies and one.party == found.party)  # fmt: skip
    said = {item.key: {"value": "fail", "photos": ["a"]}}
    made = inspect(room, Made(site.number, found.key, found.version, said, photos={"a": jpeg("#884422")}), post("dispatcher::"), now)  # fmt: skip
    number = made.findings[0].number
    level = room.area.net.leaf.key
    code = site.codes[level].split(";")[0]
    head = desk(f"head:{level}:{code}").open("/findings", ".st-key-finding_sheet .bm-pairs", pile="all", finding=number)
    head.page.click(".st-key-finding_correct button")
    head.page.wait_for_selector(".st-key-finding_confirm")
    head.page.fill(".st-key-finding_act_form [class*=_text_] input", "已更换软管")
    head.page.keyboard.press("Enter")
    head.page.set_input_files(".st-key-finding_act_form input[type=file]", [PHOTO])
    head.says(".st-key-finding_act_form", "软管.jpg")
    head.page.click(".st-key-finding_confirm button")
    head.says(".st-key-finding_sheet", "待复查", "已更换软管", "整改后", "报告整改的人不能销号，须由他人复查")
    head.until(lambda: head.page.locator(".st-key-finding_pass").count(), wanted=0)
    other = desk("dispatcher::").open("/findings", ".st-key-finding_sheet .bm-pairs", pile="corrected", finding=number)
    other.page.click(".st-key-finding_pass button")
    other.page.wait_for_selector(".st-key-finding_confirm")
    other.page.click(".st-key-finding_confirm button")
    other.says(".st-key-finding_sheet", "已销号", "已更换软管")
    other.until(lambda: inspection_lists.finding(room, number).filed.state.state, State.CLOSED)
    assert len(all_of(room, findings, today=now.date(), states=frozenset({"closed"}))) == 1
