"""The register of sites: kinds from a file, sites added, changed, suspended and bound; scope, conflicts, proof; on both databases where the ledger is meant."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import delete, select, update

from data import rules
from desk.access.permissions import permissions_of
from desk.places import buildings
from desk.places.place import place
from desk.rules import rules_of
from desk.sites import register
from desk.sites.register import Wish
from geo.errors import Conflict, DraftError, NoAccess, PlaceError, RulesError, TextError
from incidents.access import Role, Scope, Who
from incidents.lifecycle import PostKind
from inspections.site_rules import Group, SiteRules
from inspections.sites import Act, Bound, Document, Site, Spot, State, turned
from ledger import sites, tables
from ledger.sites import Asked
from ledger.verify import verify

AREA, BUILDING = "longnan", "B00040"
BY = replace(DISPATCHER, account="a1")
TODAY = date(2026, 11, 20)
SHOP = Wish("gas_shop", "康桥老灶羊汤馆", building=BUILDING, fields={"cylinders": 2, "supplier": "中燃"}, contact="0371-60000001")  # fmt: skip


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield room
    room.ledger.close()


def somebody(role, scope=AREA):
    return permissions_of(None).given(Who("a1", "li", Role(role), Scope.read(scope), "s1"))


def entries(room):
    c = tables.history.c
    with room.ledger.reading() as connection:
        return connection.execute(select(c.act, c.data, c.before, c.after).where(c.subject == "site").order_by(c.version)).all()  # fmt: skip


def breaks(room):
    return verify(room.ledger, now=NOON).breaks


# Kinds


def test_the_shipped_kinds_name_what_the_street_looks_after():
    found = SiteRules.from_table(rules.read("site_kinds"))
    groups = {group: [key for key, kind in found.kinds.items() if kind.group is group] for group in Group}
    assert {"dust", "fumes", "bare_soil", "open_burning", "coal", "machinery"} <= {*groups[Group.POLLUTION]}
    assert {"gas_shop", "gas_vendor", "gas_restaurant", "gas_household", "gas_piped"} <= {*groups[Group.GAS]}
    assert len(groups[Group.VENUE]) == 9
    assert "ebike_charging" in groups[Group.FIRE]
    assert found.kinds["gas_vendor"].mobile
    assert found.kinds["gas_household"].household
    assert all(kind.source for kind in found.kinds.values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prefix": ""}, "prefix"),
        ({"same_m": 0}, "same_m: 0 is no number from 1 to 500"),
        ({"color": 1}, r"^color\b.*not known"),
        ({"kinds": []}, "kinds: there is none"),
        ({"kinds": [{"key": "Gas"}]}, r"kinds\[1\].key: 'Gas'"),
        ({"kinds": [{"key": "gas", "colour": "red"}]}, r"kinds\[1\].colour\b.*not known"),
        ({"kinds": [{"key": "gas", "name": "气", "group": "air"}]}, r"kinds\[1\].group: 'air' is none of pollution"),
        ({"kinds": [{"key": "gas", "name": "气", "documents": ["paper"]}]}, r"'paper' is not in \[\[documents\]\]"),
        ({"kinds": [{"key": "gas", "name": "气", "mobile": "yes"}]}, r"mobile: 'yes' is neither true nor false"),
        ({"kinds": [{"key": "gas", "name": "气", "letter": "LPG"}]}, r"letter: 'LPG' is not one letter"),
        ({"kinds": [{"key": "gas", "name": "气"}]}, r"kinds\[1\].source: None is no text"),
    ],
)
def test_a_bad_file_of_kinds_is_refused_with_its_place_and_reason(change, said):
    with pytest.raises(RulesError, match=r"site_kinds\.toml") as caught:
        SiteRules.from_table({**rules.read("site_kinds"), **change})
    assert any(re.search(said, fault) for fault in caught.value.faults)


def test_a_citys_own_file_is_refused_with_the_line_of_each_fault(tmp_path):
    shipped_ = rules.find("site_kinds").read_text("utf-8").splitlines()
    at = shipped_.index('key = "coal"')
    shipped_[at + 2] = "colour = 1"
    (tmp_path / "site_kinds.toml").write_text("\n".join(shipped_), "utf-8")
    with pytest.raises(RulesError) as caught:
        rules_of(shipped(AREA).pack, tmp_path)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(f"line {at + 3}, kinds[")
    assert str(tmp_path / "site_kinds.toml") in str(caught.value)


# Sites


def test_a_site_stands_with_the_codes_of_its_place_and_the_paid_post_above_a_volunteer(room):
    made = register.put(room, SHOP, BY, NOON)
    spot = buildings(room.area)[BUILDING]
    assert (made.number, made.state, made.bound) == ("场-0001", State.ACTIVE, Bound.RULE)
    assert dict(made.codes) == dict(place(room, spot.lon, spot.lat).codes)
    post = room.posts[made.post]
    assert post.kind is PostKind.HEAD
    assert not post.volunteer
    assert made.address == spot.address or spot.label
    assert register.get(room, made.number) == made
    assert register.put(room, replace(SHOP, name="另一家"), BY, NOON).number == "场-0002"
    assert breaks(room) == ()


def test_neither_telephone_nor_mark_of_a_vehicle_stands_in_the_history(room):
    spot = buildings(room.area)[BUILDING]
    wish = Wish(
        "gas_vendor", "老街早餐车", spots=(Spot(spot.lon, spot.lat, "东门"),), mobile="豫A12345", contact="13800000000"
    )
    made = register.put(room, wish, BY, NOON)
    told = json.dumps([list(row) for row in entries(room)], ensure_ascii=False)
    assert "13800000000" not in told
    assert "豫A12345" not in told
    assert made.mobile == "豫A12345"
    assert register.contact(room, made.number) == "13800000000"
    moved = register.put(room, replace(wish, mobile="豫A99999", number=made.number, version=made.version), BY, NOON)
    assert (moved.mobile, len(entries(room))) == ("豫A99999", 2)
    assert breaks(room) == ()


def test_people_are_struck_out_of_what_is_written(room):
    made = register.put(room, replace(SHOP, note="联系人李明 13812345678", name="李记面馆"), BY, NOON)
    assert "李明" not in made.note
    assert "1381" not in made.note
    assert made.name == "李记面馆"


@pytest.mark.parametrize(
    ("wish", "error", "field"),
    [
        (replace(SHOP, kind="bakery"), DraftError, "site_kind"),
        (replace(SHOP, name=" "), TextError, "name"),
        (replace(SHOP, building="B99999"), DraftError, "site_place"),
        (replace(SHOP, building=""), DraftError, "site_place"),
        (replace(SHOP, lon=116.4, lat=39.9), PlaceError, "outside"),
        (replace(SHOP, fields={"seats": 4}), DraftError, "site_field"),
        (replace(SHOP, fields={"cylinders": -1}), DraftError, "site_field"),
        (replace(SHOP, spots=(Spot(1, 2),)), DraftError, "site_spots"),
        (replace(SHOP, contact="call me"), DraftError, "contact"),
        (replace(SHOP, documents=(Document("paper"),)), DraftError, "site_document"),
        (replace(SHOP, documents=(Document("hose", TODAY, TODAY - timedelta(1)),)), DraftError, "site_document_days"),
        (replace(SHOP, number="场-0009"), DraftError, "site_gone"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(room, wish, error, field):
    with pytest.raises(error) as caught:
        register.put(room, wish, BY, NOON)
    assert field in {getattr(caught.value, name, None) for name in ("field", "kind", "what")}
    assert register.count(room, Asked(AREA)) == 0


def test_a_site_is_changed_and_who_saw_an_older_one_is_told(room):
    made = register.put(room, SHOP, BY, NOON)
    edit = replace(SHOP, name="康桥羊汤馆", number=made.number, version=made.version, contact=None)
    changed = register.put(room, edit, BY, NOON)
    assert (changed.name, changed.number) == ("康桥羊汤馆", made.number)
    assert register.contact(room, made.number) == SHOP.contact
    with pytest.raises(Conflict):
        register.put(room, edit, BY, NOON)
    assert register.put(room, replace(edit, version=changed.version), BY, NOON) == changed
    same = replace(edit, version=changed.version, contact=SHOP.contact)
    assert register.put(room, same, BY, NOON) == changed
    acts = [(row.act, json.loads(row.before), json.loads(row.after)) for row in entries(room)]
    assert acts[1:] == [("edit", {"name": SHOP.name}, {"name": "康桥羊汤馆"})]
    assert breaks(room) == ()


def test_a_site_is_suspended_closed_and_opened_again_with_reason_and_day(room):
    made = register.put(room, SHOP, BY, NOON)
    resting = register.turn(room, made, Act.SUSPEND, "装修停业", TODAY - timedelta(3), BY, NOON)
    assert (resting.state, resting.state_reason, resting.state_since) == (
        State.SUSPENDED,
        "装修停业",
        TODAY - timedelta(3),
    )
    with pytest.raises(DraftError, match="later day"):
        register.turn(room, resting, Act.CLOSE, "注销", TODAY - timedelta(4), BY, NOON)
    with pytest.raises(DraftError, match="lies ahead"):
        register.turn(room, resting, Act.CLOSE, "注销", TODAY + timedelta(1), BY, NOON)
    with pytest.raises(TextError):
        register.turn(room, resting, Act.CLOSE, " ", TODAY, BY, NOON)
    closed = register.turn(room, resting, Act.CLOSE, "注销", TODAY, BY, NOON)
    with pytest.raises(DraftError, match="is closed"):
        register.turn(room, closed, Act.MOVE, "搬走", TODAY, BY, NOON)
    with pytest.raises(Conflict):
        register.turn(room, replace(closed, version=resting.version), Act.REOPEN, "复业", TODAY, BY, NOON)
    assert register.turn(room, closed, Act.REOPEN, "复业", TODAY, BY, NOON).state is State.ACTIVE
    assert [row["act"] for row in register.history(room, made.number)] == ["add", "suspend", "close", "reopen"]
    assert breaks(room) == ()


@pytest.mark.parametrize("state", State)
def test_every_act_starts_where_it_may_and_nowhere_else(state):
    site = Site("gas_shop", "店", 113.6, 34.7, number="场-0001", state=state)
    led = set()
    for act in (Act.SUSPEND, Act.MOVE, Act.CLOSE, Act.REOPEN):
        try:
            led.add(turned(site, act, "原因", TODAY).state)
        except DraftError:
            continue
    assert state not in led
    assert led


def test_documents_replace_one_another_and_the_first_to_run_out_is_looked_for(room):
    made = register.put(room, SHOP, BY, NOON)
    made = register.file(room, made, Document("hose", date(2025, 1, 1), date(2026, 12, 1)), BY, NOON)
    made = register.file(room, made, Document("alarm", None, date(2027, 6, 1)), BY, NOON)
    made = register.file(room, made, Document("hose", date(2026, 11, 1), date(2028, 11, 1)), BY, NOON)
    assert made.expires == date(2027, 6, 1)
    assert made.document("hose").expires == date(2028, 11, 1)
    assert register.count(room, Asked(AREA, expiring=date(2027, 5, 31))) == 0
    assert register.count(room, Asked(AREA, expiring=date(2027, 6, 1))) == 1
    assert breaks(room) == ()


def test_a_post_is_named_by_hand_and_stays_when_the_site_is_edited_until_the_rule_holds_again(room):
    made = register.put(room, SHOP, BY, NOON)
    other = next(key for key, post in room.posts.items() if post.kind is PostKind.HEAD and key != made.post)
    (bound,) = register.bind(room, [made], other, "社区调整", TODAY, BY, NOON)
    assert (bound.post, bound.bound, bound.bound_reason, bound.bound_since) == (other, Bound.HAND, "社区调整", TODAY)
    edited = register.put(room, replace(SHOP, name="新名", number=made.number, version=bound.version), BY, NOON)
    assert (edited.post, edited.bound) == (other, Bound.HAND)
    (again,) = register.unbind(room, [edited], BY, NOON)
    assert (again.post, again.bound, again.bound_reason, again.bound_since) == (made.post, Bound.RULE, "", None)
    with pytest.raises(DraftError, match="no post"):
        register.bind(room, [again], "head:micro:nowhere", "x", TODAY, BY, NOON)
    assert breaks(room) == ()


def test_all_are_bound_or_none(room):
    first, second = (register.put(room, replace(SHOP, name=name), BY, NOON) for name in ("甲店", "乙店"))
    with pytest.raises(Conflict):
        register.bind(room, [first, replace(second, version=1)], first.post, "统一", TODAY, BY, NOON)
    assert register.get(room, first.number).bound is Bound.RULE


# Looking


def fill(room, count=40):
    spots = list(buildings(room.area).values())[:: max(1, len(buildings(room.area)) // count)][:count]
    kinds = ("gas_shop", "fumes", "small_shop")
    return [register.put(room, Wish(kinds[at % 3], f"门店{at:03d}", spot.lon, spot.lat, address=spot.address), BY, NOON) for at, spot in enumerate(spots)]  # fmt: skip


def test_a_question_narrows_and_counts_add_up(room):
    made = fill(room)
    register.turn(room, made[0], Act.CLOSE, "注销", TODAY, BY, NOON)
    leaf = room.area.net.leaf.key
    active = Asked(AREA, states=frozenset({"active"}))
    assert register.count(room, active) == len(made) - 1
    assert sum(register.counts(room, active, "kind").values()) == len(made) - 1
    by_leaf = register.counts(room, active, leaf)
    assert sum(by_leaf.values()) == sum(len([code for code in one.codes[leaf].split(";") if code]) for one in made[1:])
    code, number = max(by_leaf.items(), key=lambda pair: pair[1])
    assert register.count(room, replace(active, grid=(leaf, code))) == number
    narrow = replace(active, text="门店")
    assert register.counts(room, narrow, leaf) == by_leaf
    assert [one.name for one in register.listed(room, Asked(AREA, text="店007"))] == ["门店007"]
    assert register.count(room, Asked(AREA, text="%")) == 0
    first, second = register.listed(room, active, most=10), register.listed(room, active, most=10, skip=10)
    assert [one.number for one in (*first, *second)] == [one.number for one in made[1:21]]
    posts = register.counts(room, Asked(AREA), "post")
    post, number = max(posts.items(), key=lambda pair: pair[1])
    assert register.count(room, Asked(AREA, post=post)) == number
    assert breaks(room) == ()


def test_who_looks_sees_their_grid_and_what_their_post_answers_for(room):
    made = fill(room, 20)
    level = room.area.net.levels[-2].key
    code = made[0].codes[level]
    seen = room.seen_by(somebody("head", f"{AREA}:{level}:{code}"))
    expected = {one.number for one in made if code in one.codes[level].split(";")}
    assert {one.number for one in register.listed(seen, Asked(AREA), most=None)} == expected
    assert 0 < len(expected) < len(made)
    other = next(one for one in made if one.number not in expected)
    with pytest.raises(DraftError, match="no site"):
        register.get(seen, other.number)
    with pytest.raises(DraftError, match="no site"):
        register.history(seen, other.number)
    post = next(key for key, found in room.posts.items() if found.grid == (level, code))
    register.bind(room, [other], post, "代管", TODAY, BY, NOON)
    assert register.get(seen, other.number).post == post
    blind = room.seen_by(somebody("department", f"{AREA}:department:城管执法中队"))
    assert register.listed(blind, Asked(AREA)) == []


def test_who_may_not_change_the_register_does_not_and_an_analyst_writes_with_their_account(room):
    worker = room.seen_by(somebody("head", f"{AREA}:{room.area.net.leaf.key}:{room.area.net.leaf.codes[0]}"))
    with pytest.raises(NoAccess):
        register.hand(worker, NOON)
    with pytest.raises((NoAccess, DraftError)):
        register.put(worker, SHOP, BY, NOON)
    analyst = room.seen_by(somebody("analyst"))
    made = register.put(analyst, SHOP, register.hand(analyst, NOON), NOON)
    assert json.loads(entries(room)[0].data)["account"] == "a1"
    with pytest.raises(NoAccess):
        register.put(analyst, replace(SHOP, number=made.number, version=made.version), replace(BY, account="a2"), NOON)


# Proof


@pytest.mark.parametrize(
    "fake",
    [
        update(tables.site).values(name="改名"),
        update(tables.site).values(post="head:micro:none"),
        update(tables.site).values(expires="2030-01-01"),
        update(tables.site_grid).values(state="closed"),
        delete(tables.site_grid),
    ],
)
def test_a_row_that_was_changed_behind_the_history_is_found(room, fake):
    register.put(room, SHOP, BY, NOON)
    assert breaks(room) == ()
    with room.ledger.alone() as connection:
        connection.execute(fake)
    assert breaks(room)


def test_the_same_id_of_another_system_makes_no_second_site(room):
    made = replace(register.checked(room, SHOP), source="燃气专班", external_id="G-1")
    make = lambda: room.ledger.change(lambda writing: sites.make(writing, AREA, [made], prefix="场", by=BY, at=NOON))  # noqa: E731
    make()
    with pytest.raises(DraftError, match="场-0001 has the id"):
        make()
    assert register.count(room, Asked(AREA)) == 1


def test_telephone_and_mark_of_what_closed_go_after_their_days_and_nothing_else_does(room):
    there = register.put(room, SHOP, BY, NOON)
    register.put(room, replace(SHOP, name="另一家"), BY, NOON)
    register.turn(room, there, Act.CLOSE, "拆除", TODAY, BY, NOON)

    def erase(day):
        return room.ledger.change(lambda writing: sites.forget(writing, room.id, before=day, at=NOON))

    assert erase(TODAY) == 0
    assert erase(TODAY + timedelta(days=1)) == 1
    assert [register.contact(room, one.number) for one in register.listed(room, Asked(AREA))] == ["", SHOP.contact]
    assert erase(TODAY + timedelta(days=1)) == 0
    assert breaks(room) == ()
