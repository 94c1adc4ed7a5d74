"""Service orders on a phone: what its list holds, and what is sent from it, once and in order."""

import json
from datetime import date

import pytest
from orders import COMMUNITY, DAY, ERRANDS, HEAD, HOUR, NOON, REPAIRS, asked, by, done, serving
from phones import Phone, jpeg

from api.field.reading import said_of_order
from desk.field.orders import jobs
from desk.field.sending import Kind, State
from desk.orders import clock
from desk.orders.acts import Doing, do, of
from geo.errors import DraftError
from incidents.orders import Phase, Serve
from ledger.verify import verify
from locales import translator
from reports.field_words import said_of


@pytest.fixture
def room(tmp_path):
    found = serving(tmp_path)
    yield found
    found.ledger.close()


def phone(room, key, account):
    return Phone(room, "department", f"department:{key.partition('::')[2]}", account=account)


def acts(one, now=NOON):
    return {job.filed.number: job.acts for job in jobs(one.room, now)}


def test_a_phone_takes_an_order_does_it_and_the_head_asks_how_it_was(room):
    filed = asked(room)
    team, head = phone(room, ERRANDS, "t1"), Phone(room, "community", f"community:{COMMUNITY}", account="h1")
    assert acts(team) == {filed.number: ("order_accept", "order_decline")}
    assert acts(head) == {}
    sent = team.send(
        team.item("order_accept", ago=50, case=filed.number),
        team.item("order_done", ago=5, case=filed.number, outcome="nobody", text="敲门无人应"),
    )
    assert [one.state for one in sent] == [State.DONE] * 2
    state = of(room, filed.number).state
    assert (state.phase, state.outcome) == (Phase.DONE, "nobody")
    assert acts(head) == {filed.number: ("order_rate", "order_note")}
    (rated,) = head.send(head.item("order_rate", case=filed.number, stars=0))
    assert rated.state is State.DONE
    assert of(room, filed.number).state.stars == 0
    assert verify(room.ledger, now=NOON).breaks == ()


def test_what_is_sent_again_is_done_once(room):
    filed, team = asked(room), phone(room, ERRANDS, "t1")
    item = team.item("order_accept", case=filed.number)
    first, second = (team.send(item)[0] for _ in range(2))
    assert (first.state, second) == (State.DONE, first)
    do(room, Doing(filed.number, Serve.NOTE, {"text": "已联系"}), by(HEAD), NOON + HOUR)
    assert team.send(item)[0].state is State.DONE
    assert len(of(room, filed.number).state.items) == 1


def test_an_order_that_another_phone_of_the_team_took_is_taken_and_what_follows_goes_on(room):
    filed, team, colleague = asked(room), phone(room, ERRANDS, "t1"), phone(room, ERRANDS, "t2")
    (first,) = colleague.send(colleague.item("order_accept", case=filed.number))
    again, ended = team.send(
        team.item("order_accept", case=filed.number), team.item("order_done", case=filed.number, outcome="served")
    )
    assert (again.state, again.version) == (State.DONE, first.version)
    assert ended.state is State.DONE
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_team_that_was_slower_is_told_so_and_nothing_after_it_is_tried(room):
    filed = asked(room)
    done(room, filed, Serve.ACCEPT, REPAIRS)
    team = phone(room, ERRANDS, "t1")
    late, after = team.send(
        team.item("order_accept", case=filed.number), team.item("order_done", case=filed.number, outcome="served")
    )
    assert (late.state, late.kind) == (State.REFUSED, Kind.RULES)
    assert "已被其他服务队先接单" in said_of(room, late)["zh"]
    assert "Another team was faster" in said_of(room, late)["en"]
    assert after.kind is Kind.BEFORE


def test_an_order_that_one_does_not_see_is_as_one_that_is_not_there(room):
    filed, stranger = asked(room), phone(room, "department::公安机关", "x1")
    outcomes = [stranger.send(stranger.item("order_accept", case=number))[0] for number in (filed.number, "单-1")]
    assert {(one.state, one.kind) for one in outcomes} == {(State.REFUSED, Kind.RULES)}
    assert len({json.dumps(said_of(room, one)) for one in outcomes}) == 1
    assert acts(stranger) == {}


@pytest.mark.parametrize(
    ("do_", "data"),
    [("order_done", {"outcome": "perhaps"}), ("order_accept", {"text": "x"}), ("order_rate", {"stars": 4.5})],
)
def test_what_an_act_does_not_take_is_refused(room, do_, data):
    filed, team = asked(room), phone(room, ERRANDS, "t1")
    (found,) = team.send(team.item(do_, case=filed.number, **data))
    assert (found.state, found.kind) == (State.REFUSED, Kind.FORM)


def test_an_order_takes_no_photos_and_needs_a_number(room):
    filed, team = asked(room), phone(room, ERRANDS, "t1")
    (found,) = team.send(team.item("order_accept", case=filed.number, photos=(team.photo(jpeg()),)))
    assert (found.state, found.kind) == (State.REFUSED, Kind.FORM)
    with pytest.raises(DraftError, match="case"):
        team.send(team.item("order_accept"))


def test_what_was_missed_yesterday_may_still_be_sent_today(room):
    filed = asked(room, item="care_visit", every="1 day")
    done(room, filed, Serve.ACCEPT, ERRANDS)
    clock.take(room, NOON + DAY)
    team = phone(room, ERRANDS, "t1")
    assert acts(team, NOON + DAY)[filed.number] == ("order_done",)
    (sent,) = team.send(team.item("order_done", ago=20 * 60, case=filed.number), now=NOON + DAY)
    assert (sent.state, of(room, filed.number).state.phase) == (State.DONE, Phase.DONE)


def test_an_order_in_the_list_says_what_a_team_has_to_know(room):
    filed = asked(room, home=True, day=date(2026, 11, 24))
    team = phone(room, ERRANDS, "t1")
    (job,) = jobs(team.room, NOON)
    said = said_of_order(team.room, job, translator("zh"))
    assert json.loads(json.dumps(said)) == said
    assert (said["number"], said["home"], said["phase"], said["as"]) == (filed.number, True, "offered", ERRANDS)
    assert said["text"] == "代取药,三楼,腿脚不便"
    assert said["key"] == filed.state.key
