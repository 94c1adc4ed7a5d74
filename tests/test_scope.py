"""Scope: whatever is asked, through whatever door, nobody is told more than a look at all cases one by one allows them."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import count as counting
from pathlib import Path
from urllib.parse import quote

import pytest
from brute import FILTERS, OWN, as_the_rules_say, cases_of, lies_in_scope, sees, works
from busy_room import HANDLERS, Busy
from http_client import ask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rooms import DISPATCHER, NOON, room_of
from small_pack import COLUMN, MANIFEST, ROW, SOUTH, WEST, write_small_pack
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api import documents, live, lookup, papers, photos
from api import print as paper
from api.live import Seen, answer
from api.print import wanted_of
from desk import acts, reports
from desk.access.permissions import permissions_of
from desk.acts import Doing
from desk.places.place import neighbours
from desk.places.repeats import repeats
from desk.posts import duty, roster
from desk.posts.acting import acting, change, looking, posts_of, reads
from desk.posts.load import loads
from desk.posts.roster import Wish
from desk.reading import may_read
from desk.reports import Draft
from geo.errors import BattlemapError, DraftError, FilterError, NoAccess, UnknownGrid, UnknownIncident
from incidents.access import Role, Scope, Who
from incidents.lifecycle import Act, By, Entry, PostKind
from layers.load import load
from ledger import files, find
from ledger.writing import Attached
from reports import exports, figures, inbox
from reports.cards import card
from reports.choices import class_choices, grid_choices
from reports.facts import facts_of
from reports.figures import FEWEST, MARKS, Filter
from reports.listing import listing
from reports.search import search
from settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
NAMES = counting()
TITLE = re.compile(r"事件 \d+")
NUMBER = re.compile(r"B-\d{8}-\d{4,}")
QUICK = {  # what fails is not made smaller: each example is a ledger of its own, and that takes minutes
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}
DEPARTMENT = "城市管理"
SCOPES = [
    (Role.HEAD, "third:1"),
    (Role.HEAD, "third:3"),
    (Role.HEAD, "third:gone"),
    (Role.WORKER, "micro:3-04"),
    (Role.WORKER, "micro:3-04b"),
    (Role.WORKER, "micro:1-02"),
    (Role.WORKER, "dedicated:专1"),
    (Role.COMMUNITY, "community:C1"),
    (Role.DEPARTMENT, f"department:{DEPARTMENT}"),
    (Role.DEPARTMENT, "department:没有这个部门"),
    (Role.ANALYST, "third:2"),
    (Role.WALL, "third:1"),
    (Role.WALL, ""),
    (Role.DISPATCHER, ""),
    (Role.DISPATCHER, "third:2"),
    (Role.INSPECTOR, ""),
    (Role.ANALYST, ""),
]
NARROW = [(role, part) for role, part in SCOPES if part and not part.startswith("community")]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A room whose clock goes."""
    folder = tmp_path_factory.mktemp("packs")
    pack = write_small_pack(folder / "small")
    (pack / "area.toml").write_text(MANIFEST.replace("archive = true\n", ""), encoding="utf-8")
    return room_of(load(pack), folder / "var")


def who(area, role, part="", account="a1"):
    """Somebody of a role whose scope is a part of an area."""
    scope = Scope.read(f"{area}:{part}" if part else area)
    return permissions_of(None).given(Who(account, role.value, role, scope, "s1"))


ADDED = [  # posts that stand in no pack; the second of a kind in one grid gets a key of its own
    (PostKind.DEPUTY, ("third", "1")),
    (PostKind.DEPUTY, ("third", "1")),
    (PostKind.OFFICE, ("community", "C1")),
]
AWAY = (*HANDLERS, "deputy:third:1", "deputy:third:1:2", "office:community:C1")


class Moving(Busy):
    """A busy room in which cases are also given to other grids and departments, come from elsewhere, and have photos."""

    def __init__(self, *args):
        super().__init__(*args)
        for kind, grid in ADDED:
            roster.add(self.room, Wish(kind, f"加设 {kind.value}", grid), DISPATCHER, args[-1])
        self.move(args[-1], args[-2] // 2)
        cases = cases_of(self.room)
        self.room.ledger.change(lambda writing: [self._photo(writing, case) for case in cases])

    def move(self, now, count=3):
        self.room.ledger.change(lambda writing: [self._move(writing, now) for _ in range(count)])

    def _move(self, writing, now):
        number = self.random.choice([number for area, number in self.numbers() if area == self.room.id])
        leaf = self.random.choice(["1-02", "2-01", "3-04a", "3-04b", "3-01"])
        third = self.room.codes_of(leaf)["third"]
        codes = {**self.room.codes_of(leaf), "dedicated": self.random.choice(["", "专1"])}
        changes = [
            {"codes": codes, "post": f"head:third:{third}"},
            {"informed": self.random.choice(["", f"department::{DEPARTMENT}"])},
            {"overdue_post": self.random.choice(["", f"department::{DEPARTMENT}"])},
        ]
        entry = Entry(Act.CORRECT, DISPATCHER, now, {"reason": "x"})
        away = Entry(Act.DISPATCH, DISPATCHER, now, {"handler": self.random.choice(AWAY), "due": now.isoformat()})
        back = Entry(Act.UNDO, DISPATCHER, now)
        try:
            if self.random.random() < 0.5:
                writing.act(self.room.id, number, self.random.choice([away, away, back]))
            else:
                writing.act(self.room.id, number, entry, **self.random.choice(changes))
        except BattlemapError:
            return

    def _photo(self, writing, case):
        folder, name = self.room.ledger.folder, f"{self.room.id} {case.number}"
        shot = Attached(files.put(folder, name.encode()), files.put(folder, f"small {name}".encode()), 1, 1)
        entry = Entry(Act.REPLY, DISPATCHER, NOON, {"text": f"答复 {case.number}"})
        writing.act(self.room.id, case.number, entry, photos=[shot])


def moving(template, seed, count=40, now=NOON):
    return Moving(template, f"scope{next(NAMES)}", seed, count, now)


def parted(asker, cases):
    """Return the cases that somebody sees, and those that he does not."""
    own = [case for case in cases if sees(asker, case)]
    return own, [case for case in cases if not sees(asker, case)]


def leaks(told, own, hidden):
    """Return what an answer says of hidden cases: numbers, and titles that no case of one's own has."""
    text = told if isinstance(told, str) else json.dumps(told, default=str, ensure_ascii=False)
    numbers, titles = {case.number for case in hidden}, {case.title for case in hidden} - {case.title for case in own}
    return (set(NUMBER.findall(text)) & numbers) | (set(TITLE.findall(text)) & titles)


def without(calls):
    """Return what calls answer; a refusal is an answer too."""
    for call in calls:
        try:
            yield call()
        except BattlemapError as error:
            yield str(error)


ASKED = {
    "seed": st.integers(0, 10**6),
    "wanted": st.just(Filter()) | FILTERS,
}


def test_the_oracle_meets_cases_inside_and_outside_of_each_scope_that_is_part_of_the_area(template):
    cases = cases_of(moving(template, 1, 200).room)
    for role, part in SCOPES:
        own, hidden = parted(who("x", role, part), cases)
        assert bool(hidden) == bool(part and not part.startswith("community")), part
        assert bool(own) == ("gone" not in part and "没有" not in part), part
        if role in OWN and hidden and own:
            asker = who("x", role, part)
            assert {lies_in_scope(asker, case) for case in own} == {True, False}, part


@given(**ASKED)
@settings(max_examples=6, **QUICK)
def test_map_live_paper_and_question_show_what_lies_in_the_scope_and_nothing_else(template, seed, wanted):
    whole = moving(template, seed, 60).room
    for asker in SCOPES[seed % 2 :: 2]:
        map_shows_the_scope(whole, asker, wanted)


def map_shows_the_scope(whole, asker, wanted):
    looker = who(whole.id, *asker)
    room, (own, hidden) = whole.seen_by(looker), parted(looker, cases_of(whole))
    try:
        told = answer(room, wanted, None, NOON)
    except FilterError:
        assert wanted.classes
        return
    reads_words = looker.can("cases")
    expected = as_the_rules_say(room, own, wanted, NOON, part=bool(asker[1]), words=reads_words)
    assert told["counts"] == dict.fromkeys(MARKS, 0) | Counter(mark for mark, _ in expected)
    assert {row[0]: row[3] for row in told["incidents"]} == {number: mark for mark, number in expected if number}
    assert told["hidden"] == sum(not number for _, number in expected)
    assert reads_words or not TITLE.search(json.dumps(told, ensure_ascii=False))
    assert not leaks(told, own, hidden)
    sheet = wanted_of(room, wanted, NOON)
    assert figures.counts(sheet.cases) == told["counts"]
    assert not leaks(sheet.cases.to_csv(), own, hidden)
    numbers = {case.number for case in own}
    with room.ledger.reading() as connection:
        for order in find.ORDERS:
            for rows in (False, True):
                question = figures.asked(room, wanted, NOON, rows=rows)
                assert {row["number"] for row in find.rows(connection, question, order=order)} <= numbers


@given(**ASKED, post=st.sampled_from(["dispatcher::", "inspector::", "head:third:2", "nobody", *HANDLERS]))
@settings(max_examples=4, **QUICK)
def test_list_inbox_files_duty_and_figures_beside_tell_of_no_case_beyond_the_scope(template, seed, wanted, post):
    whole = moving(template, seed, 40).room
    for asker in SCOPES[seed % 4 :: 4]:
        lists_tell_of_the_scope(whole, asker, wanted, post)


def lists_tell_of_the_scope(whole, asker, wanted, post):
    looker = who(whole.id, *asker)
    room, (own, hidden) = whole.seen_by(looker), parted(looker, cases_of(whole))
    through = looking(room, looker, post, NOON)
    assert through in posts_of(room, looker, NOON) or through.key == "nobody::"
    forged = whole.register.posts(NOON).get(post, through)
    question = figures.asked(room, Filter(), NOON, rows=True)
    calls = [
        lambda: listing(room, wanted, NOON, str, "zh", through).frame.to_csv(index=False),
        lambda: listing(room, wanted, NOON, str, "zh", forged).frame.to_csv(index=False),
        lambda: exports.table(room, figures.asked(room, wanted, NOON, rows=True), NOON, "zh").to_csv(),
        lambda: [found.case for found in duty.carried(room, forged, NOON)],
        *(
            lambda pile=pile, one=one: inbox.listed(room, one, pile, NOON)
            for one in (through, forged)
            for pile in (*inbox.PILES, *inbox.DIGEST)
        ),
    ]
    for told in without(calls):
        assert not leaks(told, own, hidden)
    with room.ledger.reading() as connection:
        assert find.count(connection, question) <= len(own)
    red = [case for case in own if case.mark == "red"]
    assert inbox.counts(room, forged, NOON)["overdue"] <= len(red)
    carried = loads(room, NOON)
    assert sum(load.open for load in carried.values()) <= len(red)
    third = Counter(case.codes["third"] for case in red)
    assert all(load.in_grid == third[key[11:]] for key, load in carried.items() if key.startswith("head:third:"))
    classes = {case.class_ for case in own}
    for key in {"06010", "01003", "litter"} - classes:
        assert key not in class_choices(room, NOON, "zh")
    few = {key for key in ("L3001", "L5001") if asker[1] and Counter(c.class_ for c in own)[key] < FEWEST}
    rows = dict(facts_of(room, NOON, "zh").incidents)
    assert not {room.class_name(key).zh for key in few} & set(rows)
    assert sum(int(n) for n in rows.values() if n.isdecimal()) <= len(own)


@given(**ASKED)
@settings(max_examples=4, **QUICK)
def test_a_case_beyond_the_scope_is_answered_as_one_that_does_not_exist(template, seed, wanted):
    whole = moving(template, seed, 30).room
    for asker in SCOPES[seed % 4 :: 4]:
        a_case_is_there_or_not(whole, asker, wanted)


def a_case_is_there_or_not(whole, asker, wanted):
    looker = who(whole.id, *asker)
    room, (own, hidden) = whole.seen_by(looker), parted(looker, cases_of(whole))
    for read in (room.get, room.history, room.sheet, lambda number: card(room, "incident", number, NOON)):
        for case in hidden[:3]:
            assert refused(read, case.number) == refused(read, "B-20261120-9999")
    for case in own[:3]:
        assert room.get(case.number) == case
        assert room.history(case.number)
        assert {digest for digest in photo_digests(room, case) if not room.of_photo(digest)} == set()
        told = {other.number for other, _ in neighbours(room, case, at=NOON)}
        assert told <= {other.number for other in own}
        again = repeats(room, case, at=NOON)
        assert again.place <= sum(other.class_ == case.class_ for other in own)
    for case in hidden[:3]:
        assert neighbours(room, case, at=NOON) == []
        assert not reads(room, case, NOON)
        assert not any(room.of_photo(digest) for digest in photo_digests(whole, case))
    for told in without(
        lambda choice=choice: card(room, *choice.split(":"), NOON, wanted=wanted)
        for choice in grid_choices(room.area, "zh")
    ):
        assert not leaks(told, own, hidden)
        assert looker.can("cases") or not TITLE.search(str(told))
    for query in [*(case.number for case in hidden[:4]), *(case.title for case in hidden[:4]), "中山路", "B-2026"]:
        found = [thing.code for thing in search(room, query, NOON) if thing.kind == "incident"]
        assert set(found) <= {case.number for case in own if looker.can("cases") and not case.restricted}


def refused(read, number):
    with pytest.raises(BattlemapError) as caught:
        read(number)
    return type(caught.value), str(caught.value).replace(number, "N")


def photo_digests(room, case):
    with room.ledger.reading() as connection:
        return [
            found[name] for found in find.photos(connection, room.id, case.number) for name in ("sha256", "thumbnail")
        ]


class Poll:
    """A map of somebody, which keeps what it was told, and what it could have seen at each version."""

    def __init__(self, asker, wanted):
        self.asker, self.wanted, self.seen, self.rows = asker, wanted, None, {}

    def told(self, whole, now, seen=None):
        looker = who(whole.id, *self.asker)
        return answer(whole.seen_by(looker), self.wanted, seen, now)

    def poll(self, whole, now):
        told = self.told(whole, now, self.seen)
        if told["reset"]:
            self.rows = {}
        for uid in told["removed"]:
            self.rows.pop(uid, None)
        self.rows |= {row[0]: row for row in told["incidents"]}
        self.seen = Seen(told["version"], now, told["pack"], told["scope"])
        return told


STEPS = st.lists(st.tuples(st.sampled_from([0, 0, 1, 20, 45]), st.integers(0, 6)), min_size=3, max_size=5)


@given(seed=st.integers(0, 10**6), asker=st.sampled_from(NARROW), wanted=FILTERS, steps=STEPS)
@settings(max_examples=8, **QUICK)
def test_what_leaves_the_scope_is_taken_away_and_what_was_never_in_it_is_not_named(
    template, seed, asker, wanted, steps
):
    if wanted.classes - {"06010", "L3001", "L5001", "L3", "06"}:
        wanted = replace(wanted, classes=frozenset())
    now = NOON + timedelta(hours=7, minutes=30)  # before the end of a shift
    made, mine = moving(template, seed, 30, now), [Poll(asker, Filter()), Poll(asker, wanted)]
    looker, then = who(made.room.id, *asker), {0: set()}
    for minutes, moves in steps:
        now += timedelta(minutes=minutes, seconds=5)
        if moves:
            made.move(now, moves)
            made.happen(now, 2)
        own, hidden = parted(looker, cases_of(made.room))
        may = {case.number for case in own if not case.restricted}
        with made.room.ledger.reading() as connection:
            then[find.version(connection, made.room.id)] = may
        for client in mine:
            was = then[client.seen.version] if client.seen else set()
            told, anew = client.poll(made.room, now), client.told(made.room, now)
            assert set(told["removed"]) <= was | may
            assert not leaks(told["incidents"], own, hidden)
            assert client.rows == {row[0]: row for row in anew["incidents"]}
            assert [told[name] for name in ("counts", "grids", "hidden")] == [
                anew[name] for name in ("counts", "grids", "hidden")
            ]
            for since, could in then.items():  # forged
                lied = client.told(made.room, now, Seen(since, now, "", told["scope"]))
                assert set(lied["removed"]) <= could | may
                assert {row[0] for row in lied["incidents"]} <= may


def test_a_case_that_was_moved_away_leaves_the_map_of_its_grid_and_the_other_never_hears_its_number(template):
    made = moving(template, 3, 60)
    here, there = Poll((Role.HEAD, "third:1"), Filter()), Poll((Role.HEAD, "third:2"), Filter())
    both = [here.poll(made.room, NOON), there.poll(made.room, NOON)]
    assert all(told["reset"] for told in both)
    never = [case.number for case in cases_of(made.room) if not case.state.handlers]
    number = next(row[0] for row in here.rows.values() if row[3] == "red" and row[0] in never)
    moved = {"codes": made.room.codes_of("3-01"), "post": "head:third:3", "informed": "", "overdue_post": ""}
    entry = Entry(Act.CORRECT, DISPATCHER, NOON, {"reason": "x"})
    made.room.ledger.change(lambda writing: writing.act(made.room.id, number, entry, **moved))
    left, unheard = here.poll(made.room, NOON), there.poll(made.room, NOON)
    assert (left["reset"], left["removed"], left["incidents"]) == (False, [number], [])
    assert (unheard["reset"], unheard["removed"], unheard["incidents"]) == (False, [], [])


def empty(template):
    return Busy(template, f"scope{next(NAMES)}", 0, 0, NOON).room


def drafted(metres, **said):
    """A draft so far north of the border between the third-level grids 1 and 2."""
    return Draft("06010", WEST + COLUMN / 2, SOUTH + 2 * ROW + metres / 111_000, **said)


def test_who_a_case_was_given_sees_it_and_works_on_it_beyond_the_grid_until_that_was_taken_back(template):
    whole = empty(template)
    looker, other = (who(whole.id, Role.WORKER, part) for part in ("micro:3-02", "micro:3-03"))
    here, there = (Poll((Role.WORKER, part), Filter()) for part in ("micro:3-02", "micro:3-03"))
    case = reports.report(whole, drafted(10, title="边界"), DISPATCHER, NOON)
    sheet = Doing(case.number, Act.DISPATCH, {"handler": "worker:micro:3-02", "due": NOON + timedelta(hours=1)})
    taken = Entry(Act.UNDO, DISPATCHER, NOON)
    acts.do(whole, Doing(case.number, Act.FILE), DISPATCHER, NOON)
    assert [poll.poll(whole, NOON)["incidents"] for poll in (here, there)] == [[], []]
    acts.do(whole, sheet, DISPATCHER, NOON)
    assert [row[0] for row in here.poll(whole, NOON)["incidents"]] == [case.number]
    assert there.poll(whole, NOON)["incidents"] == []
    room = whole.seen_by(looker)
    (mine,) = posts_of(room, looker, NOON)
    assert [one.number for one in inbox.listed(room, mine, "mine", NOON)] == [case.number]
    whole.ledger.change(lambda writing: writing.act(whole.id, case.number, taken))
    assert here.poll(whole, NOON)["removed"] == [case.number]
    assert there.poll(whole, NOON)["removed"] == []
    acts.do(whole, sheet, DISPATCHER, NOON)
    assert acts.do(room, Doing(case.number, Act.ACCEPT), acting(room, mine), NOON).number == case.number
    with pytest.raises(UnknownIncident):
        whole.seen_by(other).get(case.number)


def test_what_an_abolished_post_of_the_grid_worked_on_stays_with_the_grid(template):
    whole = moving(template, 3, 0).room
    case = reports.report(whole, drafted(10), DISPATCHER, NOON)
    given = Entry(Act.DISPATCH, DISPATCHER, NOON, {"handler": "deputy:third:1:2", "due": NOON.isoformat()})
    elsewhere = {"codes": whole.codes_of("3-01"), "post": "", "informed": "", "overdue_post": ""}
    whole.ledger.change(lambda writing: writing.act(whole.id, case.number, Entry(Act.FILE, DISPATCHER, NOON)))
    whole.ledger.change(lambda writing: writing.act(whole.id, case.number, given, **elsewhere))
    roster.abolish(whole, "deputy:third:1:2", NOON.date(), DISPATCHER, NOON)
    later = NOON + timedelta(days=2)
    roster.add(whole, Wish(PostKind.DEPUTY, "别处", ("third", "2")), DISPATCHER, later)
    assert "deputy:third:1:2" not in whole.posts
    room = whole.seen_by(who(whole.id, Role.HEAD, "third:1"))
    assert "deputy:third:1:2" not in {post.key for post in posts_of(room, room.who, later)}
    assert room.get(case.number).state.handler == "deputy:third:1:2"


def test_a_report_across_the_border_hears_of_nothing_nearby(template):
    whole = empty(template)
    own = reports.report(whole, drafted(10), DISPATCHER, NOON)
    room = whole.seen_by(who(whole.id, Role.HEAD, "third:1"))
    here, across = (reports.checked(whole, drafted(metres), NOON) for metres in (12, -10))
    assert [other.number for other, _ in neighbours(room, here, at=NOON)] == [own.number]
    assert [other.number for other, _ in neighbours(whole, across, at=NOON)] == [own.number]
    assert neighbours(room, across, at=NOON) == []


def test_what_comes_again_across_the_border_is_not_counted(template):
    whole = empty(template)
    phone = {"phone": "138 1234 5678"}
    own, _ = (reports.report(whole, drafted(metres, **phone), DISPATCHER, NOON) for metres in (10, -10))
    room = whole.seen_by(who(whole.id, Role.HEAD, "third:1"))
    assert [(found.place, found.caller) for found in (repeats(one, own, at=NOON) for one in (whole, room))] == [
        (2, 2),
        (1, 1),
    ]


def test_who_has_a_tower_sees_the_micro_grids_that_are_stacked_on_it(template):
    whole = empty(template)
    lon, lat = WEST + 3.5 * COLUMN, SOUTH + ROW / 2
    low, high = (reports.report(whole, Draft("06010", lon, lat, floor=floor), DISPATCHER, NOON) for floor in (5, 15))
    assert [case.codes["micro"] for case in (low, high)] == ["3-04a", "3-04b"]
    for part, seen in (("micro:3-04", {low.number, high.number}), ("micro:3-04b", {high.number})):
        room = whole.seen_by(who(whole.id, Role.WORKER, part))
        with room.ledger.reading() as connection:
            assert {row["number"] for row in find.rows(connection, room.wanted(), columns=("number",))} == seen
        assert {case.number for case in (low, high) if room.sees(case)} == seen


def test_who_was_given_another_grid_is_told_everything_anew(template):
    made, client = moving(template, 4, 60), Poll((Role.HEAD, "third:1"), Filter())
    client.poll(made.room, NOON)
    before = set(client.rows)
    client.asker = (Role.HEAD, "third:2")
    told = client.poll(made.room, NOON)
    assert told["reset"]
    here, there = (
        {case.number for case in cases_of(made.room) if sees(who("x", Role.HEAD, f"third:{n}"), case)} for n in (1, 2)
    )
    assert client.rows
    assert set(client.rows) <= there
    assert before <= here
    assert before - there
    client.asker = (Role.WALL, "third:2")
    assert client.poll(made.room, NOON)["reset"]


WRITERS = [asker for asker in NARROW if asker[0] not in {Role.WALL, Role.ANALYST}]


@given(seed=st.integers(0, 10**6), asker=st.sampled_from(WRITERS), act=st.sampled_from(list(Act)))
@settings(max_examples=8, **QUICK)
def test_no_act_reaches_a_case_beyond_the_scope(template, seed, asker, act):
    whole = moving(template, seed, 30).room
    looker = who(whole.id, *asker)
    room, (own, hidden) = whole.seen_by(looker), parted(looker, cases_of(whole))
    posts = posts_of(room, looker, NOON)
    assert posts
    by, before = acting(room, posts[0]), whole.ledger.version()
    data = {"reason": "x", "text": "x", "handler": posts[0].key, "codes": "1-01", "rating": "good"}

    def said(number, doing):
        return refused(lambda name: acts.do(room, doing(name), by, NOON), number)

    def done(expected):
        return lambda number: Doing(number, act, {**data, "to": number}, expected)

    def named(mine):
        return lambda number: Doing(mine.number, Act.KEEP_APART, {"to": number})

    for case in hidden[:3]:
        for doing in (done(None), done(1), *(named(mine) for mine in own[:2])):
            assert said(case.number, doing) == said("B-20261120-9999", doing)
    assert whole.ledger.version() == before


def test_a_relation_with_a_case_beyond_the_scope_is_refused_as_with_none(template):
    whole = moving(template, 5, 60).room
    looker = who(whole.id, Role.DISPATCHER, "third:2")
    room, (own, hidden) = whole.seen_by(looker), parted(looker, cases_of(whole))
    by = acting(room, posts_of(room, looker, NOON)[0])
    for number in (hidden[0].number, "B-20261120-9999"):
        with pytest.raises(UnknownIncident):
            acts.do(room, Doing(own[0].number, Act.KEEP_APART, {"to": number}), by, NOON)
    acts.do(room, Doing(own[0].number, Act.KEEP_APART, {"to": own[1].number}), by, NOON)


def test_nobody_acts_as_a_post_of_another_or_without_the_role_or_in_another_name(template):
    whole = moving(template, 6, 40).room
    looker = who(whole.id, Role.HEAD, "third:1")
    room = whole.seen_by(looker)
    (case, *_), _ = parted(looker, cases_of(whole))
    mine, reply = acting(room, posts_of(room, looker, NOON)[0]), Doing(case.number, Act.REPLY, {"text": "x"})
    assert acts.do(room, reply, mine, NOON).number == case.number
    forged = [
        DISPATCHER,
        By("head:third:2", PostKind.HEAD, "a1"),
        By(mine.post, PostKind.DISPATCHER, "a1"),
        By(mine.post, mine.kind, "somebody else"),
        By(mine.post, mine.kind),
    ]
    draft = Draft("06010", case.lon, case.lat, title="新的")
    for by in forged:
        with pytest.raises(NoAccess):
            acts.do(room, reply, by, NOON)
        with pytest.raises(NoAccess):
            reports.report(room, draft, by, NOON)
        with pytest.raises(NoAccess):
            duty.write(room, "x", (), "", by, NOON)
    analyst = whole.seen_by(who(whole.id, Role.ANALYST))
    for by in (mine, DISPATCHER):
        with pytest.raises(NoAccess):
            acts.do(analyst, reply, by, NOON)
    assert reports.report(room, draft, mine, NOON).number


def test_a_post_of_ones_own_is_not_enough_for_what_the_role_may_not_do(template):
    whole = moving(template, 6, 10).room
    looker = who(whole.id, Role.HEAD, "third:1")
    room = whole.seen_by(looker)
    mine = acting(room, posts_of(room, looker, NOON)[0])
    for needs in ("posts", "rota", "import"):
        with pytest.raises(NoAccess, match=needs):
            change(room, needs, mine, NOON, lambda _: pytest.fail("it was written"))


def test_a_wall_learns_no_word_of_a_case_by_its_number_or_by_trying_words(template):
    whole = moving(template, 6, 40).room
    wall = whole.seen_by(who(whole.id, Role.WALL))
    case = next(case for case in cases_of(whole) if not case.restricted and TITLE.search(case.title))
    words = Filter(text=case.title)
    assert case.title in str(card(whole, "incident", case.number, NOON))
    with pytest.raises(UnknownGrid):
        card(wall, "incident", case.number, NOON)
    with whole.ledger.reading() as connection:
        counted = [find.count(connection, figures.asked(room, words, NOON)) for room in (whole, wall)]
    assert counted[0] > 0
    assert counted[1] == 0


def test_a_visitor_of_a_demonstration_writes_nothing(template):
    whole = moving(template, 6, 10).room
    visitor = permissions_of(None).given(Who("", "", Role.DEMO, Scope("*"), "v"))
    room = whole.seen_by(visitor)
    with pytest.raises(NoAccess):
        acts.do(room, Doing(cases_of(whole)[0].number, Act.REPLY, {"text": "x"}), DISPATCHER, NOON)


def test_an_order_that_was_taken_beyond_the_scope_is_not_handed_out(template):
    whole = moving(template, 7, 20).room
    lon, lat = next((case.lon, case.lat) for case in cases_of(whole) if case.codes["third"] == "2")
    draft = Draft("06010", lon, lat, title="别处的", source="12345", external_id="A-1")
    reports.report(whole, draft, DISPATCHER, NOON)
    looker = who(whole.id, Role.HEAD, "third:1")
    room = whole.seen_by(looker)
    with pytest.raises(DraftError, match="beyond what you see"):
        reports.report(room, draft, acting(room, posts_of(room, looker, NOON)[0]), NOON)


def test_a_hand_over_is_read_where_it_belongs_with_the_cases_that_lie_there(template):
    whole = moving(template, 8, 60).room
    looker = who(whole.id, Role.HEAD, "third:1")
    room, (own, hidden) = whole.seen_by(looker), parted(looker, cases_of(whole))
    carried = [own[0].number, hidden[0].number]
    elsewhere = duty.write(whole, "别处的话", carried, "head:third:2", DISPATCHER, NOON)
    duty.write(whole, "给我们的话", carried, "head:third:1", DISPATCHER, NOON)
    (note,) = duty.waiting(room)
    assert (note.text, note.cases) == ("给我们的话", (own[0].number,))
    assert [case.number for case in duty.cases_of(room, elsewhere, whole.post("dispatcher::"))] == [own[0].number]
    assert len(duty.waiting(whole)) == 2


def test_a_scope_that_does_not_cover_the_area_opens_no_room(template):
    with pytest.raises(NoAccess):
        template.seen_by(who("elsewhere", Role.HEAD, "third:1"))


def test_rooms_of_one_scope_share_what_was_worked_out_and_all_share_one_register(template):
    here, there = (template.seen_by(who(template.id, Role.HEAD, f"third:{n}")) for n in (1, 2))
    again = template.seen_by(who(template.id, Role.HEAD, "third:1", "a2"))
    wall = template.seen_by(who(template.id, Role.WALL, "third:1"))
    assert here == again
    assert hash(here) == hash(again)
    assert len({template, here, there, wall}) == 4
    assert here.register is there.register is template.register
    assert here.whole == template


def test_the_words_of_a_restricted_case_are_for_the_posts_that_work_on_it(template):
    whole = moving(template, 9, 120).room
    for case in (case for case in cases_of(whole) if case.restricted):
        for role, part in SCOPES:
            looker = who(whole.id, role, part)
            room = whole.seen_by(looker)
            mine = works(looker, case) or any(may_read(post, case) for post in posts_of(room, looker, NOON))
            assert reads(room, case, NOON) == (sees(looker, case) and mine and looker.can("cases"))


class Door:
    """Stands where the gate does, and lets everybody in as one person."""

    def __init__(self, app, asks):
        self.app, self.asks = app, asks

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope["state"] = {**scope.get("state", {}), "who": self.asks()}
        await self.app(scope, receive, send)


class Doors:
    """The routes over a room, as somebody meets them."""

    def __init__(self, room):
        self.room, self.ledger, self.looker = room, room.ledger, None
        asset, chosen = "/assets/x/", Settings(area=room.id)
        routes = [
            *live.routes(self), *lookup.routes(self, chosen), *paper.routes(self, chosen, asset),
            *papers.routes(self, chosen, asset), *photos.routes(self), *documents.routes(self, chosen, {}),
        ]  # fmt: skip
        self.app = Starlette(routes=routes, middleware=[Middleware(Door, asks=lambda: self.looker)])

    def names(self):
        return [self.room.id]

    def get(self, name, _now):
        assert name == self.room.id
        return self.room

    look = get

    def beginning(self, *_):
        return None

    def ask(self, path):
        return ask(self.app, quote(path, safe="/?&=%:,"))


FORGED = st.sampled_from(
    [
        "days=all",
        "days=all&grid=third:2",
        "days=all&grid=community:C1",
        "days=all&grid=micro:3-04",
        "days=all&grid=dedicated:专1",
        "days=all&handler=head:third:2",
        "days=all&handler=department::城市管理",
        "days=all&duty=head:third:2&post=dispatcher::",
        "days=all&q=B-2026",
        "days=all&q=中山路",
        "days=all&since=0&at=2026-11-20T12:00:00%2B08:00",
        "days=all&since=1&at=2026-11-22T12:00:00%2B08:00&scope=",
        "days=all&post=inspector::&mark=red",
        "days=all&class=L3001",
        "days=all&scope=whole&who=dispatcher",
    ]
)


@given(seed=st.integers(0, 10**6), query=st.lists(FORGED, min_size=4, max_size=4))
@settings(max_examples=4, **QUICK)
def test_no_address_leads_beyond_the_scope(template, seed, query):
    doors = Doors(moving(template, seed, 25).room)
    for asker, forged in zip(SCOPES[seed % 4 :: 4], query, strict=False):
        no_door_leads_beyond(doors, asker, forged)


def no_door_leads_beyond(doors, asker, query):
    area, looker = doors.room.id, who(doors.room.id, *asker)
    doors.looker, (own, hidden) = looker, parted(looker, cases_of(doors.room))
    grids = [choice.replace(":", "/") for choice in grid_choices(doors.room.area, "zh")]
    paths = [f"/{door}/{area}" for door in ("live", "print", "map")] + [f"/card/{area}/{grid}" for grid in grids]
    for path in paths:
        told = doors.ask(f"{path}?{query}")
        assert told.status in {200, 400}
        assert not leaks(told.text, own, hidden), path
        assert looker.can("cases") or not TITLE.search(told.text), path
    nothing = {door: doors.ask(f"/{door}/{area}/B-20261120-9999?{query}") for door in ("dispatch", "spot", "card")}
    for case in hidden[:2]:
        for door in ("dispatch", "spot"):
            told = doors.ask(f"/{door}/{area}/{case.number}?{query}&post=dispatcher::")
            assert (told.status, told.text.replace(case.number, "N")) == (404, nothing[door].text.replace("B-20261120-9999", "N"))  # fmt: skip
        assert doors.ask(f"/card/{area}/incident/{case.number}").status == 404
        assert doors.ask(f"/search/{area}?q={case.number}").json["items"] == []
        assert [doors.ask(f"/photo/{area}/{digest}").status for digest in photo_digests(doors.room, case)] == [404, 404]
    for case in own[:2]:
        open_ = reads(doors.room.seen_by(looker), case, NOON)
        assert doors.ask(f"/dispatch/{area}/{case.number}").status == (200 if open_ else 404)
        assert {doors.ask(f"/photo/{area}/{digest}").status for digest in photo_digests(doors.room, case)} == {200 if open_ else 404}  # fmt: skip


def test_another_area_is_not_there_for_who_has_no_scope_in_it(template):
    doors = Doors(moving(template, 2, 10).room)
    doors.looker = who("elsewhere", Role.DISPATCHER)
    case = cases_of(doors.room)[0]
    for path in ("live/{}", "print/{}", "map/{}", "search/{}", f"dispatch/{{}}/{case.number}", "card/{}/third/1"):
        told = doors.ask("/" + path.format(doors.room.id))
        assert told.status == 404
        assert not NUMBER.search(told.text.replace(case.number, ""))


ROOT = Path(__file__).parent.parent
PAST_THE_ROOM = re.compile(
    r"find\.(?:get|photos|of_photo|same_caller|words|reporter|select_all)\(|find\.entries\((?!.*subject=)|(?<!\w)Wanted\(|rooms\.(?:get|look)\(|\.whole\b"
)
# Who may look past the room through which somebody looks, and why.
EXCUSED = {
    "api/ticker.py": "opens rooms for nobody",
    "api/places.py": "names posts, and no case",
    "api/admin/bridge.py": "names areas and files, and no case",
    "api/admin/channels.py": "names posts, and no case",
    "api/admin/walls.py": "names views, and no case",
    "api/boards/public.py": "opens rooms for nobody, and only to write",
    "api/notices/public.py": "opens rooms for nobody, and only to write",
    "api/documents.py": "the map document holds no case",
    "api/field/shell.py": "the document of phones holds no case; their lists are asked through the room",
    "api/print.py": "Wanted of layers.sheet, which asks no ledger",
    "api/stream.py": "the version of an area, once for all who look at it; what they are told is asked through the room of each",
    "api/wall.py": "the document of a wall holds no case; its figures are asked through the room",
    "reports/daily.py": "the whole of an indicator; its cases are asked through `reports.figures`",
    "reports/wall_works.py": "a signed sheet as it was frozen, where the wall shows all of the area",
    "reports/exports.py": "streams a question that `asked` made",
    "reports/order_lists.py": "Wanted of ledger.order_lists, which holds the sight of who looks",
    "reports/whistles.py": "the case of a whistle comes with it for whoever is in it; its words ask `reads`",
    "reports/wall.py": "which cases of whistles are restricted, so that these are counted and not listed",
    "reports/figures.py": "what changed anywhere, from which `kept_back` takes what is not to be named",
}
# Who writes past the one door, and why nobody through it can be somebody without the right.
WRITERS_OF_THEIR_OWN = {
    "desk/posts/acting.py": "the door",
    "desk/access/records.py": "accounts and sessions, of no room; each act asks for its administrator",
    "desk/access/trail.py": "lines of the trail",
    "desk/outbox/undelivered.py": "messages of all areas, for the system administrator alone",
    "desk/outbox/derive.py": "nobody acts: what the history tells",
    "desk/bridge/crossing.py": "the joined console's word, sealed; what people did there goes through the rules as here, under their own posts",
    "desk/outbox/storms.py": "nobody acts: what is held back is summed up",
    "desk/outbox/deliver.py": "nobody acts: how sending went",
    "desk/outbox/timers.py": "nobody acts: time does",
    "desk/steps.py": "nobody acts: time does",
    "desk/people/retention.py": "nobody acts: time does",
    "desk/inspections/expiring.py": "nobody acts: time does",
    "desk/begin.py": "nobody looks yet: what a pack brings along",
    "desk/demo/__init__.py": "nobody looks: cases that are made up",
    "desk/demo/sheets.py": "nobody looks: sheets that are made up",
    "desk/sites/register.py": "analysts hold no post and keep the register all the same; asks for `sites_edit` itself, all others go through the door",
    "desk/papers/self_checks.py": "nobody looks: what a place sends by a link, which raises no finding and counts in no figure",
    "desk/imports/__init__.py": "the command line's; refuses a room through which somebody sees only a part",
    "pages/parts/views.py": "analysts hold no post and save views all the same; asks for `views` itself",
}
CLOCKS = re.compile(r"desk/\w+/clock\.py")  # nobody acts: time does


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_reports_pages_and_doors_read_cases_through_the_room_that_somebody_looks_through():
    past = {name for name, text in sources("api", "pages", "reports") if PAST_THE_ROOM.search(text)}
    assert past == set(EXCUSED)


def test_people_write_through_one_door():
    writers = {
        name for name, text in sources("api", "pages", "reports", "desk") if re.search(r"ledger\.change\(", text)
    }
    clocks = {name for name in writers if CLOCKS.fullmatch(name)}
    assert writers - clocks == set(WRITERS_OF_THEIR_OWN)
