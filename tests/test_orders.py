"""Service orders in a room and its ledger: whom they are offered to, who has them, who sees them, what comes again, and that all of it can be proved."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time

import pytest
from orders import (
    AREA,
    CENTRE,
    COMMUNITY,
    DAY,
    ERRANDS,
    HEAD,
    HOUR,
    MINUTE,
    NOON,
    REPAIRS,
    TODAY,
    asked,
    by,
    done,
    point,
    serving,
    who,
)
from rooms import room_of, shipped
from sqlalchemy import delete, update

from desk.orders import clock, register
from desk.orders.acts import Doing, do, of
from desk.orders.people import sight
from desk.people import retention
from geo.errors import Conflict, DraftError, LifecycleError, NoAccess, PlaceError, UnknownOrder, UnknownPost
from incidents.orders import Phase, Serve
from incidents.teams import Team
from ledger import backup, orders, tables
from ledger.find import entries as history_of
from ledger.store import open_ledger
from ledger.verify import verify


@pytest.fixture
def room(tmp_path, database):
    found = serving(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A room on SQLite that tests share whose orders do not meet."""
    found = serving(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


def listed(room, **narrowed):
    with room.ledger.reading() as connection:
        return orders.listed(connection, room.id, sight(room), **narrowed)


def history(room, filed):
    with room.ledger.reading() as connection:
        return history_of(connection, room.id, filed.number, subject=orders.SUBJECT)


def ticks(room, start, end, step=HOUR):
    """Let the clock run."""
    while start <= end:
        clock.take(room, start)
        start += step


def holds(room):
    assert verify(room.ledger, now=NOON).breaks == ()


def days(room, found):
    return [one.state.since.astimezone(room.area.pack.timezone).date() for one in found]


# To the end


def test_an_order_goes_to_its_end_and_the_ledger_proves_it(room):
    filed = asked(room)
    assert filed.number == "单-20261120-0001"
    assert {offer.post for offer in filed.state.open_offers} == {ERRANDS, REPAIRS}
    filed = done(room, filed, Serve.ACCEPT, REPAIRS, NOON + MINUTE)
    filed = done(room, filed, Serve.FINISH, REPAIRS, NOON + 3 * HOUR, outcome="served", text="药已送到")
    filed = done(room, filed, Serve.RATE, HEAD, NOON + DAY, stars=5)
    assert filed.state.phase is Phase.CLOSED
    assert [entry["act"] for entry in history(room, filed)] == ["ask", "offer", "accept", "finish", "rate"]
    holds(room)


def test_the_history_holds_no_words_and_no_name(room):
    filed = done(room, asked(room, text="王大爷腿脚不便"), Serve.CANCEL, HEAD, reason="王大爷外出")
    with room.ledger.reading() as connection:
        rows = connection.execute(tables.history.select().where(tables.history.c.subject == "order")).mappings().all()
        assert orders.words(connection, [filed]) == {filed.number: "王大爷腿脚不便"}
    assert len(rows) == 3
    assert not any("大爷" in row["data"] + row["before"] + row["after"] for row in rows)


def test_two_teams_accept_at_once_and_one_has_it(room, database, tmp_path):
    filed = asked(room)
    other = room_of(shipped(AREA), tmp_path / "ledger", database)  # another process's

    def accept(said):
        where, key = said
        try:
            return done(where, filed, Serve.ACCEPT, key).state.server
        except LifecycleError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(accept, ((room, ERRANDS), (other, REPAIRS))))
    other.ledger.close()
    assert sorted(post in results for post in (ERRANDS, REPAIRS)) == [False, True]
    assert any("is accepted" in said for said in results)
    holds(room)


def test_who_comes_too_late_is_told_so_and_sees_it_no_more(one):
    filed = done(one, asked(one), Serve.ACCEPT, ERRANDS)
    late = one.seen_by(who("department", f"{AREA}:department:{REPAIRS.partition('::')[2]}"))
    with pytest.raises(LifecycleError, match="is accepted"):
        do(late, Doing(filed.number, Serve.ACCEPT), by(REPAIRS, "a"), NOON)
    assert filed.number not in {found.number for found in listed(late)}
    with pytest.raises(LifecycleError, match="is accepted"):
        of(late, filed.number)  # nor its address


def test_what_somebody_changed_in_between_is_a_conflict(one):
    filed = asked(one)
    done(one, filed, Serve.DECLINE, ERRANDS, reason="人手不足")
    with pytest.raises(Conflict):
        do(one, Doing(filed.number, Serve.CANCEL, {"reason": "x"}, filed.version), by(HEAD), NOON)


def test_what_a_phone_sent_twice_is_done_once(one):
    filed = asked(one)
    doing = Doing(filed.number, Serve.ACCEPT, {"item_key": "0f3e6b4c-5d0f-4a0c-8f57-6d8a2c1b7e90"})
    first = do(one, doing, by(ERRANDS), NOON)
    assert do(one, doing, by(ERRANDS), NOON + HOUR) == first


# Whom it fits


def test_a_team_is_offered_what_it_does_there_and_then(one):
    saturday = date(2026, 11, 21)
    assert {offer.post for offer in asked(one, day=saturday).state.open_offers} == {ERRANDS}
    filed = asked(one, item="meal")
    assert (filed.state.phase, history(one, filed)[0]["data"]["to"]) == (Phase.ASKED, [CENTRE])
    with pytest.raises(DraftError, match="No team fits"):
        done(one, filed, Serve.OFFER, HEAD)


def test_who_keeps_it_may_choose_among_the_teams_that_fit(one):
    filed = asked(one, offer=False)
    teams = {team.post: team.id for team in register.of_room(one)}
    filed = done(one, filed, Serve.OFFER, HEAD, teams=[teams[REPAIRS]])
    assert [offer.post for offer in filed.state.open_offers] == [REPAIRS]
    with pytest.raises(DraftError, match="does not fit"):
        done(one, filed, Serve.OFFER, HEAD, teams=[999999])


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"item": "gold"}, DraftError, "no such item"),
        ({"item": "small_wish", "home": True}, DraftError, "resident's home"),
        ({"item": "home_repair", "every": "1 week"}, DraftError, "come again"),
        ({"every": "9 year"}, DraftError, "no interval"),
        ({"key": "王大爷"}, DraftError, "stand for nobody"),
        ({"day": date(2026, 11, 19)}, DraftError, "has passed"),
        ({"day": date(2028, 11, 19)}, DraftError, "more than a year"),
        ({"opens": time(18)}, DraftError, "before it begins"),
        ({"lon": 100.0}, PlaceError, "100"),
        ({"post": REPAIRS}, LifecycleError, "not for a post"),
    ],
)
def test_what_cannot_be_ordered_is_refused(one, fields, error, said):
    before = len(listed(one))
    with pytest.raises(error, match=said):
        asked(one, **fields)
    assert len(listed(one)) == before


# Time


def test_what_nobody_takes_goes_back_and_the_centre_is_told_once(room):
    filed = asked(room, day=date(2026, 11, 24))
    assert filed.state.due == datetime(2026, 11, 20, 10, tzinfo=UTC)  # four working hours: 18:00 there
    ticks(room, NOON, NOON + DAY)
    filed = of(room, filed.number)
    said = [entry for entry in history(room, filed) if entry["act"] == "step"]
    assert (filed.state.phase, len(said), said[0]["data"]["to"]) == (Phase.BACK, 1, [HEAD, CENTRE])
    again = done(room, filed, Serve.OFFER, HEAD, NOON + DAY)
    assert again.state.phase is Phase.OFFERED
    holds(room)


def test_what_comes_again_comes_over_midnight_and_a_holiday_with_its_team(room):
    """A daily care visit over New Year: holidays are no pause for who is alone."""
    start = datetime(2026, 12, 30, 1, tzinfo=UTC)  # 09:00
    filed = asked(
        room, now=start, item="care_visit", every="1 day", day=date(2026, 12, 30), opens=time(9, 30), closes=time(11)
    )
    done(room, filed, Serve.ACCEPT, ERRANDS, start)
    done(room, filed, Serve.FINISH, ERRANDS, start + HOUR)
    ticks(room, start, start + 4 * DAY)
    found = listed(room)
    assert days(room, found) == [date(2026, 12, 30), date(2026, 12, 31), *(date(2027, 1, day) for day in (1, 2, 3, 4))]
    assert {one.state.key for one in found} == {filed.state.key}
    assert {one.state.server for one in found} == {ERRANDS}
    phases = [one.state.phase for one in found]
    assert phases == [Phase.DONE, *[Phase.MISSED] * 3, Phase.ACCEPTED, Phase.ACCEPTED]
    missed = [entry for one in found for entry in history(room, one) if entry["act"] == "step"]
    assert [entry["data"]["to"] for entry in missed] == [[HEAD, ERRANDS]] * 3
    holds(room)


def test_agency_moves_to_the_next_working_day_and_moves_no_other(room):
    """Monthly on the 1st from September: the National Day holiday moves the October one alone."""
    start = datetime(2026, 9, 1, 1, tzinfo=UTC)
    asked(room, now=start, item="medical_cover", every="1 month", day=date(2026, 9, 1), opens=time(9), closes=time(17))
    ticks(room, start, start + 62 * DAY, 6 * HOUR)
    found = listed(room)
    assert days(room, found)[:3] == [date(2026, 9, 1), date(2026, 10, 8), date(2026, 11, 2)]  # 1 November is a Sunday
    assert [one.state.turn for one in found][:3] == [0, 1, 2]
    holds(room)


def test_what_a_holiday_skips_comes_at_the_next_turn(room):
    start = datetime(2026, 9, 24, 1, tzinfo=UTC)  # a Thursday; 1 October is the next one
    asked(room, now=start, item="housekeeping", every="1 week", day=date(2026, 9, 24), opens=time(9), closes=time(17))
    ticks(room, start, start + 15 * DAY, 6 * HOUR)
    assert days(room, listed(room))[:2] == [date(2026, 9, 24), date(2026, 10, 8)]


def test_a_console_that_was_off_makes_one_and_not_all_that_were_over(room):
    filed = asked(room, item="care_visit", every="1 day")
    done(room, filed, Serve.ACCEPT, ERRANDS)
    clock.take(room, NOON + 20 * DAY)
    found = listed(room)
    assert days(room, found) == [TODAY, date(2026, 12, 10)]
    assert found[0].state.phase is Phase.MISSED
    assert found[1].state.turn == 20


def test_several_processes_make_each_next_one_once(room, database, tmp_path):
    filed = asked(room, item="care_visit", every="1 day")
    done(room, filed, Serve.ACCEPT, ERRANDS)
    others = [room_of(shipped(AREA), tmp_path / "ledger", database) for _ in range(2)]
    with ThreadPoolExecutor(3) as pool:
        for n in range(3):
            list(pool.map(lambda where, at=NOON + n * DAY: clock.take(where, at), (room, *others)))
    for other in others:
        other.ledger.close()
    assert days(room, listed(room)) == [date(2026, 11, day) for day in (20, 21, 22, 23)]
    holds(room)


def test_what_is_stopped_comes_no_more_and_what_is_cancelled_once_does(room):
    kept = asked(room, item="care_visit", every="1 day")
    done(room, kept, Serve.CANCEL, HEAD, reason="外出")
    ended = asked(room, item="care_visit", every="1 day")
    done(room, ended, Serve.STOP, HEAD, reason="搬走")
    done(room, ended, Serve.CANCEL, HEAD, reason="搬走")
    clock.take(room, NOON + DAY)
    keys = [one.state.key for one in listed(room)]
    assert (keys.count(kept.state.key), keys.count(ended.state.key)) == (2, 1)
    holds(room)


def test_an_abolished_team_goes_on_with_nothing_new(room):
    filed = asked(room, item="care_visit", every="1 day")
    done(room, filed, Serve.ACCEPT, ERRANDS)
    team = next(team for team in register.of_room(room) if team.post == ERRANDS)
    register.abolish(room, team.id, by(CENTRE), NOON)
    clock.take(room, NOON + DAY)
    last = listed(room)[-1]
    assert (last.state.phase, last.state.server) == (Phase.ASKED, "")
    assert of(room, filed.number).state.server == ERRANDS
    holds(room)


# Who sees it


def test_who_sees_an_order(one):
    here, there = point(one)[0], point(one, -1)[0]
    filed = asked(one)
    seen = {
        name: filed.number in {found.number for found in listed(one.seen_by(who(role, scope)))}
        for name, role, scope in (
            ("worker", "worker", f"{AREA}:micro:{here}"),
            ("elsewhere", "worker", f"{AREA}:micro:{there}"),
            ("community", "community", f"{AREA}:community:{COMMUNITY}"),
            ("team", "department", f"{AREA}:department:{ERRANDS.partition('::')[2]}"),
            ("others", "department", f"{AREA}:department:公安机关"),
            ("centre", "dispatcher", AREA),
            ("analyst", "analyst", AREA),
        )
    }
    assert seen == {"worker": True, "elsewhere": False, "community": True, "team": True, "others": False, "centre": True, "analyst": False}  # fmt: skip


def test_what_one_does_not_see_is_as_what_does_not_exist(one):
    filed = asked(one)
    stranger = one.seen_by(who("department", f"{AREA}:department:公安机关"))
    told = []
    for number in (filed.number, "单-20261120-9999"):
        with pytest.raises(UnknownOrder) as caught:
            do(stranger, Doing(number, Serve.ACCEPT), by("department::公安机关", "a"), NOON)
        told.append(str(caught.value).replace(number, ""))
    assert told[0] == told[1]


def test_nobody_orders_for_another_grid_or_as_another_post(one):
    here, there = point(one)[0], point(one, -1)[0]
    worker = one.seen_by(who("worker", f"{AREA}:micro:{there}"))
    with pytest.raises(DraftError, match="none of your grids"):
        asked(worker, post=f"worker:micro:{there}")
    with pytest.raises(NoAccess):
        asked(worker, post=f"worker:micro:{here}", place=-1)


# The register of teams


def test_a_team_is_changed_abolished_and_brought_back(room):
    team = register.put(room, Team("理发队", ("haircut",), ERRANDS), by(CENTRE), NOON)
    register.put(room, Team("理发队", ("haircut", "errand"), ERRANDS, id=team.id), by(CENTRE), NOON)
    register.abolish(room, team.id, by(CENTRE), NOON)
    assert team.id not in {one.id for one in register.of_room(room)}
    register.undo(room, team.id, by(CENTRE), NOON + MINUTE)
    assert next(one for one in register.of_room(room) if one.id == team.id).skills == ("haircut", "errand")
    with pytest.raises(LifecycleError, match="nothing to undo"):
        register.undo(room, team.id, by(CENTRE), NOON + MINUTE)
    holds(room)


def test_a_team_that_was_offered_an_order_is_not_unmade(room):
    team = register.put(room, Team("理发队", ("haircut",), ERRANDS), by(CENTRE), NOON)
    asked(room, item="haircut")
    with pytest.raises(DraftError, match="offered an order"):
        register.undo(room, team.id, by(CENTRE), NOON)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"skills": ()}, DraftError),
        ({"skills": ("gold",)}, DraftError),
        ({"post": "department::无此岗位"}, UnknownPost),
        ({"areas": (("micro", "nowhere"),)}, DraftError),
        ({"opens": time(19)}, DraftError),
        ({"name": "跑腿服务队"}, DraftError),
    ],
)
def test_a_team_that_cannot_be_so_is_refused(one, fields, error):
    said = {"name": "新队", "skills": ("errand",), "post": ERRANDS, **fields}
    with pytest.raises(error):
        register.put(one, Team(**said), by(CENTRE), NOON)


def test_only_the_centre_keeps_the_register(one):
    head = one.seen_by(who("community", f"{AREA}:community:{COMMUNITY}"))
    with pytest.raises(NoAccess):
        register.put(head, Team("新队", ("errand",), ERRANDS), by(HEAD, "a"), NOON)


# What is kept, and what is proved


def test_words_are_erased_some_time_after_the_end_and_the_rest_still_holds(room):
    over, open_ = asked(room, day=date(2026, 11, 23)), asked(room, day=date(2027, 10, 1))
    for act, key, data in ((Serve.ACCEPT, ERRANDS, {}), (Serve.FINISH, ERRANDS, {"text": "已送达"})):
        over = done(room, over, act, key, **data)
    later = NOON + 91 * DAY
    with room.ledger.reading() as connection:
        assert len(orders.words(connection, [over, open_])) == 2
    assert room.ledger.change(lambda writing: orders.forget(writing, room.id, before=NOON + DAY, at=later)) == 2
    with room.ledger.reading() as connection:
        assert set(orders.words(connection, [over, open_])) == {open_.number}
    assert "orders" in retention.DAYS
    holds(room)


@pytest.mark.parametrize(
    "change",
    [
        update(tables.service_order).values(key="X1-AAAA"),
        update(tables.service_order).values(lon=0.0),
        update(tables.service_order).values(phase="closed"),
        update(tables.order_seen).where(tables.order_seen.c.by == HEAD).values(by="head:community:x"),
        delete(tables.order_seen).where(tables.order_seen.c.by == HEAD),
        update(tables.team).values(post=HEAD),
        update(tables.team).values(skills='["meal"]'),
        update(tables.wording).values(text="别的"),
    ],
)
def test_what_was_changed_behind_the_ledgers_back_is_found(tmp_path, change):
    found = serving(tmp_path)
    asked(found)
    holds(found)
    with found.ledger.alone() as connection:
        connection.execute(change)
    assert verify(found.ledger, now=NOON).breaks
    found.ledger.close()


def test_a_backup_brings_teams_and_orders_back(room, tmp_path):
    filed = done(room, asked(room), Serve.ACCEPT, ERRANDS)
    backup.backup(room.ledger, tmp_path / "b.zip", now=NOON)
    fresh = open_ledger(tmp_path / "fresh")
    backup.restore(fresh, tmp_path / "b.zip", now=NOON)
    with fresh.reading() as connection:
        assert orders.get(connection, room.id, filed.number) == filed
    assert verify(fresh, now=NOON).breaks == ()
    fresh.close()
