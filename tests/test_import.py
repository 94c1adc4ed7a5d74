"""Importing the cases of other systems: a plan by row, then all or nothing, once for each id."""

import csv
import json
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rooms import DISPATCHER, NOON, room_of, shipped
from small_pack import COLUMN, ROW, SOUTH, WEST, write_small_pack

from cli import battlemap
from desk import imports
from desk.acts import Doing, do
from desk.begin import begin
from desk.imports import Verdict
from desk.imports import report as import_report
from desk.imports.cells import Spoilt, identifier, moment
from desk.imports.mapping import ColumnMapping, guess, guessed_row
from desk.posts import duty
from desk.room import Room
from desk.rules import rules_of
from geo.crs import from_wgs84
from geo.errors import Conflict, DraftError, MissingColumns, RulesError, TableError
from incidents.lifecycle import Act, By, PostKind
from incidents.limits import EXTERNAL
from incidents.model import Channel, Status
from incidents.rota import Role, Slot
from layers.load import load
from ledger import find
from locales import translator
from reports import exports, figures
from reports.words import CHANNEL, STATUS, URGENCY

HEAD = ["工单编号", "来电时间", "诉求内容", "地址", "小类", "办理时限", "承办单位", "经度", "纬度"]
IN_GRID = (WEST + 1.5 * COLUMN, SOUTH + 1.5 * ROW)  # the middle of micro-grid 2-02
FLYING_WIRE = "L2001"


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return load(write_small_pack(tmp_path_factory.mktemp("pack") / "small"))


@pytest.fixture
def room(area, tmp_path):
    return room_of(area, tmp_path / "ledger")


def order(number="202611190001", **other):
    said = {
        "工单编号": number,
        "来电时间": "2026-11-19 09:30",
        "诉求内容": "井盖破损",
        "地址": "中山路12号",
        "小类": "06010",
        "办理时限": "2026-11-24 18:00",
        "承办单位": "城管执法中队",
        "经度": str(IN_GRID[0]),
        "纬度": str(IN_GRID[1]),
    }
    return {**said, **other}


def written(path, rows, head=None, encoding="utf-8-sig"):
    head = head or list(rows[0])
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.writer(file)
        out.writerow(head)
        out.writerows([[row.get(name, "") for name in head] for row in rows])
    return path


def planned(room, tmp_path, *rows, mapping=None, **options):
    return imports.plan(room, written(tmp_path / "batch.csv", rows), mapping, NOON, options=options)


def kinds(row):
    return [found.kind for found in row.findings]


def only(plan):
    (row,) = plan.rows
    return row


def cases(room):
    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(), order="oldest")


# --- what a batch of 12345 becomes


def test_a_batch_of_the_hotline_is_read_without_a_mapping(room, tmp_path):
    plan = planned(room, tmp_path, order())
    row = only(plan)
    assert row.verdict is Verdict.NEW
    assert plan.mapping.source == "12345"
    case = row.case
    assert case.reported == datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
    assert case.due == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert (case.class_, case.major) == ("06010", "06")
    assert (case.status, case.agency, case.channel) == (Status.DISPATCHED, "城管执法中队", Channel.HOTLINE)
    assert case.codes["micro"] == "2-02"


def test_a_dry_run_writes_nothing(room, tmp_path):
    before = room.ledger.version()
    planned(room, tmp_path, order())
    assert room.ledger.version() == before
    assert cases(room) == []


def test_what_is_written_carries_its_deadline_as_given_and_its_agency_as_a_post(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    (case,) = cases(room)
    assert case.status is Status.DISPATCHED
    assert (case.state.rule, case.state.due) == (EXTERNAL, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    assert case.state.handler == "department::城管执法中队"
    assert (case.source, case.external_id) == ("12345", "202611190001")
    assert case.number.startswith("SMALL-20261119-")
    assert case.title == "井盖破损"


def test_an_order_that_was_imported_can_be_worked_like_any_other(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    number = cases(room)[0].number
    handler = By("department::城管执法中队", PostKind.DEPARTMENT)
    do(room, Doing(number, Act.ACCEPT), handler, NOON)
    do(room, Doing(number, Act.FEEDBACK, {"text": "已更换"}), handler, NOON)
    assert do(room, Doing(number, Act.CLOSE), DISPATCHER, NOON).status is Status.CLOSED


def test_out_of_hours_the_one_on_duty_answers_for_what_comes_in_and_the_net_is_informed(tmp_path):
    longnan = room_of(shipped("longnan"), tmp_path / "ledger")
    spot = longnan.area.net.leaf.geoms[0].representative_point()
    night = NOON + timedelta(hours=11)  # 23:00
    slot = Slot(night - timedelta(hours=3), night + timedelta(hours=9), night.date())
    duty.put(longnan, slot, Role.OFFICER, DISPATCHER.post, DISPATCHER, NOON)
    path = written(tmp_path / "a.csv", [order(经度=str(spot.x), 纬度=str(spot.y), 承办单位="")])
    imports.write(longnan, imports.plan(longnan, path, None, night), night)
    (case,) = cases(longnan)
    assert case.post == DISPATCHER.post
    assert case.informed.startswith("head:")


def test_an_order_without_a_deadline_gets_ours(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order(办理时限="", 承办单位="")), NOON)
    (case,) = cases(room)
    assert case.status is Status.REPORTED
    assert case.state.rule not in {"", EXTERNAL}
    assert case.state.due > case.reported


def test_a_limit_in_words_is_counted_from_the_report(room, tmp_path):
    row = only(planned(room, tmp_path, order(办理时限="3个工作日")))
    assert row.case.due == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)  # Thursday 09:30 + 3 working days = Tuesday 09:30


def test_a_deadline_without_an_hour_is_the_end_of_its_day(room, tmp_path):
    assert only(planned(room, tmp_path, order(办理时限="2026-11-24"))).case.due.astimezone(UTC).hour == 15


def test_people_are_struck_out_of_what_they_say(room, tmp_path):
    row = only(planned(room, tmp_path, order(诉求内容="张先生13812345678反映井盖破损")))
    assert "13812345678" not in row.case.text
    assert "struck" in kinds(row)


def test_the_report_says_what_was_struck_in_every_column_of_a_row(room, tmp_path):
    row = {**order(诉求内容="王建国13800138000身份证410102198001011234", 地址="中山路12号，豫A12345"), "标题": "井盖"}
    plan = planned(room, tmp_path, row)
    assert (only(plan).case.text, only(plan).case.address) == ("某某＊＊身份证＊＊", "中山路12号，＊＊")
    (found,) = [found for found in only(plan).findings if found.kind == "struck"]
    assert found.said["what"] == "name, phone, identity, plate"
    assert "已去除：姓名, 电话号码, 证件号码, 车牌号" in import_report.text(plan, room, translator("zh"), "zh")
    said = import_report.table(plan, translator("en"))["by_row"][0]["findings"]
    assert any("names, phone numbers, identity numbers, number plates" in one["text"] for one in said)


def test_contacts_are_never_taken_over(room, tmp_path):
    plan = planned(room, tmp_path, {**order(), "来电人": "张明", "联系电话": "13812345678"})
    imports.write(room, plan, NOON)
    assert "contacts" in {note.kind for note in plan.notes}
    with room.ledger.reading() as connection:
        said = json.dumps(find.entries(connection, room.id, cases(room)[0].number), default=str, ensure_ascii=False)
    assert "13812345678" not in said
    assert "张明" not in said


def test_a_title_of_many_words_is_shortened_and_nothing_is_lost(room, tmp_path):
    long = "井盖破损,".join(str(n) for n in range(30))
    row = only(planned(room, tmp_path, {**order(), "标题": long}))
    assert len(row.case.title) == 60
    assert long in row.case.text


# --- once for each id


def test_the_same_file_twice_makes_nothing_new(room, tmp_path):
    rows = [order(), order("202611190002")]
    imports.write(room, planned(room, tmp_path, *rows), NOON)
    version = room.ledger.version()
    again = planned(room, tmp_path, *rows)
    assert [row.verdict for row in again.rows] == [Verdict.KNOWN] * 2
    assert imports.write(room, again, NOON) == imports.Outcome()
    assert room.ledger.version() == version


def test_a_file_that_was_planned_twice_and_written_twice_is_there_once(room, tmp_path):
    first, second = planned(room, tmp_path, order()), planned(room, tmp_path, order())
    imports.write(room, first, NOON)
    assert imports.write(room, second, NOON).made == ()
    assert len(cases(room)) == 1


def test_one_id_in_two_systems_is_two_cases(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    imports.write(room, planned(room, tmp_path, order(), source="szcg"), NOON)
    assert [case.source for case in cases(room)] == ["12345", "szcg"]


def test_an_id_that_stands_twice_in_a_file_is_refused_the_second_time(room, tmp_path):
    plan = planned(room, tmp_path, order(), order())
    assert [row.verdict for row in plan.rows] == [Verdict.NEW, Verdict.REFUSED]
    assert kinds(plan.rows[1]) == ["id_twice"]
    assert plan.rows[1].findings[0].said["row"] == 2


def test_without_ids_rows_are_told_apart_by_what_they_say(room, tmp_path):
    rows = [
        {name: value for name, value in order(诉求内容=text).items() if name != "工单编号"}
        for text in ("井盖破损", "垃圾", "垃圾")
    ]
    plan = planned(room, tmp_path, *rows)
    assert [row.verdict for row in plan.rows] == [Verdict.NEW, Verdict.NEW, Verdict.REFUSED]
    assert kinds(plan.rows[2])[-1] == "row_twice"
    imports.write(room, plan, NOON, skip_refused=True)
    again = planned(room, tmp_path, *rows[:2])
    assert [row.verdict for row in again.rows] == [Verdict.KNOWN] * 2
    assert "no_id" in {note.kind for note in plan.notes}


# --- news


def test_news_of_a_case_are_shown_and_taken_over_when_asked(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    news = planned(room, tmp_path, order(办理时限="2026-11-26 18:00"))
    row = only(news)
    assert row.verdict is Verdict.CHANGED
    assert row.changes == {"due": ("2026-11-24T10:00:00+00:00", "2026-11-26T10:00:00+00:00")}
    assert imports.write(room, news, NOON).updated == ()
    assert cases(room)[0].state.due.day == 24
    imports.write(room, news, NOON, update=True)
    assert cases(room)[0].state.due == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    assert only(planned(room, tmp_path, order(办理时限="2026-11-26 18:00"))).verdict is Verdict.KNOWN


def test_a_case_that_the_other_system_closed_closes_with_its_time_and_history(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    done = {**order(), "办结时间": "2026-11-20 10:00"}
    imports.write(room, planned(room, tmp_path, done), NOON, update=True)
    (case,) = cases(room)
    assert case.status is Status.CLOSED
    assert case.closed == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert (case.state.due, case.state.promised) == (None, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    with room.ledger.reading() as connection:
        assert [row["act"] for row in find.entries(connection, room.id, case.number)] == ["import", "import"]


def test_a_case_that_was_worked_on_here_is_kept_for_a_person_to_decide(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    do(room, Doing(cases(room)[0].number, Act.ACCEPT), By("department::城管执法中队", PostKind.DEPARTMENT), NOON)
    news = planned(room, tmp_path, {**order(), "办结时间": "2026-11-20 10:00"})
    assert only(news).verdict is Verdict.KEPT
    assert "worked_on" in kinds(only(news))
    imports.write(room, news, NOON, update=True)
    assert cases(room)[0].status is Status.IN_HAND


def test_an_older_file_opens_no_closed_case_again_unless_told_to(room, tmp_path):
    older, newer = [order()], [{**order(), "办结时间": "2026-11-20 10:00"}]
    imports.write(room, planned(room, tmp_path, *older), NOON)
    imports.write(room, planned(room, tmp_path, *newer), NOON, update=True)
    plan = planned(room, tmp_path, *older)
    assert (only(plan).verdict, "backward" in kinds(only(plan))) == (Verdict.KEPT, True)
    assert "--reopen" in import_report.text(plan, room, translator("zh"), "zh")
    assert imports.write(room, plan, NOON, update=True).updated == ()
    assert cases(room)[0].status is Status.CLOSED
    path = written(tmp_path / "batch.csv", older)
    asked = imports.plan(room, path, None, NOON, reopen=True)
    assert only(asked).verdict is Verdict.CHANGED
    imports.write(room, asked, NOON, update=True)
    assert cases(room)[0].status is Status.DISPATCHED


@pytest.mark.parametrize(
    ("first", "then", "verdict"),
    [
        ("已办结", "办理中", Verdict.KEPT),  # never said before, but earlier
        ("办理中", "已派单", Verdict.KEPT),
        ("已办结", "已回访", Verdict.CHANGED),
        ("待核查", "退回重办", Verdict.CHANGED),
        ("退回重办", "办理中", Verdict.CHANGED),
        ("挂账", "办理中", Verdict.CHANGED),
    ],
)
def test_news_of_an_earlier_state_are_left_to_a_person(room, tmp_path, first, then, verdict):
    imports.write(room, planned(room, tmp_path, {**order(), "工单状态": first}), NOON)
    assert only(planned(room, tmp_path, {**order(), "工单状态": then})).verdict is verdict


def test_a_case_that_is_open_again_with_a_later_deadline_is_news(room, tmp_path):
    imports.write(room, planned(room, tmp_path, {**order(), "办结时间": "2026-11-20 10:00"}), NOON)
    again = planned(room, tmp_path, order(办理时限="2026-11-30 18:00"))
    assert only(again).verdict is Verdict.CHANGED


def test_an_id_that_another_system_gave_to_another_case_is_refused(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order("1"), source="甲系统"), NOON)
    other = order("1", 来电时间="2026-11-20 10:00", 诉求内容="路灯不亮", 经度=str(IN_GRID[0] + COLUMN), 办结时间="")
    row = only(planned(room, tmp_path, other, source="甲系统"))
    assert (row.verdict, kinds(row)[-1]) == (Verdict.REFUSED, "id_other")
    assert cases(room)[0].number in import_report.reasons(row, translator("zh"))
    assert only(planned(room, tmp_path, other, source="乙系统")).verdict is Verdict.NEW


def test_a_table_whose_system_nobody_named_says_so(room, tmp_path):
    rows = [
        {
            {"工单编号": "编号", "来电时间": "上报时间", "诉求内容": "问题描述"}.get(name, name): said
            for name, said in order("1").items()
        }
    ]
    assert "unnamed" in [note.kind for note in planned(room, tmp_path, *rows).notes]
    assert "unnamed" not in [note.kind for note in planned(room, tmp_path, *rows, source="数字城管").notes]


def test_who_changes_a_case_while_news_are_looked_at_stops_the_whole_file(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    news = planned(room, tmp_path, order(办理时限="2026-11-26 18:00"), order("202611190009"))
    do(room, Doing(cases(room)[0].number, Act.NOTE, {"text": "已联系"}), DISPATCHER, NOON)
    with pytest.raises(Conflict):
        imports.write(room, news, NOON, update=True)
    assert len(cases(room)) == 1


def test_what_was_corrected_here_stays_and_is_named(room, tmp_path):
    imports.write(room, planned(room, tmp_path, order()), NOON)
    row = only(planned(room, tmp_path, order(诉求内容="垃圾堆积", 地址="陇海街3号")))
    assert row.verdict is Verdict.KNOWN
    (said,) = [found for found in row.findings if found.kind == "differs"]
    assert said.said["fields"] == "title, text, address"
    assert cases(room)[0].text == "井盖破损"


# --- whole or none


def test_a_refused_row_stops_the_whole_file(room, tmp_path):
    plan = planned(room, tmp_path, order(), order("202611190002", 来电时间="gestern"))
    with pytest.raises(DraftError, match=r"1 of 2 rows are refused \(first: row 3\)"):
        imports.write(room, plan, NOON)
    assert cases(room) == []


def test_refused_rows_can_be_left_aside_and_come_out_with_their_reason(room, tmp_path):
    plan = planned(room, tmp_path, order(), order("202611190002", 来电时间="gestern"))
    assert len(imports.write(room, plan, NOON, skip_refused=True).made) == 1
    out = tmp_path / "refused.csv"
    imports.write_refused(plan, out, lambda row: import_report.reasons(row, str), "refused because")
    (row,) = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert row["工单编号"] == "202611190002"
    assert row["refused because"].startswith("来电时间: gestern is no time that we know.")


def test_every_fault_of_a_row_is_said_at_once(room, tmp_path):
    bad = order("1.23E+15", 来电时间="2026-12-24 10:00", 诉求内容="x" * 10_000, 小类="99999", 经度="1", 纬度="1")
    assert set(kinds(only(planned(room, tmp_path, bad)))) == {
        "id_rounded",
        "time_future",
        "text_long",
        "class_unknown",
        "place_outside",
    }


# --- bad input


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"工单编号": ""}, "id_missing"),
        ({"工单编号": "1.23E+15"}, "id_rounded"),
        ({"工单编号": "7" * 121}, "id_long"),
        ({"来电时间": ""}, "time_missing"),
        ({"来电时间": "8/9/2026"}, "time_unreadable"),
        ({"来电时间": "2026-13-41 10:00"}, "time_unreadable"),
        ({"来电时间": "2026-11-20 12:30"}, "time_future"),
        ({"来电时间": "1900-01-00"}, "time_unreadable"),
        ({"来电时间": "1899-12-31"}, "time_ancient"),
        ({"小类": "蛀虫"}, "class_unknown"),
        ({"小类": "", "诉求内容": "…"}, "class_missing"),
        ({"经度": "", "纬度": ""}, "place_missing"),
        ({"经度": "113.6x"}, "place_unreadable"),
        ({"经度": str(IN_GRID[1]), "纬度": str(IN_GRID[0])}, "place_swapped"),
        ({"经度": str(IN_GRID[1]), "纬度": str(IN_GRID[0] + 1)}, "place_axes"),
        ({"经度": ""}, "place_half"),
        ({"经度": "464289.6", "纬度": "3846927.6"}, "place_metres"),
        ({"经度": "122.9", "纬度": "30.1"}, "place_outside"),  # in the sea
        ({"经度": "0", "纬度": "0"}, "place_outside"),
        ({"经度": "nan", "纬度": "inf"}, "place_unreadable"),
        ({"诉求内容": "井" * 10_000}, "text_long"),
        ({"地址": "井" * 10_000}, "text_long"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_to_do(room, tmp_path, change, kind):
    row = only(planned(room, tmp_path, order(**change)))
    assert row.verdict is Verdict.REFUSED
    assert kind in kinds(row)
    for language in ("zh", "en"):
        assert import_report.reasons(row, translator(language)).strip()


def test_a_case_that_ended_in_the_future_is_refused_and_a_running_one_says_nothing_of_its_end(room, tmp_path):
    ended = order(办结时间="2027-01-01 09:00")
    plan = planned(room, tmp_path, {**ended, "工单状态": "已办结"}, {**ended, "工单编号": "2", "工单状态": "办理中"})
    assert [kinds(row) for row in plan.rows] == [["time_future"], []]
    assert plan.rows[0].findings[0].said["column"] == "办结时间"


def test_a_time_five_minutes_ahead_is_a_clock_that_differs(room, tmp_path):
    assert only(planned(room, tmp_path, order(来电时间="2026-11-20 12:05"))).verdict is Verdict.NEW


def test_places_in_gcj02_are_told_and_then_read(room, tmp_path):
    lon, lat = from_wgs84([IN_GRID[0]], [IN_GRID[1]], "GCJ-02")
    rows = [order(f"20261119000{n}", 经度=str(lon[0]), 纬度=str(lat[0])) for n in range(3)]
    plan = planned(room, tmp_path, *rows)
    assert {kind for row in plan.rows for kind in kinds(row)} >= {"place_shifted"}
    assert "all_shifted" in {note.kind for note in plan.notes}
    read = planned(room, tmp_path, *rows, crs="GCJ-02")
    assert {row.case.codes["micro"] for row in read.rows} == {"2-02"}


def test_gcj02_that_lies_in_the_net_is_found_by_the_official_grids(tmp_path):
    longnan = shipped("longnan")
    room = room_of(longnan, tmp_path / "ledger")
    points = [geom.representative_point() for geom in longnan.net.leaf.geoms]
    lon, lat = from_wgs84([point.x for point in points], [point.y for point in points], "GCJ-02")
    rows = [
        {**order(f"{n}"), "经度": str(x), "纬度": str(y), "微网格": code}
        for n, (x, y, code) in enumerate(zip(lon, lat, longnan.net.leaf.codes, strict=True))
    ]
    plan = imports.plan(room, written(tmp_path / "a.csv", rows), None, NOON)
    assert "grids_shifted" in {note.kind for note in plan.notes}
    with pytest.raises(DraftError, match="in doubt"):
        imports.write(room, plan, NOON, skip_refused=True)
    fine = imports.plan(room, tmp_path / "a.csv", None, NOON, options={"crs": "GCJ-02"})
    assert "grids_shifted" not in {note.kind for note in fine.notes}
    (tally,) = fine.grids["micro"].values()
    assert tally.agreed == tally.compared == len(points)


@pytest.mark.parametrize("fault", ["all_shifted", "all_swapped"])
def test_a_file_whose_places_are_in_doubt_is_written_only_when_their_system_is_named(room, tmp_path, fault):
    lon, lat = from_wgs84([IN_GRID[0]], [IN_GRID[1]], "GCJ-02")
    x, y = (lon[0], lat[0]) if fault == "all_shifted" else (IN_GRID[1], IN_GRID[0])
    rows = [order("1"), *(order(f"20261119000{n}", 经度=str(x), 纬度=str(y)) for n in range(3))]
    plan = planned(room, tmp_path, *rows)
    assert [note.kind for note in plan.doubts] == [fault]
    with pytest.raises(DraftError, match="in doubt"):
        imports.write(room, plan, NOON, skip_refused=True)
    assert cases(room) == []
    named = planned(room, tmp_path, *rows, crs="EPSG:4326")
    assert len(imports.write(room, named, NOON, skip_refused=True).made) == 1


def test_columns_that_speak_of_gcj02_are_read_so(room, tmp_path):
    lon, lat = from_wgs84([IN_GRID[0]], [IN_GRID[1]], "GCJ-02")
    row = {name: value for name, value in order().items() if name not in {"经度", "纬度"}}
    plan = planned(room, tmp_path, {**row, "gcj_lng": str(lon[0]), "gcj_lat": str(lat[0])})
    assert plan.mapping.crs == "GCJ-02"
    assert "named_crs" in {note.kind for note in plan.notes}
    assert only(plan).case.codes["micro"] == "2-02"


def test_swapped_axes_of_a_whole_file_are_said_once(room, tmp_path):
    rows = [order(str(n), 经度=str(IN_GRID[1]), 纬度=str(IN_GRID[0])) for n in range(5)]
    assert "all_swapped" in {note.kind for note in planned(room, tmp_path, *rows).notes}


def test_a_row_without_coordinates_goes_to_the_building_that_its_address_names(tmp_path):
    longnan = shipped("longnan")
    room = room_of(longnan, tmp_path / "ledger")
    (frame,) = longnan.of_kind("building").values()
    building = frame[frame["address"] == "织云路140号汇景雅苑3号楼"].iloc[0]
    row = only(planned(room, tmp_path, order(经度="", 纬度="", 地址=building["address"] + "2单元门口")))
    assert row.verdict is Verdict.NEW
    assert "by_address" in kinds(row)
    assert (row.case.lon, row.case.lat) == pytest.approx((building.geometry.x, building.geometry.y), abs=1e-5)


def test_a_row_without_coordinates_goes_into_the_middle_of_its_grid(room, tmp_path):
    row = only(planned(room, tmp_path, {**order(经度="", 纬度="", 地址=""), "微网格编号": "2-02"}))
    assert row.verdict is Verdict.NEW
    assert kinds(row) == ["by_grid"]
    assert (row.case.codes["micro"], row.case.codes["third"], row.case.match) == ("2-02", "2", "grid")


def test_a_tower_is_parted_by_unit_and_floor(room, tmp_path):
    spot = {"经度": str(WEST + 3.5 * COLUMN), "纬度": str(SOUTH + 0.5 * ROW)}
    rows = [{**order(str(n), **spot), "楼层": floor} for n, floor in enumerate(("5层", "12F", ""))]
    plan = planned(room, tmp_path, *rows)
    assert [row.case.codes["micro"] for row in plan.rows] == ["3-04a", "3-04b", "3-04a;3-04b;3-04c"]


@pytest.mark.parametrize("lon_shift", [0, 5e-6])
def test_a_place_near_an_edge_is_flagged(room, tmp_path, lon_shift):
    row = only(planned(room, tmp_path, order(经度=str(WEST + COLUMN + lon_shift))))
    assert "near_edge" in kinds(row)
    assert row.verdict is Verdict.NEW


def test_reports_of_the_night_are_flagged_where_the_room_is_no_archive(room, tmp_path):
    longnan = room_of(shipped("longnan"), tmp_path / "longnan")
    spot = longnan.area.net.leaf.geoms[0].representative_point()
    rows = [
        order(time, 来电时间=f"2026-11-19 {time}", 经度=str(spot.x), 纬度=str(spot.y)) for time in ("02:30", "09:30")
    ]
    found = [kinds(row) for row in planned(longnan, tmp_path, *rows).rows]
    assert ["outside_hours" in row for row in found] == [True, False]
    assert room.area.pack.archive
    assert "outside_hours" not in kinds(only(planned(room, tmp_path, order(来电时间="2026-11-19 02:30"))))


def test_a_class_is_guessed_by_words_and_says_so(room, tmp_path):
    row = only(planned(room, tmp_path, order(小类="", 诉求内容="楼道里有人飞线充电")))
    assert "class_guessed" in kinds(row)
    assert row.case.class_ == FLYING_WIRE


def test_old_codes_and_names_find_their_class(room, tmp_path):
    directory = room.rules.directory
    name = directory.classes["06042"].name.zh
    rows = [order("1", 小类=name), order("2", 小类="6010"), order("3", 小类=name.removesuffix("异常"))]
    assert [row.case.class_ for row in planned(room, tmp_path, *rows).rows] == ["06042", "06010", "06042"]


@pytest.mark.parametrize(
    "text", ["\u202e井盖\u202c破\u200b损", "井盖\x00破\x07损", "井盖破损\U000e0041", "井盖破损\ufeff"], ids=ascii
)
def test_what_cannot_be_seen_is_taken_out_and_said(room, tmp_path, text):
    row = only(planned(room, tmp_path, order(诉求内容=text)))
    assert row.case.text == "井盖破损"
    assert "hidden" in kinds(row)


def test_emoji_and_other_scripts_stay(room, tmp_path):
    said = "井盖破损😀👨‍👩‍👧 שלום مرحبا བཀྲ་ཤིས།"
    assert only(planned(room, tmp_path, order(诉求内容=said))).case.text == said


def test_empty_words_are_called_by_their_class(room, tmp_path):
    row = only(planned(room, tmp_path, order(诉求内容="NULL")))
    assert row.case.title == room.rules.directory.name("06010").zh
    assert "no_words" in kinds(row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le"])
def test_every_usual_encoding_is_found(room, tmp_path, encoding):
    path = written(tmp_path / "a.csv", [order(诉求内容="井盖破损多日" * 20)], encoding=encoding)
    row = only(imports.plan(room, path, None, NOON))
    assert row.case.agency == "城管执法中队"


def test_a_csv_with_blank_and_broken_lines_keeps_its_row_numbers(room, tmp_path):
    text = ",".join(HEAD) + '\n\n202611190001,,"两\n行",,,,,,\n\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert only(imports.plan(room, tmp_path / "a.csv", None, NOON)).row == 3


# --- workbooks as people make them


def workbook(path, rows, change=lambda page: None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    book.save(path)
    return path


def sheet_rows(*changes):
    rows = []
    for n, change in enumerate(changes):
        said = order(f"20261119{n:04}", **change)
        rows.append(
            [*[said[name] for name in HEAD[:7]], *[float(said[name]) if said[name] else None for name in HEAD[7:]]]
        )
    return rows


def test_a_workbook_with_title_blank_rows_and_signatures_is_read(room, tmp_path):
    rows = [
        ["陇海街道12345工单台账"],
        ["单位：件"],
        HEAD,
        *sheet_rows({}, {}),
        [],
        ["填报人：", None, None, "审核人："],
    ]
    path = workbook(tmp_path / "a.xlsx", rows, lambda page: page.merge_cells("A1:I1"))
    plan = imports.plan(room, path, None, NOON)
    assert [(row.row, row.verdict) for row in plan.rows] == [(4, Verdict.NEW), (5, Verdict.NEW)]
    assert {"title_rows", "footer"} <= {note.kind for note in plan.notes}


def test_a_merged_cell_counts_for_every_row_that_it_covers(room, tmp_path):
    rows = sheet_rows({"小类": "06042"}, {"小类": None}, {"小类": None, "诉求内容": "井盖破损"})
    path = workbook(tmp_path / "a.xlsx", [HEAD, *rows], lambda page: page.merge_cells("E2:E3"))
    plan = imports.plan(room, path, None, NOON)
    assert [row.case.class_ for row in plan.rows[:2]] == ["06042", "06042"]
    assert "class_guessed" in kinds(plan.rows[2])
    assert "merged" in {note.kind for note in plan.notes}


def test_ids_that_a_workbook_holds_as_numbers_are_refused_when_they_are_too_long(room, tmp_path):
    rows = sheet_rows({}, {}, {})
    rows[0][0], rows[1][0], rows[2][0] = 202611190001, 2026111900012345, 4.10102199001011e17
    plan = imports.plan(room, workbook(tmp_path / "a.xlsx", [HEAD, *rows]), None, NOON)
    assert [row.id for row in plan.rows] == ["202611190001", "", ""]
    assert [kinds(row) for row in plan.rows[1:]] == [["id_rounded"], ["id_rounded"]]


def test_real_dates_and_numbers_of_excel_are_times(room, tmp_path):
    rows = sheet_rows({}, {})
    rows[0][1], rows[0][5] = datetime(2026, 11, 19, 9, 30), datetime(2026, 11, 24)  # noqa: DTZ001  as Excel has them
    rows[1][1] = 46345.395833333336
    plan = imports.plan(room, workbook(tmp_path / "a.xlsx", [HEAD, *rows]), None, NOON)
    assert {row.case.reported.astimezone(UTC) for row in plan.rows} == {datetime(2026, 11, 19, 1, 30, tzinfo=UTC)}
    assert "excel_date" in kinds(plan.rows[1])


def test_formulas_without_a_value_are_told(room, tmp_path):
    rows = sheet_rows({})
    rows[0][0] = '="2026"&"1119"'
    plan = imports.plan(room, workbook(tmp_path / "a.xlsx", [HEAD, *rows]), None, NOON)
    assert "id_missing" in kinds(only(plan))
    assert "formulas" in {note.kind for note in plan.notes}


def test_refused_rows_of_a_workbook_come_out_as_a_workbook(room, tmp_path):
    rows = sheet_rows({}, {"来电时间": "bald"})
    plan = imports.plan(room, workbook(tmp_path / "a.xlsx", [HEAD, *rows]), None, NOON)
    imports.write_refused(plan, tmp_path / "out.xlsx", lambda row: import_report.reasons(row, str), "why")
    page = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [cell.value for cell in page[1]][-1] == "why"
    assert page.max_row == 2
    assert page["B2"].value == "bald"


# --- mappings


def test_a_mapping_that_names_absent_columns_is_refused_with_all_of_them(room, tmp_path):
    mapping = ColumnMapping(columns={"id": "编码", "reported": "来电时间", "text": "说明"})
    with pytest.raises(TableError, match=r"does not have: '编码', '说明'\. It has: '工单编号', '来电时间'"):
        planned(room, tmp_path, order(), mapping=mapping)


def test_a_mapping_says_all_of_its_faults_at_once():
    with pytest.raises(RulesError) as error:
        ColumnMapping.from_table(
            {
                "sauce": "12345",
                "columns": {"ident": "a", "id": 3},
                "fixed": {"channel": "drum"},
                "values": {"status": {"OPEN": "ajar"}, "mood": {}},
            }
        )
    assert len(error.value.faults) == 6


def test_a_mapping_that_does_not_fit_the_area_is_refused(room, tmp_path):
    mapping = ColumnMapping(
        columns={"id": "工单编号", "lon": "经度"}, grids={"ward": "地址"}, values={"class": {"x": "nothing"}}
    )
    with pytest.raises(RulesError) as error:
        planned(room, tmp_path, order(), mapping=mapping)
    assert len(error.value.faults) == 4


def test_absent_columns_and_all_other_faults_of_a_mapping_are_said_in_one_round(room, tmp_path):
    mapping = ColumnMapping(
        columns={"id": "编码", "reported": "来电时间"}, grids={"block": "地址"}, values={"class": {"x": "nothing"}}
    )
    with pytest.raises(MissingColumns) as error:
        planned(room, tmp_path, order(), mapping=mapping)
    assert error.value.absent == ("编码",)
    assert len(error.value.faults) == 2
    for said in (str(error.value), import_report.absent(error.value, translator("zh"))):
        assert all(word in said for word in ("编码", "'nothing'", "'block'"))


def test_the_mapping_of_a_file_with_titles_reads_its_refused_rows_too(room, tmp_path):
    first, second = sheet_rows({}, {"来电时间": "bald"})
    path = workbook(tmp_path / "batch.xlsx", [["工单汇总表"], ["2026年11月"], HEAD, first, second])
    plan = imports.plan(room, path, None, NOON)
    assert plan.mapping.header_row == 3
    out = tmp_path / "refused.xlsx"
    imports.write_refused(plan, out, lambda row: import_report.reasons(row, str), "why")
    again = imports.plan(room, out, plan.mapping, NOON)
    assert [row.row for row in again.rows] == [2]
    assert "first_row" in [note.kind for note in again.notes]
    assert imports.write_refused(again, tmp_path / "again.xlsx", lambda row: "", "why too") == 1
    assert "first_row" not in [note.kind for note in imports.plan(room, path, plan.mapping, NOON).notes]
    with pytest.raises(TableError):
        imports.plan(room, out, plan.mapping, NOON, options={"header_row": 2})


def test_a_table_of_values_says_what_words_mean(room, tmp_path):
    mapping = ColumnMapping(
        source="szcg",
        columns={
            "id": "工单编号",
            "reported": "来电时间",
            "class": "小类",
            "status": "承办单位",
            "lon": "经度",
            "lat": "纬度",
        },
        values={"class": {"脏乱": "06010"}, "status": {"在路上": "in_hand"}},
        fixed={"agency": "城管执法中队"},
        timezone="UTC",
        times=("%d/%m/%Y %H:%M",),
    )
    row = only(
        planned(room, tmp_path, order(小类="脏乱", 承办单位="在路上", 来电时间="19/11/2026 01:30"), mapping=mapping)
    )
    assert (row.case.class_, row.case.status, row.case.agency) == ("06010", Status.IN_HAND, "城管执法中队")
    assert row.case.reported == datetime(2026, 11, 19, 1, 30, tzinfo=UTC)


def test_a_mapping_survives_being_written(tmp_path):
    mapping = ColumnMapping(
        source="12345",
        columns={"id": '编"号\\', "reported": "来电时间"},
        grids={"micro": "网格"},
        fixed={"channel": "hotline"},
        values={"status": {"CLOSED - INCOMPLETE": "refused", "办结": "closed"}},
        times=("%Y/%m/%d",),
        header_row=3,
        crs="GCJ-02",
    )
    (tmp_path / "m.toml").write_text(mapping.toml(), encoding="utf-8")
    assert ColumnMapping.read(tmp_path / "m.toml") == mapping


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), min_size=1, max_size=20
).filter(str.strip)


@given(columns=st.lists(NAMES, max_size=12), more=st.dictionaries(NAMES, st.sampled_from(list(Status)), max_size=3))
def test_any_guess_can_be_saved_and_read_again(columns, more):
    found = guess(columns, {"micro": {"微网格"}})
    table = tomllib.loads(ColumnMapping(**{**vars(found), "values": {"status": more}}).toml())
    assert table.get("columns", {}) == dict(found.columns)
    assert table.get("values", {}).get("status", {}) == more


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("name", "names"), [("status", STATUS), ("channel", CHANNEL), ("urgency", URGENCY)])
def test_what_our_own_files_call_a_value_is_understood_when_they_come_back(language, name, names):
    said = {key: translator(language)(words) for key, words in names.items()}
    assert {key: ColumnMapping().meaning(name, words) for key, words in said.items()} == {key: key for key in names}


def test_the_headings_of_city_management_are_known():
    heads = [
        "任务号",
        "上报时间",
        "大类名称",
        "小类名称",
        "问题描述",
        "地址描述",
        "处置单位",
        "处置截止时间",
        "当前阶段",
        "所属微网格",
        "X坐标",
        "Y坐标",
    ]
    found = guess(heads, {"micro": {"微网格"}})
    assert found.source == "szcg"
    assert found.columns == {
        "id": "任务号",
        "reported": "上报时间",
        "major": "大类名称",
        "class": "小类名称",
        "text": "问题描述",
        "address": "地址描述",
        "agency": "处置单位",
        "due": "处置截止时间",
        "status": "当前阶段",
        "lon": "X坐标",
        "lat": "Y坐标",
    }
    assert found.grids == {"micro": "所属微网格"}


def test_the_row_of_headings_is_found_below_a_title():
    assert guessed_row([["台账", None], ["单位：件"], HEAD, ["1", "2"]]) == 3
    assert guessed_row([HEAD, ["id", "状态"]]) is None
    assert guessed_row([]) is None


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_ids_and_times(text):
    for read in (identifier, lambda value: moment(value, UTC)):
        with suppress(Spoilt):
            read(text)


@given(st.datetimes(datetime(1990, 1, 2), datetime(2098, 1, 1)))  # noqa: DTZ001
def test_every_usual_form_of_a_time_means_the_same(at):
    at = at.replace(microsecond=0)
    forms = [
        f"{at.year}年{at.month}月{at.day}日 {at:%H时%M分%S秒}",
        f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M:%S}",
        at.isoformat(),
        f"{at:%Y%m%d%H%M%S}",
    ]
    assert {moment(form, UTC) for form in forms} == {at.replace(tzinfo=UTC)}


# --- Washington


DC = {
    "illegal_dumping": (558, 558, 558),
    "abandoned_vehicle": (398, 398, 398),
    "rodent": (318, 317, 317),
    "street_cleaning": (1395, 1390, 1390),
    "sanitation": (646, 642, 642),
    "graffiti": (580, 578, 578),
    "pothole": (599, 580, 580),
}


@pytest.fixture(scope="module")
def dc(tmp_path_factory):
    room = room_of(shipped("dc"), tmp_path_factory.mktemp("dc"))
    begin(room, NOON, demo=True)
    return room


def test_the_official_wards_of_washington_agree_with_ours(dc):
    folder = dc.area.pack.folder
    mapping = ColumnMapping.read(folder / "rules" / "import.toml")
    for class_, (rows, compared, agreed) in DC.items():
        plan = imports.plan(dc, folder / f"{class_}.geojson", mapping, NOON)
        tally = plan.grids["ward"][class_]
        assert (len(plan.rows), tally.compared, tally.agreed, tally.silent) == (rows, compared, agreed, rows - compared)
        assert plan.counts["known"] == rows, class_
        assert f"{agreed}/{compared} agree" in import_report.text(plan, dc, str, "en")


def test_washingtons_file_comes_into_an_empty_ledger_as_its_pack_does(dc, tmp_path):
    room = room_of(dc.area, tmp_path)
    folder = dc.area.pack.folder
    plan = imports.plan(room, folder / "rodent.geojson", ColumnMapping.read(folder / "rules" / "import.toml"), NOON)
    imports.write(room, plan, NOON)
    by_pack = {case.external_id: case for case in cases(dc) if case.class_ == "rodent"}
    for case in cases(room):
        other = by_pack[case.external_id]
        assert case.state.official == other.state.official
        assert (case.codes, case.status, case.state.due, case.closed) == (
            other.codes,
            other.status,
            other.state.due,
            other.closed,
        )


# --- the command


@pytest.fixture
def run(tmp_path, monkeypatch):
    write_small_pack(tmp_path / "packs" / "small")
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("BATTLEMAP_PACKS", str(tmp_path / "packs"))
    return lambda *words: CliRunner().invoke(battlemap, ["incidents", "import", *map(str, words), "--area", "small"])


def test_the_command_plans_proposes_and_writes(run, tmp_path):
    path = written(tmp_path / "batch.csv", [order(来电时间="2020-11-19 09:30", 办理时限="2020-11-24 18:00")])
    dry = run(path, "--propose", tmp_path / "m.toml", "--language", "en")
    assert dry.exit_code == 0, dry.output
    assert "Nothing was written: this was a dry run." in dry.output
    done = run(path, "--mapping", tmp_path / "m.toml", "--write", "--json")
    report = json.loads(done.output)
    assert (report["counts"]["new"], len(report["made"]), report["written"]) == (1, 1, True)
    again = json.loads(run(path, "--write", "--json").output)
    assert (again["counts"]["known"], again["made"]) == (1, [])


def test_the_command_speaks_chinese_by_default_and_exits_with_3_when_rows_are_refused(run, tmp_path):
    path = written(tmp_path / "batch.csv", [order(来电时间="2020-11-19 09:30"), order("2", 来电时间="gestern")])
    refused = run(path, "--write")
    assert refused.exit_code == 3
    assert "第 3 行" in refused.output
    assert "没有写入" in refused.output
    rest = run(path, "--write", "--skip-bad-rows")
    assert rest.exit_code == 3
    assert "已写入" in rest.output
    assert (tmp_path / "batch-refused.csv").read_text(encoding="utf-8-sig").count("gestern") == 2


def test_a_mapping_that_names_absent_columns_is_told_in_the_language_of_the_report(run, tmp_path):
    path, mapping = written(tmp_path / "batch.csv", [order()]), tmp_path / "m.toml"
    mapping.write_text('[columns]\nid = "工单号"\nreported = "来电时间"\n[grids]\nmicro = "所属"\n', encoding="utf-8")
    said = [str(run(path, "--mapping", mapping, "--language", language).exception) for language in ("zh", "en")]
    assert all("工单号, 所属" in text and "工单编号, 来电时间" in text for text in said)
    assert "请修改映射文件" in said[0]


def test_a_file_whose_places_are_in_doubt_is_not_written_by_the_command(run, tmp_path):
    lon, lat = from_wgs84([IN_GRID[0]], [IN_GRID[1]], "GCJ-02")
    old = {"来电时间": "2020-11-19 09:30", "办理时限": ""}
    rows = [order("1", **old), *(order(f"2{n}", **old, 经度=str(lon[0]), 纬度=str(lat[0])) for n in range(3))]
    path = written(tmp_path / "batch.csv", rows)
    done = run(path, "--write", "--skip-bad-rows")
    assert done.exit_code == 3
    assert "没有写入" in done.output
    assert "--crs" in done.output
    assert not (tmp_path / "batch-refused.csv").exists()
    assert len(json.loads(run(path, "--write", "--crs", "GCJ-02", "--skip-bad-rows", "--json").output)["made"]) == 3


def test_refused_rows_that_somebody_corrected_are_not_overwritten_and_the_report_names_the_new_file(run, tmp_path):
    path = written(tmp_path / "batch.csv", [order(来电时间="2020-11-19 09:30"), order("2", 来电时间="gestern")])
    assert "batch-refused.csv" in run(path, "--write", "--skip-bad-rows").output
    corrected = tmp_path / "batch-refused.csv"
    corrected.write_text("mine", encoding="utf-8")
    assert "batch-refused-2.csv" in run(path, "--write", "--skip-bad-rows").output
    assert corrected.read_text(encoding="utf-8") == "mine"
    assert "gestern" in (tmp_path / "batch-refused-2.csv").read_text(encoding="utf-8-sig")


def test_news_of_a_state_are_told_in_the_language_of_the_report(run, tmp_path):
    first = order(来电时间="2020-11-19 09:30", 办理时限="", 工单状态="办理中")
    run(written(tmp_path / "batch.csv", [first]), "--write")
    said = run(written(tmp_path / "batch.csv", [{**first, "工单状态": "已办结"}])).output
    assert "状态 处置中 → 已结案" in said


# --- both databases


def test_a_batch_comes_in_is_brought_up_to_date_and_goes_out_on_both_databases(area, ledger, tmp_path):
    room = Room(area, rules_of(area.pack), ledger)
    rows = [order(f"20261119{n:04}") for n in range(600)]
    imports.write(room, planned(room, tmp_path, *rows), NOON)
    news = planned(room, tmp_path, *[{**row, "办结时间": "2026-11-20 10:00"} for row in rows])
    assert news.counts["changed"] == 600
    imports.write(room, news, NOON, update=True)
    wanted = exports.named(room, grid="micro:2-02", marks=["green"])
    frame = exports.table(room, figures.asked(room, wanted, NOON, rows=True), NOON, "zh")
    assert frame["external_id"].nunique() == 600
    assert set(frame["status"]) == {"closed"}
