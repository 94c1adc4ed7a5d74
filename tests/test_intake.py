"""A report at the desk: what it would become, what is decided about its neighbours, mediation by code."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image
from rooms import DISPATCHER, NOON, room_of
from small_pack import write_small_pack

from desk.intake import LATER, NEW, may_be_cleared, may_decide, outlook, personal, struck, submit, submit_all
from desk.mediation import Mediation, Outcome, Party, mediation_of
from desk.reports import Draft, report
from geo.errors import DraftError, PlaceError
from incidents.lifecycle import By, PostKind
from incidents.model import Channel, Status, Urgency
from incidents.text import Personal
from layers.load import load
from ledger import find
from locales import translator
from reports.intake_words import mediation_rows

PLACE = {"lon": 113.601, "lat": 34.7508}  # in 3-01
LITTER, DISPUTE = "06010", "L3001"
MONDAY = NOON + timedelta(days=3)


def photo():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return load(write_small_pack(tmp_path_factory.mktemp("packs") / "small"))


@pytest.fixture
def room(area, tmp_path):
    return room_of(area, tmp_path)


def entries(room, number):
    with room.ledger.reading() as connection:
        return find.entries(connection, room.id, number)


def related(room, number):
    with room.ledger.reading() as connection:
        return find.related(connection, room.id, number)


def test_a_place_alone_tells_its_grids_before_anybody_says_what_it_is(room):
    seen = outlook(room, Draft("", **PLACE), NOON)
    assert seen.place.codes["micro"] == "3-01"
    assert (seen.sort, seen.handle, seen.same) == (None, None, ())


def test_a_draft_tells_the_deadlines_that_it_would_get_and_gets_them(room):
    draft = Draft(LITTER, **PLACE)
    seen = outlook(room, draft, NOON)
    taken = submit(room, draft, DISPATCHER, NOON)
    assert taken.incident.state.due == seen.sort.due
    assert taken.incident.state.limit == seen.sort.limit.span.text
    assert seen.handle.due > NOON


def test_urgency_brings_the_deadline_nearer(room):
    calm, hasty = (outlook(room, Draft(LITTER, urgency=urgency, **PLACE), NOON) for urgency in (Urgency.NORMAL, Urgency.EMERGENCY))  # fmt: skip
    assert hasty.handle.due < calm.handle.due


def test_an_order_brings_its_own_deadline_along(room):
    draft = Draft(LITTER, due=MONDAY, source="12345", external_id="20261120001", **PLACE)
    assert (outlook(room, draft, NOON).sort, outlook(room, draft, NOON).handle) == (None, None)
    assert submit(room, draft, DISPATCHER, NOON).incident.state.due == MONDAY


def test_an_order_has_a_number_and_a_deadline_that_has_not_passed(room):
    for draft, field in (
        (Draft(LITTER, channel=Channel.HOTLINE, **PLACE), "order"),
        (Draft(LITTER, channel=Channel.HOTLINE, external_id="1", due=NOON, **PLACE), "due"),
    ):
        with pytest.raises(DraftError) as raised:
            submit(room, draft, DISPATCHER, NOON)
        assert raised.value.field == field


def test_the_same_order_twice_is_one_case_and_said_so(room):
    draft = Draft(LITTER, source="12345", external_id="20261120001", **PLACE)
    first, second = (submit(room, draft, DISPATCHER, NOON) for _ in range(2))
    assert (first.fresh, second.fresh) == (True, False)
    assert first.incident.number == second.incident.number


def test_a_second_press_makes_no_second_case_and_decides_nothing_twice(room):
    near = report(room, Draft(LITTER, **PLACE), DISPATCHER, NOON)
    draft = Draft(LITTER, key="form-1", **PLACE)
    taken = [submit(room, draft, DISPATCHER, NOON, decided=near.number, beside=[near.number]) for _ in range(2)]
    assert [one.fresh for one in taken] == [True, False]
    assert taken[0].incident.number == taken[1].incident.number
    assert taken[1].incident.status is Status.LINKED


def test_neighbours_are_shown_and_linked_kept_apart_or_left_for_later(room):
    near = report(room, Draft(LITTER, **PLACE), DISPATCHER, NOON)
    assert [other.number for other, _ in outlook(room, Draft(LITTER, **PLACE), NOON).same] == [near.number]
    beside = [near.number]
    later, new, same = (
        submit(room, Draft(LITTER, **PLACE), DISPATCHER, NOON, decided=decided, beside=beside).incident
        for decided in (LATER, NEW, near.number)
    )
    assert related(room, later.number) == {}
    assert related(room, new.number) == {near.number: "apart"}
    assert related(room, same.number) == {near.number: "linked"}
    assert (new.status, same.status) == (Status.REPORTED, Status.LINKED)


def test_a_neighbour_that_is_linked_itself_leaves_nothing_half_written(room):
    near = report(room, Draft(LITTER, **PLACE), DISPATCHER, NOON)
    same = submit(room, Draft(LITTER, **PLACE), DISPATCHER, NOON, decided=near.number).incident
    with room.ledger.reading() as connection:
        before = find.count(connection, room.wanted())
    with pytest.raises(Exception, match="is linked to"):
        submit(room, Draft(LITTER, **PLACE), DISPATCHER, NOON, decided=same.number)
    with room.ledger.reading() as connection:
        assert find.count(connection, room.wanted()) == before


def test_who_may_decide_and_clear(room):
    classes = room.rules.directory.classes.values()
    clears = next(entry for entry in classes if entry.self_clear)
    other = next(entry for entry in classes if not entry.self_clear)
    posts = {kind: By("x", kind) for kind in PostKind}
    assert [may_decide(posts[kind]) for kind in (PostKind.DISPATCHER, PostKind.HEAD, PostKind.WORKER)] == [
        True,
        True,
        False,
    ]
    assert [may_be_cleared(clears, posts[kind]) for kind in (PostKind.WORKER, PostKind.HEAD, PostKind.DEPARTMENT)] == [
        True,
        True,
        False,
    ]
    assert not may_be_cleared(other, posts[PostKind.HEAD])


def test_what_is_cleared_on_the_spot_needs_a_photo_which_shows_it_after(room):
    clears = next(key for key, entry in room.rules.directory.classes.items() if entry.self_clear)
    worker = By("worker:micro:3-01", PostKind.WORKER)
    with pytest.raises(DraftError) as raised:
        submit(room, Draft(clears, cleared=True, **PLACE), worker, NOON)
    assert raised.value.field == "photo"
    done = submit(room, Draft(clears, cleared=True, photos=[photo()], **PLACE), worker, NOON).incident
    assert done.status is Status.SELF_CLEARED
    with room.ledger.reading() as connection:
        assert [row["kind"] for row in find.photos(connection, room.id, done.number)] == ["after"]


def test_a_mediation_stands_in_the_history_by_code_and_the_text_without_names(room):
    told = Mediation((Party.HOUSEHOLD, Party.MERCHANT), Outcome.AGREED, date(2026, 11, 20))
    draft = Draft(DISPUTE, title="王阿姨和楼下饭店", text="我是张明，电话13812345678，楼下油烟", **PLACE)
    made = submit(room, draft, DISPATCHER, NOON, mediation=told).incident
    assert made.restricted
    assert "张明" not in made.text
    assert "138" not in made.text
    assert "王" not in made.title
    assert mediation_of(entries(room, made.number)) == told


def test_a_class_that_is_not_restricted_keeps_no_mediation(room):
    told = Mediation((Party.HOUSEHOLD, Party.HOUSEHOLD))
    made = submit(room, Draft(LITTER, **PLACE), DISPATCHER, NOON, mediation=told).incident
    assert mediation_of(entries(room, made.number)) is None


@pytest.mark.parametrize(
    ("mediation", "field"),
    [
        (Mediation((Party.HOUSEHOLD,)), "parties"),
        (Mediation((Party.HOUSEHOLD,) * 7), "parties"),
        (Mediation((Party.HOUSEHOLD,) * 2, Outcome.AGREED), "agreed"),
        (Mediation((Party.HOUSEHOLD,) * 2, Outcome.FAILED, date(2026, 11, 1)), "agreed"),
        (Mediation((Party.HOUSEHOLD,) * 2, Outcome.AGREED, date(2026, 11, 21)), "agreed"),
    ],
)
def test_a_mediation_that_cannot_be_is_refused(room, mediation, field):
    with pytest.raises(DraftError) as raised:
        submit(room, Draft(DISPUTE, **PLACE), DISPATCHER, NOON, mediation=mediation)
    assert raised.value.field == field


def test_people_in_a_text_are_pointed_out_and_struck_and_places_are_not(room):
    assert personal(room, "我是张明，13812345678") == [Personal.NAME, Personal.PHONE]
    assert personal(room, "中山路有垃圾，陇海街也有") == []
    assert struck(room, "我叫张明，住中山路") == "我叫某某，住中山路"


def test_several_are_taken_all_or_none(room):
    good, bad = Draft(LITTER, key="a", **PLACE), Draft(LITTER, key="b", lon=0.0, lat=0.0)
    with pytest.raises(PlaceError):
        submit_all(room, [good, bad], DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        assert find.count(connection, room.wanted()) == 0
    assert [one.fresh for one in submit_all(room, [good, good], DISPATCHER, NOON)] == [True, False]


def test_a_mediation_is_said_by_code_in_both_languages():
    found = Mediation((Party.HOUSEHOLD, Party.MERCHANT), Outcome.AGREED, date(2026, 11, 20))
    said = dict(mediation_rows(found, translator("zh")))
    assert list(said.values()) == ["甲方：住户、乙方：商户", "达成协议", "2026-11-20"]
    assert mediation_rows(None, translator("en")) == []
