"""Scope as both databases keep it, asked in Python: figures, lists, files of every kind, search, single cases and forged versions, held against a look at all cases one by one."""

import io
import json
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from brute import as_the_rules_say
from canaries import DEPARTMENT, Flock, asker, words_in
from rooms import NOON
from test_watermark import rows_of

from api.live import Seen, answer
from geo.errors import BattlemapError
from incidents.access import Role
from reports import figures
from reports.cards import card
from reports.export_files import export
from reports.figures import Filter
from reports.listing import listing, to_xlsx
from reports.search import search

KINDS = ("csv", "xlsx", "geojson", "gpkg", "parquet")
PEOPLE = [
    (Role.HEAD, "third:1"),
    (Role.WORKER, "micro:3-04"),
    (Role.WORKER, "micro:3-04b"),
    (Role.COMMUNITY, "dedicated:专1"),
    (Role.DEPARTMENT, f"department:{DEPARTMENT}"),
    (Role.ANALYST, "third:2"),
    (Role.HEAD, "third:gone"),
]
LIES = (
    Filter(), Filter(grid=("third", "2")), Filter(grid=("micro", "3-04")), Filter(handler="head:third:2"), Filter(duty="head:third:2"), Filter(text="K"), Filter(text="中山路 B-2026"),
    Filter(marks=frozenset({"red"}), days=3), Filter(classes=frozenset({"06010", "L3"})), Filter(statuses=frozenset({"closed"})),
)  # fmt: skip


@pytest.fixture
def flock(tmp_path, database):
    made = Flock(tmp_path, NOON, count=50, url=database)
    yield made
    made.room.ledger.close()


def numbers(told):
    return {word for word in words_in(told) if word.startswith("B-")}


def test_a_scope_holds_on_both_databases_the_same_cases_as_a_look_at_each(flock):
    shown = 0
    for place, (role, part) in enumerate(PEOPLE):
        who = asker(role, part)
        room, (own, hidden) = flock.room.seen_by(who), flock.parted(who)
        theirs = flock.words(hidden)
        assert hidden, part
        for wanted in LIES[place % 2 :: 2]:
            told = answer(room, wanted, None, NOON)
            expected = {number for _mark, number in as_the_rules_say(room, own, wanted, NOON, part=True) if number}
            assert {row[0] for row in told["incidents"]} == expected, (part, wanted)
            rows = listing(room, wanted, NOON, str, "zh", figures_reader(room)).frame.to_csv()
            assert not words_in(json.dumps(told) + rows) & theirs, (part, wanted)
            shown += len(expected)
        one_by_one(flock, room, own, hidden)
    assert shown > 30


def figures_reader(room):
    return room.register.posts(NOON)["dispatcher::"]  # a forged reader: the scope holds whoever is said to look


def one_by_one(flock, room, own, hidden):
    """Cases by number, by words and on cards; what a forged version says was seen."""
    for case in hidden[:2]:
        for read in (room.get, room.history, room.sheet, lambda number: card(room, "incident", number, NOON)):
            with pytest.raises(BattlemapError) as caught:
                read(case.number)
            with pytest.raises(BattlemapError) as nothing:
                read("B-20261120-9999")
            assert str(caught.value).replace(case.number, "N") == str(nothing.value).replace("B-20261120-9999", "N")
        assert not any(room.of_photo(digest) for digest in flock.digests(case))
        for query in (case.number, case.title, case.text, case.address):
            found = {thing.code for thing in search(room, query, NOON) if thing.kind == "incident"}
            assert found <= {case.number for case in own}
    for case in own[:2]:
        assert room.get(case.number) == case
        assert all(room.of_photo(digest) for digest in flock.digests(case))
    for since in (0, 60, 100):  # what is taken away may be named where it was theirs then: tests/test_scope.py
        lied = answer(room, Filter(days=None), Seen(since, NOON - timedelta(minutes=5), "", scope_word(room)), NOON)
        assert not words_in(json.dumps(lied["incidents"])) & flock.words(hidden)


def scope_word(room):
    return answer(room, Filter(), None, NOON)["scope"]


def test_no_file_of_any_kind_holds_a_case_beyond_the_scope_and_each_holds_those_within(flock, tmp_path):
    for role, part in PEOPLE[:5:2]:
        who = asker(role, part)
        room, (own, hidden) = flock.room.seen_by(who), flock.parted(who)
        mine, theirs = {case.number for case in own if not case.restricted}, flock.words(hidden)
        for kind in KINDS:
            path = tmp_path / f"{role}-{PEOPLE.index((role, part))}.{kind}"
            export(room, figures.asked(room, Filter(days=None), NOON, rows=True), path, NOON, "zh", mark="x")
            assert numbers(rows_of(path).to_csv()) == mine, (part, kind)
            assert not words_in(raw(path)) & theirs, (part, kind)
        kept = listing(room, Filter(days=None), NOON, str, "zh", figures_reader(room)).kept
        book = openpyxl.load_workbook(io.BytesIO(to_xlsx(kept, "台账", (), "说明", "x")))
        said = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
        assert mine <= numbers(said)
        assert not words_in(said) & theirs


def raw(path):
    """Return the bytes of a file, unpacked where they are packed: what is in no table of it, too."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    return path.read_bytes()
