"""The incidents of a pack become its ledger at first start."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from rooms import NOON, room_of, shipped
from small_pack import write_small_pack

from desk.begin import begin
from desk.imports.case import LONGEST_CLASS
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind, replay
from incidents.model import Status
from layers.load import load
from ledger import find


@pytest.fixture(scope="module")
def dc(tmp_path_factory):
    room = room_of(shipped("dc"), tmp_path_factory.mktemp("dc"))
    assert begin(room, NOON, demo=True) == "pack"
    return room


@pytest.fixture
def small(tmp_path):
    def made(change=lambda folder: None):
        folder = write_small_pack(tmp_path / "small")
        change(folder)
        room = room_of(load(folder), tmp_path / "ledger")
        begin(room, NOON, demo=True)
        return room

    return made


def cases(room, **wanted):
    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(**wanted), order="oldest")


def by_id(room):
    return {case.external_id: case for case in cases(room)}


def test_every_request_of_washington_is_there_once_with_its_state(dc):
    found = cases(dc)
    assert len(found) == len({case.external_id for case in found}) == len({case.number for case in found}) == 4494
    assert Counter(case.status.value for case in found) == {
        "closed": 2748,
        "dispatched": 1338,
        "linked": 395,
        "cancelled": 7,
        "in_hand": 5,
        "refused": 1,
    }
    assert Counter(case.state.handler for case in found) == {
        "department::DPW": 3577,
        "department::DDOT": 599,
        "department::DOH": 318,
    }


def test_a_request_keeps_its_official_times_agency_and_address(dc):
    pothole = by_id(dc)["16-00596165"]
    assert pothole.reported == datetime(2016, 7, 19, 17, 46, 17, tzinfo=UTC)
    assert pothole.state.promised == datetime(2016, 7, 22, 17, 0, tzinfo=UTC)
    assert pothole.closed == datetime(2016, 7, 20, 12, 13, 10, tzinfo=UTC)
    assert pothole.state.due is None
    assert pothole.state.in_time is True
    assert (pothole.class_, pothole.major) == ("pothole", "roads")
    assert (pothole.source, pothole.address) == ("pack", "3507 SPRINGLAND LANE NW")
    assert pothole.number.startswith("DC-20160719-")
    assert pothole.codes["ward"] == "3"


def test_what_is_open_is_due_when_the_city_said(dc):
    cleaning = by_id(dc)["16-00634356"]
    assert cleaning.state.due == datetime(2016, 9, 19, 14, 6, tzinfo=UTC)
    assert cleaning.state.rule == "external"


def test_numbers_of_a_day_follow_the_time_of_the_report(dc):
    day = sorted((case.number, case.reported) for case in cases(dc) if case.number.startswith("DC-20160810-"))
    assert len(day) == 59
    assert [reported for _, reported in day] == sorted(reported for _, reported in day)


def test_every_state_can_be_proved_from_its_history(dc):
    for case in cases(dc)[::200]:
        with dc.ledger.reading() as connection:
            entries = find.entries(connection, "dc", case.number)
        acts = [
            Entry(Act(row["act"]), By(row["post"], PostKind(row["data"]["kind"])), row["at"], row["data"])
            for row in entries
        ]
        assert replay(acts) == case.state
        assert CaseState.from_json(json.loads(json.dumps(case.state.to_json()))) == case.state


def test_a_room_that_has_begun_does_not_begin_again(dc):
    version = dc.ledger.version()
    begin(dc, NOON, demo=True)
    assert dc.ledger.version() == version


def test_a_class_that_no_directory_knows_keeps_the_packs_key_and_name(small):
    room = small()
    case = by_id(room)["E00"]
    assert (case.class_, case.major) == ("litter", "")
    assert room.class_name("litter").zh == "事件"
    assert room.class_name("litter").en == "Incidents"
    assert room.class_name("nobody").zh == "nobody"
    assert room.class_name("06").zh == "市容环境类"


def test_times_without_an_offset_are_of_the_area(small):
    assert by_id(small())["E04"].reported == datetime(2026, 3, 1, 0, 4, tzinfo=UTC)


def test_a_suspended_case_has_no_running_clock_and_what_is_cleared_stays_yellow(small):
    found = by_id(small())
    assert found["E03"].status is Status.SUSPENDED
    assert found["E03"].state.due is None
    assert found["E03"].state.promised == datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
    assert found["E06"].mark.value == "yellow"


def rewritten(folder, change):
    path = folder / "cases.geojson"
    document = json.loads(path.read_text(encoding="utf-8"))
    for feature in document["features"]:
        change(feature)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def test_what_a_pack_says_oddly_is_kept_in_a_form_that_can_be_shown(small):
    def odd(feature):
        said, number = feature["properties"], int(feature["properties"]["id"][1:])
        said["title"] = {0: "", 1: "长" * 10_000, 2: "a\u202eb\u200bc"}.get(number, said["title"])
        said["status"] = {3: "lost in the post"}.get(number, said["status"])
        said["reported"] = {4: "soon", 5: None}.get(number, said["reported"])
        feature["geometry"]["coordinates"][0] += 1 if number == 6 else 0

    room = small(lambda folder: rewritten(folder, odd))
    found = by_id(room)
    assert len(found) == 14
    assert found["E00"].title == "事件"
    assert found["E01"].title == "长" * 59 + "…"
    assert found["E02"].title == "abc"
    assert found["E03"].status is Status.REPORTED
    assert found["E04"].reported == found["E05"].reported == room.area.as_of
    assert found["E06"].match == "outside"
    assert found["E06"].post == ""


def test_two_layers_may_use_the_same_ids(small):
    def twice(folder):
        text = (folder / "area.toml").read_text(encoding="utf-8")
        more = '[[points]]\nkey = "again"\nname = "又"\nname_en = "Again"\nkind = "incident"\nfile = "cases.geojson"\nid = "id"\n\n'
        (folder / "area.toml").write_text(text.replace("[[ground]]", more + "[[ground]]", 1), encoding="utf-8")

    assert Counter(case.class_ for case in cases(small(twice))) == {"litter": 14, "again": 14}


def test_a_key_longer_than_the_ledger_holds_is_cut(small):
    def long(folder):
        text = (folder / "area.toml").read_text(encoding="utf-8")
        (folder / "area.toml").write_text(text.replace('class = "litter"', f'class = "{"x" * 60}"'), encoding="utf-8")

    assert {case.class_ for case in cases(small(long))} == {"x" * LONGEST_CLASS}
