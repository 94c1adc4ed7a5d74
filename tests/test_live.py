"""The live feed: map, table and paper count alike, and who applies what changed sees what one sees who comes anew."""

import gc
import re
import weakref
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from brute import FILTERS, LOCAL, as_the_rules_say, cases_of
from busy_room import CLASSES, Busy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rooms import NOON, room_of
from small_pack import MANIFEST, write_small_pack

from api.live import Seen, answer
from api.print import wanted_of
from desk.room import Room
from geo.errors import FilterError
from layers.load import load
from layers.sheet import sheet
from ledger import find
from pages.parts.board import counts as counts_html
from reports import exports, figures, inbox
from reports.address import THIS_SHIFT
from reports.cards import card
from reports.choices import class_choices, grid_choices
from reports.facts import facts_of
from reports.figures import FEWEST, MARKS, Filter
from reports.listing import listing
from reports.search import search
from reports.withheld import withheld

SVG = "{http://www.w3.org/2000/svg}"
NAMES = counting()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A room whose clock goes."""
    folder = tmp_path_factory.mktemp("packs")
    pack = write_small_pack(folder / "small")
    (pack / "area.toml").write_text(MANIFEST.replace("archive = true\n", ""), encoding="utf-8")
    return room_of(load(pack), folder / "var")


def busy(template, seed, count=40, now=NOON):
    return Busy(template, f"busy{next(NAMES)}", seed, count, now)


READERS = ("", "dispatcher::", "head:third:2")


@given(seed=st.integers(0, 10**6), wanted=FILTERS, minutes=st.integers(0, 3 * 24 * 60), reader=st.sampled_from(READERS))
# closed within the period and reported before it; four restricted ones in a grid, which are few, and five, which are not
@example(seed=4, wanted=Filter(days=1), minutes=600, reader="dispatcher::")
@example(seed=2, wanted=Filter(grid=("third", "2")), minutes=0, reader="head:third:2")
@example(seed=6, wanted=Filter(grid=("third", "3")), minutes=0, reader="")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_map_board_table_inbox_files_and_paper_count_alike(template, seed, wanted, minutes, reader):
    room, now = busy(template, seed, 90).room, NOON + timedelta(minutes=minutes)
    try:
        told = answer(room, wanted, None, now)
    except FilterError:  # a class that no case has and no directory knows
        assert wanted.classes
        return
    expected = as_the_rules_say(room, cases_of(room), wanted, now)
    counts = dict.fromkeys(MARKS, 0) | Counter(mark for mark, _ in expected)
    assert told["counts"] == counts
    assert {row[0]: row[3] for row in told["incidents"]} == {number: mark for mark, number in expected if number}
    assert told["hidden"] == sum(not number for _, number in expected)
    with room.ledger.reading() as connection:
        question = figures.asked(room, wanted, now)
        table = find.rows(connection, question, columns=("mark",))
        late = find.count(connection, replace(question, due_before=figures.minute(room, now)))
    assert dict.fromkeys(MARKS, 0) | Counter(row["mark"] for row in table) == counts
    assert told["overdue"] == late == sum(answer(room, replace(wanted, late=True), None, now)["counts"].values())
    paper = wanted_of(room, wanted, now)
    assert figures.counts(paper.cases) == counts
    assert paper.overdue == late
    board = counts_on_the_board(room, wanted, now)
    assert board == {mark: n for mark, n in counts.items() if not wanted.marks or mark in wanted.marks}
    rows_and_files_add_up_to_the_figures(room, wanted, now, counts, reader)


def counts_on_the_board(room, wanted, now):
    html = counts_html(room, wanted, now, str)
    found = re.findall(r'data-mark="(\w+)".*?<b>([\d,]+|—)</b>', html)
    return {mark: int(n.replace(",", "")) for mark, n in found if n != "—"}


def rows_and_files_add_up_to_the_figures(room, wanted, now, counts, reader):
    """Rows on screen, rows of files and what is said of those that are left out make the figures of the map, whoever looks."""
    figure = sum(counts.values())
    file = exports.table(room, figures.asked(room, wanted, now, rows=True), now, "zh")
    left = withheld(room, wanted, now)
    assert left.shown == 0
    assert len(file) + left.counted - left.unmarked == figure
    assert (left.few, left.counted) == (False, 0) or not file["restricted"].any()
    open_ = [row["number"] for _, row in file.iterrows() if row["mark"] and not row["restricted"]]
    assert sorted(open_) == sorted(figures.look(room, wanted, now).placed["uid"])
    if not left.counted:
        assert dict.fromkeys(MARKS, 0) | Counter(file.loc[file["mark"] != "", "mark"]) == counts
        assert int(file["overdue"].sum()) == answer(room, wanted, None, now)["overdue"]
    post = room.post(reader) if reader else None
    shown, left = listing(room, wanted, now, str, "zh", post), withheld(room, wanted, now, post)
    assert shown.total == len(shown.numbers)
    assert list(shown.kept["编号"]) == list(file["number"])
    extra = left.shown if figures.asked(room, wanted, now).restricted is False else 0
    assert shown.total + left.counted - left.unmarked - extra == figure
    assert bool(shown.notes) == any((left.few, left.counted, left.shown, left.unmarked))
    if post:
        the_inbox_counts_as_the_board_does(room, post, now)


def the_inbox_counts_as_the_board_does(room, post, now):
    """Open and overdue ones of the scope of a post; what the board leaves out there for being few the inbox says."""
    board = figures.look(room, Filter(grid=post.grid, days=figures.PERIOD), now)
    piles = inbox.counts(room, post, now)
    for pile, found in (
        ("grid", figures.counts(board.cases)["red"]),
        ("overdue", len(figures.overdue(board.cases, board.clock))),
    ):
        assert piles[pile] - inbox.apart(room, post, pile, now) == found


def test_a_filter_is_seen_to_leave_out_few_to_count_without_rows_and_to_show_rows_to_who_may_read(template):
    """So that the test above is known to meet all of it."""
    room, head = busy(template, 1, 400).room, "head:third:1"
    many, few = Filter(grid=("third", "1")), Filter(grid=("third", "1"), since=LOCAL - timedelta(hours=1))
    assert withheld(room, many, NOON).counted >= FEWEST
    assert withheld(room, many, NOON, room.post(head)).shown >= FEWEST
    assert withheld(room, few, NOON).few
    assert withheld(room, many, NOON).unmarked > 0
    assert "fewer than 5" in listing(room, few, NOON, str, "en").notes[0]


def test_the_paper_draws_what_has_a_place_and_says_what_has_none(template):
    room = busy(template, 7, 120).room
    chosen = wanted_of(room, Filter(), NOON)
    root = ET.fromstring(sheet(room.area, chosen, language="en", translate=str, printed_at=NOON))
    drawn = [part for part in root.iter(f"{SVG}g") if part.get("class") == "mark"]
    assert sum(int(part.get("data-count")) for part in drawn) == len(chosen.placed)
    totals = {part.get("data-mark"): int(part.text) for part in root.iter(f"{SVG}text") if part.get("class") == "total"}
    assert totals == figures.counts(chosen.cases)
    assert chosen.hidden > 0
    words = " ".join("".join(part.itertext()) for part in root.iter(f"{SVG}text"))
    assert f"{chosen.hidden} cases of restricted classes are counted and not shown" in words


class Client:
    """A map that keeps what it was told."""

    def __init__(self, wanted):
        self.wanted, self.seen, self.rows = wanted, None, {}

    def poll(self, room, now):
        told = answer(room, self.wanted, self.seen, now)
        if told["reset"]:
            self.rows = {}
        for uid in told["removed"]:
            self.rows.pop(uid, None)
        self.rows |= {row[0]: row for row in told["incidents"]}
        self.seen = Seen(told["version"], now, told["pack"])
        return told


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 5, 20, 45, 90]), st.integers(0, 4), st.sets(st.integers(0, 2), min_size=1)),
    min_size=4,
    max_size=12,
)


@given(seed=st.integers(0, 10**6), wanted=st.lists(FILTERS, min_size=3, max_size=3), steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_applies_what_changed_sees_what_one_sees_who_comes_anew(template, seed, wanted, steps):
    now = NOON + timedelta(hours=7, minutes=30)  # before the end of a shift
    made = busy(template, seed, 60, now)
    clients = [Client(one) for one in wanted if not one.classes - {"06010", "L3001", "L5001", "L3", "06"}]
    for minutes, changes, asking in steps:
        now += timedelta(minutes=minutes, seconds=5)
        if changes:
            made.happen(now, changes)
        for client in [client for n, client in enumerate(clients) if n in asking]:
            told = client.poll(made.room, now)
            anew = answer(made.room, client.wanted, None, now)
            expected = as_the_rules_say(made.room, cases_of(made.room), client.wanted, now)
            assert {uid: row[3] for uid, row in client.rows.items()} == {n: mark for mark, n in expected if n}
            assert told["counts"] == dict.fromkeys(MARKS, 0) | Counter(mark for mark, _ in expected)
            assert client.rows == {row[0]: row for row in anew["incidents"]}
            assert {name: told[name] for name in ("counts", "overdue", "grids", "hidden")} == {
                name: anew[name] for name in ("counts", "overdue", "grids", "hidden")
            }


@pytest.mark.parametrize("evening", ["2026-10-31T22:00-04:00", "2027-03-13T22:00-05:00"])
def test_a_screen_is_the_ledger_all_through_a_night_in_which_the_clocks_are_set(template, evening):
    """An hour comes twice, or not at all; midnight and the end of a shift pass."""
    now = datetime.fromisoformat(evening).astimezone(UTC)
    made = busy(template, 5, 60, now)
    area = made.room.area
    room = made.room = Room(replace(area, pack=replace(area.pack, timezone=ZoneInfo("America/New_York"))), template.rules, template.ledger)  # fmt: skip
    clients = [Client(Filter(days=THIS_SHIFT)), Client(Filter(days=1))]
    offsets, shifts, resets = set(), set(), []
    for _ in range(12):
        now += timedelta(minutes=59)
        made.happen(now, 2)
        offsets.add(room.clock(now).utcoffset())
        shifts.add(room.shift(now))
        for client in clients:
            resets.append(client.poll(room, now)["reset"])
            anew = answer(room, client.wanted, None, now)
            assert client.rows == {row[0]: row for row in anew["incidents"]}
    assert (len(offsets), len(shifts)) == (2, 2)
    assert resets == [True, True, *[False] * (len(resets) - 2)]


def test_no_parameter_of_a_filter_is_one_of_the_live_data():
    assert not {"since", "at", "pack", "view", "lang", "area", "ink"} & set(figures.PARAMETERS)


def test_an_answer_to_one_who_is_up_to_date_is_a_delta_of_nothing(template):
    made, client = busy(template, 1), Client(Filter())
    assert client.poll(made.room, NOON)["reset"]
    told = client.poll(made.room, NOON + timedelta(seconds=5))
    assert (told["reset"], told["incidents"], told["removed"]) == (False, [], [])


def test_only_what_changed_is_told(template):
    made, client = busy(template, 2), Client(Filter())
    client.poll(made.room, NOON)
    made.happen(NOON + timedelta(seconds=1), 1)
    told = client.poll(made.room, NOON + timedelta(seconds=5))
    assert not told["reset"]
    assert len(told["incidents"]) + len(told["removed"]) <= 1


def test_yellow_turns_green_when_the_shift_ends_though_nobody_did_anything(template):
    evening = NOON + timedelta(hours=7, minutes=59)
    made, client = busy(template, 3, 200, evening), Client(Filter())
    before = client.poll(made.room, evening)
    after = client.poll(made.room, evening + timedelta(minutes=2))
    turned = {row[0] for row in before["incidents"] if row[3] == "yellow"}
    turned -= {row["number"] for row in cleared_nobody_knows_when(made.room)}
    assert turned
    assert not after["reset"]
    assert turned <= {row[0] for row in after["incidents"] if row[3] == "green"}
    assert after["counts"]["yellow"] < before["counts"]["yellow"]


def cleared_nobody_knows_when(room):
    with room.ledger.reading() as connection:
        rows = find.rows(connection, room.wanted(marks=frozenset({"yellow"})), columns=("number", "closed"))
    return [row for row in rows if row["closed"] is None]


def test_who_missed_too_much_gets_a_snapshot(template, monkeypatch):
    made, client = busy(template, 4), Client(Filter())
    client.poll(made.room, NOON)
    monkeypatch.setattr(figures, "MOST_CHANGES", 2)
    made.happen(NOON, 12)
    assert client.poll(made.room, NOON)["reset"]


def test_more_marks_than_a_map_can_hold_are_refused_and_it_says_what_to_do(template, monkeypatch):
    room = busy(template, 5).room
    monkeypatch.setattr(figures, "MOST_MARKS", 10)
    with pytest.raises(FilterError, match="Choose fewer days, or a grid"):
        answer(room, Filter(), None, NOON)


def restricted_and_open(room):
    with room.ledger.reading() as connection:
        return find.rows(connection, room.wanted(restricted=True, marked=True), columns=("number", "title", "class"))


def test_what_is_restricted_is_counted_and_has_no_mark_no_card_and_is_not_found(template):
    room = busy(template, 6, 120).room
    hidden = restricted_and_open(room)
    told = answer(room, Filter(), None, NOON)
    assert told["hidden"] == len(hidden) > FEWEST
    assert sum(told["counts"].values()) == len(told["incidents"]) + len(hidden)
    said = str(told["incidents"]) + str(told["removed"])
    for row in hidden:
        assert row["number"] not in said
        assert [found.code for found in search(room, row["number"], NOON) if found.kind == "incident"] == []
        with pytest.raises(Exception, match="has no 'incident'"):
            card(room, "incident", row["number"], NOON)


@pytest.mark.parametrize("query", ["\0", "\0\0", " \0 "])
def test_nothing_is_found_for_what_no_database_can_hold(template, query):
    assert search(busy(template, 6, 20).room, query, NOON) == []


def test_fewer_than_five_restricted_ones_of_a_part_are_not_counted_there(template):
    room = busy(template, 8, 60).room
    for choice in grid_choices(room.area, "zh"):
        wanted = Filter.from_query({"grid": choice, "days": "all"})
        with room.ledger.reading() as connection:
            question = replace(figures.asked(room, wanted, NOON), restricted=True)
            there = find.count(connection, question)
        hidden = answer(room, wanted, None, NOON)["hidden"]
        assert hidden == (there if there >= FEWEST else 0)
        rows = card(room, *choice.split(":"), NOON)["rows"]
        marks = ("上报流转", "随手清", "处置完毕")
        shown = sum(int(value) for label, value in rows if label in marks)
        assert shown == len(figures.select(room, wanted, NOON))


def test_the_marks_of_a_part_add_up_to_the_part_restricted_ones_included(template):
    room = busy(template, 8, 200).room
    mixed = 0
    for choice in grid_choices(room.area, "zh"):
        query = {"grid": choice, "days": "all"}
        whole = answer(room, Filter.from_query(query), None, NOON)
        parts = [answer(room, Filter.from_query({**query, "mark": mark}), None, NOON) for mark in MARKS]
        assert [part["counts"][mark] for part, mark in zip(parts, MARKS, strict=True)] == list(whole["counts"].values())
        assert sum(part["hidden"] for part in parts) == whole["hidden"]
        mixed += any(0 < part["hidden"] < FEWEST for part in parts)
    assert mixed, "no grid whose restricted cases are enough together and few by mark"


def test_a_picture_that_nobody_looks_at_any_more_is_let_go(template):
    made = busy(template, 11, 60)
    old = weakref.ref(figures.look(made.room, Filter(), NOON))
    assert figures.look(made.room, Filter(), NOON) is old()
    made.happen(NOON, 3)
    figures.look(made.room, Filter(), NOON)
    gc.collect()
    assert old() is None


def test_a_case_that_became_restricted_leaves_the_map(template):
    made, client = busy(template, 9, 60), Client(Filter())
    client.poll(made.room, NOON)
    before = set(client.rows)
    for _ in range(12):
        made.happen(NOON, 4)
    gone = {row["number"] for row in restricted_and_open(made.room)} & before
    assert gone
    client.poll(made.room, NOON)
    assert not gone & set(client.rows)


def test_what_is_told_to_go_was_seen_before(template):
    """What was restricted all along, and what came restricted, is named to nobody."""
    made, client, unnamed = busy(template, 9, 60), Client(Filter()), 0
    client.poll(made.room, NOON)
    for step in range(30):
        hidden = {row["number"] for row in restricted_ones(made.room)}
        known = {number for _, number in made.numbers()} - hidden
        made.happen(NOON, 4)
        changed = {row["number"] for row in restricted_ones(made.room, after_version=client.seen.version)}
        told = client.poll(made.room, NOON + timedelta(minutes=step // 2))
        assert not told["reset"]
        assert not (changed - known) & set(told["removed"])
        assert changed & known <= set(told["removed"])
        unnamed += len(changed - known)
    assert unnamed


def restricted_ones(room, **other):
    with room.ledger.reading() as connection:
        return find.rows(connection, room.wanted(restricted=True, **other), columns=("number",))


def test_a_picture_that_was_brought_up_to_date_is_the_one_that_the_ledger_gives(template):
    made = busy(template, 10, 150)
    figures.look(made.room, Filter(), NOON)
    for _ in range(6):
        made.happen(NOON, 3)
        picture = figures.look(made.room, Filter(), NOON)
        with made.room.ledger.reading() as connection:
            rows = find.rows(connection, picture.question, columns=("id", "version", "mark"))
        shown = zip(picture.cases.index, picture.cases["version"], picture.cases["mark"], strict=True)
        assert list(shown) == [(row["id"], row["version"], row["mark"]) for row in rows]


def test_the_facts_count_each_class_and_say_of_few_restricted_ones_only_that_they_are_few(template):
    room = busy(template, 11, 14).room
    with room.ledger.reading() as connection:
        count = find.counts_by(connection, room.wanted(), "class")
    points = dict(facts_of(room, NOON, "zh").incidents)
    said = {key: points[room.class_name(key).zh] for key in count}
    few = {key for key in count if key in {"L3001", "L5001"} and count[key] < FEWEST}
    assert few
    assert said == {key: "少于 5 件" if key in few else str(number) for key, number in count.items()}


def test_the_classes_to_choose_among_are_those_that_occur_each_after_its_major_class(template):
    room = busy(template, 12, 80).room
    choices = class_choices(room, NOON, "zh")
    assert set(CLASSES) <= set(choices)
    assert list(choices).index("L3") < list(choices).index("L3001")
    assert choices["L3"] == "矛盾纠纷 · 1"
    assert "02" not in choices
    for key in choices:
        figures.select(room, Filter(classes=frozenset({key})), NOON)
