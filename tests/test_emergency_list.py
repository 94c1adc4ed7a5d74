"""The emergency list: tables as offices hand them out, the list of a year as it is put, and warnings that follow it."""

from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import AREA, shop
from orders import who
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import update

from data import rules
from desk.sites import register
from desk.warnings import acts, clock, list_tables, lists
from desk.warnings.acts import Order, Seen
from desk.warnings.list_tables import HEADINGS
from geo.errors import BattlemapError, Conflict, DraftError, NoAccess
from incidents.access import Role
from incidents.alerts import Level
from inspections.emergency_list import EmergencyList, Line, by_site, difference, of_year
from inspections.sites import Act
from inspections.warnings import LISTED, Kind, State, Task, Warned, WarningRules, changed, checks, moved
from ledger import backup, tables
from ledger.store import open_ledger
from ledger.verify import verify

RULES = WarningRules.from_table(rules.read("warnings"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YEAR = NOON.year
HEAD = [names[0] for names in HEADINGS.values()]
SAYS = {Level.YELLOW: "停产一条线", Level.ORANGE: "停产两条线", Level.RED: "全部停产"}
CITY = "市污染防治攻坚办"


@pytest.fixture
def room(tmp_path):
    made = room_of(shipped(AREA), tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def plants(room):
    return [shop(room, name, "enterprise") for name in ("示例印刷厂", "示例家具厂", "示例喷涂车间")]


def order(level=Level.YELLOW, number="1号"):
    return Order(CITY, number, level, NOON + 3 * DAY, NOON + 6 * HOUR)


def line(plant, **fields):
    return Line(plant.number, plant.name, **({"grade": "B", "says": SAYS} | fields))


def put(room, *some, version=0, now=NOON):
    return lists.put(room, EmergencyList(YEAR, some, "清单.xlsx", version), DISPATCHER, now)


def sheet(tmp_path, rows, *, head=HEAD, name="清单.xlsx", title="", merged=()):
    book = openpyxl.Workbook()
    page = book.active
    for row in ([[title], head] if title else [head]) + [list(row) for row in rows]:
        page.append(row)
    for one in merged:
        page.merge_cells(one)
    book.save(tmp_path / name)
    return tmp_path / name


def stops(room, number, state=State.OPEN):
    return {
        (one.site, one.asks or one.measure)
        for one in acts.tasks(room, number)
        if one.kind is Kind.STOP and one.state is state
    }


# The rules of it

SITES = [f"场-{n:04d}" for n in range(5)]
LINES = st.lists(
    st.builds(
        Line,
        st.sampled_from(SITES),
        st.just("厂"),
        says=st.dictionaries(st.sampled_from(list(SAYS)), st.sampled_from(["停", "限", "减"])),
        exempt=st.sampled_from(["", "", "保障供暖"]),
    ),
    unique_by=lambda one: one.site,
)
KINDS = st.lists(st.sampled_from(["enterprise", "dust", "filling_station"]), min_size=5, max_size=5)


@given(LINES, LINES, KINDS, st.sampled_from(list(SAYS)), st.data())
def test_tasks_are_those_of_the_list_and_of_kinds_that_it_does_not_name_and_what_was_done_stays(
    first, second, kinds, level, data
):
    one = Warned(CITY, "1号", Level.YELLOW, NOON + HOUR, NOON + 2 * DAY)
    sources = list(zip(SITES, kinds, strict=True))
    there = {task.number: task for task in moved(RULES, one, sources, (), NOON, by_list(first))[0]}
    for number in data.draw(st.sets(st.sampled_from(sorted(there))) if there else st.just(set())):
        there[number] = replace(there[number], state=State.DONE, kept=True)
    done = {number: task for number, task in there.items() if task.state is State.DONE}
    if level is not one.level:
        one, _act = changed(one, level, "2号", one.ends, NOON)
    opened, closed = moved(RULES, one, sources, list(there.values()), NOON, by_list(second))
    assert not {task.number for task in closed} & set(done)
    there |= {task.number: task for task in (*opened, *closed)}
    asked = {(task.site, said(task)) for task in there.values() if task.state is State.OPEN}
    met = {(task.site, said(task)) for task in done.values()}
    wanted = {(site, text) for site, kind in sources for text in texts(by_list(second).get(site), kind, level)}
    assert asked | met >= wanted
    assert asked <= wanted
    listed = {one.site for one in second if one.concerned(level)}
    due = {
        task.site
        for task in checks(RULES, one, sources, (), NOON - DAY / 2, NOON.tzinfo, by_list(second))
        if task.site in by_list(second)
    }
    assert due <= listed


def by_list(lines):
    return {one.site: one for one in lines}


def said(task: Task):
    return task.asks or RULES.says(task.measure, task.level).zh + task.measure


def texts(one, kind, level):
    if one:
        return [one.asks(level)] if one.asks(level) else []
    return [RULES.says(key, level).zh + key for key in RULES.of(kind, level)]


@given(LINES, LINES)
def test_a_difference_leads_from_one_list_to_the_other(first, second):
    before, after = EmergencyList(YEAR, tuple(first)), EmergencyList(YEAR, tuple(second))
    found = difference(before, after)
    now = {**by_list(first), **by_list(found.added), **by_list(found.changed)}
    assert {site: one for site, one in now.items() if site not in by_list(found.gone)} == by_list(second)
    assert bool(found) == (by_list(first) != by_list(second))
    assert EmergencyList.from_json(after.to_json()) == after


def test_the_list_of_a_year_holds_until_the_next_one():
    some = [EmergencyList(2024, ()), EmergencyList(2026, ())]
    assert [of_year(some, year) and of_year(some, year).year for year in (2023, 2024, 2025, 2027)] == [None, 2024, 2024, 2026]  # fmt: skip
    assert by_site(None) == {}


# In the ledger


def test_the_tasks_of_a_listed_enterprise_are_those_of_its_plan(room, plants):
    first, second, third = plants
    put(room, line(first), line(second, exempt="保障供暖"))
    one = acts.issue(room, order(), DISPATCHER, NOON)
    assert stops(room, one.number) == {(first.number, SAYS[Level.YELLOW]), (third.number, "plan")}
    assert clock.take(room, NOON + DAY)
    assert {task.site for task in acts.tasks(room, one.number) if task.kind is Kind.CHECK} == {one.number for one in plants}  # fmt: skip
    (task,) = (each for each in acts.tasks(room, one.number) if each.measure == LISTED)
    acts.done(room, one.number, task.number, Seen(True, meter="0"), DISPATCHER, NOON)
    raised = acts.alter(room, acts.listed(room)[0], order(Level.ORANGE, "2号"), DISPATCHER, NOON)
    assert (first.number, SAYS[Level.ORANGE]) in stops(room, one.number)
    assert stops(room, one.number, State.DONE) == {(first.number, SAYS[Level.YELLOW])}
    acts.stand_down(room, raised, "3号", DISPATCHER, NOON + DAY)
    assert not verify(room.ledger, now=NOON).breaks


def test_a_warning_that_holds_follows_another_list_and_keeps_what_was_done(room, plants):
    first, second, third = plants
    one = acts.issue(room, order(), DISPATCHER, NOON)
    before = stops(room, one.number)
    made = put(room, line(first))
    assert stops(room, one.number) == (before - {(first.number, "plan")}) | {(first.number, SAYS[Level.YELLOW])}
    task = next(each for each in acts.tasks(room, one.number) if each.measure == LISTED)
    acts.done(room, one.number, task.number, Seen(True, meter="0"), DISPATCHER, NOON)
    made = put(room, line(first), line(third, says={}), version=made.version)
    assert stops(room, one.number) == {(second.number, "plan")}, "what was done is not asked for again"
    put(room, line(third), version=made.version)
    assert stops(room, one.number) == {(first.number, "plan"), (second.number, "plan"), (third.number, SAYS[Level.YELLOW])}  # fmt: skip
    assert stops(room, one.number, State.DONE) == {(first.number, SAYS[Level.YELLOW])}
    closed = [each for each in acts.tasks(room, one.number) if each.state is State.CLOSED]
    assert {each.reason for each in closed} == {"list"}
    assert not verify(room.ledger, now=NOON).breaks


def test_a_list_that_changes_nothing_or_was_seen_in_an_older_state_is_refused(room, plants):
    made = put(room, line(plants[0]))
    with pytest.raises(DraftError):
        put(room, line(plants[0]), version=made.version)
    with pytest.raises(Conflict):
        put(room, line(plants[1]))
    with pytest.raises(DraftError):
        put(room, line(plants[0]), line(plants[0], grade="A"), version=made.version)
    with pytest.raises(DraftError):
        put(room, Line("场-9999", "没有的厂"), version=made.version)
    with pytest.raises(DraftError):
        lists.put(room, EmergencyList(1900, (line(plants[0]),)), DISPATCHER, NOON)
    assert lists.listed(room)[0].lines == (line(plants[0]),)


def test_who_sees_a_part_sees_its_lines_and_puts_no_list(room, plants):
    put(room, *map(line, plants))
    code = plants[0].codes["micro"].split(";")[0]
    other = next(str(each) for each in room.area.net.leaf.codes if str(each) != code)
    own, others = (room.seen_by(who(Role.WORKER, f"{AREA}:micro:{part}", "a9")) for part in (code, other))
    assert len(lists.listed(own)[0].lines) == len(plants)
    assert lists.listed(others)[0].lines == ()
    with pytest.raises(NoAccess):
        lists.put(own, EmergencyList(YEAR, (line(plants[0]),)), DISPATCHER, NOON)


def test_a_changed_list_is_found_and_a_backup_brings_it_back(room, plants, tmp_path):
    put(room, *map(line, plants))
    archive = tmp_path / "kept.zip"
    backup.backup(room.ledger, archive, now=NOON)
    again = open_ledger(tmp_path / "again")
    try:
        backup.restore(again, archive, now=NOON)
        assert lists.listed(replace(room, ledger=again)) == lists.listed(room)
    finally:
        again.close()
    with room.ledger.engine.begin() as connection:
        connection.execute(update(tables.emergency_list).values(standing='{"file":"","lines":[],"year":2026}'))
    assert verify(room.ledger, now=NOON).breaks


# Tables


def test_a_table_of_the_bureau_is_read_with_its_title_its_merged_cells_and_its_foot(room, plants, tmp_path):
    rows = [
        ["", "示例印刷厂", "B级", "停产一条线", "停产两条线", "全部停产", "否", "预案-1"],
        ["", "示例家具厂", None, "停产一条线", None, None, None, None],
        [plants[2].number, "喷涂车间", "引领性", None, None, None, "是", None],
        ["填报人：", "", "", "", "", "", "", ""],
    ]
    path = sheet(tmp_path, rows, title="2026年应急减排清单", merged=("C3:C4",))
    found = list_tables.plan(room, path, YEAR)
    assert found.refused == []
    assert [(one.site, one.grade, dict(one.says), one.exempt, one.plan) for one in found.wished.lines] == [
        (plants[0].number, "B", SAYS, "", "预案-1"),
        (plants[1].number, "B", {Level.YELLOW: "停产一条线"}, "", ""),
        (plants[2].number, "引领性", {}, "豁免", ""),
    ]
    lists.put(room, found.wished, DISPATCHER, NOON)
    assert not list_tables.plan(room, path, YEAR).differs


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_in_any_usual_encoding_says_the_same(room, plants, tmp_path, encoding):
    path = tmp_path / "清单.csv"
    path.write_bytes(f"{','.join(HEAD)}\n,示例印刷厂,a,停产,停产,停产,,\n".encode(encoding))
    (one,) = list_tables.plan(room, path, YEAR).wished.lines
    assert (one.site, one.grade) == (plants[0].number, "A")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["场-9999", "", "B", "停", "", "", "", ""], "list_number"),
        (["", "", "B", "停", "", "", "", ""], "list_unnamed"),
        (["", "毫不相干", "B", "停", "", "", "", ""], "list_none"),
        (["", "示例印刷", "B", "停", "", "", "", ""], "list_near"),
        (["", "示例印刷厂", "Z", "停", "", "", "", ""], "list_grade"),
        (["", "示例印刷厂", "B", "停，电话13812345678", "", "", "", ""], "text_private"),
        (["", "示例印刷厂", "B", "停" * 301, "", "", "", ""], "text_long"),
        (["", "示例家具厂", "B", "停", "", "", "", ""], "list_row_twice"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_nothing_is_taken(room, plants, tmp_path, row, kind):
    found = list_tables.plan(room, sheet(tmp_path, [["", "示例家具厂", "B", "停", "", "", "", ""], row]), YEAR)
    (refused,) = found.refused
    assert (refused.row, kind in {one.kind for one in refused.findings}) == (3, True)
    assert found.wished is None


def test_an_enterprise_of_another_name_is_chosen_among_those_that_are_like_it(room, plants, tmp_path):
    path = sheet(tmp_path, [["", "示例印刷", "B", "停", "", "", "", ""]])
    (row,) = list_tables.plan(room, path, YEAR).refused
    assert (plants[0].number, plants[0].name) in row.may_be
    assert list_tables.plan(room, path, YEAR, chosen={2: plants[0].number}).wished.lines[0].site == plants[0].number


def test_what_is_no_list_is_refused_with_words(room, plants, tmp_path):
    for made in (
        lambda: sheet(tmp_path, []),
        lambda: sheet(tmp_path, [["1"]], head=["温度"]),
        lambda: (tmp_path / "x.txt").write_bytes(b"\x00\xff" * 40) and tmp_path / "x.txt",
    ):
        with pytest.raises(BattlemapError):
            list_tables.plan(room, made(), YEAR)
    code = plants[0].codes["micro"].split(";")[0]
    with pytest.raises(NoAccess):
        list_tables.plan(room.seen_by(who(Role.WORKER, f"{AREA}:micro:{code}", "a9")), sheet(tmp_path, []), YEAR)


def test_an_enterprise_out_of_use_is_noted_and_gets_no_task(room, plants, tmp_path):
    register.turn(room, plants[0], Act.CLOSE, "搬迁", NOON.date(), DISPATCHER, NOON)
    found = list_tables.plan(room, sheet(tmp_path, [["", plants[0].name, "B", "停", "", "", "", ""]]), YEAR)
    assert {one.kind for one in found.rows[0].findings} == {"list_out_of_use"}
    lists.put(room, found.wished, DISPATCHER, NOON)
    one = acts.issue(room, order(), DISPATCHER, NOON)
    assert plants[0].number not in {task.site for task in acts.tasks(room, one.number)}


def test_the_template_can_be_filled_in(room, plants, tmp_path):
    path = tmp_path / "空表.csv"
    path.write_bytes(list_tables.template() + f"{plants[1].number},,,停,,,,\n".encode())
    assert list_tables.plan(room, path, YEAR).wished.lines[0].name == plants[1].name
