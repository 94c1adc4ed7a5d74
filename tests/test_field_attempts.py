"""A visit of a site that came to nothing, on a phone: sent once by the phone's own clock, counted by campaigns, and the second visit on the list."""

from datetime import timedelta

import pytest
from inspected import AREA, inspected, shop, worker_of
from phones import Phone
from rooms import DISPATCHER, NOON, room_of, shipped
from test_campaigns import count, running

from api.field.reading import said_of_all
from desk.campaigns import acts
from desk.field.inspections import TRY
from desk.field.sending import Kind, State
from desk.posts import roster
from desk.posts.roster import Wish as Post
from desk.sites import register
from incidents.lifecycle import PostKind
from inspections.campaigns import Found
from inspections.sites import Act
from ledger import campaigns
from ledger.verify import verify
from locales import translator
from reports.field_words import said_of

DAY = timedelta(days=1)
TODAY = NOON.date()


@pytest.fixture
def room(tmp_path, database):
    found = room_of(shipped(AREA), tmp_path, database)
    yield found
    found.ledger.close()


@pytest.fixture
def site(room):
    return shop(room, now=NOON - 9 * DAY)


@pytest.fixture
def one(room, site):
    worker_of(room, site)
    level = room.area.net.leaf.key
    return Phone(room, "worker", f"{level}:{site.codes[level].split(';')[0]}")


def tries(room, site):
    with room.ledger.reading() as connection:
        return campaigns.of_site(connection, room.id, site.number)


def row(phone, site, now=NOON):
    return next(each for each in said_of_all(phone.room, now, translator("zh"))["sites"] if each["number"] == site.number)  # fmt: skip


def holds(room):
    assert verify(room.ledger, now=NOON).breaks == ()


def test_it_is_written_once_however_often_it_is_sent_by_the_time_of_the_phone(room, site, one):
    assert "tried" not in row(one, site)
    assert TRY in row(one, site)["acts"]
    item = one.item(TRY, ago=90, case=site.number, found="refused", again=(TODAY + DAY).isoformat())
    sent = [*one.send(item), *one.send(item), *one.send(item, one.item(TRY, case=site.number, found="absent"))]
    assert [each.state for each in sent] == [State.DONE] * 4
    assert {each.number for each in sent} == {site.number}
    assert len({each.version for each in sent}) == 2
    later, first = tries(room, site)
    assert (first.found, first.at, first.again, first.post) == (Found.REFUSED, NOON - timedelta(minutes=90), TODAY + DAY, one.post)  # fmt: skip
    assert (first.item, later.found, later.again) == (f"a1:{item['key']}", Found.ABSENT, None)
    other = Phone(room, "dispatcher", "", account="a9")
    assert other.send({**item, "as": other.post})[0].version not in {each.version for each in sent}, "keys belong to their account"  # fmt: skip
    holds(room)


def test_a_campaign_counts_it_once_on_the_day_on_which_it_was_made(room, site, one):
    campaign = running(room)
    item = one.item(TRY, ago=60, case=site.number, found="refused", again=(TODAY + DAY).isoformat())
    one.send(item)
    one.send(item)
    whole = count(room, campaign, NOON)
    assert (whole.targets, whole.refused, whole.not_yet, whole.second_due) == (1, 1, 0, 0)
    assert count(room, campaign, NOON + DAY).second_due == 1
    assert count(room, campaign, NOON - 2 * timedelta(hours=1)).refused == 0


def test_the_second_visit_stands_on_the_list_until_somebody_looked_or_the_line_is_struck(room, site, one):
    one.send(one.item(TRY, case=site.number, found="absent", again=(TODAY + DAY).isoformat()))
    assert row(one, site)["tried"] == {"at": NOON.isoformat(), "found": "absent", "again": (TODAY + DAY).isoformat(), "due": False}  # fmt: skip
    one.send(one.item(TRY, case=site.number, found="refused"))
    assert (row(one, site)["tried"]["found"], row(one, site)["tried"]["due"]) == ("refused", True), "no day was agreed"
    acts.strike_attempt(room, site.number, tries(room, site)[0].id, DISPATCHER, NOON)
    assert row(one, site)["tried"]["again"] == (TODAY + DAY).isoformat()
    assert row(one, site, NOON + DAY)["tried"]["due"]
    inspected(room, site, now=NOON + DAY)
    assert "tried" not in row(one, site, NOON + DAY)
    holds(room)


def test_one_that_was_struck_and_is_sent_again_does_not_come_back(room, site, one):
    item = one.item(TRY, case=site.number, found="absent")
    one.send(item)
    acts.strike_attempt(room, site.number, tries(room, site)[0].id, DISPATCHER, NOON)
    assert one.send(item)[0].state is State.DONE
    assert tries(room, site) == []
    holds(room)


def test_lines_that_were_written_before_phones_could_are_proved_too(room, site, monkeypatch):
    whole = campaigns._tried
    with monkeypatch.context() as then:  # what the history of older versions says of one
        then.setattr(
            campaigns, "_tried", lambda said: {name: fact for name, fact in whole(said).items() if name != "item"}
        )
        old, gone = (acts.attempt(room, site.number, Found.ABSENT, None, DISPATCHER, NOON) for _ in range(2))
        acts.strike_attempt(room, site.number, gone.id, DISPATCHER, NOON)
    holds(room)
    acts.strike_attempt(room, site.number, old.id, DISPATCHER, NOON)
    holds(room)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({}, Kind.FORM),
        ({"found": "closed"}, Kind.FORM),
        ({"found": "absent", "again": "tomorrow"}, Kind.FORM),
        ({"found": "absent", "again": "2020-01-01"}, Kind.DRAFT),
        ({"found": "absent", "level": "x"}, Kind.FORM),
        ({"found": "absent", "ago": -60}, Kind.DRAFT),
        ({"found": "absent", "case": "S-0000-000000"}, Kind.SITE),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_leaves_nothing(room, site, one, data, kind):
    (sent,) = one.send(one.item(TRY, **{"case": site.number, **data}))
    assert (sent.state, sent.kind) == (State.REFUSED, kind)
    words = said_of(one.room, sent)
    assert all(words.values())
    assert words["zh"] != words["en"]
    assert tries(room, site) == []


def test_a_site_beyond_the_workers_grid_or_that_was_closed_is_refused(room, site, one):
    level = room.area.net.leaf.key
    other = next(str(code) for code in room.area.net.leaf.codes if f":{code}" not in one.post)
    roster.add(room, Post(PostKind.WORKER, "网格员", (level, other)), DISPATCHER, NOON)
    far = Phone(room, "worker", f"{level}:{other}", account="w2")
    (sent,) = far.send(far.item(TRY, case=site.number, found="absent"))
    assert (sent.state, sent.kind) == (State.REFUSED, Kind.SITE)
    register.turn(room, site, Act.CLOSE, "注销", TODAY - DAY, DISPATCHER, NOON)
    (sent,) = one.send(one.item(TRY, case=site.number, found="absent"))
    assert (sent.state, sent.kind) == (State.REFUSED, Kind.SITE)
    assert tries(room, site) == []
