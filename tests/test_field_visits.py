"""Visits on a phone: what its list holds, and what is sent from it, once and in order."""

from datetime import timedelta

import pytest
from phones import Phone
from visits import CENTRE, COMMUNITY, DAY, HEAD, NOON, by, done, goals, leafs, planned, walking, worker

from api.field.reading import said_of_visits
from desk.field.sending import Kind, State
from desk.field.visits import errands
from desk.visits.acts import of
from geo.errors import DraftError
from incidents.visits import Phase, Walk
from ledger import visits
from ledger.verify import verify
from locales import translator
from reports.field_words import said_of


@pytest.fixture
def room(tmp_path):
    found = walking(tmp_path)
    yield found
    found.ledger.close()


def phone(room, place=0, account="a1"):
    return Phone(room, "worker", f"{room.area.net.leaf.key}:{leafs(room)[place]}", account=account)


def item(one, do, number=None, *, ago=0, key=None, **data):
    """As `Phone.item`, whose data may hold a case."""
    return {**one.item(do, ago=ago, case=number, key=key), "data": data}


def new(one, room, place=0, **data):
    goal = goals(room, place)[0]
    said = {"lon": goal.lon, "lat": goal.lat, "building": goal.building, "outcome": "done", "topics": ["hazard"]}
    return item(one, "visit_new", **{**said, **data})


def listed(one, now=NOON):
    return {errand.filed.number: errand for errand in errands(one.room, now)[0]}


def holds(room):
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_planned_visit_is_on_the_list_is_made_and_may_still_be_joined_to_a_case(room):
    (filed,) = planned(room, text="二层东侧住户较多")
    one = phone(room)
    assert listed(one)[filed.number].acts == ("visit_done", "visit_nobody", "visit_refused", "visit_note")
    said = said_of_visits(one.room, NOON, translator("zh"))["visits"][0]
    assert (said["text"], said["mine"], said["due"], said["overdue"]) == ("二层东侧住户较多", True, "2026-11-27", False)
    (sent,) = one.send(item(one, "visit_done", filed.number, ago=90, households=6, text="宣传防火"))
    assert sent.state is State.DONE
    state = of(one.room, filed.number).state
    assert (state.phase, state.households, state.topics) == (Phase.DONE, 6, ("publicity",))
    assert state.walked == NOON - timedelta(minutes=90)
    assert listed(one)[filed.number].acts == ("visit_note",)
    assert listed(one, NOON + 3 * DAY) == {}
    holds(room)


def test_visit_report_and_the_join_of_both_lie_in_one_parcel(room):
    one = phone(room)
    walk = new(one, room, households=2)
    report = one.report(grid=leafs(room)[0])
    join = item(one, "visit_note", {"key": walk["key"]}, case={"key": report["key"]})
    first, case, last = one.send(walk, report, join)
    assert [found.state for found in (first, case, last)] == [State.DONE] * 3
    assert of(one.room, first.number).state.cases == (case.number,)
    again = one.send(walk, report, join)
    assert [found.number for found in again] == [first.number, case.number, first.number]
    assert len(visits.words(room.ledger.engine.connect(), [])) == 0
    holds(room)


def test_what_is_sent_again_is_done_once(room):
    one, (filed,) = phone(room), planned(room)
    walk, nobody = new(one, room), item(one, "visit_nobody", filed.number)
    first = one.send(walk, nobody)
    assert [found.state for found in one.send(nobody, walk)] == [State.DONE] * 2
    assert one.send(walk)[0].number == first[0].number
    assert of(one.room, filed.number).state.tries == 1
    assert len(listed(one)) == 2
    other = phone(room, 1, "b1")
    assert other.send({**new(other, room, 1), "key": walk["key"]})[0].number != first[0].number


def test_what_names_a_report_that_was_refused_is_refused_with_it(room):
    one = phone(room)
    report = {**one.report(grid=leafs(room)[0]), "data": {"class_": "nothing"}}
    walk = new(one, room, case={"key": report["key"]})
    assert [found.state for found in one.send(report, walk)] == [State.REFUSED] * 2
    assert one.send(walk)[0].kind is Kind.BEFORE
    assert listed(one) == {}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"text": "张三电话13812345678"}, Kind.TEXT),
        ({"text": "座机 66123456"}, Kind.TEXT),
        ({"text": "走" * 121}, Kind.TEXT),
        ({"topics": ["gossip"]}, Kind.FORM),
        ({"topics": []}, Kind.DRAFT),
        ({"households": 100_000}, Kind.FORM),
        ({"households": 1.5}, Kind.FORM),
        ({"outcome": "perhaps"}, Kind.FORM),
        ({"name": "张三"}, Kind.FORM),
        ({"case": "事-1"}, Kind.UNKNOWN),
        ({"lon": 0.0, "building": ""}, Kind.PLACE),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(room, said, kind):
    one = phone(room)
    (found,) = one.send(new(one, room, **said))
    assert (found.state, found.kind) == (State.REFUSED, kind)
    assert all(said_of(room, found).values())
    assert listed(one) == {}


def test_a_place_of_another_grid_is_refused(room):
    one = phone(room)
    (found,) = one.send(new(one, room, 1))
    assert (found.state, found.kind) == (State.REFUSED, Kind.PLACE)


def test_a_visit_of_another_grid_is_as_one_that_is_not_there(room):
    (filed,) = planned(room, place=1)
    one = phone(room)
    here, nowhere = one.send(item(one, "visit_done", filed.number)), one.send(item(one, "visit_done", "访-1"))
    assert said_of(room, here[0]) == said_of(room, nowhere[0])
    assert listed(one) == {}


def test_a_visit_takes_no_photos_and_a_join_has_to_name_a_key(room):
    one, (filed,) = phone(room), planned(room)
    (found,) = one.send({**item(one, "visit_done", filed.number), "photos": [one.photo(b"x")]})
    assert found.kind is Kind.FORM
    with pytest.raises(DraftError, match="key"):
        one.send(item(one, "visit_note", filed.number, case={"key": "x"}))


def test_the_head_decides_on_a_phone_what_meets_nobody(room):
    (filed,) = planned(room, post=CENTRE)
    for day in (0, 3, 6):
        done(room, filed, Walk.NOBODY, worker(room), NOON + day * DAY)
    head = Phone(room, "community", f"community:{COMMUNITY}", account="h1")
    assert "visit_again" in listed(head)[filed.number].acts
    sent = head.send(item(head, "visit_again", filed.number, due="2026-12-01"), item(head, "visit_cancel", filed.number, reason="已搬空"))  # fmt: skip
    assert [found.state for found in sent] == [State.DONE] * 2
    assert by(HEAD).post == head.post
    assert of(head.room, filed.number).state.phase is Phase.CANCELLED
