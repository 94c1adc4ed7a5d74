"""Inspections on a phone: what its list holds, and what is sent from it, once, in order and late; what was refused, and why."""

import json
import re
from datetime import date, timedelta

import pytest
from accounts import signed_in
from http_client import ask
from inspected import inspected, kept, passing, shop, worker_of
from phones import Phone, jpeg
from rooms import DISPATCHER, NOON
from test_gate import built

import app as console
from api.field.first import screen
from api.field.inspection_words import WORDS as OWN
from api.field.inspection_words import words as own_words
from api.field.reading import said_of_all, said_of_sites
from api.field.shell import INSPECTING, LATER, SCRIPTS
from api.field.words import words
from api.identity import COOKIE
from desk.field.inspections import errands
from desk.field.sending import Kind, State
from desk.sites import register
from desk.sites.checklists import checklists_of
from desk.sites.register import Wish
from inspections.findings import State as Stands
from inspections.inspection import Signed, Way
from inspections.sites import Act
from ledger import findings, inspections
from ledger.findings import Asked
from ledger.verify import verify
from locales import LANGUAGES, translator
from reports.field_words import said_of

DAY = timedelta(days=1)
FAILS = "G03"  # no photo is asked for, and it has a deadline


@pytest.fixture
def room(tmp_path):
    found, _ = kept(tmp_path)
    yield found
    found.ledger.close()


@pytest.fixture
def site(room):
    return register.listed(room, register.Asked(room.id))[0]


@pytest.fixture
def phone(room, site):
    worker_of(room, site)
    leaf = room.area.net.leaf.key
    return Phone(room, "worker", f"{leaf}:{site.codes[leaf]}")


def closed(room, site, act=Act.CLOSE):
    return register.turn(room, site, act, "不再营业", date(2026, 11, 20), DISPATCHER, NOON)


def answers(room, **said):
    return {**passing(room.rules.checklists.current("gas_shop")), **said}


def item(phone, site, said, *, ago=0, key=None, photos=(), **data):
    told = {"checklist": "gas_shop", "version": 1, "answers": said, "signed": "absent", **data}
    return {**phone.item("inspect", ago=ago, case=site.number, key=key, photos=photos), "data": told}


def standing(room, site):
    with room.ledger.reading() as connection:
        return findings.page(connection, Asked(room.id, date(2026, 11, 20), site=site.number))


def all_of(room):
    with room.ledger.reading() as connection:
        return inspections.page(connection, inspections.Asked(room.id))


def holds(room):
    assert verify(room.ledger, now=NOON + 9 * DAY).breaks == ()


# The list


def test_the_list_names_the_sites_with_their_checklists_and_what_stands_open_there(room, site, phone):
    inspected(room, site, {FAILS: "fail"}, now=NOON - 5 * DAY)
    said = said_of_sites(phone.room, NOON, translator("zh"))
    (row,) = said["sites"]
    assert (row["number"], row["name"], row["acts"], said["sites_more"]) == (
        site.number,
        site.name,
        ["inspect", "site_attempt"],
        0,
    )
    assert row["lists"][0] == ["gas_shop", 1]
    assert row["last"] == "2026-11-15"
    (one,) = row["open"]
    assert (one["item"], one["state"], one["due"], one["acts"]) == (FAILS, "open", "2026-11-22", ["finding_correct"])
    assert one["name"] != one["name_en"] != ""
    assert "contact" not in json.dumps(said)


def test_own_sites_come_first_those_that_are_due_before_the_others_and_none_that_is_closed(room, site, phone):
    second, third = (shop(room, name, building=site.building) for name in ("福满楼", "聚鑫源"))
    inspected(room, second)
    closed(room, third)
    found, more = errands(phone.room, NOON)
    numbers = [one.due.site.number for one in found]
    assert third.number not in numbers
    assert numbers.index(site.number) < numbers.index(second.number)
    assert [one.due.standing.name for one in found if one.due.site.number == second.number] == ["LATER"]
    assert more == 0


def test_who_may_not_inspect_has_no_sites(room, site):
    other = Phone(room, "department", "department:城市管理", account="b1")
    assert said_of_sites(other.room, NOON, translator("zh"))["sites"] == []


def test_a_finding_whose_day_is_over_makes_its_site_late(room, site, phone):
    inspected(room, site, {FAILS: "fail"}, now=NOON - 10 * DAY)
    (one,), _ = errands(phone.room, NOON)
    assert one.is_late(date(2026, 11, 20))


def test_the_first_screen_counts_the_sites_and_shows_those_of_the_day(room, site, phone):
    for now, sections in ((NOON, []), (NOON + 60 * DAY, ["inspect"])):
        said = said_of_all(phone.room, now, translator("zh"))
        drawn = screen(said, words(translator("zh")), "zh", now)
        assert dict(drawn.filters)["inspect"] == 1
        assert [name for name, _n, _cards in drawn.sections] == sections
        assert dict(drawn.filters)["all"] == dict(drawn.filters)["overdue"] == len(sections)


# What is sent


def test_an_inspection_is_written_once_with_its_own_time_and_its_photos(room, site, phone):
    photo, signature = phone.photo(), phone.photo(jpeg(7))
    said = answers(room, **{FAILS: {"value": "fail", "note": "标签脱落", "photos": [photo]}})
    sent = item(
        phone, site, said, ago=90, photos=[photo, signature], signed="signed", signature=signature, text="已当面讲明"
    )
    (outcome,) = phone.send(sent)
    assert outcome.state is State.DONE
    assert outcome.number.startswith("检-20261120-")
    (found,) = all_of(room)
    assert (found.number, found.done_at, found.signed) == (outcome.number, NOON - timedelta(minutes=90), Signed.SIGNED)
    assert len(found.photos) == 2
    assert found.signature in found.photos
    assert [(one.item, one.state.state) for one in standing(room, site)] == [(FAILS, Stands.OPEN)]
    assert phone.box.missing([photo, signature]) == (photo, signature)  # they are kept with the inspection now
    assert phone.send(sent)[0].number == outcome.number
    assert len(all_of(room)) == 1
    holds(room)


def test_keys_belong_to_their_account(room, site, phone):
    (first,) = phone.send(item(phone, site, answers(room), key=phone.key()))
    leaf = room.area.net.leaf.key
    other = Phone(room, "worker", f"{leaf}:{site.codes[leaf]}", account="b1")
    (second,) = other.send(item(other, site, answers(room), key=first.key))
    assert second.state is State.DONE
    assert first.number != second.number


def test_what_was_done_a_week_ago_counts_from_its_own_day(room, site, phone):
    late = item(phone, site, answers(room, **{FAILS: "fail"}), ago=6 * 24 * 60)
    (outcome,) = phone.send(late)
    assert outcome.number.startswith("检-20261114-")
    (one,) = standing(room, site)
    assert (one.found, one.state.due) == (date(2026, 11, 14), date(2026, 11, 21))


def test_two_of_one_parcel_are_made_in_their_order_and_the_second_waits_for_the_first(room, site, phone):
    inspected(room, site, {FAILS: "fail"}, now=NOON - DAY)
    (one,) = standing(room, site)
    wrong = item(phone, site, answers(room, G01="maybe"), ago=20)
    again = {**item(phone, site, {}, ago=10), "data": {"signed": "absent", "rechecks": {one.number: "fail"}}}
    first, second = phone.send(wrong, again)
    assert (first.state, first.kind) == (State.REFUSED, Kind.ANSWERS)
    assert (second.state, second.kind) == (State.REFUSED, Kind.BEFORE)
    put_right = {**wrong, "data": {**wrong["data"], "answers": answers(room)}}
    assert [found.state for found in phone.send(put_right, again)] == [State.DONE] * 2
    assert [found.way for found in sorted(all_of(room), key=lambda found: found.version)][1:] == [
        Way.INSPECT,
        Way.RECHECK,
    ]
    assert standing(room, site)[0].state.failed_rounds == 1
    holds(room)


def test_findings_are_looked_at_again_in_the_same_inspection(room, site, phone):
    inspected(room, site, {FAILS: "fail"}, now=NOON - DAY)
    (one,) = standing(room, site)
    (outcome,) = phone.send(item(phone, site, answers(room), rechecks={one.number: "pass"}))
    assert outcome.state is State.DONE
    assert standing(room, site)[0].state.state in {Stands.CLOSED, Stands.CORRECTED}  # a worker may not close it
    assert all_of(room)[0].rechecked == (one.number,) or one.number in all_of(room)[-1].rechecked


def test_a_correction_is_told_once_with_its_photo(room, site, phone):
    inspected(room, site, {FAILS: "fail"}, now=NOON - DAY)
    (one,) = standing(room, site)
    sent = {**phone.item("finding_correct", case=one.number, photos=[phone.photo()]), "data": {"text": "已更换标签"}}
    assert [found.state for found in phone.send(sent)] == [State.DONE]
    assert [found.state for found in phone.send(sent)] == [State.DONE]
    (after,) = standing(room, site)
    assert (after.state.state, after.state.corrected_by) == (Stands.CORRECTED, phone.post)
    with room.ledger.reading() as connection:
        assert findings.photographed(connection, room.id, [one.number])[one.number] >= 1
    second = {**sent, "key": phone.key(), "photos": []}
    (refused,) = phone.send(second)
    assert (refused.state, refused.kind) == (State.REFUSED, Kind.FINDING)
    holds(room)


def refused(room, phone, sent):
    (outcome,) = phone.send(sent)
    assert outcome.state is State.REFUSED
    before = len(all_of(room))
    said = said_of(phone.room, outcome)
    assert set(said) == {"zh", "en", "what", "what_en"}
    assert all(said.values())
    assert len(all_of(room)) == before
    return outcome.kind


def test_what_cannot_be_taken_says_why_and_what_to_do(room, site, phone):
    assert refused(room, phone, item(phone, site, answers(room), version=7)) is Kind.CHECKLIST
    assert refused(room, phone, item(phone, site, answers(room), checklist="construction", version=1)) is Kind.CHECKLIST
    assert refused(room, phone, item(phone, site, answers(room, G11="-3"))) is Kind.ANSWERS
    assert refused(room, phone, item(phone, site, answers(room, G01="fail"))) is Kind.ANSWERS  # its photo is missing
    assert refused(room, phone, item(phone, site, {})) is Kind.ANSWERS
    assert refused(room, phone, item(phone, site, answers(room), rechecks={"患-20200101-0001": "pass"})) is Kind.FINDING
    assert refused(room, phone, item(phone, site, answers(room), signed="signed")) is Kind.ANSWERS
    gone = phone.item("inspect", case="场-9999")
    assert (
        refused(room, phone, {**gone, "data": {"checklist": "gas_shop", "version": 1, "answers": answers(room)}})
        is Kind.SITE
    )
    for strange in (
        {"answers": "x"},
        {"answers": {"G01": {"value": [[[[1]]]]}}},
        {"rechecks": {"a": "perhaps"}},
        {"signed": "yes"},
        {"refused": 1},
        {"due": "2026-12-01"},
    ):
        assert refused(room, phone, item(phone, site, answers(room), **strange)) is Kind.FORM
    assert all_of(room) == []


def test_a_site_that_was_put_right_on_the_map_is_inspected_where_it_is_now(room, site, phone):
    wish = Wish("gas_shop", site.name, lon=site.lon + 0.00002, lat=site.lat, number=site.number, version=site.version)
    there = register.put(room, wish, DISPATCHER, NOON)
    (outcome,) = phone.send(item(phone, site, answers(room), ago=60))
    assert outcome.state is State.DONE
    assert (all_of(room)[0].lon, all_of(room)[0].lat) == (there.lon, there.lat)


@pytest.mark.parametrize("act", [Act.CLOSE, Act.MOVE])
def test_a_site_that_is_gone_is_not_inspected_but_what_was_done_on_a_day_before_is_taken(room, site, phone, act):
    closed(room, site, act)
    assert refused(room, phone, item(phone, site, answers(room))) is Kind.SITE
    assert phone.send(item(phone, site, answers(room), ago=2 * 24 * 60))[0].state is State.DONE


# What the phone asks for


@pytest.fixture(scope="module")
def cookie():
    return f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'worker', 'longnan:micro:41010299900100101')}"


def test_the_checklists_come_in_both_languages_and_only_where_they_changed(cookie):
    answer = ask(built(), "/field/longnan/checklists?also=gas_shop-1,nothing-9,..,x", cookie=cookie)
    said = json.loads(answer.text)
    assert answer.status == 200
    assert len(said["checklists"]) == len(said["current"]) == len(checklists_of().keys)
    assert all(one["text"] and one["text_en"] for found in said["checklists"] for one in found["items"])
    assert set(said["words"]) == set(LANGUAGES)
    again = ask(
        built(),
        "/field/longnan/checklists?also=gas_shop-1,nothing-9,..,x",
        cookie=cookie,
        if_none_match=answer.headers["etag"],
    )
    assert (again.status, again.text) == (304, "")


def test_who_may_not_inspect_gets_no_checklists():
    other = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'department', 'longnan:department:城市管理')}"
    assert ask(built(), "/field/longnan/checklists", cookie=other).status == 403


def test_the_document_names_the_scripts_and_the_words_that_they_use_are_there(cookie):
    document = ask(built(), "/field/longnan", cookie=cookie, accept="text/html")
    path = next(found for found in re.findall(r'href="(/assets/[^"]+)"', document.text) if INSPECTING[0] in found)
    assert path.rsplit("/", 1)[1].split("+") == list(INSPECTING)
    assert ask(built(), path, cookie=cookie).status == 200
    known = {**words(translator("en")), **own_words(translator("en"))}
    used = {
        name
        for script in (*SCRIPTS, *LATER, *INSPECTING)
        for name in re.findall(r'\bt\("([a-z_0-9]+)"', console.CONSOLE.assets[script].read_text("utf-8"))
    }
    begun = tuple(name for name in used if name.endswith("_"))
    assert sorted(name for name in used if name not in known and name not in begun) == []
    assert sorted(name for name in begun if not any(one.startswith(name) for one in known)) == []
    assert not set(OWN) & set(words(translator("en")))
