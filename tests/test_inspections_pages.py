"""Lists, sheets and files of inspections and findings: they equal the ledger, each sees as far as its grid, and files have the columns of the 隐患台账."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta

import openpyxl
import pytest
from desk_browser import jpeg
from rooms import DISPATCHER, NOON, room_of, shipped

from desk.access.permissions import permissions_of
from desk.inspections import reading
from desk.inspections.acts import Made, inspect
from desk.inspections.findings import Doing, do
from desk.inspections.incident import Becoming, becomes
from desk.places import buildings
from desk.sites import register
from desk.sites.register import Wish
from geo.errors import DraftError, LifecycleError, NoAccess, TableError
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By, PostKind
from inspections.findings import Act, State
from inspections.inspection import Way
from ledger.verify import verify
from locales import translator
from reports import inspection_exports, inspection_lists
from reports.inspection_lists import ALL, OVERDUE, PILE, findings_asked, inspections_asked
from reports.refusals import refusal

AREA, LATER = "longnan", NOON + timedelta(days=40)
FINDER = replace(DISPATCHER, account="a1")
OTHER = By("inspector::", PostKind.INSPECTOR, "a2")
EMPTY = {"pile": ALL}


@pytest.fixture
def room(tmp_path):
    room = room_of(shipped(AREA), tmp_path / "ledger")
    yield room
    room.ledger.close()


def shop(room, at=0, name="老灶羊汤馆", kind="gas_shop"):
    spot = list(buildings(room.area).values())[at]
    return register.put(room, Wish(kind, f"{name}{at}", spot.lon, spot.lat, address="康桥街1号"), DISPATCHER, NOON)


def failing(room, kind="gas_shop"):
    """Return the checklist for a kind, and two of its items that fail by a word, without a photo."""
    found = room.rules.checklists.for_site(kind, room.rules.sites.kind(kind).group)[0]
    return found, [one for one in found.items.values() if one.kind == "yes_no" and not one.applies and one.party == found.party][:2]  # fmt: skip


def looked(room, site, *, now=NOON, by=FINDER, **more):
    checklist, items = failing(room, site.kind)
    photo = {f"{one.key}:0": jpeg() for one in items}
    said = {one.key: {"value": "fail", "note": "软管老化", "photos": [f"{one.key}:0"]} for one in items}
    return inspect(room, Made(site.number, checklist.key, checklist.version, said, photos=photo, **more), by, now)


def somebody(role, scope):
    return permissions_of(None).given(Who("a9", "li", Role(role), Scope.read(scope), "s1"))


def test_an_area_without_inspections_has_empty_lists(room):
    assert inspection_lists.piles(room, findings_asked(room, {}, NOON)) == dict.fromkeys(PILE, 0)
    assert inspection_lists.found(room, findings_asked(room, EMPTY, NOON)).rows == []
    assert inspection_lists.inspected(room, inspections_asked(room, {}, NOON)).rows == []
    assert inspection_lists.standing(room) == 0


def test_lists_equal_the_ledger_and_are_narrowed(room):
    site, other = shop(room), shop(room, 9)
    done, _more = looked(room, site), looked(room, other, way=Way.SELF)
    one = done.findings[0]
    do(room, Doing(one.number, Act.CORRECT, {"text": "已更换"}, [jpeg("#115511")]), FINDER, NOON)
    counts = inspection_lists.piles(room, findings_asked(room, {}, NOON))
    assert (counts["open"], counts["corrected"], counts[ALL], counts[OVERDUE]) == (3, 1, 4, 0)
    assert inspection_lists.piles(room, findings_asked(room, {}, LATER))[OVERDUE] == 3
    for pile, many in counts.items():
        assert len(inspection_lists.found(room, findings_asked(room, {"pile": pile}, NOON)).rows) == many

    def found(**said):
        return {one.site for one in inspection_lists.found(room, findings_asked(room, {**EMPTY, **said}, NOON)).rows}

    leaf = room.area.net.leaf.key
    assert found(site=site.number) == found(q=site.name) == {site.number}
    assert site.number in found(**{"in": f"{leaf}:{site.codes[leaf].split(';')[0]}"})
    assert found(item=one.item) == {site.number, other.number}
    assert found(kind="dust") == found(repeat="1") == set()
    assert found(**{"in": "nowhere:1"}) == {site.number, other.number}

    def made(**said):
        return [one.number for one in inspection_lists.inspected(room, inspections_asked(room, said, NOON)).rows]

    assert made(site=site.number) == [done.inspection.number]
    assert len(made(period="month", list=done.inspection.checklist)) == 2
    assert made(outcome="pass") == []
    assert made(period="last") == []
    assert sum(inspection_lists.outcomes(room, inspections_asked(room, {}, NOON)).values()) == 2


def test_a_sheet_tells_photos_words_and_how_often_the_same_item_failed(room):
    site = shop(room)
    first = looked(room, site)
    for one in first.findings:
        do(room, Doing(one.number, Act.PASS), OTHER, NOON)
    again = looked(room, site, now=NOON + timedelta(days=30))
    looked(room, site, now=NOON + timedelta(days=500))
    shown = inspection_lists.finding(room, again.findings[0].number)
    assert shown.filed.repeats == first.findings[0].number
    assert [one.number for one in shown.same[:2]] == [first.findings[0].number, again.findings[0].number]
    assert shown.note == "软管老化"
    assert len(shown.first) == 1
    do(room, Doing(shown.filed.number, Act.CORRECT, {"text": "已更换软管"}, [jpeg("#115511")]), FINDER, LATER)
    after = inspection_lists.finding(room, shown.filed.number)
    assert sum(len(photos) for photos in after.photos.values()) == 1
    assert after.entries[-1]["data"]["text"] == "已更换软管"
    assert inspection_lists.digests(room, shown.filed.inspection) >= set(shown.first) | set(shown.first.values())
    of = inspection_lists.of_site(room, site.number, LATER)
    assert (of.inspections, of.findings, len(of.open)) == (3, 4, 2)
    with pytest.raises(DraftError, match="no finding"):
        inspection_lists.finding(room, "患-20200101-0001")


def test_a_worker_sees_what_was_found_in_the_own_grid_alone(room):
    leaf, seen = room.area.net.leaf.key, {}
    for at in range(0, 60, 6):
        site = shop(room, at)
        seen.setdefault(site.codes[leaf].split(";")[0], []).append(looked(room, site).inspection.number)
    code, own = next(iter(seen.items()))
    worker = room.seen_by(somebody("worker", f"{AREA}:{leaf}:{code}"))
    assert {one.number for one in inspection_lists.inspected(worker, inspections_asked(worker, {}, NOON)).rows} == set(own)  # fmt: skip
    counts = inspection_lists.piles(worker, findings_asked(worker, {}, NOON))
    assert counts[ALL] == 2 * len(own)
    foreign = next(number for key, numbers in seen.items() if key != code for number in numbers)
    with pytest.raises(DraftError, match="no inspection"):
        reading.get(worker, foreign)
    with pytest.raises(DraftError):
        inspection_lists.digests(worker, foreign)
    nobody = room.seen_by(somebody("department", AREA))
    assert inspection_lists.inspected(nobody, inspections_asked(nobody, {}, NOON)).rows == []


def test_files_have_the_columns_of_the_register_of_findings(room, tmp_path):
    site = shop(room, name="=公式酒楼")
    done = looked(room, site)
    number = done.findings[0].number
    do(room, Doing(number, Act.CORRECT, {"text": "已更换软管"}, [jpeg("#115511")]), FINDER, NOON)
    do(room, Doing(number, Act.FAIL, {"due": "2026-11-25", "reason": "仍漏气"}), OTHER, NOON + timedelta(hours=1))
    do(room, Doing(number, Act.CORRECT, {"text": "又更换"}), FINDER, NOON + timedelta(hours=2))
    do(room, Doing(number, Act.PASS, {}), OTHER, NOON + timedelta(hours=3))
    asked, traced = findings_asked(room, EMPTY, NOON), []
    path = tmp_path / "f.csv"
    assert inspection_exports.export(room, asked, path, "zh", mark="水印", most=2, trace=traced.append) == 2
    rows = {row["编号"]: row for row in csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))}
    names = {"场所名称", "场所类型", "地址", "检查日期", "检查岗位", "隐患内容", "等级", "整改措施", "责任岗位", "整改期限", "复查时间", "复查结果", "销号人", "销号日期", "整改前照片", "整改后照片", "状态"}  # fmt: skip
    assert names <= set(rows[number])
    one = rows[number]
    assert (one["整改措施"], one["复查结果"], one["整改前照片"], one["整改后照片"], one["复查不合格次数"]) == ("又更换", "合格", "1", "1", "1")  # fmt: skip
    assert one["场所名称"].lstrip("'").startswith("=公式酒楼")
    assert (one["检查日期"], one["销号日期"]) == ("2026-11-20", "2026-11-20")
    assert traced == [2]
    inspection_exports.export(room, asked, tmp_path / "f.geojson", "zh")
    feature = json.loads((tmp_path / "f.geojson").read_text("utf-8"))["features"][0]
    assert feature["geometry"]["coordinates"] == [site.lon, site.lat]
    inspection_exports.export(room, inspections_asked(room, {}, NOON), tmp_path / "i.xlsx", "en", mark="mark")
    head, first = list(openpyxl.load_workbook(tmp_path / "i.xlsx").worksheets[0].values)[:2]
    assert (head[0], first[0]) == ("Number", done.inspection.number)
    with pytest.raises(TableError, match="more than the 1"):
        inspection_exports.export(room, asked, tmp_path / "few.csv", "zh", most=1)
    assert not (tmp_path / "few.csv").exists()
    empty = findings_asked(room, {**EMPTY, "kind": "dust"}, NOON)
    assert len(inspection_exports.table(room, empty, "zh")) == 0


def test_what_needs_a_department_becomes_one_case_and_both_name_each_other(room):
    done = looked(room, shop(room))
    wish = Becoming(done.findings[0].number, "L1001", "市场监管所", "拒不整改")
    case, after = becomes(room, wish, FINDER, NOON)
    assert (after.state.state, after.state.incident, after.state.to) == (State.HANDED_OVER, case.number, "市场监管所")
    assert wish.number in case.text
    assert [one.number for one in inspection_lists.of_case(room, case.number, NOON)] == [wish.number]
    with pytest.raises(DraftError, match="became"):
        becomes(room, wish, FINDER, NOON)
    with pytest.raises(LifecycleError, match="needs to"):
        becomes(room, replace(wish, number=done.findings[1].number, to=""), FINDER, NOON)
    assert room.get(case.number).number == case.number
    assert verify(room.ledger, now=LATER).breaks == ()
    worker = room.seen_by(somebody("worker", AREA))
    with pytest.raises(NoAccess):
        becomes(worker, replace(wish, number=done.findings[1].number), FINDER, NOON)


def test_who_put_it_right_is_told_why_the_same_person_does_not_close_it(room):
    done = looked(room, shop(room))
    number = done.findings[0].number
    do(room, Doing(number, Act.CORRECT), FINDER, NOON)
    with pytest.raises(LifecycleError) as caught:
        do(room, Doing(number, Act.PASS), FINDER, NOON)
    assert "由他人复查" in refusal(caught.value, translator("zh"))
    assert do(room, Doing(number, Act.PASS), OTHER, NOON).closed == date(2026, 11, 20)
