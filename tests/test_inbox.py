"""What lies in whose inbox, counted by the same query as the board; the saved views; the words of a case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_browser import jpeg, post, reported, room_in
from openpyxl import load_workbook
from rooms import room_of, shipped

from desk.acts import Doing, do
from desk.posts.acting import NOBODY
from desk.reading import may_read
from desk.room import Room
from desk.rules import rules_of
from geo.errors import FilterError, LedgerError, UnknownIncident
from incidents.lifecycle import Act
from incidents.posts import Post, kind_of, post_key
from ledger import find
from ledger.views import View, drop, save, views
from locales import translator
from reports import figures, inbox
from reports.case_words import compared, deadline, facts_at, timeline
from reports.figures import Filter
from reports.listing import listing, to_csv, to_xlsx

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # a Friday, 12:00 in Zhengzhou
LEAF = "head:micro:41010299900100101"
GRID = "head:grid:410102999001001"
OTHER_GRID = "head:grid:410102999001002"
CENTRE = "dispatcher::"


def filled(room):
    """Put a case into every state that an inbox tells apart, and return their numbers by title."""
    numbers = {}

    def take(name, place, *acts, now=NOW, **fields):
        numbers[name] = reported(room, name, place=place, now=now, **fields).number
        for act, by, data in acts:
            do(room, Doing(numbers[name], act, data), post(by), now)

    filed = (Act.FILE, CENTRE, {})
    sent = (Act.DISPATCH, CENTRE, {"handler": LEAF})
    accepted = (Act.ACCEPT, LEAF, {})
    done = (Act.FEEDBACK, LEAF, {"text": "好了"})
    asks = (Act.ASK_EXTENSION, LEAF, {"reason": "备料", "due": NOW + timedelta(days=2)})
    held = (Act.SUSPEND, CENTRE, {"reason": "拆迁", "until": NOW + timedelta(hours=1)})
    take("unsorted", 0)
    take("filed", 1, filed)
    take("sent", 0, filed, sent)
    take("feedback", 0, filed, sent, accepted, done)
    take("closed", 0, filed, sent, accepted, done, (Act.CLOSE, GRID, {}))
    take("asks", 0, filed, sent, accepted, asks)
    take("suspended", 0, filed, (Act.DISPATCH, CENTRE, {"handler": GRID}), held)
    take("late", 0, filed, sent, now=NOW - timedelta(days=20))
    take("elsewhere", 40)
    take("linked", 2)
    do(room, Doing(numbers["linked"], Act.LINK, {"to": numbers["unsorted"]}), post(CENTRE), NOW)
    return numbers


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = room_in(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module", autouse=True)
def numbers(room):
    return filled(room)


def test_both_databases_answer_every_pile_alike(ledger):
    area = shipped("longnan")
    room = Room(area, rules_of(area.pack), ledger)
    filled(room)
    counts = inbox.counts(room, who(room, CENTRE), NOW + timedelta(hours=2))
    expected = {
        "unsorted": 3,
        "mine": 0,
        "verify": 1,
        "sample": 0,
        "asked": 1,
        "review": 1,
        "replies": 1,
        "overdue": 1,
        "closed": 1,
    }
    assert {pile: counts[pile] for pile in expected} == expected


def who(room, key):
    return room.posts.get(key) or Post(key, kind_of(key), key)


def titles(room, key, pile, now=NOW):
    return {case.title for case in inbox.listed(room, who(room, key), pile, now)}


def test_the_dispatcher_sorts_what_nobody_has_sent_yet(room):
    assert titles(room, CENTRE, "unsorted") == {"unsorted", "filed", "elsewhere"}


def test_mine_is_what_i_handle_and_what_i_answer_for_and_nobody_sorted(room):
    assert titles(room, LEAF, "mine") == {"unsorted", "sent", "asks", "late"}


def test_my_grid_holds_all_below_it_and_nothing_beside_it(room):
    assert titles(room, GRID, "grid") == {"unsorted", "filed", "sent", "feedback", "asks", "suspended", "late"}
    assert "elsewhere" not in titles(room, GRID, "grid")


def test_overdue_is_red_and_past_its_deadline(room):
    assert titles(room, GRID, "overdue") == {"late"}
    assert titles(room, OTHER_GRID, "overdue") == set()


def test_who_handled_a_case_has_it_not_to_verify(room):
    assert titles(room, GRID, "verify") == {"feedback"}
    assert titles(room, "inspector::", "verify") == {"feedback"}
    assert titles(room, LEAF, "verify") == set()


def test_requests_go_to_those_who_approve(room):
    assert titles(room, CENTRE, "asked") == {"asks"}
    assert "asked" not in inbox.piles_of(who(room, LEAF))


def test_a_suspension_is_reviewed_when_its_time_has_come(room):
    assert titles(room, CENTRE, "review") == set()
    assert titles(room, CENTRE, "review", NOW + timedelta(hours=2)) == {"suspended"}


def test_a_linked_case_waits_for_its_reply(tmp_path):
    room = room_in(tmp_path)
    one, two = reported(room, "one", place=1, now=NOW), reported(room, "two", place=1, now=NOW)
    do(room, Doing(two.number, Act.LINK, {"to": one.number}), post(CENTRE), NOW)
    assert titles(room, CENTRE, "replies") == {"two"}
    do(room, Doing(two.number, Act.REPLY, {"text": "已并案处理"}), post(CENTRE), NOW)
    assert titles(room, CENTRE, "replies") == set()


def test_what_was_cleared_on_the_spot_is_drawn_by_a_share_and_always_the_same(tmp_path):
    room = room_in(tmp_path)
    settings = room.rules.settings
    class_ = next(key for key, found in room.rules.directory.classes.items() if found.self_clear)
    room = replace(room, rules=replace(room.rules, settings=replace(settings, sample_share=0.25)))
    for place in range(40):
        reported(room, f"c{place}", place=place, by=GRID, now=NOW, class_=class_, cleared=True, photos=[jpeg()])
    drawn = titles(room, "inspector::", "sample")
    assert 7 <= len(drawn) <= 13
    assert titles(room, "inspector::", "sample", NOW + timedelta(days=3)) == drawn
    assert titles(room, GRID, "sample") == set(), "nobody samples what he cleared himself"
    for share, many in ((0.0, 0), (1.0, 40)):
        other = replace(room, rules=replace(room.rules, settings=replace(settings, sample_share=share)))
        assert len(titles(other, "inspector::", "sample")) == many


def test_the_digest_goes_back_to_the_shift_before(room):
    assert inbox.before(room, NOW).astimezone(room.area.pack.timezone).strftime("%d %H:%M") == "19 20:00"
    new = titles(room, CENTRE, "new")
    assert "late" not in new
    assert {"unsorted", "closed", "elsewhere"} <= new
    assert titles(room, CENTRE, "closed") == {"closed"}
    assert titles(room, CENTRE, "escalated") == set()


def test_an_escalated_and_a_reopened_case_are_in_the_digest(tmp_path):
    room = room_in(tmp_path)
    number = reported(room, "up", place=0, now=NOW).number
    for act, by, data in (
        (Act.FILE, CENTRE, {}), (Act.DISPATCH, CENTRE, {"handler": LEAF}), (Act.ESCALATE, LEAF, {}), (Act.CANCEL, CENTRE, {"reason": "误报"}), (Act.REOPEN, CENTRE, {"reason": "属实"}),
    ):  # fmt: skip
        do(room, Doing(number, act, data), post(by), NOW)
    assert titles(room, GRID, "escalated") == {"up"}
    assert titles(room, GRID, "reopened") == {"up"}
    assert titles(room, OTHER_GRID, "reopened") == set()
    assert titles(room, GRID, "reopened", NOW + timedelta(days=2)) == set()


@pytest.mark.parametrize(
    "key", [CENTRE, "inspector::", GRID, OTHER_GRID, LEAF, post_key(kind_of("department::"), "", "城市管理综合执法")]
)
def test_every_count_is_that_of_its_list(room, key):
    counts = inbox.counts(room, who(room, key), NOW)
    assert counts == {pile: len(inbox.listed(room, who(room, key), pile, NOW)) for pile in counts}
    assert set(inbox.piles_of(who(room, key))) <= set(counts)


@pytest.mark.parametrize(
    ("key", "grid"), [(CENTRE, None), (GRID, ("grid", "410102999001001")), (OTHER_GRID, ("grid", "410102999001002"))]
)
def test_the_inbox_counts_as_the_board_does(room, key, grid):
    """Red ones and overdue ones: the board asks for marks under a filter, the inbox for a pile of a post."""
    shown = figures.look(room, Filter(grid=grid), NOW)
    counts = inbox.counts(room, who(room, key), NOW)
    assert counts["grid"] == figures.counts(shown.cases)["red"]
    assert counts["overdue"] == len(figures.overdue(shown.cases, shown.clock))


def test_who_holds_no_post_has_nothing_of_their_own_and_sees_what_is_open(room):
    assert inbox.piles_of(NOBODY) == ("grid", "overdue")
    counts, seen = inbox.counts(room, NOBODY, NOW), inbox.counts(room, who(room, CENTRE), NOW)
    assert counts["grid"] == seen["grid"] > 0
    assert counts["overdue"] == seen["overdue"] > 0


@pytest.mark.parametrize(
    "query", [{}, {"grid": "grid:410102999001001"}, {"mark": "red"}, {"days": "1"}, {"days": "7", "mark": "red,green"}]
)
def test_the_table_counts_as_the_map_does(room, query):
    asked = listing(room, Filter.from_query(query, period=None), NOW, translator("zh"), "zh")
    wanted = figures.look(room, Filter.from_query({"days": "all", **query}), NOW)
    marked = asked.frame[asked.frame["三色标记"] != ""]
    assert sorted(marked["编号"]) == sorted(wanted.cases["uid"])


def test_the_table_finds_by_state_text_handler_and_lateness(room):
    def found(**query):
        shown = listing(room, Filter.from_query(query, period=None), NOW, translator("zh"), "zh")
        return set(shown.frame["标题"])

    assert found(status="feedback,closed") == {"feedback", "closed"}
    assert found(q="uns") == {"unsorted"}
    assert found(handler=GRID) == {"suspended"}
    assert found(late="1") == {"late"}
    assert found(q="100%_") == set()
    assert found(channel="sensor") == set()


def test_a_file_holds_what_the_table_shows(room, tmp_path):
    frame = listing(room, Filter(), NOW, translator("zh"), "zh").frame
    text = to_csv(frame)
    assert text.startswith(b"\xef\xbb\xbf")
    assert text.decode("utf-8-sig").count("\n") == len(frame) + 1
    (tmp_path / "a.xlsx").write_bytes(to_xlsx(frame, "台账"))
    rows = list(load_workbook(tmp_path / "a.xlsx").active.iter_rows(values_only=True))
    assert list(rows[0]) == list(frame.columns)
    assert [row[rows[0].index("编号")] for row in rows[1:]] == list(frame["编号"])
    assert rows[1][list(frame.columns).index("上报时间")] == frame["上报时间"][0].to_pydatetime()


def test_what_begins_like_a_formula_stays_text_in_a_file(tmp_path):
    room = room_in(tmp_path)
    reported(room, '=HYPERLINK("http://evil")', now=NOW)
    frame = listing(room, Filter(), NOW, translator("zh"), "zh").frame
    (tmp_path / "a.xlsx").write_bytes(to_xlsx(frame, "台账"))
    place = list(frame.columns).index("标题") + 1
    cell = load_workbook(tmp_path / "a.xlsx").active.cell(2, place)
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://evil")')
    assert b"'=HYPERLINK" in to_csv(frame)


def test_a_row_of_a_restricted_case_says_so_on_the_screen_and_not_in_files(tmp_path):
    room = room_in(tmp_path)
    class_ = next(key for key, found in room.rules.directory.classes.items() if found.restricted)
    hidden = reported(room, "邻居之间的事", now=NOW, class_=class_).number
    open_ = reported(room, "井盖破损", now=NOW).number
    found = listing(room, Filter(), NOW, translator("zh"), "zh")
    titles = dict(zip(found.numbers, found.on_screen(translator("zh"))["标题"], strict=True))
    assert titles == {hidden: "受限事项", open_: "井盖破损"}
    assert "受限事项" not in to_csv(found.frame).decode()


def test_the_table_names_a_micro_grid_with_its_community_where_several_have_its_label(tmp_path):
    room = room_of(shipped("mianfang"), tmp_path)
    reported(room, now=NOW)
    found = listing(room, Filter(), NOW, translator("zh"), "zh")
    assert list(found.on_screen(translator("zh"))["微网格"]) == ["化纤路社区 1-01"]
    assert list(found.frame["微网格"]) == ["1-01"]


def test_the_words_of_a_restricted_case_stay_out_of_the_table(tmp_path):
    room = room_in(tmp_path)
    class_ = next(key for key, found in room.rules.directory.classes.items() if found.restricted)
    case = reported(room, "邻居之间的事", now=NOW, class_=class_, address="3号楼")
    frame = listing(room, Filter(), NOW, translator("zh"), "zh").frame
    assert "邻居" not in frame.to_csv()
    assert "3号楼" not in frame.to_csv()
    assert may_read(who(room, CENTRE), case)
    assert may_read(who(room, GRID), case)
    assert not may_read(who(room, OTHER_GRID), case)
    assert not may_read(who(room, "department::城市管理综合执法"), case)


@pytest.mark.parametrize(
    ("query", "readers", "others"),
    [
        ({"grid": "micro:41010299900100101"}, {CENTRE, LEAF, GRID}, {OTHER_GRID, "department::城市管理综合执法"}),
        ({"grid": "grid:410102999001001"}, {CENTRE, GRID}, {LEAF, OTHER_GRID}),
        ({"handler": LEAF}, {CENTRE, LEAF}, {GRID, OTHER_GRID}),
    ],
)
def test_under_a_filter_by_place_restricted_cases_are_listed_only_to_posts_that_may_read_them(
    tmp_path, query, readers, others
):
    room = room_in(tmp_path)
    class_ = next(key for key, found in room.rules.directory.classes.items() if found.restricted)
    cases = [reported(room, "事", now=NOW, class_=key) for key in (class_, "06010")]
    for case in cases:
        do(room, Doing(case.number, Act.FILE, {}), post(CENTRE), NOW)
        do(room, Doing(case.number, Act.DISPATCH, {"handler": LEAF}), post(CENTRE), NOW)
    hidden, plain = (case.number for case in cases)

    def shown(asked, reader):
        return listing(room, Filter.from_query(asked, period=None), NOW, translator("zh"), "zh", reader)

    for reader in [None, *(who(room, key) for key in readers | others)]:
        may = reader is not None and reader.key in readers
        found = shown(query, reader)
        assert set(found.numbers) == ({hidden, plain} if may else {plain})
        assert found.total == len(found.numbers)
        assert list(found.kept["编号"]) == [plain]
        said = "其中受限类别 1 件：此范围内不足 5 件" if may else "受限类别事件不足 5 件（或没有）"
        assert said in " ".join(found.notes)
        assert "受限类别事件不足 5 件（或没有）" in " ".join(found.in_files)
        whole = shown({}, reader)
        assert set(whole.numbers) == set(whole.kept["编号"]) == {hidden, plain}
        assert not whole.notes
        assert not whole.in_files


@pytest.mark.parametrize("name", figures.PARAMETERS)
def test_a_nul_in_an_address_is_refused(name):
    with pytest.raises(FilterError, match=f"{name}: it holds a NUL"):
        Filter.from_query({name: "micro:\0"})


def test_both_databases_know_no_case_whose_number_holds_a_nul(ledger):
    with ledger.reading() as connection, pytest.raises(UnknownIncident, match="no incident"):
        find.get(connection, "longnan", "A\0")


def test_a_view_is_kept_for_its_post_or_for_all_and_can_be_put_back(tmp_path):
    room = room_of(shipped("longnan"), tmp_path)
    own, shared = View("我的超期", GRID, {"late": "1"}), View("红色", "", {"mark": "red"})
    for view in (own, shared):
        room.ledger.change(lambda writing, view=view: save(writing, room.id, view, by=GRID, at=NOW))

    def seen(key):
        with room.ledger.reading() as connection:
            return views(connection, room.id, key)

    assert seen(GRID) == [own, shared]
    assert seen(OTHER_GRID) == [shared]
    again = View("我的超期", GRID, {"late": "1", "q": "井盖"})
    room.ledger.change(lambda writing: save(writing, room.id, again, by=GRID, at=NOW))
    assert seen(GRID) == [again, shared]
    room.ledger.change(lambda writing: drop(writing, room.id, again, by=GRID, at=NOW))
    assert seen(GRID) == [shared]
    with room.ledger.reading() as connection:
        acts = [entry["act"] for entry in find.entries(connection, room.id, "我的超期", subject="view")]
    assert acts == ["save", "save", "drop"]


def test_a_view_that_cannot_be_written_changes_nothing(tmp_path):
    room = room_of(shipped("longnan"), tmp_path)
    with pytest.raises(LedgerError):
        room.ledger.change(lambda writing: save(writing, room.id, View(None, "", {}), by=GRID, at=NOW))
    with room.ledger.reading() as connection:
        assert views(connection, room.id, GRID) == []


def test_the_course_of_a_case_is_told_in_words_with_what_moved(room, numbers):
    number = numbers["asks"]
    with room.ledger.reading() as connection:
        entries = find.entries(connection, room.id, number)
    lines = timeline(room, entries, [], translator("zh"), "zh")
    assert [line.what for line in lines] == ["上报", "立案", "派遣", "签收", "申请延期"]
    assert lines[4].said == "备料"
    assert any("交1-01 微网格长" in detail for detail in lines[2].details)
    assert any(detail.startswith("时限至") for detail in lines[2].details)


def test_then_and_now_differ_in_what_was_done_between(room, numbers):
    with room.ledger.reading() as connection:
        entries = find.entries(connection, room.id, numbers["sent"])
    old, new = facts_at(entries, entries[0]["version"]), facts_at(entries, entries[-1]["version"])
    rows = {label: (was, now) for label, was, now in compared(room, old, new, translator("zh"), "zh")}
    assert rows["状态"] == ("已上报", "已派遣")
    assert rows["派遣单位"] == ("", "1-01 微网格长")
    assert rows["责任岗位"][0] == rows["责任岗位"][1]


def test_a_deadline_says_how_much_is_left_and_by_how_much_it_is_over(room, numbers):
    with room.ledger.reading() as connection:
        late = find.get(connection, room.id, numbers["late"])
        sent = find.get(connection, room.id, numbers["sent"])
        closed = find.get(connection, room.id, numbers["closed"])
    zh = translator("zh")
    assert deadline(room, late, NOW, zh).light == "red"
    assert deadline(room, late, NOW, zh).left.startswith("超 ")
    assert deadline(room, sent, NOW, zh).left.startswith("剩 ")
    assert deadline(room, closed, NOW, zh).left == ""
